"""Districts of Shenzhen: the roster's order, codes, and the spellings that mean one of them.

A district is never derived from a customs code or a credit code: it comes from the registry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from unicodedata import normalize

from schemas.codes.source import read_table

_SIMPLIFIED = str.maketrans("區龍崗華羅鹽寶鵬別東", "区龙岗华罗盐宝鹏别东")


@dataclass(frozen=True)
class District:
    """One district; `code` is None for the three zones without an administrative code."""

    name: str
    code: str | None
    en: str
    aliases: tuple[str, ...]


def _read() -> Mapping[str, District]:
    rows = read_table("districts")["district"]
    read = [District(r["name"], r.get("code"), r["en"], tuple(r.get("aliases", ()))) for r in rows]
    return MappingProxyType({district.name: district for district in read})


DISTRICTS: Mapping[str, District] = _read()
DISTRICT_ORDER: tuple[str, ...] = tuple(DISTRICTS)


def normalise_district(text: str | None) -> str | None:
    """The district's full name for any accepted spelling; None where it is none of them."""
    return _spellings().get(_folded(text)) if text else None


def district_rank(name: str | None) -> int:
    """The place in the roster's order; unknown and empty districts come last."""
    return DISTRICT_ORDER.index(name) if name in DISTRICTS else len(DISTRICT_ORDER)


@cache
def _spellings() -> Mapping[str, str]:
    spellings: dict[str, str] = {}
    for district in DISTRICTS.values():
        for text in (district.name, district.code, district.en, *district.aliases):
            if text and spellings.setdefault(_folded(text), district.name) != district.name:
                raise ValueError(f"schemas/codes/data/districts.toml: {text} means two districts.")
    return MappingProxyType(spellings)


def _folded(text: str) -> str:
    folded = "".join(normalize("NFKC", text).split()).casefold().translate(_SIMPLIFIED)
    for prefix in ("中国", "广东省", "深圳市", "深圳"):
        folded = folded.removeprefix(prefix)
    for suffix in ("newdistrict", "district", "区"):
        folded = folded.removesuffix(suffix)
    return folded
