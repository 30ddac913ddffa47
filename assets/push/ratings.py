"""Country ratings on the push date and a month before: what changed, scheme by scheme.

Schemes are never mixed into one number, and neither a country that is not classified nor one
without data is ever up, down or low. A rating stands until its scheme publishes another: a scheme
that only publishes changes says nothing of most countries for years. Silent is a scheme that has
published nothing, on any country, for twelve months. Who is told belongs to `push_list`.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from schemas.calendar import first_day, midnight, shift

NOT_CLASSIFIED = "-"
SILENT_MONTHS = 12


def in_force(ratings: pl.LazyFrame, on: date) -> pl.LazyFrame:
    """Country and scheme with the rating in force on a day, as known before that day began."""
    newest = pl.col("rating", "effective_on", "source").sort_by("effective_on", "updated_at")
    return (
        ratings.filter(pl.col("effective_on") <= on, pl.col("updated_at") < midnight(on))
        .group_by("country", "scheme")
        .agg(newest.last())
    )


def schemes(month: str, ratings: pl.LazyFrame) -> pl.LazyFrame:
    """The schemes known on the push date: who speaks for each, and whether it has fallen silent."""
    on, since = first_day(month), midnight(first_day(shift(month, -SILENT_MONTHS)))
    return (
        ratings.filter(pl.col("updated_at") < midnight(on))
        .group_by("scheme")
        .agg(
            pl.col("source").sort_by("updated_at", "country", "effective_on").last().alias("voice"),
            (pl.col("updated_at").max() < since).alias("is_silent"),
        )
    )


def rating_changes(
    month: str, countries: pl.LazyFrame, ratings: pl.LazyFrame, ratings_before: pl.LazyFrame
) -> pl.LazyFrame:
    """Every country with every scheme: rating_before, rating_now, change, steps, effective_on.

    `steps` is how many classes it rose (negative: fell). A silent scheme has no ratings any more, and
    is named only beside the countries that it once rated.
    """
    key = ["trading_country", "scheme"]
    now = in_force(ratings, first_day(month)).rename({"rating": "rating_now", "country": "trading_country"})
    before = in_force(ratings_before, first_day(shift(month, -1))).select(
        pl.col("country").alias("trading_country"),
        "scheme",
        pl.col("rating").alias("rating_before"),
    )
    told = pl.col("rating_before", "rating_now", "effective_on", "source")
    return (
        countries.join(schemes(month, ratings), how="cross")
        .join(now, on=key, how="left")
        .join(before, on=key, how="left")
        .filter(~pl.col("is_silent") | pl.col("rating_now").is_not_null())
        .with_columns(pl.when(~pl.col("is_silent")).then(told))
        .with_columns(_steps().alias("steps"), pl.coalesce("source", "voice").alias("source"))
        .with_columns(_change().alias("change"))
        .drop("voice", "is_silent")
    )


def _steps() -> pl.Expr:
    """Classes risen; null unless both are classes."""
    now, before = (
        pl.col(c).replace(NOT_CLASSIFIED, None).cast(pl.Int32) for c in ("rating_now", "rating_before")
    )
    return now - before


def _change() -> pl.Expr:
    unclassified = (pl.col("rating_now") == NOT_CLASSIFIED).fill_null(value=False) | (
        pl.col("rating_before") == NOT_CLASSIFIED
    ).fill_null(value=False)
    return (
        pl.when(unclassified)
        .then(pl.lit("not_classified"))
        .when(pl.col("steps").is_null())
        .then(pl.lit("no_data"))
        .when(pl.col("steps") > 0)
        .then(pl.lit("up"))
        .when(pl.col("steps") < 0)
        .then(pl.lit("down"))
        .otherwise(pl.lit("unchanged"))
    )
