"""One delivered file → rows of text under the contract's field names, in the order of the file.

Belongs here: file forms, encodings, headers, control files. Not here: what a cell means; nothing
is trimmed, folded or parsed, so that a rejected row can be shown as it came. A file that cannot be
read whole is refused with one sentence; half a file is never read.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
import json
import tempfile
import unicodedata
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import polars as pl

from assets.storage.drop_folder import CONTROL_SUFFIX
from assets.storage.refusals import FileRefused

if TYPE_CHECKING:
    import fastexcel

    from schemas.table import Field, Source

ROW = "row"
CHUNK = 1 << 20
BOMS = (codecs.BOM_UTF8, "\ufeff".encode("gb18030"))
LONGEST_HEADER = 1 << 20
LARGEST_WORKBOOK = 4 << 30
"""Bytes of a workbook unpacked: a sheet of a million full rows takes about a quarter of it."""

_AT_MIDNIGHT = r"^(\d{4}-\d{2}-\d{2})[ T]00:00:00(?:\.0+)?Z?$"
_PLAIN_TIME = r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:(\.\d*?[1-9])0*|\.0*)?(?:Z|\+00(?::?00)?)?$"


@dataclass(frozen=True)
class TextRows:
    """The rows of a file: one String column a field of the source, and `row` from 1, all lazy.

    `notes` are sentences about what was left out or looked odd without making the file unreadable.
    """

    frame: pl.LazyFrame
    encoding: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Control:
    """What a sender says a file holds: its rows and the sum of its amounts, where stated."""

    rows: int | None
    amount_sum: Decimal | None


@dataclass(frozen=True)
class Header:
    """How the columns of a delivery are called: field name → position, and what was left out."""

    positions: Mapping[str, int]
    notes: tuple[str, ...]


def read_file(path: Path, source: Source, scratch: Path) -> TextRows:
    """The rows of `path` as text; what has to be rewritten on the way lies in `scratch` until used.

    Every failure of a reader is a FileRefused, panics of native readers included, because a hostile
    file must cost its own sender a sentence and nobody else the night.
    """
    readers: dict[str, Callable[[Path, Source, Path], TextRows]] = {
        ".csv": _read_csv,
        ".parquet": _read_parquet,
        ".xlsx": _read_xlsx,
    }
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise FileRefused(
            path.name,
            f"is of a kind that is not read ({suffix or 'no suffix'})",
            "deliver it as .csv, .parquet or .xlsx",
        )
    try:
        if path.stat().st_size == 0:
            raise FileRefused(path.name, "is empty", "deliver it again, with its header line")
        return readers[suffix](path, source, scratch)
    except (FileRefused, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise FileRefused(
            path.name,
            f"cannot be read as {suffix[1:]} ({_first_line(error)})",
            "write it anew and deliver it again",
        ) from error


def read_control(path: Path) -> Control | None:
    """What `<path>.control.json` says of the file `path`; None where there is no such file."""
    control = path.with_name(path.name + CONTROL_SUFFIX)
    if not control.is_file():
        return None
    try:
        stated = json.loads(control.read_text("utf-8-sig"), parse_float=Decimal)
        if not isinstance(stated, dict):
            raise ValueError("no object")
        return Control(_stated_rows(stated.get("rows")), _stated_sum(stated.get("amount_sum")))
    except (OSError, ValueError, InvalidOperation, RecursionError) as error:
        raise FileRefused(
            control.name,
            f"cannot be read ({_first_line(error)})",
            'write {"rows": 123, "amount_sum": "456.78"} and deliver both files again',
        ) from error


def match_header(names: Sequence[str], source: Source, file: str) -> Header:
    """Which column is which field; refuses a doubled or a missing required one.

    A column may carry the English name or the 中文 one, in any order; blanks around it are nothing.
    """
    known = {_folded(name): field for name, field in source.headers.items()}
    positions: dict[str, int] = {}
    unknown: list[str] = []
    for position, name in enumerate(names):
        field = known.get(_folded(name))
        if field is None:
            unknown.append(name.strip() or f"column {position + 1} without a name")
        elif field in positions:
            raise FileRefused(
                file, f"has the column {field} ({source[field].zh}) twice", "leave one of them out"
            )
        else:
            positions[field] = position
    for missing in source.fields:
        if missing.required and missing.name not in positions:
            raise _missing_column(missing, unknown, names, file)
    left = [field for field in source.headers if source.headers[field] not in positions]
    notes = [f"{file}: {_shown(name)} was left out{_hint(name, left)}." for name in unknown]
    return Header(positions, tuple(notes))


def number_text(text: str) -> str:
    """A floating-point number (in its shortest form) as a plain decimal: 1.0 → 1, 1e-05 → 0.00001.

    Whole numbers from 1e15 keep their exponent: a spreadsheet holds 15 digits and fills the rest
    with zeros, so that such an identifier must stay unreadable rather than become another one.
    The noise of an addition (0.30000000000000004) is cut at 15 digits where cents stay exact.
    """
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number.is_finite():
        return text
    if abs(number) >= 10**15:
        return f"{number.normalize():E}"
    if len(number.as_tuple().digits) > 15 and abs(number) < 10**12:
        number = Decimal(f"{number:.15g}")
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def text_of(column: pl.Expr, dtype: pl.DataType, field: Field) -> pl.Expr | None:
    """A typed column as the text that a CSV would carry; None for a type that has none."""
    if isinstance(dtype, pl.String):
        return _none_if_empty(column)
    if dtype.is_decimal() or dtype.is_integer() or isinstance(dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if isinstance(dtype, pl.Null | pl.Boolean):
        return column.cast(pl.String)
    if dtype.is_float():
        return column.cast(pl.String).map_batches(_numbers, return_dtype=pl.String)
    if isinstance(dtype, pl.Date):
        end = "T00:00:00Z" if field.form == "timestamp" else ""
        return column.dt.strftime(f"%Y-%m-%d{end}")
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone and field.form != "date":
            column = column.dt.convert_time_zone("UTC")
        return contract_time(column.dt.strftime("%Y-%m-%d %H:%M:%S%.f"), field)
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.String):
        return _none_if_empty(column.list.join(";"))
    return None


def contract_time(text: pl.Expr, field: Field) -> pl.Expr:
    """Dates and times as databases and spreadsheets print them → the contract's ISO form."""
    if field.form == "date":
        return text.str.replace(_AT_MIDNIGHT, "$1")
    if field.form == "timestamp":
        return text.str.replace(_PLAIN_TIME, "${1}T${2}${3}Z")
    return text


