"""Customs' conservation rules: nothing is lost or invented between ledger and sums (rules §4)."""

from __future__ import annotations

import polars as pl

from assets.work import Balance
from schemas.customs import LINE_STATES


def valued_balances(lines: pl.DataFrame) -> tuple[Balance, ...]:
    """Ledger: accepted = counted + not counted + superseded + withdrawn, rejected beside them."""
    states = dict(lines["state"].value_counts().rows())
    parts = {state: states.pop(state, 0) for state in LINE_STATES}
    rejected = lines.filter(pl.col("reasons").list.len() > 0).height
    accepted = lines.height - rejected
    return (
        Balance(
            "accepted = counted + not_counted + superseded + withdrawn",
            accepted,
            sum(count for state, count in parts.items() if state != "rejected"),
        ),
        Balance("rejected lines carry reasons", parts["rejected"], rejected),
        Balance("lines in no known state", sum(states.values()), 0),
    )


def cube_balances(fine: pl.DataFrame, coarse: pl.DataFrame) -> tuple[Balance, ...]:
    """Lines and dollars are the same before and after summing."""
    return (
        Balance("lines", _lines(fine), _lines(coarse)),
        Balance("US cents", _cents(fine), _cents(coarse)),
    )


def _lines(frame: pl.DataFrame) -> int:
    if "lines" in frame.columns:
        return int(frame["lines"].sum())
    return frame.filter(pl.col("state") == "counted").height


def _cents(frame: pl.DataFrame) -> int:
    if "fob_cents" in frame.columns:
        return int(frame["fob_cents"].sum() or 0)
    exact = (pl.col("fob_usd").cast(pl.Decimal(38, 2)) * 100).cast(pl.Int128).sum()
    return int(frame.select(exact).item() or 0)
