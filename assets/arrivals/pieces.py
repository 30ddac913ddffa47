"""Pieces: the judged rows of one delivery, kept by the key of their ledger, and read back by key.

A delivery is taken in batches of at most `BATCH_ROWS` rows, so that memory is bounded whatever its
size; what is gathered beyond `HELD_ROWS` waits in scratch files. A piece holds the rows of a partitioned
source by declaration number, those of others as they came, so its bytes do not depend on the batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from assets.storage.deliveries import UNDATED, UNPLACED, Deliveries, Piece
from assets.storage.gathered import Gathered
from assets.storage.lake import write_parquet
from assets.storage.runs import BATCH_ROWS, Runs, runs_in
from assets.storage.streams import ahead, streamed
from assets.storage.text_rows import TextRows
from assets.validation import judged_schema
from schemas.table import Source

HELD_ROWS = 200_000
"""Rows held in memory before they go to scratch files."""
ALL_ROWS = "all"
"""The one key of a source that is not partitioned."""


def batches(text: TextRows, source: Source, scratch: Path) -> Iterator[Runs]:
    """The rows in order, at most `BATCH_ROWS` at a time; what a reader gives whole goes through a file."""
    if text.read is not None:
        return text.read()
    path = scratch / "rows.parquet"
    text.frame.sink_parquet(path, compression="lz4", row_group_size=BATCH_ROWS, maintain_order=True)
    return runs_in(path, source.steady)


class Pieces:
    """Gathers the judged rows of one delivery and stores them as one piece a key."""

    def __init__(self, source: Source, scratch: Path) -> None:
        """Nothing gathered yet; `scratch` is an empty folder that outlives the storing."""
        self.source, self._scratch = source, scratch
        self.rows = 0
        self.reasons: Counter[str] = Counter()
        self._rejected: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()
        self._newest: dict[str, datetime] = {}
        self._gathered: dict[str, Gathered] = {}
        self._amount = Decimal(0)

    @property
    def rejected(self) -> int:
        """How many rows were refused."""
        return self._rejected.total()

    @property
    def amount_sum(self) -> str | None:
        """The sum of the source's amount over the rows where it can be read; None without one."""
        return None if self.source.amount is None else str(self._amount)

    def add(self, judged: Runs) -> None:
        """Take the next rows, as `validation.judge_runs` gives them."""
        self.rows += judged.lines.height
        refused = judged.lines.filter(pl.col("raw").is_not_null())
        self.reasons.update(refused["reasons"].explode(empty_as_null=False).to_list())
        if self.source.amount:
            total = judged.column(self.source.amount).cast(pl.Decimal(38, 2)).sum()
            self._amount += Decimal(total or 0).quantize(Decimal("0.01"))
        for key, part in _parts(judged, self.source):
            self._counts[key] += part.lines.height
            self._rejected[key] += part.lines.height - part.lines["raw"].null_count()
            newest = part.column("updated_at").max()
            if isinstance(newest, datetime):
                self._newest[key] = max(newest, self._newest.get(key, newest))
            by = self.source.key[0] if self.source.partition else None
            self._gathered.setdefault(key, Gathered(self._scratch, key, by)).add(part)
        if sum(gathered.held for gathered in self._gathered.values()) > HELD_ROWS:
            for gathered in self._gathered.values():
                gathered.spill()

    def store(self, root: Path, sha256: str) -> dict[str, Piece]:
        """Write one content-named file a key into the lake at `root`; key → piece."""
        folder = root / "received" / self.source.name
        return {key: self._store(folder, key, sha256) for key in sorted(self._counts)}

    def _store(self, folder: Path, key: str, sha256: str) -> Piece:
        gathered, schema = self._gathered.pop(key), judged_schema(self.source)

        def rows() -> Iterator[pl.DataFrame]:
            return (part.whole().select(schema.names()) for part in ahead(gathered.parts(HELD_ROWS)))

        path, content = write_parquet(folder, f"{key}-{sha256[:8]}", streamed(rows, schema))
        newest = self._newest.get(key)
        return Piece(
            file=path.name,
            sha256=content,
            rows=self._counts[key],
            rejected=self._rejected[key],
            newest=newest.isoformat() if newest else None,
        )


def _parts(rows: Runs, source: Source) -> Iterator[tuple[str, Runs]]:
    """The rows by the key that their ledger is partitioned by, each part in order."""
    if source.partition is None:
        if rows.lines.height:
            yield ALL_ROWS, rows
        return
    keys = rows.heads.select(place()).to_series()
    for key in keys.unique(maintain_order=True):
        yield str(key), rows.filter((keys == key).gather(rows.run))


def place() -> pl.Expr:
    """The key a declaration row is kept under: its declared month; where the day of declaration
    cannot be read or is not of the number's year, the number's year; else nothing."""
    year = pl.col("declaration_no") // 10**10 % 10**4
    day = pl.col("declared_on")
    return (
        pl.when(year.is_null())
        .then(pl.lit(UNPLACED))
        .when(day.dt.year() == year)
        .then(day.cast(pl.String).str.head(7))
        .otherwise(year.cast(pl.String).str.zfill(4) + UNDATED)
    )


def read_pieces(root: Path, record: Deliveries, source: Source, key: str) -> pl.LazyFrame:
    """All rows received for one key, with the delivery and row they came from.

    To a declared month also belong the undated rows of its declarations, since they may be the
    newest of a line; undated rows of declarations that no month knows belong to January.
    """
    rows = rows_of(root, source, record, key)
    year = key[:4]
    undated_key = year + UNDATED
    if source.partition is None or not record.pieces(source.name, undated_key):
        return rows
    undated = rows_of(root, source, record, undated_key).collect()
    numbers = undated["declaration_no"].unique()
    known = _known(rows, numbers)
    if key.endswith("-01"):
        others = {at for _, at, _ in record.pieces(source.name) if at[:4] == year} - {undated_key, key}
        elsewhere = [_known(rows_of(root, source, record, at), numbers) for at in sorted(others)]
        is_known = numbers.is_in(pl.concat([known, *elsewhere]).implode())
        known = pl.concat([known, numbers.filter(~is_known)])
    return pl.concat([rows, undated.filter(pl.col("declaration_no").is_in(known.implode())).lazy()])


def _known(rows: pl.LazyFrame, numbers: pl.Series) -> pl.Series:
    """Those of some declaration numbers that rows have."""
    own = rows.select("declaration_no").filter(pl.col("declaration_no").is_in(numbers.implode()))
    return own.unique().collect(engine="streaming")["declaration_no"]


def rows_of(root: Path, source: Source, record: Deliveries, key: str) -> pl.LazyFrame:
    """The rows of the pieces of one key, with the delivery and row they came from."""
    pieces = record.pieces(source.name, key)
    folder = root / "received" / source.name
    deliveries = pl.Enum(sorted({d.sha256 for d in record.all if d.source == source.name}))
    frames = [
        pl.scan_parquet(folder / piece.file, glob=False).with_columns(
            delivery_sha256=pl.lit(delivery.sha256, deliveries)
        )
        for delivery, _, piece in pieces
    ]
    return pl.concat(frames) if frames else _no_rows(source, deliveries)


def _no_rows(source: Source, deliveries: pl.Enum) -> pl.LazyFrame:
    """No rows, with the columns of a piece in their order, so that pieces can be put under it."""
    return pl.LazyFrame(schema={**judged_schema(source), "delivery_sha256": deliveries})