# ── CSV ───────────────────────────────────────────────────────────────────────────────────────
def _read_csv(path: Path, source: Source, scratch: Path) -> TextRows:
    encoding, text = _as_utf8(path, scratch)
    _refuse_malformed(path)
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
        _under_field_names(scan, source, header, columns),
        encoding,
        (*header.notes, *_blank_note(blank, path.name)),
    )


def _as_utf8(path: Path, scratch: Path) -> tuple[str, Path]:
    """The encoding in which every byte of the file makes sense, and the file in UTF-8."""
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        raise FileRefused(path.name, "is UTF-16", "save it as CSV UTF-8")
    if start in {b"PK\x03\x04", b"PAR1"}:
        kind = "a workbook" if start[:2] == b"PK" else "Parquet"
        raise FileRefused(path.name, f"is {kind} under the name of a CSV", "give it its own suffix")
    bom = start.startswith(codecs.BOM_UTF8)
    bad = _first_bad_byte(path, "utf-8")
    if bad is None:
        return "utf-8-bom" if bom else "utf-8", path
    if bom or _looks_like_utf8(path, bad):
        raise _bad_bytes(path, bad, "not UTF-8, unlike the rest")
    scratch.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=scratch, suffix=".csv", delete=False) as out:
        bad = _first_bad_byte(path, "gb18030", lambda text: out.write(text.encode()))
    if bad is None:
        return "gb18030", Path(out.name)
    Path(out.name).unlink()
    raise _bad_bytes(path, bad, "neither UTF-8 nor GB18030")


