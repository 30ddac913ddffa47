"""Countries and regions of the declaration: new three letters, old three digits, short names.

Which spelling of a code is accepted is decided here; risk ratings and exclusions are not code facts
and belong to their sources and to the terms.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType

from schemas.codes.source import read_table, table_source

CHINA = "CHN"


@dataclass(frozen=True)
class Country:
    """One row of the official table. `valid_to` is None while the letters are in force."""

    code: str
    old: str | None
    zh: str
    en: str
    region: str
    is_iso: bool
    valid_from: date
    valid_to: date | None = None


@cache
def _read() -> tuple[Mapping[str, Country], tuple[str, ...]]:
    table = read_table("countries")
    second_old = tuple(table["second_old"].values())
    since = table_source("countries")[1]
    countries: dict[str, Country] = {}
    for region, rows in table.items():
        if region == "second_old":
            continue
        for code, (old, zh, en) in rows.items():
            if code in countries:
                raise ValueError(f"schemas/codes/data/countries.toml has {code} twice.")
            is_iso = region != "not_iso"
            countries[code] = Country(code, old or None, zh, en, region, is_iso, since)
    return MappingProxyType(dict(sorted(countries.items()))), second_old


COUNTRIES: Mapping[str, Country] = _read()[0]


@cache
def country_lookup() -> tuple[Mapping[str, str], frozenset[str]]:
    """Every accepted spelling → new letters, and the old digits that name several countries."""
    olds = Counter([c.old for c in COUNTRIES.values() if c.old] + list(_read()[1]))
    ambiguous = frozenset(old for old, times in olds.items() if times > 1)
    good = {code: code for code in COUNTRIES}
    good |= {c.old: c.code for c in COUNTRIES.values() if c.old and c.old not in ambiguous}
    return MappingProxyType(good), ambiguous


def country_name(code: str, lang: str = "zh") -> str:
    """The short name for new letters; an unknown code is an error, never a guess."""
    if code not in COUNTRIES:
        raise LookupError(f"{code!r} is not a country code of schemas/codes/data/countries.toml.")
    return COUNTRIES[code].zh if lang == "zh" else COUNTRIES[code].en
