"""Bulletins that are news to an enterprise: what the push of the month before did not tell it.

The same question is asked twice, of the push month and of the month before, each with what was known
on its first day: which bulletins in force touch which enterprise's countries and goods. What is only
in the later answer is new or changed; what was told and has been withdrawn since, or speaks of other
countries or goods now, is told as withdrawn. Nothing else is told again. Ratings and market figures
have modules of their own.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from schemas.calendar import SHANGHAI, first_day, midnight, shift

_CONTENT = (
    "kind", "countries", "hs_chapters", "severity", "title", "body", "valid_from", "valid_to",
    "status", "source",
)  # fmt: skip
_TOLD = ["uscc", "trading_country", "bulletin_no"]


def in_force(month: str, bulletins: pl.LazyFrame) -> pl.LazyFrame:
    """The bulletins that the push of a month can tell of: published by its first day, valid in it."""
    first, last = first_day(month), first_day(shift(month, 1)) - timedelta(days=1)
    return bulletins.filter(
        pl.col("status") == "active",
        pl.col("updated_at") < midnight(first),
        pl.col("published_at") < midnight(first),
        pl.col("valid_from") <= last,
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= first),
    )


def alerts(
    month: str,
    bulletins: pl.LazyFrame,
    bulletins_before: pl.LazyFrame,
    exposed: pl.LazyFrame,
    exposed_before: pl.LazyFrame,
) -> pl.LazyFrame:
    """One row an enterprise, country and bulletin on that country and its goods (or all goods).

    `exposed` and `exposed_before` are `exposures` of the month and of the month before.
    """
    earlier = in_force(shift(month, -1), bulletins_before)
    now = _touching(in_force(month, bulletins), exposed)
    told = _touching(earlier, exposed_before).select(*_TOLD, pl.col("content").alias("told"))
    fresh = (
        now.join(told, on=_TOLD, how="left")
        .filter(pl.col("told").is_null() | (pl.col("told") != pl.col("content")))
        .select(*_items(_is_told(), "valid_from"))
    )
    gone = (
        _touching(_no_longer_so(month, bulletins, earlier), exposed)
        .join(told, on=_TOLD, how="semi")
        .join(now, on=_TOLD, how="anti")
        .select(*_items(pl.lit("withdrawn"), "changed_on"))
        .with_columns(pl.lit(None, pl.Int32).alias("severity"), pl.lit(None, pl.Date).alias("valid_to"))
    )
    return pl.concat([fresh, gone])


def _no_longer_so(month: str, bulletins: pl.LazyFrame, earlier: pl.LazyFrame) -> pl.LazyFrame:
    """Bulletins as told before that say something else now; one that merely ran out is not among them."""
    first = first_day(month)
    changed = bulletins.filter(
        pl.col("updated_at") < midnight(first),
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= first),
    ).select(
        "bulletin_no",
        _content().alias("says"),
        pl.col("updated_at").dt.convert_time_zone(SHANGHAI.key).dt.date().alias("changed_on"),
    )
    return earlier.join(changed, on="bulletin_no").filter(_content() != pl.col("says")).drop("says")


def _touching(bulletins: pl.LazyFrame, exposed: pl.LazyFrame) -> pl.LazyFrame:
    """Exposures with each bulletin on their country and goods, and everything it says as `content`."""
    chapters = pl.col("hs_chapters").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    by_country = bulletins.select(
        pl.all().exclude("hs_chapters"),
        chapters.alias("hs_chapters"),
        _content().alias("content"),
        pl.col("countries").list.unique().alias("trading_country"),
    ).explode("trading_country")
    touched = (pl.col("hs_chapters").list.len() == 0) | (
        pl.col("hs_chapters").list.set_intersection("chapters").list.len() > 0
    )
    return exposed.join(by_country, on="trading_country").filter(touched)


def _is_told() -> pl.Expr:
    return pl.when(pl.col("told").is_null()).then(pl.lit("new")).otherwise(pl.lit("changed"))


def _items(mark: pl.Expr, since: str) -> tuple[pl.Expr, ...]:
    own = ("uscc", "trading_country", "exposure_usd", "previous_usd", "share", "is_new_market")
    return (
        *(pl.col(name) for name in own),
        pl.col("kind").alias("topic"),
        pl.col("bulletin_no").alias("item"),
        pl.col("severity", "title", "valid_to", "source"),
        pl.col(since).alias("effective_on"),
        pl.format("{}_bulletin_{}", "kind", mark).alias("reason"),
    )


def _content() -> pl.Expr:
    """Everything a bulletin says as one text, lists in order."""
    lists = ("countries", "hs_chapters")
    parts = [
        pl.col(c).list.sort().list.join(",") if c in lists else pl.col(c).cast(pl.String) for c in _CONTENT
    ]
    return pl.concat_str([part.fill_null("") for part in parts], separator="\x1f")