def _first_bad_byte(path: Path, encoding: str, use: Callable[[str], object] = lambda _: None) -> int | None:
    """The position of the first byte that the encoding does not allow; None where all are fine.

    The text is handed to `use` a mebibyte at a time.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    done = waiting = 0
    try:
        for chunk in _chunks(path):
            use(decoder.decode(chunk))
            done += len(chunk)
            waiting = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        return done - waiting + error.start
    return None


def _looks_like_utf8(path: Path, bad: int) -> bool:
    """Whether the text around a bad byte is UTF-8 with damage, rather than GB18030.

    Most damaged UTF-8 is valid GB18030 too and would come out as other characters without an error.
    In GB18030 text nearly every character is bad UTF-8; in damaged UTF-8 nearly all are three good
    bytes. A file that ends inside its only non-ASCII character was cut off, whichever it is.
    """
    start = max(0, bad - CHUNK)
    with path.open("rb") as file:
        file.seek(start)
        around = file.read(2 * CHUNK)
    tail = around[bad - start :]
    if len(tail) < 4 and _is_cut_utf8(tail):
        return True
    text = around.decode("utf-8", errors="replace")
    broken = text.count("\ufffd")
    return sum(character > "\u07ff" for character in text) - broken > broken


def _is_cut_utf8(tail: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")("strict").decode(tail)
    except UnicodeDecodeError:
        return False
    return True


def _bad_bytes(path: Path, position: int, what: str) -> FileRefused:
    return FileRefused(
        path.name,
        f"has bytes in {_where(path, position)} that are {what} (byte {position + 1})",
        "save it as CSV UTF-8 and deliver it again",
    )


def _where(path: Path, position: int) -> str:
    """The data row of a byte: line ends outside quotation marks are counted up to it."""
    rows, quoted, left = 0, False, position
    for chunk in _chunks(path):
        for index, piece in enumerate(chunk[:left].split(b'"')):
            quoted = quoted != (index > 0)
            rows += 0 if quoted else piece.count(b"\n")
        left -= len(chunk)
        if left <= 0:
            break
    return f"data row {rows}" if rows else "the header"


def _refuse_malformed(path: Path) -> None:
    """Refuses zero bytes, and quotation marks inside a cell that are not doubled.

    A stray quotation mark swallows rows up to the next one, and polars notices only some of those.
    What stands between two quoted stretches is nothing (a doubled mark), or begins and ends with a
    comma or a line end; few such pieces differ, so that looking at each different one is quick.
    """
    carried, quoted, done = b"\n", False, 0
    for chunk in _chunks(path):
        if (found := chunk.find(b"\0")) >= 0:
            raise _bad_bytes(path, done + found, "no text (a zero byte)")
        start = next((bom for bom in BOMS if not done and chunk.startswith(bom)), b"")
        done += len(chunk)
        *pieces, last = (carried + chunk.removeprefix(start)).split(b'"')
        outside = pieces[1 if quoted else 0 :: 2]
        if not all(map(_is_between, set(outside))):
            wrong = next(index for index, piece in enumerate(outside) if not _is_between(piece))
            after = pieces[2 * wrong + (2 if quoted else 1) :]
            behind = sum(len(piece) + 1 for piece in after) + len(last) + 1
            raise _stray_mark(path, done - behind)
        quoted = quoted != (len(pieces) % 2 == 1)
        carried = last if len(last) <= CHUNK else last[:2] + last[-2:]
    if quoted or (not carried.startswith((b",", b"\n", b"\r")) and carried):
        raise _stray_mark(path, done - 1)


def _is_between(piece: bytes) -> bool:
    return not piece or (piece.startswith((b",", b"\n", b"\r\n")) and piece.endswith((b",", b"\n")))


def _stray_mark(path: Path, position: int) -> FileRefused:
    return FileRefused(
        path.name,
        f"has a stray or unclosed quotation mark in {_where(path, position)}",
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
            f"is malformed, most likely by a quotation mark ({_first_line(error)})",
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


# ── Parquet ───────────────────────────────────────────────────────────────────────────────────
def _read_parquet(path: Path, source: Source, scratch: Path) -> TextRows:
    del scratch
    _refuse_damaged_pages(path)
    scan = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    schema = scan.collect_schema()
    names = list(schema)
    header = match_header(names, source, path.name)
    texts = []
    for name, position in header.positions.items():
        text = text_of(pl.col(names[position]), schema[names[position]], field_of(source, name))
        if text is None:
            raise FileRefused(
                path.name,
                f"holds {schema[names[position]]} in the column {name}",
                "write that column as text, number or date",
            )
        texts.append(text.alias(f"c{position}"))
    columns = [f"c{position}" for position in range(len(names))]
    given = pl.col([columns[position] for position in header.positions.values()])
    scan = scan.select(texts).with_row_index(ROW, offset=1)
    blank, _ = (
        scan.select(
            pl.all_horizontal(given.is_null()).sum().alias("blank"),
            pl.sum_horizontal(given.str.len_bytes()).sum().alias("every_byte"),
        )
        .collect(engine="streaming")
        .row(0)
    )
    if blank:
        scan = scan.filter(pl.any_horizontal(given.is_not_null()))
    return TextRows(
        _under_field_names(scan, source, header, columns),
        "parquet",
        (*header.notes, *_blank_note(blank, path.name)),
    )


def _refuse_damaged_pages(path: Path) -> None:
    """Reads every page with Arrow first: a damaged one makes polars abort the whole process."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches():
            batch.validate(full=True)


