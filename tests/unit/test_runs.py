"""Rows in runs: parted, filtered, sorted, spilt and read back, they are the rows they were."""

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest

from assets.storage import runs
from assets.storage.gathered import Gathered
from assets.storage.runs import Runs, runs_in
from assets.storage.streams import ahead

STEADY = ("number", "mode")
KINDS = (
    *(arrow.string(), arrow.large_string(), arrow.string_view()),
    *(arrow.dictionary(arrow.int8(), arrow.string()), arrow.dictionary(arrow.int32(), arrow.large_string())),
)


def drawn(seed: int, count: int = 300) -> pl.DataFrame:
    """Rows of declarations in some order, some numbers unknown, some twice and apart."""
    chance = random.Random(seed)
    rows: list[tuple[int | None, str | None, int]] = []
    while len(rows) < count:
        number, mode = chance.choice([None, *range(40)]), chance.choice(["0110", "1210", None, ""])
        rows += [(number, mode, line) for line in range(chance.randint(1, 5))]
    return pl.DataFrame(rows, schema={"number": pl.Int64, "mode": pl.String, "line": pl.Int32}, orient="row")


def same(found: pl.DataFrame, expected: pl.DataFrame) -> bool:
    return found.select(expected.columns).equals(expected)


@pytest.mark.parametrize("steady", [STEADY, ("number",), ()])
def test_parted_rows_are_the_same_rows(steady: tuple[str, ...]) -> None:
    rows = drawn(1)
    parted = Runs.of(rows, steady)
    assert same(parted.whole(), rows)
    kept = rows["line"] > 1
    assert same(parted.filter(kept).whole(), rows.filter(kept))
    assert all(parted.column(name).equals(rows[name]) for name in rows.columns)


def test_no_head_is_left_without_a_row() -> None:
    rows = drawn(2)
    kept = Runs.of(rows, STEADY).filter(rows["number"].is_not_null())
    assert kept.heads.height == kept.run.n_unique() == kept.run[-1] + 1
    assert kept.heads["number"].null_count() == 0
    nothing = kept.filter(kept.lines["line"] < 0)
    assert (nothing.heads.height, nothing.lines.height) == (0, 0)


@pytest.mark.parametrize("held", [1, 25, 90, 1000])
@pytest.mark.parametrize("size", [10, 100, 1000])
def test_gathered_rows_come_back_sorted_however_they_were_spilt(tmp_path: Path, held: int, size: int) -> None:
    rows, gathered = drawn(3), Gathered(tmp_path, "2025-06", "number")
    for batch in rows.iter_slices(17):
        gathered.add(Runs.of(batch, STEADY))
        if gathered.held > held:
            gathered.spill()
    parts = [part.whole() for part in gathered.parts(size)]
    assert same(pl.concat(parts), rows.sort("number", maintain_order=True))
    assert size > rows.height or max(part.height for part in parts) < rows.height
    numbers = [part["number"].fill_null(-1).to_list() for part in parts]
    assert all(max(before) < min(after) for before, after in pairwise(numbers))


def test_rows_of_a_source_without_an_order_come_back_as_they_came(tmp_path: Path) -> None:
    rows, gathered = drawn(4), Gathered(tmp_path, "all", None)
    for batch in rows.iter_slices(50):
        gathered.add(Runs.of(batch, ()))
        gathered.spill()
    assert same(pl.concat(part.whole() for part in gathered.parts(10)), rows)


@pytest.mark.parametrize(
    "kind", [arrow.string(), arrow.large_string(), arrow.dictionary(arrow.int8(), arrow.string())]
)
def test_a_parquet_file_is_read_in_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: arrow.DataType
) -> None:
    rows = drawn(5)
    table = rows.to_arrow().cast(arrow.schema({"number": arrow.int64(), "mode": kind, "line": arrow.int32()}))
    parquet.write_table(table, tmp_path / "a.parquet", row_group_size=70)
    monkeypatch.setattr(runs, "BATCH_ROWS", 40)
    batches = list(runs_in(tmp_path / "a.parquet", STEADY))
    assert len(batches) > 1
    assert same(pl.concat(batch.whole() for batch in batches), rows)
    assert sum(batch.heads.height for batch in batches) < rows.height


def test_the_next_is_made_while_one_is_used_and_no_more() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(1, 6):
            made.append(number)
            yield number

    for number in ahead(numbers()):
        assert max(made) <= number + 1
    assert made == [1, 2, 3, 4, 5]


def test_what_fails_in_the_other_thread_is_raised_where_it_is_used() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise ValueError("the second")

    found = ahead(numbers())
    assert next(found) == 1
    with pytest.raises(ValueError, match="the second"):
        next(found)
