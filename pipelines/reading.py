"""What commands print: the lake's tables as people read them. Reads only; decides nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table as Grid

from assets.eligibility.explain import Explanation
from assets.eligibility.register import Register
from assets.storage.drop_folder import sha256_of
from assets.storage.lake import Lake
from assets.storage.releases import latest
from pipelines.settings import Settings
from schemas.catalogue import TABLES
from schemas.codes.labels import label, reason_label
from schemas.eligibility import ROSTER_CHANGES
from schemas.operations import REJECTED_ROWS
from schemas.policies import POLICY_RECONCILIATION
from schemas.push import PUSH_LIST
from schemas.statistics import ANNUAL_STATISTICS
from schemas.terms.loader import PolicyTerms
from schemas.terms.wording import term_lines


def grid(title: str, rows: pl.DataFrame) -> Grid:
    """A frame as a table for the terminal."""
    drawn = Grid(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name, dtype in rows.schema.items():
        drawn.add_column(name, justify="right" if dtype.is_numeric() else "left", overflow="fold")
    for row in rows.iter_rows():
        drawn.add_row(*("" if value is None else _shown(value) for value in row))
    return drawn


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def show_explanation(out: Console, found: Explanation, limit: int) -> None:
    """The decision on one enterprise, down to lines, rates and clause."""
    terms, decision = found.terms, found.decision
    out.print(f"[bold]{found.uscc}[/bold] · {terms.label_zh} · exports of {terms.export_year}")
    if decision is None:
        out.print("Nobody knows this enterprise: no registration, no declaration line.")
        return
    zh = label("decision", str(decision["decision"]))
    out.print(f"decision   [bold]{decision['decision']}[/bold] {zh} {decision['detail'] or ''}")
    out.print(f"exports    USD {decision['fob_usd']:,}")
    out.print(f"headroom   USD {decision['headroom_usd']:,}")
    if decision["rejected_lines"]:
        out.print(f"[yellow]{decision['rejected_lines']} refused lines count nowhere[/yellow]")
    if decision["overridden_by"]:
        out.print(f"overridden by objection {decision['overridden_by']}")
    clauses = {"export_year", "threshold_usd", "threshold_inclusive", "exports_above_usd"}
    for line in term_lines(terms, "zh"):
        if line.field in clauses:
            out.print(f"clause     {line.title}: {line.value} ({line.basis})")
    out.print()
    if found.editions.height:
        out.print(grid("Editions that list it", found.editions.drop("policy_year", "uscc")))
    else:
        out.print("No edition lists it.")
    lines = found.lines
    if lines.height:
        states = lines["state"].value_counts(sort=True).rows()
        summary = ", ".join(f"{count} {state}" for state, count in states)
        shown = lines.select(
            "declaration_no", "line_no", "revision", "state", "counted_on", "trading_country",
            "currency", "amount", "stat_value_usd", "fob_usd",
            why=pl.coalesce("why_not", pl.col("reasons").list.join(", ")),
        )  # fmt: skip
        out.print(grid(f"Lines: {summary}", shown.head(limit)))
        if lines.height > limit:
            out.print(f"… and {lines.height - limit} more (--lines {lines.height})")
    if found.rates.height:
        out.print(grid("Rates used (US dollars per unit)", found.rates))


def show_changes(out: Console, root: Path, policy_year: int, limit: int) -> None:
    """What each edition changed of the one before."""
    changes = Lake(root).scan(ROSTER_CHANGES, [str(policy_year)]).collect()
    if changes.is_empty():
        out.print(f"{policy_year} has no two editions that differ.")
        return
    out.print(grid(f"{changes.height} changes", changes.drop("policy_year").head(limit)))


def show_rejects(out: Console, root: Path, source: str | None, reason: str | None, limit: int) -> None:
    """Open refused rows: counts by reason, then rows."""
    rows = Lake(root).scan(REJECTED_ROWS, ["all"]).filter(pl.col("status") == "open")
    if source:
        rows = rows.filter(pl.col("source") == source)
    if reason:
        rows = rows.filter(pl.col("reasons").list.contains(reason))
    found = rows.collect()
    counts = (
        found.select("source", pl.col("reasons").alias("reason"))
        .explode("reason")
        .group_by("source", "reason")
        .len("rows")
        .sort("source", "rows", "reason", descending=[False, True, False])
    )
    meaning = [reason_label(name) for name in counts["reason"]]
    out.print(
        grid(
            f"{found.height} open refused rows",
            counts.with_columns(含义=pl.Series(meaning, dtype=pl.String)),
        )
    )
    shown = found.select(
        "source", pl.col("delivery_sha256").str.head(12).alias("delivery"), "row", "reasons", "raw"
    )
    out.print(grid(f"First {min(limit, found.height)}", shown.head(limit)))


def show_unidentified(out: Console, root: Path, policy_year: int) -> None:
    """Policies without an identified insured."""
    rows = Lake(root).scan(POLICY_RECONCILIATION, [str(policy_year)])
    found = rows.filter(pl.col("status") == "unidentified").collect()
    shown = found.select("policy_no", "channel", "taken_up_on", "issued_on", "observations")
    out.print(grid(f"{found.height} policies of {policy_year} without an identified insured", shown))


def show_push(out: Console, root: Path, month: str) -> None:
    """A month's push list in short, and where it is."""
    lake = Lake(root)
    rows = lake.scan(PUSH_LIST, [month]).collect()
    counts = rows.group_by("topic", "change").len("items").sort("topic", "change")
    title = f"{month}: {rows.height:,} items for {rows['uscc'].n_unique():,} enterprises"
    out.print(grid(title, counts))
    for sentence in rows.sort("priority", "uscc", descending=[True, False])["sentence_zh"].head(3):
        out.print(f"  {sentence}")
    out.print(str(lake.folder(PUSH_LIST.name) / lake.read(PUSH_LIST.name)[month].file))


def show_statistics(out: Console, root: Path, terms: PolicyTerms) -> None:
    """The year's totals, and where the table is."""
    lake, key = Lake(root), str(terms.policy_year)
    rows = lake.scan(ANNUAL_STATISTICS, [key]).filter(pl.col("dimension") == "total").collect()
    figures = rows.select("measure", "value", "numerator", "denominator", "previous_value", "unit", "status")
    out.print(grid(terms.label_zh, figures))
    out.print(str(lake.folder(ANNUAL_STATISTICS.name) / lake.read(ANNUAL_STATISTICS.name)[key].file))


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
        out.print(f"[red]{fault}[/red]")
    out.print(
        f"{files} files, {len(register.acts)} register entries and {len(tables)} tables of the "
        f"reporting database verified: {len(faults) or 'no'} faults."
    )
    return len(faults)
