"""Markets where the city's exporters of an enterprise's goods grow, from the city's own data.

Nothing here may reveal one enterprise: a market is told only where both years' sums pass the
disclosure rule, figures are told in steps, and never to an enterprise that is itself in them.
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import polars as pl

from assets.push.disclosure import contributions, may_be_told
from schemas.codes.countries import CHINA, COUNTRIES

LEAST_GROWTH = 10
GROWTH_STEP = 5
MOST_GROWTH = 200
EXPORTER_STEPS = (5, 10, 20, 50, 100, 200, 500, 1000)
CANDIDATES_A_CHAPTER = 20
SUGGESTIONS_AN_ENTERPRISE = 3


def comparable(cells: pl.LazyFrame, most_usd: Decimal) -> pl.LazyFrame:
    """The cells of exporters of the size that the policy is for, in both years.

    `most_usd` is the terms' threshold: a small exporter is not compared with the city's largest, and
    who grew beyond it is in neither year's sum.
    """
    most = int(most_usd * 100)
    sized = cells.group_by("uscc").agg(pl.col("now", "past").sum())
    return cells.join(sized.filter(pl.col("now") <= most, pl.col("past") <= most), on="uscc", how="semi")


def growing_markets(cells: pl.LazyFrame, excluded: Collection[str]) -> pl.LazyFrame:
    """Chapter and market with the city's growth (percent, in steps of 5, at most 200) and rank.

    `exporters` is "at least so many", in steps; both are what is told, and what is ranked by.
    Neither China, an excluded country nor a code that names no one country is suggested.
    """
    markets = sorted(c.code for c in COUNTRIES.values() if c.is_iso and c.code not in {CHINA, *excluded})
    growth = (pl.col("now_amount") - pl.col("past_amount")) * 100 // pl.col("past_amount")
    stepped = growth.clip(upper_bound=MOST_GROWTH) // GROWTH_STEP * GROWTH_STEP
    order = ("growth", "exporters", "trading_country", "hs_chapter")
    return (
        cells.filter(pl.col("trading_country").is_in(markets))
        .group_by("hs_chapter", "trading_country")
        .agg(
            expression.alias(f"{window}_{name}")
            for window in ("now", "past")
            for name, expression in contributions(pl.col(window)).items()
        )
        .filter(may_be_told("now_"), may_be_told("past_"))
        .select(
            "hs_chapter",
            "trading_country",
            stepped.cast(pl.Int32).alias("growth"),
            _at_least(pl.min_horizontal("now_enterprises", "past_enterprises")).alias("exporters"),
        )
        .filter(pl.col("growth") >= LEAST_GROWTH)
        .sort(order, descending=[True, True, False, False])
        .with_row_index("rank")
        .group_by("hs_chapter", maintain_order=True)
        .head(CANDIDATES_A_CHAPTER)
    )


def suggestions(cells: pl.LazyFrame, covered: pl.LazyFrame, growing: pl.LazyFrame) -> pl.LazyFrame:
    """Up to three markets an enterprise for its chapters, where it sold nothing for two years.

    Two years and not one: who sold there the year before is in the figures.
    """
    own = cells.join(covered, on="uscc", how="semi")
    sold = own.select("uscc", "trading_country").unique()
    goods = (
        own.filter(pl.col("now") > 0, pl.col("trading_country") != CHINA)
        .select("uscc", "hs_chapter")
        .unique()
    )
    told = pl.col("trading_country", "hs_chapter", "growth", "exporters")
    return (
        goods.join(growing, on="hs_chapter")
        .join(sold, on=["uscc", "trading_country"], how="anti")
        .group_by("uscc")
        .agg(told.sort_by("rank").head(SUGGESTIONS_AN_ENTERPRISE))
        .explode("trading_country", "hs_chapter", "growth", "exporters")
        .rename({"hs_chapter": "item"})
    )


def _at_least(count: pl.Expr) -> pl.Expr:
    """The greatest step not above the count."""
    steps = [pl.when(count >= step).then(pl.lit(step, dtype=pl.Int32)) for step in EXPORTER_STEPS]
    return pl.coalesce(*reversed(steps))
