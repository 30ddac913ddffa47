"""The public copy of the statistics: no cell of few, none dominated, none to be had by subtraction.

What a reader can work out is a list of differences: a measure itself, a whole less its part, and each
of these between this copy and an earlier one. A cell goes where one of them may not be told there, or
where a measure that it would reveal is suppressed. Then, where the total stays, what total less
published cells leaves is judged in each of them, and the smallest cells go until all that may be told.
Two cells that say the same go together, so this is repeated until nothing more goes. Last year's values
come from last year's public copy only. A cell without any enterprise is told as zero: it is nobody's.

A copy is made on fixed days and stands in between; which copies there were is kept, with what each
enterprise added to them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.push.disclosure import contributions as contributed
from assets.push.disclosure import may_be_told
from schemas.measures import ALL, MEASURES, PUBLIC_FROM_MONTHS, Measure
from schemas.statistics import (
    ANNUAL_STATISTICS,
    CELL,
    PUBLIC_CONTRIBUTIONS,
    PUBLIC_STATISTICS,
)

_FIGURES = ("value", "numerator", "denominator")
_SIDES = ("numerator", "denominator")
_PLACE = ("dimension", "member", "uscc")
Cell = tuple[str, str]
_TOTAL: Cell = ("total", ALL)
_SAME = (("app_bindings", _TOTAL), ("services_used", ("service", "app_binding")))
"""Two names of one figure."""


def renewed_on(today: date) -> date:
    """The last day, today included, from which the public copy is another one."""
    return max(day for year in (today.year - 1, today.year) for day in _days(year) if day <= today)


def renewed_next(today: date) -> date:
    """The next such day."""
    return min(day for year in (today.year, today.year + 1) for day in _days(year) if day > today)


def public_statistics(
    statistics: pl.DataFrame,
    contributions: pl.DataFrame,
    as_of: date,
    previous: pl.DataFrame | None = None,
    told: pl.DataFrame | None = None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """PUBLIC_STATISTICS of the revision `statistics` as of a day, and PUBLIC_CONTRIBUTIONS with it.

    `contributions` is what the revision was summed from (assets.statistics.annual.CONTRIBUTIONS);
    `previous` the public copy of the year before; `told` the PUBLIC_CONTRIBUTIONS so far.
    """
    earlier = PUBLIC_CONTRIBUTIONS.empty() if told is None else told
    hidden = suppressed(contributions, _copies(earlier))
    marks = pl.DataFrame(
        sorted((d, m, measure) for measure, cells in hidden.items() for d, m in cells),
        schema=dict.fromkeys(CELL, pl.String),
        orient="row",
    ).with_columns(is_suppressed=pl.lit(value=True))
    day, marked = pl.lit(as_of), pl.col("is_suppressed").fill_null(value=False)
    copy = (
        statistics.join(marks, on=CELL, how="left")
        .drop("previous_value")
        .join(_told_before(previous), on=CELL, how="left")
        .with_columns(marked, as_of=day)
        .with_columns(pl.when(~pl.col("is_suppressed")).then(pl.col(*_FIGURES, "previous_value")))
        .select(PUBLIC_STATISTICS.names)
        .sort(ANNUAL_STATISTICS.key)
    )
    added = contributions.join(marks, on=CELL, how="left").with_columns(
        marked, as_of=day, policy_year=pl.lit(statistics["policy_year"].item(0))
    )
    kept = pl.concat([earlier, added.select(earlier.columns).cast(earlier.schema)])
    return copy, kept.sort(PUBLIC_CONTRIBUTIONS.key)


@dataclass(frozen=True)
class Copy:
    """An earlier public copy by measure: what each enterprise added, and the cells left out."""

    rows: Mapping[str, pl.DataFrame]
    hidden: Mapping[str, set[Cell]]


def suppressed(contributions: pl.DataFrame, copies: Sequence[Copy] = ()) -> dict[str, set[Cell]]:
    """Measure → the cells (dimension, member) that the public copy leaves out."""
    rows = _by_measure(contributions)
    differences = {
        m.name: [_Difference.of(m, *known) for known in _differences(m, rows, copies)] for m in MEASURES
    }
    hidden: dict[str, set[Cell]] = {m.name: set() for m in MEASURES}
    while True:
        before = sum(map(len, hidden.values()))
        for measure in MEASURES:
            revealed = {cell for name in measure.of for cell in hidden[name]}
            hidden[measure.name] = _hide(measure, differences[measure.name], hidden[measure.name] | revealed)
        _hide_together(hidden)
        if sum(map(len, hidden.values())) == before:
            return hidden


def _days(year: int) -> tuple[date, ...]:
    return tuple(date(year, month, 1) for month in PUBLIC_FROM_MONTHS)


def _copies(told: pl.DataFrame) -> list[Copy]:
    """The earlier copies, the first one first."""
    found = []
    for _, rows in sorted(told.partition_by("as_of", as_dict=True).items()):
        hidden: dict[str, set[Cell]] = {m.name: set() for m in MEASURES}
        for dimension, member, measure in rows.filter("is_suppressed").select(CELL).unique().iter_rows():
            hidden.setdefault(measure, set()).add((dimension, member))
        found.append(Copy(_by_measure(rows), hidden))
    return found


def _differences(
    measure: Measure, now: Mapping[str, pl.DataFrame], copies: Iterable[Copy]
) -> Iterator[tuple[pl.DataFrame, set[Cell]]]:
    """The rows of each difference that this measure's cells let a reader work out, and the cells of it
    that an earlier copy left out: there nothing can be worked out.
    """
    own, whole, dimensions = now[measure.name], measure.part_of, measure.dimensions
    yield own, set()
    if whole is not None:
        yield _less(now[whole], own, dimensions), set()
    for copy in copies:
        yield _less(own, copy.rows[measure.name], dimensions), copy.hidden[measure.name]
        if whole is not None:
            yield _less(copy.rows[whole], own, dimensions), copy.hidden[whole]
        for part in (m for m in MEASURES if m.part_of == measure.name):
            yield _less(own, copy.rows[part.name], part.dimensions), copy.hidden[part.name]


@dataclass(frozen=True)
class _Told:
    enterprises: int
    may_be_told: bool


@dataclass(frozen=True)
class _Difference:
    """One difference, judged: its rows and cells by dimension, and the cells where it is not known."""

    rows: Mapping[str, pl.DataFrame]
    cells: Mapping[str, Mapping[str, _Told]]
    unknown: set[Cell]

    @classmethod
    def of(cls, measure: Measure, rows: pl.DataFrame, unknown: set[Cell]) -> _Difference:
        """Judge every cell."""
        parts = {d: rows.filter(pl.col("dimension") == d) for d in measure.dimensions}
        return cls(parts, {d: _told(part) for d, part in parts.items()}, unknown)

    def forbidden(self) -> set[Cell]:
        """The cells in which it may not be told."""
        return {
            (dimension, member)
            for dimension, cells in self.cells.items()
            for member, cell in cells.items()
            if not cell.may_be_told
        } - self.unknown

    def leaves(self, dimension: str, hidden: set[str]) -> bool:
        """Whether total less known cells may be told, with those members hidden; true if nobody's."""
        members = hidden | {m for d, m in self.unknown if d == dimension}
        return not members or _TOTAL in self.unknown or residual(self.rows[dimension], members)


