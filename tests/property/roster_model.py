"""The life of a roster in plain Python: lists, dates and sums, and nothing of the product.

What is refused, who is on which edition, and what today's data decide. Held against the product step
by step in tests/property/roster_life.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

THRESHOLD = 8_000_000
DEADLINE = date(2025, 6, 30)
HOLIDAYS = {date(2025, 5, day) for day in (1, 2, 5)} | {date(2025, 6, 2)}
"""Days off between Monday and Friday, from May to September 2025; no Saturday is worked then."""
DISTRICTS = {1: "南山区", 2: "福田区", 3: "南山区", 4: "罗湖区"}
ORDER = ("福田区", "罗湖区", "南山区")
Line = tuple[int, int, str]
"""serial, firm, name"""


@dataclass
class Edition:
    """A published edition, with who had refused lines when it was published."""

    number: int
    on: date
    until: date
    lines: list[Line]
    rejected: set[int]
    confirmed: bool = False


@dataclass
class Model:
    """What is known of 2025, and what the last night made of it."""

    today: date
    sums: dict[int, int | None] = field(default_factory=lambda: dict.fromkeys(DISTRICTS, 1000))
    """Firm → its exports; None: its newest line is refused."""
    names: dict[int, list[tuple[date, str]]] = field(default_factory=dict)
    editions: list[Edition] = field(default_factory=list)
    objections: dict[str, tuple[int, str]] = field(default_factory=dict)
    rulings: dict[str, str] = field(default_factory=dict)
    lists: dict[int, dict[int, str]] = field(default_factory=dict)
    """Lists of 2024 in the source: edition → firm → name; the serial is the firm's number."""
    imported: dict[int, dict[int, str]] = field(default_factory=dict)
    seen_lists: dict[int, dict[int, str]] = field(default_factory=dict)
    made_on: date | None = None
    has_new_data: bool = True
    has_new_acts: bool = False

    def night(self) -> None:
        """Everything is brought up to date."""
        self.has_new_data = self.has_new_acts = False
        self.made_on = self.today
        self.seen_lists = {number: dict(lines) for number, lines in self.lists.items()}

    def upheld(self, claim: str) -> dict[int, str]:
        """Firm → the upheld objection of a claim, the last ruling winning."""
        found = [(n, *self.objections[n]) for n, ruling in self.rulings.items() if ruling == "upheld"]
        return {firm: number for number, firm, of in found if of == claim}

    def decision(self, firm: int) -> str:
        """What holds of a firm today."""
        last = {firm: n for n, ruling in self.rulings.items() if ruling == "upheld"
                and self.objections[n][1] != "details_wrong" for firm in [self.objections[n][0]]}  # fmt: skip
        if firm in last:
            return "eligible" if self.objections[last[firm]][1] == "should_be_listed" else "over_threshold"
        exports = self.sums[firm] or 0
        if exports <= 0:
            return "no_exports"
        return "eligible" if exports <= THRESHOLD else "over_threshold"

    def name(self, firm: int) -> str:
        """A firm's name on the day of first publication, or today where its details were wrong."""
        day = self.today if firm in self.upheld("details_wrong") or not self.editions else self.editions[0].on
        known = [name for at, name in self.names.get(firm, []) if at <= day]
        return known[-1] if known else f"测试{firm}号有限公司"

    def draft(self) -> list[Line]:
        """Today's list."""
        listed = [firm for firm in DISTRICTS if self.decision(firm) == "eligible"]
        listed.sort(key=lambda firm: (ORDER.index(DISTRICTS[firm]), firm))
        return [(serial, firm, self.name(firm)) for serial, firm in enumerate(listed, start=1)]

    def rejected(self) -> set[int]:
        """Who has refused lines."""
        return {firm for firm, exports in self.sums.items() if exports is None}

    def open(self) -> Edition | None:
        """The edition that is published and not confirmed."""
        return next((edition for edition in self.editions if not edition.confirmed), None)

    def in_force(self) -> Edition | None:
        """The last confirmed edition."""
        confirmed = [edition for edition in self.editions if edition.confirmed]
        return confirmed[-1] if confirmed else None

    def may_publish(self, acknowledge: bool) -> bool:
        """Whether the next edition may be published."""
        is_due = not self.editions and self.made_on != self.today and (self.made_on or DEADLINE) < DEADLINE
        is_fresh = not self.has_new_data and not self.has_new_acts and not is_due
        return is_fresh and self.open() is None and (acknowledge or not self.rejected())

    def publish(self) -> None:
        """Publish today's list."""
        until, left = self.today, 5
        while left:
            until += timedelta(days=1)
            left -= until.weekday() < 5 and until not in HOLIDAYS
        edition = Edition(len(self.editions) + 1, self.today, until, self.draft(), self.rejected())
        self.editions.append(edition)
        self.has_new_acts = True

    def may_confirm(self, acknowledge: bool) -> bool:
        """Whether the open edition may be confirmed."""
        edition = self.open()
        if edition is None or self.has_new_data or self.today <= edition.until:
            return False
        is_ruled = set(self.objections) <= set(self.rulings)
        return is_ruled and (acknowledge or self.rejected() <= edition.rejected)

    def drifted(self) -> set[int]:
        """Who is listed in the edition in force and would not be today, or the other way round."""
        standing = self.in_force()
        if standing is None:
            return set()
        listed = {firm for _, firm, _ in standing.lines}
        ruled = {**self.upheld("should_be_listed"), **self.upheld("should_not_be_listed")}
        return {f for f in DISTRICTS if f not in ruled and (f in listed) != (self.decision(f) == "eligible")}
