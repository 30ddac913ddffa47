"""The guards of the roster's acts: each refusal says all that is missing, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from assets.eligibility.acts import confirm, decide, import_edition, publish, submit
from assets.eligibility.register import Act, ActRefused
from tests.oracle.rows import Text, declaration, enterprise, make_uscc, roster_line
from tests.property.small_house import SmallHouse

BUREAU = "commerce-bureau"
PUBLISHED = "2025-05-15T09:00:00+08:00"
LAST_DAY = "2025-05-22T09:00:00+08:00"
DAY_AFTER = "2025-05-23T00:00:00+08:00"


@pytest.fixture
def house(tmp_path: Path) -> SmallHouse:
    """Three firms, decided and up to date, on the day of publication."""
    house = SmallHouse(tmp_path, PUBLISHED)
    house.deliver(
        {
            "enterprises": [enterprise(firm) for firm in (1, 2, 3)],
            "customs_declarations": [declaration(firm, firm=firm) for firm in (1, 2)],
        }
    )
    house.bring_up()
    return house


def at(house: SmallHouse, moment: str) -> SmallHouse:
    house.now = datetime.fromisoformat(moment)
    return house


def refusal(house: SmallHouse, act: Callable[[], Act]) -> str:
    before = house.state().register.acts
    with pytest.raises(ActRefused) as refused:
        act()
    assert house.state().register.acts == before
    return str(refused.value)


def test_the_life_of_an_edition(house: SmallHouse) -> None:
    published = publish(house, 2025, BUREAU, False)
    assert published.detail["objections_until"] == "2025-05-22"
    house.bring_up()
    assert house.rows("roster_editions")[0]["status"] == "published"
    submit(house, 2025, BUREAU, "P-1", make_uscc(3), "should_be_listed", "出口额漏计")
    why = refusal(at(house, LAST_DAY), lambda: confirm(house, 2025, BUREAU, 1))
    assert "the notice period ends on 2025-05-22: confirm from 2025-05-23" in why
    assert "no ruling yet on P-1" in why
    at(house, DAY_AFTER)
    decide(house, 2025, BUREAU, "P-1", "upheld")
    confirm(house, 2025, BUREAU, 1)
    house.bring_up()
    assert house.listed(1) == [make_uscc(1), make_uscc(2)]
    publish(house, 2025, BUREAU, False, 2)
    confirm(at(house, "2025-07-01T09:00:00+08:00"), 2025, BUREAU)
    house.bring_up()
    assert house.listed(2) == [make_uscc(1), make_uscc(2), make_uscc(3)]
    assert [row["status"] for row in house.rows("roster_editions")] == ["superseded", "confirmed"]


def test_wrong_details_are_right_in_the_next_edition(house: SmallHouse) -> None:
    publish(house, 2025, BUREAU, False)
    submit(house, 2025, BUREAU, "P-1", make_uscc(2), "details_wrong", "企业已更名")
    decide(at(house, DAY_AFTER), 2025, BUREAU, "P-1", "upheld")
    renamed = enterprise(2, name="新名有限公司", district="福田区", updated_at="2025-05-22T00:00:00Z")
    house.deliver({"enterprises": [renamed, enterprise(1, name="别名", updated_at="2025-05-22T00:00:00Z")]})
    house.bring_up()
    confirm(house, 2025, BUREAU)
    house.bring_up()
    publish(house, 2025, BUREAU, False)
    house.bring_up()
    lines = [(row["edition"], row["name"]) for row in house.rows("roster") if row["uscc"] == make_uscc(2)]
    assert lines == [(1, "测试2号有限公司"), (2, "新名有限公司")]
    assert {row["name"] for row in house.rows("roster") if row["uscc"] == make_uscc(1)} == {"测试1号有限公司"}


def test_refused_lines_are_acknowledged_when_publishing_and_again_when_new_ones_come(
    house: SmallHouse,
) -> None:
    house.deliver({"customs_declarations": [declaration(7, firm=1, delivery_terms="2")]})
    house.bring_up()
    why = refusal(house, lambda: publish(house, 2025, BUREAU, False))
    assert f"1 enterprises have refused lines that count nowhere, the first {make_uscc(1)}" in why
    publish(house, 2025, BUREAU, True)
    house.deliver({"customs_declarations": [declaration(8, firm=2, delivery_terms="2")]})
    house.bring_up()
    at(house, DAY_AFTER)
    why = refusal(house, lambda: confirm(house, 2025, BUREAU, 1))
    assert f"the first {make_uscc(2)}" in why
    assert confirm(house, 2025, BUREAU, 1, acknowledge_rejects=True).detail["acknowledged_rejects"] == "1"


def test_what_is_not_up_to_date_upstream_is_neither_published_nor_confirmed(house: SmallHouse) -> None:
    house.deliver(
        {"customs_declarations": [declaration(9, firm=1, revision="1", updated_at="2025-05-01T00:00:00Z")]}
    )
    why = refusal(house, lambda: publish(house, 2025, BUREAU, False))
    assert "customs_ledger 2024-03 is not up to date (its inputs changed)" in why
    house.bring_up()
    publish(house, 2025, BUREAU, False)
    house.deliver({"customs_declarations": [declaration(10, firm=2)]})
    why = refusal(at(house, DAY_AFTER), lambda: confirm(house, 2025, BUREAU, 1))
    assert "customs_ledger 2024-03 is not up to date" in why
    house.bring_up()
    assert confirm(house, 2025, BUREAU, 1).act == "confirm"


def test_a_failed_check_stands_against_confirming(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(house, 2025, BUREAU, False)
    house.deliver({"customs_declarations": [declaration(10, firm=2)]})
    monkeypatch.setattr("assets.work.Balance.holds", property(lambda balance: "USD" not in balance.name))
    assert house.bring_up("customs_ledger")
    why = refusal(at(house, DAY_AFTER), lambda: confirm(house, 2025, BUREAU, 1))
    assert "where a check fails in it, correct the source first" in why


def test_an_edition_waits_for_the_one_before(house: SmallHouse) -> None:
    publish(house, 2025, BUREAU, False)
    house.bring_up()
    why = refusal(house, lambda: publish(house, 2025, BUREAU, False, 1))
    assert "the next edition is 2, not 1" in why
    assert "edition 1 is published and not confirmed" in why
    confirm(at(house, DAY_AFTER), 2025, BUREAU, 1)
    assert "Edition 1 of 2025 was confirmed on" in refusal(house, lambda: confirm(house, 2025, BUREAU, 1))
    assert "no published edition 2 to confirm" in refusal(house, lambda: confirm(house, 2025, BUREAU, 2))
    assert "no published edition to confirm" in refusal(house, lambda: confirm(house, 2025, BUREAU))


def test_acts_are_of_roles_and_never_earlier_than_the_last(house: SmallHouse) -> None:
    assert "'A. Body' is no role" in refusal(house, lambda: publish(house, 2025, "A. Body", False))
    publish(house, 2025, BUREAU, False)
    at(house, "2025-05-15T08:59:59+08:00")
    words = ("P-1", make_uscc(3), "should_be_listed", "")
    assert "none can be earlier" in refusal(house, lambda: submit(house, 2025, BUREAU, *words))


def test_an_objection_has_a_number_a_code_and_a_claim_that_are_known(house: SmallHouse) -> None:
    words = ("P-1", make_uscc(3), "should_be_listed", "")
    why = refusal(house, lambda: submit(house, 2025, BUREAU, *words))
    assert why == "No edition of 2025 is published: publish one first."
    publish(house, 2025, BUREAU, False)
    why = refusal(house, lambda: submit(house, 2025, BUREAU, " ", "914403", "unfair", ""))
    assert all(
        word in why for word in ("unfair is no claim", "914403 is no credit code", "it needs a number")
    )
    submit(house, 2025, BUREAU, *words)
    assert "it is there already" in refusal(house, lambda: submit(house, 2025, BUREAU, *words))
    why = refusal(house, lambda: decide(house, 2025, BUREAU, "P-2", "perhaps", "maybe"))
    assert all(word in why for word in ("no ruling", "no decision", "known are P-1"))


def test_the_last_ruling_on_an_objection_counts(house: SmallHouse) -> None:
    publish(house, 2025, BUREAU, False)
    submit(house, 2025, BUREAU, "P-1", make_uscc(1), "should_not_be_listed", "")
    for ruling, decision in (
        ("upheld", "over_threshold"),
        ("rejected", "eligible"),
        ("upheld", "over_threshold"),
    ):
        decide(house, 2025, BUREAU, "P-1", ruling)
        house.bring_up()
        assert house.rows("roster_decisions")[0]["decision"] == decision


def list_of_2024(*firms: int) -> list[Text]:
    """The first edition of 2024 as the bureau published it; a firm's number is its serial."""
    days = {"published_on": "2024-05-13", "confirmed_on": "2024-05-21"}
    stamp = {"policy_year": "2024", "updated_at": "2025-05-10T00:00:00Z"}
    return [roster_line(firm, **days, **stamp) for firm in firms]


