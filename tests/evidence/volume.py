"""Declaration lines by the million, made of their number: for volume, not for what they say."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import polars as pl

from schemas.customs import DECLARATIONS

LINES = 4
"""Lines of a declaration."""


def declarations(first: int, rows: int) -> pl.DataFrame:
    """Text of declaration lines over the months of 2024, every one of them in order."""
    at = pl.int_range(first, first + rows, eager=True).alias("at").to_frame()
    number, month = pl.col("at") // LINES, pl.col("at") // LINES // 5000 % 12 + 1
    day = pl.format(
        "2024-{}-{}", month.cast(pl.String).str.zfill(2), (1 + number % 28).cast(pl.String).str.zfill(2)
    )
    values = {
        "declaration_no": pl.format("531620240{}", number.cast(pl.String).str.zfill(9)),
        "line_no": (pl.col("at") % LINES + 1).cast(pl.String),
        "revision": pl.lit("0"), "status": pl.lit("closed"),
        "consignor_uscc": pl.lit("914403007109310121"), "consignor_customs_code": pl.lit("0403160001"),
        "consignor_name": pl.format("深圳市第{}进出口贸易有限责任公司", number % 5000),
        "trading_country": pl.lit("USA"), "arrival_country": pl.lit("USA"),
        "destination_country": pl.lit("USA"), "trade_mode": pl.lit("0110"),
        "hs_code": pl.format("85{}000000", (10 + pl.col("at") % 80).cast(pl.String)).str.head(10),
        "delivery_terms": pl.lit("3"), "currency": pl.lit("USD"),
        "amount": pl.format("{}.{}", pl.col("at") % 90_000 + 1, (10 + pl.col("at") % 90).cast(pl.String)),
        "declared_on": day, "released_on": day, "closed_on": day,
        "updated_at": pl.format("{}T09:00:00Z", day),
    }  # fmt: skip
    return at.select(values.get(name, pl.lit("")).alias(name) for name in DECLARATIONS.names)


def load(connection: Any, rows: int, block: int = 200_000) -> None:
    """Put that many lines into the table of declarations of a PostgreSQL, with an index on updated_at."""
    with closing(connection.cursor()) as cursor:
        for first in range(0, rows, block):
            text = declarations(first, min(block, rows - first))
            cursor.adbc_ingest(DECLARATIONS.name, text.to_arrow(), mode="append" if first else "create")
        cursor.execute(
            f"ALTER TABLE {DECLARATIONS.name} "
            "ALTER updated_at TYPE timestamptz USING updated_at::timestamptz, "
            "ALTER declared_on TYPE date USING declared_on::date, "
            "ALTER amount TYPE numeric USING amount::numeric"
        )
        cursor.execute(f"CREATE INDEX ON {DECLARATIONS.name} (updated_at)")
    connection.commit()
