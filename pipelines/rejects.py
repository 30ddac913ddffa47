"""Refused rows as work: what is open, why, in which files; and the file in which it is corrected."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape

from assets.storage.deliveries import Deliveries
from assets.storage.lake import Lake
from assets.supply.corrections import (
    CorrectionsRefused,
    corrections,
    enterprise_of,
    together,
    write_corrections,
)
from pipelines.reading import show_place
from pipelines.settings import Settings
from pipelines.terminal import show
from pipelines.words import WrongUsage, one_of
from schemas.bad_bytes import readable
from schemas.catalogue import SOURCES, TABLES
from schemas.codes.labels import reason_label
from schemas.codes.trade_modes import in_force
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
    if asked.source:
        one_of(asked.source, [source.name for source in SOURCES], "source")
    files = {d.sha256: d.name for d in reversed(Deliveries(lake).all)}
    name = pl.col("delivery_sha256").replace_strict(files, default=None, return_dtype=pl.String)
    rows = Lake(lake).scan(REJECTED_ROWS, ["all"]).with_columns(file=name)
    return asked.of(rows).collect().sort("source", "file", "delivery_sha256", "row")


def show_rejects(out: Console, lake: Path, rows: pl.DataFrame, asked: Asked, limit: int) -> None:
    """Counts by reason, which reasons come together, counts by file; then rows."""
    out.print(f"[bold]{rows.height:,} {'repaired' if asked.is_repaired else 'open'} refused rows[/bold]")
    for (name,), its in rows.group_by("source", maintain_order=True):
        out.print()
        _show_reasons(out, str(name), its)
        sets = together(its.filter(pl.col("reasons").list.len() > 1))
        if sets.height:
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
    if rows.is_empty():
        return
    out.print(f"\n[bold]The first {min(limit, rows.height)}[/bold]")
    for row in rows.head(limit).iter_rows(named=True):
        _show_row(out, row)
    out.print("Whole rows: column raw of")
    show_place(out, Lake(lake), REJECTED_ROWS.name, "all")
    out.print(
        "They are judged again every night. To correct them: `tongbao rejects --source … --export FILE.xlsx`."
    )


def _show_row(out: Console, row: Mapping[str, Any]) -> None:
    """Where a row stands, its key, and what its reasons speak of."""
    raw = json.loads(row["raw"])
    fields = [*TABLES[row["source"]].key, *(code.partition(":")[2] for code in row["reasons"] if ":" in code)]
    told = "  ".join(f"{name} {readable(raw.get(name) or '(empty)')}" for name in dict.fromkeys(fields))
    expired = [code.partition(":")[2] for code in row["reasons"] if code.startswith("expired:")]
    dates = [in_force(raw[field] or "") for field in expired]
    told = "  ".join([told, *dates])
    file = escape(row["file"] or row["delivery_sha256"][:12])
    out.print(f"{file} row {row['row']:,}  [yellow]{', '.join(row['reasons'])}[/yellow]")
    out.print(f"  [dim]{escape(told)}[/dim]")


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
        raise WrongUsage(
            f"These are refused rows of {len(sources)} sources, and a file holds one: add --source{names}."
        )
    source = next(source for source in SOURCES if source.name == sources[0])
    files = dict(rows.select("delivery_sha256", "file").unique().iter_rows())
    try:
        write_corrections(corrections(rows, source, files, given.present), path)
    except CorrectionsRefused as refused:
        raise WrongUsage(str(refused)) from None
    out.print(
        f"{rows.height:,} rows of {source.name} {source.zh} are in {path}. Correct them there, delete "
        f"those that cannot be, put the file into {given.sources}/{source.name}, run tongbao nightly.",
        soft_wrap=True,
    )
