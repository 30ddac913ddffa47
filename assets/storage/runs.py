"""Rows of which some columns are held once a run of equal rows: most of a declaration repeats by line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

if TYPE_CHECKING:
    import pyarrow as arrow

BATCH_ROWS = 100_000
"""Rows of a batch."""
BUFFER = 1 << 20
"""Bytes read at once of a column, however large a sender made its row groups."""


@dataclass(frozen=True)
class Runs:
    """Rows in order, in two frames.

    `heads` has a row a run: the columns that repeat. `lines` has every row: the other columns, and
    `run` says of each which head is its own, ascending.
    """

    heads: pl.DataFrame
    lines: pl.DataFrame
    run: pl.Series

    @classmethod
    def of(cls, rows: pl.DataFrame, steady: Collection[str]) -> Runs:
        """Part rows into the columns that repeat and the others."""
        names = [name for name in rows.columns if name in steady]
        starts = _starts(rows, names)
        heads = rows.select(names).filter(starts) if names else rows.select()
        return cls(heads, rows.drop(names), starts.cum_sum() - 1)

    def filter(self, kept: pl.Series) -> Runs:
        """Some of the rows, with their heads alone."""
        if kept.all():
            return self
        run = self.run.filter(kept)
        heads = self.heads[run.unique(maintain_order=True)] if self.heads.width else self.heads
        return Runs(heads, self.lines.filter(kept), run.rle_id())

    def starts(self) -> npt.NDArray[np.int64]:
        """Of each head the place of its first row, and at last the number of rows."""
        return np.searchsorted(self.run.to_numpy(), np.arange(self.heads.height + 1))

    def sorted(self, by: npt.NDArray[np.int64]) -> Runs:
        """The rows in ascending order of a number of each head; those of one number in their own order."""
        order = np.argsort(by, kind="stable")
        starts = self.starts()
        counts = np.diff(starts)[order]
        run = np.repeat(np.arange(order.size), counts)
        within = np.arange(run.size) - np.repeat(np.cumsum(counts) - counts, counts)
        lines = np.repeat(starts[:-1][order], counts) + within
        return Runs(self.heads[order], self.lines[lines], pl.Series(run, dtype=pl.UInt32))

    def column(self, name: str) -> pl.Series:
        """A column, of every row."""
        return self.heads[name].gather(self.run) if name in self.heads.columns else self.lines[name]

    def whole(self) -> pl.DataFrame:
        """The rows in one frame."""
        return self.lines.hstack(self.heads[self.run]) if self.heads.width else self.lines


def joined(parts: Sequence[Runs]) -> Runs:
    """The rows of several, one after the other."""
    if len(parts) == 1:
        return parts[0]
    before = accumulate((part.heads.height for part in parts), initial=0)
    return Runs(
        pl.concat((part.heads for part in parts), rechunk=True),
        pl.concat((part.lines for part in parts), rechunk=True),
        pl.concat((part.run + start for part, start in zip(parts, before, strict=False)), rechunk=True),
    )


def _starts(rows: pl.DataFrame, names: Collection[str]) -> pl.Series:
    """Whether a row differs in some columns from the one before; the first does."""
    differ = (pl.col(name).ne_missing(pl.col(name).shift()) for name in names)
    return rows.select(pl.any_horizontal(pl.int_range(pl.len()) == 0, *differ)).to_series()


def runs_in(path: Path, steady: Sequence[str]) -> Iterator[Runs]:
    """The rows of a Parquet file in order, at most `BATCH_ROWS` at a time, under the names of its columns.

    Arrow reads every page, with its checksum: a damaged one would make polars abort the whole process.
    Texts that repeat stay numbers of a dictionary until it is known where they change.
    """
    import pyarrow.parquet as parquet

    texts = [name for name in steady if _is_text(parquet.read_schema(path).field(name).type)]
    with parquet.ParquetFile(
        path, page_checksum_verification=True, buffer_size=BUFFER, read_dictionary=texts
    ) as file:
        for batch in file.iter_batches(BATCH_ROWS):
            batch.validate(full=True)
            yield _parted(batch, steady)


def _is_text(kind: arrow.DataType) -> bool:
    import pyarrow.types as types

    return bool(types.is_string(kind) or types.is_large_string(kind))


def _parted(batch: arrow.RecordBatch, steady: Sequence[str]) -> Runs:
    import pyarrow as arrow

    found: dict[str, pl.Series] = {":row": pl.int_range(batch.num_rows, eager=True)}
    texts: dict[str, pl.Series] = {}
    for name in steady:
        column = batch.column(name)
        if isinstance(column, arrow.DictionaryArray):
            texts[name] = pl.Series(name, column.dictionary)
            column = column.indices
        found[name] = pl.Series(name, column)
    rows = pl.DataFrame(found)
    starts = _starts(rows, steady)
    heads = rows.filter(starts).select(steady)
    heads = heads.with_columns(values.gather(heads[name]) for name, values in texts.items())
    lines = batch.select([name for name in batch.schema.names if name not in steady])
    return Runs(heads, pl.DataFrame(lines), starts.cum_sum() - 1)
