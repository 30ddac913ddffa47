"""The guards of the roster's acts: what must hold before an act enters the register.

Each act returns its register entry, or refuses with all that is missing; the command line and
Dagster's jobs call the same functions. An edition goes from draft to published, and after its notice
period to confirmed; what is learnt later goes into a supplementary edition, which takes the same way.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import timedelta

import polars as pl

from assets.eligibility.decide import rejected_lines
from assets.eligibility.draft import decisions_now, draft, editions_now, objections_now, source_lists
from assets.eligibility.editions import (
    DEFAULT_RULINGS,
    Edition,
    canonical,
    decisions_as_csv,
    imported_editions,
    kept_decisions,
    rulings,
)
from assets.eligibility.register import Act, ActRefused, not_a_role, objections_until
from assets.flow import upstream_of
from assets.staleness import Finding, State
from assets.storage.lake import Lake
from assets.work import House
from schemas.customs import LINE_COUNTS, USCC_PATTERN
from schemas.eligibility import (
    CLAIMS_OF_OBJECTIONS,
    DECISIONS,
)
from schemas.terms.loader import PolicyTerms, load_terms
from schemas.version import CODE_VERSION


def import_edition(house: House, policy_year: int, by: str, edition: int, acknowledge_rejects: bool) -> Act:
    """Take a list that was published before this system ran into the register, as it stands.

    From then on it never changes, whatever the source says of it later.
    """
    load_terms(policy_year)
    with house.lock():
        state = house.state()
        found = {e.number: e for e in imported_editions(source_lists(Lake(house.root)), policy_year)}.get(
            edition
        )
        if found is None:
            raise ActRefused(
                f"published_rosters has no edition {edition} of {policy_year}: deliver the list, run "
                "`tongbao nightly`, then import it."
            )
        missing = _by(by)
        if edition in {act.edition for act in state.register.of(policy_year, "import", "publish")}:
            missing.append("it is in the register already")
        serials = found.lines["serial"].to_list()
        gaps = sorted(set(range(1, max(serials) + 1)) - set(serials))
        if gaps and not acknowledge_rejects:
            missing.append(
                f"{len(gaps)} of its serials are missing, the first {gaps[0]}: look at `tongbao rejects "
                "--source published_rosters`, then import with --acknowledge-rejects"
            )
        _refuse(f"Edition {edition} of {policy_year} cannot be imported", missing)
        detail = {
            "lines_sha256": state.register.keep(policy_year, edition, "lines", canonical(found.lines)),
            "published_on": found.published_on.isoformat(),
            "confirmed_on": (found.confirmed_on or found.published_on).isoformat(),
            "missing_serials": str(len(gaps)),
        }
        return state.register.append("import", policy_year, edition, state.now, by, detail)


def publish(house: House, policy_year: int, by: str, acknowledge_rejects: bool, edition: int = 0) -> Act:
    """Publish today's decisions of a year as its next edition (`edition` is its number, 0 the next)."""
    terms = load_terms(policy_year)
    with house.lock():
        state = house.state()
        editions = editions_now(state, policy_year)
        number = max((e.number for e in editions), default=0) + 1
        missing = _by(by) + _unready(state.unready("roster_decisions", str(policy_year)))
        if edition not in (0, number):
            missing.append(f"the next edition is {number}, not {edition}")
        missing += [
            f"edition {e.number} is published and not confirmed: confirm it before the next one"
            for e in editions
            if not e.confirmed_on
        ]
        decisions = decisions_now(state, policy_year)
        rejected = decisions.filter(pl.col("rejected_lines") > 0)["uscc"].to_list()
        missing += [] if acknowledge_rejects else _unacknowledged(rejected, "publish")
        _refuse(f"Edition {number} of {policy_year} cannot be published", missing)
        lines = draft(state, policy_year, decisions, editions)
        keep = state.register.keep
        detail = {
            "lines_sha256": keep(policy_year, number, "lines", canonical(lines)),
            "decisions_sha256": keep(policy_year, number, "decisions", decisions_as_csv(decisions)),
            "objections_until": objections_until(state.today, terms.public_notice_working_days).isoformat(),
            "acknowledged_rejects": str(len(rejected)),
            "deliveries": str(len(state.deliveries.all)),
            "deliveries_sha256": deliveries_sha256(state, len(state.deliveries.all)),
            "terms_sha256": terms.sha256,
            "code_version": CODE_VERSION,
        }
        return state.register.append("publish", policy_year, number, state.now, by, detail)


