"""Refused rows as work: what is open, why, in which files; and the file in which it is corrected."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console

from assets.storage.deliveries import Deliveries
from assets.storage.lake import Lake
from assets.supply.corrections import (
    CorrectionsRefused,
    corrections,
    enterprise_of,
    together,
    write_corrections,
)
from pipelines.settings import Settings
from pipelines.terminal import show
from schemas.bad_bytes import readable
from schemas.catalogue import SOURCES, TABLES
from schemas.codes.labels import reason_label
from schemas.operations import REJECTED_ROWS

MOST_SETS = 15


@dataclass(frozen=True)
class Asked:
    """Which refused rows are asked for; None asks for all."""

    source: str | None = None
    reason: str | None = None
    file: str | None = None
    enterprise: str | None = None
    is_repaired: bool = False

    def of(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Those of rejected_rows (with `file`); a reason without a field names all its fields."""
        wanted = [pl.col("status") == ("repaired" if self.is_repaired else "open")]
        if self.source:
            wanted.append(pl.col("source") == self.source)
        if self.reason:
            code = pl.element().str.split(":").list.first()
            wanted.append(
                pl.col("reasons").list.contains(self.reason)
                | pl.col("reasons").list.eval(code == self.reason).list.any()
            )
        if self.file:
            names = pl.col("file").str.contains(self.file, literal=True).fill_null(value=False)
            wanted.append(names | pl.col("delivery_sha256").str.starts_with(self.file))
        if self.enterprise:
            wanted.append(enterprise_of(pl.col("raw")) == self.enterprise.strip().upper())
        return rows.filter(pl.all_horizontal(wanted))


def find_rejects(lake: Path, asked: Asked) -> pl.DataFrame:
    """The refused rows asked for, each with the file it came in, in order of source, file and row."""
    files = {d.sha256: d.name for d in reversed(Deliveries(lake).all)}
    name = pl.col("delivery_sha256").replace_strict(files, default=None, return_dtype=pl.String)
    rows = Lake(lake).scan(REJECTED_ROWS, ["all"]).with_columns(file=name)
    return asked.of(rows).collect().sort("source", "file", "delivery_sha256", "row")


def show_rejects(out: Console, rows: pl.DataFrame, asked: Asked, limit: int) -> None:
    """Counts by reason, which reasons come together, counts by file; then rows."""
    out.print(f"[bold]{rows.height:,} {'repaired' if asked.is_repaired else 'open'} refused rows[/bold]")
    for (name,), its in rows.group_by("source", maintain_order=True):
        out.print()
        _show_reasons(out, str(name), its)
        sets = together(its)
        if its["reasons"].list.len().max() != 1:
            out.print()
            shown = sets.select("rows", pl.col("reasons").alias("reasons of a row")).head(MOST_SETS)
            show(out, f"Reasons that come together: {sets.height}", shown)
        files = its.group_by("file").agg(
            pl.len().alias("rows"), most=pl.col("reasons").explode().mode().sort().first()
        )
        out.print()
        show(
            out, "Files", files.sort("rows", "file", descending=[True, False]).select("rows", "most", "file")
        )
    if rows.height:
        out.print()
        first = rows.head(limit)
        told = [_told(*row) for row in first.select("source", "reasons", "raw").iter_rows()]
        columns = pl.DataFrame(told, schema=["key", "reasons"], orient="row")
        show(out, f"The first {first.height}", first.select("file", "row").hstack(columns))


def _told(source: str, reasons: list[str], raw: str) -> tuple[str, str]:
    """A refused row in short: its key, and each reason with the text that it is about."""
    texts = {name: readable(value) for name, value in json.loads(raw).items() if value}
    key = "|".join(texts.get(name, "") for name in TABLES[source].key)
    about = ((reason, texts.get(reason.partition(":")[2])) for reason in reasons)
    return key, ", ".join(f"{reason} = {text[:60]}" if text else reason for reason, text in about)


def _show_reasons(out: Console, source: str, rows: pl.DataFrame) -> None:
    origin = TABLES[source]
    titles = {column.name: column.zh for column in origin.columns}
    counts = (
        rows.select(pl.col("reasons").alias("reason"))
        .explode("reason")
        .group_by("reason")
        .len("rows")
        .sort("rows", "reason", descending=[True, False])
    )
    meaning = pl.Series("含义", [reason_label(code, titles) for code in counts["reason"]], dtype=pl.String)
    show(out, f"{source} {origin.zh}", counts.select("rows", "reason", meaning))


def export_rejects(out: Console, given: Settings, rows: pl.DataFrame, path: Path) -> None:
    """Write the rows to a file for correction, and say what to do with it."""
    sources = rows["source"].unique().sort().to_list()
    if len(sources) != 1:
        names = f", one of {', '.join(sources)}" if sources else ""
        raise CorrectionsRefused(
            f"These are refused rows of {len(sources)} sources, and a file holds one: add --source{names}."
        )
    source = next(source for source in SOURCES if source.name == sources[0])
    files = dict(rows.select("delivery_sha256", "file").unique().iter_rows())
    write_corrections(corrections(rows, source, files, given.present), path)
    out.print(
        f"{rows.height:,} rows of {source.name} {source.zh} are in {path}. Correct them there, delete "
        f"those that cannot be, put the file into {given.sources / source.name}, run tongbao nightly.",
        soft_wrap=True,
    )
