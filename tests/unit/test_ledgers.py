"""What a ledger's manifest says of when its rows were updated."""

from datetime import UTC, datetime

import polars as pl

from assets.ledgers import KEPT, by_update, updates

JUNE, JULY = datetime(2025, 6, 30, 15, 59, tzinfo=UTC), datetime(2025, 6, 30, 16, tzinfo=UTC)
"""The last minute of June in Shenzhen, and the first of July."""
ROW = {"delivery_sha256": "d" * 64, "updated_at": JUNE, "fate": "accepted"}


def parts(*rows: dict[str, object], corrected: dict[str, list[str]] | None = None) -> dict[str, str]:
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "delivery_sha256": pl.String,
        "updated_at": pl.Datetime("us", "UTC"),
        "fate": pl.String,
    }
    kept = pl.LazyFrame(rows, schema=schema).filter(KEPT)
    return by_update(updates(kept), corrected or {})


def test_a_later_update_changes_no_earlier_month() -> None:
    before = parts(ROW)
    after = parts(ROW, ROW | {"delivery_sha256": "e" * 64, "updated_at": JULY})
    assert sorted(before) == ["2025-06"]
    assert sorted(after) == ["2025-06", "2025-07"]
    assert after["2025-06"] == before["2025-06"]


def test_what_comes_late_for_a_month_changes_it() -> None:
    assert parts(ROW, ROW)["2025-06"] != parts(ROW)["2025-06"]
    assert parts(ROW, ROW | {"delivery_sha256": "e" * 64})["2025-06"] != parts(ROW)["2025-06"]


def test_duplicates_and_rows_without_a_moment_count_for_no_month() -> None:
    assert parts(ROW, ROW | {"fate": "duplicate"}, ROW | {"updated_at": None, "fate": "rejected"}) == parts(
        ROW
    )


def test_a_corrected_row_changes_the_months_of_its_delivery() -> None:
    assert parts(ROW, corrected={"d" * 12: ["dddddddddddd#3"]}) != parts(ROW)
    assert parts(ROW, corrected={"e" * 12: ["eeeeeeeeeeee#3"]}) == parts(ROW)
