"""The five forms in which the same rows can arrive. Belongs here: writing them. Not here: faults."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from schemas.customs import DECLARATIONS

Form = Literal["CSV UTF-8", "CSV GB18030", "Parquet", "XLSX", "database"]
FORMS: tuple[Form, ...] = get_args(Form)
CSV: tuple[Form, ...] = ("CSV UTF-8", "CSV GB18030")
FILES: tuple[Form, ...] = (*CSV, "Parquet", "XLSX")
SUFFIX: Mapping[Form, str] = {
    "CSV UTF-8": ".csv", "CSV GB18030": ".csv", "Parquet": ".parquet", "XLSX": ".xlsx", "database": ".db",
}  # fmt: skip
Value = str | int | float | date | None
Row = Mapping[str, Value]


def written(form: Form, header: Sequence[str], rows: Sequence[Sequence[Value]]) -> bytes:
    """A file of these rows."""
    writers: Mapping[Form, Callable[[Sequence[str], Sequence[Sequence[Value]]], bytes]] = {
        "CSV UTF-8": lambda header, rows: _csv(header, rows).encode(),
        "CSV GB18030": lambda header, rows: _csv(header, rows).encode("gb18030"),
        "Parquet": _parquet,
        "XLSX": _xlsx,
    }
    return writers[form](header, rows)


def put_into_database(path: Path, header: Sequence[str], rows: Sequence[Sequence[Value]]) -> str:
    """A SQLite table of the source's name with these rows; its address."""
    connection = sqlite3.connect(path)
    columns = ", ".join(f'"{name}"' for name in header)
    connection.execute(f"CREATE TABLE {DECLARATIONS.name} ({columns})")
    marks = ", ".join("?" * len(header))
    texts = [[_text(value) if isinstance(value, date) else value for value in row] for row in rows]
    connection.executemany(f"INSERT INTO {DECLARATIONS.name} VALUES ({marks})", texts)
    connection.commit()
    connection.close()
    return f"sqlite:///{path}"


def _csv(header: Sequence[str], rows: Sequence[Sequence[Value]]) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([header, *([_text(value) for value in row] for row in rows)])
    return out.getvalue()


def _parquet(header: Sequence[str], rows: Sequence[Sequence[Value]]) -> bytes:
    arrays = [pa.array(_of_one_type([row[at] for row in rows])) for at in range(len(header))]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=list(header)), out)
    return out.getvalue()


def _of_one_type(values: Sequence[Value]) -> list[Value]:
    kinds = {type(value) for value in values if value is not None}
    return list(values) if len(kinds) == 1 else [_text(value) for value in values]


def _xlsx(header: Sequence[str], rows: Sequence[Sequence[Value]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"default_date_format": "yyyy-mm-dd", "in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate([header, *rows]):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(at, column, value)
                elif isinstance(value, date):
                    sheet.write_datetime(at, column, value)
                elif value is not None:
                    sheet.write_number(at, column, value)
    return out.getvalue()


def _text(value: Value) -> str | None:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return None if value is None else str(value)
