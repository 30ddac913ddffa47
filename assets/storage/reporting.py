"""The reporting database: published tables, loaded in bulk and in one transaction.

PostgreSQL and SQLite go through the same ADBC code and differ only in how a value is written
(`_as_sql`). What a table looks like in SQL is `assets.storage.ddl`; which tables a release carries
and what their hashes are is the caller's. Importing this costs a few tenths of a second.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import adbc_driver_manager as adbc
import polars as pl

from assets.storage.ddl import REFERENCES_OF, SCHEMA, Dialect, Reference, ddl, statements
from assets.storage.views import DICTIONARY, VIEWS, dictionary, usable
from schemas.catalogue import TABLES
from schemas.table import CODES, Column, Table

if TYPE_CHECKING:
    from adbc_driver_manager.dbapi import Connection, Cursor

CONTENTS = Table(
    name="release_contents",
    zh="装载记录",
    about="What each table of this database was loaded from; the next release loads what differs.",
    key=("table_name",),
    columns=(
        Column("table_name", "表名", pl.String, "The table."),
        Column("sha256", "内容校验值", pl.String, "SHA-256 over its files."),
        Column("rows", "行数", pl.Int64, "Rows loaded."),
        Column("definition", "表结构校验值", pl.String, "SHA-256 of the statements that made it."),
    ),
)
READER = "tongbao_reader"
"""The role in PostgreSQL that may read what is published and nothing else."""
BATCH_ROWS = 65_536
WAIT_MS = 10_000
"""How long SQLite waits for another program to let go of the file."""

_STATEMENT = re.compile(r" (query( was)?: (SELECT|INSERT|DELETE|CREATE|DROP|PRAGMA)|CONTEXT:).*", re.I)
_UNREACHABLE = {
    "password authentication failed": "it refuses that user and password",
    "no password supplied": "it asks for a password",
    "could not translate host name": "there is no host of that name",
    "connection refused": "nothing listens at that host and port",
    "timeout expired": "it does not answer in time",
    "no such file or directory": "there is no server behind that socket",
    'role "': "there is no such user",
    'database "': "there is no such database",
}


class ReportingError(Exception):
    """One sentence on what is wrong with the reporting database and what to do next."""


@dataclass(frozen=True)
class Loaded:
    """What the database says of a table that it carries."""

    sha256: str
    definition: str


@dataclass(frozen=True)
class Place:
    """A reporting database: which dialect it speaks and what its ADBC driver is to open."""

    dialect: Dialect
    target: str

    @classmethod
    def of(cls, url: str) -> Place:
        """Read an SQLAlchemy URL; the rest of a PostgreSQL one is left to libpq as it was typed."""
        if match := re.fullmatch(r"sqlite:///(.+)", url):
            return cls("sqlite", match[1])
        if match := re.fullmatch(r"postgresql(?:\+(?:psycopg2?|adbc))?://(.+)", url):
            return cls("postgresql", f"postgresql://{match[1]}")
        raise ReportingError(
            "TONGBAO_REPORTING_URL names neither SQLite nor PostgreSQL: "
            "write sqlite:///path/to/file or postgresql://user@host/database."
        )

    @cached_property
    def secret(self) -> str | None:
        """The password in the address, if there is one."""
        match = re.match(r"postgresql://[^:/?]*:(.+)@", self.target)
        return match[1] if match else None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection whose work lands as a whole, or not at all."""
        connection = self._connect()
        try:
            yield connection
            connection.commit()
        except BaseException as error:
            with suppress(adbc.Error):
                connection.rollback()
            if isinstance(error, (adbc.Error, OSError, pl.exceptions.PolarsError)):
                raise ReportingError(self._explain(error)) from None
            raise
        finally:
            connection.close()

    def _connect(self) -> Connection:
        connection: Connection
        try:
            if self.dialect == "sqlite":
                import adbc_driver_sqlite.dbapi

                Path(self.target).parent.mkdir(parents=True, exist_ok=True)
                connection = adbc_driver_sqlite.dbapi.connect(self.target)
                connection.cursor().execute(f"PRAGMA busy_timeout = {WAIT_MS}").close()
            else:
                import adbc_driver_postgresql.dbapi

                connection = adbc_driver_postgresql.dbapi.connect(self.target)
        except Exception as error:
            said = str(error).lower()
            why = next((why for mark, why in _UNREACHABLE.items() if mark in said), "it is not there")
            if self.dialect == "sqlite":
                why = f"{self.target} cannot be opened or made"
            raise ReportingError(
                f"The reporting database cannot be opened, {why}: "
                "put TONGBAO_REPORTING_URL right or start the database, and release again."
            ) from None
        return connection

    def _explain(self, error: Exception) -> str:
        """The driver's own words on one line, without the password, and what to do."""
        said = _STATEMENT.sub("", " ".join(str(error).split())).rstrip(" .")
        if self.secret:
            said = said.replace(self.secret, "***")
        if not isinstance(error, adbc.Error):
            return (
                f"A file of the release cannot be loaded ({said}): run tongbao verify, then "
                "release again; the reporting database is as it was."
            )
        if "is locked" in said:
            return (
                "Another program holds the reporting database: close it and release again; "
                "the tables are as they were."
            )
        if "depend" in said and "DROP" in said.upper():
            return (
                "A table of the reporting database has a new shape and something is built on the "
                f"old one ({said}): drop that view and release again; the tables are as they were."
            )
        return (
            f"The reporting database refused the release ({said}): put that right and release "
            "again; the tables are as they were."
        )


