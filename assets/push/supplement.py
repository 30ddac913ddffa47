"""What is learnt after a month's push: numbered supplements, since what was sent stays sent."""

from __future__ import annotations

import polars as pl

from schemas.push import PUSH_LIST

ITEM = [name for name in PUSH_LIST.key if name != "supplement"]
_CONTENT = [name for name in PUSH_LIST.names if name not in ("supplement", *ITEM)]


def with_supplement(sent: pl.DataFrame | None, fresh: pl.DataFrame) -> pl.DataFrame:
    """What was sent, and as the next supplement what is new or says something else now.

    `sent`: the month's list as it stands (None: not made yet). An item that would no longer be
    sent stays in the list: it was.
    """
    if sent is None:
        return fresh
    last = sent.sort("supplement").unique(ITEM, keep="last", maintain_order=True)
    same = fresh.join(last, on=[*ITEM, *_CONTENT], how="semi", nulls_equal=True)
    news = fresh.join(same.select(ITEM), on=ITEM, how="anti")
    if news.is_empty():
        return sent
    number = max(sent["supplement"].to_list()) + 1
    numbered = news.with_columns(supplement=pl.lit(number, pl.Int32))
    return pl.concat([sent, numbered]).sort(PUSH_LIST.key)
