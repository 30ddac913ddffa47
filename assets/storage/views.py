"""Ready views of the published tables, for PostgreSQL, SQLite and DuckDB: one text, three dialects.

Belongs here: how a view is said. What the tables hold is `schemas`', loading them `reporting`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import polars as pl

from assets.storage.ddl import comment
from schemas.catalogue import PUBLISHED
from schemas.table import Column, Table

Engine: TypeAlias = Literal["postgresql", "sqlite", "duckdb"]


@dataclass(frozen=True)
class View:
    """A view: the tables it reads and its query, whose `{some:column}` asks whether a list has any."""

    name: str
    zh: str
    about: str
    reads: tuple[str, ...]
    query: str

    def sql(self, engine: Engine, named: Callable[[str], str] = str) -> str:
        """The query in a dialect; `named` says how a table is called there."""
        text = self.query
        for table in sorted(self.reads, key=len, reverse=True):
            text = text.replace(f"<{table}>", named(table))
        for column in ("discrepancies", "observations", "findings"):
            text = text.replace(f"{{some:{column}}}", _SOME[engine].format(column))
        return text

    @property
    def remark(self) -> str:
        """Its comment: title and meaning in both languages."""
        return f"{self.zh} — {self.about}"


_SOME: Mapping[Engine, str] = {
    "postgresql": "cardinality({}) > 0",
    "sqlite": "{} <> ''",
    "duckdb": "len({}) > 0",
}

VIEWS: tuple[View, ...] = (
    View(
        "roster_in_force", "现行名单", "The lines of each year's confirmed edition.",
        ("roster", "roster_editions"),
        "SELECT r.policy_year, r.edition, r.serial, r.uscc, r.name, r.district, e.confirmed_on "
        "FROM <roster> r JOIN <roster_editions> e "
        "ON e.policy_year = r.policy_year AND e.edition = r.edition WHERE e.status = 'confirmed'",
    ),
    View(
        "statistics_in_force", "现行年度统计", "The newest revision of each year's figures.",
        ("annual_statistics",),
        "SELECT s.* FROM <annual_statistics> s WHERE s.revision = (SELECT max(m.revision) "
        "FROM <annual_statistics> m WHERE m.policy_year = s.policy_year)",
    ),
    View(
        "take_up_by_district", "各区领取情况", "Listed, taken up, of these late, by year and district.",
        ("take_up",),
        "SELECT policy_year, district, count(*) AS listed, "
        "sum(CASE WHEN status <> 'not_taken_up' THEN 1 ELSE 0 END) AS taken_up, "
        "sum(CASE WHEN status = 'taken_up_late' THEN 1 ELSE 0 END) AS taken_up_late "
        "FROM <take_up> GROUP BY policy_year, district",
    ),
    View(
        "insured_enterprises", "承保企业", "Each year's insured enterprises with their expected cover.",
        ("policy_reconciliation",),
        "SELECT policy_year, uscc, policy_no, district, channel, taken_up_on, issued_on, "
        "expected_cover_from, expected_cover_to FROM <policy_reconciliation> "
        "WHERE status IN ('matched', 'discrepant')",
    ),
    View(
        "open_policies", "待处理保单", "Policies that are not matched, or carry an observation.",
        ("policy_reconciliation",),
        "SELECT * FROM <policy_reconciliation> "
        "WHERE status NOT IN ('matched', 'cancelled') OR {some:observations}",
    ),
    View(
        "claims_with_findings", "有发现的赔案", "Claims in which the audit found something.",
        ("claim_audit",),
        "SELECT * FROM <claim_audit> WHERE {some:findings}",
    ),
)  # fmt: skip

DICTIONARY = Table(
    name="data_dictionary",
    zh="数据字典",
    about="Every table, view and column of this database in both languages.",
    key=("table_name", "position"),
    columns=(
        Column("table_name", "表名", pl.String, "The table or view."),
        Column("position", "次序", pl.Int32, "Place of the column; 0 = the table itself."),
        Column("column_name", "列名", pl.String, "The column.", required=False),
        Column("title_zh", "中文", pl.String, "Its Chinese title."),
        Column("about", "含义", pl.String, "What it means, in English."),
        Column("unit", "单位", pl.String, "Unit of the value.", required=False),
        Column("is_key", "主键", pl.Boolean, "Whether it is part of the primary key."),
        Column("audience", "读者", pl.String, "public may leave the house; published is for the house."),
    ),
)


def dictionary(tables: Sequence[Table] = PUBLISHED, views: Sequence[View] = VIEWS) -> pl.DataFrame:
    """The rows of the dictionary, in order of its key."""
    rows: list[tuple[object, ...]] = []
    for table in tables:
        rows.append((table.name, 0, None, table.zh, table.about, None, False, table.audience))
        rows += [
            (table.name, place, c.name, c.zh, c.about, c.unit, c.name in table.key, table.audience)
            for place, c in enumerate(table.columns, start=1)
        ]
    rows += [(view.name, 0, None, view.zh, view.about, None, False, "published") for view in views]
    return pl.DataFrame(rows, DICTIONARY.schema, orient="row").sort(DICTIONARY.key)


def usable(there: Collection[str]) -> list[View]:
    """The views whose tables are all there."""
    return [view for view in VIEWS if set(view.reads) <= set(there)]


def duckdb_script(files: Mapping[str, Sequence[str]]) -> str:
    """Statements that show a release's files as tables, with comments and views: `duckdb -init`.

    Paths are those of the release, so it is run in the release's folder.
    """
    lines = ["-- 在发布文件夹内运行 run in the folder of the release: duckdb -init duckdb.sql"]
    shown = [table for table in PUBLISHED if files.get(table.name)]
    for table in shown:
        names = ", ".join(f"'{name}'" for name in files[table.name])
        lines.append(
            f"CREATE OR REPLACE VIEW {table.name} AS "
            f"SELECT * FROM read_parquet([{names}], hive_partitioning = false);"
        )
        lines.append(f"COMMENT ON VIEW {table.name} IS {_quote(f'{table.zh} — {table.about}')};")
        lines += [f"COMMENT ON COLUMN {table.name}.{c.name} IS {_quote(comment(c))};" for c in table.columns]
    for view in usable([table.name for table in shown]):
        lines.append(f"CREATE OR REPLACE VIEW {view.name} AS {view.sql('duckdb')};")
        lines.append(f"COMMENT ON VIEW {view.name} IS {_quote(view.remark)};")
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
