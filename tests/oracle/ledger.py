"""The declaration ledger: which row of a line counts, what it is worth, and the sums over it.

Belongs here: line states, exchange rates, FOB in USD, monthly and annual exports. Not here: what
one row must be by itself, and what follows from the sums.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.oracle import facts
from tests.oracle.judge import Row, has_readable_version

CENT = Decimal("0.01")
RATE_SOURCES = ("customs", "safe", "ecb")
RECEIVING_FREIGHT = ("1", "2")
RECEIVING_INSURANCE = ("1", "4")

Rates = dict[tuple[str, str], Fraction]
"""(month, currency) → USD per unit."""


class UnvaluedError(Exception):
    """Why a line has no FOB value; args are the reasons."""


@dataclass
class Line:
    """One declaration line: its newest rows, the state it is in and its value."""

    newest: list[Row]
    state: str
    reasons: set[str]
    fob_usd: Decimal | None = None

    @property
    def row(self) -> Row:
        """The newest row; of a conflict, any one."""
        return self.newest[0]

    @property
    def stat_month(self) -> str:
        """Statistical month of a line that counts."""
        return f"{self.row['closed_on'] or self.row['released_on']:%Y-%m}"

    def homes(self) -> set[tuple[str, int]]:
        """(uscc, year) pairs that the newest rows speak of."""
        pairs = set()
        for row in self.newest:
            day = row["closed_on"] or row["released_on"] or row["declared_on"]
            if row["consignor_uscc"] is not None and day is not None:
                pairs.add((row["consignor_uscc"], day.year))
        return pairs


Lines = dict[tuple[str, int], Line]


def half_up(value: Fraction) -> Decimal:
    """A non-negative value to the cent, half up."""
    cents = (value * 100 + Fraction(1, 2)).__floor__()
    return (Decimal(cents) / 100).quantize(CENT)


def newest_accepted(rows: Iterable[Row], *key: str) -> dict[tuple[Any, ...], Row]:
    """The newest accepted row of each key, by updated_at."""
    newest: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        if row.reasons:
            continue
        name = tuple(row[part] for part in key)
        if name not in newest or row["updated_at"] > newest[name]["updated_at"]:
            newest[name] = row
    return newest


def read_rates(rows: Iterable[Row]) -> Rates:
    """The best-ranked source's current rate of each month and currency."""

    def rank(source: str) -> tuple[int, str]:
        known = source in RATE_SOURCES
        return (RATE_SOURCES.index(source) if known else len(RATE_SOURCES), source)

    best: dict[tuple[str, str], Row] = {}
    for row in newest_accepted(rows, "month", "currency", "source").values():
        name = (row["month"], row["currency"])
        if name not in best or rank(row["source"]) < rank(best[name]["source"]):
            best[name] = row
    return {name: Fraction(row["usd_per_unit"]) for name, row in best.items()}


def build_lines(rows: Iterable[Row], rates: Rates) -> Lines:
    """Every line with a readable key and version, in its state."""
    versions: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        if has_readable_version(row):
            versions.setdefault((row["declaration_no"], row["line_no"]), []).append(row)
    lines: Lines = {}
    for key, of_line in versions.items():
        top = max((row["revision"], row["updated_at"]) for row in of_line)
        newest = [row for row in of_line if (row["revision"], row["updated_at"]) == top]
        lines[key] = _stated(newest)
    _value(lines, rates)
    return lines


def _stated(newest: list[Row]) -> Line:
    reasons = set().union(*(row.reasons for row in newest))
    row = newest[0]
    if reasons:
        return Line(newest, "rejected", reasons)
    if row["status"] == "withdrawn":
        return Line(newest, "withdrawn", set())
    if row["arrival_country"] == "CHN":
        return Line(newest, "not_counted", {"never_left"})
    not_counted = facts.TRADE_MODES[row["trade_mode"]].not_counted
    if not_counted:
        return Line(newest, "not_counted", {not_counted})
    return Line(newest, "counted", set())


def _value(lines: Lines, rates: Rates) -> None:
    declarations: dict[str, list[Line]] = {}
    for (declaration_no, _), line in lines.items():
        if line.state in {"counted", "not_counted"}:
            declarations.setdefault(declaration_no, []).append(line)
    for together in declarations.values():
        siblings = [line.row for line in together]
        for line in together:
            if line.state != "counted":
                continue
            try:
                line.fob_usd = fob_usd(line.row, siblings, rates)
            except UnvaluedError as unvalued:
                line.state = "rejected"
                line.reasons = set(unvalued.args)
                line.row.reasons |= line.reasons


