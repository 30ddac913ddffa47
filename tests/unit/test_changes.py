"""Each line of a difference has its reason: the objection, amended declarations, or the registry."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from assets.eligibility.acts import confirm, decide, publish, submit
from assets.eligibility.changes import apply
from assets.eligibility.draft import diff, editions_now
from assets.eligibility.editions import canonical
from assets.eligibility.register import ActRefused
from schemas.eligibility import ROSTER_CHANGES
from tests.oracle.rows import Text, declaration, enterprise, make_uscc, roster_line
from tests.property.small_house import SmallHouse

BUREAU = "commerce-bureau"
FIRMS = range(1, 9)
LATER = "2025-05-20T00:00:00Z"


def amended(firm: int, amount: str) -> Text:
    """A firm's declaration with another amount, learnt after publication."""
    return declaration(firm, firm=firm, revision="1", amount=amount, updated_at=LATER)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> SmallHouse:
    """Two editions of 2025 between which everything happened that can happen to a line."""
    house = SmallHouse(tmp_path_factory.mktemp("changes"), "2025-05-15T09:00:00+08:00")
    rows = [declaration(firm, firm=firm) for firm in FIRMS if firm != 2]
    house.deliver(
        {
            "enterprises": [enterprise(firm) for firm in FIRMS],
            "customs_declarations": [*rows, declaration(2, firm=2, amount="9000000.00")],
        }
    )
    house.bring_up()
    publish(house, 2025, BUREAU, False)
    for firm, claim in ((3, "should_not_be_listed"), (4, "details_wrong"), (2, "should_be_listed")):
        submit(house, 2025, BUREAU, f"P-{firm}", make_uscc(firm), claim, "")
    house.now = datetime.fromisoformat("2025-06-01T09:00:00+08:00")
    decide(house, 2025, BUREAU, "P-3", "upheld")
    decide(house, 2025, BUREAU, "P-4", "upheld")
    decide(house, 2025, BUREAU, "P-2", "rejected")
    house.deliver(
        {
            "customs_declarations": [amended(1, "9000000.00"), amended(2, "8000000.00")],
            "enterprises": [
                enterprise(4, name="更名有限公司", updated_at=LATER),
                # Struck off in the registry's row of the roster date, which came late.
                enterprise(5, deregistered_on="2025-05-10", updated_at="2025-05-12T00:00:00Z"),
            ],
        }
    )
    house.bring_up()
    confirm(house, 2025, BUREAU)
    house.bring_up()
    publish(house, 2025, BUREAU, False)
    house.bring_up()
    return house


def test_each_line_has_its_reason(house: SmallHouse) -> None:
    found = {row["uscc"]: (row["change"], row["reason"]) for row in house.rows("roster_changes")}
    assert found == {
        make_uscc(1): ("removed", "amended_declarations"),
        make_uscc(2): ("added", "amended_declarations"),
        make_uscc(3): ("removed", "P-3"),
        make_uscc(4): ("changed", "P-4"),
        make_uscc(5): ("removed", "registry"),
    }


def test_the_table_applied_to_the_older_edition_gives_the_newer(house: SmallHouse) -> None:
    older, newer = editions_now(house.state(), 2025)
    made = pl.DataFrame(house.rows("roster_changes"), schema=ROSTER_CHANGES.schema)
    assert newer.act is not None
    assert canonical(apply(older.lines, made, 2025, 2)) == house.state().register.content(newer.act, "lines")


def test_a_diff_is_of_any_two(house: SmallHouse) -> None:
    back = diff(house.state(), 2025, "2", "1")
    assert dict(back.select("uscc", "change").rows())[make_uscc(1)] == "added"
    assert dict(back.select("uscc", "reason").rows())[make_uscc(3)] == "P-3"
    assert diff(house.state(), 2025, "2", "draft").is_empty()
    assert diff(house.state(), 2025, "1", "draft").height == 5
    with pytest.raises(ActRefused, match="2025 has no edition 7: there are 1, 2, draft"):
        diff(house.state(), 2025, "1", "7")


def test_of_imported_lists_only_what_is_known_is_said(tmp_path: Path) -> None:
    house = SmallHouse(tmp_path, "2025-05-15T09:00:00+08:00")
    of_2024 = {"policy_year": "2024", "published_on": "2024-05-13", "confirmed_on": "2024-05-21",
               "updated_at": "2025-01-01T00:00:00Z"}  # fmt: skip
    first = [roster_line(firm, **of_2024) for firm in (1, 2)]
    second = [roster_line(firm, **of_2024, serial=str(at)) | {"edition": "2"}
              for at, firm in ((1, 3), (2, 2))]  # fmt: skip
    house.deliver({"published_rosters": [*first, *second]})
    house.bring_up()
    rows = house.rows("roster_changes", 2024)
    assert [(row["uscc"], row["change"], row["serial"], row["reason"]) for row in rows] == [
        (make_uscc(1), "removed", None, "as_published"),
        (make_uscc(2), "changed", 2, "as_published"),
        (make_uscc(3), "added", 1, "as_published"),
    ]
    older, newer = editions_now(house.state(), 2024)
    made = pl.DataFrame(rows, schema=ROSTER_CHANGES.schema)
    assert canonical(apply(older.lines, made, 2024, 2)) == canonical(newer.lines)


def test_drift_compares_with_the_decisions_kept_at_publication(house: SmallHouse) -> None:
    rows = {row["uscc"]: row for row in house.rows("roster_drift")}
    assert set(rows) == {make_uscc(1), make_uscc(2), make_uscc(5)}
    assert [(row["decision_then"], row["decision_now"], row["cause"]) for row in rows.values()] == [
        ("eligible", "over_threshold", "amended"),
        ("over_threshold", "eligible", "amended"),
        ("eligible", "deregistered", "registry_change"),
    ]
    assert str(rows[make_uscc(1)]["fob_usd_then"]) == "1000.00"


def test_what_came_late_is_told_from_what_changed(tmp_path: Path) -> None:
    house = SmallHouse(tmp_path, "2025-05-15T09:00:00+08:00")
    house.deliver({"enterprises": [enterprise(1)], "customs_declarations": [declaration(1, firm=1)]})
    house.bring_up()
    publish(house, 2025, BUREAU, False)
    house.now = datetime.fromisoformat("2025-06-01T09:00:00+08:00")
    # Amended at its source before publication, and delivered after it.
    late = amended(1, "9000000.00") | {"updated_at": "2025-05-01T00:00:00Z"}
    house.deliver({"customs_declarations": [late]})
    house.bring_up()
    confirm(house, 2025, BUREAU)
    house.bring_up()
    (row,) = house.rows("roster_drift")
    assert (row["cause"], str(row["fob_usd_then"]), str(row["fob_usd_now"])) == (
        "late_delivery", "1000.00", "9000000.00",
    )  # fmt: skip
