"""Rows of text as every reader of files and tables gives them: columns by header, cells as text.

Belongs here: what all forms of a source share: refusals, headers, the text of typed values. Not
here: how a form is read, and what a cell means.
"""

from __future__ import annotations

import difflib
import errno
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from schemas.bad_bytes import readable
from schemas.operations import CORRECTS, EXPLAINED

if TYPE_CHECKING:
    from assets.storage.runs import Runs
    from schemas.table import Field, Source

ROW = "row"

_AT_MIDNIGHT = r"^(\d{4}-\d{2}-\d{2})[ T]00:00:00(?:\.0+)?Z?$"
_PLAIN_TIME = r"^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:(\.\d*?[1-9])0*|\.0*)?(?:Z|\+00(?::?00)?)?$"


class FileRefused(Exception):
    """A file that is not taken: which one, what is wrong with it, and what to do next."""

    def __init__(self, file: str, wrong: str, advice: str) -> None:
        """Make one sentence of the three."""
        super().__init__(" ".join(readable(f"{file} {wrong}: {advice}.").split()))


MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO}
"""What the machine lacks is no fault of the file: such an error stops the run, and it is read again."""


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Every failure of a reader becomes a FileRefused, panics of native readers included.

    A hostile file must cost its own sender a sentence and nobody else the night.
    """
    try:
        yield
    except (FileRefused, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in MACHINE):
            raise
        raise FileRefused(
            path.name,
            f"cannot be read as {path.suffix.lower()[1:]} ({first_line(error)})",
            "write it anew and deliver it again",
        ) from error


@dataclass(frozen=True)
class TextRows:
    """The rows of a file: one String column a field of the source, and `row` from 1, all lazy.

    `notes` are sentences about what was left out or looked odd without making the file unreadable.
    """

    frame: pl.LazyFrame
    encoding: str
    notes: Sequence[str]
    corrects: Collection[str] = ()
    """The refused rows that these rows correct (schemas.operations.CORRECTS)."""
    read: Callable[[], Iterator[Runs]] | None = None
    """The rows in batches, where the reader gives them so; `notes` and `corrects` are whole after them."""


@dataclass(frozen=True)
class Header:
    """How the columns of a delivery are called: field name → position, and what was left out."""

    positions: Mapping[str, int]
    notes: tuple[str, ...]
    corrects: int | None = None
    """The position of the column that names the refused rows which these rows correct."""


def match_header(names: Sequence[str], source: Source, file: str) -> Header:
    """Which column is which field; refuses a doubled or a missing required one.

    A column may carry the English name or the 中文 one, in any order; blanks around it are nothing.
    """
    beside = {title: c.name for c in (CORRECTS, *EXPLAINED) for title in (c.name, c.zh)}
    known = {_folded(title): name for title, name in {**beside, **source.headers}.items()}
    positions: dict[str, int] = {}
    unknown: list[str] = []
    for position, name in enumerate(names):
        field = known.get(_folded(name))
        if field is None:
            unknown.append(name.strip() or f"column {position + 1} without a name")
        elif field in positions:
            raise FileRefused(
                file, f"has the column {field} ({_zh(field, source)}) twice", "leave one of them out"
            )
        else:
            positions[field] = position
    corrects = positions.get(CORRECTS.name)
    positions = {name: position for name, position in positions.items() if name in source.names}
    lacking = [field for field in source.fields if field.name not in positions]
    for missing in lacking:
        if missing.required:
            raise _missing_column(missing, unknown, names, file)
    for name in unknown:
        if near := _nearest(name, lacking):
            raise FileRefused(
                file,
                f"has the unknown column {shown(name)} and lacks {near.name} ({near.zh})",
                f"rename it where that is meant, else leave it out, or put {near.name} in as well",
            )
    notes = tuple(f"{file}: the unknown column {shown(name)} was left out." for name in unknown)
    return Header(positions, notes, corrects)


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
    """A typed column as the text that a CSV would carry, maybe empty; None for a type that has none."""
    if isinstance(dtype, pl.String):
        return column
    if dtype.is_decimal() or dtype.is_integer() or isinstance(dtype, pl.Categorical | pl.Enum):
        return column.cast(pl.String)
    if isinstance(dtype, pl.Null | pl.Boolean):
        return column.cast(pl.String)
    if dtype.is_float():
        return column.cast(pl.String).map_batches(numbers, return_dtype=pl.String)
    if isinstance(dtype, pl.Date):
        end = "T00:00:00Z" if field.form == "timestamp" else ""
        return column.dt.strftime(f"%Y-%m-%d{end}")
    if isinstance(dtype, pl.Datetime):
        if dtype.time_zone and field.form != "date":
            column = column.dt.convert_time_zone("UTC")
        return contract_time(column.dt.strftime("%Y-%m-%d %H:%M:%S%.f"), field)
    if isinstance(dtype, pl.List) and isinstance(dtype.inner, pl.String):
        return column.list.join(";")
    return None


def contract_time(text: pl.Expr, field: Field) -> pl.Expr:
    """Dates and times as databases and spreadsheets print them → the contract's ISO form."""
    if field.form == "date":
        return text.str.replace(_AT_MIDNIGHT, "$1")
    if field.form == "timestamp":
        return text.str.replace(_PLAIN_TIME, "${1}T${2}${3}Z")
    return text


