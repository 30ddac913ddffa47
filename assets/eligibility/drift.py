"""Drift: where a confirmed roster and today's data differ, by how much, and why.

A confirmed roster never changes; what is learnt later shows here (architecture §2).
"""

from __future__ import annotations

import polars as pl

from assets.customs.exports import dollars, statistical_date
from assets.eligibility.changes import REGISTRY
from schemas.eligibility import ROSTER_DECISIONS, ROSTER_DRIFT
from schemas.table import SUM


def differing(roster: pl.LazyFrame, decisions: pl.LazyFrame, kept: pl.DataFrame | None) -> pl.DataFrame:
    """The enterprises whose listing today's decision would not repeat: with `is_listed`.

    `kept`: the decisions that the edition was made from, where this system made it; they become
    `decision_then` and `fob_usd_then`.
    """
    then = ROSTER_DECISIONS.empty() if kept is None else kept
    return (
        roster.select("uscc", is_listed=pl.lit(value=True))
        .join(
            decisions.select("uscc", "decision", "fob_usd", "overridden_by"),
            on="uscc",
            how="full",
            coalesce=True,
        )
        .join(
            then.lazy().select("uscc", decision_then="decision", fob_usd_then="fob_usd"),
            on="uscc",
            how="left",
        )
        .with_columns(
            pl.col("is_listed").fill_null(value=False),
            decision=pl.col("decision").fill_null("not_in_city"),
        )
        .filter(pl.col("overridden_by").is_null())
        .filter(pl.col("is_listed") != (pl.col("decision") == "eligible"))
        .sort("uscc")
        .collect()
    )


def drift(
    differences: pl.DataFrame,
    lines_now: pl.LazyFrame,
    lines_then: pl.LazyFrame,
    registered_then: pl.LazyFrame,
    *,
    policy_year: int,
    export_year: int,
    edition: int,
) -> pl.LazyFrame:
    """Rows of roster_drift.

    `lines_now`, `lines_then`: valued lines of these enterprises as their sources have them today and
    had them when the edition was made; `registered_then`: the uscc of whom the registry knew then.
    """
    known = registered_then.select("uscc", was_registered=pl.lit(value=True)).unique()
    dated = _sum(lines_then, export_year, "fob_usd_dated")
    cause = _causes(lines_now, lines_then, export_year)
    zero = pl.lit(0).cast(SUM)
    registry = pl.col("decision").is_in(REGISTRY) | pl.col("decision_then").is_in(REGISTRY)
    return (
        differences.lazy()
        .join(dated, on="uscc", how="left")
        .join(cause, on="uscc", how="left")
        .join(known, on="uscc", how="left")
        .with_columns(
            pl.col("fob_usd", "fob_usd_dated").fill_null(zero),
            has_registered=~pl.col("is_listed") & pl.col("was_registered").is_null(),
        )
        .with_columns(fob_usd_then=pl.coalesce("fob_usd_then", "fob_usd_dated"))
        .select(
            policy_year=pl.lit(policy_year, pl.Int32),
            uscc="uscc",
            edition=pl.lit(edition, pl.Int32),
            is_listed="is_listed",
            decision_then="decision_then",
            decision_now="decision",
            fob_usd_then="fob_usd_then",
            fob_usd_now="fob_usd",
            cause=pl.when(registry | pl.col("has_registered"))
            .then(pl.lit("registry_change"))
            .when(pl.col("cause").is_not_null())
            .then("cause")
            .when(pl.col("fob_usd_then") != pl.col("fob_usd_dated"))
            .then(pl.lit("late_delivery"))
            .when(pl.col("fob_usd") != pl.col("fob_usd_then"))
            .then(pl.lit("rate_change"))
            .otherwise(pl.lit("differs_from_import")),
        )
        .select(ROSTER_DRIFT.names)
        .sort("uscc")
    )


def _sum(lines: pl.LazyFrame, year: int, name: str) -> pl.LazyFrame:
    return (
        lines.filter(pl.col("state") == "counted", statistical_date().dt.year() == year)
        .group_by(uscc="consignor_uscc")
        .agg(dollars(pl.col("fob_cents").sum()).alias(name))
    )


def _causes(now: pl.LazyFrame, then: pl.LazyFrame, year: int) -> pl.LazyFrame:
    """The weightiest change of each enterprise's lines: in CAUSES' order."""
    line = ["declaration_no", "line_no"]
    facts = [
        *line, "revision", "status", "state", "fob_cents",
        "consignor_uscc", "stat_date",
    ]  # fmt: skip

    def newest(lines: pl.LazyFrame) -> pl.LazyFrame:
        return lines.filter("is_current").with_columns(stat_date=statistical_date()).select(facts)

    both = newest(now).join(newest(then), on=line, how="left", suffix="_then")
    moved = (
        pl.col("fob_cents").ne_missing(pl.col("fob_cents_then"))
        | pl.col("state").ne_missing(pl.col("state_then"))
        | pl.col("stat_date").ne_missing(pl.col("stat_date_then"))
    )
    in_year = (pl.col("stat_date").dt.year() == year) | (pl.col("stat_date_then").dt.year() == year)
    rank = (
        pl.when(pl.col("state") == "withdrawn")
        .then(0)
        .when(pl.col("revision_then").is_not_null() & (pl.col("revision") > pl.col("revision_then")))
        .then(1)
        .when(pl.col("status_then").cast(pl.String) != pl.col("status").cast(pl.String))
        .then(2)
        .when(pl.col("state") == "rejected")
        .then(3)
        .when(pl.col("revision_then").is_null())
        .then(4)
    )
    names = {0: "withdrawn", 1: "amended", 2: "late_closing", 3: "rejected", 4: "new_declarations"}
    return (
        both.filter(moved & in_year.fill_null(value=True))
        .group_by(uscc="consignor_uscc")
        .agg(rank=rank.min())
        .select("uscc", cause=pl.col("rank").replace_strict(names, default=None))
    )
