"""Every line of the edition in force: taken up, late, or not.

What a policy is worth was decided in `reconcile`: only an enterprise's original policy counts.
"""

from __future__ import annotations

import polars as pl

from schemas.policies import TAKE_UP
from schemas.terms.loader import PolicyTerms


def take_up(reconciliation: pl.LazyFrame, edition: pl.LazyFrame, terms: PolicyTerms) -> pl.LazyFrame:
    """The take-up of one policy year; `edition` has the lines in force, or those of the draft."""
    originals = reconciliation.filter(pl.col("status").is_in(["matched", "discrepant"])).select(
        "uscc", "policy_no", "channel", "taken_up_on"
    )
    days_late = (pl.col("taken_up_on") - terms.take_up_deadline).dt.total_days()
    return (
        edition.select("uscc", "district", policy_year=pl.lit(terms.policy_year))
        .join(originals, on="uscc", how="left", validate="1:1")
        .with_columns(days_late.clip(lower_bound=0).fill_null(0).alias("days_late"))
        .with_columns(
            pl.when(pl.col("policy_no").is_null()).then(pl.lit("not_taken_up"))
            .when(pl.col("days_late") > 0).then(pl.lit("taken_up_late"))
            .otherwise(pl.lit("taken_up"))
            .alias("status")
        )
        .select(pl.col(name).cast(dtype) for name, dtype in TAKE_UP.schema.items())
        .sort("uscc")
    )  # fmt: skip
