"""The year's workbook: a summary, a sheet a dimension, definitions. Same figures, same bytes.

A rate stands with its numerator and denominator in columns beside it. Each sheet says above its
table from where, by which filter and of which release it is; above each measure is the way to its definition.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from assets.supply.report import grids
from assets.supply.report.grids import Cell, Grid
from assets.supply.report.year import Figure, Year
from schemas.measures import BY_NAME, DIMENSIONS, Measure

DEFINITIONS = "指标定义"
SUPPRESSED = "※"
WIDTHS = (30, 28, 60, 14, 44, 30, 34)
"""Widths of the columns of the definitions, in characters."""
FITS = 12
"""Columns that a landscape page takes at a readable size; wider sheets run over several."""
_CREATED = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_FORMATS = {"ratio": "0.0%", "USD": "#,##0.00", "days": "#,##0.0"}
NARROWEST, WIDEST = 14, 70
"""Bounds of the first column's width, in characters."""


def workbook(year: Year) -> bytes:
    """The workbook of a year for one audience."""
    content = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(content, options)
    book.set_properties({"title": f"统保 {year.terms.label_zh} 年度统计", "created": _CREATED})
    book.set_size(1600, 1000)
    pen = _Pen(book, year)
    pen.grid("汇总 Summary", grids.totals(year))
    for dimension in DIMENSIONS[1:]:
        measures = [m.name for m in year.measures if dimension in m.dimensions]
        title = grids.words("dimension", dimension)
        grid = grids.by_measure(year, dimension, measures, title)
        pen.grid(f"{title[0]} {dimension}", grid)
    if year.audience == "internal":
        pen.grid("修订 Revisions", grids.revisions(year))
    pen.grid("条款 Terms", grids.terms(year))
    pen.definitions()
    book.close()
    return content.getvalue()