def fob_usd(row: Row, siblings: list[Row], rates: Rates) -> Decimal:
    """FOB value of one current line among the current lines of its declaration."""
    if row["stat_value_usd"] is not None:
        stated: Decimal = row["stat_value_usd"].quantize(CENT)
        return stated
    reasons: set[str] = set()
    parts: list[Fraction] = []
    for part in _parts(row):
        try:
            parts.append(_part_usd(part, row, siblings, rates))
        except UnvaluedError as unvalued:
            reasons |= set(unvalued.args)
    if reasons:
        raise UnvaluedError(*reasons)
    amount, *fees = parts
    value = amount - sum(fees)
    if value < 0:
        raise UnvaluedError("negative_fob")
    if value * 100 + Fraction(1, 2) >= 10**19:
        raise UnvaluedError("overflow")
    return half_up(value)


def _parts(row: Row) -> list[str]:
    parts = ["amount"]
    if row["delivery_terms"] in RECEIVING_FREIGHT:
        parts.append("freight")
    if row["delivery_terms"] in RECEIVING_INSURANCE:
        parts.append("insurance")
    return parts


def _part_usd(part: str, row: Row, siblings: list[Row], rates: Rates) -> Fraction:
    amount = Fraction(row["amount"])
    if part == "amount":
        return amount * _rate(row, row["currency"], rates)
    mark, fee, fee_currency = row[f"{part}_mark"], row[part], row[f"{part}_currency"]
    if mark == "2":
        raise UnvaluedError("fee_per_tonne")
    if mark is None or fee is None or (mark == "3" and fee_currency is None):
        raise UnvaluedError(f"missing_{part}")
    if mark == "1":
        return amount * Fraction(fee) / 100 * _rate(row, row["currency"], rates)
    total = Fraction(fee) * _rate(row, fee_currency, rates)
    return total * _share(row, siblings, rates)


def _share(row: Row, siblings: list[Row], rates: Rates) -> Fraction:
    def weight(line: Row) -> Fraction:
        if one_currency:
            return Fraction(line["amount"])
        return Fraction(line["amount"]) * _rate(line, line["currency"], rates)

    one_currency = len({line["currency"] for line in siblings}) == 1
    whole = sum(weight(line) for line in siblings)
    return weight(row) / whole if whole else Fraction(0)


def _rate(row: Row, currency: str, rates: Rates) -> Fraction:
    if currency == "USD":
        return Fraction(1)
    try:
        return rates[f"{row['declared_on']:%Y-%m}", currency]
    except KeyError:
        raise UnvaluedError("missing_rate") from None


def monthly_exports(lines: Lines) -> list[dict[str, object]]:
    """Counted lines by enterprise, buyer's country, chapter and statistical month."""
    groups: dict[tuple[str, ...], list[Line]] = {}
    for line in lines.values():
        if line.state == "counted":
            row = line.row
            key = (
                row["consignor_uscc"],
                row["trading_country"],
                row["hs_code"][:2],
                line.stat_month,
            )
            groups.setdefault(key, []).append(line)
    return [
        {
            "uscc": key[0],
            "trading_country": key[1],
            "hs_chapter": key[2],
            "stat_month": key[3],
            **_sums(groups[key]),
        }
        for key in sorted(groups)
    ]


def annual_exports(lines: Lines) -> list[dict[str, object]]:
    """Counted lines by enterprise and statistical year."""
    groups: dict[tuple[str, int], list[Line]] = {}
    for line in lines.values():
        if line.state == "counted":
            key = (line.row["consignor_uscc"], int(line.stat_month[:4]))
            groups.setdefault(key, []).append(line)
    return [
        {
            "uscc": key[0],
            "export_year": key[1],
            **_sums(groups[key]),
            "first_month": min(line.stat_month for line in groups[key]),
            "last_month": max(line.stat_month for line in groups[key]),
        }
        for key in sorted(groups)
    ]


def _sums(lines: list[Line]) -> dict[str, object]:
    return {
        "lines": len(lines),
        "declarations": len({line.row["declaration_no"] for line in lines}),
        "fob_usd": sum((line.fob_usd for line in lines if line.fob_usd), Decimal("0.00")),
    }
