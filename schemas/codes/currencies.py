"""Currencies of the declaration: ISO letters and old digits. Rates belong to exchange_rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from schemas.codes.source import read_table


@dataclass(frozen=True)
class Currency:
    """One currency; `old` are the digits used before August 2018."""

    code: str
    old: str
    zh: str
    en: str


CURRENCIES: Mapping[str, Currency] = MappingProxyType(
    {code: Currency(code, *row) for code, row in read_table("currencies")["currencies"].items()}
)


@cache
def currency_lookup() -> Mapping[str, str]:
    """Every accepted spelling → ISO letters; old digits name one currency each."""
    olds = {c.old: c.code for c in CURRENCIES.values()}
    if len(olds) != len(CURRENCIES):
        raise ValueError("schemas/codes/data/currencies.toml gives old digits to two currencies.")
    return MappingProxyType({code: code for code in CURRENCIES} | olds)
