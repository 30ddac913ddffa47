"""All refused rows of all sources in one table, and which of them have been repaired since."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.versions import rendered
from schemas.operations import CORRECTED, REJECTED_ROWS
from schemas.table import Source


def rejected_rows(
    lines: pl.LazyFrame, ledgers: Mapping[Source, pl.LazyFrame], unplaced: pl.LazyFrame
) -> pl.LazyFrame:
    """Rows of rejected_rows.

    `lines`: line_rejects of all months. `ledgers`: the ledgers of the other sources. `unplaced`:
    refused declaration rows without a readable day of declaration. A row is repaired once a later
    version of its key was accepted (a declaration row: when it is no longer its line's newest), or
    once a row came that corrects it.
    """
    declared = lines.select(
        "delivery_sha256",
        "row",
        "reasons",
        "raw",
        source=pl.lit("customs_declarations"),
        repaired=~pl.col("current") & (pl.col("key") != ""),
    )
    lost = unplaced.select(
        "delivery_sha256",
        "row",
        "reasons",
        "raw",
        source=pl.lit("customs_declarations"),
        repaired=pl.lit(value=False),
    )
    others = [_of_ledger(source, ledger) for source, ledger in ledgers.items()]
    corrected = pl.col("reasons").list.contains(CORRECTED)
    own_reasons = pl.col("reasons").list.eval(pl.element().filter(pl.element() != CORRECTED))
    status = pl.when(pl.col("repaired") | corrected).then(pl.lit("repaired")).otherwise(pl.lit("open"))
    return (
        pl.concat([frame.select(_COLUMNS) for frame in (declared, lost, *others)])
        .with_columns(status=status, reasons=own_reasons)
        .select(REJECTED_ROWS.names)
        .sort(REJECTED_ROWS.key)
    )


_COLUMNS = ["source", "delivery_sha256", "row", "reasons", "raw", "repaired"]


def _of_ledger(source: Source, ledger: pl.LazyFrame) -> pl.LazyFrame:
    accepted = pl.col("reasons").list.len() == 0
    newest = ledger.filter(accepted).group_by(source.key).agg(repaired_at=pl.col("updated_at").max())
    raw = pl.when(pl.col("raw").is_null()).then(rendered(source)).otherwise("raw")
    return (
        ledger.filter(~accepted)
        .join(newest, on=source.key, how="left")
        .select(
            "delivery_sha256",
            "row",
            "reasons",
            raw=raw,
            source=pl.lit(source.name),
            repaired=(pl.col("repaired_at") > pl.col("updated_at")).fill_null(value=False),
        )
    )
