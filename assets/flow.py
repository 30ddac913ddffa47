"""Which table needs which keys of which: the whole pipeline as data. Plain Python, no Dagster.

The planner, the assets and Dagster's partition mappings all read this one list, so that what is
loaded, what is drawn and what makes a key stale are the same thing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Literal

from schemas.calendar import first_day, month_of, months, shift
from schemas.terms.loader import PolicyTerms, all_terms

Kind = Literal["none", "month", "export_year", "policy_year", "push_month"]
ALL = "all"
"""The one key of a table that is not partitioned."""


@dataclass(frozen=True)
class Calendar:
    """The keys of each kind, generated from the registered terms; never extrapolated."""

    terms: Mapping[int, PolicyTerms]

    @classmethod
    def registered(cls) -> Calendar:
        """The calendar of all registered policy years."""
        return cls({terms.policy_year: terms for terms in all_terms()})

    @cached_property
    def months(self) -> tuple[str, ...]:
        """Declared months: January before the first export year to the last cover month."""
        first = min(terms.export_year for terms in self.terms.values()) - 1
        last = max(terms.cover_to for terms in self.terms.values())
        return tuple(months(f"{first}-01", month_of(last)))

    def keys(self, kind: Kind) -> tuple[str, ...]:
        """All keys of a kind, in order."""
        match kind:
            case "none":
                return (ALL,)
            case "month":
                return self.months
            case "export_year":
                return tuple(sorted({month[:4] for month in self.months}))
            case "policy_year":
                return tuple(str(year) for year in sorted(self.terms))
            case "push_month":
                spans = (
                    months(month_of(terms.cover_from), month_of(terms.cover_to))
                    for terms in self.terms.values()
                )
                return tuple(sorted({month for span in spans for month in span}))

    @cached_property
    def terms_version(self) -> str:
        """A hash over all registered terms."""
        hashes = " ".join(self.terms[year].sha256 for year in sorted(self.terms))
        return hashlib.sha256(hashes.encode()).hexdigest()

    def begins(self, kind: Kind, key: str) -> date | None:
        """The day from which a key can be made; None: always."""
        match kind:
            case "none":
                return None
            case "month" | "push_month":
                return first_day(key)
            case "export_year" | "policy_year":
                return date(int(key), 1, 1)

    def policy_year_of(self, push_month: str) -> str | None:
        """The policy year whose cover a month lies in."""
        for terms in self.terms.values():
            if month_of(terms.cover_from) <= push_month <= month_of(terms.cover_to):
                return str(terms.policy_year)
        return None

    def lacking(self, month: str) -> int | None:
        """The policy year whose terms would bring in a declared month; None: it is registered."""
        if month in self.months or not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month):
            return None
        if month < self.months[0]:
            return min(self.terms) - 1
        return int(month[:4]) - (month[5:] < "07")

    def cover_months(self, policy_year: str) -> tuple[str, ...]:
        """The months of a policy year's cover."""
        terms = self.terms[int(policy_year)]
        return tuple(months(month_of(terms.cover_from), month_of(terms.cover_to)))


Keys = Callable[[Calendar, str], Iterable[str]]


@dataclass(frozen=True)
class Need:
    """What one key of a table reads of another table: the keys and, of each, a part."""

    table: str
    keys: Keys
    part: Callable[[str], str] | None = None
    """Where only a part of the upstream content counts: own key → name of the part."""
    before: Callable[[str], str] | None = None
    """Where only the parts named before something count: own key → that name. Before an empty name is
    nothing: then it counts only that the upstream key is there."""


@dataclass(frozen=True)
class Node:
    """One table of the flow: its kind of key and what it needs.

    `version` is its code's: raise it when what the code makes changes. `uses` names what else it
    depends on: codes, terms (of its own policy year, or all), rates ranking, register, reviews.
    """

    table: str
    kind: Kind
    needs: tuple[Need, ...] = ()
    version: str = "1"
    uses: tuple[str, ...] = ()
    is_released: bool = True
    """Whether readers get it; ledgers and what only the flow needs stay in the lake."""
    remembers: bool = False
    """Whether it reads its own last content (`Work.before`): what was seen first when. That is no input
    and makes nothing stale; as history it is beside a release's hashes, as the record of runs is."""
    stands: bool = False
    """Whether what it once said stays said (`Work.before`): figures of a closed year, a public copy between
    two of its dates. It is released as it stands, and is in a release's hashes."""
    is_to_mend: bool = False
    """Whether its rows are what somebody should mend: a release may lose any number of them."""


