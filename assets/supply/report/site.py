"""The site: pages rendered to files that stand alone. No request leaves a page.

Script and style stand in each page and are named by their hash in its content security policy, so
nothing else runs. Chinese pages are `name.html`, English ones `name.en.html`.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from assets.supply.report import grids, pages
from assets.supply.report.due import reported_years
from assets.supply.report.grids import Cell, Head, pick
from assets.supply.report.pages import Page
from assets.supply.report.year import Figure, Year
from schemas.codes.districts import DISTRICT_ORDER, DISTRICTS
from schemas.measures import BY_NAME, UNITS, Measure

TEMPLATES = Path(__file__).parent / "templates"
LANGUAGES = ("zh", "en")
SUPPRESSED = "※"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def site(year: Year) -> Iterator[tuple[str, str]]:
    """(file name, text) of every page of an audience, in both languages."""
    template = _environment().get_template("page.html.j2")
    for lang in LANGUAGES:
        for page in pages.pages(year, lang):
            yield file_of(page.name, lang), template.render(**_given(year, page, lang))


def file_of(page: str, lang: str) -> str:
    """The file of a page in a language."""
    return f"{page}.html" if lang == "zh" else f"{page}.en.html"


def _given(year: Year, page: Page, lang: str) -> dict[str, Any]:
    style, script = _inline("style.css"), _inline("site.js")
    return {
        "year": year,
        "page": page,
        "lang": lang,
        "other": file_of(page.name, "en" if lang == "zh" else "zh"),
        "years": [(y, _of_year(year, y, file_of(page.name, lang))) for y in reported_years(year.release)],
        "nav": [(file_of(n, lang), pick(pages.TITLES[n], lang), n == page.name) for n in pages.names(year)],
        "style": Markup(style),
        "script": Markup(script),
        "policy": (
            f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        "t": lambda zh, en: zh if lang == "zh" else en,
        "pick": lambda words: pick(words, lang),
        "link": lambda name, anchor="": file_of(name, lang) + (f"#{anchor}" if anchor else ""),
        "svg": Markup,
        "cell": lambda value, head: _cell(value, head, lang),
        "is_number": lambda rows, place: any(isinstance(row[place], (int, Decimal, Figure)) for row in rows),
        "measure_of": BY_NAME,
        "units": UNITS,
        "definitions": grids.definitions() if page.kind == "methods" else (),
        "lines": _lines(year, lang) if page.kind == "roster" else "",
        "status": pick(grids.words("statistics_status", year.status), lang),
    }


def _of_year(year: Year, other: int, file: str) -> str:
    """The same page of another year: reports lie side by side, each in the folder of its year."""
    return f"../{other}/{file}" if year.audience == "internal" else f"../../{other}/public/{file}"


def _cell(value: Cell, head: Head, lang: str) -> dict[str, Any]:
    """A cell's text, what it sorts by where that is a number, and the two sides of a rate."""
    if isinstance(value, Figure):
        if value.is_suppressed:
            return {"text": SUPPRESSED, "sort": -1, "number": True, "sides": "", "link": ""}
        sides = ""
        if value.denominator:
            places = 0 if value.denominator == value.denominator.to_integral_value() else 2
            sides = f"{value.numerator:,.{places}f} ÷ {value.denominator:,.{places}f}"
        text = grids.shown(value.value, value.unit, lang)
        return {"text": text, "sort": value.value or 0, "number": True, "sides": sides, "link": ""}
    if isinstance(value, Measure):
        name = pick((value.zh, value.en), lang)
        link = file_of("methods", lang) + f"#m-{value.name}"
        return {"text": name, "sort": None, "number": False, "sides": "", "link": link}
    if value is None:
        return {"text": "—", "sort": -1, "number": True, "sides": "", "link": ""}
    if isinstance(value, tuple):
        return {"text": pick(value, lang), "sort": None, "number": False, "sides": "", "link": ""}
    if isinstance(value, str):
        return {"text": value, "sort": None, "number": False, "sides": "", "link": ""}
    text = grids.shown(value, head.unit, lang) if head.unit else f"{value:,}"  # type: ignore[arg-type]
    return {"text": text, "sort": value, "number": True, "sides": "", "link": ""}


def _lines(year: Year, lang: str) -> Markup:
    """The roster as JSON that is safe inside a page."""
    names = [DISTRICTS[d].en if lang == "en" else d for d in DISTRICT_ORDER]
    lines = short_lines(year.roster.select("serial", "uscc", "name", "district").iter_rows())
    content = json.dumps({"districts": names, "lines": lines}, ensure_ascii=False, separators=(",", ":"))
    return Markup(content.replace("<", "\\u003c"))


def short_lines(roster: Iterable[tuple[int, str, str, str | None]]) -> list[str]:
    """Serial, code, name and place of the district, tabs between, each said by what differs.

    A serial that follows and a district that stays are left out; code and name begin with how much
    they share with the line before (one digit of base 36). `site.js` reads it back.
    """
    places = {district: str(place) for place, district in enumerate(DISTRICT_ORDER)}
    before, lines = (0, "", "", ""), []
    for serial, uscc, name, district in roster:
        place = places.get(district or "", "-")
        lines.append(
            "\t".join(
                (
                    "" if serial == before[0] + 1 else str(serial),
                    _after(before[1], uscc),
                    _after(before[2], name),
                    "" if place == before[3] else place,
                )
            )
        )
        before = (serial, uscc, name, place)
    return lines


def _after(before: str, text: str) -> str:
    shared = 0
    for a, b in zip(before, text, strict=False):
        if a != b or ord(a) > 0xFFFF or shared == 35:
            break
        shared += 1
    return f"{_DIGITS[shared]}{text[shared:]}"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _inline(name: str) -> str:
    return (TEMPLATES / name).read_text("utf-8")


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
