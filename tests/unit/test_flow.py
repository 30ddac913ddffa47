"""What needs what: keys, parts, days, and fingerprints."""

from __future__ import annotations

from datetime import date

import pytest

from assets.flow import (
    NODES,
    PUSH_MONTHS_READ,
    RECORDS,
    RELEASED,
    Calendar,
    Upstream,
    fingerprint,
    upstream_of,
)
from schemas.catalogue import PUBLISHED, TABLES

CALENDAR = Calendar.registered()
LATER = date(2100, 1, 1)


def keys(table: str, key: str, upstream: str, today: date = LATER) -> list[str]:
    return [u.key for u in upstream_of(table, key, CALENDAR, today) if u.table == upstream]


def test_every_node_is_a_table_with_the_same_kind_of_key() -> None:
    kinds = {name: TABLES[name].partition or "none" for name in NODES}
    assert kinds == {name: node.kind for name, node in NODES.items()}


def test_what_is_released_is_what_the_catalogue_publishes() -> None:
    """What acts record is in a release beside its contents."""
    assert {*RELEASED, *RECORDS} == {table.name for table in PUBLISHED}


def test_every_need_names_keys_that_exist() -> None:
    for name, node in NODES.items():
        for key in CALENDAR.keys(node.kind):
            for upstream in upstream_of(name, key, CALENDAR, LATER):
                assert upstream.key in CALENDAR.keys(NODES[upstream.table].kind)


def test_months_that_have_not_begun_are_no_inputs_yet() -> None:
    months = keys("monthly_exports", "2025", "export_cube", date(2025, 4, 30))
    assert (months[0], months[-1]) == ("2020-01", "2025-04")
    assert keys("monthly_exports", "2025", "export_cube", date(2025, 5, 1))[-1] == "2025-05"


@pytest.mark.parametrize(
    ("month", "year"),
    [
        ("2020-01", None), ("2026-06", None),  # the first and the last registered month
        ("2026-07", 2026), ("2027-06", 2026), ("2027-07", 2027),  # cover begins in July
        ("2019-12", 2021),  # its statistical year, 2020, is the export year of 2021
        ("2026-00", None), ("unplaced", None), ("all", None),
    ],
)  # fmt: skip
def test_a_month_outside_the_registered_ones_lacks_the_terms_of_a_year(month: str, year: int | None) -> None:
    assert CALENDAR.lacking(month) == year


def test_a_year_reads_no_month_declared_after_it() -> None:
    assert keys("monthly_exports", "2024", "export_cube")[-1] == "2024-12"
    assert keys("roster_decisions", "2025", "line_counts")[-1] == "2024-12"


def test_a_year_reads_only_its_part_of_a_month() -> None:
    parts = {u.part for u in upstream_of("monthly_exports", "2024", CALENDAR, LATER)}
    assert parts == {"2024"}
    assert Upstream("exchange_rates_ledger", "all", "2024-12") in upstream_of(
        "export_cube", "2024-12", CALENDAR, LATER
    )


def test_the_year_before_is_read_where_it_is_registered() -> None:
    assert keys("annual_statistics", "2025", "take_up") == ["2025", "2024"]
    assert keys("annual_statistics", "2022", "take_up") == ["2022"]
    assert keys("annual_statistics", "2022", "annual_statistics") == []


def test_a_push_reads_the_months_before_its_own() -> None:
    months = keys("push_list", "2025-08", "export_cube")
    assert (months[0], months[-1], len(months)) == ("2023-06", "2025-07", PUSH_MONTHS_READ)
    assert keys("push_list", "2025-08", "policy_reconciliation") == ["2025"]
    assert keys("push_list", "2025-06", "policy_reconciliation") == ["2024"]
    assert keys("push_list", "2025-07", "policy_reconciliation") == ["2025", "2024"]


@pytest.mark.parametrize("month", CALENDAR.keys("push_month"))
def test_every_push_has_one_policy_year_and_in_july_the_one_before(month: str) -> None:
    years = 2 if month.endswith("-07") and month != "2022-07" else 1
    assert len(keys("push_list", month, "policy_reconciliation")) == years


def test_a_fingerprint_changes_with_everything_it_is_made_from() -> None:
    base = fingerprint("1", [["a", "b"]], {"codes": "x", "terms": "y"})
    assert base == fingerprint("1", [["a", "b"]], {"terms": "y", "codes": "x"})
    others = [
        fingerprint("2", [["a", "b"]], {"codes": "x", "terms": "y"}),
        fingerprint("1", [["a", "c"]], {"codes": "x", "terms": "y"}),
        fingerprint("1", [["a", "b"]], {"codes": "x", "terms": "z"}),
        fingerprint("1", [["b", "a"]], {"codes": "x", "terms": "y"}),
        fingerprint("1", [["a", "b"]], {"codes": "x"}),
    ]
    assert len({base, *others}) == 6


def test_a_push_reads_of_the_ledgers_what_was_known_before_its_month() -> None:
    read = upstream_of("push_list", "2025-08", CALENDAR, LATER)
    ledger = next(upstream for upstream in read if upstream.table == "customs_ledger")
    parts = {"2025-07": "a", "2024-01": "b", "2025-08": "later"}
    assert ledger.content("whole", parts) == "2 2024-01 b 2025-07 a"
    assert ledger.content("whole, with more", parts | {"2026-01": "an amendment"}) == "2 2024-01 b 2025-07 a"
    cube = next(upstream for upstream in read if upstream.table == "export_cube")
    assert cube.content("whole", {"2024": "c"}) == "1", "only that it is there"
