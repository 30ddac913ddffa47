"""One policy year as its release has it: the frames that the report shows, and where each came from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal

import polars as pl

from assets.supply.report.due import Release
from schemas.catalogue import TABLES
from schemas.measures import ALL, MEASURES, MEMBERS, Measure
from schemas.terms.loader import PolicyTerms, all_terms, load_terms

Audience = Literal["internal", "public"]
Words = tuple[str, str]
"""Something said in Chinese and in English."""


@dataclass(frozen=True)
class Figure:
    """One cell of the statistics; `is_suppressed`: the public copy leaves it out."""

    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    previous: Decimal | None
    unit: str
    is_suppressed: bool


NOTHING = Figure(None, None, None, None, "", is_suppressed=False)
_FIGURE = ("value", "numerator", "denominator", "previous_value", "unit", "is_suppressed")


@dataclass(frozen=True)
class Year:
    """A policy year for one audience."""

    terms: PolicyTerms
    release: Release
    audience: Audience

    @classmethod
    def of(cls, release: Release, policy_year: int, audience: Audience) -> Year:
        """The year as a release has it."""
        return cls(load_terms(policy_year), release, audience)

    @property
    def year(self) -> int:
        """The policy year."""
        return self.terms.policy_year

    @property
    def statistics_table(self) -> str:
        """The table that this audience's figures come from."""
        return "annual_statistics" if self.audience == "internal" else "public_statistics"

    def rows(self, table: str, key: str | None = None) -> pl.DataFrame:
        """A table's rows of this year (of the one key, of a table that has one); empty where none."""
        file = self.release.file(table, key or str(self.year))
        return TABLES[table].empty() if file is None else pl.read_parquet(file, glob=False)

    @cached_property
    def statistics(self) -> pl.DataFrame:
        """The revision in force."""
        return self._in_force(self.year)

    @cached_property
    def figures(self) -> dict[tuple[str, str, str], Figure]:
        """(dimension, member, measure) → figure."""
        rows = self.statistics.select("dimension", "member", "measure", *_FIGURE).iter_rows()
        return {(d, m, measure): Figure(*rest) for d, m, measure, *rest in rows}

    def figure(self, measure: str, dimension: str = "total", member: str = ALL) -> Figure:
        """One figure; one without a value where the table has none."""
        return self.figures.get((dimension, member, measure), NOTHING)

    def members(self, dimension: str, by: str) -> list[str]:
        """The members of a dimension: in their own order where it has one, else the largest first."""
        found = {m for d, m, _ in self.figures if d == dimension}
        if dimension == "take_up_month":
            return sorted(found)
        fixed = MEMBERS.get(dimension)
        if fixed is not None:
            return [m for m in fixed if m in found] + sorted(found - set(fixed))
        return sorted(found, key=lambda m: (-(self.figure(by, dimension, m).value or 0), m))

    @cached_property
    def measures(self) -> tuple[Measure, ...]:
        """The measures that this year has."""
        return tuple(m for m in MEASURES if ("total", ALL, m.name) in self.figures)

    @cached_property
    def revision(self) -> int:
        """The revision in force."""
        return int(self.statistics["revision"].max() or 0)  # type: ignore[arg-type]

    @cached_property
    def status(self) -> str:
        """Provisional or final."""
        return str(self.statistics["status"].item(0))

    def is_provisional(self, year: int) -> bool:
        """Whether the figures of a year are."""
        return "provisional" in self._in_force(year)["status"]

    @cached_property
    def as_of(self) -> str:
        """The day of the figures: of the public copy, else of the release."""
        if self.audience == "internal":
            return self.release.made_at[:10]
        return str(self.statistics["as_of"].item(0))

    @cached_property
    def totals_of_years(self) -> dict[int, dict[str, Figure]]:
        """Policy year, up to this one → measure → total."""
        found = {}
        for year in (t.policy_year for t in all_terms() if t.policy_year <= self.year):
            rows = self._in_force(year).filter(pl.col("dimension") == "total")
            if rows.height:
                totals = rows.select("measure", *_FIGURE).iter_rows()
                found[year] = {measure: Figure(*rest) for measure, *rest in totals}
        return found

    @cached_property
    def edition(self) -> int | None:
        """The edition in force, else the newest that was published."""
        editions = self.rows("roster_editions").sort("edition")
        confirmed = editions.filter(pl.col("status") == "confirmed")
        known = confirmed if confirmed.height else editions.filter(pl.col("published_on").is_not_null())
        return None if known.is_empty() else int(known["edition"].item(-1))

    @cached_property
    def roster(self) -> pl.DataFrame:
        """The lines of that edition in order of serial."""
        return self.rows("roster").filter(pl.col("edition") == self.edition).sort("serial")

    def deliveries(self) -> Iterator[tuple[str, int, str]]:
        """Source, rows and moment of every file that the record of runs knows."""
        path = self.release.folder / "runs.parquet"
        if not path.exists():
            return
        for started, inputs in pl.read_parquet(path, glob=False).select("started_at", "inputs").iter_rows():
            for name, about in json.loads(inputs).items():
                yield name.split("/")[0], int(about["rows"]), started.isoformat()

    def _in_force(self, year: int) -> pl.DataFrame:
        rows = self.rows(self.statistics_table, str(year))
        if "is_suppressed" not in rows.columns:
            rows = rows.with_columns(is_suppressed=pl.lit(value=False))
        return rows.filter(pl.col("revision") == pl.col("revision").max())
