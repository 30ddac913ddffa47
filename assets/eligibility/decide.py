"""The decision on every enterprise: the first rule that applies (rules §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl

from assets.identity import has_valid_check_digit
from schemas.table import SUM
from schemas.terms.loader import PolicyTerms

CITY_PREFIX = "4403"


@dataclass(frozen=True)
class Override:
    """An upheld objection: the decision that holds instead for an enterprise."""

    uscc: str
    objection_no: str
    decision: str


def decide(
    annual: pl.LazyFrame,
    counts: pl.LazyFrame,
    facts: pl.LazyFrame,
    overrides: Sequence[Override],
    terms: PolicyTerms,
) -> pl.LazyFrame:
    """One row for every enterprise with an export or a registration, in order of USCC.

    `annual`: annual_exports of the export year; `counts`: line_counts of all its declared months;
    `facts`: `registry_facts` of the roster date.
    """
    lines = rejected_lines(counts, terms)
    ruled = pl.LazyFrame(
        [(o.uscc, o.objection_no, o.decision) for o in overrides],
        schema={"uscc": pl.String, "overridden_by": pl.String, "ruled": pl.String},
        orient="row",
    )
    zero = pl.lit(Decimal("0.00"), SUM)
    return (
        pl.concat([facts.select("uscc"), lines.select("uscc"), annual.select("uscc")])
        .unique()
        .join(annual.select("uscc", "fob_usd"), on="uscc", how="left")
        .join(lines, on="uscc", how="left")
        .join(facts, on="uscc", how="left")
        .join(ruled, on="uscc", how="left")
        .with_columns(
            pl.col("fob_usd").fill_null(zero),
            pl.col("rejected_lines").fill_null(0),
            has_identity=has_valid_check_digit("uscc"),
        )
        .with_columns(first_rule=_first_rule(terms))
        .select(
            policy_year=pl.lit(terms.policy_year, pl.Int32),
            uscc="uscc",
            fob_usd="fob_usd",
            headroom_usd=pl.lit(terms.threshold_usd, SUM) - pl.col("fob_usd"),
            decision=pl.coalesce("ruled", "first_rule"),
            detail=pl.when(pl.col("first_rule") == "not_in_city").then(
                pl.when(pl.col("city").is_null())
                .then(pl.lit("not_registered"))
                .otherwise(pl.lit("city:") + pl.col("city"))
            ),
            rejected_lines="rejected_lines",
            overridden_by="overridden_by",
        )
        .sort("uscc")
    )


def rejected_lines(counts: pl.LazyFrame, terms: PolicyTerms) -> pl.LazyFrame:
    """`uscc`, `rejected_lines`: the refused lines of the export year, of who has any line in it."""
    return (
        counts.filter(pl.col("year") == terms.export_year)
        .group_by("uscc")
        .agg(rejected_lines=pl.col("rejected").sum())
    )


def _first_rule(terms: PolicyTerms) -> pl.Expr:
    fob = pl.col("fob_usd")
    threshold = pl.lit(terms.threshold_usd, SUM)
    too_much = fob > threshold if terms.threshold_inclusive else fob >= threshold
    in_city = pl.col("city").str.starts_with(CITY_PREFIX).fill_null(value=False)
    return (
        pl.when(~pl.col("has_identity"))
        .then(pl.lit("invalid_identity"))
        .when(~in_city)
        .then(pl.lit("not_in_city"))
        .when("is_deregistered")
        .then(pl.lit("deregistered"))
        .when(fob <= pl.lit(terms.exports_above_usd, SUM))
        .then(pl.lit("no_exports"))
        .when(too_much)
        .then(pl.lit("over_threshold"))
        .otherwise(pl.lit("eligible"))
    )


def roster_date(first_published: date | None, terms: PolicyTerms, today: date) -> date:
    """The day whose registry facts count: first publication, else today until the deadline."""
    return first_published or min(today, terms.take_up_deadline)