def test_an_imported_list_never_changes_again(house: SmallHouse) -> None:
    first = list_of_2024(1, 2)
    house.deliver({"published_rosters": first})
    house.bring_up()
    assert "no edition 3 of 2024" in refusal(house, lambda: import_edition(house, 2024, BUREAU, 3, False))
    act = import_edition(house, 2024, BUREAU, 1, False)
    assert act.detail["confirmed_on"] == "2024-05-21"
    why = refusal(house, lambda: import_edition(house, 2024, BUREAU, 1, False))
    assert "it is in the register already" in why
    house.bring_up()
    before = house.rows("roster", 2024), house.rows("roster_editions", 2024)
    later = [row | {"enterprise_name": "改名", "updated_at": "2025-05-14T00:00:00Z"} for row in first]
    house.deliver({"published_rosters": later})
    house.bring_up()
    assert (house.rows("roster", 2024), house.rows("roster_editions", 2024)) == before
    assert before[1][0]["status"] == "confirmed"


def test_a_list_with_gaps_is_imported_when_somebody_says_so(house: SmallHouse) -> None:
    house.deliver({"published_rosters": list_of_2024(1, 3)})
    house.bring_up()
    why = refusal(house, lambda: import_edition(house, 2024, BUREAU, 1, False))
    assert "1 of its serials are missing, the first 2" in why
    assert import_edition(house, 2024, BUREAU, 1, True).detail["missing_serials"] == "1"
