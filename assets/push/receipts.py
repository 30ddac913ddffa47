"""What the portal says became of a push: delivered, bounced, opened; each enterprise and event once."""

from __future__ import annotations

import polars as pl

from schemas.push import PUSH_RECEIPTS


def receipts(told: pl.LazyFrame, enterprises: pl.LazyFrame) -> pl.LazyFrame:
    """PUSH_RECEIPTS from current rows of the portal's receipts.

    `told` in any order and number gives the same: the first moment of each event, and how often it
    was told. `enterprises`: PUSH_ENTERPRISES of every month; who is in none of its rows for that month
    and supplement was sent nothing, and the receipt says so (`is_known`).
    """
    key = ["push_month", "supplement", "uscc"]
    known = enterprises.select(key).unique().with_columns(is_known=pl.lit(value=True))
    first = pl.col("detail").sort_by("occurred_at", "detail", nulls_last=True).first()
    return (
        told.group_by(*key, "event")
        .agg(
            pl.col("occurred_at").min().alias("first_at"),
            pl.len().cast(pl.Int32).alias("times"),
            first,
        )
        .join(known, on=key, how="left")
        .with_columns(pl.col("is_known").fill_null(value=False))
        .select(PUSH_RECEIPTS.names)
        .sort(PUSH_RECEIPTS.key)
    )
