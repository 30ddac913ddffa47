"""The record of deliveries: what is told of them, and what they correct."""

from __future__ import annotations

from pathlib import Path

from assets.storage.deliveries import Deliveries, Delivery, first_told


def delivery(
    name: str, *, source: str = "policies", notes: str = "", corrects: tuple[str, ...] = ()
) -> Delivery:
    """A delivery with one note, in the words that a reader puts behind the file's name."""
    told = (f"{name}: {notes}",) if notes else ()
    return Delivery(source, f"{source}/{name}", 1, 1, name, "2025-01-01", notes=told, corrects=corrects)


def test_a_column_that_is_left_out_is_told_once_a_source() -> None:
    words = "the unknown column 电话 was left out."
    january, february, other = (
        delivery("a.csv", notes=words),
        delivery("b.csv", notes=words),
        delivery("b.csv", source="claims", notes=words),
    )
    assert first_told([], [january, february]) == [f"a.csv: {words}"]
    assert first_told([january], [february, other]) == [f"b.csv: {words}"]
    assert first_told([january], [delivery("c.csv", notes="2 rows were blank.")]) == [
        "c.csv: 2 rows were blank."
    ]


def test_corrections_are_kept_by_the_delivery_whose_rows_they_mend(tmp_path: Path) -> None:
    Deliveries(tmp_path).add([
        delivery("a", corrects=("1a#7", "1a#12")),
        delivery("b", corrects=("2b#1", "1a#7")),
        delivery("c", source="claims", corrects=("3c#1",)),
    ])  # fmt: skip
    record = Deliveries(tmp_path)
    assert record.corrected("policies") == {"1a#7", "1a#12", "2b#1"}
    assert record.corrected_rows() == {"1a": ["1a#12", "1a#7"], "2b": ["2b#1"], "3c": ["3c#1"]}
