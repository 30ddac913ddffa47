"""Once a month: do the rows received from a database still agree with it?

A cursor misses what is deleted, and what was committed later than the overlap. So, of every declared
month, the keys and the sum of their newest amounts are counted there and here (rules §4, blocking).
Here is what was received, whatever became of it: a refused row is a row, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.arrivals.pieces import ALL_ROWS, place, rows_of
from assets.storage.deliveries import UNDATED, Compared, Deliveries
from assets.storage.read_database import CHANGED, MONTH, columns_of
from assets.storage.text_rows import ROW, FileRefused
from assets.validation import typed
from schemas.table import Source

if TYPE_CHECKING:
    from assets.arrivals.database import Database


@dataclass
class Totals:
    """Of each declared month (of other sources: of all rows) the keys, and the sum of their amounts."""

    keys: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, Decimal] = field(default_factory=dict)

    def add(self, newest: pl.DataFrame, source: Source) -> None:
        """Count the newest row of each key."""
        month = place() if source.partition else pl.lit(ALL_ROWS)
        amount = pl.col(source.amount).cast(pl.Decimal(38, 2)).sum() if source.amount else pl.lit(None)
        for at, keys, total in newest.group_by(month.alias("at")).agg(pl.len(), total=amount).iter_rows():
            self.keys[at] = self.keys.get(at, 0) + keys
            self.amounts[at] = self.amounts.get(at, Decimal(0)) + (total or 0)

    def of(self, month: str) -> tuple[int, Decimal]:
        """Keys and amount of a month."""
        return self.keys.get(month, 0), self.amounts.get(month, Decimal(0))


def compare(root: Path, database: Database, now: datetime) -> list[str]:
    """A sentence for each table that does not agree; where all do, the month is noted as compared."""
    record, told = Deliveries(root), list[str]()
    for source in database.sources:
        last = record.last_reading(source.name, database.name_of(source.name))
        if last is not None and last.read_to is not None:
            cursor = datetime.fromisoformat(last.read_to)
            with suppress(FileRefused):  # which the pull has told
                there, moving = _there(database.url, source, cursor)
                here = _here(root, record, source, cursor)
                told += _told(last.name, source, there, here, moving)
    if not told:
        Compared(root).note(now)
    return told


def _told(name: str, source: Source, there: Totals, here: Totals, moving: set[str]) -> Iterator[str]:
    months = sorted({*there.keys, *here.keys} - moving)
    differing = [month for month in months if there.of(month) != here.of(month)]
    if not differing:
        return
    first = differing[0]
    (theirs, amount), (ours, received) = there.of(first), here.of(first)
    where = (
        f"{len(differing)} declared month{'s' if len(differing) > 1 else ''}, first {first}"
        if source.partition
        else "its keys"
    )
    sums = (f" and {amount:,}", f" and {received:,}") if source.amount else ("", "")
    yield (
        f"{name} differs from what was received in {where}: {theirs:,} keys{sums[0]} there, "
        f"{ours:,}{sums[1]} here. Put back what was deleted there (a line that is void has a version "
        "with status withdrawn), give what was committed late a new updated_at, and run again."
    )


def _there(url: str, source: Source, cursor: datetime) -> tuple[Totals, set[str]]:
    """What the database has up to the cursor; and the months that have moved on since."""
    names = [name for name in (*source.key, *source.version, MONTH, source.amount) if name in source.names]
    totals, moving = Totals(), set[str]()
    waiting = source.empty()
    for batch in columns_of(url, source, [str(name) for name in names]):
        rows = typed(_whole(batch, source), source).drop(ROW)
        if source.partition:
            later = rows.filter(pl.col(CHANGED) > cursor)
            moving |= set(later.select(place()).to_series())
        rows = pl.concat([waiting, _comparable(rows.lazy(), source, cursor).collect()])
        is_last = pl.all_horizontal(pl.col(name) == pl.col(name).last() for name in source.key)
        waiting = rows.filter(is_last)
        totals.add(_newest(rows.filter(~is_last), source), source)
    totals.add(_newest(waiting, source), source)
    return totals, moving


def _here(root: Path, record: Deliveries, source: Source, cursor: datetime) -> Totals:
    """What was received up to the cursor, a declared month (or a year with undated rows) at a time."""
    totals = Totals()
    for keys in _together({key for _, key, _ in record.pieces(source.name)}):
        rows = pl.concat([rows_of(root, source, record, key) for key in keys]).select(source.names)
        wanted = _comparable(rows, source, cursor).select(_narrow(source)).collect(engine="streaming")
        totals.add(_newest(wanted, source), source)
    return totals


def _together(keys: Iterable[str]) -> list[list[str]]:
    """Keys that may hold rows of the same line."""
    years = {key[:4] for key in keys if key.endswith(UNDATED)}
    groups: dict[str, list[str]] = {}
    for key in sorted(keys):
        groups.setdefault(key[:4] if key[:4] in years else key, []).append(key)
    return list(groups.values())


def _narrow(source: Source) -> list[str]:
    wanted = {*source.key, *source.version, MONTH, source.amount}
    return [name for name in source.names if name in wanted]


def _comparable(rows: pl.LazyFrame, source: Source, cursor: datetime) -> pl.LazyFrame:
    """Rows with a readable key that were there at the cursor."""
    known = pl.all_horizontal(pl.col(name).is_not_null() for name in source.key)
    return rows.filter(known & (pl.col(CHANGED).is_null() | (pl.col(CHANGED) <= cursor)))


def _newest(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The newest row of each key; of rows that tie, the greatest amount, so that order is nothing."""
    last = [*source.key, *source.version, *([source.amount] if source.amount else [])]
    return rows.sort(last).unique(subset=list(source.key), keep="last")


def _whole(batch: pl.DataFrame, source: Source) -> pl.LazyFrame:
    """The batch with every field of the source, and a row number."""
    absent = [pl.lit(None, pl.String).alias(name) for name in source.names if name not in batch.columns]
    return batch.lazy().with_columns(*absent, pl.lit(0, pl.Int64).alias(ROW))
