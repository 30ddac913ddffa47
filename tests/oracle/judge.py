"""Row rules: a row of text becomes typed values, or keeps the reasons why it cannot.

Belongs here: what one cell or one row must be by itself, duplicates, and conflicts between rows
of one version. Not here: rates, sums, anything that needs another table.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import facts
from tests.oracle.read import Raw

SHANGHAI = ZoneInfo("Asia/Shanghai")
BLANKS = " \t\r\n\v\f\u3000"


class UnfitError(Exception):
    """A cell that does not fit; the message is the kind of reason."""


Reader = Callable[[str], Any]


@dataclass(frozen=True)
class Field:
    """How one field is read."""

    read: Reader
    required: bool = True
    is_event: bool = False


@dataclass
class Row:
    """One judged row; a value that could not be read is None."""

    source: str
    file: str
    number: int
    values: dict[str, Any]
    content: tuple[Any, ...]
    reasons: set[str] = field(default_factory=set)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    @property
    def updated_day(self) -> date:
        """The Shanghai date of updated_at."""
        day: date = self.values["updated_at"].astimezone(SHANGHAI).date()
        return day


def fold(text: str) -> str:
    """A code-like cell: full-width folded, blanks around it gone."""
    return unicodedata.normalize("NFKC", text).strip(BLANKS)


def plain(cell: str) -> str:
    """A text cell is only trimmed."""
    return cell.strip(BLANKS)


def code(cell: str) -> str:
    """Any identifier."""
    return fold(cell)


def stated_code(cell: str) -> str:
    """A credit or customs code as stated on a policy: of any shape, letters upper-cased."""
    return fold(cell).upper()


def shaped(pattern: str) -> Reader:
    """An identifier of a fixed shape, letters upper-cased."""

    def read(cell: str) -> str:
        text = fold(cell).upper()
        if not re.fullmatch(pattern, text, re.ASCII):
            raise UnfitError("unreadable")
        return text

    return read


def choice(*allowed: str) -> Reader:
    """An enumeration, lower-cased."""

    def read(cell: str) -> str:
        text = fold(cell).lower()
        if text not in allowed:
            raise UnfitError("unknown")
        return text

    return read


def lower(cell: str) -> str:
    """An open enumeration, lower-cased."""
    return fold(cell).lower()


def number(digits: int, decimals: int) -> Reader:
    """A non-negative decimal that fits the type exactly."""

    def read(cell: str) -> Decimal:
        text = fold(cell)
        if not re.fullmatch(r"-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?", text, re.ASCII):
            raise UnfitError("unreadable")
        value = Decimal(text.replace(",", ""))
        stated_decimals = len(text.partition(".")[2])
        if stated_decimals > decimals or abs(value) >= Decimal(10) ** (digits - decimals):
            raise UnfitError("unreadable")
        if value < 0:
            raise UnfitError("negative")
        return value

    return read


def positive(digits: int, decimals: int) -> Reader:
    """A decimal above zero."""
    inner = number(digits, decimals)

    def read(cell: str) -> Decimal:
        value: Decimal = inner(cell)
        if value == 0:
            raise UnfitError("not_positive")
        return value

    return read


def whole(least: int) -> Reader:
    """An integer of at least `least`."""
    inner = number(18, 0)

    def read(cell: str) -> int:
        value = int(inner(cell))
        if value < least:
            raise UnfitError("unreadable")
        return value

    return read


def day(cell: str) -> date:
    """`yyyy-mm-dd`, `yyyymmdd` or an Excel serial; a midnight behind it is let go."""
    text = re.sub(r"[ T]00:00:00$", "", fold(cell))
    if re.fullmatch(r"\d{5}", text, re.ASCII):
        return date(1899, 12, 30) + timedelta(days=int(text))
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}|\d{8}", text, re.ASCII):
        raise UnfitError("unreadable")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnfitError("unreadable") from None


def moment(cell: str) -> datetime:
    """ISO 8601; without an offset it is UTC."""
    try:
        value = datetime.fromisoformat(fold(cell).upper())
    except ValueError:
        raise UnfitError("unreadable") from None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def month(cell: str) -> str:
    """`yyyy-mm`."""
    text = fold(cell)
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII):
        raise UnfitError("unreadable")
    return text


def country(cell: str) -> str:
    """New letters, or old digits that name exactly one country."""
    text = fold(cell).upper()
    if text in facts.COUNTRIES:
        return text
    named = facts.OLD_COUNTRIES.get(text, [])
    if len(named) > 1:
        raise UnfitError("ambiguous")
    if not named:
        raise UnfitError("unknown")
    return named[0]


def currency(cell: str) -> str:
    """Letters or old digits."""
    text = fold(cell).upper()
    if text not in facts.CURRENCIES:
        raise UnfitError("unknown")
    return facts.CURRENCIES[text]


def trade_mode(cell: str) -> str:
    """Four digits of the table."""
    text = fold(cell)
    if not re.fullmatch(r"\d{4}", text, re.ASCII):
        raise UnfitError("unreadable")
    if text not in facts.TRADE_MODES:
        raise UnfitError("unknown")
    return text


def district(cell: str) -> str:
    """A district by its name or an alias."""
    text = fold(cell)
    text = facts.DISTRICT_ALIASES.get(text, text)
    if text not in facts.DISTRICTS:
        raise UnfitError("unknown")
    return text


def stated_district(cell: str) -> str:
    """A district as somebody else writes it: an alias is resolved, nothing is refused."""
    text = fold(cell)
    return facts.DISTRICT_ALIASES.get(text, text)


uscc = shaped(r"[0-9A-Z]{18}")
customs_code = shaped(r"\d{6}[0-9A-Z]{4}")
money = number(19, 2)
fee = number(19, 4)


def need(read: Reader) -> Field:
    """A field that may not be empty."""
    return Field(read)


def may(read: Reader) -> Field:
    """A field that may be empty."""
    return Field(read, required=False)


def event(required: bool = True) -> Field:
    """A date that cannot lie after the row's own updated_at."""
    return Field(day, required, is_event=True)


