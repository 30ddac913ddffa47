"""What commands print of the roster: why, what changed, what was verified. Reads only; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.markup import escape

from assets.eligibility.acts import objections_of
from assets.eligibility.answer import CLAUSES, UNKNOWN
from assets.eligibility.editions import rulings
from assets.eligibility.explain import Explanation
from assets.staleness import State
from assets.statistics.simulate import MARK, MOVEMENTS, Simulation
from assets.statistics.simulation_files import title_of
from assets.storage.lake import Lake
from assets.supply.verify import Verified
from pipelines.terminal import show
from schemas.codes.labels import label, labels
from schemas.eligibility import CHANGES, ROSTER_CHANGES, ROSTER_DRIFT, ROSTER_EDITIONS
from schemas.terms.wording import term_lines

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
    if found.decision is None:
        out.print(f"{UNKNOWN['en']} {UNKNOWN['zh']}")
    else:
        _show_decision(out, found)
    if found.data_as_of:
        out.print(f"  data       received by {found.data_as_of:%Y-%m-%d %H:%M} UTC")
    out.print()
    show(out, "Editions of the year", found.editions.with_columns(pl.col("sha256").str.head(16)))
    if not found.editions["is_listed"].any():
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


def show_status(out: Console, state: State, policy_year: int) -> None:
    """Where a year's list stands: its editions, its objections and what became of them."""
    editions = Lake(state.root).scan(ROSTER_EDITIONS, [str(policy_year)]).collect()
    show(
        out,
        f"Editions of {policy_year}",
        editions.drop("policy_year").with_columns(pl.col("sha256").str.head(16)),
    )
    ruled = rulings(state.register, policy_year)
    rows = [
        {
            "objection": number,
            "uscc": uscc,
            "claim": f"{claim} {label('objection_claim', claim)}",
            "ruling": ruled[number].detail["ruling"] if number in ruled else "open",
            "at": ruled[number].at if number in ruled else "",
        }
        for number, (uscc, claim) in sorted(objections_of(state, policy_year).items())
    ]
    out.print()
    show(out, f"Objections of {policy_year}: {len(rows)}", pl.DataFrame(rows))


def show_drift(out: Console, root: Path, policy_year: int, limit: int) -> None:
    """What the confirmed list says against today's data: by cause with amounts, then firm by firm."""
    rows = Lake(root).scan(ROSTER_DRIFT, [str(policy_year)]).collect()
    if rows.is_empty():
        out.print(f"Today's data would list the same enterprises for {policy_year}, or no list is confirmed.")
        return
    causes = labels("drift_cause")
    over = pl.lit("over_threshold")
    crossed = (pl.col("decision_now") == over) | (pl.col("decision_then").eq_missing(over))
    told = rows.with_columns(
        direction=pl.when("is_listed")
        .then(pl.lit("listed, would go out"))
        .otherwise(pl.lit("would come in")),
        cause=pl.col("cause") + " " + pl.col("cause").replace_strict(causes),
        crossed=crossed,
    )
    sums = told.group_by("cause", "direction").agg(
        enterprises=pl.len(),
        crossed_the_threshold=pl.col("crossed").sum(),
        exports_then=pl.col("fob_usd_then").sum(),
        exports_now=pl.col("fob_usd_now").sum(),
    )
    title = f"Drift of edition {rows['edition'][0]} of {policy_year}: {rows.height:,} enterprises"
    show(out, title, sums.sort("cause", "direction"))
    out.print()
    shown = told.select(
        "uscc", "direction", "decision_then", "decision_now", "fob_usd_then", "fob_usd_now", "cause"
    )
    more = f", the first {limit} (--limit {rows.height} for all)" if rows.height > limit else ""
    show(out, f"Enterprises{more}", shown.head(limit))


def show_changes(out: Console, root: Path, policy_year: int, limit: int) -> None:
    """What each edition changed of the one before."""
    changes = Lake(root).scan(ROSTER_CHANGES, [str(policy_year)]).collect()
    if changes.is_empty():
        out.print(f"{policy_year} has no two editions that differ.")
    for _, step in changes.group_by("from_edition", "to_edition", maintain_order=True):
        show_diff(out, step, limit)


def show_diff(out: Console, step: pl.DataFrame, limit: int) -> None:
    """The lines that one edition added, removed and changed of another, each with its reason."""
    if step.is_empty():
        out.print("The two lists are the same.")
        return
    year, older, newer = step.select("policy_year", "from_edition", "to_edition").row(0)
    counts = dict(step["change"].value_counts().rows())
    said = ", ".join(
        f"{counts[kind]:,} {kind} {label('roster_change', kind)}" for kind in CHANGES if kind in counts
    )
    title = f"{year}, edition {older} → {newer}: {said}"
    if step.height > limit:
        title += f", the first {limit} (--limit {step.height} for all)"
    rows = [_change_row(row) for row in step.head(limit).iter_rows(named=True)]
    show(out, title, pl.DataFrame(rows))


def _change_row(row: Mapping[str, object]) -> dict[str, object]:
    """A change as people read it: a removed line under its old name, a renamed one with both."""
    names = [row.get("old_name"), row["name"]]
    reason = str(row["reason"])
    known = labels("roster_change_reason")
    return {
        "change": row["change"],
        "serial": row["serial"],
        "uscc": row["uscc"],
        "name": " → ".join(dict.fromkeys(str(name) for name in names if name)),
        "district": row["district"] or row.get("old_district"),
        "reason": f"{reason} {known[reason]}" if reason in known else f"异议 {reason}",
    }


def show_verification(out: Console, found: Verified) -> None:
    """What was verified, and every fault in a sentence."""
    for fault in found.faults:
        out.print(f"[red]{escape(fault)}[/red]", soft_wrap=True)
    out.print(
        f"{found.files:,} files, {found.acts:,} register entries and {found.loaded} tables of the "
        f"reporting database verified: {len(found.faults) or 'no'} faults.",
        soft_wrap=True,
    )


def show_simulation(out: Console, found: Simulation) -> None:
    """Who would come in and go out, by district and size band; marked as a simulation throughout."""
    out.print(f"[red]{escape(title_of(found))}[/red]", soft_wrap=True)
    counts = dict(found.firms["movement"].value_counts().rows())
    out.print("  " + ", ".join(f"{words} {counts.get(name, 0):,}" for name, words in MOVEMENTS.items()))
    for dimension, zh in (("district", "所属区"), ("size_band", "出口规模")):
        out.print()
        rows = found.by(dimension).filter(pl.col("enterprises") > 0)
        shown = rows.with_columns(pl.col("movement").replace_strict(MOVEMENTS))
        show(out, f"{MARK} · {zh} · exposure is the insured percentage of exports, USD", shown)
