"""One A4 page for the bureau's reader: the year's five figures and three pictures, as PDF."""

from __future__ import annotations

import re
from typing import Any

import noto_cjk_sans_otc
import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assets.supply.report import charts, grids, pages
from assets.supply.report.site import TEMPLATES
from assets.supply.report.year import Year
from schemas.measures import BY_NAME, UNITS

SCALE = 0.56
"""Points on paper for each pixel of a picture: with all causes and districts the page is full."""


def one_page(year: Year) -> bytes:
    """The page in Chinese. Same figures, same bytes: the PDF carries no date of its making."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=False,
        undefined=StrictUndefined,
        variable_start_string="<<",
        variable_end_string=">>",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = [
        ("各区领取情况", "district.svg", charts.take_up_by_district(year, "zh")),
        (
            "承保出口额前十国别（地区）",
            "country.svg",
            charts.top(year, "insured_exports_usd", "country", "zh"),
        ),
        ("各致损原因应赔与已赔", "cause.svg", charts.due_and_paid(year, "cause", "zh")),
    ]
    pictures = [(_text(title), _text(file), _width(svg)) for title, file, svg in drawn]
    text = environment.get_template("one-page.typ.j2").render(**_given(year), pictures=pictures)
    files = {"main.typ": text.encode(), **{file: svg.encode() for _, file, svg in drawn if svg}}
    made = typst.compile(
        files, font_paths=[noto_cjk_sans_otc.FONT_PATH.parent], ignore_system_fonts=True, format="pdf"
    )
    assert isinstance(made, bytes)
    return made


def _given(year: Year) -> dict[str, Any]:
    heads = [
        (_text(BY_NAME[h.measure].zh), _text(h.text), _text(_unit(h.measure)), _text(h.beside[0]))
        for h in pages.headlines(year, "zh")
    ]
    status = grids.words("statistics_status", year.status)[0]
    closing = grids.closing_day(year)
    return {
        "title": _text(f"统保政策执行情况 {year.terms.label_zh}"),
        "status": _text(f"{status}数据" + ("" if year.status == "final" else f"，{closing} 起为最终数据")),
        "heads": heads,
        "source": _text(
            f"数据截至 {year.release.made_at[:10]}，发布 {year.release.name}，"
            f"{year.statistics_table} 修订号 {year.revision}。指标定义与数据来历见年度报告网页。"
        ),
        "note": _text("※ 为保护企业信息不予公开。" if year.audience == "public" else "内部使用。"),
    }


def _width(svg: str) -> float:
    """The width on paper, points: all pictures at one scale, so that their letters are of one size."""
    found = re.search(r'<svg[^>]* width="(\d+)', svg)
    return round(int(found[1]) * SCALE, 1) if found else 0


def _unit(measure: str) -> str:
    unit = BY_NAME[measure].unit
    return "" if unit == "ratio" else UNITS[unit][0]


def _text(text: str) -> str:
    """A string literal of Typst."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
