"""One description of a table, and its renderings: polars and arrow schema, pandera model, dictionary.

What a column is called, what it may hold and why is said here once, in the modules beside this one;
everything else (validation, SQL, documents, Dagster's metadata) is derived. No I/O, no clock, no Dagster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import polars as pl

if TYPE_CHECKING:
    import pandera.polars as pa
    import pyarrow

Partition = Literal["month", "export_year", "policy_year", "push_month"]
Form = Literal[
    "text", "code", "choice", "country", "countries", "chapters", "currency", "trade_mode",
    "district", "integer", "decimal", "date", "month", "timestamp",
]  # fmt: skip

MONEY = pl.Decimal(19, 2)
SUM = pl.Decimal(28, 2)
TIMESTAMP = pl.Datetime("us", "UTC")
CODES = pl.List(pl.String)


@dataclass(frozen=True)
class Column:
    """One column: English name, 中文 title, type, meaning, and what it may hold."""

    name: str
    zh: str
    dtype: pl.DataType | type[pl.DataType]
    about: str
    unit: str | None = None
    required: bool = True
    values: tuple[str, ...] = ()
    comes_from: tuple[str, ...] = ()
    """The upstream columns, as `table.column`, that this one is computed from."""


@dataclass(frozen=True)
class Field(Column):
    """A column of a source: additionally, how its text is read.

    `pattern` holds for codes (after folding to half width and capitals). `event` marks the date of
    something that has happened: it may not lie after the row's own `updated_at` (rules §1).
    """

    form: Form = "text"
    pattern: str | None = None
    event: bool = False
    applies: pl.Expr | None = None
    """Where given: the code table judges only rows for which this holds."""


@dataclass(frozen=True)
class Rule:
    """A row rule: `good` is true, or null where it cannot be judged, for a row that keeps it."""

    name: str
    good: pl.Expr
    about: str


@dataclass(frozen=True, eq=False)
class Table:
    """What a table is: grain, key, columns and row rules.

    `partition` names the kind of key a table is stored by; None is one file. `public` tables may
    leave the house; `internal` ones are for the pipeline only and are in no release.
    """

    name: str
    zh: str
    about: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition: Partition | None = None
    rules: tuple[Rule, ...] = ()
    audience: Literal["public", "published", "internal"] = "published"
    money: str | None = None
    """The column whose sum is the table's control total."""
    owners: tuple[str, ...] = field(default=("team:data-engineering",))

    def __post_init__(self) -> None:
        """Refuse a description that contradicts itself."""
        unknown = {*self.key, *([self.money] if self.money else [])} - set(self.names)
        if unknown or len(set(self.names)) != len(self.names):
            raise ValueError(f"Table {self.name}: unknown or doubled columns {sorted(unknown)}.")

    @property
    def names(self) -> list[str]:
        """The column names in order."""
        return [column.name for column in self.columns]

    @cached_property
    def schema(self) -> pl.Schema:
        """The polars schema in column order."""
        return pl.Schema({column.name: column.dtype for column in self.columns})

    def __getitem__(self, name: str) -> Column:
        """The column of that name."""
        return next(column for column in self.columns if column.name == name)

    @cached_property
    def all_rules(self) -> tuple[Rule, ...]:
        """The rules written out: nulls, vocabularies, then the table's own."""
        nulls = [
            Rule(f"missing:{c.name}", pl.col(c.name).is_not_null(), f"{c.name} is given")
            for c in self.columns
            if c.required
        ]
        vocabularies = [
            Rule(f"unknown:{c.name}", _within(c), f"{c.name} is one of {', '.join(c.values)}")
            for c in self.columns
            if c.values
        ]
        return (*nulls, *vocabularies, *self.rules)

    def empty(self) -> pl.DataFrame:
        """A frame of this schema without rows."""
        return self.schema.to_frame()

    def arrow_schema(self) -> pyarrow.Schema:
        """The arrow schema, with both titles and the unit in each field's metadata."""
        import pyarrow as arrow

        plain = self.empty().to_arrow().schema
        return arrow.schema(
            [
                plain.field(c.name).with_nullable(not c.required).with_metadata(_metadata(c))
                for c in self.columns
            ],
            metadata={"name": self.name, "zh": self.zh, "about": self.about},
        )

    def pandera_model(self) -> pa.DataFrameSchema:
        """The pandera model: types, nulls, vocabularies, key and row rules as named checks."""
        import pandera.polars as pa

        def check(rule: Rule) -> pa.Check:
            return pa.Check(
                lambda data: data.lazyframe.select(rule.good.fill_null(value=True)),
                name=rule.name,
                error=rule.about,
            )

        nulls = {f"missing:{c.name}" for c in self.columns if c.required}
        return pa.DataFrameSchema(
            {
                c.name: pa.Column(c.dtype, nullable=not c.required, title=c.zh, description=c.about)
                for c in self.columns
            },
            checks=[check(rule) for rule in self.all_rules if rule.name not in nulls],
            unique=list(self.key),
            strict=True,
            ordered=True,
            name=self.name,
            title=self.zh,
            description=self.about,
        )


@dataclass(frozen=True, eq=False)
class Source(Table):
    """A table of the outside world: fields as text, versions of a key, and its ledger.

    `version` orders the versions of one key. `amount` is the field that control files sum.
    """

    version: tuple[str, ...] = ("updated_at",)
    amount: str | None = None
    steady: tuple[str, ...] = ()
    """Fields that mostly repeat from row to row; no row rule looks at one of them and at another field."""
    ledger_name: str = ""
    audience: Literal["public", "published", "internal"] = "internal"

    @property
    def fields(self) -> tuple[Field, ...]:
        """The columns, as fields."""
        return tuple(column for column in self.columns if isinstance(column, Field))

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Every header a file may carry (English or 中文) → field name."""
        return {c.name: c.name for c in self.columns} | {c.zh: c.name for c in self.columns}

    @cached_property
    def ledger(self) -> Table:
        """Every version ever received of this source: typed, sorted, judged."""
        return Table(
            name=self.ledger_name or f"{self.name}_ledger",
            zh=f"{self.zh}（全部版本）",
            about=f"Every version of {self.name} ever received, typed, once, in order of key and "
            "version. A row with reasons is rejected and counts nowhere.",
            key=(),
            columns=(
                *(Column(c.name, c.zh, c.dtype, c.about, c.unit, required=False) for c in self.columns),
                REASONS,
                RAW,
                *(() if self.partition else ORIGIN),
            ),
            partition=self.partition,
            audience="internal",
            money=self.amount,
        )


REASONS = Column("reasons", "拒收原因", CODES, "All reasons for which the row is rejected; empty = accepted.")
RAW = Column("raw", "原始行", pl.String, "The row as it came, as JSON, where it is rejected.", required=False)

ORIGIN = (
    Column("delivery_sha256", "批次校验值", pl.String, "The delivery it first came in."),
    Column("row", "行号", pl.Int64, "Data row in that delivery, from 1."),
)


def _within(column: Column) -> pl.Expr:
    """True where the column (or each of its list's members) is in its vocabulary."""
    values = pl.lit(pl.Series(column.values, dtype=pl.String)).implode()
    if column.dtype == CODES:
        return pl.col(column.name).list.eval(pl.element().is_in(list(column.values))).list.all()
    return pl.col(column.name).cast(pl.String).is_in(values)


def _metadata(column: Column) -> dict[str, str]:
    unit = {"unit": column.unit} if column.unit else {}
    return {"zh": column.zh, "about": column.about, **unit}
