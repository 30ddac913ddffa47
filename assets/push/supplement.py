"""What is learnt after a month's push: numbered supplements, since what was sent stays sent."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.table import Table

Rows = Mapping[Table, pl.DataFrame]
NUMBER = "supplement"


def with_supplement(earlier: Rows, fresh: Rows, number: int) -> dict[Table, pl.DataFrame]:
    """What was made before, and as supplement `number` what is new or says something else now.

    All tables of a month count their supplements together. What would no longer be sent stays in the
    list: it was. A table that was not made before is taken as it comes.
    """
    return {
        table: _with_news(table, earlier[table], rows, number) if table in earlier else rows
        for table, rows in fresh.items()
    }


def _with_news(table: Table, earlier: pl.DataFrame, fresh: pl.DataFrame, number: int) -> pl.DataFrame:
    own = [name for name in table.key if name != NUMBER]
    last = earlier.sort(NUMBER).unique(own, keep="last", maintain_order=True).drop(NUMBER)
    news = fresh.join(last, on=last.columns, how="anti", nulls_equal=True)
    if news.is_empty():
        return earlier
    return pl.concat([earlier, news.with_columns(pl.lit(number, pl.Int32).alias(NUMBER))]).sort(table.key)
