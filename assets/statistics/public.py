"""The public copy of the statistics: no cell of few, none dominated, none to be had by subtraction.

A cell goes where the disclosure rule forbids it; where a measure that it would reveal is suppressed
there; where what is left of the measure that it is a part of may not be told; or where a revision
changed it by what may not be told. Then, where the total stays, what total less published cells
leaves is itself judged, and the smallest cells go until that may be told. Two cells that say the
same go together, so all this is repeated until nothing more goes. Last year's values come from last
year's public copy only. A cell without any enterprise is told as zero: it is nobody's figure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import polars as pl

from assets.push.disclosure import contributions as contributed
from assets.push.disclosure import may_be_told
from schemas.measures import ALL, MEASURES, Measure
from schemas.statistics import ANNUAL_STATISTICS, CELL, PUBLIC_STATISTICS

_FIGURES = ("value", "numerator", "denominator", "previous_value")
_SIDES = ("numerator", "denominator")
_PLACE = ("dimension", "member", "uscc")
Cell = tuple[str, str]
_SAME = (("app_bindings", ("total", ALL)), ("services_used", ("service", "app_binding")))
"""Two names of one figure."""


def public_statistics(
    statistics: pl.DataFrame,
    contributions: pl.DataFrame,
    previous: pl.DataFrame | None = None,
    standing: pl.DataFrame | None = None,
    stood: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """PUBLIC_STATISTICS of the revision `statistics`.

    `previous`: the public copy of the year before. `standing` and `stood`: this year's public copy
    and contributions as they were written last; they matter once the year is closed.
    """
    hidden = suppressed(contributions, *_withheld(statistics, standing, stood))
    marks = pl.DataFrame(
        sorted((d, m, measure) for measure, cells in hidden.items() for d, m in cells),
        schema=dict.fromkeys(CELL, pl.String),
        orient="row",
    ).with_columns(is_suppressed=pl.lit(value=True))
    return (
        statistics.join(marks, on=CELL, how="left")
        .with_columns(pl.col("is_suppressed").fill_null(value=False))
        .join(_told_before(previous), on=CELL, how="left")
        .with_columns(pl.when("was_told").then("previous_value").alias("previous_value"))
        .with_columns(pl.when(~pl.col("is_suppressed")).then(pl.col(_FIGURES)))
        .select(PUBLIC_STATISTICS.names)
        .sort(ANNUAL_STATISTICS.key)
    )


def suppressed(
    contributions: pl.DataFrame,
    withheld: Mapping[str, set[Cell]] = MappingProxyType({}),
    revised_from: pl.DataFrame | None = None,
) -> dict[str, set[Cell]]:
    """Measure → the cells (dimension, member) that the public copy leaves out.

    `withheld`: cells that stay out whatever is found. `revised_from`: contributions of the revision
    before, where this is a new one.
    """
    rows = _by_measure(contributions)
    judged = {m.name: _Judged(m, rows) for m in MEASURES}
    hidden = _revised_by_few(rows, revised_from)
    for name, cells in withheld.items():
        hidden[name] |= cells
    while True:
        before = sum(map(len, hidden.values()))
        for measure in MEASURES:
            revealed = {cell for name in measure.of for cell in hidden[name]}
            hidden[measure.name] = judged[measure.name].hide(hidden[measure.name] | revealed)
        _hide_together(hidden)
        if sum(map(len, hidden.values())) == before:
            return hidden


def _withheld(
    statistics: pl.DataFrame, standing: pl.DataFrame | None, stood: pl.DataFrame | None
) -> tuple[dict[str, set[Cell]], pl.DataFrame | None]:
    """What an earlier revision left out stays out, or the next one would tell what it hid."""
    revision = statistics["revision"].max()
    if standing is None or revision == 0:
        return {}, None
    out = standing.filter("is_suppressed", pl.col("revision") > 0)
    cells: dict[str, set[Cell]] = {}
    for dimension, member, measure in out.select(CELL).iter_rows():
        cells.setdefault(measure, set()).add((dimension, member))
    return cells, stood if standing["revision"].max() != revision else None


class _Judged:
    """One measure's rows, and the remainder of what it is a part of, judged cell by cell."""

    def __init__(self, measure: Measure, rows: Mapping[str, pl.DataFrame]) -> None:
        own = rows[measure.name]
        frames = [own]
        if measure.part_of is not None:
            frames.append(_remainder(rows[measure.part_of], own, measure.dimensions))
        self._dimensions = measure.dimensions
        self._frames = [
            {d: frame.filter(pl.col("dimension") == d) for d in measure.dimensions} for frame in frames
        ]
        self._cells = [{d: _told(rows) for d, rows in frame.items()} for frame in self._frames]

    def hide(self, hidden: set[Cell]) -> set[Cell]:
        """Those cells, whatever else may not be told, and what covers them."""
        hidden = hidden | {
            (d, member)
            for cells in self._cells
            for d in self._dimensions
            for member, cell in cells[d].items()
            if not cell.may_be_told
        }
        if ("total", ALL) in hidden:
            return hidden
        for dimension in self._dimensions[1:]:
            members = {m for d, m in hidden if d == dimension}
            hidden |= {(dimension, m) for m in self._covering(dimension, members)}
        return hidden

    def _covering(self, dimension: str, hidden: set[str]) -> set[str]:
        """The hidden members and the smallest others, until together they may be told."""
        hidden = set(hidden)
        cells = self._cells[0][dimension]
        others = sorted(set(cells) - hidden, key=lambda m: (cells[m].enterprises, m))
        frames = [frame[dimension] for frame in self._frames]
        while hidden and others and not all(residual(rows, hidden) for rows in frames):
            hidden.add(others.pop(0))
        return hidden


