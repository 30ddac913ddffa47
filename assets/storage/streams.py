"""Rows that are made while others are used: frames as one lazy frame, and one made ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import polars as pl
from polars.io.plugins import register_io_source

Item = TypeVar("Item")


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


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same in the same order; while one is used, another thread makes the next."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item