CAUSES = (
    "insolvency",
    "protracted_default",
    "repudiation",
    "bank_insolvency",
    "bank_default",
    "bank_non_acceptance",
    "war_or_unrest",
    "trade_control",
    "transfer_restriction",
)

SERVICES = (
    "credit_report",
    "bill_of_lading_report",
    "online_underwriting",
    "online_claim",
    "online_credit",
    "online_consultation",
    "app_binding",
)

FIELDS: dict[str, dict[str, Field]] = {
    "customs_declarations": {
        "declaration_no": need(shaped(r"\d{18}")),
        "line_no": need(whole(1)),
        "revision": need(whole(0)),
        "status": need(choice("released", "closed", "withdrawn")),
        "consignor_uscc": need(uscc),
        "consignor_customs_code": need(customs_code),
        "consignor_name": need(plain),
        "trading_country": need(country),
        "arrival_country": need(country),
        "destination_country": need(country),
        "trade_mode": need(trade_mode),
        "hs_code": need(shaped(r"\d{10}")),
        "delivery_terms": need(choice("1", "2", "3", "4", "7")),
        "currency": need(currency),
        "amount": need(money),
        "freight_mark": may(choice("1", "2", "3")),
        "freight": may(fee),
        "freight_currency": may(currency),
        "insurance_mark": may(choice("1", "3")),
        "insurance": may(fee),
        "insurance_currency": may(currency),
        "stat_value_usd": may(money),
        "declared_on": event(),
        "exported_on": event(required=False),
        "released_on": event(required=False),
        "closed_on": event(required=False),
        "updated_at": need(moment),
    },
    "enterprises": {
        "uscc": need(uscc),
        "customs_code": need(customs_code),
        "name": need(plain),
        "city": need(shaped(r"\d{6}")),
        "district": may(stated_district),
        "registered_on": event(required=False),
        "deregistered_on": event(required=False),
        "updated_at": need(moment),
    },
    "published_rosters": {
        "policy_year": need(whole(0)),
        "edition": need(whole(1)),
        "serial": need(whole(1)),
        "uscc": need(uscc),
        "enterprise_name": need(plain),
        "district": may(district),
        "published_on": event(),
        "confirmed_on": event(),
        "updated_at": need(moment),
    },
    "policies": {
        "policy_no": need(code),
        "policy_year": need(whole(0)),
        "insured_uscc": may(stated_code),
        "insured_customs_code": may(stated_code),
        "insured_name": may(plain),
        "district": may(stated_district),
        "channel": need(choice("online", "offline")),
        "taken_up_on": event(),
        "issued_on": event(),
        "cover_from": need(day),
        "cover_to": need(day),
        "insured_percentage": need(number(5, 4)),
        "buyer_limit_usd": need(money),
        "status": need(choice("active", "cancelled")),
        "cancelled_on": event(required=False),
        "updated_at": need(moment),
    },
    "claims": {
        "claim_no": need(code),
        "policy_no": need(code),
        "buyer_id": need(code),
        "buyer_name": may(plain),
        "buyer_country": need(country),
        "cause": need(choice(*CAUSES)),
        "shipped_on": event(),
        "invoice_usd": may(money),
        "loss_usd": need(money),
        "reported_on": event(required=False),
        "filed_on": event(required=False),
        "decided_on": event(required=False),
        "paid_usd": may(money),
        "paid_on": event(required=False),
        "recovered_usd": may(money),
        "status": need(choice("reported", "filed", "accepted", "declined", "paid")),
        "updated_at": need(moment),
    },
    "service_usage": {
        "usage_no": need(code),
        "uscc": need(uscc),
        "policy_year": need(whole(0)),
        "service": need(choice(*SERVICES)),
        "used_on": event(),
        "quantity": need(whole(0)),
        "updated_at": need(moment),
    },
    "exchange_rates": {
        "month": need(month),
        "currency": need(currency),
        "source": need(lower),
        "usd_per_unit": need(positive(20, 12)),
        "published_on": event(required=False),
        "updated_at": need(moment),
    },
}