def load_reporting(url: str, tables: Mapping[str, tuple[str, Sequence[Path]]]) -> dict[str, int]:
    """Replace the rows of the tables whose content differs; all of them, or none.

    `tables` gives for each table its content hash and the Parquet files of all its partitions.
    Beside the tables stand the dictionary and the ready views of `assets.storage.views`.
    A table whose definition changed, or that was dropped by hand, is made anew. Returns the rows
    loaded of each replaced table.
    """
    place = Place.of(url)
    with place.transaction() as connection, connection.cursor() as cursor:
        _prepare(cursor, place)
        loaded = _loaded(cursor, place)
        references = [r for r in REFERENCES_OF if {r.table, r.other} <= {*loaded, *tables}]
        changes = any(name in loaded and loaded[name].definition != _definition(TABLES[name], place)
                      for name in tables)  # fmt: skip
        if changes:
            _drop_views(cursor, place)
        unbound = place.dialect == "postgresql" and _unbind(cursor, references, changes=changes)
        rows: dict[str, int] = {}
        for name, (sha256, files) in tables.items():
            table, now = TABLES[name], Loaded(sha256, _definition(TABLES[name], place))
            if loaded.get(name) == now:
                continue
            _make(cursor, place, table, loaded.get(name))
            rows[name] = _fill(cursor, place, table, files)
            _record(cursor, place, name, now, rows[name])
        if unbound:
            _bind(cursor, references)
        elif place.dialect == "sqlite":
            _hold_references(cursor, references)
        _show(cursor, place, [*loaded, *rows])
        return rows


def _drop_views(cursor: Cursor, place: Place) -> None:
    """PostgreSQL lets no table be made anew under a view."""
    for view in VIEWS:
        cursor.execute(f"DROP VIEW IF EXISTS {_quoted(place, view.name)}")


def _unbind(cursor: Cursor, references: Sequence[Reference], *, changes: bool) -> bool:
    """Whether foreign keys are to be made: one is missing, or a table changes its shape, and then all go
    first. PostgreSQL alters no table that rows were moved in.
    """
    cursor.execute(
        "SELECT c.conname, t.relname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
        f"JOIN pg_namespace n ON n.oid = t.relnamespace WHERE c.contype = 'f' AND n.nspname = '{SCHEMA}'"
    )
    ours = {r.name for r in REFERENCES_OF}
    found = {name: table for name, table in cursor.fetchall() if name in ours}
    if not changes and {r.name for r in references} <= {*found}:
        return False
    for name, table in found.items():
        cursor.execute(f'ALTER TABLE {SCHEMA}."{table}" DROP CONSTRAINT "{name}"')
    return True


def _bind(cursor: Cursor, references: Sequence[Reference]) -> None:
    """Foreign keys that PostgreSQL holds at the end of each transaction, in whatever order tables come."""
    for r in references:
        cursor.execute(
            f'ALTER TABLE {SCHEMA}."{r.table}" ADD CONSTRAINT "{r.name}" FOREIGN KEY ({", ".join(r.mine)}) '
            f'REFERENCES {SCHEMA}."{r.other}" ({", ".join(r.theirs)}) DEFERRABLE INITIALLY DEFERRED'
        )


