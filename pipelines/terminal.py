"""Frames as people read them in a terminal of any width: a table where it fits, records where not.

Belongs here: how wide, how aligned, where to break. Not here: which rows and columns are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import polars as pl
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table as Grid

GAP = 2
MOST_LINES = 4
"""The most lines that a cell may wrap over beside others."""
LEAST_WRAPPED = 20
"""The narrowest column that may wrap: below it, words become ladders of letters."""


def show(out: Console, title: str, rows: pl.DataFrame) -> None:
    """Print a frame under its title; only its last column may wrap. Unsigned integers are counts."""
    counts = [dtype.is_unsigned_integer() for dtype in rows.dtypes]
    cells = [
        [f"{value:,}" if is_count else text(value) for value, is_count in zip(row, counts, strict=True)]
        for row in rows.iter_rows()
    ]
    columns = [[row[place] for row in cells] for place in range(rows.width)]
    widths = [max(map(cell_len, [name, *column])) for name, column in zip(rows.columns, columns, strict=True)]
    out.print(f"[bold]{escape(title)}[/bold]")
    if not cells:
        return
    room = out.width - sum(widths[:-1]) - GAP * (len(widths) - 1)
    if room < min(widths[-1], LEAST_WRAPPED) or widths[-1] > MOST_LINES * room:
        _print_records(out, rows.columns, cells)
    else:
        out.print(_grid(rows, cells))


def text(value: object) -> str:
    """A value as people write it: figures grouped, trailing zeros of a figure dropped, lists joined."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return figure(value)
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def figure(value: Decimal) -> str:
    """A decimal with its digits grouped; more than two decimals only where they say something."""
    exact = value.normalize()
    places = max(0, -int(exact.as_tuple().exponent))
    kept = min(2, max(0, -int(value.as_tuple().exponent)))
    return f"{exact:,.{max(places, kept)}f}"


def _grid(rows: pl.DataFrame, cells: Sequence[Sequence[str]]) -> Grid:
    drawn = Grid(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="dim")
    for place, (name, dtype) in enumerate(rows.schema.items(), start=1):
        figures = dtype.is_numeric() or all(set(row[place - 1]) <= set("0123456789,.-") for row in cells)
        drawn.add_column(
            name,
            justify="right" if figures else "left",
            no_wrap=place < rows.width,
            overflow="fold",
        )
    for row in cells:
        drawn.add_row(*map(escape, row))
    return drawn


def _print_records(out: Console, names: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    """Each row as lines of `name  value`, empty values left out."""
    wide = max(map(cell_len, names))
    for row in cells:
        record = Grid(box=None, pad_edge=False, padding=(0, GAP, 0, 0), show_header=False)
        record.add_column(style="dim", no_wrap=True, min_width=wide)
        record.add_column(overflow="fold")
        for name, value in zip(names, row, strict=True):
            if value:
                record.add_row(name, escape(value))
        out.print(record)
        out.print()
