"""The data dictionary: every table and column in both languages, as one Markdown text.

`docs/dictionary.md` is this text, and a test says so: `python -m schemas.dictionary` prints it.
Nothing is said here that the tables do not say; here are only the words around it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

import polars as pl

from schemas.catalogue import INTERNAL, PUBLISHED, SOURCES
from schemas.codes.labels import LABELS, reason_label
from schemas.measures import FACTS, MEASURES, UNITS, Measure
from schemas.table import Column, Field, Source, Table

FORMS = {
    "text": ("文字", "text, trimmed"),
    "code": ("代码", "code, folded to half width and capitals"),
    "choice": ("选项", "one of the values"),
    "country": ("国别（地区）", "country: three letters or the old three digits"),
    "countries": ("国别（地区）列表", "countries, separated by `;` or `,`"),
    "chapters": ("商品章列表", "HS chapters, separated by `;` or `,`"),
    "currency": ("币制", "currency: three letters or the old three digits"),
    "trade_mode": ("监管方式", "supervision mode, four digits"),
    "district": ("区", "district of Shenzhen or an alias of it"),
    "integer": ("整数", "whole number"),
    "decimal": ("小数", "decimal number, thousands commas allowed"),
    "date": ("日期", "date: `yyyy-mm-dd`, `yyyymmdd` or an Excel serial"),
    "month": ("月份", "month: `yyyy-mm`"),
    "timestamp": ("时间", "time: ISO 8601, UTC where no offset is given"),
}
PARTITIONS = {
    None: ("一个文件", "one file"),
    "month": ("申报月份", "declared month"),
    "export_year": ("出口年度", "export year"),
    "policy_year": ("保单年度", "policy year"),
    "push_month": ("推送月份", "push month"),
}
AUDIENCES = {
    "public": ("可公开", "public: may leave the house"),
    "published": ("发布（内部使用）", "published: in every release, for the house"),
    "internal": ("内部", "internal: in no release"),
}
INTRODUCTION = """\
# 数据字典 · Data dictionary

Made from `schemas/` by `python -m schemas.dictionary`; change it there.
本文由 `schemas/` 生成，请勿直接修改。

- **必填 required**: ✓ = never null. **主键 key**: 🔑 marks its columns.
- Types are those of the Parquet files. In PostgreSQL (schema `reporting`) they are the same; in
  SQLite decimals, dates and times are text, lists are text joined by commas, booleans 0 or 1.