def _hold_references(cursor: Cursor, references: Sequence[Reference]) -> None:
    """SQLite declares foreign keys and checks them when asked: here, before the load is committed."""
    for r in references:
        cursor.execute(f'PRAGMA foreign_key_check("{r.table}")')
        lost = [row for row in cursor.fetchall() if row[2] == r.other]
        if lost:
            raise ReportingError(
                f"{len(lost)} rows of {r.table} name a row that {r.other} does not have: run tongbao verify, "
                "then release again; the reporting database is as it was."
            )


def _show(cursor: Cursor, place: Place, tables: Collection[str]) -> None:
    """The dictionary, the ready views and, in PostgreSQL, what the readers' role may read."""
    rows = dictionary()
    sha256 = hashlib.sha256(rows.write_csv().encode()).hexdigest()
    now = Loaded(sha256, _definition(DICTIONARY, place))
    before = _loaded(cursor, place).get(DICTIONARY.name)
    if before != now:
        _make(cursor, place, DICTIONARY, before)
        written = rows.select(_as_sql(column, place.dialect) for column in DICTIONARY.columns)
        _record(cursor, place, DICTIONARY.name, now, _append(cursor, place, DICTIONARY.name, written))
    views = usable(tables)
    for view in views:
        query = view.sql(place.dialect, lambda name: _quoted(place, name))
        if place.dialect == "postgresql":
            cursor.execute(f"CREATE OR REPLACE VIEW {_quoted(place, view.name)} AS {query}")
            remark = view.remark.replace("'", "''")
            cursor.execute(f"COMMENT ON VIEW {_quoted(place, view.name)} IS '{remark}'")
        else:
            cursor.execute(f"DROP VIEW IF EXISTS {_quoted(place, view.name)}")
            cursor.execute(f"CREATE VIEW {_quoted(place, view.name)} AS {query}")
    if place.dialect == "postgresql":
        shown = [CONTENTS.name, DICTIONARY.name, *tables, *(view.name for view in views)]
        _let_read(cursor, place, sorted({*shown} & _ours(cursor)))


def _let_read(cursor: Cursor, place: Place, names: Sequence[str]) -> None:
    """Grant reading to the role READER; it is made where this user may make roles, else left out."""
    if not _scalar(cursor, f"SELECT count(*) FROM pg_roles WHERE rolname = '{READER}'"):
        may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        if not _scalar(cursor, may):
            return
        cursor.execute(f"CREATE ROLE {READER} NOLOGIN")
    cursor.execute(f"GRANT USAGE ON SCHEMA {SCHEMA} TO {READER}")
    for name in names:
        cursor.execute(f"GRANT SELECT ON {_quoted(place, name)} TO {READER}")


def _ours(cursor: Cursor) -> set[str]:
    """The tables and views of the schema that this user owns."""
    cursor.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        f"WHERE n.nspname = '{SCHEMA}' AND pg_has_role(c.relowner, 'USAGE')"
    )
    return {str(name) for (name,) in cursor.fetchall()}


def count_and_sums(url: str, table: Table) -> tuple[int, str | None]:
    """How many rows a table of the database has, and the exact sum of its money."""
    place = Place.of(url)
    with place.transaction() as connection, connection.cursor() as cursor:
        if not _exists(cursor, place, table.name):
            raise ReportingError(f"The reporting database has no table {table.name}: release it first.")
        if table.money is None:
            return _scalar(cursor, f"SELECT count(*) FROM {_quoted(place, table.name)}"), None
        written = f'CAST("{table.money}" AS TEXT)'
        cursor.execute(f"SELECT {written} FROM {_quoted(place, table.name)}")
        dtype = table.schema[table.money]
        assert isinstance(dtype, pl.Decimal)
        wide = pl.Decimal(38, dtype.scale)
        count, total = 0, pl.Series([0], dtype=wide)
        for batch in cursor.fetch_record_batch():
            part = pl.Series(pl.from_arrow(batch).to_series()).cast(wide)  # type: ignore[union-attr]
            count, total = count + len(part), total + part.sum()
        return count, str(total.item())


