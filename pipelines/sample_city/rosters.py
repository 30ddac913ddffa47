"""The lists that were published before the system ran, and who was eligible for each year.

Editions exist for the sample's policy years up to 2024; the year 2025 is the system's own to
publish, so only its eligible enterprises are worked out here, for the policies that follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from pipelines.sample_city import calendar, codes, registry
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plan import Plan
from pipelines.sample_city.sums import KnownExports

THRESHOLD_CENTS: Final = 800_000_000
LAST_PUBLISHED_YEAR: Final = 2024
SECOND_EDITION: Final = (2024, date(2024, 9, 2), date(2024, 9, 12))
_ORDER: Final = {d.name: i for i, d in enumerate(codes.DISTRICTS)}


@dataclass(frozen=True)
class Listed:
    """One line of a list; `firm` is the position in the plan, none for a planted enterprise."""

    uscc: str
    name: str
    district: str
    firm: int | None = None


Eligible = dict[int, list[Listed]]


def eligible_by_year(plan: Plan, known: KnownExports) -> Eligible:
    """Who was eligible for each policy year, on its publication date."""
    return {year + 1: _eligible(plan, known, year) for year in known.years}


def _eligible(plan: Plan, known: KnownExports, export_year: int) -> list[Listed]:
    on = calendar.published_on(export_year + 1)
    lines = []
    for firm, cents in enumerate(known.cents[export_year].tolist()):
        if not 0 < cents <= THRESHOLD_CENTS:
            continue
        facts = registry.facts(plan, firm, on)
        if facts.in_city and not facts.deregistered:
            lines.append(Listed(plan.uscc[firm], facts.name, facts.district, firm))
    return lines


def published_rows(eligible: Eligible, planted: dict[tuple[int, int], list[Listed]]) -> list[Row]:
    """The rows of `published_rosters`; the planted lines join the edition that they name."""
    rows: list[Row] = []
    for year in sorted(y for y in eligible if y <= LAST_PUBLISHED_YEAR):
        lines = eligible[year] + planted.get((year, 1), [])
        confirmed = calendar.confirmed_on(year)
        rows += _edition(year, 1, lines, calendar.published_on(year), confirmed)
        if (year, 2) in planted:
            second = eligible[year] + planted[year, 2]
            _, published, confirmed = SECOND_EDITION
            rows += _edition(year, 2, second, published, confirmed)
    return rows


def _edition(year: int, edition: int, lines: list[Listed], published: date, confirmed: date) -> list[Row]:
    ordered = sorted(lines, key=lambda line: (_ORDER[line.district], line.uscc))
    return [
        {
            "policy_year": str(year),
            "edition": str(edition),
            "serial": str(serial),
            "uscc": line.uscc,
            "enterprise_name": line.name,
            "district": line.district,
            "published_on": published.isoformat(),
            "confirmed_on": confirmed.isoformat(),
            "updated_at": calendar.stamp(confirmed),
        }
        for serial, line in enumerate(ordered, start=1)
    ]
