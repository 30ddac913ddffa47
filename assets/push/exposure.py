"""Who is told of which countries: insured enterprises in a push month and what they sell where.

Exposure is what an enterprise exported to a buyer country in the twelve statistical months before
the push month. Which rows of the ledger were known by then is the caller's to see.
"""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from assets.push.disclosure import as_cents
from assets.push.figures import decimal, ratio
from schemas.calendar import first_day, shift
from schemas.codes.countries import CHINA
from schemas.table import SUM

SHARE = pl.Decimal(7, 6)
KEY = ("uscc", "trading_country")


def covered_in(month: str, insured: pl.LazyFrame) -> pl.LazyFrame:
    """The enterprises whose expected cover overlaps the month, each once."""
    first, last = first_day(month), first_day(shift(month, 1)) - timedelta(days=1)
    return (
        insured.filter(
            pl.col("uscc").is_not_null(),
            pl.col("expected_cover_from") <= last,
            pl.col("expected_cover_to") >= first,
        )
        .select("uscc")
        .unique()
    )


def two_years(month: str, exports: pl.LazyFrame) -> pl.LazyFrame:
    """Cents by enterprise, country and chapter: twelve months (`now`), those before (`past`)."""
    now = pl.col("stat_month").is_between(pl.lit(shift(month, -12)), pl.lit(shift(month, -1)))
    past = pl.col("stat_month").is_between(pl.lit(shift(month, -24)), pl.lit(shift(month, -13)))
    amount = as_cents("fob_usd")
    return (
        exports.filter(now | past)
        .group_by(*KEY, "hs_chapter")
        .agg(amount.filter(now).sum().alias("now"), amount.filter(past).sum().alias("past"))
    )


def exposures(cells: pl.LazyFrame, covered: pl.LazyFrame) -> pl.LazyFrame:
    """One row a covered enterprise and country: exposure_usd, previous_usd, total_usd, share, chapters.

    The share is of all its exports of those months, `total_usd`. China is no market, and a country
    without an amount is no exposure. `is_new_market`: nothing went there in the twelve months before.
    """
    own = cells.join(covered, on="uscc", how="semi")
    totals = own.group_by("uscc").agg(pl.col("now").sum().alias("total"))
    return (
        own.group_by(KEY)
        .agg(
            pl.col("now", "past").sum(),
            pl.col("hs_chapter").filter(pl.col("now") > 0).sort().alias("chapters"),
        )
        .filter(pl.col("now") > 0, pl.col("trading_country") != CHINA)
        .join(totals, on="uscc")
        .select(
            *KEY,
            decimal(pl.col("now"), 2).cast(SUM).alias("exposure_usd"),
            decimal(pl.col("past"), 2).cast(SUM).alias("previous_usd"),
            decimal(pl.col("total"), 2).cast(SUM).alias("total_usd"),
            (pl.col("past") == 0).alias("is_new_market"),
            ratio(pl.col("now"), pl.col("total")).cast(SHARE).alias("share"),
            "chapters",
        )
    )
