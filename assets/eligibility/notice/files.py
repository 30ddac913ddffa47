"""The notice as files: XLSX and CSV of the list, a PDF, a page that is searched. Same notice, same bytes.

Names come from outside and may be hostile: nothing in them becomes a formula, markup or a script, and
the text that is read back is the text that went in.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from assets.eligibility.documents import typeset
from assets.eligibility.notice.content import COLUMNS, TITLES, Notice

FOLDER = Path(__file__).parent
_WIDTHS = (8, 24, 60, 20)
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")
"""What a spreadsheet may take a text of a CSV for; it is then written with an apostrophe before it."""


def files_of(notice: Notice) -> dict[str, bytes]:
    """Suffix → content, of all files of a notice."""
    made = {"xlsx": as_xlsx(notice), "csv": as_csv(notice)}
    attached = {f"{notice.name}.{suffix}": hashlib.sha256(of).hexdigest() for suffix, of in made.items()}
    return made | {"pdf": as_pdf(notice, attached), "html": as_page(notice)}


def as_csv(notice: Notice) -> bytes:
    """The list as CSV in UTF-8 with BOM, as spreadsheets in Chinese want it.

    A text that a spreadsheet would take for a formula has an apostrophe before it; one apostrophe
    less, where they are followed by such a character, is the text.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(TITLES)
    writer.writerows((serial, *map(guarded, texts)) for serial, *texts in notice.lines)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def guarded(text: str) -> str:
    """A text of a CSV, so that a spreadsheet takes it for a text."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_xlsx(notice: Notice) -> bytes:
    """The list as a workbook of one sheet: a header of titles, then a line a row, all text but the serial."""
    import xlsxwriter

    content = io.BytesIO()
    given = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
             "in_memory": True}  # fmt: skip
    book = xlsxwriter.Workbook(content, given)
    moment = datetime(
        notice.published_on.year, notice.published_on.month, notice.published_on.day, tzinfo=UTC
    )
    book.set_properties({"title": notice.title, "created": moment.replace(tzinfo=None)})
    sheet = book.add_worksheet("名单")
    plain = book.add_format({"num_format": "@", "valign": "vcenter"})
    wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "vcenter", "align": "left"})
    number = book.add_format({"num_format": "0", "align": "center", "valign": "vcenter"})
    head = book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1, "align": "center"})
    for place, (title, width) in enumerate(zip(TITLES, _WIDTHS, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, title, head)
    for row, (serial, uscc, name, district) in enumerate(notice.lines, start=1):
        sheet.write_number(row, 0, serial, number)
        sheet.write_string(row, 1, uscc, plain)
        sheet.write_string(row, 2, name, wrapped)
        sheet.write_string(row, 3, district, plain)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(len(notice.lines), 1), len(COLUMNS) - 1)
    sheet.repeat_rows(0)
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_header(f"&C{notice.title.replace('&', '&&')}{'（样例）' if notice.is_sample else ''}")
    sheet.set_footer("&C第 &P 页，共 &N 页")
    book.close()
    return content.getvalue()


def as_pdf(notice: Notice, attached: Mapping[str, str]) -> bytes:
    """The notice as a document: title, basis, window, contacts, counts, and the attached files' hashes."""
    return typeset(
        FOLDER / "notice.typ",
        {
            "title": notice.title,
            "sample": notice.is_sample,
            "paragraphs": list(notice.paragraphs),
            "window": notice.window,
            "contacts": list(notice.contacts.items()),
            "districts": [[name, f"{count:,}"] for name, count in notice.districts.items()],
            "count": f"{len(notice.lines):,}",
            "sha256": notice.sha256,
            "attached": list(attached.items()),
        },
    )


def as_page(notice: Notice) -> bytes:
    """The list as one page that is searched by any part of a name or credit code.

    Everything is inside it, and its policy lets nothing out: no request is made, and no script but
    its own, named by its hash, can run.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    house = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    style, script = (house.loader.get_source(house, name)[0] for name in ("page.css", "page.js"))  # type: ignore[union-attr]
    lines = json.dumps(notice.lines, ensure_ascii=False, separators=(",", ":"))
    page = house.get_template("page.html").render(
        notice=notice,
        titles=TITLES,
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        # Inside a script element only these end it, or make a comment of it.
        lines=lines.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"),
    )
    return page.encode()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
