"""One source file on disk: Parquet, CSV in three encodings or XLSX, with either header.

Every file is written beside its final name and then renamed; the same rows give the same bytes.
What is in a file is decided elsewhere.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, Literal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from pipelines.sample_city.layout import CONTROL_SUM, FIELDS, Row

Kind = Literal["parquet", "csv-gb18030", "csv-utf-8", "csv-utf-8-bom", "xlsx"]
Header = Literal["en", "zh"]

SUFFIX: Final[dict[Kind, str]] = {
    "parquet": ".parquet",
    "csv-gb18030": ".csv",
    "csv-utf-8": ".csv",
    "csv-utf-8-bom": ".csv",
    "xlsx": ".xlsx",
}
CODEC: Final = {"csv-gb18030": "gb18030", "csv-utf-8": "utf-8", "csv-utf-8-bom": "utf-8"}
ROW_GROUP: Final = 1 << 20
PLAIN: Final = frozenset({"amount", "stat_value_usd"})
CODED: Final = pa.dictionary(pa.int32(), pa.string())
CREATED: Final = datetime(2025, 1, 1)  # noqa: DTZ001 - a fixed property of the workbook


@dataclass
class SourceFile:
    """A file being written; use as a context manager, `write` tables or rows into it."""

    folder: Path
    source: str
    stem: str
    kind: Kind = "parquet"
    header: Header = "en"
    control: bool = False
    numbers: tuple[str, ...] = ()
    """Columns whose cells are numbers, where the file is a workbook."""
    rows: int = 0
    total: Decimal | None = Decimal(0)
    _sink: pq.ParquetWriter | io.BufferedWriter | None = None
    _held: list[pa.Table] = field(default_factory=list)

    @property
    def path(self) -> Path:
        """Where the file ends up."""
        return self.folder / self.source / (self.stem + SUFFIX[self.kind])

    @property
    def _control_path(self) -> Path:
        return self.path.with_name(self.path.name + ".control.json")

    @property
    def names(self) -> list[str]:
        """The header as written."""
        fields = FIELDS[self.source]
        return list(fields) if self.header == "en" else list(fields.values())

    @property
    def schema(self) -> pa.Schema:
        """Every cell of a source is text; what repeats is written from a dictionary."""
        plain = PLAIN if self.source == "customs_declarations" else FIELDS[self.source]
        kinds = [pa.string() if name in plain else CODED for name in FIELDS[self.source]]
        return pa.schema(list(zip(self.names, kinds, strict=True)))

    def __enter__(self) -> SourceFile:
        """Open a temporary file beside the final one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._temporary = self.path.with_name(self.path.name + ".tmp")
        if self.kind == "parquet":
            self._sink = pq.ParquetWriter(
                self._temporary,
                self.schema,
                compression="zstd",
                compression_level=1,
                store_schema=False,
                write_statistics=False,
                dictionary_pagesize_limit=1 << 23,
            )
        elif self.kind != "xlsx":
            self._sink = self._temporary.open("wb")
            bom = b"\xef\xbb\xbf" if self.kind == "csv-utf-8-bom" else b""
            self._sink.write(bom + (",".join(self.names) + "\n").encode(CODEC[self.kind]))
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        """Finish the file and give it its name; a failure leaves nothing."""
        if self._sink is not None:
            self._sink.close()
        if failure is not None:
            self._temporary.unlink(missing_ok=True)
            return
        if self.kind == "xlsx":
            _write_xlsx(self._temporary, self.names, self._held, self.numbers)
        self._temporary.replace(self.path)
        self._control_path.unlink(missing_ok=True)
        if self.control:
            self._write_control()

    def write(self, table: pa.Table, cents: int | None = None) -> None:
        """Add a table in the order of the contract's fields; `cents` is its control sum."""
        self.rows += table.num_rows
        if self.total is not None and cents is not None:
            self.total += Decimal(cents) / 100
        table = table.rename_columns(self.names)
        if isinstance(self._sink, pq.ParquetWriter):
            self._sink.write_table(_conform(table, self.schema), row_group_size=ROW_GROUP)
        elif self._sink is None:
            self._held.append(table)
        else:
            buffer = io.BytesIO()
            text = pl.DataFrame(pl.from_arrow(table)).select(pl.all().cast(pl.String))
            text.write_csv(buffer, include_header=False)
            encoded = buffer.getvalue()
            if self.kind == "csv-gb18030":
                encoded = encoded.decode("utf-8").encode("gb18030")
            self._sink.write(encoded)

    def write_rows(self, rows: Sequence[Row]) -> None:
        """Add rows of text."""
        if not rows:
            return
        names = list(FIELDS[self.source])
        columns = [pa.array([row.get(name) for row in rows], pa.string()) for name in names]
        amounts = CONTROL_SUM.get(self.source)
        if amounts is not None and self.total is not None:
            self.total = _add(self.total, [row.get(amounts) for row in rows])
        self.write(pa.table(columns, names=names))

    def _write_control(self) -> None:
        control: dict[str, object] = {"rows": self.rows}
        if self.source in CONTROL_SUM and self.total is not None:
            control["amount_sum"] = f"{self.total:.2f}"
        text = json.dumps(control, ensure_ascii=False) + "\n"
        write_text(self._control_path, text)


def write_text(path: Path, text: str) -> None:
    """Write a small text file through a temporary name."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def _add(total: Decimal, cells: Sequence[str | None]) -> Decimal | None:
    """The sum with these cells; none where a cell is no number, since there is nothing to state."""
    try:
        return total + sum((Decimal(c.replace(",", "")) for c in cells if c), Decimal(0))
    except InvalidOperation:
        return None


def _conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Columns that came as plain text get the dictionary that the file's schema asks for."""
    columns = [
        column if column.type == wanted.type else column.cast(pa.string()).dictionary_encode()
        for column, wanted in zip(table.columns, schema, strict=True)
    ]
    return pa.table(columns, schema=schema)


def _write_xlsx(path: Path, names: list[str], tables: list[pa.Table], numbers: Sequence[str]) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": CREATED})
        sheet = book.add_worksheet("data")
        text = book.add_format({"num_format": "@"})
        for column, name in enumerate(names):
            sheet.write_string(0, column, name)
        at = 0
        for table in tables:
            for row in zip(*(c.to_pylist() for c in table.columns), strict=True):
                at += 1
                for column, value in enumerate(row):
                    if value is not None and names[column] in numbers:
                        sheet.write_number(at, column, int(value))
                    elif value is not None:
                        sheet.write_string(at, column, value, text)
