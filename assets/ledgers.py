"""The ledger of a source: every version received, judged by today's codes. Used by every stage.

A key is made a stretch of its rows at a time, so that memory is bounded however large it is: all
rows of one key of the source lie in one stretch, and stretches follow each other in the ledger's order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import polars as pl

from assets.arrivals.pieces import read_pieces, rows_of
from assets.storage.streams import ahead, streamed
from assets.validation import judge_again
from assets.versions import classify
from assets.work import Balance, Made, Work
from schemas.calendar import SHANGHAI
from schemas.operations import CORRECTED
from schemas.table import ORIGIN, Source

STRETCH_ROWS = 200_000
"""Rows of a stretch, about; those of one declaration are never parted."""
_ORIGINS = pl.Schema({column.name: column.dtype for column in ORIGIN})
KEPT = pl.col("fate").is_in(["accepted", "rejected"])


def ledger(work: Work, source: Source, part: pl.Expr | None = None) -> Made:
    """One key of a source's ledger, with the balance of what was received for it."""
    received = Received(work, source)
    rows = received.rows()
    return Made(rows.filter(KEPT).lazy(), part=part, **received.told())


class Received:
    """The rows received for one key of a source: what becomes of each, told and tallied on the way."""

    def __init__(self, work: Work, source: Source, key: str | None = None) -> None:
        """Nothing read yet; the key is the work's own where none is named."""
        self._source, self._now = source, work.now
        root, record, key = work.lake.root, work.state.deliveries, key or work.key
        self._pieces = read_pieces(root, record, source, key)
        self._own = rows_of(root, source, record, key)
        self._recorded = sum(piece.rows for _, _, piece in record.pieces(source.name, key))
        self._corrected = record.corrected(source.name)
        self._corrections = record.corrected_rows()
        self._amounts: tuple[Counter[str | None], Counter[str | None]] = (Counter(), Counter())
        self._fates: Counter[tuple[str, str]] = Counter()
        self._updates: Counter[tuple[str, str]] = Counter()
        self._years: Counter[int] = Counter()
        self._newest: list[datetime] = []
        self._due: list[datetime] = []
        self._origins: list[pl.DataFrame] = []
        self._rows = 0

    def rows(self) -> pl.DataFrame:
        """All rows with their `fate`, in order of key and version."""
        return pl.concat(self.stretches()).cast({"delivery_sha256": pl.String})

    def kept(self) -> pl.LazyFrame:
        """The rows of the ledger of a partitioned source, made while they are read, once."""

        def read() -> Iterator[pl.DataFrame]:
            for rows in ahead(self.stretches()):
                kept = rows.filter(KEPT)
                self._origins.append(kept.select("delivery_sha256", "row"))
                yield kept.select(self._source.ledger.names)

        return streamed(read, self._source.ledger.schema)

    def origins(self) -> pl.LazyFrame:
        """Where each of the kept rows came from, row by row, once those were read."""
        return streamed(
            lambda: (rows.cast({"delivery_sha256": pl.String}) for rows in self._origins), _ORIGINS
        )

    def stretches(self) -> Iterator[pl.DataFrame]:
        """The rows, with their `fate`, a stretch at a time."""
        for pieces in _stretches(self._pieces, self._source):
            rows = _judged_today(pieces, self._source)
            classified = _set_aside(classify(rows.lazy(), self._source, self._now), self._corrected)
            self._tally(rows, classified)
            yield classified

    def told(self) -> Mapping[str, Any]:
        """Of the rows once they are all read: what a `Made` says beside its frame.

        `balances`: receipt's conservation (rules §4). `parts`: what was kept, by month of update.
        `due_at`: the moment at which the first waiting row arrives. `notes`: the newest version kept, of
        each delivery fate → rows, and, of sources that have them, policy year → rows.
        """
        own = self._own.select(pl.len()).collect().item()
        before, after = self._amounts
        fates: dict[str, dict[str, int]] = {}
        for (delivery, fate), count in sorted(self._fates.items()):
            fates.setdefault(delivery, {})[fate] = count
        return {
            "balances": (
                Balance("rows recorded at receipt = rows read", self._recorded, own),
                Balance(
                    "rows received = accepted + rejected + duplicate + waiting",
                    self._rows,
                    self._fates.total(),
                ),
                *(
                    Balance(f"amount received {currency or ''}".strip(), before[currency], after[currency])
                    for currency in sorted(before, key=str)
                ),
            ),
            "parts": by_update(self._updates, self._corrections),
            "due_at": min(self._due).isoformat() if self._due else None,
            "notes": {
                "newest": max(self._newest).isoformat() if self._newest else "",
                "fates": fates,
                "policy_years": {str(year): count for year, count in sorted(self._years.items())},
            },
        }

    def _tally(self, rows: pl.DataFrame, classified: pl.DataFrame) -> None:
        self._rows += rows.height
        for tally, frame in zip(self._amounts, (rows, classified), strict=True):
            tally.update(_amounts(frame, self._source))
        counted = classified.group_by("delivery_sha256", "fate").len()
        self._fates.update({(str(sha256), str(fate)): count for sha256, fate, count in counted.rows()})
        kept = classified.lazy().filter(KEPT)
        if self._source.partition:
            self._updates.update(updates(kept))
        if "policy_year" in self._source.names:
            self._years.update(kept.select("policy_year").collect().to_series().drop_nulls().to_list())
        newest = kept.select(pl.col("updated_at").max()).collect().item()
        due = classified.lazy().filter(fate="waiting").select(pl.col("updated_at").min()).collect().item()
        self._newest += [newest] if newest else []
        self._due += [due] if due else []