def _same(_: Calendar, key: str) -> Iterable[str]:
    return (key,)


def _all(_: Calendar, __: str) -> Iterable[str]:
    return (ALL,)


def _every(kind: Kind) -> Keys:
    return lambda calendar, _: calendar.keys(kind)


def _declared_up_to(year: int) -> Callable[[Calendar], Iterable[str]]:
    return lambda calendar: (month for month in calendar.months if int(month[:4]) <= year)


def _months_of_export_year(calendar: Calendar, key: str) -> Iterable[str]:
    return _declared_up_to(int(key))(calendar)


def _months_before_policy_year(calendar: Calendar, key: str) -> Iterable[str]:
    return _declared_up_to(calendar.terms[int(key)].export_year)(calendar)


def _export_year(calendar: Calendar, key: str) -> Iterable[str]:
    return (str(calendar.terms[int(key)].export_year),)


def _neighbour(by: int) -> Keys:
    def keys(calendar: Calendar, key: str) -> Iterable[str]:
        return (str(int(key) + by),) if int(key) + by in calendar.terms else ()

    return keys


def _cover_months(calendar: Calendar, key: str) -> Iterable[str]:
    return calendar.cover_months(key)


def _around_cover(calendar: Calendar, key: str) -> Iterable[str]:
    """The declared months of a cover, and one on either side."""
    cover = calendar.cover_months(key)
    return (month for month in calendar.months if shift(cover[0], -1) <= month <= shift(cover[-1], 1))


def _trailing(count: int) -> Keys:
    def keys(calendar: Calendar, key: str) -> Iterable[str]:
        first, last = shift(key, -count), shift(key, -1)
        return (month for month in calendar.months if first <= month <= last)

    return keys


def _policy_years_of_push(calendar: Calendar, key: str) -> Iterable[str]:
    """The policy year of the month, and in July that of the month before, which was told then."""
    years = (calendar.policy_year_of(month) for month in (key, shift(key, -1)))
    return tuple(dict.fromkeys(year for year in years if year))


PUSH_MONTHS_READ = 26
"""Trailing declared months a push reads: two statistical years, and two for late closing."""

_RECEIVED = ("codes", "received:customs_declarations")
_VALUED = (
    Need("customs_ledger", _same),
    Need("exchange_rates_ledger", _all, part=lambda key: key),
)
_RECONCILED = (
    Need("policies_ledger", _all),
    Need("enterprises_ledger", _all),
    Need("annual_exports", _export_year),
    Need("roster", _same),
    Need("roster_editions", _same),
    Need("roster_changes", _same),
    Need("roster_decisions", _same),
)
_AUDITED = (
    Need("claims_ledger", _all),
    Need("policies_ledger", _all),
    Need("policy_reconciliation", _same),
    Need("export_cube", _around_cover),
)
_PUSHED = (
    Need("policy_reconciliation", _policy_years_of_push),
    Need("export_cube", _trailing(PUSH_MONTHS_READ), before=lambda _: ""),  # the ledger says what was known
    Need("customs_ledger", _trailing(PUSH_MONTHS_READ), before=lambda key: key),
    Need("exchange_rates_ledger", _all),
    Need("country_risk_ledger", _all),
    Need("risk_bulletins_ledger", _all),
)
_WORKED = (
    Need("policies_ledger", _all),
    Need("enterprises_ledger", _all),
    Need("policy_differences", _same),
    Need("claim_differences", _same),
    Need("credit_report_audit", _same),
)
_REFERENCE = (
    "exchange_rates", "enterprises", "published_rosters", "roster_objections", "policies",
    "claims", "country_risk", "risk_bulletins", "portal_receipts", "service_usage",
)  # fmt: skip
SOURCE_NAMES = ("customs_declarations", *_REFERENCE)
"""The folders of a drop folder, and the tables of a source database."""

