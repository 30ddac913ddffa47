"""Policies and claims against the roster and the year's terms.

Belongs here: reconciliation, take-up, claim audit. Not here: who is listed, and why.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle import facts
from tests.oracle.judge import Row
from tests.oracle.ledger import half_up, newest_accepted
from tests.oracle.roster import Registry, Roster, has_valid_check_digit

Table = list[dict[str, Any]]
BLANKS_AND_BRACKETS = frozenset(" \t\r\n()[]{}<>〔〕【】《》〈〉「」『』")


@dataclass(frozen=True)
class World:
    """What a policy is held against."""

    terms: Mapping[int, facts.Terms]
    rosters: Mapping[int, Roster]
    registry: Registry
    exporters: frozenset[str]
    today: date
    exported: frozenset[tuple[str, str, int]] = frozenset()
    """Enterprise, buyer country and month of declaration (counted from year 0) of what counts."""


def normal_name(name: str) -> str:
    """A company name without what typing makes of it."""
    folded = unicodedata.normalize("NFKC", name).translate(facts.TRADITIONAL).upper()
    bare = "".join(letter for letter in folded if letter not in BLANKS_AND_BRACKETS)
    return bare.replace("有限责任公司", "有限公司").replace("股份公司", "股份有限公司")


def reconcile(rows: Iterable[Row], world: World) -> Table:
    """Every current policy of the asked years in exactly one status."""
    current = [
        row for row in newest_accepted(rows, "policy_no").values() if row["policy_year"] in world.rosters
    ]
    table = [_held(row, world) for row in sorted(current, key=lambda r: (r["issued_on"], r["policy_no"]))]
    originals: set[tuple[int, str]] = set()
    for line in table:
        if line["status"]:
            continue
        home = (line["policy_year"], line["uscc"])
        if home in originals:
            line["status"] = "duplicate"
        else:
            line["status"] = "discrepant" if line["discrepancies"] else "matched"
            originals.add(home)
    return sorted(table, key=lambda line: str(line["policy_no"]))


def _held(row: Row, world: World) -> dict[str, Any]:
    terms, roster = world.terms[row["policy_year"]], world.rosters[row["policy_year"]]
    uscc, matched_by = _identify(row, roster, world)
    edition, is_early = roster.for_policy(row["issued_on"])
    listed_then, listed_now = edition.line(uscc), roster.in_force.line(uscc)
    listed = listed_then or listed_now
    registered = world.registry.facts_at(uscc, row["issued_on"]) if uscc else None
    name = listed[2] if listed else registered.name if registered else None
    home = _known(listed[3] if listed else registered.district if registered else None)

    start = terms.cover_from
    expected_from = start if row["taken_up_on"] <= terms.deadline else max(row["issued_on"], start)
    discrepancies = {
        "cover_from": row["cover_from"] != expected_from,
        "cover_to": row["cover_to"] != terms.cover_to,
        "insured_percentage": row["insured_percentage"] != terms.insured_percentage,
        "buyer_limit": row["buyer_limit_usd"] != terms.buyer_limit_usd,
        "policy_year": not start <= row["cover_from"] <= terms.cover_to,
        "issued_before_confirmation": is_early or (not listed_then and bool(listed_now)),
        "removed_from_edition": bool(listed_then) and not listed_now,
    }
    codes = world.registry.holders("customs_code", row["issued_on"])
    observations = {
        "issued_over_7_days_after_take_up": row["issued_on"] - row["taken_up_on"] > timedelta(days=7),
        "name_differs": bool(name and row["insured_name"])
        and normal_name(name or "") != normal_name(row["insured_name"]),
        "district_differs": bool(home and row["district"]) and home != row["district"],
        "channel_not_in_notice": row["channel"] not in terms.channels,
        "shared_customs_code": len(codes.get(row["insured_customs_code"], ())) > 1,
        "invalid_check_digit": row["insured_uscc"] is not None
        and not has_valid_check_digit(row["insured_uscc"]),
    }
    if row["status"] == "cancelled":
        status = "cancelled"
    elif uscc is None:
        status = "unidentified"
    elif listed is None:
        status = "not_on_roster"
    else:
        status = ""
    return {
        "policy_no": row["policy_no"],
        "policy_year": row["policy_year"],
        "uscc": uscc,
        "district": home or _known(row["district"]),
        "channel": row["channel"],
        "taken_up_on": row["taken_up_on"],
        "issued_on": row["issued_on"],
        "status": status,
        "discrepancies": [code for code, holds in discrepancies.items() if holds],
        "observations": [code for code, holds in observations.items() if holds],
        "matched_by": matched_by,
        "expected_cover_from": expected_from,
        "expected_cover_to": terms.cover_to,
        "roster_basis": roster.basis,
    }


def _known(district: str | None) -> str | None:
    return district if district in facts.DISTRICTS else None


def _identify(row: Row, roster: Roster, world: World) -> tuple[str | None, str | None]:
    uscc = row["insured_uscc"]
    if uscc is not None:
        listed = any(edition.line(uscc) for edition in roster.editions)
        known = listed or uscc in world.registry.by_uscc or uscc in world.exporters
        if known or has_valid_check_digit(uscc):
            return uscc, "uscc"
    codes = world.registry.holders("customs_code", row["issued_on"])
    holders = codes.get(row["insured_customs_code"], set())
    if len(holders) == 1:
        return next(iter(holders)), "customs_code"
    if row["insured_name"]:
        namesakes = world.registry.ever_named(normal_name, row["insured_name"], row["issued_on"])
        if len(namesakes) == 1:
            return next(iter(namesakes)), "name"
    return None, None


def take_up(rosters: Mapping[int, Roster], terms: Mapping[int, facts.Terms], policies: Table) -> Table:
    """Every line of the edition in force, and the policy that was taken up on it."""
    originals = {
        (policy["policy_year"], policy["uscc"]): policy
        for policy in policies
        if policy["status"] in {"matched", "discrepant"}
    }
    table = []
    for policy_year in sorted(rosters):
        for _, uscc, _, district in sorted(rosters[policy_year].in_force.lines, key=lambda x: x[1]):
            policy = originals.get((policy_year, uscc))
            days_late = 0
            if policy:
                days_late = max(0, (policy["taken_up_on"] - terms[policy_year].deadline).days)
            status = "taken_up_late" if days_late else "taken_up"
            table.append(
                {
                    "policy_year": policy_year,
                    "uscc": uscc,
                    "status": status if policy else "not_taken_up",
                    "policy_no": policy["policy_no"] if policy else None,
                    "district": district,
                    "channel": policy["channel"] if policy else None,
                    "taken_up_on": policy["taken_up_on"] if policy else None,
                    "days_late": days_late,
                }
            )
    return table


def audit_claims(rows: Iterable[Row], policy_rows: Iterable[Row], held: Table, world: World) -> Table:
    """What is due on every claim, in the order in which limits are used up."""
    current = {key[0]: row for key, row in newest_accepted(policy_rows, "policy_no").items()}
    reconciled = {line["policy_no"]: line for line in held}
    claims = newest_accepted(rows, "claim_no").values()
    used: dict[tuple[str, str, int], Decimal] = {}
    table = []
    for claim in sorted(claims, key=lambda c: (c["decided_on"] or date.max, c["claim_no"])):
        policy = current.get(claim["policy_no"])
        year = policy["policy_year"] if policy else _year_of(claim["shipped_on"], world.terms)
        if year is not None and year in world.rosters:
            line = reconciled[claim["policy_no"]] if policy else None
            audited = _audited(claim, policy, line, world.terms[year], used)
            if _is_without_export(claim, line, world.terms[year], world.exported):
                audited["findings"].append("loss_without_matching_export")
            table.append(audited)
    return sorted(table, key=lambda line: str(line["claim_no"]))


def _is_without_export(
    claim: Row, line: dict[str, Any] | None, terms: facts.Terms, exported: frozenset[tuple[str, str, int]]
) -> bool:
    """Shipped inside the year's cover by a known insured who declared nothing to there at that time."""
    shipped_on = claim["shipped_on"]
    if line is None or line["uscc"] is None or not terms.cover_from <= shipped_on <= terms.cover_to:
        return False
    month = shipped_on.year * 12 + shipped_on.month
    return not any((line["uscc"], claim["buyer_country"], month + by) in exported for by in (-1, 0, 1))


