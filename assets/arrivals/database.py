"""A database as the place that deliveries come from: each table read from its cursor on.

The cursor of a table is the greatest `updated_at` read (never one that lies ahead), and stands in the
record of the delivery that reached it: rows and cursor are kept in one swap or not at all. A reading
begins some hours before the cursor, for transactions that were committed late; the rows known already
are left out, so that a night with nothing new changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from assets.arrivals.compare import compare
from assets.arrivals.receive import BY_NAME, Intake
from assets.arrivals.sources import News
from assets.storage.deliveries import Compared, Deliveries, Delivery
from assets.storage.drop_folder import Arrival, sha256_of
from assets.storage.read_database import (
    CHANGED,
    MONTH,
    answer,
    ask,
    database_changes,
    moment,
    place_of,
    rows_of,
    unknown_columns,
)
from assets.storage.read_parquet import batches_of
from assets.storage.runs import Runs
from assets.storage.text_rows import FileRefused
from assets.versions import rendered
from schemas.table import Source

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""The cursor of a table all of whose rows lie ahead of us."""


@dataclass(frozen=True)
class Database:
    """Tables or views that carry the names of the sources."""

    url: str
    overlap: timedelta
    sources: Sequence[Source]
    now: datetime
    """The present of the run, UTC: whether the month's comparison is due."""

    def news(self, record: Deliveries) -> News:
        """The tables whose answer is not what it was after the last reading.

        A table whose columns are not the source's is left out with the sentence that says so.
        """
        found: list[Arrival] = []
        refusals: list[str] = []
        for source in self.sources:
            last = record.last_reading(source.name, self.name_of(source.name))
            try:
                asked = ask(self.url, source, self.since(last))
            except FileRefused as refused:
                refusals.append(str(refused))
                continue
            if asked and (last is None or asked != last.answer):
                before = last.answer or {} if last else {}
                changed = [text for month, text in asked.items() if before.get(month) != text]
                name = self.name_of(source.name)
                found.append(Arrival(source.name, name, sum(map(rows_of, changed)), 0, Path(name)))
        return News(
            tuple(found), tuple(refusals), is_comparison_due=Compared(record.folder.parent).is_due(self.now)
        )

    def deliver(self, arrival: Arrival, intake: Intake) -> Delivery | None:
        """Read what a table has since its cursor, and receive what is not known yet."""
        source = BY_NAME[arrival.source]
        last = intake.record.last_reading(source.name, arrival.name)
        if stored := _stored(intake, arrival, last):
            return stored
        since = self.since(last)
        with intake.scratch() as scratch:
            path = database_changes(self.url, source, since, scratch)
            if path is None:
                return None
            cursor = _cursor(path, last, intake.received_at)
            unread = replace(
                intake.unread(replace(arrival, size=path.stat().st_size), sha256_of(path)),
                read_from=last.read_to if last else None,
                read_to=cursor.isoformat(),
                answer=answer(batches_of(path, _asked(source)), cursor - self.overlap),
            )
            fresh = Unknown(intake, source, since)
            delivery = intake.receive(path, unread, fresh.of)
        notes = (*delivery.notes, *unknown_columns(self.url, source))
        return replace(delivery, encoding="database", known=fresh.known, notes=notes)

    def disagreements(self, root: Path, now: datetime) -> list[str]:
        """A sentence for each table that does not agree with what was received, once a month."""
        return compare(root, self, now) if Compared(root).is_due(now) else []

    def name_of(self, table: str) -> str:
        """How the record calls a table: its name, and where the database is, without who asks it."""
        return f"{table} of {place_of(self.url)}"

    def since(self, last: Delivery | None) -> datetime | None:
        """Where to read on after a reading; None: from the beginning."""
        if last is None or last.read_to is None:
            return None
        return datetime.fromisoformat(last.read_to) - self.overlap


def _stored(intake: Intake, arrival: Arrival, last: Delivery | None) -> Delivery | None:
    """The reading that a killed pull had stored, where it began at the present cursor."""
    cursor = last.read_to if last else None
    mine = (
        d
        for d in intake.begun
        if (d.source, d.name) == (arrival.source, arrival.name)
        if d.answer is not None and d.read_from == cursor
    )
    return next(mine, None)


def _asked(source: Source) -> list[str]:
    """The columns that the cheap question is about."""
    return [name for name in (CHANGED, MONTH) if name in source.names]


def _cursor(path: Path, last: Delivery | None, now: datetime) -> datetime:
    """The greatest `updated_at` of a reading that does not lie ahead of us, or where the cursor was."""
    at = pl.scan_parquet(path, glob=False).select(at=moment(pl.col(CHANGED)))
    newest = at.filter(pl.col("at") <= now).max().collect(engine="streaming").item()
    before = datetime.fromisoformat(last.read_to) if last and last.read_to else BEGINNING
    return max(newest or before, before)


class Unknown:
    """Leaves out of a reading the rows that were received before."""

    def __init__(self, intake: Intake, source: Source, since: datetime | None) -> None:
        """Look at the received rows that a reading since that moment could bring again.

        Of each 128 bits are held, so that the memory is a fraction of the rows'.
        """
        self._source, self.known = source, 0
        folder = intake.root / "received" / source.name
        at = since.isoformat() if since else ""
        again = [
            pl.scan_parquet(folder / piece.file, glob=False)
            .filter(pl.lit(value=True) if since is None else _is_since(since))
            .select(self._marks())
            .collect(engine="streaming")
            for _, _, piece in intake.record.pieces(source.name)
            if piece.newest is None or piece.newest > at or piece.rejected
        ]
        self._seen = pl.concat(again) if again else None

    def of(self, judged: Runs) -> Runs:
        """The rows that are not known."""
        if self._seen is None:
            return judged
        marked = judged.whole().with_columns(self._marks())
        fresh = marked.join(self._seen, on=[":mark", ":other"], how="anti", maintain_order="left")
        self.known += marked.height - fresh.height
        return Runs.of(fresh.drop(":mark", ":other"), self._source.steady)

    def _marks(self) -> tuple[pl.Expr, pl.Expr]:
        text = pl.when(pl.col("raw").is_null()).then(rendered(self._source)).otherwise("raw")
        return text.hash(1).alias(":mark"), text.hash(2).alias(":other")


def _is_since(since: datetime) -> pl.Expr:
    return pl.col(CHANGED).is_null() | (pl.col(CHANGED) > since)
