"""One A4 page for the bureau's reader: the year's five figures and three pictures, as PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import noto_cjk_sans_otc
import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from assets.supply.report import charts, grids, pages
from assets.supply.report.site import TEMPLATES
from assets.supply.report.year import Year
from schemas.measures import BY_NAME, UNITS

SCALE = 0.56
"""Points on paper for each pixel of a picture, where the page has room."""
ROOM = 500
"""Points of height that the page has for its pictures together."""
NOTHING_PUBLIC = "没有数据，或为保护企业信息不予公开。"
"""What stands for a picture without figures where some are suppressed."""


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
    widths = paper_widths([svg for _, _, svg in drawn])
    pictures = [
        (_text(title), _text(file), width) for (title, file, _), width in zip(drawn, widths, strict=True)
    ]
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
            f"数据截至 {year.as_of}，发布 {year.release.name}，"
            f"{year.statistics_table} 修订号 {year.revision}。指标定义与数据来历见年度报告网页。"
        ),
        "nothing": _text("没有可显示的数据。" if year.audience == "internal" else NOTHING_PUBLIC),
        "note": _text("※ 为保护企业信息不予公开。" if year.audience == "public" else "内部使用。"),
    }


def paper_widths(svgs: Sequence[str]) -> list[float]:
    """The widths on paper, points, 0 for no picture: all at one scale, so that their letters are of one
    size, and no higher together than the page has room for."""
    sizes = [re.search(r'<svg[^>]* width="(\d+)[^>]* height="(\d+)', svg) for svg in svgs]
    height = sum(int(size[2]) for size in sizes if size)
    scale = min(SCALE, ROOM / height) if height else SCALE
    return [round(int(size[1]) * scale, 1) if size else 0 for size in sizes]


def _unit(measure: str) -> str:
    unit = BY_NAME[measure].unit
    return "" if unit == "ratio" else UNITS[unit][0]


def _text(text: str) -> str:
    """A string literal of Typst."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
