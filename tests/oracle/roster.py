"""Who may be listed: registry facts, decisions, and which edition of a roster is in force.

Belongs here: identity, registry and roster. Not here: export sums, policies.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracle import facts
from tests.oracle.judge import Row
from tests.oracle.ledger import Lines, newest_accepted

USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


RosterLine = tuple[int, str, str, str | None]
"""serial, uscc, name, district"""


@dataclass(frozen=True)
class Edition:
    """One edition of a roster, complete."""

    number: int
    published_on: date
    confirmed_on: date | None
    lines: list[RosterLine]

    def line(self, uscc: str | None) -> RosterLine | None:
        """The enterprise's line, if it has one."""
        return next((line for line in self.lines if line[1] == uscc), None)


@dataclass(frozen=True)
class Facts:
    """What the registry says of an enterprise at a date."""

    name: str
    city: str
    district: str | None
    is_deregistered: bool


class Registry:
    """Every accepted row of the registry, to be asked as of a date."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.by_uscc: dict[str, list[Row]] = {}
        for row in rows:
            if not row.reasons:
                self.by_uscc.setdefault(row["uscc"], []).append(row)
        self._holders: dict[tuple[str, date], dict[str, set[str]]] = {}
        self._named: dict[Callable[[str], str], dict[str, list[tuple[str, date]]]] = {}

    def rows_at(self, uscc: str, day: date) -> list[Row]:
        """The newest row of each customs code by that day."""
        known = [row for row in self.by_uscc.get(uscc, []) if row.updated_day <= day]
        return list(newest_accepted(known, "customs_code").values())

    def facts_at(self, uscc: str, day: date) -> Facts | None:
        """By the rows of that day, else the single oldest row; deregistered when all are."""
        oldest = sorted(self.by_uscc.get(uscc, []), key=lambda r: (r["updated_at"], r["customs_code"]))
        rows = self.rows_at(uscc, day) or oldest[:1]
        if not rows:
            return None
        newest = max(row["updated_at"] for row in rows)
        top = min(
            (row for row in rows if row["updated_at"] == newest),
            key=lambda r: str(r["customs_code"]),
        )
        gone = [row["deregistered_on"] for row in rows]
        return Facts(
            name=top["name"],
            city=top["city"],
            district=top["district"],
            is_deregistered=all(on is not None and on <= day for on in gone),
        )

    def holders(self, field: str, day: date) -> dict[str, set[str]]:
        """Enterprises by a value of their rows as of a day."""
        if (field, day) in self._holders:
            return self._holders[field, day]
        found = self._holders.setdefault((field, day), {})
        for uscc in self.by_uscc:
            for row in self.rows_at(uscc, day):
                found.setdefault(row[field], set()).add(uscc)
        return found

    def ever_named(self, form: Callable[[str], str], name: str, day: date) -> set[str]:
        """Enterprises whose name, by that day, is or was this one in some form."""
        if form not in self._named:
            self._named[form] = {}
            for uscc, rows in self.by_uscc.items():
                for row in rows:
                    self._named[form].setdefault(form(row["name"]), []).append((uscc, row.updated_day))
        return {uscc for uscc, since in self._named[form].get(form(name), ()) if since <= day}


def has_valid_check_digit(uscc: str) -> bool:
    """Whether the eighteenth character follows from the seventeen before it."""
    if any(letter not in USCC_LETTERS for letter in uscc):
        return False
    total = sum(USCC_LETTERS.index(letter) * 3**i for i, letter in enumerate(uscc[:17]))
    return USCC_LETTERS[(31 - total % 31) % 31] == uscc[17]


def imported_editions(rows: Iterable[Row], policy_year: int) -> list[Edition]:
    """The editions that the bureau published before the system ran; all confirmed."""
    numbers: dict[int, list[Row]] = {}
    for row in newest_accepted(rows, "policy_year", "edition", "uscc").values():
        if row["policy_year"] == policy_year:
            numbers.setdefault(row["edition"], []).append(row)
    return [
        Edition(
            number,
            min(row["published_on"] for row in of_edition),
            min(row["confirmed_on"] for row in of_edition),
            sorted(
                (row["serial"], row["uscc"], row["enterprise_name"], row["district"]) for row in of_edition
            ),
        )
        for number, of_edition in sorted(numbers.items())
    ]


@dataclass(frozen=True)
class Roster:
    """The editions of one policy year, and those in which today's decisions would be listed."""

    editions: list[Edition]
    today: date
    draft: Edition

    @property
    def confirmed(self) -> list[Edition]:
        """Confirmed editions by number."""
        return [e for e in self.editions if e.confirmed_on and e.confirmed_on <= self.today]

    @property
    def basis(self) -> str:
        """What policies are held against."""
        return "confirmed" if self.confirmed else "draft"

    @property
    def in_force(self) -> Edition:
        """The highest confirmed edition; else the latest published; else today's decisions."""
        if self.confirmed:
            return self.confirmed[-1]
        return self.editions[-1] if self.editions else self.draft

    def for_policy(self, issued_on: date) -> tuple[Edition, bool]:
        """The edition that a policy is held against, and whether none was confirmed by then."""
        if not self.confirmed:
            return self.in_force, False
        by_then = [e for e in self.confirmed if e.confirmed_on and e.confirmed_on <= issued_on]
        return (by_then[-1], False) if by_then else (self.confirmed[0], True)


