"""The public copy of the statistics: no cell of few, none dominated, none to be had by subtraction.

Three passes over each measure and dimension. First, a cell goes where the disclosure rule forbids
it, or where a measure that it would reveal is suppressed there. Second, where the total stays, what
total less published cells leaves is itself judged, and the smallest cells go until that may be
told. Third, last year's values come from last year's public copy only. A cell without any
enterprise is told as zero: it is nobody's figure. Differences between revisions are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import polars as pl

from assets.push.disclosure import contributions as contributed
from assets.push.disclosure import may_be_told
from assets.statistics.annual import CELL
from assets.statistics.measures import ALL, MEASURES, Measure
from schemas.statistics import ANNUAL_STATISTICS
from schemas.table import Column

PUBLIC_STATISTICS = replace(
    ANNUAL_STATISTICS,
    name="public_statistics",
    zh="年度统计（公开）",
    about="annual_statistics without the cells that would reveal an enterprise's figure.",
    columns=(
        *ANNUAL_STATISTICS.columns,
        Column("is_suppressed", "不予公开", pl.Boolean, "Left out to protect enterprises."),
    ),
    audience="public",
)
_FIGURES = ("value", "numerator", "denominator", "previous_value")
_SIDES = ("numerator", "denominator")
_BINDINGS = ("app_bindings", ("services_used", "service", "app_binding"))

Cell = tuple[str, str]


def public_statistics(
    statistics: pl.LazyFrame, contributions: pl.LazyFrame, previous: pl.LazyFrame | None = None
) -> pl.LazyFrame:
    """PUBLIC_STATISTICS; `previous` is the public copy of the year before."""
    hidden = suppressed(contributions.collect())
    marks = pl.LazyFrame(
        sorted((d, m, measure) for measure, cells in hidden.items() for d, m in cells),
        schema=dict.fromkeys(CELL, pl.String),
        orient="row",
    ).with_columns(pl.lit(value=True).alias("is_suppressed"))
    return (
        statistics.join(marks, on=CELL, how="left")
        .with_columns(pl.col("is_suppressed").fill_null(value=False))
        .join(_told_before(statistics, previous), on=CELL, how="left")
        .with_columns(pl.when("was_told").then("previous_value").alias("previous_value"))
        .with_columns(pl.when(~pl.col("is_suppressed")).then(pl.col(_FIGURES)))
        .select(PUBLIC_STATISTICS.names)
        .sort(ANNUAL_STATISTICS.key)
    )


def suppressed(contributions: pl.DataFrame) -> dict[str, set[Cell]]:
    """Measure → the cells (dimension, member) that the public copy leaves out."""
    hidden: dict[str, set[Cell]] = {}
    parts = contributions.partition_by("measure", as_dict=True)
    for measure in MEASURES:
        rows = parts.get((measure.name,), contributions.clear())
        revealed = {cell for name in measure.of for cell in hidden.get(name, set())}
        hidden[measure.name] = _of_measure(measure, rows, revealed)
    name, (services, *cell) = _BINDINGS
    if (cell[0], cell[1]) in hidden[services]:
        hidden[name] |= _cells(parts.get((name,), contributions.clear()))
    return hidden


def residual(rows: pl.DataFrame, members: Iterable[str]) -> bool:
    """Whether the members of a dimension, taken together, may be told."""
    together = rows.filter(pl.col("member").is_in(list(members)))
    judged = _told(together.with_columns(pl.lit(ALL).alias("member")))
    return ALL in judged and judged[ALL].may_be_told


@dataclass(frozen=True)
class _Judged:
    enterprises: int
    may_be_told: bool


def _of_measure(measure: Measure, rows: pl.DataFrame, revealed: set[Cell]) -> set[Cell]:
    hidden = set(revealed)
    judged: dict[str, dict[str, _Judged]] = {}
    for dimension in measure.dimensions:
        judged[dimension] = _told(rows.filter(pl.col("dimension") == dimension))
        hidden |= {(dimension, m) for m, cell in judged[dimension].items() if not cell.may_be_told}
    if ("total", ALL) in hidden:
        return hidden
    for dimension in measure.dimensions[1:]:
        members = {m for d, m in hidden if d == dimension}
        own = rows.filter(pl.col("dimension") == dimension)
        hidden |= {(dimension, m) for m in _covering(own, judged[dimension], members)}
    return hidden


def _covering(rows: pl.DataFrame, judged: dict[str, _Judged], hidden: set[str]) -> set[str]:
    """The hidden members and the smallest others, until together they may be told."""
    hidden = set(hidden)
    others = sorted(set(judged) - hidden, key=lambda m: (judged[m].enterprises, m))
    while hidden and others and not residual(rows, hidden):
        hidden.add(others.pop(0))
    return hidden


def _told(rows: pl.DataFrame) -> dict[str, _Judged]:
    """Each member with an enterprise in it: how many, and whether both sides may be told."""
    sums = (
        rows.group_by("member", "uscc")
        .agg(pl.col(_SIDES).sum().cast(pl.Decimal(38, 2)).to_physical().cast(pl.Int64).abs())
        .group_by("member")
        .agg(
            expression.alias(f"{side}_{name}")
            for side in _SIDES
            for name, expression in contributed(pl.col(side)).items()
        )
        .select(
            "member",
            pl.max_horizontal(*(f"{side}_enterprises" for side in _SIDES)).alias("enterprises"),
            *(
                (may_be_told(f"{side}_") | (pl.col(f"{side}_enterprises") == 0)).alias(side)
                for side in _SIDES
            ),
        )
        .filter(pl.col("enterprises") > 0)
    )
    return {
        member: _Judged(enterprises, numerator and denominator)
        for member, enterprises, numerator, denominator in sums.iter_rows()
    }


def _cells(rows: pl.DataFrame) -> set[Cell]:
    return set(rows.select("dimension", "member").unique().iter_rows())


def _told_before(statistics: pl.LazyFrame, previous: pl.LazyFrame | None) -> pl.LazyFrame:
    """The cells whose value of last year is public."""
    if previous is None:
        return statistics.select(CELL).clear().with_columns(pl.lit(value=True).alias("was_told"))
    return (
        previous.sort("revision")
        .group_by(CELL, maintain_order=True)
        .agg((~pl.col("is_suppressed").last()).alias("was_told"))
    )
