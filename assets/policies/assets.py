"""Policies and claims against the roster and the year's terms."""

from __future__ import annotations

import polars as pl

from assets.eligibility.basis import basis, list_in_force
from assets.ledgers import ledger
from assets.materialize import tables_asset
from assets.policies.claims import audit_claims
from assets.policies.conserve import (
    claims_balances,
    policies_of,
    reconciliation_balances,
    take_up_balances,
)
from assets.policies.reconcile import reconcile
from assets.policies.reviews import accepted_reviews
from assets.policies.suggest import suggest
from assets.policies.take_up import take_up as take_up_lines
from assets.work import Made, Work
from schemas.eligibility import ENTERPRISES
from schemas.policies import CLAIMS, POLICIES

GROUP = "policies"


@tables_asset("policies_ledger", group=GROUP, deps=["deliveries"])
def policies_ledger(work: Work) -> Made:
    """Every version of every policy."""
    return ledger(work, POLICIES)


@tables_asset("claims_ledger", group=GROUP, deps=["deliveries"])
def claims_ledger(work: Work) -> Made:
    """Every version of every claim."""
    return ledger(work, CLAIMS)


@tables_asset("policy_reconciliation", group=GROUP)
def policy_reconciliation(work: Work) -> Made:
    """Every policy of the year against roster and terms: one status, all differences."""
    policies = policies_of(work.current(POLICIES), int(work.key))
    known = pl.concat(
        [work.scan("roster_decisions").select("uscc"), work.scan("annual_exports").select("uscc")]
    )
    reviewed = accepted_reviews(work.state.register, int(work.key))
    rows = reconcile(
        policies.lazy(), work.versions(ENTERPRISES), basis(work), known, reviewed, work.terms,
        work.today,
    ).collect()  # fmt: skip
    return Made(rows.lazy(), reconciliation_balances(policies, rows))


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


@tables_asset("claim_audit", group=GROUP)
def claim_audit(work: Work) -> Made:
    """Every claim of the year: covered or not, due, paid, and what is odd about it."""
    claims, policies = work.current(CLAIMS), work.current(POLICIES)
    rows = audit_claims(claims, policies, work.scan("policy_reconciliation"), work.terms).collect()
    return Made(rows.lazy(), claims_balances(claims, policies, rows, work.terms))
