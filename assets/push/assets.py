"""Push: what each insured enterprise is told, month by month, about the countries it sells to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import polars as pl

from assets.customs.lines import cubes_before
from assets.ledgers import ledger
from assets.materialize import tables_asset
from assets.push.push_list import Known, push_of
from assets.push.receipts import receipts
from assets.push.supplement import NUMBER, with_supplement
from assets.versions import newest_before
from assets.work import Balance, Made, Work
from schemas.calendar import first_day, midnight, shift
from schemas.push import COUNTRY_RISK, PORTAL_RECEIPTS, PUSH_ENTERPRISES, PUSH_LIST, RISK_BULLETINS
from schemas.table import Table

GROUP = "push"


@tables_asset("country_risk_ledger", group=GROUP, deps=["deliveries"])
def country_risk_ledger(work: Work) -> Made:
    """Every version of every country risk rating."""
    return ledger(work, COUNTRY_RISK)


@tables_asset("risk_bulletins_ledger", group=GROUP, deps=["deliveries"])
def risk_bulletins_ledger(work: Work) -> Made:
    """Every version of every bulletin."""
    return ledger(work, RISK_BULLETINS)


@tables_asset("portal_receipts_ledger", group=GROUP, deps=["deliveries"])
def portal_receipts_ledger(work: Work) -> Made:
    """Every version of every receipt of the portal."""
    return ledger(work, PORTAL_RECEIPTS)


@tables_asset("push_list", "push_enterprises", group=GROUP)
def push_list(work: Work) -> Mapping[str, Made]:
    """The month's list as known on its first day; what is learnt later is a supplement."""
    now, before = (_known(work, midnight(first_day(month))) for month in (work.key, shift(work.key, -1)))
    insured = work.scan("policy_reconciliation").filter(
        pl.col("status").is_in(["matched", "discrepant"]), pl.col("uscc").is_not_null()
    )
    push = push_of(work.key, insured, now, before, work.terms)
    told = push.enterprises.select(pl.col("items", "items_left_out").sum()).sum_horizontal().item()
    balance = Balance("items found = items listed + items left out", push.found, told)
    earlier, last, number = _made_before(work, (PUSH_LIST, PUSH_ENTERPRISES))
    made = with_supplement(earlier, {PUSH_LIST: push.items, PUSH_ENTERPRISES: push.enterprises}, number)
    is_news = any(not rows.equals(earlier[table]) for table, rows in made.items() if table in earlier)
    notes = {NUMBER: number if is_news else last}
    return {table.name: Made(rows.lazy(), (balance,), notes=notes) for table, rows in made.items()}


@tables_asset("push_receipts", group=GROUP)
def push_receipts(work: Work) -> pl.LazyFrame:
    """What became of each enterprise's push: delivered, bounced, opened."""
    return receipts(work.current(PORTAL_RECEIPTS), work.scan("push_enterprises"))


def _made_before(work: Work, tables: Sequence[Table]) -> tuple[dict[Table, pl.DataFrame], int, int]:
    """The month as it stands, its last supplement's number, and the one that comes next.

    Where one table is up to date, a run was killed between two commits: its number is the next one.
    """
    entries = {table: work.lake.read(table.name).get(work.key) for table in tables}
    if not all(entries.values()):
        return {}, 0, 0
    last = max(entry.notes[NUMBER] for entry in entries.values() if entry)
    was_killed = any(work.state.judge(table.name, work.key).verdict == "fresh" for table in tables)
    earlier = {table: work.lake.scan(table, [work.key]).collect() for table in tables}
    return earlier, last, last if was_killed else last + 1


def _known(work: Work, instant: datetime) -> Known:
    """Exports, ratings and bulletins as they were known before an instant."""
    ratings, bulletins = (
        newest_before(work.versions(source), source, instant).collect().lazy()
        for source in (COUNTRY_RISK, RISK_BULLETINS)
    )
    return Known(cubes_before(work, instant).collect().lazy(), ratings, bulletins)
