"""Rows that are made while they are written: frames one after the other as one lazy frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl
from polars.io.plugins import register_io_source


def streamed(frames: Callable[[], Iterator[pl.DataFrame]], schema: pl.Schema) -> pl.LazyFrame:
    """The rows of frames of one schema, in order; no more than one of them is held at a time."""

    def read(
        columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        left = n_rows
        for frame in frames():
            rows = frame if predicate is None else frame.filter(predicate)
            rows = rows if columns is None else rows.select(columns)
            rows = rows if left is None else rows.head(left)
            yield rows
            left = None if left is None else left - rows.height
            if left == 0:
                return

    return register_io_source(read, schema=schema)