@dataclass(frozen=True)
class _Told:
    enterprises: int
    may_be_told: bool


def residual(rows: pl.DataFrame, members: Iterable[str]) -> bool:
    """Whether the members of a dimension, taken together, may be told (or are nobody's)."""
    together = rows.filter(pl.col("member").is_in(list(members)))
    judged = _told(together.with_columns(member=pl.lit(ALL)))
    return ALL not in judged or judged[ALL].may_be_told


def _told(rows: pl.DataFrame) -> dict[str, _Told]:
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
        member: _Told(enterprises, numerator and denominator)
        for member, enterprises, numerator, denominator in sums.iter_rows()
    }


def _by_measure(contributions: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = contributions.partition_by("measure", as_dict=True)
    return {m.name: parts.get((m.name,), contributions.clear()) for m in MEASURES}


def _remainder(whole: pl.DataFrame, part: pl.DataFrame, dimensions: Iterable[str]) -> pl.DataFrame:
    """What each enterprise adds to the whole and not to the part, where both have the cell."""
    rows = pl.concat([whole, part.with_columns(-pl.col(side) for side in _SIDES)])
    return (
        rows.filter(pl.col("dimension").is_in(list(dimensions)))
        .group_by(_PLACE, maintain_order=True)
        .agg(pl.col(_SIDES).sum())
    )


def _revised_by_few(
    rows: Mapping[str, pl.DataFrame], revised_from: pl.DataFrame | None
) -> dict[str, set[Cell]]:
    """The cells whose change since the revision before may not be told: both stand in the open."""
    hidden: dict[str, set[Cell]] = {measure.name: set() for measure in MEASURES}
    if revised_from is None:
        return hidden
    before = _by_measure(revised_from)
    for measure in MEASURES:
        change = _remainder(rows[measure.name], before[measure.name], measure.dimensions)
        for dimension in measure.dimensions:
            judged = _told(change.filter(pl.col("dimension") == dimension))
            hidden[measure.name] |= {
                (dimension, member) for member, cell in judged.items() if not cell.may_be_told
            }
    return hidden


def _hide_together(hidden: dict[str, set[Cell]]) -> None:
    if any(cell in hidden[measure] for measure, cell in _SAME):
        for measure, cell in _SAME:
            hidden[measure].add(cell)


def _told_before(previous: pl.DataFrame | None) -> pl.DataFrame:
    """The cells whose value of last year is public."""
    if previous is None:
        return pl.DataFrame(schema={**dict.fromkeys(CELL, pl.String()), "was_told": pl.Boolean()})
    return previous.select(*CELL, was_told=~pl.col("is_suppressed"))
