"""Attacks on the market figures of the push: somebody tries to work another exporter's figure out.

The attackers are exporters of the market who know their own amounts and everything that is told, in
two months running. Some also know the market's exact sums, which customs publishes elsewhere. Each
attack must fail; the same attacks on markets that are not told must find somebody, or they had no teeth.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl
import pytest

from assets.push.disclosure import REMAINDER_PERCENT
from assets.push.exposure import two_years
from assets.push.markets import growing_markets, suggestions
from schemas.table import SUM

MONTHS = ("2025-08", "2025-09")
SOLD_IN = ("2024-07", "2024-08", "2025-07", "2025-08")
"""In turn: past of both pushes; now of the first, past of the second; now of both; now of the second."""
Market = dict[str, list[int]]
"""Exporter → cents in each month of `SOLD_IN`."""


@dataclass
class Tally:
    """Attacks tried, and those that worked."""

    tried: int = 0
    worked: int = 0


def some_market(rng: random.Random) -> Market:
    """Few exporters, of very unequal size, of whom some stay away for months."""

    def amount() -> int:
        return 0 if rng.random() < 0.1 else int(10 ** rng.uniform(2, 6))

    size = [rng.choice((1, 1, 3, 30)) for _ in range(rng.randint(4, 14))]
    return {f"E{n:02d}": [amount() * scale for _ in SOLD_IN] for n, scale in enumerate(size)}


def cells_of(markets: dict[str, Market], month: str) -> pl.LazyFrame:
    """Markets as HS chapters of one country, as a push of the month sees them."""
    rows = [
        (uscc, "VNM", chapter, at, cents)
        for chapter, market in markets.items()
        for uscc, amounts in market.items()
        for at, cents in zip(SOLD_IN, amounts, strict=True)
        if cents
    ]
    names = ("uscc", "trading_country", "hs_chapter", "stat_month")
    schema = {**dict.fromkeys(names, pl.String), "cents": pl.Int64}
    frame = pl.LazyFrame(rows, schema=schema, orient="row")
    usd = (pl.col("cents").cast(pl.Decimal(28, 0)) / pl.lit(100).cast(pl.Decimal(28, 0))).cast(SUM)
    return two_years(month, frame.select(*names, usd.alias("fob_usd")))


def told(markets: dict[str, Market]) -> dict[str, list[tuple[str, int, int]]]:
    """What anybody can read of each market: month, growth, exporters."""
    found: dict[str, list[tuple[str, int, int]]] = {name: [] for name in markets}
    for month in MONTHS:
        rows = growing_markets(cells_of(markets, month), ()).collect()
        for chapter, growth, exporters in rows.select("hs_chapter", "growth", "exporters").iter_rows():
            found[chapter].append((month, growth, exporters))
    return found


def with_sums_known(markets: dict[str, Market], is_told: bool) -> Tally:
    """Own amount off the exact sum of a year: at most so much is anybody else's."""
    tally, figures = Tally(), told(markets)
    for name, market in markets.items():
        if bool(figures[name]) is not is_told:
            continue
        seen = [month for month, _, _ in figures[name]] or list(MONTHS)
        for window in (w for month in seen for w in windows(month)):
            amounts = {uscc: sum(of[i] for i in window) for uscc, of in market.items()}
            for attacker, target in pairs(amounts):
                most = sum(amounts.values()) - amounts[attacker]
                tally.tried += 1
                tally.worked += 100 * (most - amounts[target]) < REMAINDER_PERCENT * amounts[target]
    return tally


