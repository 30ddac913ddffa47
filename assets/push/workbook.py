"""Workbooks as people read them: headings that stay in sight, text that is never a formula.

Rows are streamed to the file; the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import xlsxwriter

Form = Literal["text", "long", "money", "share"]
SHEET_ROWS = 1_000_000
"""Rows of a sheet; Excel takes 1,048,576. What is more goes on in the next."""
LINE_POINTS = 15
A3 = 8
MADE = datetime.fromisoformat("2000-01-01T00:00:00+08:00")
"""A workbook's date of making: fixed, or no two would be the same."""
_FORMS: dict[str, dict[str, Any]] = {
    "head": {"bold": True, "bg_color": "#1F4E79", "font_color": "#FFFFFF", "text_wrap": True},
    "text": {},
    "long": {"text_wrap": True},
    "money": {"num_format": "#,##0.00"},
    "share": {"num_format": "0.0%"},
}


@dataclass(frozen=True)
class Heading:
    """A column: its title, its width in characters, and how its values are shown."""

    title: str
    width: int
    form: Form


@dataclass(frozen=True)
class Sheet:
    """A sheet; `rows` have a value a heading."""

    name: str
    headings: Sequence[Heading]
    rows: Iterable[Sequence[Any]]


def write_sheets(path: Path, title: str, sheets: Iterable[Sheet]) -> None:
    """Write a workbook."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": MADE.replace(tzinfo=None), "title": title})
        common = {"valign": "top", "font_size": 10}
        forms = {name: book.add_format(common | form) for name, form in _FORMS.items()}
        for sheet in sheets:
            _write(book, sheet, forms)


def _write(book: Any, sheet: Sheet, forms: dict[str, Any]) -> None:
    page, at = _begin(book, sheet, 1, forms), 0
    for number, row in enumerate(sheet.rows):
        if number and number % SHEET_ROWS == 0:
            page, at = _begin(book, sheet, number // SHEET_ROWS + 1, forms), 0
        at += 1
        page.set_row(at, LINE_POINTS * _lines(sheet, row))
        for n, (heading, value) in enumerate(zip(sheet.headings, row, strict=True)):
            _cell(page, at, n, value, forms[heading.form])


def _lines(sheet: Sheet, row: Sequence[Any]) -> int:
    """How many lines the longest wrapped text takes: a Chinese character is two wide."""
    texts = (
        -(-2 * len(str(value)) // heading.width)
        for heading, value in zip(sheet.headings, row, strict=True)
        if heading.form == "long"
    )
    return max(1, *texts, 1)


def _begin(book: Any, sheet: Sheet, number: int, forms: dict[str, Any]) -> Any:
    page = book.add_worksheet(sheet.name + (f" {number}" if number > 1 else ""))
    page.freeze_panes(1, 2)
    page.set_landscape()
    page.set_paper(A3)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for n, heading in enumerate(sheet.headings):
        page.set_column(n, n, heading.width)
        page.write_string(0, n, heading.title, forms["head"])
    page.autofilter(0, 0, 0, len(sheet.headings) - 1)
    return page


def _cell(page: Any, row: int, n: int, value: Any, form: Any) -> None:
    match value:
        case None:
            return
        case bool():
            page.write_string(row, n, "是" if value else "否", form)
        case Decimal():
            page.write_number(row, n, float(value), form)
        case int():
            page.write_number(row, n, value, form)
        case date():
            page.write_string(row, n, value.isoformat(), form)
        case _:
            page.write_string(row, n, value, form)
