"""What the commands on policies print: reviews, differences. Reads only; decides nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from rich.console import Console

from assets.storage.lake import Lake
from assets.versions import current
from pipelines.policy_lists import CODES, WorkList
from pipelines.terminal import show
from schemas.codes.labels import labels
from schemas.policies import POLICIES, POLICY_RECONCILIATION, POLICY_SUGGESTIONS


def show_review(out: Console, root: Path, policy_year: int, limit: int) -> None:
    """Policies without an identified insured: what each states, and suggestions, best first."""
    lake, key = Lake(root), [str(policy_year)]
    unidentified = lake.scan(POLICY_RECONCILIATION, key).filter(pl.col("status") == "unidentified")
    stated = (
        current(lake.scan(POLICIES.ledger), POLICIES)
        .join(unidentified.select("policy_no"), on="policy_no", how="semi")
        .sort("policy_no")
        .collect()
    )
    suggested = lake.scan(POLICY_SUGGESTIONS, key).collect()
    title = f"{stated.height:,} policies of {policy_year} without an identified insured"
    if stated.height > limit:
        title += f", the first {limit} (--limit {stated.height} for all)"
    out.print(f"[bold]{title}[/bold]")
    for row in stated.head(limit).iter_rows(named=True):
        out.print()
        facts = [row["insured_name"], row["insured_uscc"], row["insured_customs_code"], row["district"]]
        out.print(f"{row['policy_no']} states {' · '.join(filter(None, facts)) or 'nothing'}", soft_wrap=True)
        its = suggested.filter(pl.col("policy_no") == row["policy_no"]).sort("rank")
        if its.is_empty():
            out.print("  No enterprise of the registry is like it.")
        else:
            words = pl.col("evidence").list.eval(pl.element().replace(labels("evidence"))).list.join("、")
            shown = its.select("rank", "uscc", "name", "score", words.alias("依据"))
            show(out, "  Suggestions", shown)
    if stated.height:
        out.print("\nNext: [bold]tongbao policies accept POLICY USCC --by ROLE[/bold]")


def show_differences(out: Console, found: WorkList, limit: int) -> None:
    """Open differences by code and age, what is new and what was resolved since a day."""
    show(out, f"{found.open.height:,} open differences on {found.today}, by age", found.ages())
    for change, title in (("new", "new"), ("resolved", "resolved")):
        rows = found.changes.filter(pl.col("change") == change)
        heading = f"{rows.height:,} {title} since {found.since}"
        if rows.height > limit:
            heading += f", the first {limit} (--limit {rows.height} for all)"
        out.print()
        show(
            out,
            heading,
            rows.head(limit).select(
                "policy_year", "number", "since_on", "age_days", pl.col("code").replace(CODES).alias("差异")
            ),
        )
