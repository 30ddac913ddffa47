"""Sources that are tables or views, asked for what is new: the same rows as from a file."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets.storage import read_database
from assets.storage.read_database import SourceDatabaseError, answer, ask, database_changes
from assets.storage.read_file import read_file
from assets.storage.text_rows import FileRefused
from schemas.customs import DECLARATIONS
from schemas.eligibility import ENTERPRISES
from schemas.table import Source

LINE: dict[str, str | None] = {
    "declaration_no": "531620240000000017",
    "line_no": "2",
    "revision": "0",
    "status": "closed",
    "consignor_uscc": "914403007109310121",
    "consignor_customs_code": "0403160001",
    "consignor_name": '𠮷祥, "进出口"\n公司',
    "trading_country": "USA",
    "arrival_country": "USA",
    "destination_country": "USA",
    "trade_mode": "0110",
    "hs_code": "0101210000",
    "delivery_terms": "3",
    "currency": "USD",
    "amount": "8000000.10",
    "declared_on": "2024-01-02",
    "closed_on": "2024-01-03",
    "updated_at": "2024-01-04T05:06:07Z",
}
EARLIER = LINE | {"line_no": "1", "updated_at": "2024-01-04T05:06:06.5Z", "closed_on": None}
TYPES = {"declaration_no": "bigint", "line_no": "integer", "revision": "smallint",
         "amount": "numeric(19,2)", "declared_on": "date", "closed_on": "date",
         "hs_code": "char(12)", "updated_at": "timestamp with time zone"}  # fmt: skip

Execute = Callable[[str], object]


def _create(execute: Execute, types: dict[str, str], *, name: str = DECLARATIONS.name) -> None:
    columns = ", ".join(f'"{field}" {types.get(field, "text")}' for field in LINE)
    execute(f"CREATE TABLE {name} ({columns})")


def _insert(execute: Execute, rows: Sequence[Mapping[str, object]], name: str) -> None:
    for row in rows:
        values = ", ".join(
            "NULL" if v is None else repr(v) if not isinstance(v, str) else _quoted(v) for v in row.values()
        )
        execute(f"INSERT INTO {name} VALUES ({values})")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _read(path: Path | None, source: Source = DECLARATIONS) -> list[dict[str, Any]]:
    assert path is not None
    rows = read_file(path, source, path.parent).frame.drop("row").collect().to_dicts()
    return [{name: v for name, v in row.items() if name in LINE} for row in rows]


@pytest.fixture
def postgresql(postgres_server: str) -> Iterator[tuple[str, Execute]]:
    """A server without tables, and how to tell it something."""
    from adbc_driver_postgresql import dbapi

    with closing(dbapi.connect(postgres_server, autocommit=True)) as connection:

        def execute(statement: str) -> None:
            with closing(connection.cursor()) as cursor:
                cursor.execute(statement)

        execute("DROP SCHEMA IF EXISTS public CASCADE")
        execute("DROP SCHEMA IF EXISTS customs CASCADE")
        execute("CREATE SCHEMA public")
        yield postgres_server, execute


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[tuple[str, Execute]]:
    """A database file without tables, and how to tell it something."""
    path = tmp_path / "data base?.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 1")
        yield f"sqlite:///{str(path).replace('?', '%3F')}", connection.execute


@pytest.fixture(params=["sqlite", "postgresql", "sqlalchemy"])
def database(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, Execute, dict[str, str]]:
    """Each way of asking; the way through SQLAlchemy is shown on SQLite."""
    if request.param == "postgresql":
        return *request.getfixturevalue("postgresql"), TYPES
    url, execute = request.getfixturevalue("sqlite")
    if request.param == "sqlalchemy":
        monkeypatch.setattr(read_database, "_sqlite", read_database._reflected)
    return url, execute, {"amount": "text"}


Database = tuple[str, Execute, dict[str, str]]
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


def _newest(url: str, since: datetime = LONG_AGO) -> dict[str, list[str]]:
    """Month → how many rows changed since, and the last of these changes."""
    found = ask(url, DECLARATIONS, since)
    return {month: text.rsplit(" ", 1)[0].split(" ", 1) for month, text in found.items()}


def test_rows_are_the_text_of_a_file_in_order_of_key_and_version(database: Database, tmp_path: Path) -> None:
    url, execute, types = database
    _create(execute, types)
    _insert(execute, [LINE, EARLIER], DECLARATIONS.name)
    assert _read(database_changes(url, DECLARATIONS, None, tmp_path)) == [EARLIER, LINE]


def test_only_what_changed_after_comes(database: Database, tmp_path: Path) -> None:
    url, execute, types = database
    _create(execute, types)
    _insert(execute, [LINE, EARLIER], DECLARATIONS.name)
    half = datetime(2024, 1, 4, 5, 6, 6, 500_000, tzinfo=UTC)
    assert _newest(url) == {"202401": ["2", "2024-01-04 05:06:07+00:00"]}
    assert _newest(url, half) == {"202401": ["1", "2024-01-04 05:06:07+00:00"]}
    assert _read(database_changes(url, DECLARATIONS, half, tmp_path)) == [LINE]
    earlier = (half - timedelta(microseconds=1)).astimezone(timezone(timedelta(hours=8)))
    assert len(_read(database_changes(url, DECLARATIONS, earlier, tmp_path))) == 2
    newest = half + timedelta(milliseconds=500)
    assert database_changes(url, DECLARATIONS, newest, tmp_path) is None
    assert ask(url, DECLARATIONS, newest) == {}


def test_the_answer_is_that_of_the_rows_read(database: Database, tmp_path: Path) -> None:
    """Or a reading would be done again every night."""
    url, execute, types = database
    _create(execute, types)
    _insert(execute, [LINE, EARLIER, LINE | {"updated_at": None, "declared_on": None}], DECLARATIONS.name)
    path = database_changes(url, DECLARATIONS, None, tmp_path)
    assert path is not None
    for since in (LONG_AGO, datetime(2024, 1, 4, 5, 6, 6, 700_000, tzinfo=UTC)):
        assert answer([pl.read_parquet(path)], since) == ask(url, DECLARATIONS, since)


def test_any_change_is_another_answer(database: Database) -> None:
    """Also one of a row in the overlap that moves neither the count nor the newest."""
    url, execute, types = database
    _create(execute, types)
    _insert(execute, [LINE, EARLIER], DECLARATIONS.name)
    before = ask(url, DECLARATIONS, LONG_AGO)
    execute(f"UPDATE {DECLARATIONS.name} SET updated_at = '2024-01-04T05:06:06.75Z' WHERE line_no = '1'")
    assert ask(url, DECLARATIONS, LONG_AGO) != before


def test_a_row_without_a_readable_time_always_comes(database: Database, tmp_path: Path) -> None:
    url, execute, types = database
    _create(execute, types)
    _insert(execute, [LINE, LINE | {"updated_at": None}], DECLARATIONS.name)
    late = datetime(2030, 1, 1, tzinfo=UTC)
    (row,) = _read(database_changes(url, DECLARATIONS, late, tmp_path))
    assert row["updated_at"] is None
    assert _newest(url, late) == {"202401": ["1", "None"]}


def test_no_table_and_no_rows_are_an_empty_source(database: Database, tmp_path: Path) -> None:
    url, execute, types = database
    assert database_changes(url, DECLARATIONS, None, tmp_path / "s") is None
    assert ask(url, DECLARATIONS, None) == ask(url, DECLARATIONS, LONG_AGO) == {}
    _create(execute, types)
    assert database_changes(url, DECLARATIONS, None, tmp_path / "s") is None
    assert ask(url, DECLARATIONS, None) == ask(url, DECLARATIONS, LONG_AGO) == {}
    assert list((tmp_path / "s").iterdir()) == []


def test_the_same_rows_give_the_same_bytes(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, execute, types = database
    rows = [LINE | {"line_no": str(n), "consignor_name": f"企业{n * 7 % 10}"} for n in range(1, 30)]
    contents = []
    for given in (rows, rows[::-1]):
        execute(f"DROP TABLE IF EXISTS {DECLARATIONS.name}")
        _create(execute, types)
        _insert(execute, given, DECLARATIONS.name)
        monkeypatch.setattr(read_database, "BATCH_ROWS", 7)
        path = database_changes(url, DECLARATIONS, None, tmp_path)
        assert path is not None
        contents.append(path.read_bytes())
        assert [n for n in _read(path) if n["line_no"] == "29"]
    assert contents[0] == contents[1]


def test_a_view_may_have_chinese_columns_and_others_beside_them(database: Database, tmp_path: Path) -> None:
    url, execute, types = database
    _create(execute, types, name="kept")
    _insert(execute, [LINE], "kept")
    columns = ", ".join(f'"{field}" AS "{DECLARATIONS[field].zh}"' for field in reversed(LINE))
    execute(f"CREATE VIEW {DECLARATIONS.name} AS SELECT 7 AS entered_by, {columns} FROM kept")
    assert _read(database_changes(url, DECLARATIONS, None, tmp_path)) == [LINE]


def test_a_missing_column_is_refused(database: Database, tmp_path: Path) -> None:
    url, execute, _ = database
    execute("CREATE TABLE enterprises (uscc text, updated_at text)")
    with pytest.raises(FileRefused, match="The table enterprises lacks the column customs_code"):
        database_changes(url, ENTERPRISES, None, tmp_path)


def test_sqlite_takes_every_form_of_time_in_order(sqlite: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = sqlite
    _create(execute, {"updated_at": "timestamp"})
    times = {"1": "2024-01-04 12:00:00.000000", "2": "2024-01-04T09:00:00+08:00",
             "3": "2024-01-04T11:00:00.25Z", "4": "soon"}  # fmt: skip
    rows = [LINE | {"line_no": line, "updated_at": time} for line, time in times.items()]
    _insert(execute, rows, DECLARATIONS.name)
    assert _newest(url) == {"202401": ["4", "2024-01-04 12:00:00+00:00"]}
    after = datetime(2024, 1, 4, 11, tzinfo=UTC)
    came = _read(database_changes(url, DECLARATIONS, after, tmp_path))
    assert [row["updated_at"] for row in came] == [
        "2024-01-04T12:00:00Z", "2024-01-04T11:00:00.25Z", "soon",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "text"),
    [("8000000.01", "8000000.01"), ("9.95", "9.95"), ("0.1 + 0.2", "0.3"), ("1e-5", "0.00001"),
     ("12345678901234.56", "12345678901234.56"), ("1e17", "1E+17"), ("7", "7"), ("7.0", "7"),
     ("'7.00'", "7.00"), ("x'00ff'", "#00FF"), ("''", None)],
)  # fmt: skip
def test_sqlite_values_of_any_type_as_text(
    sqlite: tuple[str, Execute], tmp_path: Path, value: str, text: str | None
) -> None:
    url, execute = sqlite
    _create(execute, {"amount": "blob"})
    _insert(execute, [LINE], DECLARATIONS.name)
    execute(f"UPDATE {DECLARATIONS.name} SET amount = {value}")
    assert _read(database_changes(url, DECLARATIONS, None, tmp_path)) == [LINE | {"amount": text}]


def test_a_column_that_is_first_null_and_then_text(
    sqlite: tuple[str, Execute], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, execute = sqlite
    _create(execute, {})
    rows = [LINE | {"line_no": str(n), "closed_on": None} for n in range(1, 9)]
    _insert(execute, [*rows, LINE | {"line_no": "9"}], DECLARATIONS.name)
    monkeypatch.setattr(read_database, "BATCH_ROWS", 2)
    came = _read(database_changes(url, DECLARATIONS, None, tmp_path))
    assert [row["closed_on"] for row in came] == [*[None] * 8, "2024-01-03"]


def test_a_missing_sqlite_file_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceDatabaseError, match=r"nowhere\.db is not there"):
        ask(f"sqlite:///{tmp_path}/nowhere.db", ENTERPRISES, None)
    assert not (tmp_path / "nowhere.db").exists()


def test_sqlite_text_that_is_no_utf8_is_a_sentence(sqlite: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = sqlite
    _create(execute, {})
    _insert(execute, [LINE], DECLARATIONS.name)
    execute(f"UPDATE {DECLARATIONS.name} SET consignor_name = CAST(x'd6d0ff' AS text)")
    with pytest.raises(SourceDatabaseError, match="did not give customs_declarations"):
        database_changes(url, DECLARATIONS, None, tmp_path / "s")
    assert list((tmp_path / "s").iterdir()) == []


def test_postgresql_floats_arrays_and_another_schema(postgresql: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = postgresql
    execute("CREATE SCHEMA customs")
    name = f"customs.{DECLARATIONS.name}"
    _create(execute, {"amount": "double precision", "updated_at": "timestamp"}, name=name)
    _insert(execute, [LINE | {"amount": 0.1 + 0.2}], name)
    assert ask(url, DECLARATIONS, None) == {}
    assert ask(f"{url}{'&' if '?' in url else '?'}schema=customs", DECLARATIONS, None) == {"": "some"}
    after = datetime(2024, 1, 4, tzinfo=UTC)
    (row,) = _read(
        database_changes(f"{url}{'&' if '?' in url else '?'}schema=customs", DECLARATIONS, after, tmp_path)
    )
    assert row == LINE | {"amount": "0.3"}


def test_both_databases_give_the_same_bytes(
    postgresql: tuple[str, Execute], sqlite: tuple[str, Execute], tmp_path: Path
) -> None:
    rows = [LINE | {"line_no": str(n), "consignor_name": c} for n, c in enumerate("aB𠮷z企é", 1)]
    contents = set()
    for (url, execute), types in ((postgresql, TYPES), (sqlite, {})):
        _create(execute, types)
        _insert(execute, rows, DECLARATIONS.name)
        path = database_changes(url, DECLARATIONS, None, tmp_path)
        assert path is not None
        contents.add(path.read_bytes())
    assert len(contents) == 1


@pytest.mark.parametrize("url", ["", "no address", "postgresql://u:sesame@127.0.0.1:1/x", "foo://x"])
def test_a_database_that_cannot_be_asked_is_a_sentence_without_its_password(url: str) -> None:
    with pytest.raises(SourceDatabaseError) as refused:
        ask(url, ENTERPRISES, None)
    assert "sesame" not in str(refused.value)
    assert "TONGBAO_SOURCES_URL" in str(refused.value)


def test_many_rows_come_whole(sqlite: tuple[str, Execute], tmp_path: Path) -> None:
    url, execute = sqlite
    _create(execute, {})
    _insert(execute, [LINE], DECLARATIONS.name)
    execute(
        f"INSERT INTO {DECLARATIONS.name} SELECT declaration_no, value, revision, status, "
        + ", ".join(list(LINE)[4:])
        + f" FROM {DECLARATIONS.name}, (WITH RECURSIVE n(value) AS (SELECT 3 UNION ALL SELECT "
        "value + 1 FROM n WHERE value < 120000) SELECT value FROM n)"
    )
    path = database_changes(url, DECLARATIONS, None, tmp_path)
    assert path is not None
    lines = pl.scan_parquet(path).select(pl.col("line_no").n_unique(), rows=pl.len()).collect()
    assert lines.row(0) == (119_999, 119_999)
