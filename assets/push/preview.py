"""An enterprise's month as it will read it: one page, most urgent first, ratings side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any

import polars as pl

from assets.push.pages import month_zh, render
from assets.push.ratings import NOT_CLASSIFIED
from assets.push.sentences import REMINDED, SCHEMES
from assets.push.supplement import NUMBER
from schemas.calendar import first_day
from schemas.codes.countries import country_name
from schemas.codes.labels import label
from schemas.push import PUSH_ENTERPRISES, PUSH_LIST
from schemas.table import Table
from schemas.terms.loader import PolicyTerms

Row = Mapping[str, Any]
STANDING = ("unchanged", "not_classified", "no_data")
_TONES = {"up": "up", "down": "down", "unchanged": "", "not_classified": "note", "no_data": "note"}


def newest(table: Table, rows: pl.LazyFrame) -> pl.DataFrame:
    """The month as it stands: of each item the newest supplement."""
    own = [name for name in table.key if name != NUMBER]
    return rows.sort(table.key).unique(own, keep="last", maintain_order=True).collect()


def previews(
    month: str, items: pl.LazyFrame, enterprises: pl.LazyFrame, who: pl.DataFrame, terms: PolicyTerms
) -> Iterator[tuple[str, str]]:
    """USCC and page of each enterprise of a month, in order; `who`: uscc, name, district."""
    known = {row["uscc"]: row for row in who.iter_rows(named=True)}
    order = ("uscc", "priority", "exposure_usd", "trading_country", "topic", "item")
    listed = newest(PUSH_LIST, items).sort(order, descending=[False, True, True, False, False, False])
    own = {uscc: list(rows) for uscc, rows in groupby(listed.iter_rows(named=True), lambda row: row["uscc"])}
    for overview in newest(PUSH_ENTERPRISES, enterprises).iter_rows(named=True):
        uscc = overview["uscc"]
        yield uscc, preview(month, overview, own.get(uscc, []), known.get(uscc, {}), terms)


def preview(month: str, overview: Row, items: Sequence[Row], who: Row, terms: PolicyTerms) -> str:
    """The page of one enterprise; `items` in the order in which they are sent."""
    schemes = sorted({item["item"] for item in items if _is_rating(item)})
    urgent = [item for item in items if item["reason"] in REMINDED]
    standing = [i for i in items if i["change"] in STANDING and i["rating_before"] == i["rating_now"]]
    return render(
        "enterprise.html",
        {
            "month_zh": month_zh(month),
            "as_of": first_day(month).isoformat(),
            "uscc": overview["uscc"],
            "name": who.get("name"),
            "district": who.get("district"),
            "terms": terms,
            "overview": overview,
            "supplement": max([overview[NUMBER], *(item[NUMBER] for item in items)]),
            "schemes": [SCHEMES.get(scheme, scheme) for scheme in schemes],
            "countries": list(_countries(items, schemes)),
            "urgent": urgent,
            "standing": standing,
            "others": [item for item in items if item not in urgent and item not in standing],
        },
    )


def _countries(items: Iterable[Row], schemes: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One row a country that it sells to, largest first, with a cell a scheme."""
    sold: dict[str, list[Row]] = {}
    for item in sorted(items, key=lambda item: -int(item[NUMBER])):
        if item["exposure_usd"] > 0:
            sold.setdefault(item["trading_country"], []).append(item)
    for code, rows in sorted(sold.items(), key=lambda one: (-one[1][0]["exposure_usd"], one[0])):
        rated = {row["item"]: row for row in reversed(rows) if _is_rating(row)}
        first = rows[0]
        yield {
            "name": country_name(code),
            "exposure_usd": first["exposure_usd"],
            "share": first["share"],
            "percent": int(first["share"] * 100),
            "trend": trend(first["exposure_usd"], first["previous_usd"]),
            "is_new_market": first["is_new_market"],
            "is_excluded": first["is_excluded"],
            "ratings": [_rating(rated.get(scheme)) for scheme in schemes],
        }


def _is_rating(item: Row) -> bool:
    return item["change"] is not None


def _rating(item: Row | None) -> dict[str, str] | None:
    if item is None:
        return None
    now, before = (_class(item[name]) for name in ("rating_now", "rating_before"))
    moved = item["change"] in ("up", "down")
    word = label("push_change", item["change"])
    return {
        "text": f"{before} → {now}" if moved else now,
        "change": f"{word} {abs(item['steps'])} 级" if moved else word,
        "tone": _TONES[item["change"]],
    }


def _class(rating: str | None) -> str:
    return "—" if rating in (None, NOT_CLASSIFIED) else f"{rating} 类"


def trend(now: Decimal, before: Decimal) -> str:
    """Whole percent towards zero against the twelve months before."""
    if not before:
        return "前期无出口"
    percent = int(abs(now - before) * 100 / before)
    if not percent:
        return "大致持平"
    return f"{'+' if now > before else '−'}{percent:,}%"
