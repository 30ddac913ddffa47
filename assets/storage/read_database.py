"""A source that is a table or view of a database → one Parquet file of text, as if delivered.

Belongs here: asking a database what is new and writing it down in the contract's form, so that both
forms of one source give the same rows. Not here: the reporting database, which is written to.
PostgreSQL and SQLite go through ADBC in batches; any other database through SQLAlchemy, streaming.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

import polars as pl

from assets.storage.drop_folder import SourcesUnreachable
from assets.storage.text_rows import (
    FileRefused,
    contract_time,
    field_of,
    match_header,
    number_text,
)

if TYPE_CHECKING:
    from sqlalchemy import URL, Engine, Select

    from schemas.table import Source

BATCH_ROWS = 50_000
"""Rows of a batch and of a row group: fixed, so that the same rows are the same bytes."""
BATCH_BYTES = 4 << 20
"""Bytes that PostgreSQL's driver gathers before it hands rows on."""
CHANGED = "updated_at"
MONTH = "declared_on"
"""The date whose month the ledger of declarations is kept by."""


class SourceDatabaseError(SourcesUnreachable):
    """One sentence on what is wrong with the database of the sources and what to do next."""


def database_changes(url: str, source: Source, after: datetime | None, scratch: Path) -> Path | None:
    """The rows changed after that moment (all where None) as one file; None where there are none.

    A row whose `updated_at` is empty or unreadable cannot be said to be old, so it always comes.
    A table or view that is not there is an empty source, as a folder that is not there.
    """
    with _asking(url, source) as table:
        if table is None:
            return None
        scratch.mkdir(parents=True, exist_ok=True)
        written = scratch / f"{source.name}.parquet"
        rows = 0
        try:
            rows = _write(written, source, _changed(table.batches(_utc(after)), _utc(after)))
        finally:
            if not rows:
                written.unlink()
        return written if rows else None


def ask(url: str, source: Source, since: datetime | None) -> dict[str, str]:
    """The cheap question: of each declared month the rows changed since, in a few characters.

    Month (of a source without one: "") → how many, the greatest `updated_at`, and the sum of all of
    them in microseconds, so that any row that came, went or changed makes another answer. Where
    `since` is None there is only to say whether there are any rows.
    """
    with _asking(url, source) as table:
        if table is None:
            return {}
        if since is None:
            return (
                {"": "some"} if any(batch.height for batch in table.column([CHANGED], None, limit=1)) else {}
            )
        names = [name for name in (CHANGED, MONTH) if name in table.columns]
        return answer(table.column(names, _utc(since)), since)


def unknown_columns(url: str, source: Source) -> tuple[str, ...]:
    """A sentence for each column of the table that the source does not have, and which is left out."""
    with _asking(url, source) as table:
        return table.notes if table else ()