def submit(
    house: House, policy_year: int, by: str, objection_no: str, uscc: str, claim: str, grounds: str
) -> Act:
    """Enter an objection that did not come through the source."""
    load_terms(policy_year)
    with house.lock():
        state = house.state()
        edition = _published(state, policy_year)
        missing = _by(by)
        if claim not in CLAIMS_OF_OBJECTIONS:
            missing.append(f"{claim} is no claim: use one of {', '.join(CLAIMS_OF_OBJECTIONS)}")
        if not re.fullmatch(USCC_PATTERN, uscc):
            missing.append(f"{uscc} is no credit code: it has 18 capital letters and digits")
        if not objection_no.strip():
            missing.append("it needs a number")
        if objection_no in objections_of(state, policy_year):
            missing.append("it is there already")
        _refuse(f"Objection {objection_no} of {policy_year} cannot be entered", missing)
        detail = {
            "objection_no": objection_no,
            "uscc": uscc,
            "claim": claim,
            "grounds": grounds,
            "lines_sha256": edition.sha256,
        }
        return state.register.append("object", policy_year, edition.number, state.now, by, detail)


def decide(
    house: House, policy_year: int, by: str, objection_no: str, ruling: str, decision: str = ""
) -> Act:
    """Rule on an objection: `upheld` or `rejected`; the next edition carries an upheld one.

    `decision` is the decision that holds instead; by default eligible for who should be listed and
    over_threshold for who should not. Where details were wrong, the next edition has those of its day.
    """
    load_terms(policy_year)
    with house.lock():
        state = house.state()
        objections = objections_of(state, policy_year)
        missing = _by(by)
        if ruling not in ("upheld", "rejected"):
            missing.append(f"{ruling} is no ruling: use upheld or rejected")
        if decision and decision not in DECISIONS:
            missing.append(f"{decision} is no decision: use one of {', '.join(DECISIONS)}")
        if objection_no not in objections:
            missing.append(
                f"it is not there yet: known are {', '.join(sorted(objections)) or 'none'}; enter it with "
                "`tongbao roster object`"
            )
        _refuse(f"Objection {objection_no} of {policy_year} cannot be decided", missing)
        uscc, claim = objections[objection_no]
        edition = _published(state, policy_year)
        detail = {
            "objection_no": objection_no,
            "uscc": uscc,
            "claim": claim,
            "ruling": ruling,
            "decision": decision or DEFAULT_RULINGS.get(claim, ""),
            "lines_sha256": edition.sha256,
        }
        return state.register.append("decide", policy_year, edition.number, state.now, by, detail)


