"""Refused rows as a file that people correct and deliver back, and what they see before they do.

A corrected row is a new version of its key, which reached its source when it was written down for
correction: `updated_at` is that moment, so it is newer than what it replaces and conflicts with
nothing. It names the refused row it stands for, since that one's key may be unreadable (rules §1).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import xlsxwriter

from schemas.bad_bytes import readable
from schemas.codes.labels import reason_label
from schemas.codes.trade_modes import in_force
from schemas.operations import CORRECTS, EXPLAINED
from schemas.table import Source

LONGEST_CELL, MOST_ROWS = 32_767, 1_048_575
KINDS = (".xlsx", ".csv", ".parquet")


class CorrectionsRefused(Exception):
    """Why refused rows cannot be written to that file, and what to do instead."""


def enterprise_of(raw: pl.Expr) -> pl.Expr:
    """The enterprise that a refused row names, as far as its text says so; folded."""
    paths = ("$.consignor_uscc", "$.insured_uscc", "$.uscc")
    given = pl.coalesce(raw.str.json_path_match(path) for path in paths)
    return given.str.normalize("NFKC").str.to_uppercase().str.strip_chars()


def together(rows: pl.DataFrame) -> pl.DataFrame:
    """Which reasons come together: `reasons` (all of a row), `rows`; the most frequent first."""
    sets = rows.with_columns(pl.col("reasons").list.sort().list.join(" + "))
    return sets.group_by("reasons").len("rows").sort("rows", "reasons", descending=[True, False])


def corrections(
    rows: pl.DataFrame, source: Source, files: Mapping[str, str], moment: datetime
) -> pl.DataFrame:
    """Open refused rows of one source under its 中文 headers, as text, with what to correct.

    `rows`: of rejected_rows. `files`: sha256 → name of the delivery. `moment` becomes `updated_at`.
    """
    titles = {column.name: column.zh for column in source.columns}
    layout = pl.Struct(dict.fromkeys(source.names, pl.String))
    texts = rows.select(pl.col("raw").str.json_decode(layout)).unnest("raw")
    texts = texts.with_columns(
        pl.col(pl.String).map_elements(readable, return_dtype=pl.String, skip_nulls=True),
    ).with_columns(updated_at=pl.lit(moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")))
    file, reasons = EXPLAINED
    why = [
        "；".join(
            f"{reason_label(reason, titles)}（{reason}）{_in_force(reason, row)}" for reason in all_of_row
        )
        for all_of_row, row in zip(rows["reasons"], texts.iter_rows(named=True), strict=True)
    ]
    return texts.rename(titles).with_columns(
        rows.select(pl.format("{}#{}", pl.col("delivery_sha256").str.head(12), "row"))
        .to_series()
        .alias(CORRECTS.zh),
        rows["delivery_sha256"].replace_strict(files, default=None, return_dtype=pl.String).alias(file.zh),
        pl.Series(reasons.zh, why, dtype=pl.String),
    )


def _in_force(reason: str, row: Mapping[str, str | None]) -> str:
    """Of an expired code, when it is in force."""
    code, _, field = reason.partition(":")
    return in_force(row[field] or "") if code == "expired" else ""


def write_corrections(rows: pl.DataFrame, path: Path) -> None:
    """Write them as .xlsx (every cell text, so that no code loses a zero), .csv or .parquet."""
    if path.suffix.lower() not in KINDS:
        raise CorrectionsRefused(f"{path.name} is of no kind that is written: name it {', '.join(KINDS)}.")
    if path.exists():
        raise CorrectionsRefused(f"{path} is there already and may hold corrections: name another file.")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-", suffix=".part")
    os.close(handle)
    written = Path(name)
    try:
        match path.suffix.lower():
            case ".xlsx":
                _write_xlsx(rows, written)
            case ".csv":
                rows.write_csv(written, include_bom=True)
            case _:
                rows.write_parquet(written)
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)


def _write_xlsx(rows: pl.DataFrame, path: Path) -> None:
    longest = rows.select(pl.max_horizontal(pl.col(pl.String).str.len_chars().max())).item() or 0
    if rows.height > MOST_ROWS or longest > LONGEST_CELL:
        raise CorrectionsRefused(
            f"A workbook holds {MOST_ROWS:,} rows and {LONGEST_CELL:,} characters a cell, and these are "
            f"{rows.height:,} rows and up to {longest:,} characters: name a .csv or a .parquet file."
        )
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)})
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"num_format": "@", "bold": True})
        sheet = book.add_worksheet("更正")
        sheet.freeze_panes(1, 0)
        sheet.set_column(0, rows.width - 1, 18, text)
        for column, name in enumerate(rows.columns):
            sheet.write_string(0, column, name, bold)
        for at, row in enumerate(rows.iter_rows(), start=1):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write_string(at, column, value, text)
