"""What commands print: the lake's tables as people read them. Reads only; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
from rich.console import Console

from assets.eligibility.explain import Explanation
from assets.eligibility.register import Register
from assets.storage.drop_folder import sha256_of
from assets.storage.lake import Lake
from assets.storage.releases import latest
from pipelines.settings import Settings
from pipelines.terminal import show
from schemas.catalogue import TABLES
from schemas.codes.labels import label
from schemas.eligibility import ROSTER_CHANGES
from schemas.push import PUSH_LIST
from schemas.statistics import ANNUAL_STATISTICS
from schemas.terms.loader import PolicyTerms
from schemas.terms.wording import term_lines

CLAUSES = ("export_year", "threshold_usd", "threshold_inclusive", "exports_above_usd")
"""The terms that a decision rests on."""
ELSEWHERE = "counted_elsewhere"
STATES = {
    **{state: label("line_state", state) for state in ("rejected", "not_counted", "withdrawn", "superseded")},
    ELSEWHERE: "计入其他年度",
    "counted": label("line_state", "counted"),
}
"""Line states with their titles in the order in which they are shown: what needs a look first."""


def show_explanation(out: Console, found: Explanation, limit: int) -> None:
    """The decision on one enterprise, down to lines, rates and clause; `limit` lines a state."""
    terms, decision = found.terms, found.decision
    out.print(f"[bold]{found.uscc}[/bold] · {terms.label_zh} · exports of {terms.export_year}")
    if decision is None:
        out.print(
            "Nobody knows this enterprise: no registration and no declaration line carries this code. "
            "Check its 18 characters."
        )
        return
    _show_decision(out, found, decision)
    out.print()
    if found.editions.height:
        show(out, "Editions that list it", found.editions.drop("policy_year", "uscc", "sha256"))
    else:
        out.print("[bold]No edition lists it.[/bold]")
    if found.lines.is_empty():
        out.print(f"\n[bold]No declaration line[/bold] of {terms.export_year} carries this code.")
        return
    elsewhere = (pl.col("state") == "counted") & (pl.col("counted_on").dt.year() != terms.export_year)
    lines = found.lines.with_columns(state=pl.when(elsewhere).then(pl.lit(ELSEWHERE)).otherwise("state"))
    out.print()
    show(out, f"Versions of its lines of {terms.export_year}: {lines.height:,}", _states(lines))
    for state in STATES:
        _show_lines(out, state, lines.filter(pl.col("state") == state), limit)
    if found.rates.height:
        out.print()
        show(out, "Rates used, US dollars per unit, of the month of declaration", _by_month(found.rates))


def _show_decision(out: Console, found: Explanation, decision: Mapping[str, object]) -> None:
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


def show_push(out: Console, root: Path, month: str) -> None:
    """A month's push list in short, and where it is."""
    lake = Lake(root)
    rows = lake.scan(PUSH_LIST, [month]).collect()
    counts = rows.group_by("topic", "change").len("items").sort("topic", "change")
    title = f"{month}: {rows.height:,} items for {rows['uscc'].n_unique():,} enterprises"
    show(out, title, counts)
    for sentence in rows.sort("priority", "uscc", descending=[True, False])["sentence_zh"].head(3):
        out.print(f"· {sentence}")
    show_place(out, lake, PUSH_LIST.name, month)


def show_statistics(out: Console, root: Path, terms: PolicyTerms) -> None:
    """The year's totals, and where the table is."""
    lake, key = Lake(root), str(terms.policy_year)
    rows = lake.scan(ANNUAL_STATISTICS, [key]).filter(pl.col("dimension") == "total").collect()
    standing = ", ".join(label("statistics_status", status) for status in rows["status"].unique().sort())
    show(
        out,
        f"{terms.label_zh} ({standing})",
        rows.select("measure", "value", pl.col("previous_value").alias("year before"), "unit"),
    )
    show_place(out, lake, ANNUAL_STATISTICS.name, key)


def show_place(out: Console, lake: Lake, table: str, key: str) -> None:
    """The path of a key's file, on a line that can be copied."""
    out.print(f"[dim]{lake.folder(table) / lake.read(table)[key].file}[/dim]", soft_wrap=True)


def verify_everything(out: Console, given: Settings) -> int:
    """Recompute what was recorded: files, control totals, the register's chain, the release, the database."""
    from assets.storage.reporting import count_and_sums

    lake = Lake(given.lake)
    faults: list[str] = []
    files = 0
    for table in TABLES.values():
        for key, entry in lake.read(table.name).items():
            path = lake.folder(table.name) / entry.file
            files += 1
            if not path.exists() or sha256_of(path) != entry.sha256:
                faults.append(f"{path} is not what its manifest says (key {key}).")
    register = Register(given.lake)
    for act in register.acts:
        if "lines_sha256" in act.detail:
            register.lines(act.policy_year, act.edition, act.detail["lines_sha256"])
    index = latest(given.lake)
    tables: dict[str, list[int]] = {}
    for item in index["items"] if index else ():  # type: ignore[attr-defined]
        path = given.lake / "releases" / "latest" / item["file"]
        files += 1
        if not path.exists() or sha256_of(path) != item["sha256"]:
            faults.append(f"{path} is not what the release's index says.")
        tables.setdefault(item["table"], []).append(item["rows"])
    for name, rows in tables.items():
        found, _ = count_and_sums(given.reporting, TABLES[name])
        if found != sum(rows):
            faults.append(f"The reporting database has {found} rows of {name}, the release {sum(rows)}.")
    for fault in faults:
        out.print(f"[red]{fault}[/red]", soft_wrap=True)
    out.print(
        f"{files} files, {len(register.acts)} register entries and {len(tables)} tables of the "
        f"reporting database verified: {len(faults) or 'no'} faults."
    )
    return len(faults)
