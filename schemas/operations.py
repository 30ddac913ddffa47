"""What the pipeline says of its own work: refused rows and runs."""

from __future__ import annotations

import polars as pl

from schemas.table import CODES, RAW, REASONS, TIMESTAMP, Column, Table

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
RELEASE_CHANGES = Table(
    name="release_changes",
    zh="发布变更",
    about="What each release changed of the one before, in rows and columns: one row a file that differs.",
    key=("release", "table_name", "partition_key"),
    columns=(
        Column("release", "发布", pl.String, "Name of the release."),
        Column("made_at", "发布时间", TIMESTAMP, "The present of the run that made it, UTC."),
        Column("table_name", "表名", pl.String, "The table."),
        Column("partition_key", "分区", pl.String, "Year or month of the file; `all` where it is one."),
        Column("kind", "变更", pl.String, "The file is new, gone or changed.",
               values=("added", "removed", "changed")),
        Column("rows_added", "新增行", pl.Int64, "Rows whose key was not there before."),
        Column("rows_removed", "删除行", pl.Int64, "Rows whose key is not there any more."),
        Column("rows_changed", "变更行", pl.Int64, "Rows of the same key with other contents."),
        Column("columns", "变更列", CODES, "The columns in which those differ; and columns new or gone."),
    ),
)  # fmt: skip
