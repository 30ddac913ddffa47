"""Who is in the city: enterprises, their sizes, their markets and goods.

Sizes are the quantiles of one lognormal law (sigma 2.5), so that about 90 % of the exporters stay
at or under USD 8M a year with 10-12 % of the value, whatever the seed. What an enterprise declares
in a month is made in `declarations`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.sample_city import codes

Ints = NDArray[np.int64]

SIGMA: Final = 2.5
EIGHT_MILLION: Final = 8_000_000.0
DECLARATIONS_A_CHUNK: Final = 30_000
USCC_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
ALPHANUMERIC: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MARKETS_A_FIRM: Final = 6
GOODS_A_FIRM: Final = 4


@dataclass(frozen=True)
class City:
    """Parameters of a sample city; the same parameters always give the same bytes."""

    enterprises: int = 2000
    seed: int = 1
    first_year: int = 2021
    last_year: int = 2025
    declarations_per_enterprise: int = 126
    lines_per_declaration: int = 4
    plant: bool = True
    plants: int = 1
    """How often every status, code and finding of policies and claims is planted."""
    refused: bool = False
    """Also files that are refused whole; a night over them ends with a no."""
    oecd_history: bool = False
    """The OECD's real ratings of 1999-2022 instead of invented ones."""

    def __post_init__(self) -> None:
        """Refuse a city that cannot be made."""
        if self.enterprises < 1 or self.declarations_per_enterprise < 1:
            raise ValueError("a city needs at least one enterprise and one declaration a year")
        if self.plants < 1:
            raise ValueError("plants must be at least 1; plant=False plants nothing")
        if not 1 <= self.lines_per_declaration <= 40:
            raise ValueError("lines_per_declaration must be from 1 to 40")
        if not 2000 <= self.first_year <= self.last_year <= 2090:
            raise ValueError("first_year must not be after last_year, both from 2000 to 2090")

    def parameters(self) -> dict[str, int | bool]:
        """The parameters as plain values, for `city.json`."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """The enterprises of a city, one position each in every array."""

    uscc: list[str]
    customs_code: list[str]
    name: list[str]
    district: Ints
    elsewhere: Ints
    """0 = in the city, n = the n-th city of `codes.ELSEWHERE`."""
    annual_usd: NDArray[np.float64]
    declarations_a_month: NDArray[np.float64]
    markets: Ints
    goods: Ints
    currency: Ints
    chunks: list[tuple[int, int]]
    """Positions [from, to) that are generated together: a bounded number of declarations."""


def check_digit(first_17: str) -> str:
    """The 18th character of a unified social credit code."""
    total = sum(USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first_17))
    return USCC_ALPHABET[(31 - total % 31) % 31]


def make_uscc(serial: int, family: str = "TB") -> str:
    """A valid, obviously invented code: the organisation part is a family and a serial number."""
    body = f"91440300{family}{serial:07d}"
    return body + check_digit(body)


def make_customs_code(serial: int, region: str = "4403", zone: str = "16") -> str:
    """A customs code with digits and letters from the seventh character on."""
    tail = ""
    for _ in range(4):
        serial, digit = divmod(serial, 36)
        tail = ALPHANUMERIC[digit] + tail
    return f"{region}{zone}{tail}"


def company_name(serial: int) -> str:
    """A company name made of word lists; `样城` (sample city) marks it as invented."""
    rest, first = divmod(serial * 7 + 3, len(codes.FIRST_WORDS))
    rest, second = divmod(rest, len(codes.SECOND_WORDS))
    rest, trade = divmod(rest, len(codes.TRADES))
    words = codes.FIRST_WORDS[first] + codes.SECOND_WORDS[second]
    branch = f"（第{rest}厂）" if rest else ""
    if serial % 11 == 4:
        return f"样城{words}{codes.TRADES[trade]}（深圳）有限公司{branch}"
    if serial % 11 == 7:
        return f"深圳样城{words}{codes.TRADES[trade]}股份有限公司{branch}"
    return f"深圳市样城{words}{codes.TRADES[trade]}有限公司{branch}"


def make_plan(city: City) -> Plan:
    """Lay out the enterprises of a city."""
    rng = np.random.Generator(np.random.PCG64([city.seed, 0, 0]))
    n = city.enterprises
    mu = np.log(EIGHT_MILLION) - NormalDist().inv_cdf(0.9) * SIGMA
    normal = NormalDist()
    z = np.array([normal.inv_cdf((i + 0.5) / n) for i in range(n)])[rng.permutation(n)]
    busy = np.exp(z * SIGMA * 0.5)
    rate = busy / busy.mean() * city.declarations_per_enterprise / 12
    markets = _choices(rng, [c.weight for c in codes.COUNTRIES], (n, MARKETS_A_FIRM))
    markets[:, 1:3] = markets[:, :1]
    return Plan(
        uscc=[make_uscc(i + 1) for i in range(n)],
        customs_code=[make_customs_code(i + 36 * 36 * 10) for i in range(n)],
        name=[company_name(i) for i in range(n)],
        district=_choices(rng, [d.weight for d in codes.DISTRICTS], n),
        elsewhere=np.where(rng.random(n) < 0.02, rng.integers(1, 4, n), 0),
        annual_usd=np.exp(mu + SIGMA * z),
        declarations_a_month=rate,
        markets=markets,
        goods=_goods(rng, n),
        currency=_choices(rng, [c.weight for c in codes.CURRENCIES], n),
        chunks=_chunks(rate),
    )


def _choices(rng: np.random.Generator, weights: list[int], size: int | tuple[int, ...]) -> Ints:
    shares = np.cumsum(np.array(weights, dtype=np.float64))
    return np.searchsorted(shares / shares[-1], rng.random(size), side="right")


def _goods(rng: np.random.Generator, n: int) -> Ints:
    """A few commodity codes an enterprise: mostly of one chapter, the last of another."""
    starts = np.cumsum([0, *(len(goods) for _, _, goods in codes.CHAPTERS)])
    sizes = np.diff(starts)
    chapter = _choices(rng, [weight for _, weight, _ in codes.CHAPTERS], (n, GOODS_A_FIRM))
    chapter[:, 1:3] = chapter[:, :1]
    pick: Ints = starts[chapter] + rng.integers(0, 1 << 30, chapter.shape) % sizes[chapter]
    return pick


def _chunks(rate: NDArray[np.float64]) -> list[tuple[int, int]]:
    cut = np.floor(np.cumsum(rate) / DECLARATIONS_A_CHUNK).astype(np.int64)
    edges = [0, *(np.flatnonzero(np.diff(cut)) + 1).tolist(), len(rate)]
    return list(pairwise(edges))
