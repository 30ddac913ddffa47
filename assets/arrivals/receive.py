"""The pull: what is new in the sources becomes typed, judged pieces and a delivery record.

A file is refused whole, with a sentence, when it cannot be read, when its control file does not
match, or when a declaration in it claims a second month of declaration; nothing else waits for it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import polars as pl

from assets.storage.deliveries import UNDATED, UNPLACED, Deliveries, Delivery, Piece
from assets.storage.drop_folder import Arrival, sha256_of
from assets.storage.lake import write_parquet
from assets.storage.read_file import read_control, read_file
from assets.storage.text_rows import FileRefused
from assets.validation import judge
from schemas.catalogue import SOURCES
from schemas.table import Source

Progress = Callable[[str, str, int, int], None]
BY_NAME = {source.name: source for source in SOURCES}


def pull(
    root: Path,
    arrivals: Sequence[Arrival],
    received_at: datetime,
    progress: Progress | None = None,
) -> list[Delivery]:
    """Receive the files of the drop folder that were not seen before; the record is swapped last."""
    record = Deliveries(root)
    seen, known = record.seen(), record.by_content()
    begun = {(d.stamp, d.sha256): d for d in record.begun() if not d.refused}
    fresh = [a for a in arrivals if (a.source, a.name, a.size, a.modified_ns) not in seen]
    new: list[Delivery] = []
    for count, arrival in enumerate(fresh, start=1):
        if progress:
            progress("deliveries", arrival.name, count, len(fresh))
        sha256 = sha256_of(arrival.path)
        twin, blank = known.get((arrival.source, sha256)), _blank(arrival, sha256, received_at)
        if twin:
            delivery = replace(blank, same_as=twin.name)
        elif stored := begun.get((blank.stamp, sha256)):
            delivery = known[arrival.source, sha256] = stored
        else:
            delivery = known[arrival.source, sha256] = receive(root, arrival, sha256, received_at)
            record.begin(delivery)
        new.append(delivery)
    checked = _hold_to_one_month(root, record, new)
    if checked:
        record.add(checked)
    return checked


def receive(root: Path, arrival: Arrival, sha256: str, received_at: datetime) -> Delivery:
    """Read, judge and store one file; a refusal is in the result, not raised."""
    source = BY_NAME[arrival.source]
    blank = _blank(arrival, sha256, received_at)
    with tempfile.TemporaryDirectory(prefix="tongbao-") as scratch:
        try:
            text = read_file(arrival.path, source, Path(scratch))
            rows = judge(text.frame, source)
            amount = _amount_sum(rows, source)
            _hold_to_control(arrival, rows, amount)
        except FileRefused as refusal:
            return replace(blank, refused=str(refusal))
    pieces = {
        key: _store(root / "received" / source.name, f"{key}-{sha256[:8]}", part)
        for key, part in _parts(rows, source)
    }
    return replace(
        blank,
        rows=rows.height,
        amount_sum=amount,
        encoding=text.encoding,
        notes=text.notes,
        corrects=text.corrects,
        pieces=pieces,
    )


def _blank(arrival: Arrival, sha256: str, received_at: datetime) -> Delivery:
    return Delivery(
        source=arrival.source,
        name=arrival.name,
        size=arrival.size,
        modified_ns=arrival.modified_ns,
        sha256=sha256,
        received_at=received_at.isoformat(),
    )


def _amount_sum(rows: pl.DataFrame, source: Source) -> str | None:
    if source.amount is None:
        return None
    return str(rows[source.amount].cast(pl.Decimal(38, 2)).sum() or 0)


def _hold_to_control(arrival: Arrival, rows: pl.DataFrame, amount: str | None) -> None:
    control = read_control(arrival.path)
    if control is None:
        return
    found: list[str] = []
    if control.rows is not None and control.rows != rows.height:
        found.append(f"{control.rows} rows where the file has {rows.height}")
    if control.amount_sum is not None and amount is not None:
        expected = control.amount_sum
        if expected != type(expected)(amount):
            found.append(f"an amount sum of {expected} where the file has {amount}")
    if found:
        raise FileRefused(
            arrival.name,
            f"does not match its control file, which says {' and '.join(found)}",
            "deliver the complete file, or a right control file, again",
        )


def _parts(rows: pl.DataFrame, source: Source) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows by the key that their ledger is partitioned by, each part in ledger order."""
    ordered = rows.sort([*source.key, *source.version, "row"], nulls_last=False)
    if source.partition is None:
        if ordered.height:
            yield "all", ordered
        return
    parts = ordered.with_columns(place().alias(":month")).partition_by(
        ":month", include_key=False, as_dict=True
    )
    for (key,), part in sorted(parts.items()):
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
        .then(day.dt.strftime("%Y-%m"))
        .otherwise(year.cast(pl.String).str.zfill(4) + UNDATED)
    )


