"""What was known then: editions are the same bytes again, whatever was amended or delivered since."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from assets.eligibility.acts import confirm, decide, publish, submit
from assets.eligibility.rebuilt import compare, fill_as_of, fill_before
from assets.eligibility.register import Act
from assets.storage.deliveries import Deliveries
from assets.storage.known import received_by
from tests.oracle.rows import declaration, enterprise, make_uscc, roster_line
from tests.property.small_house import SmallHouse

BUREAU = "commerce-bureau"
PUBLISHED = "2025-05-15T09:00:00+08:00"
SECOND = "2025-06-20T09:00:00+08:00"
TODAY = "2026-01-15T09:00:00+08:00"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> SmallHouse:
    """Two editions, and afterwards every kind of amendment, some of it dated before publication."""
    house = SmallHouse(tmp_path_factory.mktemp("known"), PUBLISHED)
    house.deliver(
        {
            "enterprises": [enterprise(firm) for firm in range(1, 6)],
            "customs_declarations": [
                *(declaration(firm, firm=firm) for firm in range(1, 5)),
                # Known already, but not before the first of June.
                declaration(7, firm=5, updated_at="2025-06-01T00:00:00Z"),
                declaration(
                    8, firm=1, amount="100.00", declared_on="2024-12-20", status="released", closed_on=""
                ),
            ],
        }
    )
    house.bring_up()
    publish(house, 2025, BUREAU, False)
    submit(house, 2025, BUREAU, "P-1", make_uscc(2), "should_not_be_listed", "")
    house.now = datetime.fromisoformat(SECOND)
    decide(house, 2025, BUREAU, "P-1", "upheld")
    confirm_and_publish(house)
    house.now = datetime.fromisoformat(TODAY)
    house.deliver(
        {
            "customs_declarations": [
                declaration(1, firm=1, revision="1", amount="9000000.00", updated_at="2025-05-01T00:00:00Z"),
                declaration(3, firm=3, status="withdrawn", updated_at="2025-12-01T00:00:00Z"),
                declaration(9, firm=2, amount="5.00", updated_at="2025-05-02T00:00:00Z"),
            ],
            "enterprises": [
                enterprise(4, name="更名", updated_at="2025-05-03T00:00:00Z"),
                enterprise(2, deregistered_on="2025-05-01", updated_at="2025-05-04T00:00:00Z"),
            ],
            "published_rosters": [roster_line(5, published_on="2024-05-13", policy_year="2024",
                                              confirmed_on="2024-05-20", updated_at="2024-05-20T12:00:00Z")],
        }
    )  # fmt: skip
    house.bring_up()
    confirm(house, 2025, BUREAU)
    house.bring_up()
    return house


def confirm_and_publish(house: SmallHouse) -> None:
    """Confirm the open edition and publish the next one."""
    house.bring_up()
    confirm(house, 2025, BUREAU)
    house.bring_up()
    publish(house, 2025, BUREAU, False)
    house.bring_up()


def published(house: SmallHouse) -> list[Act]:
    return house.state().register.of(2025, "publish")


@pytest.mark.parametrize("number", [0, 1])
def test_every_edition_is_the_same_bytes_again(house: SmallHouse, tmp_path: Path, number: int) -> None:
    act = published(house)[number]
    then = SmallHouse(tmp_path, act.at)
    fill_before(house.root, then.root, act)
    then.bring_up()
    made = compare(then.state(), act)
    assert (made.differing, made.why, made.lines) == ((), (), [4, 4][number])
    assert made.sentence() == f"Edition {number + 1} of 2025, 4 lines, rebuilt: the same bytes."


def test_decisions_are_what_they_were_at_any_moment(house: SmallHouse, tmp_path: Path) -> None:
    then = SmallHouse(tmp_path, "2025-05-20T00:00:00+08:00")
    fill_as_of(house.root, then.root, then.now)
    then.bring_up()
    decisions = {row["uscc"]: (row["decision"], str(row["fob_usd"])) for row in then.rows("roster_decisions")}
    assert decisions[make_uscc(1)] == ("eligible", "1100.00")
    assert decisions[make_uscc(5)] == ("no_exports", "0.00")
    assert [row["status"] for row in then.rows("roster_editions")] == ["published"]
    now = {row["uscc"]: row["decision"] for row in house.rows("roster_decisions")}
    assert (now[make_uscc(1)], now[make_uscc(3)]) == ("over_threshold", "no_exports")


def test_before_the_first_delivery_the_sources_tell(house: SmallHouse, tmp_path: Path) -> None:
    record = Deliveries(house.root)
    assert len(received_by(record, datetime.fromisoformat("2025-05-15T08:00:00+08:00"))) == len(record.all)
    assert len(received_by(record, datetime.fromisoformat(PUBLISHED))) == 2
    then = SmallHouse(tmp_path, "2025-05-02T00:00:00+08:00")
    fill_as_of(house.root, then.root, then.now)
    then.bring_up()
    fob = {row["uscc"]: str(row["fob_usd"]) for row in then.rows("roster_decisions")}
    assert fob[make_uscc(1)] == "9000100.00"
    assert then.rows("roster_editions")[0]["status"] == "draft"


def test_a_place_is_filled_again_without_harm(house: SmallHouse, tmp_path: Path) -> None:
    act = published(house)[0]
    then = SmallHouse(tmp_path, act.at)
    for _ in range(2):
        fill_before(house.root, then.root, act)
        then.bring_up()
        assert compare(then.state(), act).differing == ()


def test_what_differs_and_what_was_changed_since_is_said(house: SmallHouse, tmp_path: Path) -> None:
    act = published(house)[0]
    then = SmallHouse(tmp_path, act.at)
    fill_before(house.root, then.root, act)
    then.bring_up()
    other = replace(
        act, detail=act.detail | {"lines_sha256": "0", "terms_sha256": "0", "code_version": "0.0.9"}
    )
    assert compare(then.state(), other).sentence() == (
        "Edition 1 of 2025, 4 lines, rebuilt: its lines differ, the year's terms were changed since; "
        "it was made by version 0.0.9."
    )