def confirm(
    house: House, policy_year: int, by: str, edition: int = 0, acknowledge_rejects: bool = False
) -> Act:
    """Confirm a published edition (0: the one that is open) once nothing stands against it.

    Its notice period is over, every objection of the year has its ruling, no check has failed on what
    the decisions are made from, and every enterprise with refused lines was acknowledged.
    """
    terms = load_terms(policy_year)
    with house.lock():
        state = house.state()
        editions = editions_now(state, policy_year)
        for done in editions:
            if done.number == edition and done.confirmed_on:
                raise ActRefused(
                    f"Edition {edition} of {policy_year} was confirmed on {done.confirmed_on}: nothing is "
                    "left to confirm; see `tongbao roster status`."
                )
        found = next((e for e in editions if not e.confirmed_on and edition in (0, e.number)), None)
        if found is None or found.act is None:
            raise ActRefused(
                f"{policy_year} has no published edition {edition or ''}".rstrip()
                + " to confirm: publish one with `tongbao roster publish`."
            )
        missing = _by(by)
        if found.objections_until and state.today <= found.objections_until:
            missing.append(
                f"the notice period ends on {found.objections_until}: confirm from "
                f"{found.objections_until + timedelta(days=1)}"
            )
        ruled = rulings(state.register, policy_year)
        pending = sorted(set(objections_of(state, policy_year)) - set(ruled))
        if pending:
            missing.append(f"no ruling yet on {', '.join(pending)}: use `tongbao roster decide`")
        # A ruling makes the decisions themselves stale, and says nothing against the edition.
        made_from = state.unready("roster_decisions", str(policy_year))
        missing += _unready([f for f in made_from if f.table != "roster_decisions"])
        rejected = _rejected(state, terms) - _acknowledged(state, found)
        missing += [] if acknowledge_rejects else _unacknowledged(sorted(rejected), "confirm")
        _refuse(f"Edition {found.number} of {policy_year} cannot be confirmed", missing)
        detail = {
            "lines_sha256": found.act.detail["lines_sha256"],
            "acknowledged_rejects": str(len(rejected)),
        }
        return state.register.append("confirm", policy_year, found.number, state.now, by, detail)


def deliveries_sha256(state: State, count: int) -> str:
    """A hash over the first deliveries of a lake: what an edition was made from."""
    received = (f"{d.source} {d.sha256} {d.received_at}" for d in state.deliveries.all[:count])
    return hashlib.sha256("\n".join(received).encode()).hexdigest()


def _refuse(what: str, missing: Sequence[str]) -> None:
    if missing:
        raise ActRefused(f"{what}: {'; '.join(missing)}.")


def _by(by: str) -> list[str]:
    return [why] if (why := not_a_role(by)) else []


def _unready(findings: Sequence[Finding]) -> list[str]:
    """What is not up to date, or was not written since its check failed, as one clause."""
    if not findings:
        return []
    first, more = findings[0], len(findings) - 1
    return [
        f"{first.table} {first.key} is not up to date ({first.why})"
        + (f", nor are {more} more" if more else "")
        + ": run `tongbao nightly`; where a check fails in it, correct the source first"
    ]


def _unacknowledged(usccs: Sequence[str], verb: str) -> list[str]:
    if not usccs:
        return []
    return [
        f"{len(usccs)} enterprises have refused lines that count nowhere, the first {usccs[0]}: look at "
        f"`tongbao rejects`, then {verb} with --acknowledge-rejects"
    ]


def _published(state: State, policy_year: int) -> Edition:
    editions = editions_now(state, policy_year)
    if not editions:
        raise ActRefused(f"No edition of {policy_year} is published: publish one first.")
    return editions[-1]


def objections_of(state: State, policy_year: int) -> dict[str, tuple[str, str]]:
    """Objection number → (USCC, claim), from the source and from the register."""
    rows = objections_now(state, policy_year).select("objection_no", "uscc", "claim")
    found = {number: (uscc, claim) for number, uscc, claim in rows.iter_rows()}
    for act in state.register.of(policy_year, "object"):
        found[act.detail["objection_no"]] = (act.detail["uscc"], act.detail["claim"])
    return found


def _rejected(state: State, terms: PolicyTerms) -> set[str]:
    """The enterprises that have refused lines of the export year today."""
    key, made = str(terms.policy_year), state.entries(LINE_COUNTS.name)
    read = upstream_of("roster_decisions", key, state.calendar, state.today)
    counts = Lake(state.root).scan(
        LINE_COUNTS, [u.key for u in read if u.table == LINE_COUNTS.name and u.key in made]
    )
    lines = rejected_lines(counts, terms).filter(pl.col("rejected_lines") > 0).collect()
    return set(lines["uscc"])


def _acknowledged(state: State, edition: Edition) -> set[str]:
    """The enterprises with refused lines that were acknowledged when the edition was published."""
    kept = kept_decisions(state.register, edition)
    return set() if kept is None else set(kept.filter(pl.col("rejected_lines") > 0)["uscc"])
