"""A workbook (.xlsx) → rows of text, read as a stream: only its shared texts are held in memory.

A cell knows what it is: text stays text, a number is a number (digits that a number cannot hold are
gone before we see it), a date is a number with a date's format. Formulas count with the result that
is stored beside them. Nothing of a workbook is run, followed or unpacked to disk, and no more of it
is read than `LARGEST_PART` allows, so that a bomb costs its sender a sentence and nobody the night.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from posixpath import join, normpath
from typing import TYPE_CHECKING
from xml.parsers import expat

import polars as pl

from assets.storage.text_rows import (
    ROW,
    FileRefused,
    Header,
    TextRows,
    blank_note,
    contract_time,
    corrected_rows,
    field_of,
    match_header,
    none_if_empty,
    number_text,
    shown,
)
from schemas.operations import CORRECTS

if TYPE_CHECKING:
    from schemas.table import Field, Source

CHUNK = 1 << 16
LARGEST_PART = 4 << 30
"""Bytes of a sheet unpacked: one of a million full rows takes about a quarter of it."""
USUAL_PART, MOST_TIMES = 64 << 20, 300
"""Beyond the first, a part that unpacks to so many times its size is no sheet that anybody filled."""
LARGEST_TEXTS = 256 << 20
"""Bytes of the parts that are held in memory (shared texts, styles), unpacked."""
LONGEST_CELL, LONGEST_TAG = 16 << 20, 1 << 20
LAST_COLUMN, LAST_ROW = 16_384, 1_048_576
BATCH_ROWS = 50_000
TITLE_ROWS = 10
"""A header is looked for in so many rows, to say where it is when it is not the first."""

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_NOT_DATE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}


class _Broken(Exception):
    """What is wrong with the workbook's inside."""


@dataclass(frozen=True)
class _Sheet:
    name: str
    part: str
    is_visible: bool


@dataclass
class _Cell:
    """A cell as it stands in the sheet: its text, and what kind of thing that is."""

    text: str
    kind: str
    is_date: bool
    is_formula: bool


Row = tuple[int, dict[int, _Cell]]


def read_xlsx(path: Path, source: Source, scratch: Path) -> TextRows:
    """The rows of the first visible sheet."""
    with path.open("rb") as file:
        if file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            raise FileRefused(
                path.name,
                "is locked with a password, or is an old .xls under another name",
                "save it as .xlsx without a password",
            )
    with zipfile.ZipFile(path) as archive:
        try:
            return _rows_of(_Workbook(archive), path.name, source, scratch)
        except _Broken as broken:
            raise FileRefused(path.name, str(broken), "save it anew as .xlsx and deliver it again") from None


def _rows_of(book: _Workbook, file: str, source: Source, scratch: Path) -> TextRows:
    visible = [sheet for sheet in book.sheets if sheet.is_visible]
    if not visible:
        raise FileRefused(file, "has no visible sheet", "show the sheet that is meant")
    sheet = _SheetRows(book, visible[0].part)
    rows = iter(sheet)
    top, header = _header(rows, sheet, source, file)
    columns = _Columns(source, header, book.is_1904)
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".parquet", delete=False) as out:
        pass
    read, last = columns.write(Path(out.name), rows, top)
    if book.is_1904 and columns.bare_dates:
        raise FileRefused(
            file,
            f"counts days from 1904 and has plain numbers in {', '.join(sorted(columns.bare_dates))}",
            "format those columns as dates",
        )
    notes = [*header.notes, *columns.notes(file)]
    if others := [s.name for s in book.sheets if s is not visible[0]]:
        notes.append(f"{file}: only its first visible sheet was read, not {', '.join(map(shown, others))}.")
    if merged := sum(1 for first, end in sheet.merged if end > top):
        notes.append(f"{file}: of {merged} merged ranges only the first cell has a value.")
    notes += blank_note(last - top - read if read else 0, file)
    frame = pl.scan_parquet(out.name, glob=False)
    texts = [
        none_if_empty(contract_time(pl.col(name), field_of(source, name)))
        if name in header.positions
        else pl.lit(None, pl.String)
        for name in source.names
    ]
    named = [text.alias(name) for text, name in zip(texts, source.names, strict=True)]
    corrects = corrected_rows(frame, None if header.corrects is None else CORRECTS.name)
    return TextRows(frame.select(*named, pl.col(ROW)), "xlsx", tuple(notes), corrects)