# ── XLSX ──────────────────────────────────────────────────────────────────────────────────────
def _read_xlsx(path: Path, source: Source, scratch: Path) -> TextRows:
    """The first visible sheet, read three times, since only that tells a number from its text.

    Loaded as text, a number loses digits beyond the ninth decimal and 1 looks like "1"; loaded as
    numbers, texts are parsed; loaded as booleans, only numbers (and booleans) are anything.
    """
    del scratch
    import fastexcel

    _refuse_bomb(path)
    workbook = fastexcel.read_excel(path)
    visible = [name for name in workbook.sheet_names if _is_visible(workbook, name)]
    if not visible:
        raise FileRefused(path.name, "has no visible sheet", "show the sheet that is meant")
    cells = _cells(workbook, visible[0])
    top = next((row for row, values in enumerate(cells.texts.iter_rows()) if any(values)), None)
    if top is None:
        raise FileRefused(path.name, "has no cells", "deliver it again, with its header line")
    header = match_header([v or "" for v in cells.texts.row(top)], source, path.name)
    columns = [f"c{position}" for position in range(cells.texts.width)]
    notes = list(header.notes)
    if len(visible) > 1:
        notes.append(f"{path.name}: only its first sheet was read, not {', '.join(visible[1:])}.")
    read = []
    for name, position in header.positions.items():
        field = field_of(source, name)
        text, numbers = _xlsx_column(cells, position, field)
        read.append(text[top + 1 :].alias(columns[position]))
        if count := int(numbers[top + 1 :].sum()) if _length_is_unknown(field) else 0:
            notes.append(
                f"{path.name}: {count} cells of {name} are numbers and may have lost leading "
                "zeros, format that column as text."
            )
    rows = pl.DataFrame(read).with_row_index(ROW, offset=1)
    kept = rows.filter(pl.any_horizontal(pl.exclude(ROW).is_not_null()))
    notes += _blank_note(rows.height - kept.height, path.name)
    return TextRows(_under_field_names(kept.lazy(), source, header, columns), "xlsx", tuple(notes))


@dataclass(frozen=True)
class _Cells:
    texts: pl.DataFrame
    numbers: pl.DataFrame
    is_number: pl.DataFrame
    errors: Mapping[int, Sequence[tuple[int, str]]]
    """Column → rows that hold an error such as #N/A, with what it is."""


def _cells(workbook: fastexcel.ExcelReader, sheet: str) -> _Cells:
    def load(dtype: Literal["string", "float", "boolean"]) -> fastexcel.ExcelSheet:
        return workbook.load_sheet(sheet, header_row=None, skip_rows=0, dtypes=dtype)

    batch, found = load("string").to_arrow_with_errors()
    errors: dict[int, list[tuple[int, str]]] = {}
    for error in found.errors if found else ():
        row, column = error.offset_position
        errors.setdefault(column, []).append((row, error.detail.rpartition("got ")[2].strip("'")))
    texts = pl.DataFrame(batch)
    truths = load("boolean").to_polars()
    is_number = truths.select(
        truths[name].is_not_null()
        & ~texts.to_series(position).is_in(["true", "false"]).fill_null(value=False)
        for position, name in enumerate(truths.columns)
    )
    return _Cells(texts, load("float").to_polars(), is_number, errors)


