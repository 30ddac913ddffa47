"""What commands print: the lake's tables as people read them. Reads only; decides nothing."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.markup import escape

from assets.flow import NODES
from assets.storage.lake import Lake
from assets.supply.report.due import home
from pipelines.terminal import show
from schemas.codes.labels import label
from schemas.push import PUSH_LIST
from schemas.statistics import ANNUAL_STATISTICS
from schemas.terms.loader import PolicyTerms


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
    report = home(root, terms.policy_year)
    for file in ("index.html", "statistics.xlsx", "one-page.pdf", "public/index.html"):
        if (report / file).exists():
            out.print(f"  {report / file}", soft_wrap=True)


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
