"""Valued lines of declared months, as known now or then: the one way to read the ledger's worth."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import polars as pl

from assets.customs.exports import CELL, cube
from assets.customs.value import month_rates, value_lines
from assets.versions import current, newest_before
from assets.work import Work
from schemas.customs import RATES


def valued(
    work: Work,
    months: Iterable[str],
    *,
    usccs: pl.Series | None = None,
    before: datetime | None = None,
) -> pl.LazyFrame:
    """The valued lines of some declared months.

    `usccs`: only declarations with a line of these enterprises. `before`: only versions, of lines
    and of rates, that had reached the source before that instant. A month at a time is in memory,
    and of it only what is asked for.
    """
    rates = current_rates(work) if before is None else rates_before(work, before)
    frames: list[pl.DataFrame] = []
    for month in months:
        ledger = work.scan("customs_ledger", month)
        if usccs is not None:
            theirs = ledger.filter(pl.col("consignor_uscc").is_in(usccs.implode()))
            ledger = ledger.join(
                theirs.select("declaration_no").unique(),
                on="declaration_no",
                how="semi",
                maintain_order="left",
            )
        if before is not None:
            ledger = ledger.filter(pl.col("updated_at") < before)
        rows = ledger.collect()
        if rows.height or not frames:
            ranked = month_rates(rates, month, work.state.rates_ranking)
            frames.append(value_lines(rows.lazy(), ranked).collect())
    return pl.concat(frames).lazy()


def current_rates(work: Work) -> pl.DataFrame:
    """The current exchange rates."""
    return current(work.scan(RATES.ledger.name), RATES).collect()


def rates_before(work: Work, before: datetime) -> pl.DataFrame:
    """The exchange rates that were current before an instant."""
    return newest_before(work.versions(RATES), RATES, before).collect()


def cubes_before(work: Work, before: datetime) -> pl.LazyFrame:
    """The export cubes that the work reads, as they were known before an instant.

    Today's cubes, less what the declarations that changed since are worth now, plus what they were
    worth then: the work grows with what changed, not with the months.
    """
    ledgers = work.state.entries("customs_ledger")
    months = work.keys("export_cube")
    newest = {month: ledgers[month].notes["newest"] for month in months}
    changed = [m for m in months if newest[m] and datetime.fromisoformat(newest[m]) >= before]
    rates = current_rates(work) if changed else pl.DataFrame()
    moved = [cells for month in changed for cells in _moved(work, rates, month, before)]
    values = ["lines", "declarations", "fob_usd"]
    return (
        pl.concat([work.scan("export_cube"), *(cells.lazy() for cells in moved)])
        .group_by(CELL)
        .agg(pl.col(values).sum())
        .filter(pl.col("lines") > 0)
        .sort(CELL)
    )


def _moved(work: Work, rates: pl.DataFrame, month: str, before: datetime) -> list[pl.DataFrame]:
    """What to add to a month's cube: the changed declarations then, and less what they are now."""
    ledger = work.scan("customs_ledger", month)
    later = ledger.filter(pl.col("updated_at") >= before).select("declaration_no").unique()
    touched = ledger.join(later, on="declaration_no", how="semi", maintain_order="left").collect()
    known = touched.filter(pl.col("updated_at") < before)
    ranked = month_rates(rates, month, work.state.rates_ranking)
    now, then = (cube(value_lines(rows.lazy(), ranked)).collect() for rows in (touched, known))
    return [then, now.with_columns(-pl.col("lines", "declarations", "fob_usd"))]
