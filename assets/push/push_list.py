"""The push of a month: every item of every insured enterprise, scored, cut to the terms' number.

Puts together what the modules beside this one find, in the columns of `PUSH_LIST`. Which versions
of ratings, bulletins and exports were known on the push date is settled by the caller; delivery and
supplements are not made here.
"""

from __future__ import annotations

import polars as pl

from assets.push.alerts import alerts, news
from assets.push.exposure import SHARE, covered_in, exposures, two_years
from assets.push.markets import growing_markets, suggestions
from assets.push.priority import at_most, score
from assets.push.ratings import in_force, rating_changes, schemes
from assets.push.sentences import CITY_SOURCE, rating_text, scheme_name, sentence
from schemas.calendar import first_day
from schemas.push import PUSH_LIST
from schemas.table import SUM
from schemas.terms.loader import PolicyTerms

_MORE: dict[str, pl.DataType | type[pl.DataType]] = {
    "past_usd": SUM,
    "steps": pl.Int32,
    "severity": pl.Int32,
    "title": pl.String,
    "valid_to": pl.Date,
    "growth": pl.Int32,
    "exporters": pl.Int32,
    "market_ratings": pl.String,
}
_LATER = ("push_month", "priority", "is_excluded", "sentence_zh", "supplement")


def push_list(
    month: str,
    insured: pl.LazyFrame,
    exports: pl.LazyFrame,
    ratings: pl.LazyFrame,
    ratings_before: pl.LazyFrame,
    bulletins: pl.LazyFrame,
    bulletins_before: pl.LazyFrame,
    terms: PolicyTerms,
) -> pl.LazyFrame:
    """PUSH_LIST of a month, supplement 0, sorted by key."""
    items = push_items(month, insured, exports, ratings, ratings_before, bulletins, bulletins_before, terms)
    return (
        at_most(items, terms.push_items_limit)
        .with_columns(
            sentence(terms).alias("sentence_zh"),
            pl.lit(month).alias("push_month"),
            pl.lit(0, dtype=pl.Int32).alias("supplement"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in PUSH_LIST.schema.items())
        .sort(PUSH_LIST.key)
    )


def push_items(
    month: str,
    insured: pl.LazyFrame,
    exports: pl.LazyFrame,
    ratings: pl.LazyFrame,
    ratings_before: pl.LazyFrame,
    bulletins: pl.LazyFrame,
    bulletins_before: pl.LazyFrame,
    terms: PolicyTerms,
) -> pl.LazyFrame:
    """Every item with its score and without its sentence, before any is dropped for the limit."""
    covered = covered_in(month, insured)
    cells = two_years(month, exports).cache()
    exposed = exposures(cells, covered).cache()
    growing = growing_markets(cells, terms.excluded_countries)
    found = (
        _rating_items(month, exposed, ratings, ratings_before),
        alerts(news(month, bulletins, bulletins_before), exposed),
        _market_items(month, suggestions(cells, covered, growing), ratings),
    )
    excluded = pl.col("trading_country").is_in(list(terms.excluded_countries))
    return (
        pl.concat([_shaped(one) for one in found])
        .with_columns(excluded.alias("is_excluded"))
        .with_columns(score().alias("priority"))
    )


def _rating_items(
    month: str, exposed: pl.LazyFrame, ratings: pl.LazyFrame, ratings_before: pl.LazyFrame
) -> pl.LazyFrame:
    countries = exposed.select("trading_country").unique()
    changes = rating_changes(month, countries, ratings, ratings_before).with_columns(
        pl.lit("country_risk").alias("topic"),
        pl.col("scheme").alias("item"),
        pl.format("rating_{}", "change").alias("reason"),
    )
    return exposed.join(changes, on="trading_country")


def _market_items(month: str, suggested: pl.LazyFrame, ratings: pl.LazyFrame) -> pl.LazyFrame:
    return suggested.join(_ratings_text(month, ratings), on="trading_country", how="left").select(
        "uscc", "trading_country", "item", "growth", "exporters",
        pl.lit("market_info").alias("topic"),
        pl.lit("market_growing").alias("reason"),
        pl.lit(CITY_SOURCE).alias("source"),
        pl.lit(0).cast(SUM).alias("exposure_usd"),
        pl.lit(0).cast(SHARE).alias("share"),
        pl.col("market_ratings").fill_null("无数据"),
    )  # fmt: skip


def _ratings_text(month: str, ratings: pl.LazyFrame) -> pl.LazyFrame:
    """Each rated country's ratings of the schemes that still speak, side by side."""
    speaking = schemes(month, ratings).filter(~pl.col("is_silent"))
    one = pl.format("{} {}", scheme_name(pl.col("scheme")), rating_text(pl.col("rating")))
    return (
        in_force(ratings, first_day(month))
        .join(speaking, on="scheme", how="semi")
        .group_by(pl.col("country").alias("trading_country"))
        .agg(one.sort_by("scheme").str.join("、").alias("market_ratings"))
    )


def _shaped(found: pl.LazyFrame) -> pl.LazyFrame:
    """The columns of an item before scoring; those that a kind does not have are empty."""
    columns = [*PUSH_LIST.schema.items(), *_MORE.items()]
    given = set(found.collect_schema().names())
    return found.select(
        (pl.col(name) if name in given else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in columns
        if name not in _LATER
    )
