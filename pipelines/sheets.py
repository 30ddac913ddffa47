"""Workbooks that people read and print: one look for all of them, the same bytes for the same rows.

What is in them is decided by the callers. Text stays text: nothing becomes a formula or a link.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import polars as pl
import xlsxwriter
from rich.cells import cell_len

OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
LINE = 15
"""Height of a line of the default font, in points."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, a line on top, rows under their titles, and the width of each column."""

    name: str
    title: str
    rows: pl.DataFrame
    widths: Sequence[int]
    """In characters of the default font; a Chinese character takes two."""


def workbook(sheets: Sequence[Sheet], on: date) -> bytes:
    """An XLSX of these sheets, dated `on`: A4 across, as wide as the page, titles on every page."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content, OPTIONS) as book:
        book.set_properties({"created": datetime.combine(on, time())})
        cell = {"border": 1, "valign": "top"}
        head = {"bold": True, "bg_color": "#DDE6EE", "border": 1, "text_wrap": True, "valign": "vcenter"}
        looks = {
            "title": book.add_format({"bold": True, "font_size": 13}),
            "head": book.add_format(head),
            "text": book.add_format({**cell, "text_wrap": True}),
            "date": book.add_format({**cell, "num_format": "yyyy-mm-dd", "align": "left"}),
            "figure": book.add_format({**cell, "num_format": "#,##0"}),
        }
        for sheet in sheets:
            _write(book.add_worksheet(sheet.name), sheet, looks)
    return content.getvalue()


def _write(page: xlsxwriter.worksheet.Worksheet, sheet: Sheet, looks: dict[str, object]) -> None:
    last = max(sheet.rows.width - 1, 0)
    page.write_string(0, 0, sheet.title, looks["title"])
    for column, (name, width) in enumerate(zip(sheet.rows.columns, sheet.widths, strict=True)):
        page.write_string(1, column, name, looks["head"])
        page.set_column(column, column, width)
    for at, row in enumerate(sheet.rows.iter_rows(), start=2):
        page.set_row(at, LINE * max(map(_lines, row, sheet.widths), default=1))
        for column, value in enumerate(row):
            _cell(page, at, column, value, looks)
    page.freeze_panes(2, 0)
    page.autofilter(1, 0, max(sheet.rows.height + 1, 1), last)
    page.repeat_rows(1)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    page.set_footer("&L&A&R第 &P 页，共 &N 页")


def _lines(value: object, width: int) -> int:
    """How many lines a value takes in a column; no program does it when it opens a file."""
    return max(1, -(-cell_len(str(value)) // max(width - 1, 1)))


def _cell(
    page: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: object, looks: dict[str, object]
) -> None:
    match value:
        case None:
            page.write_blank(row, column, None, looks["text"])
        case date():
            page.write_datetime(row, column, datetime.combine(value, time()), looks["date"])
        case int():
            page.write_number(row, column, value, looks["figure"])
        case _:
            page.write_string(row, column, str(value), looks["text"])
