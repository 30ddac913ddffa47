"""Customs declarations by the month: numbers only, every version of every declaration.

One call makes the declarations of one month and one chunk of enterprises, from a random stream of
its own, so neither the number of threads nor the size of the city changes what a chunk holds.
How a version looks as text is the business of `rendering`; which enterprises there are, of `plan`.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.sample_city import calendar, codes, rates
from pipelines.sample_city.plan import GOODS_A_FIRM, MARKETS_A_FIRM, City, Plan

Numbers = NDArray[Any]

NONE: Final = -1
RELEASED_FIRST: Final = 0.05
AMENDED: Final = 0.015
WITHDRAWN: Final = 0.005
DUPLICATED: Final = 0.001
CLOSED_LATE: Final = 0.003
WITHOUT_STAT_VALUE: Final = 0.06
SEQUENCES_A_CHUNK: Final = 100_000
PERCENT, TOTAL = 1, 3


@dataclass(frozen=True)
class Batch:
    """Versions of declarations and, one after the other, the lines of each version."""

    number: Numbers
    firm: Numbers
    trading: Numbers
    arrival: Numbers
    mode: Numbers
    terms: Numbers
    currency: Numbers
    freight_mark: Numbers
    freight: Numbers
    freight_currency: Numbers
    insurance_mark: Numbers
    insurance: Numbers
    declared: Numbers
    exported: Numbers
    released: Numbers
    closed: Numbers
    revision: Numbers
    status: Numbers
    updated: Numbers
    arrives: Numbers
    lines: Numbers
    goods: Numbers
    destination: Numbers
    amount: Numbers
    stat: Numbers

    @property
    def versions(self) -> int:
        """How many versions there are."""
        return len(self.number)

    @property
    def rows(self) -> int:
        """How many lines all versions have together."""
        return len(self.amount)

    def take(self, which: Numbers) -> Batch:
        """The versions at these positions, with their lines."""
        starts = np.cumsum(self.lines) - self.lines
        counts = self.lines[which]
        first = np.cumsum(counts) - counts
        rows = np.repeat(starts[which] - first, counts) + np.arange(counts.sum())
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return Batch(**{k: v[rows] if k in LINE_FIELDS else v[which] for k, v in values.items()})

    def replace(self, **values: Numbers) -> Batch:
        """The same batch with other values in some fields."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        return Batch(**(kept | values))


LINE_FIELDS: Final = frozenset({"goods", "destination", "amount", "stat"})


def concat(batches: list[Batch]) -> Batch:
    """Several batches as one."""
    return Batch(**{f.name: np.concatenate([getattr(b, f.name) for b in batches]) for f in fields(Batch)})


@dataclass(frozen=True)
class Stages:
    """What happens to the declarations of a batch, each stage later than the one before."""

    first: Batch
    closing: Batch
    amendment: Batch
    withdrawal: Batch
    of: dict[str, Numbers]
    """Stage name → positions of its declarations in `first`."""


