"""Push: what each insured enterprise is told, month by month, about the countries it sells to."""

from __future__ import annotations

import polars as pl

from assets.customs.lines import cubes_before
from assets.ledgers import ledger
from assets.materialize import tables_asset
from assets.push.push_list import push_list as make_push_list
from assets.push.supplement import with_supplement
from assets.versions import newest_before
from assets.work import Made, Work
from schemas.calendar import first_day, midnight, shift
from schemas.push import COUNTRY_RISK, PUSH_LIST, RISK_BULLETINS

GROUP = "push"


@tables_asset("country_risk_ledger", group=GROUP, deps=["deliveries"])
def country_risk_ledger(work: Work) -> Made:
    """Every version of every country risk rating."""
    return ledger(work, COUNTRY_RISK)


@tables_asset("risk_bulletins_ledger", group=GROUP, deps=["deliveries"])
def risk_bulletins_ledger(work: Work) -> Made:
    """Every version of every bulletin."""
    return ledger(work, RISK_BULLETINS)


@tables_asset("push_list", group=GROUP)
def push_list(work: Work) -> pl.LazyFrame:
    """The month's list as known on its first day; what is learnt later is a supplement."""
    now, before = (midnight(first_day(month)) for month in (work.key, shift(work.key, -1)))
    exports = cubes_before(work, now)
    insured = work.scan("policy_reconciliation").filter(
        pl.col("status").is_in(["matched", "discrepant"]), pl.col("uscc").is_not_null()
    )
    ratings, bulletins = work.versions(COUNTRY_RISK), work.versions(RISK_BULLETINS)
    known = [
        *(newest_before(ratings, COUNTRY_RISK, instant) for instant in (now, before)),
        *(newest_before(bulletins, RISK_BULLETINS, instant) for instant in (now, before)),
    ]
    sold_to, sold, rated, rated_before, told, told_before = (
        frame.lazy() for frame in pl.collect_all([insured, exports, *known])
    )
    fresh = make_push_list(work.key, sold_to, sold, rated, rated_before, told, told_before, work.terms)
    sent = work.lake.read("push_list").get(work.key)
    earlier = work.lake.scan(PUSH_LIST, [work.key]).collect() if sent else None
    return with_supplement(earlier, fresh.collect()).lazy()
