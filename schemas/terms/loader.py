"""Policy terms: one dated, cited file a policy year, read and held to its form.

A year without a file has no terms, and none are derived from a neighbour. What follows from the
terms for rosters, policies and claims belongs to the stages; standard library only.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, cast, get_args

from schemas.codes.countries import COUNTRIES
from schemas.codes.districts import DISTRICTS
from schemas.codes.labels import codes

FOLDER = Path(__file__).parent
Channel = Literal["online", "offline"]
BasisKind = Literal["clause", "reading", "assumption"]
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_PHONE = re.compile(r"(0\d{2,3}-)?\d{5,8}")


class TermsError(ValueError):
    """A terms file that breaks its form; the sentence names file and key."""


class UnregisteredYear(LookupError, ValueError):
    """A policy year without a terms file."""


@dataclass(frozen=True)
class Basis:
    """What a value rests on: a clause of the notice, our reading of one, or an assumption."""

    kind: BasisKind
    clause: str | None
    note: str | None


@dataclass(frozen=True)
class Citation:
    """The notice: its title and the offices it names."""

    title_zh: str
    title_en: str
    authorities: tuple[str, ...]


@dataclass(frozen=True)
class Hotline:
    """An office line and what it is for."""

    zh: str
    en: str
    phone: str


@dataclass(frozen=True)
class ManagerGroup:
    """Districts served together, with the office lines that the notice gives for them."""

    districts: tuple[str, ...]
    phones: tuple[str, ...]


@dataclass(frozen=True)
class PolicyTerms:
    """The terms of one policy year. `basis` says of every value field what it rests on."""

    policy_year: int
    sample: bool
    citation: Citation
    export_year: int
    threshold_usd: Decimal
    threshold_inclusive: bool
    exports_above_usd: Decimal
    take_up_deadline: date
    cover_from: date
    cover_to: date
    late_cover_from: Literal["issued_on"]
    usual_issue_days: int
    insured_percentage: Decimal
    buyer_limit_usd: Decimal
    free_credit_reports: int
    excluded_countries: tuple[str, ...]
    risk_causes: tuple[str, ...]
    channels: tuple[Channel, ...]
    single_window_url: str
    hotlines: tuple[Hotline, ...]
    manager_groups: tuple[ManagerGroup, ...]
    report_at_once_zh: str
    report_at_once_en: str
    public_notice_working_days: int
    push_items_limit: int
    basis: Mapping[str, Basis]
    sha256: str

    @property
    def label_zh(self) -> str:
        """The year as reports show it: a sample is marked wherever it stands."""
        return f"{self.policy_year} 年度{'「样例」' if self.sample else ''}"

    @property
    def label_en(self) -> str:
        """The year as English reports show it."""
        return f"{self.policy_year}{' (sample)' if self.sample else ''}"

    def admits(self, exports_usd: Decimal) -> bool:
        """Whether a year's exports lie above the lower bound and within the threshold."""
        within = (
            exports_usd <= self.threshold_usd
            if self.threshold_inclusive
            else exports_usd < self.threshold_usd
        )
        return within and exports_usd > self.exports_above_usd

    def cover_starts(self, taken_up_on: date, issued_on: date) -> date:
        """The first day of cover: the year's, or the day of issue where taken up late (二(三))."""
        if taken_up_on <= self.take_up_deadline:
            return self.cover_from
        return max(issued_on, self.cover_from)


def registered_years(folder: Path = FOLDER) -> tuple[int, ...]:
    """The policy years that have a terms file, in order."""
    return tuple(sorted(int(path.stem) for path in folder.glob("[0-9][0-9][0-9][0-9].toml")))


@cache
def load_terms(policy_year: int, folder: Path = FOLDER) -> PolicyTerms:
    """The terms of one policy year; `UnregisteredYear` where it has no file."""
    if policy_year not in registered_years(folder):
        raise UnregisteredYear(_unregistered(policy_year, folder))
    content = (folder / f"{policy_year}.toml").read_bytes()
    return _parse(f"schemas/terms/{policy_year}.toml", policy_year, content)


