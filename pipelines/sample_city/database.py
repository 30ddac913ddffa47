"""The written sources of a city as tables of a database, named like the sources.

Codes are text, money is numeric, dates and moments are what the database has for them; SQLite has
neither, so it keeps text. Reads back the very files that `city` wrote, one at a time.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa

from pipelines.sample_city.layout import DATES, FIELDS, INTEGERS, MONEY, TIMESTAMPS

MONEY_TYPE: Final = pl.Decimal(38, 4)
RATE_TYPE: Final = pl.Decimal(38, 12)


def write_city_database(folder: Path, url: str, schema: str | None = None) -> None:
    """Load the sources of a city into PostgreSQL or SQLite, replacing tables of those names."""
    from sqlalchemy import make_url

    target = make_url(url)
    sqlite = target.get_backend_name() == "sqlite"
    if not sqlite and target.get_backend_name() != "postgresql":
        raise ValueError(f"a sample city goes into PostgreSQL or SQLite, not {url!r}")
    connection = _connect_sqlite(target.database) if sqlite else _connect_postgresql(target)
    with connection, connection.cursor() as cursor:
        for source in FIELDS:
            _create(cursor, source, schema, sqlite=sqlite)
            for path in source_files(folder, source):
                table = typed(read_source_file(path, source), sqlite=sqlite)
                if table.num_rows:
                    options = {} if schema is None else {"db_schema_name": schema}
                    cursor.adbc_ingest(source, table, mode="append", **options)
        connection.commit()


def source_files(folder: Path, source: str) -> list[Path]:
    """The data files of a source, in the order of their names."""
    wanted = (".csv", ".parquet", ".xlsx")
    return sorted(p for p in (folder / source).glob("*") if p.suffix in wanted)


def read_source_file(path: Path, source: str) -> pl.DataFrame:
    """A written file as text columns under the English names."""
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
    elif path.suffix == ".xlsx":
        frame = pl.read_excel(path, infer_schema_length=0, raise_if_empty=False)
    else:
        frame = pl.read_csv(io.BytesIO(_utf_8(path.read_bytes())), infer_schema=False)
    frame.columns = list(FIELDS[source])
    return frame.select(pl.all().cast(pl.String))


def typed(frame: pl.DataFrame, *, sqlite: bool) -> pa.Table:
    """Text columns as the types that a database table of the source has."""
    expressions = []
    for name in frame.columns:
        column = pl.col(name)
        if name in INTEGERS:
            column = column.cast(pl.Int64)
        elif name in DATES:
            column = column.str.replace_all("-", "").str.to_date("%Y%m%d")
        elif name in TIMESTAMPS:
            column = column.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
        elif name in MONEY:
            plain = column.str.replace_all(",", "")
            column = plain if sqlite else plain.cast(_money_type(name))
        if sqlite and name in DATES:
            column = column.dt.to_string("%Y-%m-%d")
        if sqlite and name in TIMESTAMPS:
            column = column.dt.to_string("%Y-%m-%dT%H:%M:%SZ")
        expressions.append(column.alias(name))
    return frame.select(expressions).to_arrow(compat_level=pl.CompatLevel.oldest())


def _create(cursor: Any, source: str, schema: str | None, *, sqlite: bool) -> None:
    name = f'"{source}"' if schema is None else f'"{schema}"."{source}"'
    columns = ", ".join(f'"{f}" {_sql_type(f, sqlite=sqlite)}' for f in FIELDS[source])
    if schema is not None:
        cursor.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    cursor.execute(f"DROP TABLE IF EXISTS {name}")
    cursor.execute(f"CREATE TABLE {name} ({columns})")


def _sql_type(name: str, *, sqlite: bool) -> str:
    if name in INTEGERS:
        return "BIGINT"
    if sqlite:
        return "TEXT"
    if name in DATES:
        return "DATE"
    if name in TIMESTAMPS:
        return "TIMESTAMPTZ"
    if name in MONEY:
        return "NUMERIC"
    return "TEXT"


def _money_type(name: str) -> pl.Decimal:
    return RATE_TYPE if name == "usd_per_unit" else MONEY_TYPE


def _connect_sqlite(database: str | None) -> Any:
    from adbc_driver_sqlite import dbapi

    return dbapi.connect(database or ":memory:")


def _connect_postgresql(target: Any) -> Any:
    from adbc_driver_postgresql import dbapi

    plain = target.set(drivername="postgresql").render_as_string(hide_password=False)
    return dbapi.connect(plain)


def _utf_8(raw: bytes) -> bytes:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030").encode("utf-8")
    return raw.removeprefix(b"\xef\xbb\xbf")
