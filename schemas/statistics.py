"""The year in figures: dimensions, measures, and which of them exist together."""

from __future__ import annotations

import polars as pl

from schemas.table import Column, Table

VALUE = pl.Decimal(28, 6)
DIMENSIONS = (
    "total", "district", "size_band", "country", "hs_chapter", "channel", "take_up_month",
    "cause", "service",
)  # fmt: skip
SIZE_BANDS = ("≤100k", "≤500k", "≤1M", "≤3M", "≤8M")

ANNUAL_STATISTICS = Table(
    name="annual_statistics",
    zh="年度统计",
    about="The programme's year: one row a dimension, member and measure. Rates carry numerator "
    "and denominator.",
    key=("policy_year", "revision", "dimension", "member", "measure"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("revision", "修订号", pl.Int32, "0 = first; a later change counts up."),
        Column("dimension", "维度", pl.String, "What is broken down.", values=DIMENSIONS),
        Column("member", "成员", pl.String, "One value of the dimension; `all` for the total."),
        Column("measure", "指标", pl.String, "What is measured; docs/statistics.md defines each."),
        Column("value", "值", VALUE, "The figure.", required=False),
        Column("numerator", "分子", VALUE, "Of a rate.", required=False),
        Column("denominator", "分母", VALUE, "Of a rate.", required=False),
        Column("previous_value", "上年值", VALUE, "The year before; null where not registered.",
               required=False),
        Column("unit", "单位", pl.String, "Unit of the value."),
        Column("status", "状态", pl.String, "Provisional until the year is closed.",
               values=("provisional", "final")),
    ),
    partition="policy_year",
)  # fmt: skip
