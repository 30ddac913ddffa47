"""The guards of the roster's acts: what must hold before an act enters the register.

Each act returns its register entry, or refuses with what is missing; the command line and Dagster's
jobs call the same functions.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.eligibility.decide import roster_date
from assets.eligibility.editions import (
    DEFAULT_RULINGS,
    Edition,
    all_editions,
    canonical,
    draft_lines,
)
from assets.eligibility.register import Act, ActRefused, objections_until
from assets.eligibility.registry import registry_facts
from assets.staleness import State
from assets.storage.lake import Lake
from assets.versions import accepted_versions, current
from assets.work import House
from schemas.eligibility import (
    CLAIMS_OF_OBJECTIONS,
    DECISIONS,
    ENTERPRISES,
    OBJECTIONS,
    PUBLISHED_ROSTERS,
    ROSTER_DECISIONS,
)
from schemas.terms.loader import PolicyTerms, load_terms


def publish(house: House, policy_year: int, by: str, acknowledge_rejects: bool) -> Act:
    """Publish today's decisions of a year as its next edition."""
    terms = load_terms(policy_year)
    with house.lock():
        state, lake = house.state(), Lake(house.root)
        _hold_fresh(state, policy_year)
        editions = _editions(state, lake, policy_year)
        open_one = [edition for edition in editions if not edition.confirmed_on]
        if open_one:
            raise ActRefused(
                f"Edition {open_one[-1].number} of {policy_year} is published and not confirmed: "
                "confirm it before the next one."
            )
        decisions = lake.scan(ROSTER_DECISIONS, [str(policy_year)])
        acknowledged = _acknowledged(decisions, policy_year, acknowledge_rejects)
        number = max((edition.number for edition in editions), default=0) + 1
        content = canonical(_draft(state, lake, decisions, editions, terms))
        until = objections_until(state.today, terms.public_notice_working_days)
        return state.register.append(
            "publish",
            policy_year,
            number,
            state.now,
            by,
            {
                "lines_sha256": state.register.keep_lines(policy_year, number, content),
                "objections_until": until.isoformat(),
                "acknowledged_rejects": str(acknowledged),
                "terms_sha256": terms.sha256,
                "decisions_sha256": state.entries("roster_decisions")[str(policy_year)].sha256,
            },
        )


def submit(
    house: House, policy_year: int, by: str, objection_no: str, uscc: str, claim: str, grounds: str
) -> Act:
    """Enter an objection that did not come through the source."""
    load_terms(policy_year)
    if claim not in CLAIMS_OF_OBJECTIONS:
        raise ActRefused(f"{claim} is no claim: use one of {', '.join(CLAIMS_OF_OBJECTIONS)}.")
    with house.lock():
        state, lake = house.state(), Lake(house.root)
        edition = _published(state, lake, policy_year)
        if objection_no in _objections(state, lake, policy_year):
            raise ActRefused(f"Objection {objection_no} of {policy_year} is there already.")
        detail = {"objection_no": objection_no, "uscc": uscc, "claim": claim, "grounds": grounds}
        return state.register.append("object", policy_year, edition.number, state.now, by, detail)


def decide(
    house: House, policy_year: int, by: str, objection_no: str, ruling: str, decision: str = ""
) -> Act:
    """Rule on an objection: `upheld` or `rejected`; the next edition carries an upheld one.

    `decision` is the decision that holds instead; by default eligible for who should be listed and
    over_threshold for who should not.
    """
    load_terms(policy_year)
    if ruling not in ("upheld", "rejected"):
        raise ActRefused(f"{ruling} is no ruling: use upheld or rejected.")
    if decision and decision not in DECISIONS:
        raise ActRefused(f"{decision} is no decision: use one of {', '.join(DECISIONS)}.")
    with house.lock():
        state, lake = house.state(), Lake(house.root)
        objections = _objections(state, lake, policy_year)
        if objection_no not in objections:
            raise ActRefused(
                f"There is no objection {objection_no} of {policy_year} yet: known are "
                f"{', '.join(sorted(objections)) or 'none'}; enter it with `tongbao roster object`."
            )
        uscc, claim = objections[objection_no]
        edition = _published(state, lake, policy_year)
        detail = {
            "objection_no": objection_no,
            "uscc": uscc,
            "ruling": ruling,
            "decision": decision or DEFAULT_RULINGS.get(claim, ""),
        }
        return state.register.append("decide", policy_year, edition.number, state.now, by, detail)


