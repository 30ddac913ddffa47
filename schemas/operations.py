"""What the pipeline says of its own work: refused rows and runs."""

from __future__ import annotations

import polars as pl

from schemas.table import RAW, REASONS, TIMESTAMP, Column, Table

REJECTED_ROWS = Table(
    name="rejected_rows",
    zh="拒收行",
    about="Every row that was refused, with all its reasons and the row as it came.",
    key=("source", "delivery_sha256", "row"),
    columns=(
        Column("source", "来源表", pl.String, "Name of the source."),
        Column("delivery_sha256", "批次校验值", pl.String, "The delivery it came in."),
        Column("row", "行号", pl.Int64, "Data row in the delivery, from 1."),
        REASONS,
        Column("raw", "原始行", RAW.dtype, "The row as it came, as JSON."),
        Column("status", "状态", pl.String, "Open, or repaired by a later row: of the same key, or one that "
               "corrects it.",
               values=("open", "repaired")),
    ),
)  # fmt: skip
CORRECTED = "corrected"
"""Among a row's reasons in the ledger: a later row named it as the one that it corrects."""
CORRECTS = Column(
    "corrects", "更正原行", pl.String, "In a delivered file: the refused row that this row corrects, as "
    "`<first 12 digits of the delivery's SHA-256>#<row>`.", required=False,
)  # fmt: skip
EXPLAINED = (
    Column("file", "来源文件", pl.String, "The file that the refused row came in."),
    Column("reasons", "拒收原因", pl.String, "Why it was refused, for the eye only."),
)
RUNS = Table(
    name="runs",
    zh="运行记录",
    about="Every run that changed something: what went in, what came out, by which terms and code.",
    key=("run",),
    columns=(
        Column("run", "运行", pl.String, "Identity of the run."),
        Column("started_at", "开始时间", TIMESTAMP, "The run's present (TONGBAO_NOW), UTC."),
        Column("inputs", "输入", pl.String, "JSON: name → sha256 and rows."),
        Column("outputs", "输出", pl.String, "JSON: table/key → sha256 and rows."),
        Column("terms_version", "条款版本", pl.String, "SHA-256 over the registered terms."),
        Column("code_version", "程序版本", pl.String, "Version of this program."),
    ),
)  # fmt: skip