- A source file carries either header, 中文 or English. 来源文件的表头用中文或英文均可。
"""

MEASURES_INTRODUCTION = """\
Only measures without a denominator add up over the members of a dimension. 只有不含分母的指标可以按维度相加。
A year is provisional until twelve months after its cover ends, then final; what changes a final figure
makes a numbered revision, and `statistics_revisions` says by how much and why.
年度数据在保障期满十二个月前为初步数据，之后为最终数据；最终数据的变动以修订号另列，并注明变动额及原因。
"""


def dictionary() -> str:
    """The whole dictionary as Markdown."""
    ledgers = [source.ledger for source in SOURCES]
    parts = [
        INTRODUCTION,
        _contents(),
        "## 来源 · Sources\n",
        *map(_source, SOURCES),
        "## 发布表 · Published tables\n",
        *map(_table, PUBLISHED),
        "## 统计指标 · Measures of the annual statistics\n",
        MEASURES_INTRODUCTION,
        *map(_measure, MEASURES),
        "## 内部表 · Internal tables\n",
        *map(_table, (*INTERNAL, *ledgers)),
    ]
    return "\n".join(parts)


def type_name(dtype: pl.DataType | type[pl.DataType]) -> str:
    """What the dictionary calls a type."""
    match dtype:
        case pl.List():
            return "list of text"
        case pl.Datetime():
            return "timestamp, UTC"
        case pl.Decimal():
            return f"decimal({dtype.precision},{dtype.scale})"
        case pl.Enum() | pl.String:
            return "text"
    return str(dtype).lower()


def _contents() -> str:
    rows = (
        (f"[{t.name}](#{t.name})", t.zh, " · ".join(AUDIENCES[t.audience])) for t in (*PUBLISHED, *SOURCES)
    )
    return _grid(("table", "中文", "读者 audience"), rows)


def _source(source: Source) -> str:
    columns = _grid(
        ("", "field", "中文", "type", "必填 required", "形式 form", "含义 meaning", "规则 rule"),
        (
            (
                *_beginning(source, field),
                f"{FORMS[field.form][0]} {FORMS[field.form][1]}",
                _meaning(field),
                _field_rule(field),
            )
            for field in source.fields
        ),
    )
    version = f"- 版本 version: {_codes(source.version)}: the greatest is the current row\n"
    amount = (
        f"- 控制文件 control file: `amount_sum` is the sum of `{source.amount}`\n" if source.amount else ""
    )
    return f"{_heading(source)}{version}{amount}\n{columns}{_rules(source)}"


def _table(table: Table) -> str:
    columns = _grid(
        ("", "column", "中文", "type", "必填 required", "单位 unit", "含义 meaning", "来自 from"),
        (
            (
                *_beginning(table, column),
                column.unit or "",
                _meaning(column),
                _codes(column.comes_from),
            )
            for column in table.columns
        ),
    )
    return f"{_heading(table)}\n{columns}{_rules(table)}"


def _measure(measure: Measure) -> str:
    zh, en = measure.revised_by
    kind = "比率 rate" if measure.is_rate else "可加 additive"
    return (
        f"### {measure.name}\n\n**{measure.zh}** — {measure.en}\n\n"
        f"- 公式 formula: {measure.formula_zh} {measure.formula}\n"
        f"- 单位 unit: {' '.join(UNITS[measure.unit])} · {kind}\n"
        f"- 维度 dimensions: {_codes(measure.dimensions)}\n"
        f"- 来源 sources: {_codes(measure.sources)}; {' · '.join(FACTS[measure.facts])}\n"
        f"- 修订 revised by: {zh} · {en}\n"
    )


def _heading(table: Table) -> str:
    key = _codes(table.key) or "none; sorted by the source's key and version"
    money = f"- 控制总额 control total: sum of `{table.money}`\n" if table.money else ""
    return (
        f"### {table.name}\n\n**{table.zh}** — {table.about}\n\n"
        f"- 主键 key: {key}\n"
        f"- 分区 partition: {' '.join(PARTITIONS[table.partition])}\n"
        f"- 读者 audience: {' '.join(AUDIENCES[table.audience])}\n{money}"
    )


def _beginning(table: Table, column: Column) -> tuple[str, ...]:
    """The cells that every kind of table begins a column's line with."""
    return (
        "🔑" if column.name in table.key else "",
        f"`{column.name}`",
        column.zh,
        type_name(column.dtype),
        "✓" if column.required else "",
    )


def _meaning(column: Column) -> str:
    words = _words(column.values)
    return f"{column.about} 取值 values: {words}" if words else column.about


def _words(values: Sequence[str]) -> str:
    """A vocabulary, with its words where the labels have exactly these codes."""
    kind = next((kind for kind, words in LABELS.items() if set(words) == set(values)), None)
    if kind is None:
        return _codes(values)
    return ", ".join(f"`{value}` {LABELS[kind][value][0]}" for value in values)


def _field_rule(field: Field) -> str:
    shape = [f"shape `{field.pattern}`"] if field.pattern else []
    unit = [f"in {field.unit}"] if field.unit else []
    sign = ["not negative"] if field.form == "decimal" else []
    event = ["not after `updated_at`"] if field.event else []
    part = ["judged where its code table applies"] if field.applies is not None else []
    return "; ".join([*unit, *shape, *sign, *event, *part])


def _rules(table: Table) -> str:
    """The row rules with the reason that a row which breaks one is given."""
    if not table.rules:
        return ""
    titles = {column.name: column.zh for column in table.columns}
    rows = ((f"`{rule.name}`", _reason(rule.name, titles), rule.about) for rule in table.rules)
    return "\n" + _grid(("规则 row rule", "拒收原因 reason", "holds"), rows)


def _reason(name: str, titles: dict[str, str]) -> str:
    words = reason_label(name, titles)
    return "" if words == name else words


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _grid(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar inside a cell is written so that it divides nothing."""
    lines = [
        titles,
        ["---"] * len(titles),
        *([cell.replace("|", r"\|") for cell in r] for r in rows),
    ]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(dictionary())