def confirm(house: House, policy_year: int, by: str, edition: int) -> Act:
    """Confirm a published edition once its notice period is over and no objection is open."""
    load_terms(policy_year)
    with house.lock():
        state, lake = house.state(), Lake(house.root)
        found = {e.number: e for e in _editions(state, lake, policy_year)}.get(edition)
        if found is None or found.confirmed_on:
            raise ActRefused(f"{policy_year} has no published edition {edition} to confirm.")
        missing = []
        if found.objections_until and state.today <= found.objections_until:
            missing.append(f"the notice period ends on {found.objections_until}")
        ruled = {act.detail["objection_no"] for act in state.register.of(policy_year, "decide")}
        pending = sorted(set(_objections(state, lake, policy_year)) - ruled)
        if pending:
            missing.append(f"no ruling yet on {', '.join(pending)}")
        if missing:
            raise ActRefused(f"Edition {edition} of {policy_year} cannot be confirmed: {'; '.join(missing)}.")
        sha256 = next(
            act.detail["lines_sha256"]
            for act in state.register.of(policy_year, "publish")
            if act.edition == edition
        )
        detail = {"lines_sha256": sha256}
        return state.register.append("confirm", policy_year, edition, state.now, by, detail)


def _hold_fresh(state: State, policy_year: int) -> None:
    finding = state.judge("roster_decisions", str(policy_year))
    if finding.verdict != "fresh":
        raise ActRefused(
            f"The decisions of {policy_year} are not up to date ({finding.why}): run "
            "`tongbao nightly`, then publish."
        )


def _acknowledged(decisions: pl.LazyFrame, policy_year: int, acknowledge: bool) -> int:
    """How many enterprises with refused lines are acknowledged."""
    rejected = decisions.filter(pl.col("rejected_lines") > 0).select("uscc").collect()
    if rejected.height and not acknowledge:
        raise ActRefused(
            f"{rejected.height} enterprises of {policy_year} have refused lines that count nowhere, "
            f"the first {rejected['uscc'][0]}: look at `tongbao rejects`, then publish with "
            "--acknowledge-rejects."
        )
    return rejected.height


def _editions(state: State, lake: Lake, policy_year: int) -> list[Edition]:
    imported = current(lake.scan(PUBLISHED_ROSTERS.ledger), PUBLISHED_ROSTERS).collect()
    return all_editions(imported, state.register, policy_year)


def _published(state: State, lake: Lake, policy_year: int) -> Edition:
    editions = _editions(state, lake, policy_year)
    if not editions:
        raise ActRefused(f"No edition of {policy_year} is published: publish one first.")
    return editions[-1]


def _objections(state: State, lake: Lake, policy_year: int) -> dict[str, tuple[str, str]]:
    """Objection number → (USCC, claim), from the source and from the register."""
    rows = (
        current(lake.scan(OBJECTIONS.ledger), OBJECTIONS)
        .filter(pl.col("policy_year") == policy_year)
        .select("objection_no", "uscc", "claim")
        .collect()
    )
    found = {number: (uscc, claim) for number, uscc, claim in rows.iter_rows()}
    for act in state.register.of(policy_year, "object"):
        found[act.detail["objection_no"]] = (act.detail["uscc"], act.detail["claim"])
    return found


def _draft(
    state: State,
    lake: Lake,
    decisions: pl.LazyFrame,
    editions: list[Edition],
    terms: PolicyTerms,
) -> pl.DataFrame:
    first: date | None = editions[0].published_on if editions else None
    versions = accepted_versions(lake.scan(ENTERPRISES.ledger), ENTERPRISES)
    # The facts of the day on which the list is published first.
    facts = registry_facts(versions, first or roster_date(state.today, terms, state.today))
    return draft_lines(decisions, facts, terms.policy_year)