def _header(rows: Iterator[Row], sheet: _SheetRows, source: Source, file: str) -> tuple[int, Header]:
    """The header, which is the first row with content, and its number; or where it is instead."""
    first = next(rows, None)
    if first is None:
        raise FileRefused(file, "has no cells", "deliver it again, with its header line")
    try:
        return first[0], match_header(_names(first), source, file)
    except FileRefused:
        for _, below in zip(range(TITLE_ROWS), rows, strict=False):
            try:
                match_header(_names(below), source, file)
            except FileRefused:
                continue
            raise FileRefused(
                file,
                f"has its header in row {below[0]} of the sheet, below something else",
                f"delete the rows above row {below[0]}",
            ) from None
        for _ in rows:
            pass
        if any(start <= first[0] <= end for start, end in sheet.merged):
            raise FileRefused(
                file,
                f"has merged cells in its header (row {first[0]} of the sheet)",
                "give each column one header cell of its own",
            ) from None
        raise


def _names(row: Row) -> list[str]:
    cells = row[1]
    return [cells[n].text if n in cells else "" for n in range(max(cells, default=-1) + 1)]


@dataclass
class _Columns:
    """The columns that are read: writes them down, and remembers what was odd about them."""

    source: Source
    header: Header
    is_1904: bool
    numbers: dict[str, int] = field(default_factory=dict)
    """Field of unknown length → cells that are numbers."""
    formulas: int = 0
    bare_dates: set[str] = field(default_factory=set)

    def write(self, path: Path, rows: Iterator[Row], top: int) -> tuple[int, int]:
        """Write the rows with content; returns how many there are, and the last one's number."""
        import pyarrow
        import pyarrow.parquet

        fields = [(position, field_of(self.source, name)) for name, position in self.header.positions.items()]
        corrects = self.header.corrects
        names = [*(of.name for _, of in fields), *([] if corrects is None else [CORRECTS.name])]
        schema = pyarrow.schema([*((name, pyarrow.string()) for name in names), (ROW, pyarrow.int64())])
        count, last = 0, top
        with pyarrow.parquet.ParquetWriter(path, schema) as out:
            batch: list[dict[str, str | int | None]] = []
            for last, cells in rows:
                texts = {f.name: self._text(cells[at], f) for at, f in fields if at in cells}
                if any(texts.values()):
                    count += 1
                    if corrects is not None and corrects in cells:
                        texts[CORRECTS.name] = cells[corrects].text
                    batch.append({**texts, ROW: last - top})
                if len(batch) == BATCH_ROWS:
                    out.write_table(pyarrow.Table.from_pylist(batch, schema))
                    batch.clear()
            out.write_table(pyarrow.Table.from_pylist(batch, schema))
        return count, last

    def _text(self, cell: _Cell, of: Field) -> str | None:
        self.formulas += cell.is_formula
        if cell.kind != "n" or not cell.text:
            return cell.text
        if cell.is_date and (moment := _moment(cell.text, self.is_1904)):
            return moment
        if of.form == "date":
            self.bare_dates.add(of.name)
        try:
            text = number_text(repr(float(cell.text)))
        except ValueError:
            return cell.text
        if of.form == "code" and of.pattern is None:
            # Nothing later can tell that such a number has lost digits.
            self.numbers[of.name] = self.numbers.get(of.name, 0) + 1
            return None if "E" in text else text
        return text

    def notes(self, file: str) -> Iterator[str]:
        """Sentences on what was odd."""
        for name, count in self.numbers.items():
            yield (
                f"{file}: {count} cells of {name} are numbers and may have lost leading zeros, "
                "format that column as text."
            )
        if self.formulas:
            yield f"{file}: {self.formulas} cells are formulas, the results stored in the file were taken."


def _moment(serial: str, is_1904: bool) -> str | None:
    """A date's serial number as the contract writes dates, with a time only where it has one."""
    try:
        days = float(serial)
        # The 1900 system has a 29 February 1900: serials below 60 are one day behind.
        first = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30 if days >= 60 else 31)  # noqa: DTZ001
        moment = first + timedelta(milliseconds=round(days * 86_400_000))
    except (ValueError, OverflowError):
        return None
    return moment.isoformat(" ", "milliseconds") if days >= 0 else None


