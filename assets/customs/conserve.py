"""Customs' conservation rules: nothing is lost or invented between ledger and sums (rules §4)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from assets.work import Balance
from schemas.customs import LINE_STATES


def state_balances(rows: int, refused: int, states: Mapping[str, int]) -> tuple[Balance, ...]:
    """Of a month's `rows`: accepted = counted + not counted + superseded + withdrawn, rejected beside."""
    accepted = sum(states.get(state, 0) for state in LINE_STATES if state != "rejected")
    return (
        Balance("accepted = counted + not_counted + superseded + withdrawn", rows - refused, accepted),
        Balance("rejected lines carry reasons", states.get("rejected", 0), refused),
        Balance("lines in no known state", sum(states.values()), accepted + states.get("rejected", 0)),
    )


def cube_balances(lines: int, dollars: Decimal, sums: pl.LazyFrame) -> tuple[Balance, ...]:
    """Lines and dollars are the same before and after summing."""
    lines_after, dollars_after = totals(sums)
    return Balance("lines", lines, lines_after), Balance("US dollars", dollars, dollars_after)


def totals(sums: pl.LazyFrame) -> tuple[int, Decimal]:
    """Lines and dollars of a table of sums."""
    exact = pl.col("fob_usd").cast(pl.Decimal(38, 2)).sum()
    lines, dollars = sums.select(pl.col("lines").sum(), exact).collect(engine="streaming").row(0)
    return int(lines), dollars or Decimal(0)
