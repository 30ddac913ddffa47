"""Planted cases of the monthly push: ratings that move or do not, bulletins that are withdrawn."""

from __future__ import annotations

from datetime import date
from typing import Final

from pipelines.sample_city import calendar
from pipelines.sample_city.expectations import Firm
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plants import Plants
from pipelines.sample_city.risk import SOURCE

PUSH_MONTH: Final = "2025-08"
SILENT_SCHEME: Final = "silent"
Ratings = tuple[tuple[str, date], ...]


def plant(p: Plants) -> None:
    """Plant all cases of this module."""
    firm, _ = p.insured("1000.00")
    _ratings(p, firm)
    _learnt_later(p, firm)
    _bulletins(p, firm)


def _ratings(p: Plants, firm: Firm) -> None:
    winter, july = date(2025, 1, 10), date(2025, 7, 15)
    moves: tuple[tuple[str, str, str, Ratings, tuple[str | None, str | None]], ...] = (
        ("BOL", "sinosure", "up", (("6", winter), ("7", july)), ("6", "7")),
        ("GEO", "sinosure", "down", (("5", winter), ("4", july)), ("5", "4")),
        ("OMN", "sinosure", "unchanged", (("4", winter),), ("4", "4")),
        ("PRY", "oecd", "not_classified", (("-", winter),), ("-", "-")),
    )
    for country, scheme, change, ratings, (before, now) in moves:
        _sell(p, firm, country)
        for rating, on in ratings:
            _rate(p, country, scheme, rating, on)
        p.case(
            f"rating_{change}",
            f"The {scheme} rating of {country}: {change}.",
            "country_risk",
            {"country": country, "scheme": scheme},
            table="push_list",
            key=_key(firm, country, "country_risk", scheme),
            values={
                "rating_before": before,
                "rating_now": now,
                "change": change,
                "exposure_usd": "20000.00",
            },
        )
    _old_ratings(p, firm)


def _old_ratings(p: Plants, firm: Firm) -> None:
    """An old rating stands while its scheme goes on speaking; a scheme that fell silent has none."""
    _sell(p, firm, "MNG")
    old = date(2023, 5, 10)
    for slug, about, scheme, rating, values in (
        ("rating_old_but_standing", "Rated two years ago by a scheme that goes on publishing: it stands.",
         "sinosure", "7", {"rating_before": "7", "rating_now": "7", "change": "unchanged"}),
        ("rating_no_data", "The scheme has published nothing for twelve months, on any country.",
         SILENT_SCHEME, "5", {"rating_before": None, "rating_now": None, "change": "no_data"}),
    ):  # fmt: skip
        _rate(p, "MNG", scheme, rating, old)
        p.case(
            slug,
            about,
            "country_risk",
            {"country": "MNG", "scheme": scheme},
            table="push_list",
            key=_key(firm, "MNG", "country_risk", scheme),
            values=values,
        )


def _learnt_later(p: Plants, firm: Firm) -> None:
    _sell(p, firm, "FJI")
    _rate(p, "FJI", "sinosure", "4", date(2025, 1, 10))
    late = date(2025, 8, 5)
    _rate(p, "FJI", "sinosure", "5", date(2025, 7, 25), known=late)
    p.case(
        "rating_learnt_later",
        "In force since July, learnt in August: the list of August does not know it.",
        "country_risk",
        {"country": "FJI", "scheme": "sinosure"},
        table="push_list",
        key=_key(firm, "FJI", "country_risk", "sinosure"),
        values={"rating_before": "4", "rating_now": "4", "change": "unchanged"},
    )


def _bulletins(p: Plants, firm: Firm) -> None:
    issued = _bulletin(p, "P001", hs_chapters="85")
    p.case(
        "bulletin_active",
        "A warning about the country and the goods that the enterprise sells.",
        "risk_bulletins",
        {"bulletin_no": issued["bulletin_no"]},
        table="push_list",
        key=_key(firm, "BOL", "risk_alert", "P001"),
        values={"exposure_usd": "20000.00"},
    )
    withdrawn = _bulletin(p, "P002", hs_chapters=None)
    p.add(
        "risk_bulletins",
        withdrawn | {"status": "withdrawn", "updated_at": "2025-07-20T04:00:00Z"},
    )
    _bulletin(p, "P003", hs_chapters="64;95")
    _bulletin(p, "P004", hs_chapters="85", valid_to="2025-07-15")
    for number, about in (
        ("P002", "Withdrawn before the list was made."),
        ("P003", "Other goods than those of the enterprise."),
        ("P004", "No longer valid on the first of the month."),
    ):
        p.expect_absent(
            f"bulletin_{number.lower()}_not_pushed",
            about,
            "risk_bulletins",
            "push_list",
            {"bulletin_no": number},
            push_month=PUSH_MONTH,
            uscc=firm.uscc,
            item=number,
        )


def _key(firm: Firm, country: str, topic: str, item: str) -> dict[str, str]:
    return {
        "push_month": PUSH_MONTH,
        "uscc": firm.uscc,
        "trading_country": country,
        "topic": topic,
        "item": item,
        "supplement": "0",
    }


def _sell(p: Plants, firm: Firm, country: str) -> None:
    places: Row = {
        "trading_country": country,
        "arrival_country": country,
        "destination_country": country,
    }
    p.declare(firm, "20000.00", places, on=date(2025, 3, 4))


def _rate(p: Plants, country: str, scheme: str, rating: str, on: date, *, known: date | None = None) -> None:
    p.add(
        "country_risk",
        {
            "country": country,
            "scheme": scheme,
            "rating": rating,
            "effective_on": on.isoformat(),
            "source": SOURCE,
            "updated_at": calendar.stamp(known or on),
        },
    )


def _bulletin(p: Plants, number: str, *, hs_chapters: str | None, valid_to: str | None = None) -> Row:
    return p.add(
        "risk_bulletins",
        {
            "bulletin_no": number,
            "kind": "risk_alert",
            "countries": "BOL",
            "hs_chapters": hs_chapters,
            "severity": "4",
            "title": "买方风险预警（样例）",
            "body": "本条为样例数据，非真实信息。",
            "valid_from": "2025-07-05",
            "valid_to": valid_to,
            "published_at": "2025-07-05T02:00:00Z",
            "status": "active",
            "source": SOURCE,
            "updated_at": "2025-07-05T03:00:00Z",
        },
    )