def _store(folder: Path, name: str, part: pl.DataFrame) -> Piece:
    path, sha256 = write_parquet(folder, name, part.lazy())
    newest = part["updated_at"].max()
    return Piece(
        file=path.name,
        sha256=sha256,
        rows=part.height,
        rejected=part.height - part["raw"].null_count(),
        newest=newest.isoformat() if isinstance(newest, datetime) else None,
    )


def read_pieces(root: Path, record: Deliveries, source: Source, key: str) -> pl.LazyFrame:
    """All rows received for one key, with the delivery and row they came from.

    To a declared month also belong the undated rows of its declarations, since they may be the
    newest of a line; undated rows of declarations that no month knows belong to January.
    """
    rows = _read(root, source, record, key)
    year = key[:4]
    undated_key = year + UNDATED
    if source.partition is None or not record.pieces(source.name, undated_key):
        return rows
    undated = _read(root, source, record, undated_key)
    mine = undated.join(_numbers(rows), on="declaration_no", how="semi")
    if not key.endswith("-01"):
        return pl.concat([rows, mine])
    others = {at for _, at, _ in record.pieces(source.name) if at[:4] == year}
    known = [_numbers(_read(root, source, record, at)) for at in sorted(others - {undated_key})]
    nobodys = undated.join(pl.concat(known).unique(), on="declaration_no", how="anti") if known else undated
    return pl.concat([rows, mine, nobodys])


def _numbers(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows.select(pl.col("declaration_no").unique())


def _read(root: Path, source: Source, record: Deliveries, key: str) -> pl.LazyFrame:
    pieces = record.pieces(source.name, key)
    folder = root / "received" / source.name
    frames = [
        pl.scan_parquet(folder / piece.file, glob=False).with_columns(delivery_sha256=pl.lit(delivery.sha256))
        for delivery, _, piece in pieces
    ]
    return pl.concat(frames) if frames else _no_rows(source)


def _no_rows(source: Source) -> pl.LazyFrame:
    origin = {"delivery_sha256": pl.String(), "row": pl.Int64()}
    more = {"reasons": pl.List(pl.String), "raw": pl.String()}
    return pl.LazyFrame(schema={**source.schema, **more, **origin})


def _hold_to_one_month(root: Path, record: Deliveries, new: list[Delivery]) -> list[Delivery]:
    """Refuse the deliveries in which a declaration claims a second month (rules §1, blocking)."""
    source = BY_NAME["customs_declarations"]
    folder = root / "received" / source.name
    touched = {month[:4] for d in new if d.source == source.name for month in d.pieces}
    refused: dict[str, str] = {}
    for year in sorted(touched - {UNPLACED[:4]}):
        pieces = [
            (delivery, month, folder / piece.file)
            for delivery in [*record.all, *new]
            if delivery.source == source.name
            for month, piece in delivery.pieces.items()
            if month.startswith(year) and not month.endswith(UNDATED)
        ]
        doubled = _in_two_months([(month, path) for _, month, path in pieces])
        if doubled.is_empty():
            continue
        for delivery, _, path in pieces:
            if delivery in new:
                here = _declarations(path).filter(pl.col("declaration_no").is_in(doubled.implode()))
                for number in here.collect()["declaration_no"].head(1):
                    refused[delivery.sha256] = f"{number:018d}"
    return [
        replace(
            delivery,
            pieces={},
            refused=f"{delivery.name} is refused: declaration {refused[delivery.sha256]} is "
            "declared in two months, and a declaration has one declared_on for ever; correct "
            "declared_on and deliver the file again.",
        )
        if delivery.sha256 in refused
        else delivery
        for delivery in new
    ]


def _declarations(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path, glob=False).select(pl.col("declaration_no").unique())


def _in_two_months(pieces: list[tuple[str, Path]]) -> pl.Series:
    """The declarations that occur in more than one declared month."""
    if len({month for month, _ in pieces}) < 2:
        return pl.Series("declaration_no", [], pl.Int64)
    by_month = [
        _declarations(path).with_columns(month=pl.lit(int(month[5:]), pl.Int8)) for month, path in pieces
    ]
    return (
        pl.concat(by_month)
        .group_by("declaration_no")
        .agg(first=pl.col("month").min(), last=pl.col("month").max())
        .filter(pl.col("first") != pl.col("last"))
        .select("declaration_no")
        .collect(engine="streaming")["declaration_no"]
    )