# ── the inside of a workbook ──────────────────────────────────────────────────────────────────
class _Workbook:
    """What the parts beside the sheets say: sheets, shared texts, which formats are dates."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.is_1904 = False
        self.sheets: list[_Sheet] = []
        self.texts: list[str] = []
        self.date_styles: set[int] = set()
        main = next(iter(self._targets("_rels/.rels", "officeDocument").values()), "xl/workbook.xml")
        relations = f"{main.rpartition('/')[0]}/_rels/{main.rpartition('/')[2]}.rels"
        parts = self._targets(relations)
        self._read_sheets(main, parts)
        for part in self._targets(relations, "styles").values():
            self._read_styles(part)
        for part in self._targets(relations, "sharedStrings").values():
            self._read_texts(part)

    def _targets(self, relations: str, kind: str = "") -> dict[str, str]:
        """Relation → part of the archive; a target outside of it is none."""
        found: dict[str, str] = {}
        base = relations.partition("_rels/")[0]

        def start(name: str, attributes: Mapping[str, str]) -> None:
            outside = attributes.get("TargetMode") == "External"
            if name == "Relationship" and not outside and attributes.get("Type", "").endswith(kind):
                target = attributes.get("Target", "")
                place = target.lstrip("/") if target.startswith("/") else normpath(join(base, target))
                found[attributes.get("Id", "")] = place

        if relations in self.archive.namelist():
            self.parse(relations, start, limit=LARGEST_TEXTS)
        return found

    def _read_sheets(self, main: str, parts: Mapping[str, str]) -> None:
        def start(name: str, attributes: Mapping[str, str]) -> None:
            if name == "workbookPr":
                self.is_1904 = attributes.get("date1904", "0") not in ("0", "false")
            elif name == "sheet":
                relation = next((v for k, v in attributes.items() if k.endswith(":id")), "")
                title, state = attributes.get("name", ""), attributes.get("state", "visible")
                if part := parts.get(relation):
                    self.sheets.append(_Sheet(title, part, state == "visible"))

        self.parse(main, start, limit=LARGEST_TEXTS)

    def _read_styles(self, part: str) -> None:
        dates = set(_DATE_FORMATS)
        at = {"in_cells": False, "style": 0}

        def start(name: str, attributes: Mapping[str, str]) -> None:
            if name == "numFmt":
                code = _NOT_DATE.sub("", attributes.get("formatCode", "").partition(";")[0]).lower()
                if set(code) & set("ymdhs") and "general" not in code:
                    dates.add(_whole(attributes.get("numFmtId", ""), "numFmtId"))
            elif name == "cellXfs":
                at["in_cells"] = True
            elif name == "xf" and at["in_cells"]:
                if _whole(attributes.get("numFmtId", "0"), "numFmtId") in dates:
                    self.date_styles.add(at["style"])
                at["style"] += 1

        def end(name: str) -> None:
            at["in_cells"] = at["in_cells"] and name != "cellXfs"

        self.parse(part, start, end, limit=LARGEST_TEXTS)

    def _read_texts(self, part: str) -> None:
        pieces: list[str] = []
        at = {"text": False, "phonetic": False}

        def start(name: str, _: Mapping[str, str]) -> None:
            at["phonetic"] = at["phonetic"] or name == "rPh"
            at["text"] = name == "t" and not at["phonetic"]

        def end(name: str) -> None:
            at["text"] = False
            if name == "si":
                self.texts.append(_unescaped("".join(pieces)))
                pieces.clear()
            elif name == "rPh":
                at["phonetic"] = False

        def text(data: str) -> None:
            if at["text"]:
                pieces.append(data)

        self.parse(part, start, end, text, limit=LARGEST_TEXTS)

    def parse(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
        *,
        limit: int = LARGEST_PART,
    ) -> None:
        """Give a part's elements to the handlers."""
        for _ in self.feed(part, start, end, text, limit=limit):
            pass

    def feed(
        self,
        part: str,
        start: Callable[[str, dict[str, str]], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
        *,
        limit: int,
    ) -> Iterator[None]:
        """The same, a piece of the part at a time; names come without their namespace's prefix."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
        if end:
            ended = end
            parser.EndElementHandler = lambda name: ended(name.rpartition(":")[2])
        if text:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse_doctype
        done = 0
        try:
            packed = self.archive.getinfo(part).compress_size
            with self.archive.open(part) as opened:
                while data := opened.read(CHUNK):
                    done += len(data)
                    if done > limit or (done > USUAL_PART and done > MOST_TIMES * packed):
                        raise _Broken(f"unpacks to more than {done - 1:,} bytes ({shown(part)})")
                    parser.Parse(data, False)
                    if done - parser.CurrentByteIndex > LONGEST_TAG:
                        raise _Broken(f"has an endless element ({shown(part)})")
                    yield
                parser.Parse(b"", True)
                yield
        except KeyError:
            raise _Broken(f"lacks its part {shown(part)}") from None
        except expat.ExpatError as error:
            raise _Broken(f"is damaged ({shown(part)}: {error})") from None


def _refuse_doctype(*_: object) -> None:
    raise _Broken("declares a document type, which no workbook does")


class _SheetRows:
    """The rows of one sheet that have cells, in order; `merged` is complete after the last."""

    def __init__(self, book: _Workbook, part: str) -> None:
        self._book, self._part = book, part
        self.merged: list[tuple[int, int]] = []
        """First and last row of each merged range."""
        self._done: list[Row] = []
        self._row, self._column = 0, -1
        self._cells: dict[int, _Cell] = {}
        self._cell: _Cell | None = None
        self._pieces: list[str] = []
        self._length = 0
        self._reads = False

    def __iter__(self) -> Iterator[Row]:
        for _ in self._book.feed(self._part, self._start, self._end, self._text, limit=LARGEST_PART):
            yield from self._done
            self._done.clear()

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name in ("v", "t"):
            self._reads = self._cell is not None
        elif name == "f" and self._cell:
            self._cell.is_formula = True
        elif name == "row":
            row = _whole(attributes.get("r", str(self._row + 1)), "row")
            if not self._row < row <= LAST_ROW:
                raise _Broken(f"has row {row} of the sheet after row {self._row}")
            self._row, self._column, self._cells = row, -1, {}
        elif name == "mergeCell":
            rows = [int(digits) for digits in re.findall(r"[0-9]{1,9}", attributes.get("ref", ""))]
            if rows and len(self.merged) < LAST_ROW:
                self.merged.append((min(rows), max(rows)))

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        column = _column(attributes["r"]) if "r" in attributes else self._column + 1
        if not self._column < column < LAST_COLUMN:
            raise _Broken(f"has its cells out of order in row {self._row} of the sheet")
        self._column = column
        is_date = _whole(attributes.get("s", "0"), "style") in self._book.date_styles
        self._cell = _Cell("", attributes.get("t", "n"), is_date, is_formula=False)

    def _end(self, name: str) -> None:
        if name in ("v", "t"):
            self._reads = False
        elif name == "c" and self._cell:
            cell, self._cell = self._cell, None
            cell.text = self._value(cell.kind, "".join(self._pieces))
            self._pieces.clear()
            self._length = 0
            if cell.text:
                self._cells[self._column] = cell
        elif name == "row":
            if self._cells:
                self._done.append((self._row, self._cells))
            self._cells = {}

    def _text(self, data: str) -> None:
        if self._reads:
            self._length += len(data)
            if self._length > LONGEST_CELL:
                raise _Broken(f"has a cell of more than {LONGEST_CELL:,} characters")
            self._pieces.append(data)

    def _value(self, kind: str, text: str) -> str:
        if kind == "s" and text:
            at = _whole(text.strip(), "shared text")
            if at >= len(self._book.texts):
                raise _Broken(f"names the shared text {at} of {len(self._book.texts)}")
            return self._book.texts[at]
        if kind == "b":
            return {"1": "true", "0": "false"}.get(text, text)
        return text if kind in ("n", "e", "d") else _unescaped(text)


def _column(reference: str) -> int:
    """`B7` → 1."""
    number = 0
    for letter in reference.rstrip("0123456789"):
        if not "A" <= letter <= "Z" or number > LAST_COLUMN:
            raise _Broken(f"has a cell at {reference[:20]}")
        number = number * 26 + ord(letter) - 64
    return number - 1


def _whole(text: str, what: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise _Broken(f"has the {what} {text[:20]!r}")
    return int(text)


def _unescaped(text: str) -> str:
    """`_x000D_` stands for a character that XML cannot hold."""
    return _ESCAPED.sub(lambda found: _character(found[0], int(found[1], 16)), text) if "_x" in text else text


def _character(as_it_is: str, code: int) -> str:
    return as_it_is if 0xD800 <= code < 0xE000 else chr(code)