def roster_date(editions: list[Edition], terms: facts.Terms, today: date) -> date:
    """The day whose registry facts decide."""
    return editions[0].published_on if editions else min(today, terms.deadline)


def decide(
    terms: facts.Terms,
    day: date,
    lines: Lines,
    annual: list[dict[str, Any]],
    registry: Registry,
) -> list[dict[str, object]]:
    """One decision for every enterprise with an export or a registration."""
    rejected: dict[str, int] = {}
    population = set(registry.by_uscc)
    for line in lines.values():
        for uscc, year in line.homes():
            if year == terms.export_year:
                population.add(uscc)
                rejected[uscc] = rejected.get(uscc, 0) + (line.state == "rejected")
    fob = {row["uscc"]: row["fob_usd"] for row in annual if row["export_year"] == terms.export_year}
    decisions: list[dict[str, object]] = []
    for uscc in sorted(population):
        registered = registry.facts_at(uscc, day)
        fob_usd = fob.get(uscc, Decimal("0.00"))
        decision, detail = _decision(uscc, registered, fob_usd, terms)
        decisions.append(
            {
                "policy_year": terms.policy_year,
                "uscc": uscc,
                "name": registered.name if registered else None,
                "district": registered.district if registered else None,
                "fob_usd": fob_usd,
                "headroom_usd": terms.threshold_usd - fob_usd,
                "decision": decision,
                "detail": detail,
                "rejected_lines": rejected.get(uscc, 0),
                "overridden_by": None,
            }
        )
    return decisions


def _decision(
    uscc: str, registered: Facts | None, fob_usd: Decimal, terms: facts.Terms
) -> tuple[str, str | None]:
    if not has_valid_check_digit(uscc):
        return "invalid_identity", None
    if registered is None:
        return "not_in_city", "not_registered"
    if not registered.city.startswith("4403"):
        return "not_in_city", f"city:{registered.city}"
    if registered.is_deregistered:
        return "deregistered", None
    if fob_usd <= 0:
        return "no_exports", None
    if fob_usd > terms.threshold_usd:
        return "over_threshold", None
    return "eligible", None


def draft_edition(decisions: list[dict[str, Any]], today: date) -> Edition:
    """The list that today's decisions would make."""
    eligible = sorted(
        (facts.DISTRICTS.index(row["district"]), row["uscc"], row["name"], row["district"])
        for row in decisions
        if row["decision"] == "eligible"
    )
    lines = [(serial, *line[1:]) for serial, line in enumerate(eligible, start=1)]
    return Edition(0, today, None, lines)
