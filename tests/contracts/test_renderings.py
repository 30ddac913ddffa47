"""One description, many renderings: for every table they all say the same.

PostgreSQL's own word on its tables is asked in `tests/integration/test_reporting.py`.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.storage.ddl import ddl
from schemas.catalogue import TABLES
from schemas.dictionary import dictionary
from schemas.table import Column, Table
from schemas.terms.wording import page

ROOT = Path(__file__).parents[2]
every_table = pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)

RULED = ("roster_decisions", "push_list", "enterprises", "policies", "exchange_rates",
         "customs_declarations", "risk_bulletins", "claim_audit")  # fmt: skip


class Types(NamedTuple):
    """What one polars type is called elsewhere."""

    arrow: str
    postgresql: str
    sqlite: str
    dictionary: str


TYPES = {
    "String": Types("large_string", "TEXT", "TEXT", "text"),
    "Int32": Types("int32", "INTEGER", "INTEGER", "int32"),
    "Int64": Types("int64", "BIGINT", "INTEGER", "int64"),
    "Boolean": Types("bool", "BOOLEAN", "INTEGER", "boolean"),
    "Date": Types("date32[day]", "DATE", "TEXT", "date"),
    "Datetime": Types("timestamp[us, tz=UTC]", "TIMESTAMP WITH TIME ZONE", "TEXT", "timestamp, UTC"),
    "List": Types("large_list<item: large_string>", "TEXT[]", "TEXT", "list of text"),
    "Enum": Types("dictionary<values=large_string, indices=uint8, ordered=1>", "TEXT", "TEXT", "text"),
    "Decimal(5, 4)": Types("decimal128(5, 4)", "NUMERIC(5, 4)", "TEXT", "decimal(5,4)"),
    "Decimal(7, 6)": Types("decimal128(7, 6)", "NUMERIC(7, 6)", "TEXT", "decimal(7,6)"),
    "Decimal(19, 2)": Types("decimal128(19, 2)", "NUMERIC(19, 2)", "TEXT", "decimal(19,2)"),
    "Decimal(19, 4)": Types("decimal128(19, 4)", "NUMERIC(19, 4)", "TEXT", "decimal(19,4)"),
    "Decimal(20, 12)": Types("decimal128(20, 12)", "NUMERIC(20, 12)", "TEXT", "decimal(20,12)"),
    "Decimal(28, 2)": Types("decimal128(28, 2)", "NUMERIC(28, 2)", "TEXT", "decimal(28,2)"),
    "Decimal(28, 6)": Types("decimal128(28, 6)", "NUMERIC(28, 6)", "TEXT", "decimal(28,6)"),
}


def types(column: Column) -> Types:
    dtype = column.dtype
    if isinstance(dtype, pl.Decimal):
        return TYPES[f"Decimal({dtype.precision}, {dtype.scale})"]
    return TYPES[str(dtype.base_type())]


@every_table
def test_pandera_says_the_same(table: Table) -> None:
    model = table.pandera_model()
    assert {n: (c.dtype.type, not c.nullable) for n, c in model.columns.items()} == {
        c.name: (c.dtype, c.required) for c in table.columns
    }
    assert list(model.columns) == table.names
    assert (model.unique or []) == list(table.key)
    named = {check.name for check in model.checks}
    assert named >= {f"unknown:{c.name}" for c in table.columns if c.values}
    assert named >= {rule.name for rule in table.rules}


@every_table
def test_arrow_says_the_same(table: Table) -> None:
    said = [(f.name, str(f.type), not f.nullable) for f in table.arrow_schema()]
    assert said == [(c.name, types(c).arrow, c.required) for c in table.columns]


@every_table
def test_postgresql_says_the_same(table: Table) -> None:
    text = ddl(table, "postgresql")
    lines = re.findall(r"^\t(?!CONSTRAINT)(\w+) (.+?)( NOT NULL)?,? *$", text, flags=re.MULTILINE)
    assert [(name, type_, bool(required)) for name, type_, required in lines] == [
        (c.name, types(c).postgresql, c.required) for c in table.columns
    ]
    assert text.startswith(f"CREATE TABLE reporting.{table.name} (")
    assert (f"PRIMARY KEY ({', '.join(table.key)})" in text) == bool(table.key)
    for c in table.columns:
        assert f"COMMENT ON COLUMN reporting.{table.name}.{c.name} IS '{c.zh} — " in text
        assert all(f"'{value}'" in text for value in c.values)


@every_table
def test_sqlite_says_the_same(table: Table) -> None:
    with sqlite3.connect(":memory:") as database:
        database.executescript(ddl(table, "sqlite"))
        said = database.execute(f"SELECT * FROM pragma_table_info('{table.name}')").fetchall()
        (text,) = database.execute("SELECT sql FROM sqlite_master WHERE type = 'table'").fetchone()
    assert [(name, type_, bool(required)) for _, name, type_, required, *_ in said] == [
        (c.name, types(c).sqlite, c.required) for c in table.columns
    ]
    assert [row[1] for row in sorted(said, key=lambda r: r[5]) if row[5]] == list(table.key)
    for column in table.columns:
        words = ", ".join(f"'{value}'" for value in column.values)
        is_checked = bool(words) and types(column) != TYPES["List"]
        assert (f"CHECK ({column.name} IN ({words}))" in text) == is_checked


@every_table
def test_dictionary_says_the_same(table: Table) -> None:
    rows = dictionary_rows()[table.name]
    assert [(c.name, types(c).dictionary, c.required, c.zh) for c in table.columns] == [
        (r[1].strip("`"), r[3], r[4] == "✓", r[2]) for r in rows
    ]
    assert {r[1].strip("`") for r in rows if r[0]} == set(table.key)
    for column, row in zip(table.columns, rows, strict=True):
        assert all(f"`{value}`" in "".join(row) for value in column.values)


def test_the_written_terms_are_todays() -> None:
    written = (ROOT / "docs" / "terms.md").read_text("utf-8")
    assert written == page(), "run: python -m schemas.terms.wording > docs/terms.md"


def test_the_written_dictionary_is_todays() -> None:
    written = (ROOT / "docs" / "dictionary.md").read_text("utf-8")
    assert written == dictionary(), "run: python -m schemas.dictionary > docs/dictionary.md"


@every_table
def test_columns_come_from_columns_that_exist(table: Table) -> None:
    named = [origin.split(".") for column in table.columns for origin in column.comes_from]
    assert not [f"{t}.{c}" for t, c in named if t not in TABLES or c not in TABLES[t].names]


@every_table
def test_a_key_is_never_null(table: Table) -> None:
    assert all(table[name].required for name in table.key)


@pytest.mark.parametrize("name", RULED)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_expressions_and_pandera_find_the_same_rows(name: str, data: st.DataObject) -> None:
    table = TABLES[name]
    rows = data.draw(st.lists(st.tuples(*map(cells, table.columns)), min_size=1, max_size=8))
    frame = pl.DataFrame(rows, schema=table.schema, orient="row")
    assert found_by_pandera(table, frame) == found_by_expressions(table, frame)


def found_by_expressions(table: Table, frame: pl.DataFrame) -> set[tuple[str, int]]:
    return {
        (rule.name, row)
        for rule in table.all_rules
        for row in frame.select(pl.arg_where(~rule.good.fill_null(value=True))).to_series()
    }


def found_by_pandera(table: Table, frame: pl.DataFrame) -> set[tuple[str, int]]:
    named = {rule.about: rule.name for rule in table.all_rules}
    try:
        table.pandera_model().validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.select("check", "column", "index").rows()
        return {
            (f"missing:{column}" if check == "not_nullable" else named[check], row)
            for check, column, row in cases
            if check != "multiple_fields_uniqueness"
        }
    return set()


def cells(column: Column) -> st.SearchStrategy[Any]:
    """Values near what the rules look at, good and bad."""
    if isinstance(column.dtype, pl.Enum):
        return st.sampled_from([None, *column.dtype.categories])
    pools: Mapping[str, list[Any]] = {
        "String": [*column.values, "440305", "110101", "x", ""],
        "Int32": [0, 1, 2025, -1],
        "Int64": [0, 1, -1, 530420250000000001, 530420251000000001, 530420240000000001],
        "Boolean": [True, False],
        "Date": [date(2024, 12, 31), date(2025, 1, 1), date(2025, 3, 1)],
        "Datetime": [datetime(2025, 1, 1, tzinfo=UTC)],
        "List": [[], [*column.values], [*column.values[:1], "x"]],
        "Decimal": [Decimal(text) for text in ("0", "0.5", "1", "1.1", "-0.1")],
    }
    return st.sampled_from([None, *pools[str(column.dtype.base_type())]])


@cache
def dictionary_rows() -> dict[str, list[list[str]]]:
    """The column lines of each table of the dictionary, as cells."""
    sections = re.split(r"^### (\w+)$", dictionary(), flags=re.MULTILINE)[1:]
    return {
        name: [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in text.splitlines()
            if re.match(r"\| (🔑)? \| `", line)
        ]
        for name, text in zip(sections[::2], sections[1::2], strict=True)
    }
