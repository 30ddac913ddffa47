"""What is said of a closed year stays said: later figures are numbered revisions beside it.

A figure of an open year is provisional and is replaced. Once the year is closed the revision in
force is final, and figures that come out otherwise make the next revision, complete again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import polars as pl

from schemas.measures import MEASURES
from schemas.statistics import (
    ANNUAL_STATISTICS,
    CELL,
    DEFINITION,
    STATISTICS_REVISIONS,
    TERMS,
)

_FIGURES = ("value", "numerator", "denominator")


def in_force(statistics: pl.DataFrame) -> pl.DataFrame:
    """The rows of the greatest revision."""
    return statistics.filter(pl.col("revision") == pl.col("revision").max())


def revised(standing: pl.DataFrame | None, fresh: pl.DataFrame) -> pl.DataFrame:
    """ANNUAL_STATISTICS with all revisions.

    `standing`: the year's rows as they were written last (None: never); `fresh`: today's figures as
    revision 0. Last year's values beside the figures are always today's.
    """
    if standing is None or in_force(standing)["status"].unique().to_list() != ["final"]:
        return fresh
    last = int(standing["revision"].max())  # type: ignore[arg-type]
    earlier = standing.filter(pl.col("revision") < last)
    number = last
    if not changed_cells(standing, fresh).is_empty():
        number, earlier = last + 1, standing
    numbered = fresh.with_columns(revision=pl.lit(number, pl.Int32), status=pl.lit("final"))
    return pl.concat([earlier, numbered]).sort(ANNUAL_STATISTICS.key)


def changed_cells(standing: pl.DataFrame, fresh: pl.DataFrame) -> pl.DataFrame:
    """The cells whose figures are not those in force, with the value before and after."""
    figures = (*CELL, *_FIGURES)
    return (
        in_force(standing)
        .select(figures)
        .join(fresh.select(figures), on=CELL, how="full", coalesce=True, suffix="_after")
        .filter(pl.any_horizontal(pl.col(f).ne_missing(pl.col(f"{f}_after")) for f in _FIGURES))
        .select(*CELL, value_before="value", value_after="value_after")
        .sort(CELL)
    )


def revisions(
    known: pl.DataFrame | None,
    standing: pl.DataFrame | None,
    statistics: pl.DataFrame,
    changed: Collection[str],
    today: date,
) -> pl.DataFrame:
    """STATISTICS_REVISIONS: those `known`, and the changes from `standing` to `statistics`.

    `changed`: the tables (or `terms`) whose content differs from what `standing` was made from.
    """
    earlier = STATISTICS_REVISIONS.empty() if known is None else known
    now = in_force(statistics)
    if standing is None or now["revision"].max() == standing["revision"].max():
        return earlier
    news = changed_cells(standing, now).with_columns(
        policy_year=pl.lit(now["policy_year"].item(0)),
        revision=pl.lit(now["revision"].item(0)),
        change=pl.col("value_after").fill_null(0) - pl.col("value_before").fill_null(0),
        causes=pl.col("measure").replace_strict(_causes(changed), return_dtype=pl.List(pl.String)),
        revised_on=pl.lit(today),
    )
    typed = news.select(pl.col(name).cast(dtype) for name, dtype in STATISTICS_REVISIONS.schema.items())
    return pl.concat([earlier, typed]).sort(STATISTICS_REVISIONS.key)


def _causes(changed: Collection[str]) -> dict[str, list[str]]:
    """Measure → the changed tables that it is made from; where none has changed, its definition."""
    return {
        m.name: [s for s in (*sorted(m.sources), TERMS) if s in changed] or [DEFINITION] for m in MEASURES
    }
