"""The faults: what customs exchanges, offices and their spreadsheets really deliver.

Belongs here: each fault as a change to three good lines. What comes of it is written by
`python -m tests.bad_input.page` to docs/bad-input.md and held there by the tests.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from schemas.customs import DECLARATIONS
from tests.bad_input.forms import CSV, FILES, FORMS, Row, Value
from tests.bad_input.outcome import Data, Fault, Rows

LINE: dict[str, Value] = {
    "declaration_no": "531620240000000017", "line_no": "1", "revision": "0", "status": "closed",
    "consignor_uscc": "914403007109310121", "consignor_customs_code": "4403160001",
    "consignor_name": "深圳市甲进出口有限公司", "trading_country": "USA", "arrival_country": "USA",
    "destination_country": "USA", "trade_mode": "0110", "hs_code": "0101210000", "delivery_terms": "3",
    "currency": "USD", "amount": "8000000.01", "declared_on": "2024-01-02", "closed_on": "2024-01-03",
    "updated_at": "2024-01-04T00:00:00Z",
}  # fmt: skip
WITHOUT_XLSX = tuple(form for form in FORMS if form != "XLSX")
GOOD: tuple[Row, ...] = tuple(LINE | {"declaration_no": f"53162024000000001{n}"} for n in range(3))
FIRM = "深圳市甲"
TEXTS = "xl/sharedStrings.xml"


def second(**changes: Value) -> Rows:
    """The second row changed."""
    return lambda rows: [rows[0], rows[1] | changes, rows[2]]


def more(**changes: Value) -> Rows:
    """A fourth row: the second again, changed."""
    return lambda rows: [*rows, rows[1] | changes]


def every(change: Callable[[dict[str, Value]], Row]) -> Rows:
    """Every row changed."""
    return lambda rows: [change(row) for row in rows]


def without(name: str) -> Rows:
    """A column left out."""
    return every(lambda row: {key: value for key, value in row.items() if key != name})


def renamed(name: str, new: str) -> Rows:
    """A column under another name."""
    return every(lambda row: {new if key == name else key: value for key, value in row.items()})


def in_second_row(change: Callable[[bytes], bytes]) -> Data:
    """The bytes of the second row of a CSV changed."""

    def changed(data: bytes) -> bytes:
        lines = data.split(b"\n")
        lines[2] = change(lines[2])
        return b"\n".join(lines)

    return changed


def in_sheet(old: str, new: str, part: str = "xl/worksheets/sheet1.xml", times: int = 1) -> Data:
    """A part of a workbook changed."""

    def changed(data: bytes) -> bytes:
        out = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(data)) as book,
            zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as anew,
        ):
            for name in book.namelist():
                text = book.read(name)
                if name == part:
                    assert re.search(old.encode(), text), f"{old} is not in {name}"
                    text = re.sub(old.encode(), new.encode().replace(b"\\", b"\\\\"), text, count=times)
                anew.writestr(name, text)
        return out.getvalue()

    return changed


def encoding_of(data: bytes) -> str:
    """What a CSV is written in."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def as_text(change: Callable[[str], str]) -> Data:
    """The text of a CSV changed."""
    return lambda data: change(data.decode(encoding_of(data))).encode(encoding_of(data))


def within_last_character(data: bytes) -> bytes:
    """A CSV up to the first byte of its last Chinese character."""
    return data[: data.rindex("司".encode(encoding_of(data))) + 1]


def other_encoding(line: bytes) -> bytes:
    """A line of UTF-8 in GB18030, or the other way round."""
    return line.decode(encoding_of(line)).encode("utf-8" if encoding_of(line) == "gb18030" else "gb18030")


def lost_byte(line: bytes) -> bytes:
    """A line with one byte of a character missing."""
    at = next(place for place, byte in enumerate(line) if byte > 0x7F)
    return line[: at + 1] + line[at + 2 :]


def under_ending(suffix: str) -> Callable[[Path], None]:
    """The file under another ending."""

    def rename(path: Path) -> None:
        path.rename(_beside(path, suffix))

    return rename


def control(**changes: object) -> Callable[[Path], None]:
    """A control file, right but for the changes."""
    stated = {"rows": 3, "amount_sum": "24000000.03"} | changes

    def write(path: Path) -> None:
        _beside(path, ".control.json").write_text(json.dumps(stated), "utf-8")

    return write


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def link_out(path: Path) -> None:
    """The file lies elsewhere; a link leads to it."""
    outside = path.parents[2] / path.name
    path.rename(outside)
    path.symlink_to(outside)


def linked_folder(path: Path) -> None:
    """The file lies elsewhere; a link leads to its folder."""
    outside = path.parents[2] / "elsewhere"
    outside.mkdir()
    path.rename(outside / path.name)
    (path.parent / "in").symlink_to(outside)


def copy(path: Path) -> None:
    """The same file again under another name."""
    path.with_name(f"b{path.suffix}").write_bytes(path.read_bytes())


def named_pipe(path: Path) -> None:
    """A pipe in place of the file: whoever opens it waits for ever."""
    path.unlink()
    os.mkfifo(path)


