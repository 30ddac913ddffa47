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

from assets.eligibility.explain import Explanation
from assets.flow import NODES
from assets.storage.deliveries import Deliveries
from assets.storage.lake import Lake
from assets.supply.verify import Verified
from pipelines.terminal import show
from pipelines.words import one_of
from schemas.catalogue import SOURCES, TABLES
from schemas.codes.labels import label, reason_label
from schemas.eligibility import ROSTER_CHANGES
from schemas.operations import REJECTED_ROWS
from schemas.push import PUSH_LIST
from schemas.statistics import ANNUAL_STATISTICS
from schemas.terms.loader import PolicyTerms
from schemas.terms.wording import term_lines

CLAUSES = ("export_year", "threshold_usd", "threshold_inclusive", "exports_above_usd")
"""The terms that a decision rests on."""
ELSEWHERE, OTHERS = "counted_elsewhere", "of_another_enterprise"
STATES = {
    **{state: label("line_state", state) for state in ("rejected", "not_counted", "withdrawn", "superseded")},
    ELSEWHERE: "计入其他年度",
    OTHERS: "改列其他企业",
    "counted": label("line_state", "counted"),
}
"""Line states with their titles in the order in which they are shown: what needs a look first."""


def show_explanation(out: Console, found: Explanation, limit: int) -> None:
    """The decision on one enterprise, down to lines, rates and clause; `limit` lines a state."""
    terms = found.terms
    out.print(f"[bold]{found.uscc}[/bold] · {terms.label_zh} · exports of {terms.export_year}")
    _show_decision(out, found)
    out.print()
    if found.editions.height:
        show(out, "Editions that list it", found.editions.drop("policy_year", "uscc", "sha256"))
    else:
        out.print("[bold]No edition lists it.[/bold]")
    if found.lines.is_empty():
        out.print(f"\n[bold]No declaration line[/bold] of {terms.export_year} carries this code.")
        return
    elsewhere = (pl.col("state") == "counted") & (pl.col("counted_on").dt.year() != terms.export_year)
    moved = (pl.col("state") == "superseded") & (pl.col("now_of") != found.uscc)
    lines = found.lines.with_columns(
        state=pl.when(elsewhere).then(pl.lit(ELSEWHERE)).when(moved).then(pl.lit(OTHERS)).otherwise("state")
    )
    out.print()
    show(out, f"Versions of its lines of {terms.export_year}: {lines.height:,}", _states(lines))
    for state in STATES:
        _show_lines(out, state, lines.filter(pl.col("state") == state), limit)
    if found.rates.height:
        out.print()
        show(out, "Rates used, US dollars per unit, of the month of declaration", _by_month(found.rates))


def _show_decision(out: Console, found: Explanation) -> None:
    decision = found.decision or {}
    zh = label("decision", str(decision["decision"]))
    detail = f" ({decision['detail']})" if decision["detail"] else ""
    out.print(f"  decision   [bold]{decision['decision']}[/bold] {zh}{detail}")
    out.print(f"  exports    USD {decision['fob_usd']:,}")
    out.print(f"  headroom   USD {decision['headroom_usd']:,}")
    if decision["rejected_lines"]:
        out.print(f"  [yellow]rejected   {decision['rejected_lines']} lines count nowhere[/yellow]")
    if decision["overridden_by"]:
        out.print(f"  overridden by objection {decision['overridden_by']}")
    for line in term_lines(found.terms, "zh"):
        if line.field in CLAUSES:
            out.print(f"  clause     {line.title}: {line.value} ({line.basis})")


def _states(lines: pl.DataFrame) -> pl.DataFrame:
    """State, 中文, versions, and what is worth something."""
    value = pl.when(pl.col("state").is_in(["counted", ELSEWHERE])).then("fob_usd").sum()
    sums = lines.group_by("state").agg(versions=pl.len(), fob_usd=value)
    order = pl.DataFrame({"state": list(STATES), "状态": list(STATES.values())})
    return order.join(sums, on="state", maintain_order="left").with_columns(
        fob_usd=pl.when(pl.col("fob_usd") > 0).then("fob_usd")
    )


def _show_lines(out: Console, state: str, lines: pl.DataFrame, limit: int) -> None:
    """The lines of one state; counted ones by value, the others in order of declaration."""
    if lines.is_empty():
        return
    counted = state in ("counted", ELSEWHERE)
    shown = lines.sort("fob_usd", descending=True, maintain_order=True) if counted else lines
    money = pl.struct("currency", "amount").map_elements(_money, return_dtype=pl.String)
    common = {
        "declaration/line": pl.format("{}/{}", "declaration_no", "line_no"),
        "rev": pl.col("revision"),
        "month": pl.col("counted_on").dt.strftime("%Y-%m"),
        "to": pl.col("trading_country"),
        "amount": money,
    }
    by = pl.when(pl.col("stat_value_usd").is_null()).then(pl.lit("rate")).otherwise(pl.lit("stat"))
    reasons = pl.col("reasons").list.join(", ")
    own = (
        {"fob_usd": pl.col("fob_usd"), "by": by}
        if counted
        else {"now of": pl.col("now_of")}
        if state == OTHERS
        else {"why": pl.coalesce("why_not", pl.when(pl.col("reasons").list.len() > 0).then(reasons))}
    )
    title = f"{state} {STATES[state]}: {lines.height:,}"
    if lines.height > limit:
        title += f", the {'largest' if counted else 'first'} {limit} (--lines {lines.height} for all)"
    out.print()
    drawn = shown.head(limit).select(**common, **own)
    show(out, title, drawn.select(column for column in drawn if column.null_count() < drawn.height))


def _money(amount: Mapping[str, object]) -> str:
    return "" if amount["amount"] is None else f"{amount['currency'] or '?'} {amount['amount']:,}"


def _by_month(rates: pl.DataFrame) -> pl.DataFrame:
    """One row a month, its currencies beside each other."""
    pair = pl.format("{} {}", "currency", "usd_per_unit")
    return rates.group_by("month", maintain_order=True).agg(rates=pair.str.join("  "))


def show_changes(out: Console, root: Path, policy_year: int, limit: int) -> None:
    """What each edition changed of the one before."""
    changes = Lake(root).scan(ROSTER_CHANGES, [str(policy_year)]).collect()
    if changes.is_empty():
        out.print(f"{policy_year} has no two editions that differ.")
        return
    title = f"{changes.height:,} changes of {policy_year}"
    if changes.height > limit:
        title += f", the first {limit} (--limit {changes.height} for all)"
    editions = pl.format("{} → {}", "from_edition", "to_edition").alias("editions")
    show(
        out,
        title,
        changes.select(editions, pl.exclude("policy_year", "from_edition", "to_edition")).head(limit),
    )


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


def show_verification(out: Console, found: Verified) -> None:
    """What was verified, and every fault in a sentence."""
    for fault in found.faults:
        out.print(f"[red]{escape(fault)}[/red]", soft_wrap=True)
    out.print(
        f"{found.files:,} files, {found.acts:,} register entries and {found.loaded} tables of the "
        f"reporting database verified: {len(found.faults) or 'no'} faults."
    )