def make_stages(city: City, plan: Plan, month: int, chunk: int) -> Stages | None:
    """All versions that the declarations of a month and a chunk will ever have."""
    rng = np.random.Generator(np.random.PCG64([city.seed, month, chunk + 1]))
    start, stop = plan.chunks[chunk]
    growth = 1 + 0.06 * (month // 12 - city.first_year)
    counts = rng.poisson(plan.declarations_a_month[start:stop])
    n = int(counts.sum())
    if n == 0:
        return None
    firm = np.repeat(np.arange(start, stop, dtype=np.int32), counts)
    base = _first_versions(rng, city, plan, month, chunk, firm, growth)
    return _later_versions(rng, base)


def _first_versions(
    rng: np.random.Generator,
    city: City,
    plan: Plan,
    month: int,
    chunk: int,
    firm: Numbers,
    growth: float,
) -> Batch:
    n = len(firm)
    days = calendar.first_day(month + 1) - calendar.first_day(month)
    declared = (calendar.first_day(month) + rng.integers(0, days, n)).astype(np.int32)
    offices = np.array([int(o) for o in codes.OFFICES], dtype=np.int64)
    sequence = (month % 12 + 1) * 10_000_000 + chunk * SEQUENCES_A_CHUNK + np.arange(n)
    number = (offices[firm % len(offices)] * 10_000 + month // 12) * 10**10 + sequence
    released = declared + rng.integers(0, 3, n, dtype=np.int32)
    lag = np.minimum(rng.geometric(0.16, n), 45).astype(np.int32)
    late = rng.random(n) < CLOSED_LATE
    closed = released + lag + np.where(late, rng.integers(40, 150, n, dtype=np.int32), 0)
    released_first = (rng.random(n) < RELEASED_FIRST) | late
    market = plan.markets[firm, rng.integers(0, MARKETS_A_FIRM, n)].astype(np.int16)
    own = rng.random(n) < 0.8
    currency = np.where(own, plan.currency[firm], 0).astype(np.int8)
    terms = _pick(rng, codes.DELIVERY_WEIGHTS, n)
    mode = _pick(rng, codes.MODE_WEIGHTS, n)
    most = 2 * city.lines_per_declaration - 1
    lines = rng.integers(1, most + 1, n, dtype=np.int32)
    return _with_money(
        rng,
        city,
        plan,
        month,
        growth,
        {
            "number": number,
            "firm": firm,
            "trading": market,
            "arrival": np.where(rng.random(n) < 0.004, np.int16(NONE), market),
            "mode": mode,
            "terms": terms,
            "currency": currency,
            "declared": declared,
            "exported": np.minimum(declared + 1, released),
            "released": released,
            "closed": np.where(released_first, np.int32(NONE), closed),
            "revision": np.zeros(n, np.int8),
            "status": np.where(released_first, codes.RELEASED, codes.CLOSED).astype(np.int8),
            "updated": _seconds(rng, np.where(released_first, released, closed)),
            "lines": lines,
        },
        closed,
    )


def _with_money(
    rng: np.random.Generator,
    city: City,
    plan: Plan,
    month: int,
    growth: float,
    head: dict[str, Numbers],
    closes: Numbers,
) -> Batch:
    """Add lines, amounts, fees and customs' own values to the heads of declarations."""
    firm, lines, currency, terms = head["firm"], head["lines"], head["currency"], head["terms"]
    line_firm = np.repeat(firm, lines)
    rows = len(line_firm)
    lines_a_year = plan.declarations_a_month * 12 * city.lines_per_declaration
    mean_cents = plan.annual_usd / lines_a_year * 100 * growth
    noise = np.exp(0.8 * rng.standard_normal(rows, dtype=np.float32) - 0.32)
    usd = np.maximum(np.rint(mean_cents[line_firm] * noise), 100).astype(np.int64)
    per_unit = _rates_e6(month)
    rate = per_unit[currency]
    line_rate = np.repeat(rate, lines)
    amount = usd * 1_000_000 // line_rate + 1
    total = np.add.reduceat(amount, np.cumsum(lines) - lines)
    percent = rng.random(len(firm)) < 0.4
    in_dollars = (rng.random(len(firm)) < 0.5) & (currency != 0)
    fee_share = rng.integers(100, 500, len(firm))
    fee_rate = np.where(in_dollars, 1_000_000, rate)
    fee = total * fee_share // 10_000
    freight = np.where(percent, fee_share * 100, fee * rate // fee_rate * 100)
    insurance = np.where(percent, 3000, total * 30 // 10_000 * 100)
    has_freight = np.isin(terms, [_TERM["1"], _TERM["2"]])
    has_insurance = np.isin(terms, [_TERM["1"], _TERM["4"]])
    net = 10_000 - np.where(has_freight, fee_share, 0) - np.where(has_insurance, 30, 0)
    stat = amount * line_rate // 1_000_000 * np.repeat(net, lines) // 10_000
    plain = ~(has_freight | has_insurance) & (currency == 0)
    stat = np.where(np.repeat(plain, lines), amount, stat)
    without = rng.random(len(firm)) < WITHOUT_STAT_VALUE
    mark = np.where(percent, PERCENT, TOTAL).astype(np.int8)
    destination = np.repeat(head["trading"], lines)
    goods = plan.goods[line_firm, rng.integers(0, GOODS_A_FIRM, rows)].astype(np.int16)
    return Batch(
        **head,
        freight_mark=np.where(has_freight, mark, np.int8(NONE)),
        freight=np.where(has_freight, freight, NONE),
        freight_currency=np.where(in_dollars, np.int8(0), currency),
        insurance_mark=np.where(has_insurance, mark, np.int8(NONE)),
        insurance=np.where(has_insurance, insurance, NONE),
        arrives=closes,
        goods=goods,
        destination=destination,
        amount=amount,
        stat=np.where(np.repeat(without, lines), NONE, stat),
    )


def _later_versions(rng: np.random.Generator, base: Batch) -> Stages:
    """Closings, amendments and withdrawals; `base.arrives` still holds the day of closing."""
    n = base.versions
    closes = base.arrives
    closing_at = np.flatnonzero(base.status == codes.RELEASED)
    amended_at = np.flatnonzero(rng.random(n) < AMENDED)
    withdrawn_at = np.flatnonzero(rng.random(n) < WITHDRAWN)
    closing = base.take(closing_at)
    closed_on = closes[closing_at]
    closing = closing.replace(
        closed=closed_on,
        status=np.full(len(closing_at), codes.CLOSED, np.int8),
        updated=np.maximum(_seconds(rng, closed_on), closing.updated + 60),
    )
    settled = base.updated.copy()
    settled[closing_at] = closing.updated
    amendment = base.take(amended_at)
    factor = np.repeat(rng.integers(900, 1101, len(amended_at)), amendment.lines)
    amount, stat = amendment.amount * factor // 1000, amendment.stat * factor // 1000
    amendment = amendment.replace(
        closed=closes[amended_at].astype(np.int32),
        revision=np.ones(len(amended_at), np.int8),
        status=np.full(len(amended_at), codes.CLOSED, np.int8),
        updated=settled[amended_at] + rng.integers(1, 200, len(amended_at)) * 86_400,
        amount=amount,
        stat=np.where(amendment.stat == NONE, NONE, stat),
    )
    settled[amended_at] = amendment.updated
    latest = np.full(n, NONE)
    latest[amended_at] = np.arange(len(amended_at))
    withdrawal = _withdrawn(rng, base, amendment, closes, withdrawn_at, latest, settled)
    return Stages(
        first=base.replace(arrives=arrival_months(base.updated)),
        closing=closing.replace(arrives=arrival_months(closing.updated)),
        amendment=amendment.replace(arrives=arrival_months(amendment.updated)),
        withdrawal=withdrawal.replace(arrives=arrival_months(withdrawal.updated)),
        of={"closing": closing_at, "amendment": amended_at, "withdrawal": withdrawn_at},
    )


def _withdrawn(
    rng: np.random.Generator,
    base: Batch,
    amendment: Batch,
    closes: Numbers,
    at: Numbers,
    latest: Numbers,
    settled: Numbers,
) -> Batch:
    """Tombstones at the revision that they strike out."""
    of_base = base.take(at)
    was_amended = np.flatnonzero(latest[at] != NONE)
    amended = amendment.take(latest[at][was_amended])
    rows = np.repeat(latest[at] != NONE, of_base.lines)
    amount, stat, revision = of_base.amount, of_base.stat, of_base.revision.copy()
    amount, stat = amount.copy(), stat.copy()
    amount[rows], stat[rows] = amended.amount, amended.stat
    revision[was_amended] = amended.revision
    return of_base.replace(
        closed=closes[at].astype(np.int32),
        revision=revision,
        status=np.full(len(at), codes.WITHDRAWN, np.int8),
        updated=settled[at] + rng.integers(1, 120, len(at)) * 86_400 + 3600,
        amount=amount,
        stat=stat,
    )


def arriving(city: City, stages: Stages, month: int, chunk: int) -> Batch:
    """Every version up to the horizon, and the few that are delivered twice."""
    rng = np.random.Generator(np.random.PCG64([city.seed, month, chunk + 1, 1]))
    versions = concat([stages.first, stages.closing, stages.amendment, stages.withdrawal])
    again = np.flatnonzero(rng.random(versions.versions) < DUPLICATED)
    twice = versions.take(again)
    twice = twice.replace(arrives=twice.arrives + rng.integers(0, 2, len(again)))
    everything = concat([versions, twice])
    known = everything.updated < calendar.horizon(city.last_year)
    last = calendar.month(city.last_year + 1, 1)
    everything = everything.replace(arrives=np.minimum(everything.arrives, last))
    return everything if known.all() else everything.take(np.flatnonzero(known))


def arrival_months(updated: Numbers) -> Numbers:
    """The Shanghai months of moments in UTC."""
    moments = (updated + calendar.SHANGHAI_SECONDS).astype("datetime64[s]")
    return moments.astype("datetime64[M]").astype(np.int64).astype(np.int32) + 1970 * 12


def _seconds(rng: np.random.Generator, days: Numbers) -> Numbers:
    """A moment on the Shanghai day after, in whole minutes."""
    minutes = rng.integers(0, 20 * 60, len(days), dtype=np.int64)
    return (days.astype(np.int64) + 1) * 86_400 + minutes * 60 - calendar.SHANGHAI_SECONDS


def _pick(rng: np.random.Generator, weights: tuple[int, ...], n: int) -> Numbers:
    edges = np.cumsum(np.array(weights)) / sum(weights)
    return np.searchsorted(edges, rng.random(n), side="right").astype(np.int8)


def _rates_e6(month: int) -> Numbers:
    currencies = range(len(codes.CURRENCIES))
    return np.array([rates.best_usd_e10(month, c) // 10_000 for c in currencies], np.int64)


_TERM: Final = {term: i for i, term in enumerate(codes.DELIVERY_TERMS)}
