"""The refused rows of a declared month, each with where it came from."""

from __future__ import annotations

import polars as pl

from assets.versions import rendered
from schemas.customs import DECLARATIONS, LINE_REJECTS


def line_rejects(refused: pl.DataFrame, origins: pl.LazyFrame) -> pl.LazyFrame:
    """Rows of line_rejects: refused rows with their `place` in the ledger, whose rows `origins` has too."""
    key = pl.concat_str(pl.col("declaration_no").cast(pl.String).str.zfill(18), "line_no", separator="|")
    # Of two rows that conflict only one stands last, and neither is repaired by the other.
    version = [*DECLARATIONS.key, *DECLARATIONS.version]
    return (
        refused.lazy()
        .with_columns(is_newest=pl.col("is_current").any().over(version))
        .join(origins.with_row_index("place"), on="place")
        .select(
            "delivery_sha256",
            "row",
            pl.col("reasons").list.unique().list.sort(),
            raw=pl.when(pl.col("raw").is_null()).then(rendered(DECLARATIONS)).otherwise("raw"),
            key=key.fill_null(""),
            current="is_newest",
        )
        .select(LINE_REJECTS.names)
        .sort("delivery_sha256", "row")
    )