_YEARS_FIGURES = (
    Need("monthly_exports", _export_year),
    Need("roster_decisions", _same),
    Need("policy_reconciliation", _same),
    Need("take_up", _same),
    Need("take_up", _neighbour(-1)),
    Need("claim_audit", _same),
    Need("insured_exports", _same),
    Need("service_use", _same),
    Need("push_list", _cover_months),
)
"""What the statistics, their revisions and their public copy are made from, together: released tables."""

FLOW: tuple[Node, ...] = (
    *(
        Node(f"{source}_ledger", "none", uses=("codes", f"received:{source}"), is_released=False)
        for source in _REFERENCE
    ),
    Node("customs_ledger", "month", uses=_RECEIVED, version="2", is_released=False),
    Node("ledger_origins", "month", uses=_RECEIVED, version="2", is_released=False),
    Node("export_cube", "month", _VALUED, uses=("codes", "rates"), is_released=False),
    Node("line_counts", "month", _VALUED, uses=("codes", "rates"), is_released=False),
    Node(
        "line_rejects", "month", (*_VALUED, Need("ledger_origins", _same)),
        version="2", uses=("codes", "rates"), is_released=False,
    ),
    Node(
        "monthly_exports", "export_year",
        (Need("export_cube", _months_of_export_year, part=lambda key: key),),
    ),
    Node(
        "annual_exports", "export_year",
        (
            Need("monthly_exports", _same),
            Need("line_counts", _months_of_export_year, part=lambda key: key),
        ),
    ),
    Node(
        "roster_decisions", "policy_year",
        (
            Need("annual_exports", _export_year),
            Need("line_counts", _months_before_policy_year, part=lambda key: str(int(key) - 1)),
            Need("enterprises_ledger", _all),
            Need("published_rosters_ledger", _all),
            Need("roster_objections_ledger", _all),
        ),
        uses=("terms", "register"),
    ),
    Node("roster", "policy_year", (Need("published_rosters_ledger", _all),), uses=("register",)),
    Node(
        "roster_editions", "policy_year",
        (
            Need("published_rosters_ledger", _all),
            Need("enterprises_ledger", _all),
            Need("roster_decisions", _same),
        ),
        uses=("terms", "register"),
    ),
    Node(
        "roster_changes", "policy_year",
        (Need("published_rosters_ledger", _all), Need("roster_objections_ledger", _all)),
        version="2", uses=("register",),
    ),
    Node(
        "roster_drift", "policy_year",
        (
            Need("published_rosters_ledger", _all),
            Need("roster_decisions", _same),
            Need("customs_ledger", _months_before_policy_year),
            Need("exchange_rates_ledger", _all),
            Need("enterprises_ledger", _all),
        ),
        version="2", uses=("terms", "register", "rates"),
    ),
    *(
        Node(
            table, "policy_year", _RECONCILED,
            version="2", uses=("terms", "reviews", "wording"), is_to_mend=mend,
        )
        for table, mend in (("policy_reconciliation", False), ("policy_differences", True))
    ),
    Node(
        "policy_suggestions", "policy_year",
        (
            Need("policy_reconciliation", _same),
            Need("policies_ledger", _all),
            Need("enterprises_ledger", _all),
            Need("roster", _same),
            Need("roster_editions", _same),
            Need("roster_decisions", _same),
        ),
        uses=("terms",), is_to_mend=True,
    ),
    Node(
        "take_up", "policy_year",
        (
            Need("policy_reconciliation", _same),
            Need("roster", _same),
            Need("roster_editions", _same),
            Need("roster_decisions", _same),
            Need("enterprises_ledger", _all),
        ),
        uses=("terms",),
    ),
    *(
        Node(table, "policy_year", _AUDITED, version="3", uses=("terms", "wording"), is_to_mend=mend)
        for table, mend in (("claim_audit", False), ("claim_differences", True), ("buyer_exposure", False))
    ),
    Node("service_use", "policy_year", (Need("service_usage_ledger", _all),)),
    Node("credit_report_audit", "policy_year", (Need("service_usage_ledger", _all),), uses=("terms",)),
    *(
        Node(table, "policy_year", _WORKED, uses=("wording",), remembers=True, is_to_mend=True)
        for table in ("work_list", "work_list_changes")
    ),
    Node(
        "policy_threads", "none",
        (Need("policy_reconciliation", _every("policy_year")), Need("enterprises_ledger", _all)),
    ),
    *(
        Node(table, "push_month", _PUSHED, version="3", uses=("codes", "terms", "rates", "wording"))
        for table in ("push_list", "push_enterprises")
    ),
    Node(
        "push_receipts", "none",
        (Need("portal_receipts_ledger", _all), Need("push_enterprises", _every("push_month"))),
    ),
    Node(
        "insured_exports", "policy_year",
        (
            Need("export_cube", _cover_months),
            Need("customs_ledger", _cover_months),
            Need("exchange_rates_ledger", _all),
            Need("policy_reconciliation", _same),
        ),
        uses=("terms", "rates"),
    ),
    Node(
        "annual_statistics", "policy_year",
        (*_YEARS_FIGURES, Need("annual_statistics", _neighbour(-1))),
        uses=("terms",), version="2", stands=True,
    ),
    Node("statistics_revisions", "policy_year", _YEARS_FIGURES, uses=("terms",), stands=True),
    Node(
        "public_contributions", "policy_year", _YEARS_FIGURES,
        uses=("terms",), stands=True, is_released=False,
    ),
    Node(
        "public_statistics", "policy_year",
        (*_YEARS_FIGURES, Need("public_statistics", _neighbour(-1))),
        uses=("terms",), version="2", stands=True,
    ),
    Node(
        "rejected_rows", "none",
        (
            Need("line_rejects", _every("month")),
            *(Need(f"{source}_ledger", _all) for source in _REFERENCE),
        ),
        uses=("received:*",),
    ),
)  # fmt: skip
NODES: Mapping[str, Node] = {node.table: node for node in FLOW}
RELEASED: Mapping[str, Kind] = {
    node.table: node.kind for node in FLOW if node.is_released and not node.remembers
}
"""What a release holds and is known by: table → its kind of key."""
RECORDS: Mapping[str, Kind] = {
    "runs": "none",
    "release_changes": "none",
    "push_outbox": "none",
    **{node.table: node.kind for node in FLOW if node.remembers},
}
"""What acts record as they happen, and what remembers; a release has it beside its contents."""
TO_MEND = frozenset(node.table for node in FLOW if node.is_to_mend)