def _prepare(cursor: Cursor, place: Place) -> None:
    """Make what every release needs. An existing schema is not made again: that asks for rights."""
    if place.dialect == "postgresql" and not _scalar(
        cursor, f"SELECT count(*) FROM pg_namespace WHERE nspname = '{SCHEMA}'"
    ):
        cursor.execute(f"CREATE SCHEMA {SCHEMA}")
    if not _exists(cursor, place, CONTENTS.name):
        _run(cursor, statements(CONTENTS, place.dialect))


def _loaded(cursor: Cursor, place: Place) -> dict[str, Loaded]:
    """What was loaded and is still there."""
    cursor.execute(f"SELECT table_name, sha256, definition FROM {_quoted(place, CONTENTS.name)}")
    return {
        name: Loaded(sha256, definition)
        for name, sha256, definition in cursor.fetchall()
        if name in (*TABLES, DICTIONARY.name) and _exists(cursor, place, name)
    }


def _make(cursor: Cursor, place: Place, table: Table, before: Loaded | None) -> None:
    """An empty table of today's definition; one that is not ours is left alone."""
    if before is None and _exists(cursor, place, table.name):
        raise ReportingError(
            f"The reporting database has a table {table.name} that no release made: rename it, or "
            "let TONGBAO_REPORTING_URL name another database."
        )
    if before is not None and before.definition == _definition(table, place):
        cursor.execute(f"DELETE FROM {_quoted(place, table.name)}")
        return
    if before is not None:
        cursor.execute(f"DROP TABLE {_quoted(place, table.name)}")
    _run(cursor, statements(table, place.dialect))


def _fill(cursor: Cursor, place: Place, table: Table, files: Sequence[Path]) -> int:
    """Stream the files into the table, batch by batch."""
    if not files:
        return 0
    found = pl.scan_parquet(list(files), schema=table.schema, glob=False, hive_partitioning=False).select(
        _as_sql(column, place.dialect) for column in table.columns
    )
    rows = 0
    for batch in found.collect_batches(chunk_size=BATCH_ROWS, maintain_order=True):
        rows += _append(cursor, place, table.name, batch)
    return rows


def _append(cursor: Cursor, place: Place, name: str, rows: pl.DataFrame) -> int:
    if rows.height:
        schema = SCHEMA if place.dialect == "postgresql" else None
        cursor.adbc_ingest(name, rows.to_arrow(), mode="append", db_schema_name=schema)
    return rows.height


def _as_sql(column: Column, dialect: Dialect) -> pl.Expr:
    """The column as the database takes it; SQLite gets text that is exact and sorts by time."""
    value = pl.col(column.name)
    if isinstance(column.dtype, pl.Enum):
        return value.cast(pl.String)
    if dialect == "postgresql":
        return value
    match column.dtype:
        case pl.Boolean:
            return value.cast(pl.Int32)
        case pl.Date:
            return value.dt.strftime("%Y-%m-%d")
        case pl.Datetime():
            return value.dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        case pl.Decimal():
            return value.cast(pl.String)
    return value.list.join(",") if column.dtype == CODES else value


def _record(cursor: Cursor, place: Place, name: str, now: Loaded, rows: int) -> None:
    contents = _quoted(place, CONTENTS.name)
    cursor.execute(f"DELETE FROM {contents} WHERE table_name = '{name}'")
    line = pl.DataFrame([[name, now.sha256, rows, now.definition]], CONTENTS.schema, orient="row")
    _append(cursor, place, CONTENTS.name, line)


def _definition(table: Table, place: Place) -> str:
    return hashlib.sha256(ddl(table, place.dialect).encode()).hexdigest()


def _exists(cursor: Cursor, place: Place, name: str) -> bool:
    if place.dialect == "postgresql":
        return bool(_scalar(cursor, f"SELECT to_regclass('{_quoted(place, name)}') IS NOT NULL"))
    return bool(_scalar(cursor, f"SELECT count(*) FROM sqlite_master WHERE name = '{name}'"))


def _quoted(place: Place, name: str) -> str:
    return f'{SCHEMA}."{name}"' if place.dialect == "postgresql" else f'"{name}"'


def _run(cursor: Cursor, asked: Sequence[str]) -> None:
    for statement in asked:
        cursor.execute(statement)


def _scalar(cursor: Cursor, query: str) -> Any:
    cursor.execute(query)
    row = cursor.fetchone()
    assert row is not None
    return row[0]
