"""The score that puts the items of an enterprise in order: a sum of points, all of them here.

    score = points of the reason + 40 a class risen (at most 5) + 50 a grade of severity
          + 200 × share of exports, rounded down + 50 where the country is excluded

So a worsened rating comes before an alert of middling severity, both before any improvement, and
within one kind what touches more of the enterprise's exports comes first. docs/push.md shows it to
readers, and a test holds the two together.
"""

from __future__ import annotations

import polars as pl

REASONS = {
    "rating_up": 600,
    "risk_alert_bulletin_new": 400,
    "risk_alert_bulletin_changed": 400,
    "country_risk_bulletin_new": 300,
    "country_risk_bulletin_changed": 300,
    "rating_down": 300,
    "rating_not_classified": 150,
    "risk_alert_bulletin_withdrawn": 200,
    "country_risk_bulletin_withdrawn": 150,
    "market_growing": 120,
    "market_info_bulletin_new": 100,
    "market_info_bulletin_changed": 100,
    "rating_no_data": 60,
    "market_info_bulletin_withdrawn": 50,
    "rating_unchanged": 40,
}
A_CLASS, MOST_CLASSES = 40, 5
A_GRADE = 50
WHOLE_SHARE = 200
EXCLUDED = 50


def score() -> pl.Expr:
    """The priority of an item from reason, steps, severity, share and is_excluded."""
    share = pl.col("share").cast(pl.Decimal(38, 6)).to_physical().cast(pl.Int64)
    return (
        pl.col("reason").replace_strict(REASONS, return_dtype=pl.Int64)
        + pl.col("steps").fill_null(0).clip(0, MOST_CLASSES) * A_CLASS
        + pl.col("severity").fill_null(0) * A_GRADE
        + share * WHOLE_SHARE // 10**6
        + pl.col("is_excluded").cast(pl.Int64) * EXCLUDED
    ).cast(pl.Int32)


def in_place(items: pl.LazyFrame) -> pl.LazyFrame:
    """Every item with its `place` among its enterprise's, from 0; equal scores by exposure, then key."""
    order = ("uscc", "priority", "exposure_usd", "trading_country", "topic", "item")
    ranked = items.sort(order, descending=[False, True, True, False, False, False])
    place = pl.int_range(pl.len(), dtype=pl.UInt32).over("uscc")
    return ranked.with_columns(place.alias("place"))