@dataclass(frozen=True)
class Upstream:
    """One thing that a key reads: a table's key, or the part of it that counts."""

    table: str
    key: str
    part: str | None = None
    before: str | None = None
    """The name that the parts which count are before."""

    def content(self, sha256: str, parts: Mapping[str, str]) -> str:
        """What counts of an upstream key's content: its hash, or those of parts."""
        if self.part is not None:
            return parts.get(self.part, "")
        if self.before is not None:
            known = [f"{name} {parts[name]}" for name in sorted(parts) if name < self.before]
            return " ".join([NODES[self.table].version, *known])  # what the code makes of it counts, too
        return sha256


def upstream_of(table: str, key: str, calendar: Calendar, today: date) -> list[Upstream]:
    """What one key reads; keys that have not begun by `today` do not exist yet and are left out."""
    found = []
    for need in NODES[table].needs:
        kind = NODES[need.table].kind
        part, before = (says(key) if says else None for says in (need.part, need.before))
        for other in need.keys(calendar, key):
            begins = calendar.begins(kind, other)
            if begins is None or begins <= today:
                found.append(Upstream(need.table, other, part, before))
    return found


def fingerprint(version: str, inputs: Sequence[object], external: Mapping[str, str]) -> str:
    """The fingerprint of everything that one key is made from."""
    content = json.dumps([version, list(inputs), dict(sorted(external.items()))])
    return hashlib.sha256(content.encode()).hexdigest()
