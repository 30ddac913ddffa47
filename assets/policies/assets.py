"""Policies and claims against the roster and the year's terms."""

from __future__ import annotations

import polars as pl

from assets.eligibility.basis import basis, list_in_force
from assets.ledgers import ledger
from assets.materialize import tables_asset
from assets.policies.claims import buyer_exposure, claim_differences, declared_exports, judge_claims
from assets.policies.claims import shown as shown_claims
from assets.policies.conserve import (
    claims_balances,
    difference_balances,
    exposure_balances,
    finding_balances,
    policies_of,
    reconciliation_balances,
    report_balances,
    service_balances,
    take_up_balances,
    thread_balances,
)
from assets.policies.differences import policy_differences
from assets.policies.reconcile import judge, shown
from assets.policies.reviews import accepted_reviews
from assets.policies.services import credit_report_audit as audit_reports
from assets.policies.services import reports_of, used_of
from assets.policies.services import service_use as sum_services
from assets.policies.suggest import suggest
from assets.policies.take_up import take_up as take_up_lines
from assets.policies.threads import policy_threads as all_threads
from assets.policies.work_list import open_items, work_balances, work_changes
from assets.policies.work_list import work_list as open_work
from assets.work import Made, Work
from schemas.eligibility import ENTERPRISES
from schemas.policies import CLAIMS, POLICIES, SERVICE_USAGE

GROUP = "policies"


@tables_asset("policies_ledger", group=GROUP, deps=["deliveries"])
def policies_ledger(work: Work) -> Made:
    """Every version of every policy."""
    return ledger(work, POLICIES)


@tables_asset("claims_ledger", group=GROUP, deps=["deliveries"])
def claims_ledger(work: Work) -> Made:
    """Every version of every claim."""
    return ledger(work, CLAIMS)


@tables_asset("service_usage_ledger", group=GROUP, deps=["deliveries"])
def service_usage_ledger(work: Work) -> Made:
    """Every version of every use of a service."""
    return ledger(work, SERVICE_USAGE)


@tables_asset("policy_reconciliation", "policy_differences", group=GROUP)
def policy_reconciliation(work: Work) -> dict[str, Made]:
    """Every policy of the year against roster and terms: one status, all differences."""
    policies = policies_of(work.current(POLICIES), int(work.key))
    decisions = work.scan("roster_decisions")
    known = pl.concat([decisions.select("uscc"), work.scan("annual_exports").select("uscc")])
    reviewed = accepted_reviews(work.state.register, int(work.key))
    judged = judge(
        policies.lazy(), work.versions(ENTERPRISES), basis(work), known, reviewed, work.terms,
        work.today,
    ).collect()  # fmt: skip
    rows = shown(judged.lazy()).collect()
    found = policy_differences(judged.lazy(), decisions, work.scan("roster_changes"), work.terms).collect()
    return {
        "policy_reconciliation": Made(rows.lazy(), reconciliation_balances(policies, rows)),
        "policy_differences": Made(found.lazy(), difference_balances(rows, found)),
    }


@tables_asset("policy_suggestions", group=GROUP)
def policy_suggestions(work: Work) -> pl.LazyFrame:
    """Whom the unidentified policies may insure, with the evidence."""
    rows = work.scan("policy_reconciliation").filter(pl.col("status") == "unidentified")
    unidentified = work.current(POLICIES).join(rows.select("policy_no"), on="policy_no", how="semi")
    return suggest(unidentified, work.versions(ENTERPRISES), list_in_force(work))


@tables_asset("take_up", group=GROUP)
def take_up(work: Work) -> Made:
    """Every line of the edition in force: taken up, late, or not."""
    edition = list_in_force(work).collect()
    rows = take_up_lines(work.scan("policy_reconciliation"), edition.lazy(), work.terms).collect()
    return Made(rows.lazy(), take_up_balances(edition, rows))


@tables_asset("claim_audit", "claim_differences", "buyer_exposure", group=GROUP)
def claim_audit(work: Work) -> dict[str, Made]:
    """Every claim of the year: covered or not, due, paid, what is odd; what is left per buyer."""
    claims, policies = work.current(CLAIMS), work.current(POLICIES)
    reconciliation = work.scan("policy_reconciliation")
    judged = judge_claims(claims, policies, reconciliation, work.terms, declared_exports(work)).collect()
    rows = shown_claims(judged.lazy()).collect()
    found = claim_differences(judged.lazy(), work.terms).collect()
    left = buyer_exposure(judged.lazy(), work.terms).collect()
    return {
        "claim_audit": Made(rows.lazy(), claims_balances(claims, policies, rows, work.terms)),
        "claim_differences": Made(found.lazy(), finding_balances(rows, found)),
        "buyer_exposure": Made(left.lazy(), exposure_balances(rows, left)),
    }


@tables_asset("service_use", group=GROUP)
def service_use(work: Work) -> Made:
    """What each enterprise used of each service."""
    used = used_of(work.current(SERVICE_USAGE), int(work.key))
    rows = sum_services(used.lazy()).collect()
    return Made(rows.lazy(), service_balances(used, rows))


@tables_asset("credit_report_audit", group=GROUP)
def credit_report_audit(work: Work) -> Made:
    """Buyer credit reports used of those that are free."""
    reports = reports_of(work.current(SERVICE_USAGE), int(work.key))
    rows = audit_reports(reports.lazy(), work.terms).collect()
    return Made(rows.lazy(), report_balances(reports, rows))


@tables_asset("work_list", "work_list_changes", group=GROUP)
def work_list(work: Work) -> dict[str, Made]:
    """Every open difference since when, and what changed since the day before."""
    parts = (work.scan(table) for table in ("policy_differences", "claim_differences", "credit_report_audit"))
    now, before = open_items(*parts), work.before("work_list_changes").collect()
    history = work_changes(before, now, work.today)
    rows = open_work(now, history, work.current(POLICIES), work.versions(ENTERPRISES))
    balances = (work_balances(before, history, now.height, work.today),)
    return {"work_list": Made(rows, balances), "work_list_changes": Made(history.lazy(), balances)}


@tables_asset("policy_threads", group=GROUP)
def policy_threads(work: Work) -> Made:
    """Insured enterprises over all years, each on one thread."""
    reconciled = work.scan("policy_reconciliation")
    rows = all_threads(reconciled, work.versions(ENTERPRISES)).collect()
    return Made(rows.lazy(), thread_balances(reconciled, rows))