def windows(month: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Which of `SOLD_IN` are the year now and the year before of a push."""
    return ((1, 2), (0,)) if month == MONTHS[0] else ((2, 3), (0, 1))


def pairs(amounts: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Everybody against everybody with an amount."""
    return ((a, t) for a in amounts for t in amounts if a != t and amounts[t] > 0)


def with_what_is_told(markets: dict[str, Market]) -> Tally:
    """Every city that would read the same in both months, with the attacker's own amounts as they are.

    Where in one of them the target sold a tenth more or less, the attacker cannot tell.
    """
    tally, figures = Tally(), told(markets)
    others: dict[str, Market] = {}
    for name, market in markets.items():
        amounts = {uscc: sum(of[1:3]) for uscc, of in market.items()}
        for attacker, target in pairs(amounts) if figures[name] else ():
            for n, other in enumerate(other_worlds(market, attacker, target)):
                others[f"{name}/{attacker}/{target}/{n}"] = other
    seen = told(others)
    fooled: dict[str, bool] = {}
    for key in others:
        attack, _, _ = key.rpartition("/")
        fooled[attack] = fooled.get(attack, False) or seen[key] == figures[key.split("/")[0]]
    tally.tried = len(fooled)
    for name, attacker, target in (
        attack.split("/") for attack, is_fooled in fooled.items() if not is_fooled
    ):
        drawn = drawn_worlds(markets[name], attacker, target)
        tally.worked += figures[name] not in told(drawn).values()
    return tally


def other_worlds(market: Market, attacker: str, target: str) -> Iterator[Market]:
    """The target a little over a tenth larger or smaller, with others making up for it or not."""
    thirds = [uscc for uscc in market if uscc not in (attacker, target)]
    for percent in (89, 111, 80, 130):
        moved = [amount * percent // 100 for amount in market[target]]
        yield {**market, target: moved}
        for third in thirds:
            made_up = [
                own + was - now for own, was, now in zip(market[third], market[target], moved, strict=True)
            ]
            if all(amount > 0 for amount in made_up):
                yield {**market, target: moved, third: made_up}


def drawn_worlds(market: Market, attacker: str, target: str) -> dict[str, Market]:
    """Where the worlds above all read otherwise: 3,000 drawn ones, the target off by over a tenth."""
    rng = random.Random(f"{attacker} {target}")
    sold = sum(market[target][1:3])
    worlds: dict[str, Market] = {}
    for n in range(3_000):
        world = {
            uscc: [int(amount * rng.uniform(0.6, 1.6)) for amount in amounts]
            if uscc == target or (uscc != attacker and rng.random() < 0.6)
            else amounts
            for uscc, amounts in market.items()
        }
        if abs(sum(world[target][1:3]) - sold) * 10 > sold:
            worlds[f"w{n}"] = world
    return worlds


def some_markets(seed: int, count: int) -> dict[str, Market]:
    rng = random.Random(seed)
    return {f"m{n:04d}": some_market(rng) for n in range(count)}


@pytest.fixture(scope="module")
def markets() -> dict[str, Market]:
    return some_markets(1, 400)


def test_nobody_works_it_out_from_the_sums(markets: dict[str, Market]) -> None:
    tally = with_sums_known(markets, is_told=True)
    assert (tally.tried > 5_000, tally.worked) == (True, 0), tally


def test_the_attack_has_teeth_where_nothing_is_told(markets: dict[str, Market]) -> None:
    assert with_sums_known(markets, is_told=False).worked > 50


def test_nobody_works_it_out_from_two_months(markets: dict[str, Market]) -> None:
    few = {name: market for name, market in markets.items() if len(market) <= 8}
    tally = with_what_is_told(few)
    assert (tally.tried > 250, tally.worked) == (True, 0), tally


def test_who_is_told_of_a_market_is_not_in_its_figure(markets: dict[str, Market]) -> None:
    """All sell the goods somewhere; told of Vietnam are only those who never sold there."""
    figures = told(markets)
    name = next(n for n, seen in figures.items() if any(month == MONTHS[1] for month, *_ in seen))
    market = markets[name]
    cells = cells_of({name: market}, MONTHS[1])
    outside = cells.filter(pl.col("now") > 0).head(1).with_columns(uscc=pl.lit("OUT"))
    elsewhere = pl.concat([cells, outside]).with_columns(trading_country=pl.lit("USA"))
    growing = growing_markets(cells, ())
    firms = pl.LazyFrame({"uscc": [*market, "OUT"]})
    assert not growing.collect().is_empty()
    found = suggestions(pl.concat([cells, elsewhere]), firms, growing).collect()
    assert found["uscc"].to_list() == ["OUT"]
