"""A CSV file → rows of text: header, quotation marks, row lengths. What bytes mean is `decode`'s."""

from __future__ import annotations

import codecs
import csv
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.storage.decode import CHUNK, LONGEST_LINE, Decoded, as_utf8, chunks, data_row
from assets.storage.text_rows import (
    ROW,
    FileRefused,
    TextRows,
    blank_note,
    corrected_rows,
    first_line,
    match_header,
    under_field_names,
)

if TYPE_CHECKING:
    from schemas.table import Source

LONGEST_HEADER = 1 << 20
csv.field_size_limit(LONGEST_LINE)  # Python's own is 128 KiB, for all readers of the process


def read_csv(path: Path, source: Source, scratch: Path) -> TextRows:
    """The rows of a CSV in UTF-8 or GB18030; bad bytes stay in their rows."""
    decoded = as_utf8(path, scratch)
    text = decoded.path
    _refuse_malformed(text, path.name)
    names, lines = _header_record(text, path.name)
    if len(names) == 1 and (other := next((c for c in ";\t|" if c in names[0]), None)):
        raise FileRefused(path.name, f"is separated by {other!r}, not by commas", "save it with commas")
    header = match_header(names, source, path.name)
    columns = [f"c{position}" for position in range(len(names))]
    scan = pl.scan_csv(
        text,
        has_header=False,
        skip_rows=lines,
        schema=dict.fromkeys(columns, pl.String),
        empty_string_is_null=False,
        glob=False,
        row_index_name=ROW,
        row_index_offset=1,
    )
    blank = _blank_csv_rows(scan, columns, text, path.name)
    if blank:
        scan = scan.filter(pl.any_horizontal(pl.col(columns) != ""))
    return TextRows(
        under_field_names(scan, source, header, columns),
        decoded.encoding,
        (*header.notes, *_bad_note(decoded, path.name), *_end_note(path), *blank_note(blank, path.name)),
        corrected_rows(scan, None if header.corrects is None else columns[header.corrects]),
    )


def _refuse_malformed(text: Path, file: str) -> None:
    """Refuses quotation marks inside a cell that are not doubled.

    A stray quotation mark swallows rows up to the next one, and polars notices only some of those.
    What stands between two quoted stretches is nothing (a doubled mark), or begins and ends with a
    comma or a line end; few such pieces differ, so that looking at each different one is quick.
    """
    carried, quoted, done = b"\n", False, 0
    for chunk in chunks(text):
        start = codecs.BOM_UTF8 if not done else b""
        done += len(chunk)
        *pieces, last = (carried + chunk.removeprefix(start)).split(b'"')
        outside = pieces[1 if quoted else 0 :: 2]
        if not all(map(_is_between, set(outside))):
            wrong = next(index for index, piece in enumerate(outside) if not _is_between(piece))
            after = pieces[2 * wrong + (2 if quoted else 1) :]
            behind = sum(len(piece) + 1 for piece in after) + len(last) + 1
            raise _stray_mark(text, file, done - behind)
        quoted = quoted != (len(pieces) % 2 == 1)
        carried = last if len(last) <= CHUNK else last[:2] + last[-2:]
    if quoted or (not carried.startswith((b",", b"\n", b"\r")) and carried):
        raise _stray_mark(text, file, done - 1)


def _is_between(piece: bytes) -> bool:
    return not piece or (piece.startswith((b",", b"\n", b"\r\n")) and piece.endswith((b",", b"\n")))


def _stray_mark(text: Path, file: str, position: int) -> FileRefused:
    return FileRefused(
        file,
        f"has a stray or unclosed quotation mark in {data_row(text, position)}",
        'double each " inside a cell and put such cells in quotation marks',
    )


def _header_record(text: Path, file: str) -> tuple[list[str], int]:
    """The header cells, and how many records stand before the first data row."""
    with text.open("rb") as opened:
        start = codecs.decode(opened.read(LONGEST_HEADER), "utf-8-sig", "ignore")
    reader = csv.reader(io.StringIO(start, newline=""))
    for skipped, cells in enumerate(reader, start=1):
        if not any(cell.strip() for cell in cells):
            continue
        rest = start.removeprefix("\ufeff").lstrip("\r\n")
        if "\r" in rest and "\n" not in rest:
            raise FileRefused(file, "has line ends of CR only", "save it with LF or CRLF")
        return [cell.replace("\ufeff", "") for cell in cells], skipped
    raise FileRefused(file, "is empty", "deliver it again, with its header line")


def _blank_csv_rows(scan: pl.LazyFrame, columns: list[str], text: Path, file: str) -> int:
    """Reads all cells once, so that what comes later cannot fail; returns the rows without content.

    Polars fills up a row with too few cells silently. Only a row whose last cell is empty can be
    such a one, so the cells are counted, slowly, only in files that have those.
    """
    try:
        # Null counts cost nothing, but every column has to be read for them.
        first_empty, last_empty, *_ = (
            scan.select(
                (pl.col(columns[0]) == "").sum().alias("first"),
                (pl.col(columns[-1]) == "").sum().alias("last"),
                pl.col(columns).null_count(),
            )
            .collect(engine="streaming")
            .row(0)
        )
        empty = scan.filter(pl.all_horizontal(pl.col(columns) == "")).select(pl.len())
        blank = int(empty.collect(engine="streaming").item()) if first_empty else 0
    except pl.exceptions.PolarsError as error:
        _refuse_ragged(text, len(columns), file)
        raise FileRefused(
            file,
            f"is malformed, most likely by a quotation mark ({first_line(error)})",
            'double each " inside a cell and put such cells in quotation marks',
        ) from error
    if last_empty > blank and len(columns) > 1:
        _refuse_ragged(text, len(columns), file)
    return blank


def _refuse_ragged(text: Path, width: int, file: str) -> None:
    with text.open(encoding="utf-8-sig", newline="") as opened, suppress(csv.Error):
        records = (cells for cells in csv.reader(opened) if cells)
        next(records, None)
        for row, cells in enumerate(records, start=1):
            if len(cells) != width:
                raise FileRefused(
                    file,
                    f"has {len(cells)} cells in data row {row} where its header has {width}",
                    "it may be cut off, or hold a comma outside quotation marks; deliver it again",
                )


def _end_note(path: Path) -> tuple[str, ...]:
    """A CSV that was cut off in its last cell shows nothing else."""
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        ends = file.read() == b"\n"
    return () if ends else (f"{path.name}: its last row has no line end, it may have been cut off there.",)


def _bad_note(decoded: Decoded, file: str) -> tuple[str, ...]:
    if not decoded.bad_bytes:
        return ()
    encoding = decoded.encoding.removesuffix("-bom").upper()
    return (
        f"{file}: {decoded.bad_bytes} bytes are no {encoding}, the first in "
        f"{data_row(decoded.path, decoded.first_bad)}; the rows that have them are refused.",
    )