def columns_of(url: str, source: Source, names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Some columns of all rows as text, in batches; rows of one key follow each other."""
    with _asking(url, source) as table:
        if table is not None:
            known = [name for name in names if name in table.columns]
            yield from table.column(known, None, by=source.key)


def answer(batches: Iterable[pl.DataFrame], since: datetime) -> dict[str, str]:
    """What `ask` says of rows of text that hold everything changed since."""
    parts = [
        batch.lazy()
        .select(month=_month(batch), at=moment(pl.col(CHANGED)))
        .filter(pl.col("at").is_null() | (pl.col("at") > _utc(since)))
        .group_by("month")
        .agg(rows=pl.len(), last=pl.col("at").max(), total=pl.col("at").cast(pl.Int128).sum())
        .collect()
        for batch in batches
    ]
    if not parts:
        return {}
    whole = pl.concat(parts).group_by("month").agg(pl.col("rows", "total").sum(), pl.col("last").max())
    return {month: f"{rows} {last} {total}" for month, rows, total, last in whole.sort("month").iter_rows()}


def rows_of(found: str) -> int:
    """How many rows one month's answer speaks of; 0 where it does not say."""
    count = found.partition(" ")[0]
    return int(count) if count.isdigit() else 0


class _Found(Protocol):
    """A table or view that is there."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What of it is left out."""
        ...

    @property
    def columns(self) -> Mapping[str, Any]:
        """Field → how the database knows it."""
        ...

    def batches(self, after: datetime | None) -> Iterator[pl.DataFrame]:
        """The rows as text under field names, in order; older ones may be among them."""
        ...

    def column(
        self,
        names: Sequence[str],
        after: datetime | None,
        *,
        limit: int | None = None,
        by: Sequence[str] = (),
    ) -> Iterator[pl.DataFrame]:
        """Some columns as text, in any order or `by` some of them; older rows may be among them."""
        ...


def place_of(url: str) -> str:
    """Where a database is, without the user and the password that ask it."""
    from sqlalchemy import URL

    given = _address(url)
    query = {name: value for name, value in given.query.items() if name in ("host", "port", "schema")}
    place = URL.create(given.drivername, host=given.host, port=given.port, database=given.database)
    return place.set(query=query).render_as_string()


def _address(url: str) -> URL:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        return make_url(url)
    except ArgumentError as error:
        raise SourceDatabaseError(
            "TONGBAO_SOURCES_URL is no database address: write it as "
            "postgresql://user@host/database or sqlite:////path/to/file."
        ) from error


@contextmanager
def _asking(url: str, source: Source) -> Iterator[_Found | None]:
    """The source's table in that database; whatever goes wrong meanwhile becomes one sentence."""
    address = _address(url)
    query = dict(address.query)
    schema = query.pop("schema", None)
    address = address.set(query=query)
    known = {"postgresql": _postgresql, "sqlite": _sqlite}
    opened = known.get(address.get_backend_name(), _reflected)
    try:
        with opened(address, source, schema if isinstance(schema, str) else None) as table:
            yield table
    except (FileRefused, SourceDatabaseError, KeyboardInterrupt, SystemExit):
        raise
    except Exception as error:
        told = " ".join(str(error).split())[:300]
        if address.password:
            told = told.replace(str(address.password), "***")
        raise SourceDatabaseError(
            f"The sources' database {_shown(address)} did not give {source.name} ({told}): see to "
            "it, or correct TONGBAO_SOURCES_URL, and run again."
        ) from error


# ── PostgreSQL and SQLite ─────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _AdbcTable:
    """A table asked through ADBC: every value becomes text in the database itself."""

    connection: Any
    source: Source
    table: str
    columns: dict[str, tuple[str, str]]
    """Field → the column's quoted name and its type there."""
    notes: tuple[str, ...]
    is_postgresql: bool

    def batches(self, after: datetime | None) -> Iterator[pl.DataFrame]:
        """The rows as text; ordered by text, by bytes, so that every database orders alike."""
        collation = 'COLLATE "C"' if self.is_postgresql else "COLLATE BINARY"
        first = (*self.source.key, *self.source.version)
        order = (*first, *(name for name in self.columns if name not in first))
        yield from self._ask(
            list(self.columns),
            self._newer_than(after) if after else "",
            "ORDER BY " + ", ".join(f"{_quoted(name)} {collation}" for name in order),
        )

    def column(
        self,
        names: Sequence[str],
        after: datetime | None,
        *,
        limit: int | None = None,
        by: Sequence[str] = (),
    ) -> Iterator[pl.DataFrame]:
        """Some columns of the rows as text."""
        order = "ORDER BY " + ", ".join(_quoted(name) for name in by) if by else ""
        end = f"LIMIT {limit}" if limit else order
        yield from self._ask(names, self._newer_than(after) if after else "", end)

    def _newer_than(self, after: datetime) -> str:
        """A condition that leaves out old rows only; `_changed` then looks at each moment."""
        column, kind = self.columns[CHANGED]
        if not self.is_postgresql:
            # SQLite keeps times as text of any ISO form, and compares them to the millisecond only.
            earlier = (after - timedelta(seconds=1)).strftime("%Y-%m-%d %H:%M:%S")
            moment = f"julianday({column})"
            return f"WHERE {moment} IS NULL OR {moment} >= julianday('{earlier}')"
        if not kind.startswith("timestamp"):
            return ""
        zone = "+00" if kind.endswith("with time zone") else ""
        return f"WHERE {column} IS NULL OR {column} > '{after:%Y-%m-%d %H:%M:%S.%f}{zone}'::{kind}"

    def _ask(self, names: Sequence[str], where: str, end: str) -> Iterator[pl.DataFrame]:
        inner = ", ".join(self._as_text(name) for name in names)
        with closing(self.connection.cursor()) as cursor:
            size = {
                "adbc.sqlite.query.batch_rows": BATCH_ROWS,
                "adbc.postgresql.batch_size_hint_bytes": BATCH_BYTES,
            }
            name = next(name for name in size if ("postgresql" in name) == self.is_postgresql)
            cursor.adbc_statement.set_options(**{name: str(size[name])})
            cursor.execute(f"SELECT * FROM (SELECT {inner} FROM {self.table} {where}) AS rows_as_text {end}")
            for batch in cursor.fetch_record_batch():
                batch.validate(full=True)
                frame = pl.DataFrame(batch)
                yield frame.select(self._finished(frame, name) for name in names)

    def _as_text(self, name: str) -> str:
        """SQL for a column as text, '' for null: SQLite's driver guesses a type from its values."""
        column, kind = self.columns[name]
        if self.is_postgresql:
            text = f"array_to_string({column}, ';')" if kind.endswith("[]") else f"{column}::text"
            return f"coalesce({text}, '') AS {_quoted(name)}"
        text = (
            f"CASE typeof({column}) WHEN 'real' THEN printf('%!.17g', {column}) "
            f"WHEN 'blob' THEN '#' || hex({column}) ELSE CAST({column} AS TEXT) END"
        )
        is_real = f"typeof({column}) = 'real' AS {_quoted(name + ' is real')}"
        return f"coalesce({text}, '') AS {_quoted(name)}, {is_real}"

    def _finished(self, frame: pl.DataFrame, name: str) -> pl.Expr:
        """That text in the contract's form; only floating-point numbers need more than a regex."""
        text = contract_time(pl.col(name), field_of(self.source, name))
        if f"{name} is real" in frame.columns:
            is_float = pl.col(f"{name} is real") == 1
        else:
            is_float = pl.lit(self.columns[name][1] in {"real", "double precision"})
        numbers = pl.when(is_float).then(pl.col(name)).map_batches(_numbers, return_dtype=pl.String)
        return pl.when(is_float & (pl.col(name) != "")).then(numbers).otherwise(text).alias(name)


@contextmanager
def _postgresql(address: URL, source: Source, schema: str | None) -> Iterator[_Found | None]:
    from adbc_driver_postgresql import dbapi

    plain = address.set(drivername="postgresql").render_as_string(hide_password=False)
    table = ".".join(_quoted(part) for part in (schema, source.name) if part)
    with closing(dbapi.connect(plain)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute("SET datestyle = 'ISO, YMD'")
        cursor.execute(
            "SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute "
            f"WHERE attrelid = to_regclass({_literal(table)}) AND attnum > 0 AND NOT attisdropped "
            "ORDER BY attnum"
        )
        matched = _matched(cursor.fetchall(), source)
        yield _AdbcTable(connection, source, table, *matched, is_postgresql=True) if matched else None


@contextmanager
def _sqlite(address: URL, source: Source, schema: str | None) -> Iterator[_Found | None]:
    from adbc_driver_sqlite import dbapi

    path = Path(address.database or "")
    if not path.is_file():
        raise SourceDatabaseError(f"The sources' database {path} is not there: correct TONGBAO_SOURCES_URL.")
    table = ".".join(_quoted(part) for part in (schema, source.name) if part)
    place = f"file:{quote(str(path.absolute()))}?mode=ro"
    with closing(dbapi.connect(place)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(
            f"SELECT name, lower(type) FROM pragma_table_info({_literal(source.name)}) ORDER BY cid"
        )
        matched = _matched(cursor.fetchall(), source)
        yield _AdbcTable(connection, source, table, *matched, is_postgresql=False) if matched else None


def _matched(
    found: Sequence[tuple[str, str]], source: Source
) -> tuple[dict[str, tuple[str, str]], tuple[str, ...]] | None:
    """Field → column, for the fields that the table has, and notes; None where there is no table."""
    if not found:
        return None
    header = match_header([name for name, _ in found], source, f"The table {source.name}")
    columns = {
        field: (_quoted(found[header.positions[field]][0]), found[header.positions[field]][1])
        for field in source.names
        if field in header.positions
    }
    return columns, header.notes


# ── any other database ────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _ReflectedTable:
    """A table asked through SQLAlchemy, row by row."""

    engine: Engine
    source: Source
    columns: dict[str, Any]
    """Field → SQLAlchemy's column."""
    notes: tuple[str, ...]

    def batches(self, after: datetime | None) -> Iterator[pl.DataFrame]:
        """The rows as text, in the order of the database's own collation."""
        first = [name for name in (*self.source.key, *self.source.version) if name in self.columns]
        order = [*first, *(name for name in self.columns if name not in first)]
        yield from self.column(list(self.columns), after, by=order)

    def column(
        self,
        names: Sequence[str],
        after: datetime | None,
        *,
        limit: int | None = None,
        by: Sequence[str] = (),
    ) -> Iterator[pl.DataFrame]:
        """Some columns of the rows as text."""
        question = self._newer_than(after, names).limit(limit).order_by(*(self.columns[name] for name in by))
        yield from self._ask(question, names)

    def _newer_than(self, after: datetime | None, names: Sequence[str]) -> Select[Any]:
        """The question for some columns, without most of the old rows."""
        from sqlalchemy import DateTime, or_, select

        question = select(*(self.columns[name] for name in names))
        changed = self.columns[CHANGED]
        if after is None or not isinstance(changed.type, DateTime):
            return question
        instant = after if changed.type.timezone else after.replace(tzinfo=None)
        return question.where(or_(changed.is_(None), changed > instant))

    def _ask(self, question: Any, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        schema = dict.fromkeys(names, pl.String)
        with self.engine.connect() as connection:
            result = connection.execution_options(yield_per=BATCH_ROWS).execute(question)
            for rows in result.partitions():
                texts = [[_plain(value) for value in row] for row in rows]
                yield pl.DataFrame(texts, schema=schema, orient="row").with_columns(
                    contract_time(pl.col(name), field_of(self.source, name)) for name in names
                )


@contextmanager
def _reflected(address: URL, source: Source, schema: str | None) -> Iterator[_Found | None]:
    from sqlalchemy import MetaData, Table, create_engine
    from sqlalchemy.exc import NoSuchTableError

    engine = create_engine(address)
    try:
        table = Table(source.name, MetaData(), autoload_with=engine, schema=schema)
        header = match_header(list(table.columns.keys()), source, f"The table {source.name}")
        found = list(table.columns)
        columns = {n: found[header.positions[n]] for n in source.names if n in header.positions}
        yield _ReflectedTable(engine, source, columns, header.notes)
    except NoSuchTableError:
        yield None
    finally:
        engine.dispose()


def _plain(value: object) -> str:
    """A Python value as the text that a CSV would carry, '' for nothing."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float():
            return number_text(repr(value))
        case Decimal():
            return format(value, "f")
        case datetime():
            moment = value.astimezone(UTC) if value.tzinfo else value
            return moment.replace(tzinfo=None).isoformat(" ")
        case date():
            return value.isoformat()
        case bytes():
            return f"#{value.hex().upper()}"
        case list() | tuple():
            return ";".join(_plain(member) for member in value)
        case _:
            return str(value)


# ── text ──────────────────────────────────────────────────────────────────────────────────────
def moment(text: pl.Expr) -> pl.Expr:
    """Text in the contract's form as a moment; null where it is none."""
    whole = pl.when(text.str.contains(r"^\d{4}-\d{2}-\d{2}$")).then(text + "T00:00:00Z")
    return whole.otherwise(text).str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False
    )


def _changed(batches: Iterable[pl.DataFrame], after: datetime | None) -> Iterator[pl.DataFrame]:
    at = moment(pl.col(CHANGED))
    for batch in batches:
        yield batch if after is None else batch.filter(at.is_null() | (at > after))


def _month(batch: pl.DataFrame) -> pl.Expr:
    """The month of declaration as it stands there; "" where there is none."""
    if MONTH not in batch.columns:
        return pl.lit("")
    return pl.col(MONTH).fill_null("").str.replace_all("-", "", literal=True).str.head(6)


def _numbers(texts: pl.Series) -> pl.Series:
    plain = [number_text(repr(float(text))) if text else text for text in texts]
    return pl.Series(texts.name, plain, dtype=pl.String)


def _write(path: Path, source: Source, batches: Iterable[pl.DataFrame]) -> int:
    """Writes the rows in row groups of one size, however they come; says how many there were."""
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema([(name, pyarrow.string()) for name in source.names])
    rows = 0
    waiting = pl.DataFrame(schema=dict.fromkeys(source.names, pl.String))
    with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as out:

        def write(group: pl.DataFrame) -> None:
            out.write_table(group.to_arrow().cast(schema), row_group_size=BATCH_ROWS)

        for batch in batches:
            given = batch.select(
                pl.when(pl.col(name) != "").then(pl.col(name)).alias(name)
                if name in batch.columns
                else pl.lit(None, pl.String).alias(name)
                for name in source.names
            )
            rows += given.height
            waiting = pl.concat([waiting, given])
            while waiting.height >= BATCH_ROWS:
                write(waiting[:BATCH_ROWS])
                waiting = waiting[BATCH_ROWS:]
        if waiting.height:
            write(waiting)
    return rows


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _shown(address: URL) -> str:
    return address.render_as_string(hide_password=True)
