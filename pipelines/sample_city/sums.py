"""The city's own arithmetic: exports a year as known on the day a roster was published, and when an
enterprise sold to its first market.

Needed for the lists that were published before the system ran, and for losses that something was
shipped for. Exact integers throughout; written
from the contract alone, so that it can disagree with the product.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.sample_city import calendar, codes, rates
from pipelines.sample_city.declarations import NONE, PERCENT, Batch, Stages
from pipelines.sample_city.plan import City

Numbers = NDArray[Any]
Part = tuple[int, Numbers, Numbers]
DENOMINATOR: Final = rates.SCALE * 10**6


class KnownExports:
    """Cents by enterprise and export year, as known when that year's roster came out."""

    def __init__(self, city: City) -> None:
        """Start at zero for every export year that had a roster within the city's years."""
        self.years = range(city.first_year, city.last_year)
        self.cents = {year: np.zeros(city.enterprises, np.int64) for year in self.years}
        self._horizon = calendar.horizon(city.last_year)
        self._sold: dict[int, set[int]] = {}

    def parts(self, stages: Stages, month: int) -> list[Part]:
        """What the declarations of one declared month add to the years they may belong to."""
        years = [y for y in (month // 12, month // 12 + 1) if y in self.years]
        if not years:
            return []
        original = declared_fob(stages.first, month)
        amended = declared_fob(stages.amendment, month)
        return [(year, *_known(stages, original, amended, year)) for year in years]

    def add(self, parts: list[Part]) -> None:
        """Add what `parts` found."""
        for year, firm, cents in parts:
            np.add.at(self.cents[year], firm, cents)

    def sellers(self, stages: Stages, first_market: Numbers) -> Numbers:
        """The enterprises that declared something to their first market that counts in the end."""
        first = stages.first
        counts = (first.mode < len(codes.COUNTING_MODES)) & (first.arrival != NONE)
        counts &= (first.trading == first_market[first.firm]) & (first.updated < self._horizon)
        counts[stages.of["withdrawal"]] = False
        return np.unique(first.firm[counts])

    def add_sellers(self, month: int, firms: Numbers) -> None:
        """Remember who sold to their first market in a declared month."""
        self._sold.setdefault(month, set()).update(firms.tolist())

    def months_sold(self, firm: int, months: range) -> list[int]:
        """The months, of these, in which an enterprise declared exports to its first market."""
        return [month for month in months if firm in self._sold.get(month, ())]


def _known(stages: Stages, original: Numbers, amended: Numbers, year: int) -> tuple[Numbers, Numbers]:
    """Enterprise and cents of every declaration that counted in a year, at its roster's date."""
    cutoff = calendar.shanghai_end(calendar.published_on(year + 1))
    first = stages.first
    cents = np.where(first.updated < cutoff, original, 0)
    settled: Numbers = np.where(first.closed == NONE, first.released, first.closed)
    for name in ("closing", "amendment", "withdrawal"):
        batch: Batch = getattr(stages, name)
        seen = np.flatnonzero(batch.updated < cutoff)
        at = stages.of[name][seen]
        settled[at] = batch.closed[seen]
        if name == "amendment":
            cents[at] = amended[seen]
        if name == "withdrawal":
            cents[at] = 0
    of_year = settled.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    counted = np.flatnonzero(of_year == year)
    return first.firm[counted], cents[counted]


def declared_fob(batch: Batch, month: int) -> Numbers:
    """FOB in cents of each declaration; 0 where it does not count."""
    if batch.versions == 0:
        return np.zeros(0, np.int64)
    counting = (batch.mode < len(codes.COUNTING_MODES)) & (batch.arrival != NONE)
    firsts = np.cumsum(batch.lines) - batch.lines
    stated = batch.stat[firsts] != NONE
    total = np.add.reduceat(batch.stat, firsts)
    total = np.where(counting & stated, total, 0)
    computed = np.flatnonzero(counting & ~stated)
    if len(computed):
        total[computed] = _computed_fob(batch.take(computed), month)
    return total


def _computed_fob(batch: Batch, month: int) -> Numbers:
    """Amount less what the delivery terms say, line by line, half-up once."""
    table = np.array([rates.best_usd_e10(month, c) for c in range(len(codes.CURRENCIES))], object)
    firsts = np.cumsum(batch.lines) - batch.lines
    spread = np.repeat(np.arange(batch.versions), batch.lines)
    amount = batch.amount.astype(object)
    weight = np.add.reduceat(batch.amount, firsts).astype(object)[spread]
    rate = table[batch.currency][spread]
    net = amount * rate * weight * 10**6
    fees = (
        (batch.freight_mark, batch.freight, batch.freight_currency),
        (batch.insurance_mark, batch.insurance, batch.currency),
    )
    for mark, fee, currency in fees:
        fee_e4 = np.where(mark == NONE, 0, fee).astype(object)[spread]
        percent = fee_e4 * amount * rate * weight
        shared = fee_e4 * amount * table[currency][spread] * 10**4
        net = net - np.where((mark == PERCENT)[spread], percent, shared)
    denominator = weight * DENOMINATOR
    cents = ((2 * net + denominator) // (2 * denominator)).astype(np.int64)
    return np.add.reduceat(cents, firsts)