def all_terms(folder: Path = FOLDER) -> tuple[PolicyTerms, ...]:
    """The terms of every registered year, in order."""
    return tuple(load_terms(year, folder) for year in registered_years(folder))


def _unregistered(policy_year: int, folder: Path) -> str:
    listed = ", ".join(
        f"{year} (sample)" if load_terms(year, folder).sample else str(year)
        for year in registered_years(folder)
    )
    return (
        f"Policy year {policy_year} has no registered terms; registered are {listed or 'none'}: "
        f"add schemas/terms/{policy_year}.toml with a basis for each value."
    )


def _parse(file: str, policy_year: int, content: bytes) -> PolicyTerms:
    try:
        raw = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TermsError(f"{file} is not valid TOML: {error}.") from error
    _hold_keys(file, raw, {*HEAD, *PARSERS})
    if raw["policy_year"] != policy_year:
        raise TermsError(f"{file}: policy_year must be {policy_year}, as in the file's name.")
    if not isinstance(raw["sample"], bool):
        raise TermsError(f"{file}: sample must be true or false.")
    if found := _MOBILE.search(content.decode("utf-8")):
        raise TermsError(f"{file} has a mobile number ({found[0][:3]}…): take it out.")
    values: dict[str, Any] = {}
    basis: dict[str, Basis] = {}
    for key, parse in PARSERS.items():
        basis[key] = _basis(file, key, raw[key], sample=raw["sample"])
        try:
            values[key] = parse(raw[key]["value"])
        except (TypeError, ValueError, ArithmeticError, KeyError) as error:
            raise TermsError(f"{file}: {key} cannot be read ({error}).") from error
    try:
        citation = _citation(raw["citation"])
    except (TypeError, ValueError) as error:
        raise TermsError(f"{file}: citation cannot be read ({error}).") from error
    terms = PolicyTerms(
        policy_year=policy_year,
        sample=raw["sample"],
        citation=citation,
        basis=MappingProxyType(basis),
        sha256=sha256(content).hexdigest(),
        **values,
    )
    _hold_dates(file, terms)
    return terms


def _hold_keys(file: str, raw: Mapping[str, Any], known: set[str]) -> None:
    if missing := sorted(known - set(raw)):
        raise TermsError(f"{file}: {missing[0]} is missing.")
    if unknown := sorted(set(raw) - known):
        raise TermsError(f"{file}: {unknown[0]} is not a term that is known here.")


def _basis(file: str, key: str, entry: object, *, sample: bool) -> Basis:
    if not isinstance(entry, dict) or "value" not in entry:
        raise TermsError(f"{file}: {key} has no value.")
    if unknown := sorted(set(entry) - {"value", "basis", "clause", "note"}):
        raise TermsError(f"{file}: {key} has an unknown key {unknown[0]}.")
    kind, clause, note = entry.get("basis"), entry.get("clause"), entry.get("note")
    if kind not in get_args(BasisKind):
        raise TermsError(f"{file}: {key} needs a basis: {', '.join(get_args(BasisKind))}.")
    if kind != "assumption" and not clause:
        raise TermsError(f"{file}: {key} rests on a {kind}, so it must name the clause.")
    if kind != "clause" and not note:
        raise TermsError(f"{file}: {key} rests on a {kind}, so it needs a note.")
    if sample and kind != "assumption":
        raise TermsError(f"{file}: {key} of a sample year can only be an assumption.")
    return Basis(cast("BasisKind", kind), clause, note)