KEYS: dict[str, tuple[str, ...]] = {
    "customs_declarations": ("declaration_no", "line_no"),
    "enterprises": ("uscc", "customs_code"),
    "published_rosters": ("policy_year", "edition", "uscc"),
    "policies": ("policy_no",),
    "claims": ("claim_no",),
    "service_usage": ("usage_no",),
    "exchange_rates": ("month", "currency", "source"),
}


def version_fields(source: str) -> tuple[str, ...]:
    """What orders the versions of one key."""
    return ("revision", "updated_at") if source == "customs_declarations" else ("updated_at",)


def judge(raw: Raw) -> Row:
    """Type every cell and collect every reason that the row gives by itself."""
    row = Row(raw.source, raw.file, raw.number, {}, ())
    content: list[Any] = []
    for name, rule in FIELDS[raw.source].items():
        cell = fold(raw.cells.get(name) or "")
        value = None
        if not cell:
            if rule.required:
                row.reasons.add(f"missing:{name}")
        else:
            try:
                value = rule.read(raw.cells.get(name) or "")
            except UnfitError as unfit:
                row.reasons.add(f"{unfit}:{name}")
                cell = f"unfit {cell}"
        row.values[name] = value
        content.append(value if value is not None else cell)
    row.content = tuple(content)
    _judge_events(row)
    if raw.source == "customs_declarations":
        _judge_customs(row)
    if raw.source == "enterprises" and (row["city"] or "").startswith("4403"):
        _judge_shenzhen(row)
    return row


def _judge_events(row: Row) -> None:
    if row["updated_at"] is None:
        return
    for name, rule in FIELDS[row.source].items():
        if rule.is_event and row[name] is not None and row[name] > row.updated_day:
            row.reasons.add(f"event_after_update:{name}")


def _judge_customs(row: Row) -> None:
    declaration_no, declared_on = row["declaration_no"], row["declared_on"]
    if declaration_no is not None and declaration_no[8] != "0":
        row.reasons.add("not_an_export")
    if (
        declaration_no is not None
        and declared_on is not None
        and int(declaration_no[4:8]) != declared_on.year
    ):
        row.reasons.add("declaration_year")
    if row["trade_mode"] is not None and declared_on is not None:
        valid_from = facts.TRADE_MODES[row["trade_mode"]].valid_from
        if declared_on < valid_from:
            row.reasons.add("expired:trade_mode")
    if row["status"] == "released" and row["released_on"] is None:
        row.reasons.add("no_statistical_date")
    if row["status"] == "closed" and row["closed_on"] is None:
        row.reasons.add("no_statistical_date")
    counted_on = row["closed_on"] or row["released_on"]
    if (
        row["status"] != "withdrawn"
        and counted_on is not None
        and declared_on is not None
        and counted_on < declared_on
    ):
        row.reasons.add("closed_before_declared")


def _judge_shenzhen(row: Row) -> None:
    if row["district"] is None:
        row.reasons.add("missing:district")
    elif row["district"] not in facts.DISTRICTS:
        row.reasons.add("unknown:district")


def has_readable_version(row: Row) -> bool:
    """Whether key and version can be read, so that the row can displace another."""
    names = KEYS[row.source] + version_fields(row.source)
    return all(row[name] is not None for name in names)


def is_early(row: Row, now: datetime, terms: Mapping[int, facts.Terms]) -> bool:
    """Whether the row waits: updated after the present, or declared outside registered months."""
    updated_at = row["updated_at"]
    if updated_at is not None and updated_at > now:
        return True
    if row.source != "customs_declarations" or row.reasons:
        return False
    first = date(min(terms) - 2, 1, 1)
    last = max(t.cover_to for t in terms.values())
    return not first <= row["declared_on"] <= last


def without_duplicates(rows: list[Row]) -> list[Row]:
    """The first of each row that was delivered more than once."""
    first: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        first.setdefault((row.source, *row.content), row)
    return list(first.values())


def mark_conflicts(rows: list[Row]) -> None:
    """Reject all rows of one key and version that differ in content."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        if has_readable_version(row):
            names = KEYS[row.source] + version_fields(row.source)
            groups.setdefault((row.source, *(row[name] for name in names)), []).append(row)
    for group in groups.values():
        if len(group) > 1:
            for row in group:
                row.reasons.add("version_conflict")
