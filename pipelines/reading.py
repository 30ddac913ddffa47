"""What commands print: the lake's tables as people read them. Reads only; decides nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape

from assets.flow import NODES
from assets.storage.deliveries import Deliveries
from assets.storage.lake import Lake
from pipelines.terminal import show
from pipelines.words import one_of
from schemas.catalogue import SOURCES, TABLES
from schemas.codes.labels import label, reason_label
from schemas.operations import REJECTED_ROWS
from schemas.push import PUSH_LIST
from schemas.statistics import ANNUAL_STATISTICS
from schemas.terms.loader import PolicyTerms


def show_rejects(out: Console, root: Path, source: str | None, reason: str | None, limit: int) -> None:
    """Open refused rows: counts by reason, then rows by where they stand in their files."""
    lake = Lake(root)
    rows = lake.scan(REJECTED_ROWS, ["all"]).filter(pl.col("status") == "open").collect()
    if source:
        one_of(source, [table.name for table in SOURCES], "source")
        rows = rows.filter(pl.col("source") == source)
    if reason:
        one_of(reason, rows["reasons"].explode().unique().drop_nulls().to_list(), "reason of an open row")
        rows = rows.filter(pl.col("reasons").list.contains(reason))
    out.print(f"[bold]{rows.height:,} open refused rows[/bold]")
    counts = (
        rows.select("source", pl.col("reasons").alias("reason"))
        .explode("reason")
        .group_by("source", "reason")
        .len("rows")
        .sort("source", "rows", "reason", descending=[False, True, False])
    )
    for (name,), its in counts.group_by("source", maintain_order=True):
        meaning = pl.Series("含义", [_meaning(str(name), code) for code in its["reason"]], dtype=pl.String)
        out.print()
        show(out, f"{name} {TABLES[str(name)].zh}", its.select("rows", "reason", meaning))
    if rows.is_empty():
        return
    names = {delivery.sha256: delivery.name for delivery in reversed(Deliveries(root).all)}
    out.print(f"\n[bold]The first {min(limit, rows.height)}[/bold]")
    for row in rows.head(limit).iter_rows(named=True):
        _show_reject(out, names[row["delivery_sha256"]], row)
    out.print("Whole rows: column raw of")
    show_place(out, lake, REJECTED_ROWS.name, "all")
    out.print("They are judged again every night: correct them at the source and deliver them with a "
              "later updated_at.")  # fmt: skip


def _show_reject(out: Console, file: str, row: Mapping[str, Any]) -> None:
    """Where a row stands, its key, and what its reasons speak of."""
    table, raw = TABLES[row["source"]], json.loads(row["raw"])
    fields = [*table.key, *(code.partition(":")[2] for code in row["reasons"] if ":" in code)]
    told = "  ".join(f"{name} {raw.get(name) or '(empty)'}" for name in dict.fromkeys(fields))
    out.print(f"{file} row {row['row']:,}  [yellow]{', '.join(row['reasons'])}[/yellow]")
    out.print(f"  [dim]{escape(told)}[/dim]")


def _meaning(source: str, reason: str) -> str:
    """A reason in words, with the title of its field."""
    return reason_label(reason, {column.name: column.zh for column in TABLES[source].columns})


def show_push(out: Console, root: Path, month: str) -> None:
    """A month's push list in short, and where it is."""
    lake = Lake(root)
    rows = lake.scan(PUSH_LIST, [month]).collect()
    counts = rows.group_by("topic", "change").len("items").sort("topic", "change")
    out.print()
    show(out, f"{month}: {rows.height:,} items for {rows['uscc'].n_unique():,} enterprises", counts)
    sentences = rows.sort("priority", "uscc", descending=[True, False])["sentence_zh"].head(3)
    if sentences.len():
        out.print(f"\n[bold]The first {sentences.len()} by priority[/bold]")
    for sentence in sentences:
        out.print(f"· {escape(sentence)}")
    show_place(out, lake, PUSH_LIST.name, month)


def show_statistics(out: Console, root: Path, terms: PolicyTerms) -> None:
    """The year's totals, and where the table is."""
    lake, key = Lake(root), str(terms.policy_year)
    rows = lake.scan(ANNUAL_STATISTICS, [key]).filter(pl.col("dimension") == "total").collect()
    standing = {f"{label('statistics_status', s)} {s}" for s in rows["status"]}
    shown = [
        (measure, _measured(value, unit), _measured(before, unit), unit)
        for measure, value, before, unit in rows.select(
            "measure", "value", "previous_value", "unit"
        ).iter_rows()
    ]
    out.print()
    show(
        out,
        f"{terms.label_zh} ({', '.join(sorted(standing))})",
        pl.DataFrame(shown, schema=["measure", key, str(terms.policy_year - 1), "unit"], orient="row"),
    )
    show_place(out, lake, ANNUAL_STATISTICS.name, key)


def _measured(value: Decimal | None, unit: str) -> str:
    """A figure as its unit wants it: money with cents, counts without, ratios and days with two places."""
    if value is None:
        return "-"
    exact = value.normalize()
    is_whole = exact == exact.to_integral_value() and unit != "USD"
    return f"{exact:,.0f}" if is_whole else f"{value:,.{4 if unit == 'ratio' else 2}f}"


def show_place(out: Console, lake: Lake, table: str, key: str) -> None:
    """The path of a key's file, in the release where it is there, on a line that can be copied."""
    kind = NODES[table].kind
    file = f"{table}.parquet" if kind == "none" else f"{table}/{kind}={key}.parquet"
    released = lake.root / "releases" / "latest" / file
    path = released if released.exists() else lake.folder(table) / lake.read(table)[key].file
    out.print(f"[dim]{path}[/dim]", soft_wrap=True)
