"""Insured exports: ledger lines declared inside the enterprise's expected cover (rules §4)."""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.customs.exports import dollars
from assets.customs.lines import valued
from assets.work import Work
from schemas.calendar import first_day
from schemas.table import SUM

CELL = ["uscc", "trading_country", "hs_chapter"]


def insured_exports(work: Work, reconciliation: pl.DataFrame) -> pl.LazyFrame:
    """`uscc`, `trading_country`, `hs_chapter`, `fob_usd` of the year's covered declarations.

    Whole months come from the cube; where cover starts within a month, that month's lines do.
    Excluded countries are left out.
    """
    cover = reconciliation.filter(pl.col("status").is_in(["matched", "discrepant"])).select(
        "uscc", start="expected_cover_from", end="expected_cover_to"
    )
    months = work.keys("export_cube")
    whole = [
        work.scan("export_cube", month)
        .join(_whole(cover, first_day(month)).lazy(), on="uscc", how="semi")
        .select(*CELL, pl.col("fob_usd").cast(SUM))
        for month in months
    ]
    parts = [_within(work, month, begun) for month in months if (begun := _begun(cover, month)).height]
    excluded = pl.col("trading_country").is_in(list(work.terms.excluded_countries))
    nothing = pl.LazyFrame(schema={**dict.fromkeys(CELL, pl.String()), "fob_usd": SUM})
    return (
        pl.concat([nothing, *whole, *parts])
        .filter(~excluded)
        .group_by(CELL)
        .agg(pl.col("fob_usd").sum())
        .sort(CELL)
    )


def _whole(cover: pl.DataFrame, first: date) -> pl.DataFrame:
    return cover.filter((pl.col("start") <= first) & (pl.col("end") >= first))


def _begun(cover: pl.DataFrame, month: str) -> pl.DataFrame:
    """Who is covered from a later day than the first of the month."""
    begins = pl.col("start").dt.strftime("%Y-%m") == month
    return cover.filter(begins & (pl.col("start") > first_day(month)))


def _within(work: Work, month: str, begun: pl.DataFrame) -> pl.LazyFrame:
    return (
        valued(work, [month], usccs=begun["uscc"])
        .filter(pl.col("state") == "counted")
        .join(begun.lazy(), left_on="consignor_uscc", right_on="uscc")
        .filter(pl.col("declared_on") >= pl.col("start"))
        .group_by(
            uscc="consignor_uscc",
            trading_country="trading_country",
            hs_chapter=pl.col("hs_code").str.head(2),
        )
        .agg(fob_usd=dollars(pl.col("fob_cents").sum()))
        .select(*CELL, "fob_usd")
    )