def _xlsx_column(cells: _Cells, position: int, field: Field) -> tuple[pl.Series, pl.Series]:
    """A column as text, and which of its cells are numbers."""
    cell = pl.DataFrame(
        {
            "text": cells.texts.to_series(position),
            "number": cells.numbers.to_series(position),
            "is_number": cells.is_number.to_series(position),
        }
    ).select(
        pl.when("is_number")
        .then(pl.col("number").cast(pl.String).map_batches(_numbers, return_dtype=pl.String))
        .otherwise(_none_if_empty(contract_time(pl.col("text"), field)))
        .alias("text"),
        "is_number",
    )
    if _length_is_unknown(field):
        lost = pl.col("is_number") & pl.col("text").str.contains("E", literal=True)
        cell = cell.with_columns(text=pl.when(~lost.fill_null(value=False)).then("text"))
    text = cell["text"]
    for row, detail in cells.errors.get(position, ()):
        text[row] = f"#{detail}"
    return text, cell["is_number"]


def _length_is_unknown(field: Field) -> bool:
    """Whether nothing later can tell that a number in this column has lost digits."""
    return field.form == "code" and field.pattern is None


def _is_visible(workbook: fastexcel.ExcelReader, sheet: str) -> bool:
    return workbook.load_sheet(sheet, header_row=None, n_rows=1).visible == "visible"


def _refuse_bomb(path: Path) -> None:
    with zipfile.ZipFile(path) as parts:
        unpacked = sum(part.file_size for part in parts.infolist())
    if unpacked > LARGEST_WORKBOOK:
        raise FileRefused(
            path.name, f"unpacks to {unpacked:,} bytes", "deliver so many rows as CSV or Parquet"
        )


# ── all forms ─────────────────────────────────────────────────────────────────────────────────
def field_of(source: Source, name: str) -> Field:
    """The field of that name."""
    return next(field for field in source.fields if field.name == name)


def _under_field_names(
    rows: pl.LazyFrame, source: Source, header: Header, columns: Sequence[str]
) -> pl.LazyFrame:
    """The contract's columns in the contract's order, a missing one empty, and the row number."""
    return rows.select(
        *(
            _none_if_empty(pl.col(columns[header.positions[name]])).alias(name)
            if name in header.positions
            else pl.lit(None, pl.String).alias(name)
            for name in source.names
        ),
        pl.col(ROW).cast(pl.Int64),
    )


def _none_if_empty(text: pl.Expr) -> pl.Expr:
    return pl.when(text != "").then(text)


def _numbers(texts: pl.Series) -> pl.Series:
    return pl.Series(texts.name, [None if t is None else number_text(t) for t in texts], dtype=pl.String)


def _blank_note(blank: int, file: str) -> tuple[str, ...]:
    return (f"{file}: {blank} rows without any content were left out.",) if blank else ()


def _missing_column(missing: Field, unknown: Sequence[str], names: Sequence[str], file: str) -> FileRefused:
    titles = (missing.name, missing.zh)
    likeness = {
        name: max(difflib.SequenceMatcher(None, name, title).ratio() for title in titles) for name in unknown
    }
    nearest = max(unknown, key=likeness.__getitem__, default=None)
    if nearest is not None and likeness[nearest] >= 0.5:
        return FileRefused(
            file,
            f"lacks the column {missing.name} ({missing.zh}) but has {_shown(nearest)}",
            f"rename that to {missing.name} or {missing.zh}",
        )
    return FileRefused(
        file,
        f"lacks the column {missing.name} ({missing.zh}) among its {len(names)}",
        "put it in under either name",
    )


def _hint(name: str, left: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, left, n=1, cutoff=0.75)
    return f", is {near[0]} meant?" if near else ""


def _folded(header: str) -> str:
    plain = unicodedata.normalize("NFKC", header).strip().strip("\ufeff\u200b").strip()
    return plain.casefold()


def _shown(name: str) -> str:
    """A column's name for a sentence: one line, not endless."""
    return " ".join(name.split())[:60]


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200].rstrip(".")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _stated_rows(rows: object) -> int | None:
    if rows is None:
        return None
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
        raise ValueError(f"rows is {rows!r}, no whole number")
    return rows


def _stated_sum(amount: object) -> Decimal | None:
    if amount is None:
        return None
    if isinstance(amount, bool) or not isinstance(amount, int | str | Decimal):
        raise ValueError(f"amount_sum is {amount!r}, no number")
    total = Decimal(amount.replace(",", "") if isinstance(amount, str) else amount)
    if not total.is_finite():
        raise ValueError(f"amount_sum is {amount!r}, no number")
    return total
