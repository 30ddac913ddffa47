"""Bulletins that are news this month, and the enterprises whose countries and goods they touch.

News is what the push a month ago could not tell: published, learnt, begun or changed since. A
withdrawn bulletin is no news here. Ratings and market figures have modules of their own.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from schemas.calendar import first_day, midnight, shift

_CONTENT = (
    "kind", "countries", "hs_chapters", "severity", "title", "body", "valid_from", "valid_to",
    "status", "source",
)  # fmt: skip


def news(month: str, bulletins: pl.LazyFrame, bulletins_before: pl.LazyFrame) -> pl.LazyFrame:
    """Bulletins in force in the month that were not told a month ago as they are; `is_changed`."""
    first, last = first_day(month), first_day(shift(month, 1)) - timedelta(days=1)
    a_month_ago = midnight(first_day(shift(month, -1)))
    told = bulletins_before.filter(
        pl.col("updated_at") < a_month_ago,
        pl.col("published_at") < a_month_ago,
        pl.col("valid_from") < first,
    ).select("bulletin_no", _content().alias("told"))
    return (
        bulletins.filter(
            pl.col("status") == "active",
            pl.col("updated_at") < midnight(first),
            pl.col("published_at") < midnight(first),
            pl.col("valid_from") <= last,
            pl.col("valid_to").is_null() | (pl.col("valid_to") >= first),
        )
        .join(told, on="bulletin_no", how="left")
        .filter(pl.col("told").is_null() | (pl.col("told") != _content()))
        .with_columns(pl.col("told").is_not_null().alias("is_changed"))
        .drop("told")
    )


def alerts(news: pl.LazyFrame, exposures: pl.LazyFrame) -> pl.LazyFrame:
    """One row an enterprise, country and bulletin on that country and its goods (or all goods)."""
    chapters = pl.col("hs_chapters").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    mark = pl.when("is_changed").then(pl.lit("changed")).otherwise(pl.lit("new"))
    by_country = news.select(
        pl.col("countries").list.unique().alias("trading_country"),
        pl.col("kind").alias("topic"),
        pl.col("bulletin_no").alias("item"),
        chapters.alias("hs_chapters"),
        "severity",
        "title",
        "valid_to",
        pl.col("valid_from").alias("effective_on"),
        pl.format("{}_bulletin_{}", "kind", mark).alias("reason"),
        "source",
    ).explode("trading_country")
    touched = (pl.col("hs_chapters").list.len() == 0) | (
        pl.col("hs_chapters").list.set_intersection("chapters").list.len() > 0
    )
    return exposures.join(by_country, on="trading_country").filter(touched).drop("hs_chapters")


def _content() -> pl.Expr:
    """Everything a bulletin says as one text, lists in order."""
    lists = ("countries", "hs_chapters")
    parts = [
        pl.col(c).list.sort().list.join(",") if c in lists else pl.col(c).cast(pl.String) for c in _CONTENT
    ]
    return pl.concat_str([part.fill_null("") for part in parts], separator="\x1f")