def _hide(measure: Measure, differences: Sequence[_Difference], hidden: set[Cell]) -> set[Cell]:
    """Those cells, whatever else may not be told, and what covers them."""
    hidden = hidden.union(*(difference.forbidden() for difference in differences))
    if _TOTAL in hidden:
        return hidden
    for dimension in measure.dimensions[1:]:
        members = {m for d, m in hidden if d == dimension}
        hidden |= {(dimension, m) for m in _covering(differences, dimension, members)}
    return hidden


def _covering(differences: Sequence[_Difference], dimension: str, hidden: set[str]) -> set[str]:
    """The hidden members and the smallest others, until what is left of every difference may be told."""
    own = differences[0].cells[dimension]
    empty = {m for difference in differences for m in difference.cells[dimension]} - set(own)
    others = [*sorted(own, key=lambda m: (own[m].enterprises, m)), *sorted(empty)]
    remaining = [m for m in others if m not in hidden]
    while remaining and not all(difference.leaves(dimension, hidden) for difference in differences):
        hidden = {*hidden, remaining.pop(0)}
    return hidden


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
    parts = contributions.select(*_PLACE, *_SIDES, "measure").partition_by(
        "measure", as_dict=True, include_key=False
    )
    nothing = contributions.select(*_PLACE, *_SIDES).clear()
    return {m.name: parts.get((m.name,), nothing) for m in MEASURES}


def _less(minuend: pl.DataFrame, subtrahend: pl.DataFrame, dimensions: Iterable[str]) -> pl.DataFrame:
    """What each enterprise adds to the one and not to the other, in those dimensions."""
    rows = pl.concat([minuend, subtrahend.with_columns(-pl.col(side) for side in _SIDES)])
    return (
        rows.filter(pl.col("dimension").is_in(list(dimensions)))
        .group_by(_PLACE, maintain_order=True)
        .agg(pl.col(_SIDES).sum())
    )


def _hide_together(hidden: dict[str, set[Cell]]) -> None:
    if any(cell in hidden[measure] for measure, cell in _SAME):
        for measure, cell in _SAME:
            hidden[measure].add(cell)


def _told_before(previous: pl.DataFrame | None) -> pl.DataFrame:
    """The values of last year that are public, as previous_value."""
    rows = PUBLIC_STATISTICS.empty() if previous is None else previous
    return rows.filter(~pl.col("is_suppressed")).select(*CELL, previous_value="value")
