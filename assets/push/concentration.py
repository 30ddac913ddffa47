"""How an enterprise's exports spread over countries, and how much of what was found it is sent.

Shares are of all its exports of the twelve months, as in the items. The index is Herfindahl and
Hirschman's: the sum of squared shares, from near 0 (many equal markets) to 10000 (one market only).
"""

from __future__ import annotations

import polars as pl

from assets.push.exposure import SHARE
from assets.push.figures import cents, decimal, ratio
from schemas.table import SUM

WHOLE = 10_000
_COUNTS = ("countries", "new_markets", "items", "items_left_out")
_SUMS = ("exposure_usd", "previous_usd")


def overviews(covered: pl.LazyFrame, exposed: pl.LazyFrame, counts: pl.LazyFrame) -> pl.LazyFrame:
    """One row a covered enterprise: its spread, items and items_left_out; zeros where it has none.

    `counts`: uscc, items, items_left_out.
    """
    largest = pl.col("trading_country").sort_by("exposure_usd", "trading_country", descending=[True, False])
    amount, total = cents(pl.col("exposure_usd")), cents(pl.col("total_usd").first())
    spread = exposed.group_by("uscc").agg(
        pl.len().alias("countries"),
        pl.col("is_new_market").sum().alias("new_markets"),
        pl.col(_SUMS).sum(),
        largest.first().alias("largest_country"),
        ratio(amount.max(), total).cast(SHARE).alias("largest_share"),
        ratio(amount.top_k(3).sum(), total).cast(SHARE).alias("top_three_share"),
        ratio((amount * amount).sum() * WHOLE, total * total, places=0).cast(pl.Int32).alias("concentration"),
    )
    return (
        covered.join(spread, on="uscc", how="left")
        .join(counts, on="uscc", how="left")
        .with_columns(
            pl.col(_COUNTS).fill_null(0).cast(pl.Int32),
            pl.col(_SUMS).fill_null(decimal(pl.lit(0), 2).cast(SUM)),
        )
    )
