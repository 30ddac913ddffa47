"""The year in figures: the statistics, their revisions, their public copy, and insured exports."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from schemas.measures import DIMENSIONS, MEASURES
from schemas.table import CODES, SUM, Column, Table

VALUE = pl.Decimal(28, 6)
CELL = ("dimension", "member", "measure")
"""What names one figure of a year."""
STATUSES = ("provisional", "final")
TERMS, DEFINITION = "terms", "definition"
CAUSES_OF_REVISION = (
    *sorted({source for measure in MEASURES for source in measure.sources}),
    TERMS,
    DEFINITION,
)

INSURED_EXPORTS = Table(
    name="insured_exports",
    zh="承保出口",
    about="What each insured enterprise exported inside its expected cover: lines by their day of "
    "declaration, excluded countries left out.",
    key=("policy_year", "uscc", "trading_country", "hs_chapter"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("uscc", "统一社会信用代码", pl.String, "The insured enterprise.",
               comes_from=("policy_reconciliation.uscc",)),
        Column("trading_country", "贸易国", pl.String, "Country of the buyer.",
               comes_from=("export_cube.trading_country",)),
        Column("hs_chapter", "商品类章", pl.String, "First two digits of the HS code.",
               comes_from=("export_cube.hs_chapter",)),
        Column("fob_usd", "离岸价（美元）", SUM, "FOB of the lines.", unit="USD",
               comes_from=("export_cube.fob_usd",)),
    ),
    partition="policy_year",
    money="fob_usd",
)  # fmt: skip
_CELL_COLUMNS = (
    Column("dimension", "维度", pl.String, "What is broken down.", values=DIMENSIONS),
    Column("member", "成员", pl.String, "One value of the dimension; `all` for the total."),
    Column("measure", "指标", pl.String, "What is measured; the dictionary defines each.",
           values=tuple(measure.name for measure in MEASURES)),
)  # fmt: skip
_AS_OF = Column("as_of", "数据截至", pl.Date, "Day on which the public copy was made.")
ANNUAL_STATISTICS = Table(
    name="annual_statistics",
    zh="年度统计",
    about="The programme's year: one row a dimension, member and measure. Rates carry numerator "
    "and denominator. Each revision is complete; the greatest is in force.",
    key=("policy_year", "revision", *CELL),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("revision", "修订号", pl.Int32, "0 = first; a change after closing counts up."),
        *_CELL_COLUMNS,
        Column("value", "值", VALUE, "The figure; null: a rate over nothing.", required=False),
        Column("numerator", "分子", VALUE, "Of a rate.", required=False),
        Column("denominator", "分母", VALUE, "Of a rate.", required=False),
        Column("previous_value", "上年值", VALUE, "The year before; null where not registered.",
               required=False),
        Column("unit", "单位", pl.String, "Unit of the value."),
        Column("status", "状态", pl.String, "Provisional until the year is closed.", values=STATUSES),
    ),
    partition="policy_year",
)  # fmt: skip
STATISTICS_REVISIONS = Table(
    name="statistics_revisions",
    zh="年度统计修订",
    about="What changed in the figures of a closed year: one row a cell and revision, with size and "
    "cause. Empty while the year is open and where nothing changed after closing.",
    key=("policy_year", "revision", *CELL),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("revision", "修订号", pl.Int32, "The revision that brought the change, from 1."),
        *_CELL_COLUMNS,
        Column("value_before", "修订前", VALUE, "In the revision before; null: not there, or a rate "
               "over nothing.", required=False),
        Column("value_after", "修订后", VALUE, "In this revision; likewise.", required=False),
        Column("change", "变动", VALUE, "After less before, null counting as 0."),
        Column("causes", "原因", CODES, "The tables of the measure whose content had changed; or the "
               "terms, or the definition itself.", values=CAUSES_OF_REVISION),
        Column("revised_on", "修订日期", pl.Date, "Day of the revision."),
    ),
    partition="policy_year",
)  # fmt: skip
PUBLIC_CONTRIBUTIONS = Table(
    name="public_contributions",
    zh="公开数据依据（内部）",
    about="What each enterprise added to each figure of every public copy so far: the next one is "
    "judged against all of them.",
    key=("policy_year", "as_of", *CELL, "uscc"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        _AS_OF,
        *_CELL_COLUMNS,
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise; of a claim without one, its policy."),
        Column("numerator", "分子", SUM, "What it adds to the figure, or to a rate's numerator."),
        Column("denominator", "分母", SUM, "What it adds to a rate's denominator; 0 otherwise."),
        Column("is_suppressed", "不予公开", pl.Boolean, "Whether that copy left the figure out."),
    ),
    partition="policy_year",
    audience="internal",
)  # fmt: skip
PUBLIC_STATISTICS = replace(
    ANNUAL_STATISTICS,
    name="public_statistics",
    zh="年度统计（公开）",
    about="A copy of annual_statistics for the public, renewed on 1 January and 1 July and as it was then, "
    "without the cells that would reveal an enterprise's figure: by themselves, or by subtraction within "
    "this copy or from an earlier one.",
    columns=(
        *ANNUAL_STATISTICS.columns,
        _AS_OF,
        Column("is_suppressed", "不予公开", pl.Boolean, "Left out to protect enterprises: the figures "
               "are null."),
    ),
    audience="public",
)  # fmt: skip