class _Pen:
    def __init__(self, book: Any, year: Year) -> None:
        self._book, self._year = book, year
        base = {"font_name": "Microsoft YaHei", "font_size": 10, "valign": "top"}
        self._text = book.add_format({**base, "text_wrap": True})
        self._plain = book.add_format({**base, "indent": 1})
        self._title = book.add_format({**base, "bold": True, "font_size": 14})
        self._soft = book.add_format({**base, "font_color": "#52606d", "font_size": 9})
        head = {**base, "bold": True, "bottom": 2, "bottom_color": "#1f5a8c", "text_wrap": True}
        self._head = book.add_format(head)
        self._link = book.add_format({**base, "font_color": "#1f5a8c", "underline": 1})
        self._numbers = {
            (unit, bold): book.add_format({**base, "num_format": number, "bold": bold, "align": "right"})
            for unit, number in {**_FORMATS, "": "#,##0.######"}.items()
            for bold in (False, True)
        }
        self._bold = book.add_format({**base, "bold": True, "indent": 1})

    def grid(self, name: str, grid: Grid) -> None:
        """One sheet with one table; columns of rates get their two sides beside them."""
        sheet = self._sheet(name, grid.origin.title)
        origin = grid.origin
        sheet.write_string(1, 0, f"来历 Origin: {origin.query} · {origin.file}", self._soft)
        release = self._year.release
        sheet.write_string(2, 0, f"发布 Release {release.name} · {self._year.as_of} · "
                           f"{grid.note[0]}", self._soft)  # fmt: skip
        rated = [place for place in range(len(grid.heads)) if _is_rated(grid.rows, place)]
        places, width = {}, 0
        for place, head in enumerate(grid.heads):
            places[place] = width
            title = f"{head.title[0]}\n{head.title[1]}" if head.title[0] != head.title[1] else head.title[0]
            sheet.write_string(4, width, title, self._head)
            if head.measure:
                self._to_definition(sheet, 3, width, head.measure, "定义 definition", self._link)
            for beside, side in enumerate(("分子\nnumerator", "分母\ndenominator"), start=1):
                if place in rated:
                    sheet.write_string(4, width + beside, side, self._head)
            width += 3 if place in rated else 1
        for down, row in enumerate(grid.rows, start=5):
            bold = grid.total and down == len(grid.rows) + 4
            for place, value in enumerate(row):
                self._cell(sheet, down, places[place], value, bold, with_sides=place in rated)
        longest = max((_width(row[0]) for row in grid.rows), default=0)
        sheet.set_column(0, 0, min(max(NARROWEST, longest + 3), WIDEST))
        sheet.set_column(1, max(width - 1, 1), 16)
        sheet.set_row(4, 32)
        sheet.freeze_panes(5, 1)
        if grid.rows:
            sheet.autofilter(4, 0, len(grid.rows) + 4 - grid.total, width - 1)
        sheet.repeat_rows(4)
        sheet.repeat_columns(0)
        if width <= FITS:
            sheet.fit_to_pages(1, 0)

    def definitions(self) -> None:
        """Every measure as `schemas.measures` defines it."""
        sheet = self._sheet(DEFINITIONS, ("指标定义", "Definitions of the measures"))
        heads = ("代码 code", "指标 measure", "公式 formula", "单位 unit", "取数 summed over",
                 "来源表 tables", "可能修订 revised by")  # fmt: skip
        for place, text in enumerate(heads):
            sheet.write_string(4, place, text, self._head)
        for down, row in enumerate(grids.definitions(), start=5):
            for place, value in enumerate(row):
                text = "\n".join(value) if isinstance(value, tuple) else str(value)
                sheet.write_string(down, place, text, self._text)
            sheet.set_row(down, 14 * max(map(_lines, row, WIDTHS)))
        for place, width in enumerate(WIDTHS):
            sheet.set_column(place, place, width)
        sheet.fit_to_pages(1, 0)
        sheet.freeze_panes(5, 1)

    def _sheet(self, name: str, title: tuple[str, str]) -> Any:
        sheet = self._book.add_worksheet(name[:31])
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.set_row(0, 24)
        sheet.set_footer("&C&P / &N")
        status = grids.words("statistics_status", self._year.status)[0]
        label = self._year.terms.label_zh
        sheet.write_string(0, 0, f"{label} {title[0]} {title[1]}（{status}）", self._title)
        return sheet

    def _cell(self, sheet: Any, down: int, at: int, value: Cell, bold: bool, *, with_sides: bool) -> None:
        if isinstance(value, Figure):
            if value.is_suppressed:
                sheet.write_string(down, at, SUPPRESSED, self._plain)
            else:
                self._number(sheet, down, at, value.value, value.unit, bold)
                if with_sides:
                    self._number(sheet, down, at + 1, value.numerator, "", bold)
                    self._number(sheet, down, at + 2, value.denominator, "", bold)
        elif isinstance(value, Measure):
            self._to_definition(sheet, down, at, value.name, f"{value.zh} {value.en}", self._link)
        elif isinstance(value, Decimal | int):
            self._number(sheet, down, at, Decimal(value), "", bold)
        elif value is not None:
            text = value if isinstance(value, str) else " ".join(dict.fromkeys(value))
            sheet.write_string(down, at, text, self._bold if bold else self._plain)

    def _number(self, sheet: Any, down: int, at: int, value: Decimal | None, unit: str, bold: bool) -> None:
        if value is not None:
            number = self._numbers.get((unit, bold)) or self._numbers["", bold]
            sheet.write_number(down, at, value, number)

    def _to_definition(self, sheet: Any, down: int, at: int, measure: str, text: str, look: Any) -> None:
        line = list(BY_NAME).index(measure) + 6
        sheet.write_url(down, at, f"internal:'{DEFINITIONS}'!A{line}", look, text)


def _width(value: Cell) -> int:
    """How wide a name stands in a cell, in Latin letters."""
    words = (value.zh, value.en) if isinstance(value, Measure) else value
    text = " ".join(dict.fromkeys(words)) if isinstance(words, tuple) else str(words)
    return sum(1 + (ord(letter) > 0x2E80) for letter in text)


def _lines(value: Cell, width: int) -> int:
    """How many lines a text takes in a column, a Chinese character being two wide."""
    parts = value if isinstance(value, tuple) else (str(value),)
    return sum(-(-sum(1 + (ord(letter) > 0x2E80) for letter in part) // width) for part in parts)


def _is_rated(rows: Sequence[Sequence[Cell]], place: int) -> bool:
    figures = [row[place] for row in rows if isinstance(row[place], Figure)]
    return any(isinstance(f, Figure) and f.denominator is not None for f in figures)
