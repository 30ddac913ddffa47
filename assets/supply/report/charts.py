"""The pictures of a report: altair's description of each, drawn as SVG at build time.

What is drawn stands in a table beside it, so floats are good enough here. An SVG carries no script,
no style and no address; its bytes depend on the data only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import noto_cjk_sans_otc
import vl_convert

from assets.supply.report.grids import member_words, pick, words
from assets.supply.report.year import Words, Year
from schemas.codes.districts import DISTRICT_ORDER
from schemas.measures import BY_NAME
from schemas.policies import RECONCILIATION_STATUSES

FONT = "Noto Sans CJK SC"
BLUE, PALE, MIDDLE, GREY, FAINT = "#1f5a8c", "#8fb8d8", "#4d86b3", "#c4c9cf", "#ece8dd"
WIDTH = 470
TOP = 10
Bars = list[dict[str, Any]]


def take_up_by_district(year: Year, lang: str) -> str:
    """Listed enterprises of each district: in time, late, not taken up; or what may be told of it."""
    parts = (
        ("按期领取", "in time"),
        ("逾期领取", "late"),
        ("领取", "taken up"),
        ("未领取", "not taken up"),
        ("领取数不予公开", "take-up not told"),
    )
    rows: Bars = []
    for member in DISTRICT_ORDER:
        listed, taken, late = (
            year.figure(measure, "district", member)
            for measure in ("enterprises_eligible", "enterprises_taken_up", "enterprises_taken_up_late")
        )
        all_, some, few = (float(figure.value or 0) for figure in (listed, taken, late))
        if taken.is_suppressed:
            counts = (0.0, 0.0, 0.0, 0.0, all_)
        elif late.is_suppressed:
            counts = (0.0, 0.0, some, all_ - some, 0.0)
        else:
            counts = (some - few, few, 0.0, all_ - some, 0.0)
        rows += _row(pick(member_words("district", member), lang), parts, counts, lang)
    used = {row["part"] for row in rows if row["x"]}
    kept = [(p, c) for p, c in zip(parts, (BLUE, PALE, MIDDLE, GREY, FAINT), strict=True)
            if pick(p, lang) in used]  # fmt: skip
    shown = [row for row in rows if row["part"] in used]
    return _stacked(shown, [p for p, _ in kept], [c for _, c in kept], ("企业数（家）", "enterprises"), lang)


LEVEL = 7
"""Months whose names have room side by side."""


def take_up_by_month(year: Year, lang: str) -> str:
    """Enterprises by the month in which they took up."""
    rows = [
        {"x": member, "y": count}
        for member in year.members("take_up_month", "enterprises_taken_up")
        if (count := _number(year, "enterprises_taken_up", "take_up_month", member))
    ]
    bars = _chart(rows).mark_bar(color=BLUE)
    drawn = bars.encode(
        x=alt.X("x:N", title=None, axis=alt.Axis(labelAngle=0 if len(rows) <= LEVEL else -45)),
        y=alt.Y("y:Q", title=pick(("企业数（家）", "enterprises"), lang), axis=_whole()),
    )
    return _svg(drawn.properties(width=WIDTH, height=200))


def top(year: Year, measure: str, dimension: str, lang: str) -> str:
    """The largest members of a dimension by a measure; amounts in ten thousand or millions."""
    members = [m for m in year.members(dimension, measure) if _number(year, measure, dimension, m)]
    members = sorted(members, key=lambda m: (-_number(year, measure, dimension, m), m))[:TOP]
    by, unit = _scale(BY_NAME[measure].unit, lang)
    rows = [
        {
            "x": _number(year, measure, dimension, m) / by,
            "y": _short(pick(member_words(dimension, m), lang)),
        }
        for m in members
    ]
    return _bars(rows, unit)


def due_and_paid(year: Year, dimension: str, lang: str) -> str:
    """Indemnity due and paid, beside each other."""
    parts = (("应赔", "due"), ("已赔", "paid"))
    by, unit = _scale("USD", lang)
    rows: Bars = []
    for member in year.members(dimension, "indemnity_due_usd")[:TOP]:
        due, paid = (
            _number(year, measure, dimension, member) / by
            for measure in ("indemnity_due_usd", "indemnity_paid_usd")
        )
        if due or paid:
            rows += _row(_short(pick(member_words(dimension, member), lang)), parts, (due, paid), lang)
    names = [pick(part, lang) for part in parts]
    drawn = _chart(rows).mark_bar()
    encoded = drawn.encode(
        x=alt.X("x:Q", title=unit, axis=_axis()),
        y=alt.Y("y:N", title=None, sort=None, axis=_labels()),
        yOffset=alt.YOffset("part:N", sort=names),
        color=_colour(names, [PALE, BLUE]),
    )
    return _svg(encoded.properties(width=WIDTH - 160, height=alt.Step(14)))


def services(year: Year, lang: str) -> str:
    """How often each service was used."""
    rows = [
        {
            "x": _number(year, "services_used", "service", member),
            "y": pick(member_words("service", member), lang),
        }
        for member in year.members("service", "services_used")
        if _number(year, "services_used", "service", member)
    ]
    return _bars(rows, pick(("次", "uses"), lang))


def over_years(year: Year, measures: Sequence[str], lang: str) -> list[tuple[str, str]]:
    """(measure, SVG) of its totals, a bar a year."""
    drawn = []
    for name in measures:
        by, unit = _scale(BY_NAME[name].unit, lang)
        rows = []
        for of, totals in year.totals_of_years.items():
            value = totals[name].value if name in totals else None
            if value is not None:
                rows.append({"x": str(of), "y": float(value) / by})
        bars = _chart(rows).mark_bar(color=BLUE, size=28)
        encoded = bars.encode(
            x=alt.X("x:N", title=None, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("y:Q", title=unit, axis=_axis()),
        )
        drawn.append((name, _svg(encoded.properties(width=210, height=150))))
    return drawn


def results(year: Year, lang: str) -> str:
    """Policies by what the reconciliation says of them."""
    counts = year.rows("policy_reconciliation")["status"].to_list()
    rows = [
        {"x": counts.count(status), "y": pick(words("policy_status", status), lang)}
        for status in reversed(RECONCILIATION_STATUSES)
    ]
    return _bars(rows, pick(("保单数（张）", "policies"), lang))


def _number(year: Year, measure: str, dimension: str, member: str) -> float:
    return float(year.figure(measure, dimension, member).value or 0)


def _scale(unit: str, lang: str) -> tuple[float, str]:
    if unit == "ratio":
        return 0.01, "%"
    if unit == "USD":
        return (10_000, "万美元") if lang == "zh" else (1_000_000, "USD million")
    return 1, pick(("数量", "number"), lang)


def _short(text: str) -> str:
    return text if len(text) <= 18 else f"{text[:17]}…"


def _row(name: str, parts: Sequence[Words], values: Sequence[float], lang: str) -> Bars:
    return [
        {"y": name, "part": pick(part, lang), "order": place, "x": max(value, 0)}
        for place, (part, value) in enumerate(zip(parts, values, strict=True))
    ]


def _chart(rows: Bars) -> alt.Chart:
    return alt.Chart({"values": rows})


def _bars(rows: Bars, unit: str) -> str:
    drawn = _chart(rows).mark_bar(color=BLUE)
    encoded = drawn.encode(
        x=alt.X("x:Q", title=unit, axis=_axis()),
        y=alt.Y("y:N", title=None, sort=None, axis=_labels()),
    )
    return _svg(encoded.properties(width=WIDTH - 160, height=alt.Step(24)))


def _stacked(rows: Bars, parts: Sequence[Words], colours: list[str], title: Words, lang: str) -> str:
    names = [pick(part, lang) for part in parts]
    drawn = _chart(rows).mark_bar()
    encoded = drawn.encode(
        x=alt.X("x:Q", title=pick(title, lang), axis=_whole()),
        y=alt.Y("y:N", title=None, sort=None, axis=_labels()),
        order="order:Q",
        color=_colour(names, colours),
    )
    return _svg(encoded.properties(width=WIDTH - 140, height=alt.Step(24)))


def _colour(names: list[str], colours: list[str]) -> alt.Color:
    scale = alt.Scale(domain=names, range=colours)
    return alt.Color("part:N", title=None, scale=scale, legend=alt.Legend(orient="top"))


def _axis() -> alt.Axis:
    return alt.Axis(tickCount=5, format=",~f")


def _whole() -> alt.Axis:
    return alt.Axis(tickCount=5, format=",~f", tickMinStep=1)


def _labels() -> alt.Axis:
    return alt.Axis(labelLimit=200, ticks=False, domain=False)


def _svg(chart: alt.Chart) -> str:
    """The drawing without what only its own viewer needs; empty where there is nothing to draw."""
    _fonts()
    styled = (
        chart.configure(font=FONT, background="transparent")
        .configure_axis(labelFontSize=13, titleFontSize=13, titleFontWeight="normal", gridColor="#e3e6ea")
        .configure_legend(labelFontSize=13)
        .configure_view(stroke=None)
    )
    described = styled.to_dict()
    if not any(described.get("datasets", {}).values()):
        return ""
    drawn = vl_convert.vegalite_to_svg(described, vl_version=vl_convert.get_vegalite_versions()[-1])
    bare = re.sub(r' (?:role|aria-[a-z]+|class|pointer-events)="[^"]*"', "", drawn)
    bare = re.sub(r'<path d="" display="none"/>|<path d="M0,0h0v0h0Z"/>', "", bare)
    return re.sub(r' xmlns:xlink="[^"]*"| version="1.1"', "", bare, count=2)


@cache
def _fonts() -> None:
    """Measure text with the font that the PDF carries, whatever this machine has."""
    vl_convert.register_font_directory(str(noto_cjk_sans_otc.FONT_PATH.parent))