def _stretches(pieces: pl.LazyFrame, source: Source) -> Iterator[pl.DataFrame]:
    """The rows by ascending declaration number, about `STRETCH_ROWS` at a time; other sources at once."""
    first = source.key[0]
    numbers = pieces.select(first).collect().to_series().sort() if source.partition else pl.Series()
    cuts = numbers.gather_every(STRETCH_ROWS, offset=STRETCH_ROWS).unique().sort().drop_nulls().to_list()
    number = pl.col(first)
    for since, until in zip([None, *cuts], [*cuts, None], strict=True):
        rows = pieces
        if since is not None:
            rows = rows.filter(number >= since)
        elif until is not None:
            rows = rows.filter((number < until) | number.is_null())
        if since is not None and until is not None:
            rows = rows.filter(number < until)
        yield rows.collect()


def _judged_today(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The rows received; those refused before are judged again by today's codes and rules."""
    refused = rows.filter(pl.col("raw").is_not_null())
    if refused.is_empty():
        return rows
    texts = refused.select("raw").with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    again = judge_again(texts, source).drop("row")
    judged = refused.select("delivery_sha256", "row").hstack(again)
    return pl.concat([rows.filter(pl.col("raw").is_null()), judged.select(rows.columns)])


def _set_aside(rows: pl.DataFrame, corrected: Collection[str]) -> pl.DataFrame:
    """Marks the refused rows that a delivered row corrects; they are no newest version any more."""
    if not corrected:
        return rows
    delivery = pl.col("delivery_sha256").cast(pl.String).str.head(12)
    is_corrected = (pl.col("fate") == "rejected") & pl.format("{}#{}", delivery, "row").is_in(list(corrected))
    marked = pl.concat_list("reasons", pl.lit(CORRECTED)).list.sort()
    return rows.with_columns(reasons=pl.when(is_corrected).then(marked).otherwise("reasons"))


def _amounts(rows: pl.DataFrame, source: Source) -> dict[str | None, int]:
    """The sum of the source's amount per currency, in units of its last decimal."""
    if source.amount is None:
        return {}
    currency = pl.col("currency") if "currency" in source.names else pl.lit(None, pl.String)
    sums = rows.group_by(currency.alias("of")).agg(pl.col(source.amount).to_physical().sum())
    return {of: int(total) for of, total in sums.rows()}


def updates(kept: pl.LazyFrame) -> dict[tuple[str, str], int]:
    """Month of update, as in Shenzhen, and delivery → how many rows were kept."""
    moment = pl.col("updated_at").dt.convert_time_zone(SHANGHAI.key)
    counted = (
        kept.group_by(year=moment.dt.year(), month=moment.dt.month(), of="delivery_sha256")
        .len()
        .drop_nulls("month")
        .collect()
    )
    return {(f"{year:04}-{month:02}", str(of)): rows for year, month, of, rows in counted.iter_rows()}


def by_update(
    kept: Mapping[tuple[str, str], int], corrected: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """Month of update, as in Shenzhen → a hash that changes when what was kept of it does.

    Which rows a delivery brought for a key is fixed by its bytes, so that deliveries, how many of
    their rows were kept, and which of those others correct, say all: a later update changes no
    earlier month. What codes make of the rows is for readers to depend on.
    """
    found: dict[str, list[str]] = {}
    for (at, delivery), count in sorted(kept.items()):
        since = " ".join(corrected.get(delivery[:12], ()))
        found.setdefault(at, []).append(f"{delivery} {count} {since}")
    return {at: sha256("\n".join(lines).encode()).hexdigest() for at, lines in found.items()}
