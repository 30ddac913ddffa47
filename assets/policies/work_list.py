"""The work list: every open difference somebody can act on, since when, and what changed when.

The list remembers: what was seen first on which day is nowhere else. A day's changes are those against
the end of the day before, so a second run of one day says the same and never forgets.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.policies.identify import newest_facts
from assets.policies.names import normalised_district
from assets.work import Balance
from schemas.codes.labels import labels
from schemas.policies import WORK_LIST, WORK_LIST_CHANGES

ITEM = ["policy_year", "subject", "number", "code"]
"""What a difference is known by."""


def open_items(policies: pl.LazyFrame, claims: pl.LazyFrame, reports: pl.LazyFrame) -> pl.DataFrame:
    """What is open now, from policy_differences, claim_differences and credit_report_audit."""
    sides = ["policy_no", "uscc", "expected", "found"]
    actionable = (pl.col("kind") != "observation") & (pl.col("status") != "cancelled")
    beyond = reports.explode("findings").drop_nulls("findings")
    parts = (
        policies.filter(actionable).with_columns(subject=pl.lit("policy"), number="policy_no"),
        claims.with_columns(subject=pl.lit("claim"), number="claim_no"),
        beyond.with_columns(
            subject=pl.lit("credit_report"), number="uscc", code="findings",
            policy_no=pl.lit(None, pl.String),
            expected=pl.col("granted").cast(pl.String), found=pl.col("used").cast(pl.String),
        ),
    )  # fmt: skip
    return pl.concat(part.select(*ITEM, *sides) for part in parts).sort(ITEM).collect()


def work_changes(before: pl.DataFrame, now: pl.DataFrame, today: date) -> pl.DataFrame:
    """The history with today's changes: `before` has its rows so far, `now` what is open now."""
    until = before.filter(pl.col("changed_on") < today)
    was_open = open_at_end(until)
    new = now.select(ITEM).join(was_open, on=ITEM, how="anti").with_columns(
        change=pl.lit("new"), since_on=pl.lit(today)
    )  # fmt: skip
    gone = was_open.join(now, on=ITEM, how="anti").with_columns(change=pl.lit("resolved"))
    columns = [*ITEM, "change", "since_on"]
    changes = pl.concat([new.select(columns), gone.select(columns)]).with_columns(
        changed_on=pl.lit(today),
        age_days=(pl.lit(today) - pl.col("since_on")).dt.total_days(),
    )
    schema = WORK_LIST_CHANGES.schema
    cast = [pl.col(name).cast(dtype) for name, dtype in schema.items()]
    return pl.concat([until.select(cast), changes.select(cast)]).sort(WORK_LIST_CHANGES.key)


def open_at_end(history: pl.DataFrame) -> pl.DataFrame:
    """What a history leaves open, with since_on."""
    last = history.sort("changed_on").unique(ITEM, keep="last", maintain_order=True)
    return last.filter(pl.col("change") == "new").select(*ITEM, "since_on")


def work_list(
    now: pl.DataFrame, history: pl.DataFrame, policies: pl.LazyFrame, registry: pl.LazyFrame
) -> pl.LazyFrame:
    """The open differences with since when, whose they are and what to do."""
    stated = policies.select("policy_no", stated_name="insured_name", stated_district="district")
    return (
        now.lazy()
        .join(open_at_end(history).lazy(), on=ITEM, how="left", validate="1:1")
        .join(newest_facts(registry), on="uscc", how="left", validate="m:1")
        .join(stated, on="policy_no", how="left", validate="m:1")
        .with_columns(
            name=pl.coalesce("name", "stated_name"),
            district=pl.coalesce(normalised_district("district"), normalised_district("stated_district")),
            action_zh=pl.col("code").replace_strict(labels("work_action"), return_dtype=pl.String),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in WORK_LIST.schema.items())
        .sort(WORK_LIST.key)
    )


def work_balances(before: pl.DataFrame, history: pl.DataFrame, open_now: int, today: date) -> Balance:
    """Open yesterday + new - resolved = open now."""
    changed = history.filter(pl.col("changed_on") == today)["change"].to_list()
    yesterday = open_at_end(before.filter(pl.col("changed_on") < today)).height
    return Balance(
        "open before + new - resolved = open now",
        yesterday + changed.count("new") - changed.count("resolved"),
        open_now,
    )
