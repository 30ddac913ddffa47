"""Reviews: an office says whom an unidentified policy insures, and later runs hold to it.

The guards of the act and what it means for `identify`. What is suggested to the office is made in
`suggest`, from the same `candidates`, so that nothing is suggested that would be refused.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from assets.eligibility.register import Act, ActRefused, Register, not_a_role
from assets.identity import has_valid_check_digit
from assets.storage.lake import Lake
from assets.versions import accepted_versions, current
from assets.work import House
from schemas.codes.labels import label
from schemas.eligibility import ENTERPRISES
from schemas.policies import POLICIES, POLICY_RECONCILIATION
from schemas.terms.loader import load_terms

SCHEMA = pl.Schema({"policy_no": pl.String(), "uscc": pl.String()})


def accepted_reviews(register: Register, policy_year: int) -> pl.LazyFrame:
    """The accepted identifications of a year (policy_no, uscc); of two on one policy the later."""
    found = {act.detail["policy_no"]: act.detail["uscc"] for act in register.of(policy_year, "accept")}
    return pl.LazyFrame(sorted(found.items()), schema=SCHEMA, orient="row")


def candidates(registry: pl.LazyFrame) -> pl.LazyFrame:
    """The registry's rows of enterprises that a review may name: those with a right check digit."""
    return registry.filter(has_valid_check_digit("uscc"))


def accept(house: House, policy_no: str, uscc: str, by: str) -> Act:
    """Record that a policy, which nothing identifies, insures this enterprise."""
    if why := not_a_role(by):
        raise ActRefused(f"{why}.")
    with house.lock():
        state, lake = house.state(), Lake(house.root)
        policy_year = _policy_year(lake, policy_no)
        finding = state.judge(POLICY_RECONCILIATION.name, str(policy_year))
        if finding.verdict != "fresh":
            raise ActRefused(
                f"The reconciliation of {policy_year} is not up to date ({finding.why}): run "
                "`tongbao nightly`, then accept."
            )
        _hold_open(_reconciled(lake, policy_year, policy_no), policy_no, uscc)
        registry = candidates(accepted_versions(lake.scan(ENTERPRISES.ledger), ENTERPRISES))
        if registry.filter(pl.col("uscc") == uscc).limit(1).collect().is_empty():
            raise ActRefused(
                f"The registry knows no enterprise {uscc} with a right check digit: take a code from "
                f"`tongbao policies review --policy-year {policy_year}`."
            )
        detail = {"policy_no": policy_no, "uscc": uscc}
        return state.register.append("accept", policy_year, 0, state.now, by, detail)


def _policy_year(lake: Lake, policy_no: str) -> int:
    """The year of a policy that the source has brought, where its terms are registered."""
    policies = current(lake.scan(POLICIES.ledger), POLICIES)
    found = policies.filter(pl.col("policy_no") == policy_no).select("policy_year").collect()
    if found.is_empty():
        raise ActRefused(f"There is no policy {policy_no}: check its number.")
    return load_terms(int(found.item())).policy_year


def _reconciled(lake: Lake, policy_year: int, policy_no: str) -> dict[str, Any]:
    rows = lake.scan(POLICY_RECONCILIATION, [str(policy_year)]).filter(pl.col("policy_no") == policy_no)
    return rows.collect().row(0, named=True)


def _hold_open(row: dict[str, Any], policy_no: str, uscc: str) -> None:
    """Refuse what needs no review, and what a review says already; a review may be corrected."""
    if row["uscc"] is not None and row["matched_by"] != "review":
        way = label("matched_by", row["matched_by"], "en")
        raise ActRefused(
            f"Policy {policy_no} is identified by its {way} as {row['uscc']}: a review cannot override "
            "that; have the insurer correct the policy."
        )
    if row["uscc"] == uscc:
        raise ActRefused(f"Policy {policy_no} is recorded as {uscc} already: nothing to do.")
