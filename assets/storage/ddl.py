"""Tables as SQL: the second half of `schemas.table`'s renderings, for PostgreSQL and SQLite.

What a column is called and may hold is said in `schemas`; here is only how a database says it.
Nothing here connects anywhere: loading is `assets.storage.reporting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import polars as pl
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.schema import CreateTable, SetColumnComment, SetTableComment
from sqlalchemy.types import TypeEngine

from schemas.exchange import REFERENCES
from schemas.table import Column, Table

Dialect: TypeAlias = Literal["postgresql", "sqlite"]
SCHEMA = "reporting"


@dataclass(frozen=True)
class Reference:
    """A foreign key: columns of a table that name a row of another."""

    table: str
    mine: tuple[str, ...]
    other: str
    theirs: tuple[str, ...]

    @property
    def name(self) -> str:
        """What a database calls it."""
        return f"{self.table}_{self.other}_fkey"


REFERENCES_OF = tuple(
    Reference(table, *reference) for table, references in REFERENCES.items() for reference in references
)


def sql_table(table: Table, metadata: sa.MetaData, dialect_name: Dialect) -> sa.Table:
    """The table as SQLAlchemy knows it; in SQLite under its plain name and without comments.

    A foreign key stands in the table's definition in SQLite, which does not hold it while rows change; in
    PostgreSQL, which does, the loader adds it when both tables are there.
    """
    postgres = dialect_name == "postgresql"
    key = [sa.PrimaryKeyConstraint(*table.key, name=f"{table.name}_pkey")] if table.key else []
    references = [] if postgres else [r for r in REFERENCES_OF if r.table == table.name]
    for reference in references:
        sa.Table(reference.other, metadata, *(sa.Column(name) for name in reference.theirs))
    return sa.Table(
        table.name,
        metadata,
        *(
            sa.Column(
                column.name,
                sql_type(column.dtype, dialect_name),
                nullable=not column.required,
                autoincrement=False,
                comment=comment(column) if postgres else None,
            )
            for column in table.columns
        ),
        *key,
        *(
            sa.ForeignKeyConstraint(r.mine, [f"{r.other}.{name}" for name in r.theirs], name=r.name)
            for r in references
        ),
        *(
            sa.CheckConstraint(text, name=f"{table.name}_{column.name}_check")
            for column in table.columns
            if (text := _check(column, dialect_name))
        ),
        schema=SCHEMA if postgres else None,
        comment=f"{table.zh} — {table.about}" if postgres else None,
    )


def sql_type(dtype: pl.DataType | type[pl.DataType], dialect_name: Dialect) -> TypeEngine[Any]:
    """The type of a column. SQLite has no exact numbers: decimals, like dates, are text there."""
    postgres = dialect_name == "postgresql"
    match dtype:
        case pl.Boolean:
            return sa.Boolean() if postgres else sa.Integer()
        case pl.Int32:
            return sa.Integer()
        case pl.Int64:
            return sa.BigInteger() if postgres else sa.Integer()
        case pl.Date if postgres:
            return sa.Date()
        case pl.Datetime() if postgres:
            return sa.TIMESTAMP(timezone=True)
        case pl.Decimal() if postgres:
            return sa.Numeric(dtype.precision, dtype.scale)
        case pl.List() if postgres:
            return postgresql.ARRAY(sa.Text())
        case pl.String | pl.Enum() | pl.Date | pl.Datetime() | pl.Decimal() | pl.List():
            return sa.Text()
    raise TypeError(f"No SQL type is known for {dtype}: add it to assets/storage/ddl.py.")


def comment(column: Column) -> str:
    """Both titles, the meaning and the unit of a column."""
    unit = f" [{column.unit}]" if column.unit else ""
    return f"{column.zh} — {column.about}{unit}"


def statements(table: Table, dialect_name: Dialect) -> list[str]:
    """The statements that make the table, one each; the schema must be there."""
    made = sql_table(table, sa.MetaData(), dialect_name)
    dialect = _dialect(dialect_name)
    asked: list[sa.schema.ExecutableDDLElement] = [CreateTable(made)]
    if dialect_name == "postgresql":
        asked += [SetTableComment(made), *(SetColumnComment(column) for column in made.columns)]
    return [str(statement.compile(dialect=dialect)).strip() for statement in asked]


def ddl(table: Table, dialect_name: Dialect) -> str:
    """The statements as one text, for documents and tests."""
    return "".join(f"{statement};\n" for statement in statements(table, dialect_name))


def _dialect(dialect_name: Dialect) -> sa.Dialect:
    """A dialect whose text a driver gets as it stands: no doubled percent signs or backslashes."""
    if dialect_name == "sqlite":
        return SQLiteDialect(paramstyle="qmark")
    dialect = PGDialect(paramstyle="named")  # type: ignore[no-untyped-call]
    dialect._backslash_escapes = False
    return dialect


def _check(column: Column, dialect_name: Dialect) -> str | None:
    """What a database can hold itself: vocabularies, and in SQLite that a boolean is 0 or 1."""
    words = ", ".join(f"'{value}'" for value in column.values)
    if column.dtype == pl.Boolean and dialect_name == "sqlite":
        return f"{column.name} IN (0, 1)"
    if not words:
        return None
    if column.dtype == pl.List(pl.String):
        return f"{column.name} <@ ARRAY[{words}]::text[]" if dialect_name == "postgresql" else None
    return f"{column.name} IN ({words})"
