"""Country risk ratings and bulletins of a sample city: invented, dated, deterministic."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from pipelines.sample_city import calendar, codes
from pipelines.sample_city.layout import Row

SOURCE: Final = "sample city"
REVIEW_MONTHS: Final = {"sinosure": (3, 9), "oecd": (1, 4, 6, 10)}
KINDS: Final = ("country_risk", "market_info", "risk_alert")
TITLES: Final = {
    "country_risk": "国别风险提示（样例）",
    "market_info": "海外市场信息（样例）",
    "risk_alert": "买方风险预警（样例）",
}


def country_risk(first_year: int, last_year: int) -> list[Row]:
    """Ratings of two schemes: restated at every review, a few of them one step up or down."""
    rows: list[Row] = []
    for index, country in enumerate(codes.COUNTRIES):
        now = {"sinosure": str(country.sinosure), "oecd": country.oecd}
        for year in range(first_year, last_year + 2):
            for scheme, months in REVIEW_MONTHS.items():
                for month in months:
                    on = date(year, month, 11 + index % 7)
                    if on > date(last_year + 1, 1, 12):
                        continue
                    now[scheme] = _reviewed(scheme, now[scheme], index, year * 12 + month)
                    rows.append(_rating(country.code, scheme, now[scheme], on))
    return rows


def _reviewed(scheme: str, rating: str, index: int, review: int) -> str:
    turn = (index * 31 + review * 17) % 60
    if rating == "-" or turn > 1:
        return rating
    best, worst = (1, 9) if scheme == "sinosure" else (0, 7)
    return str(min(max(int(rating) + (1 if turn == 0 else -1), best), worst))


def _rating(country: str, scheme: str, rating: str, on: date) -> Row:
    return {
        "country": country,
        "scheme": scheme,
        "rating": rating,
        "effective_on": on.isoformat(),
        "source": SOURCE,
        "updated_at": calendar.stamp(on),
    }


def risk_bulletins(first_year: int, last_year: int) -> list[Row]:
    """Three bulletins a month; every eighth is withdrawn two weeks later."""
    rows: list[Row] = []
    first, last = calendar.month(first_year, 1), calendar.month(last_year + 1, 1)
    for month in range(first, last + 1):
        for kind_at, kind in enumerate(KINDS):
            serial = month * 3 + kind_at
            on = calendar.as_date(calendar.first_day(month)) + timedelta(days=2 + serial * 5 % 9)
            rows += _bulletin(serial, kind, on)
    known = calendar.moment(calendar.horizon(last_year))
    return [row for row in rows if (row["updated_at"] or "") < known]


def _bulletin(serial: int, kind: str, on: date) -> list[Row]:
    places = {codes.COUNTRIES[serial * k % len(codes.COUNTRIES)].code for k in (5, 11)}
    chapters = [codes.CHAPTERS[serial * 3 % len(codes.CHAPTERS)][0]]
    if kind == "market_info":
        chapters.append(codes.CHAPTERS[(serial * 3 + 1) % len(codes.CHAPTERS)][0])
    row: Row = {
        "bulletin_no": f"B{on.year}{serial % 1000:03d}",
        "kind": kind,
        "countries": ";".join(sorted(places)),
        "hs_chapters": ";".join(sorted(chapters)) if kind != "country_risk" else None,
        "severity": str(1 + serial % 5),
        "title": TITLES[kind],
        "body": "本条为样例数据，非真实信息。",
        "valid_from": on.isoformat(),
        "valid_to": (on + timedelta(days=90)).isoformat() if serial % 4 else None,
        "published_at": calendar.stamp(on, 10),
        "status": "active",
        "source": SOURCE,
        "updated_at": calendar.stamp(on, 11),
    }
    if serial % 8:
        return [row]
    withdrawn = {"status": "withdrawn", "updated_at": calendar.stamp(on + timedelta(days=14))}
    return [row, row | withdrawn]
