"""Pieces: the judged rows of one delivery, kept by the key of their ledger, and read back by key.

A delivery is taken in batches of at most `BATCH_ROWS` rows, so that memory is bounded whatever its
size; what is gathered beyond `HELD_ROWS` waits in scratch files. A piece holds its rows in the order
of the delivery, so its bytes do not depend on how it was cut into batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from assets.storage.deliveries import UNDATED, UNPLACED, Deliveries, Piece
from assets.storage.lake import write_parquet
from assets.storage.read_parquet import BATCH_ROWS, batches_of
from assets.storage.text_rows import ROW, TextRows
from schemas.table import Source

HELD_ROWS = 400_000
"""Rows held in memory before they go to scratch files."""
ALL_ROWS = "all"
"""The one key of a source that is not partitioned."""


def batches(text: TextRows, scratch: Path) -> Iterator[pl.DataFrame]:
    """The rows in order, at most `BATCH_ROWS` at a time; what a reader gives whole goes through a file."""
    if text.read is not None:
        yield from text.read()
        return
    path = scratch / "rows.parquet"
    text.frame.sink_parquet(path, compression="lz4", row_group_size=BATCH_ROWS, maintain_order=True)
    yield from batches_of(path)


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
        self._held: dict[str, list[pl.DataFrame]] = {}
        self._spilt: dict[str, list[Path]] = {}
        self._amount = Decimal(0)

    @property
    def rejected(self) -> int:
        """How many rows were refused."""
        return self._rejected.total()

    @property
    def amount_sum(self) -> str | None:
        """The sum of the source's amount over the rows where it can be read; None without one."""
        return None if self.source.amount is None else str(self._amount)

    def add(self, judged: pl.DataFrame) -> None:
        """Take the next rows, as `validation.judge` gives them."""
        self.rows += judged.height
        refused = judged.filter(pl.col("raw").is_not_null())
        self.reasons.update(refused["reasons"].explode(empty_as_null=False).to_list())
        if self.source.amount:
            total = judged[self.source.amount].cast(pl.Decimal(38, 2)).sum()
            self._amount += Decimal(total or 0).quantize(Decimal("0.01"))
        for key, part in _parts(judged, self.source):
            self._counts[key] += part.height
            self._rejected[key] += part.height - part["raw"].null_count()
            newest = part["updated_at"].max()
            if isinstance(newest, datetime):
                self._newest[key] = max(newest, self._newest.get(key, newest))
            self._held.setdefault(key, []).append(part)
        if sum(part.height for parts in self._held.values() for part in parts) > HELD_ROWS:
            self._spill()

    def store(self, root: Path, sha256: str) -> dict[str, Piece]:
        """Write one content-named file a key into the lake at `root`; key → piece."""
        folder = root / "received" / self.source.name
        return {key: self._store(folder, key, sha256) for key in sorted(self._counts)}

    def _store(self, folder: Path, key: str, sha256: str) -> Piece:
        spilt = self._spilt.get(key, [])
        frames = [pl.scan_ipc(spilt, glob=False)] if spilt else []
        frames += [part.lazy() for part in self._held.pop(key, [])]
        path, content = write_parquet(folder, f"{key}-{sha256[:8]}", pl.concat(frames))
        newest = self._newest.get(key)
        return Piece(
            file=path.name,
            sha256=content,
            rows=self._counts[key],
            rejected=self._rejected[key],
            newest=newest.isoformat() if newest else None,
        )

    def _spill(self) -> None:
        for key, parts in self._held.items():
            paths = self._spilt.setdefault(key, [])
            path = self._scratch / f"{key}-{len(paths)}.arrow"
            pl.concat(parts).write_ipc(path, compression="lz4")
            paths.append(path)
        self._held.clear()


def _parts(rows: pl.DataFrame, source: Source) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows by the key that their ledger is partitioned by, each part in order."""
    if source.partition is None:
        if rows.height:
            yield ALL_ROWS, rows
        return
    keyed = rows.with_columns(place().alias(":key"))
    if keyed[":key"].n_unique() == 1:
        yield str(keyed[":key"][0]), rows
        return
    for (key,), part in keyed.partition_by(":key", include_key=False, as_dict=True).items():
        yield str(key), part


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
    judged = {ROW: pl.Int64(), **source.schema, "reasons": pl.List(pl.String), "raw": pl.String()}
    return pl.LazyFrame(schema={**judged, "delivery_sha256": deliveries})
