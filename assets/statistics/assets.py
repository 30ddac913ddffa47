"""Statistics: the programme's year in figures."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from assets.ledgers import ledger
from assets.materialize import tables_asset
from assets.statistics.annual import YearFrames, closes_on
from assets.statistics.annual import annual_statistics as figures
from assets.statistics.insured import insured_exports
from assets.work import Made, Work
from schemas.calendar import midnight
from schemas.policies import CLAIMS, SERVICE_USAGE

GROUP = "statistics"


@tables_asset("service_usage_ledger", group=GROUP, deps=["deliveries"])
def service_usage_ledger(work: Work) -> Made:
    """Every version of every use of a service."""
    return ledger(work, SERVICE_USAGE)


@tables_asset("annual_statistics", group=GROUP)
def annual_statistics(work: Work) -> Made:
    """The policy year by every dimension and measure."""
    year, before = int(work.key), str(int(work.key) - 1)
    listed = work.scan("take_up", work.key)
    frames = YearFrames(
        decisions=work.scan("roster_decisions"),
        take_up=listed,
        reconciliation=work.scan("policy_reconciliation"),
        claims=work.scan("claim_audit"),
        claims_reported=work.current(CLAIMS).select("claim_no", "reported_on"),
        insured_exports=insured_exports(work, work.scan("policy_reconciliation").collect()),
        eligible_exports=work.scan("monthly_exports")
        .join(listed, on="uscc", how="semi")
        .group_by("uscc", "trading_country", "hs_chapter")
        .agg(pl.col("fob_usd").sum()),
        services=work.current(SERVICE_USAGE).filter(pl.col("policy_year") == year),
        pushes=work.scan("push_list").select("uscc"),
        previous_take_up=_before(work, "take_up", before),
    )
    rows = figures(
        year, frames, terms=work.terms, today=work.today,
        previous=_before(work, "annual_statistics", before),
    )  # fmt: skip
    closing = midnight(closes_on(work.terms) + timedelta(days=1))
    return Made(rows, due_at=closing.isoformat() if closing > work.now else None)


def _before(work: Work, table: str, year: str) -> pl.LazyFrame | None:
    """The table of the year before; None where that year is not registered."""
    return work.scan(table, year) if year in work.keys(table) else None