def field_of(source: Source, name: str) -> Field:
    """The field of that name."""
    return next(field for field in source.fields if field.name == name)


def under_field_names(
    rows: pl.LazyFrame, source: Source, header: Header, columns: Sequence[str]
) -> pl.LazyFrame:
    """The contract's columns in the contract's order, a missing one empty, and the row number."""
    return rows.select(
        *(
            none_if_empty(pl.col(columns[header.positions[name]])).alias(name)
            if name in header.positions
            else pl.lit(None, pl.String).alias(name)
            for name in source.names
        ),
        pl.col(ROW).cast(pl.Int64),
    )


def none_if_empty(text: pl.Expr) -> pl.Expr:
    """An empty text is none."""
    return pl.when(text != "").then(text)


def numbers(texts: pl.Series) -> pl.Series:
    """`number_text` of each."""
    return pl.Series(texts.name, [None if t is None else number_text(t) for t in texts], dtype=pl.String)


def corrected_rows(rows: pl.LazyFrame, column: str | None) -> tuple[str, ...]:
    """What the column that names corrected rows has, each once; nothing where there is no such column."""
    if column is None:
        return ()
    named = pl.col(column).cast(pl.String).str.strip_chars().alias(CORRECTS.name)
    found = rows.select(named).filter(pl.col(CORRECTS.name) != "").unique().collect(engine="streaming")
    return tuple(sorted(found[CORRECTS.name]))


def blank_note(blank: int, file: str) -> tuple[str, ...]:
    """The sentence on rows without content, where there are any."""
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
            f"lacks the column {missing.name} ({missing.zh}) but has {shown(nearest)}",
            f"rename that to {missing.name} or {missing.zh}",
        )
    return FileRefused(
        file,
        f"lacks the column {missing.name} ({missing.zh}) among its {len(names)}",
        "put it in under either name",
    )


def _zh(name: str, source: Source) -> str:
    return next(column.zh for column in (*source.columns, CORRECTS, *EXPLAINED) if column.name == name)


def _nearest(name: str, lacking: Sequence[Field]) -> Field | None:
    """The field that a misspelt header most likely means."""
    titles = {title: field for field in lacking for title in (field.name, field.zh)}
    near = difflib.get_close_matches(_folded(name), titles, n=1, cutoff=0.8)
    return titles[near[0]] if near else None


def _folded(header: str) -> str:
    plain = unicodedata.normalize("NFKC", header).strip().strip("\ufeff\u200b").strip()
    return plain.casefold()


def shown(name: str) -> str:
    """A column's name for a sentence: one line, not endless."""
    return readable(" ".join(name.split())[:60])


def first_line(error: BaseException) -> str:
    """What an error says, for a sentence: its first line, not endless."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:200].rstrip(".")