def _year_of(shipped_on: date, terms: Mapping[int, facts.Terms]) -> int | None:
    for policy_year, of_year in sorted(terms.items()):
        if of_year.cover_from <= shipped_on <= of_year.cover_to:
            return policy_year
    return None


def _audited(
    claim: Row,
    policy: Row | None,
    line: dict[str, Any] | None,
    terms: facts.Terms,
    used: dict[tuple[str, str, int], Decimal],
) -> dict[str, Any]:
    shipped_on = claim["shipped_on"]
    excluded = claim["buyer_country"] in terms.excluded_countries
    in_window = line is not None and line["expected_cover_from"] <= shipped_on <= line["expected_cover_to"]
    after_cancellation = (
        policy is not None
        and policy["status"] == "cancelled"
        and policy["cancelled_on"] is not None
        and shipped_on >= policy["cancelled_on"]
    )
    covered = in_window and not excluded and not after_cancellation
    uscc = line["uscc"] if line else None
    expected = Decimal("0.00")
    if covered:
        purse = (uscc or claim["policy_no"], claim["buyer_id"], terms.policy_year)
        left = terms.buyer_limit_usd - used.get(purse, Decimal("0.00"))
        due = Fraction(terms.insured_percentage) * Fraction(claim["loss_usd"])
        expected = half_up(max(Fraction(0), min(due, Fraction(left))))
        if claim["status"] in {"accepted", "paid"} and claim["decided_on"] is not None:
            used[purse] = used.get(purse, Decimal("0.00")) + expected
    paid = claim["paid_usd"] or Decimal("0.00")
    findings = {
        "no_policy": policy is None,
        "excluded_country": excluded,
        "after_cancellation": after_cancellation,
        "paid_outside_cover": paid > 0 and policy is not None and not in_window,
        "overpaid": covered and paid > expected,
        "underpaid": covered and claim["status"] == "paid" and paid < expected,
        "declined_but_covered": covered and claim["status"] == "declined" and expected > 0,
    }
    return {
        "claim_no": claim["claim_no"],
        "policy_no": claim["policy_no"],
        "policy_year": terms.policy_year,
        "uscc": uscc,
        "buyer_id": claim["buyer_id"],
        "buyer_country": claim["buyer_country"],
        "cause": claim["cause"],
        "status": claim["status"],
        "shipped_on": shipped_on,
        "reported_on": claim["reported_on"],
        "decided_on": claim["decided_on"],
        "paid_on": claim["paid_on"],
        "loss_usd": claim["loss_usd"],
        "covered": covered,
        "expected_indemnity_usd": expected,
        "paid_usd": paid,
        "difference_usd": paid - expected,
        "findings": [code for code, holds in findings.items() if holds],
    }
