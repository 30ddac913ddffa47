"""Rows gathered in runs, more than memory holds: what is too much waits in scratch files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from assets.storage.runs import Runs, joined

_RUN = ":run"
_RECORDS = 16_384
"""Rows of a scratch file that are read at once."""


@dataclass(frozen=True)
class _Chunk:
    """Rows in ascending order of a number of their heads, in memory or in files."""

    heads: pl.LazyFrame
    lines: pl.LazyFrame
    numbers: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]

    def all(self) -> Runs:
        """All rows."""
        lines = self.lines.collect()
        return Runs(self.heads.collect(), lines.drop(_RUN), lines[_RUN])

    def between(self, since: int, until: int) -> Runs:
        """The rows of the heads from one place up to another."""
        start, end = self.starts[since], self.starts[until]
        lines = self.lines.slice(start, end - start).collect()
        run = lines[_RUN] - since
        return Runs(self.heads.slice(since, until - since).collect(), lines.drop(_RUN), run)


class Gathered:
    """Rows that come in parts, handed out in order of a column that repeats, or else as they came."""

    def __init__(self, scratch: Path, name: str, by: str | None) -> None:
        """Nothing gathered yet; scratch files go to a folder under a name, and `by` is the column."""
        self._scratch, self._name, self._by = scratch, name, by
        self._held: list[Runs] = []
        self._chunks: list[_Chunk] = []
        self.held = 0

    def add(self, rows: Runs) -> None:
        """Take the next rows."""
        self._held.append(rows)
        self.held += rows.lines.height

    def spill(self) -> None:
        """Put what memory holds into scratch files."""
        if self._held:
            self._chunks.append(self._spilt(self._chunk()))

    def parts(self, size: int) -> Iterator[Runs]:
        """All rows, about so many at a time, once."""
        chunks = [*self._chunks, self._chunk()] if self._held else self._chunks
        if self._by is None:
            yield from (chunk.all() for chunk in chunks)
            return
        numbers = np.sort(np.concatenate([chunk.numbers for chunk in chunks]))
        rows = sum(int(chunk.starts[-1]) for chunk in chunks)
        step = max(numbers.size * size // max(rows, 1), 1)
        cuts = np.unique(numbers[step::step])
        ends = [[0, *np.searchsorted(chunk.numbers, cuts), chunk.numbers.size] for chunk in chunks]
        for at in range(cuts.size + 1):
            part = joined([chunk.between(of[at], of[at + 1]) for chunk, of in zip(chunks, ends, strict=True)])
            yield _sorted(part, self._by)[0]

    def _chunk(self) -> _Chunk:
        rows = joined(self._held)
        self._held, self.held = [], 0
        numbers = starts = np.empty(0, np.int64)
        if self._by is not None:
            rows, numbers = _sorted(rows, self._by)
            starts = rows.starts()
        lines = rows.lines.with_columns(rows.run.cast(pl.UInt32).alias(_RUN))
        return _Chunk(rows.heads.lazy(), lines.lazy(), numbers, starts)

    def _spilt(self, chunk: _Chunk) -> _Chunk:
        files = [self._scratch / f"{self._name}-{len(self._chunks)}.{of}.arrow" for of in ("heads", "lines")]
        for rows, file in zip((chunk.heads, chunk.lines), files, strict=True):
            rows.collect().write_ipc(file, compression="lz4", record_batch_size=_RECORDS)
        heads, lines = (pl.scan_ipc(file, glob=False) for file in files)
        return _Chunk(heads, lines, chunk.numbers, chunk.starts)


def _sorted(rows: Runs, by: str) -> tuple[Runs, npt.NDArray[np.int64]]:
    """The rows in ascending order of a number of their heads, and those numbers; unknown ones come first."""
    numbers = rows.heads[by].fill_null(-1).to_numpy()
    if (numbers[1:] >= numbers[:-1]).all():
        return rows, numbers
    return rows.sorted(numbers), np.sort(numbers)
