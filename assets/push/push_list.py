"""The push of a month: every item of every insured enterprise, scored, cut to the terms' number.

Puts together what the modules beside this one find, in the columns of `PUSH_LIST` and
`PUSH_ENTERPRISES`. Which versions of ratings, bulletins and exports were known on the push date, and
on that of the month before, is settled by the caller; delivery and supplements are not made here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

from assets.push.alerts import alerts
from assets.push.concentration import overviews
from assets.push.exposure import SHARE, covered_in, exposures, two_years
from assets.push.markets import comparable, growing_markets, suggestions
from assets.push.priority import in_place, score
from assets.push.ratings import in_force, rating_changes, schemes
from assets.push.sentences import CITY_SOURCE, concentration_sentence, rating_text, scheme_name, sentence
from schemas.calendar import first_day, shift
from schemas.push import PUSH_ENTERPRISES, PUSH_LIST
from schemas.table import SUM, Table
from schemas.terms.loader import PolicyTerms

_MORE: dict[str, pl.DataType | type[pl.DataType]] = {
    "title": pl.String,
    "growth": pl.Int32,
    "exporters": pl.Int32,
    "market_ratings": pl.String,
}
BATCH = 10_000
"""Enterprises at a time."""
WORDS: Literal["in-memory"] = "in-memory"
"""The engine for sentences: polars 2.1's streaming engine panics in them on a morsel without rows."""
_LATER = ("push_month", "priority", "is_excluded", "sentence_zh", "supplement")


@dataclass(frozen=True)
class Known:
    """What was known at one moment: cells of the cube, ratings and bulletins, newest versions."""

    exports: pl.LazyFrame
    ratings: pl.LazyFrame
    bulletins: pl.LazyFrame


@dataclass(frozen=True)
class Push:
    """A month's push, supplement 0, both tables sorted by key, and how many items were found."""

    items: pl.DataFrame
    enterprises: pl.DataFrame
    found: int


def push_of(month: str, insured: pl.LazyFrame, now: Known, before: Known, terms: PolicyTerms) -> Push:
    """The push of a month; `insured`: policies that count, of its policy year and the month before's.

    Enterprises go through in batches in order of uscc, so memory grows with the list and not with all
    that is found.
    """
    earlier = shift(month, -1)
    cells = two_years(month, now.exports).collect().lazy()
    told = exposures(two_years(earlier, before.exports), covered_in(earlier, insured)).collect().lazy()
    growing = growing_markets(comparable(cells, terms.threshold_usd), terms.excluded_countries)
    shared = _Shared(month, now, before, terms, cells, told, growing.collect().lazy())
    covered = covered_in(month, insured).sort("uscc").collect()
    batches = [_batch(shared, firms.lazy()) for firms in covered.iter_slices(BATCH)]
    return Push(
        pl.concat([PUSH_LIST.empty(), *(batch.items for batch in batches)]),
        pl.concat([PUSH_ENTERPRISES.empty(), *(batch.enterprises for batch in batches)]),
        sum(batch.found for batch in batches),
    )


@dataclass(frozen=True)
class _Shared:
    """What the batches of a month have in common."""

    month: str
    now: Known
    before: Known
    terms: PolicyTerms
    cells: pl.LazyFrame
    told: pl.LazyFrame
    """The exposures that the push of the month before was made from."""
    growing: pl.LazyFrame


def _batch(shared: _Shared, firms: pl.LazyFrame) -> Push:
    """The push of some enterprises."""
    terms = shared.terms
    exposed = exposures(shared.cells, firms).collect().lazy()
    placed = in_place(_items(shared, firms, exposed)).collect()
    listed = pl.col("place") < terms.push_items_limit
    counts = placed.lazy().group_by("uscc").agg(
        listed.sum().alias("items"), (~listed).sum().alias("items_left_out")
    )  # fmt: skip
    items = placed.lazy().filter(listed).with_columns(sentence(terms).alias("sentence_zh"))
    enterprises = overviews(firms, exposed, counts).with_columns(
        concentration_sentence(terms).alias("sentence_zh")
    )
    return Push(
        _as_table(PUSH_LIST, items, shared.month),
        _as_table(PUSH_ENTERPRISES, enterprises, shared.month),
        placed.height,
    )


def _items(shared: _Shared, firms: pl.LazyFrame, exposed: pl.LazyFrame) -> pl.LazyFrame:
    """Every item with its score and without its sentence, before any is dropped for the limit."""
    month, now, before = shared.month, shared.now, shared.before
    told = shared.told.join(firms, on="uscc", how="semi")
    found = (
        _rating_items(month, exposed, now.ratings, before.ratings),
        alerts(month, now.bulletins, before.bulletins, exposed, told),
        _market_items(month, suggestions(shared.cells, firms, shared.growing), now.ratings),
    )
    excluded = pl.col("trading_country").is_in(list(shared.terms.excluded_countries))
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
    nothing = pl.lit(0).cast(SUM)
    return suggested.join(_ratings_text(month, ratings), on="trading_country", how="left").select(
        "uscc", "trading_country", "item", "growth", "exporters",
        pl.lit("market_info").alias("topic"),
        pl.lit("market_growing").alias("reason"),
        pl.lit(CITY_SOURCE).alias("source"),
        nothing.alias("exposure_usd"),
        nothing.alias("previous_usd"),
        pl.lit(0).cast(SHARE).alias("share"),
        pl.lit(value=False).alias("is_new_market"),
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
        .collect(engine=WORDS)
        .lazy()
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


def _as_table(table: Table, rows: pl.LazyFrame, month: str) -> pl.DataFrame:
    """The rows in the table's columns and order, as supplement 0."""
    marked = rows.with_columns(pl.lit(month).alias("push_month"), pl.lit(0).alias("supplement"))
    exact = marked.select(pl.col(name).cast(dtype) for name, dtype in table.schema.items())
    return exact.sort(table.key).collect(engine=WORDS)