def _hold_dates(file: str, terms: PolicyTerms) -> None:
    if terms.export_year != terms.policy_year - 1:
        raise TermsError(f"{file}: export_year must be the calendar year before the policy year.")
    if terms.cover_from.year != terms.policy_year:
        raise TermsError(f"{file}: cover_from must lie in the policy year.")
    if not date(terms.policy_year, 1, 1) <= terms.take_up_deadline <= terms.cover_to:
        raise TermsError(f"{file}: take_up_deadline must lie in the policy year, before cover_to.")
    if not terms.cover_from < terms.cover_to:
        raise TermsError(f"{file}: cover_from must lie before cover_to.")
    if not terms.exports_above_usd < terms.threshold_usd:
        raise TermsError(f"{file}: exports_above_usd must lie below threshold_usd.")


def _money(value: object) -> Decimal:
    if not isinstance(value, str) or not re.fullmatch(r"\d+\.\d\d", value):
        raise ValueError("an amount is text with two decimals, as in '8000000.00'")
    return Decimal(value)


def _share(value: object) -> Decimal:
    if not isinstance(value, str) or not 0 < Decimal(value) <= 1:
        raise ValueError("a share is text above 0 and at most 1, as in '0.80'")
    return Decimal(value)


def _day(value: object) -> date:
    if type(value) is not date:
        raise ValueError("a date is written 2025-06-30, without quotes")
    return value


def _count(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a count is an integer, 0 or more")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a text is not empty")
    return value


def _members(known: Container[str]) -> Callable[[object], tuple[str, ...]]:
    def parse(value: object) -> tuple[str, ...]:
        if not isinstance(value, list) or len(set(value)) != len(value):
            raise ValueError("a list without repeats")
        if strangers := [one for one in value if one not in known]:
            raise ValueError(f"{strangers[0]!r} is not known")
        return tuple(value)

    return parse


def _late(value: object) -> str:
    if value != "issued_on":
        raise ValueError("only issued_on is known")
    return "issued_on"


def _phone(value: object) -> str:
    text = _text(value)
    if not _PHONE.fullmatch(text):
        raise ValueError(f"{text!r} is not an office line")
    return text


def _hotlines(value: object) -> tuple[Hotline, ...]:
    return tuple(Hotline(_text(row["zh"]), _text(row["en"]), _phone(row["phone"])) for row in _rows(value))


def _groups(value: object) -> tuple[ManagerGroup, ...]:
    districts = _members(DISTRICTS)
    groups = tuple(
        ManagerGroup(districts(row["districts"]), tuple(_phone(one) for one in row["phones"]))
        for row in _rows(value)
    )
    named = [district for group in groups for district in group.districts]
    if len(set(named)) != len(named):
        raise ValueError("a district stands in two groups")
    return groups


def _rows(value: object) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise ValueError("a list of tables")
    return value


def _citation(value: object) -> Citation:
    if not isinstance(value, dict) or set(value) != {f.name for f in fields(Citation)}:
        raise ValueError("it has title_zh, title_en and authorities")
    authorities = tuple(_text(one) for one in value["authorities"])
    return Citation(_text(value["title_zh"]), _text(value["title_en"]), authorities)


HEAD = ("policy_year", "sample", "citation")
PARSERS: Mapping[str, Callable[[object], object]] = {
    "export_year": _count,
    "threshold_usd": _money,
    "threshold_inclusive": _flag,
    "exports_above_usd": _money,
    "take_up_deadline": _day,
    "cover_from": _day,
    "cover_to": _day,
    "late_cover_from": _late,
    "usual_issue_days": _count,
    "insured_percentage": _share,
    "buyer_limit_usd": _money,
    "free_credit_reports": _count,
    "excluded_countries": _members(COUNTRIES),
    "risk_causes": _members(codes("claim_cause")),
    "channels": _members(get_args(Channel)),
    "single_window_url": _text,
    "hotlines": _hotlines,
    "manager_groups": _groups,
    "report_at_once_zh": _text,
    "report_at_once_en": _text,
    "public_notice_working_days": _count,
    "push_items_limit": _count,
}