def merged_header(data: bytes) -> bytes:
    """Two rows of header, cells of the upper one merged."""
    return in_sheet(
        "</sheetData>", '</sheetData><mergeCells count="1"><mergeCell ref="A1:C1"/></mergeCells>'
    )(in_sheet("<t[^>]*>line_no</t>", "<t/>", TEXTS)(data))


def bomb(data: bytes) -> bytes:
    """A sheet of blanks: eighty mebibytes from eighty kilobytes."""
    return in_sheet("</sheetData>", f"{' ' * (80 << 20)}</sheetData>")(data)


def title_above(data: bytes) -> bytes:
    """A row with a title above the header."""
    plain = in_sheet(r' r="[A-Z]*[0-9]+"', "", times=0)(data)
    title = '<sheetData><row><c t="inlineStr"><is><t>报关单明细</t></is></c></row>'
    return in_sheet("<sheetData>", title)(plain)


def _dates(rows: list[dict[str, Value]]) -> Sequence[Row]:
    return [
        rows[0],
        rows[1] | {"declared_on": "20240102", "closed_on": "20240103"},
        rows[2] | {"declared_on": "45293", "closed_on": "45294"},
    ]


FAULTS: tuple[Fault, ...] = (
    # ── what only looks odd ──────────────────────────────────────────────────────────────────
    Fault("nothing wrong", FORMS),
    Fault("columns in another order", FORMS, rows=every(lambda row: dict(reversed(row.items())))),
    Fault(
        "headers in Chinese", FORMS, rows=every(lambda row: {DECLARATIONS[n].zh: v for n, v in row.items()})
    ),
    Fault("headers in both languages", FORMS, rows=renamed("hs_code", "商品编号")),
    Fault("byte order mark", CSV, data=as_text(lambda text: f"\ufeff{text}")),
    Fault("mixed line ends", CSV, data=in_second_row(lambda line: line + b"\r")),
    Fault("no line end after the last row", CSV, data=lambda data: data.rstrip(b"\n")),
    Fault("quoted line ends and quotation marks", FORMS, rows=second(consignor_name=f'{FIRM}\n"公司", 深圳')),
    Fault("blank rows", CSV, data=lambda data: data + b"\n" + b"," * 17 + b"\n"),
    Fault("dates as yyyy-mm-dd, yyyymmdd and serial numbers", FORMS, rows=_dates),
    Fault(
        "typed dates and numbers",
        FORMS,
        rows=every(
            lambda row: (
                row
                | {
                    "declared_on": date(2024, 1, 2),
                    "closed_on": date(2024, 1, 3),
                    "amount": 8000000.01,
                    "line_no": 1,
                }
            )
        ),
    ),
    Fault("thousands commas", FORMS, rows=second(amount="8,000,000.01")),
    Fault(
        "full-width digits and letters in codes",
        FORMS,
        rows=second(hs_code="０１０１２１００００", currency="ＵＳＤ"),
    ),
    Fault("codes with leading zeros as text", FORMS, rows=second(hs_code="0000000001", trade_mode="0110")),
    Fault("clocks in other zones", FORMS, rows=second(updated_at="2024-01-03T16:00:00-08:00")),
    Fault("revision gap", FORMS, rows=more(revision="2", amount="1.00")),
    Fault("amendment whose original never came", FORMS, rows=second(revision="3")),
    Fault("the same row twice", FORMS, rows=more()),
    Fault("updated_at in the future", FORMS, rows=second(updated_at="2027-01-01T00:00:00Z")),
    Fault("the same file under another name", FILES, after=copy),
    Fault("control file that matches", FILES, after=control()),
    Fault("unknown extra column", FORMS, rows=every(lambda row: row | {"仓库": "3"})),
    Fault("optional column missing", FORMS, rows=without("closed_on")),
    # ── columns and whole files ──────────────────────────────────────────────────────────────
    Fault("empty", FILES, data=lambda _: b""),
    Fault("header only", FORMS, rows=lambda _: []),
    Fault("header of something else", FORMS, rows=lambda _: [{"用户": "1", "金额": "2"}]),
    Fault("required column missing", FORMS, rows=without("hs_code")),
    Fault("required column renamed", FORMS, rows=renamed("hs_code", "HS code")),
    Fault("optional column renamed", FORMS, rows=renamed("closed_on", "closed on")),
    Fault("column doubled", FORMS, rows=every(lambda row: row | {"商品编号": "0101210001"})),
    Fault("truncated", FILES, data=lambda data: data[: len(data) * 3 // 4]),
    Fault("cut off inside a character", CSV, data=within_last_character),
    Fault("UTF-16", CSV, data=lambda data: data.decode(encoding_of(data)).encode("utf-16")),
    Fault("separated by semicolons", CSV, data=lambda data: data.replace(b",", b";")),
    Fault("line ends of CR only", CSV, data=lambda data: data.replace(b"\n", b"\r")),
    Fault(
        "comma outside quotation marks", CSV, data=in_second_row(lambda line: line.replace(b"0110", b"01,10"))
    ),
    Fault("stray quotation mark", CSV, data=in_second_row(lambda line: line.replace(b"USA", b'U"SA', 1))),
    Fault("unclosed quotation mark", CSV, data=in_second_row(lambda line: line.replace(b"USA", b'"USA', 1))),
    Fault("a workbook under another name", CSV, data=lambda _: b"PK\x03\x04" + bytes(90)),
    Fault("noise", FILES, data=lambda data: data[:4] + bytes(128 + n * n * 7 % 120 for n in range(4000))),
    Fault("control file off by one row", FILES, after=control(rows=4)),
    Fault("control file off by one cent", FILES, after=control(amount_sum="24000000.04")),
    Fault("control file that says nothing", FILES, after=control(rows="three")),
    Fault("link out of the drop folder", FILES, after=link_out),
    Fault("link to a folder outside", FILES, after=linked_folder),
    Fault("a pipe in place of a file", FILES, after=named_pipe),
    Fault("still being written (.part)", FILES, after=under_ending(".part")),
    Fault("a kind that is not read", FILES, after=under_ending(".txt")),
    Fault(
        "a declaration in two months",
        FORMS,
        rows=more(
            line_no="2", declared_on="2024-02-02", closed_on="2024-02-03", updated_at="2024-02-04T00:00:00Z"
        ),
    ),
    # ── single rows ──────────────────────────────────────────────────────────────────────────
    Fault("a byte lost inside a character", CSV, data=in_second_row(lost_byte)),
    Fault("a line in another encoding", CSV, data=in_second_row(other_encoding)),
    Fault("zero byte", WITHOUT_XLSX, rows=second(consignor_name=f"{FIRM}\0公司")),
    Fault("a field of ten megabytes", WITHOUT_XLSX, rows=second(consignor_name="甲" * 3_500_000)),
    Fault("zero byte", ("XLSX",), data=in_sheet(FIRM, f"{FIRM}_x0000_", TEXTS)),
    Fault("a field of ten megabytes", ("XLSX",), data=in_sheet(FIRM, "甲" * 3_500_000, TEXTS)),
    Fault(
        "numbers in code columns",
        ("Parquet", "XLSX", "database"),
        rows=every(
            lambda row: row | {"hs_code": 101210000, "declaration_no": int(str(row["declaration_no"]))}
        ),
    ),
    Fault("unknown code", FORMS, rows=second(currency="XQX")),
    Fault(
        "a code before or after its time",
        FORMS,
        rows=second(trade_mode="9710", declaration_no="531620200000000011", declared_on="2020-06-30"),
    ),
    Fault("an old code for several countries", FORMS, rows=second(trading_country="701")),
    Fault(
        "negative amount, and three decimals",
        FORMS,
        rows=lambda rows: [rows[0], rows[1] | {"amount": "-1"}, rows[2] | {"amount": "1.005"}],
    ),
    Fault("several reasons", FORMS, rows=second(amount="x", currency=None, hs_code="1")),
    Fault("event after its own updated_at", FORMS, rows=second(closed_on="2024-01-05")),
    Fault("same key and version, other content", FORMS, rows=more(amount="1.00")),
    # ── workbooks ────────────────────────────────────────────────────────────────────────────
    Fault(
        "formulas",
        ("XLSX",),
        data=in_sheet('<c r="O3"[^>]*>.*?</c>', '<c r="O3"><f>4000000*2</f><v>8000000</v></c>'),
    ),
    Fault(
        "formulas without a stored result",
        ("XLSX",),
        data=in_sheet('<c r="O3"[^>]*>.*?</c>', '<c r="O3"><f>4000000*2</f></c>'),
    ),
    Fault(
        "error values",
        ("XLSX",),
        data=in_sheet('<c r="O3"[^>]*>.*?</c>', '<c r="O3" t="e"><f>NA()</f><v>#N/A</v></c>'),
    ),
    Fault(
        "hidden sheet",
        ("XLSX",),
        data=in_sheet(
            '<sheet name="Sheet1"',
            '<sheet name="隐藏" sheetId="9" state="hidden" r:id="rId1"/><sheet name="Sheet1"',
            "xl/workbook.xml",
        ),
    ),
    Fault(
        "no visible sheet",
        ("XLSX",),
        data=in_sheet('<sheet name="Sheet1"', '<sheet state="veryHidden" name="Sheet1"', "xl/workbook.xml"),
    ),
    Fault("merged header", ("XLSX",), data=merged_header),
    Fault("a title above the header", ("XLSX",), data=title_above),
    Fault(
        "two cells far apart",
        ("XLSX",),
        data=in_sheet("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'),
    ),
    Fault("password", ("XLSX",), data=lambda _: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    Fault("zip bomb", ("XLSX",), data=bomb),
    Fault(
        "document type with entities",
        ("XLSX",),
        data=in_sheet("<worksheet", '<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'),
    ),
    Fault(
        "a part that leads out of the archive",
        ("XLSX",),
        data=in_sheet("worksheets/sheet1.xml", "../../../etc/passwd", "xl/_rels/workbook.xml.rels"),
    ),
)
