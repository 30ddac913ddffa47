"""What a published table must show for a planted case, and the exact arithmetic behind it.

Expectations come from the contract and from fractions here, never from the product.

Values are text as a reader would print them: money with two decimals, dates ISO, booleans `true`
or `false`, lists joined by commas (empty list = empty text), null = null.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from pipelines.sample_city import calendar, codes, rates
from pipelines.sample_city.layout import Row
from pipelines.sample_city.rosters import THRESHOLD_CENTS

POLICY_YEAR: Final = 2025
EXPORT_YEAR: Final = 2024
KEYS_OF_ROW: Final = {
    "customs_declarations": ("declaration_no", "line_no", "revision", "amount", "updated_at"),
    "policies": ("policy_no", "insured_percentage", "updated_at"),
    "claims": ("claim_no", "loss_usd", "updated_at"),
    "enterprises": ("uscc", "customs_code", "name", "updated_at"),
    "exchange_rates": ("month", "currency", "source", "usd_per_unit"),
    "roster_objections": ("objection_no", "updated_at"),
    "service_usage": ("usage_no", "updated_at"),
    "country_risk": ("country", "scheme", "effective_on"),
    "risk_bulletins": ("bulletin_no", "updated_at"),
}
Text = str | None


@dataclass(frozen=True)
class Case:
    """One planted edge case and what must be found for it."""

    case: str
    about: str
    source: str
    keys: dict[str, Text]
    expect: dict[str, object]

    def as_json(self) -> dict[str, object]:
        """The case as plain values."""
        return {
            "case": self.case,
            "about": self.about,
            "source": self.source,
            "keys": self.keys,
            "expect": self.expect,
        }


@dataclass(frozen=True)
class Firm:
    """A planted enterprise."""

    uscc: str
    customs_code: str
    name: str
    district: str


@dataclass
class Expectations:
    """The cases written down so far."""

    cases: list[Case] = field(default_factory=list)

    def case(self, slug: str, about: str, source: str, keys: dict[str, Text], **expect: object) -> None:
        """Write a case down."""
        self.cases.append(Case(slug, about, source, keys, expect))

    def expect_decision(
        self,
        slug: str,
        about: str,
        firm: Firm,
        decision: str,
        fob: str,
        *,
        detail: Text = None,
        rejected: int = 0,
        source: str = "customs_declarations",
    ) -> None:
        """What `roster_decisions` says of an enterprise in the end."""
        headroom = Decimal(THRESHOLD_CENTS) / 100 - Decimal(fob)
        self.case(
            slug,
            about,
            source,
            {"uscc" if source == "enterprises" else "consignor_uscc": firm.uscc},
            table="roster_decisions",
            key={"policy_year": str(POLICY_YEAR), "uscc": firm.uscc},
            values={
                "decision": decision,
                "detail": detail,
                "fob_usd": fob,
                "headroom_usd": f"{headroom:.2f}",
                "rejected_lines": str(rejected),
            },
        )

    def expect_rejected(
        self, slug: str, about: str, row: Row, *reasons: str, source: str = "customs_declarations"
    ) -> None:
        """A row that must stand among the rejected ones, with all of its reasons."""
        keys = {name: row[name] for name in KEYS_OF_ROW[source]}
        self.case(
            slug,
            about,
            source,
            keys,
            table="rejected_rows",
            reasons=sorted(reasons),
        )

    def expect_month(self, slug: str, about: str, firm: Firm, month: str, fob: str, **values: str) -> None:
        """One row of `monthly_exports`; country and chapter from `values` or the defaults."""
        key = {
            "uscc": firm.uscc,
            "trading_country": values.pop("trading_country", "USA"),
            "hs_chapter": values.pop("hs_chapter", "85"),
            "stat_month": month,
        }
        self.case(
            slug,
            about,
            "customs_declarations",
            {"consignor_uscc": firm.uscc},
            table="monthly_exports",
            key=key,
            values={"fob_usd": fob, "lines": "1", "declarations": "1"} | values,
        )

    def expect_year(
        self, slug: str, about: str, firm: Firm, fob: str, *, year: int = EXPORT_YEAR, **values: str
    ) -> None:
        """One row of `annual_exports`."""
        self.case(
            slug,
            about,
            "customs_declarations",
            {"consignor_uscc": firm.uscc},
            table="annual_exports",
            key={"uscc": firm.uscc, "export_year": str(year)},
            values={"fob_usd": fob} | values,
        )

    def expect_absent(
        self, slug: str, about: str, source: str, table: str, keys: dict[str, Text], **absent: Text
    ) -> None:
        """No row of a table may carry these values."""
        self.case(slug, about, source, keys, table=table, absent=absent)

    def expect_listed(self, slug: str, about: str, firm: Firm, *, listed: bool = True) -> None:
        """Whether the first edition of the system's own year carries an enterprise."""
        key: dict[str, Text] = {
            "policy_year": str(POLICY_YEAR), "edition": "1", "uscc": firm.uscc
        }  # fmt: skip
        keys: dict[str, Text] = {"uscc": firm.uscc}
        if listed:
            values = {"name": firm.name, "district": firm.district}
            self.case(slug, about, "enterprises", keys, table="roster", key=key, values=values)
        else:
            self.expect_absent(slug, about, "enterprises", "roster", keys, **key)

    def expect_drift(self, slug: str, about: str, firm: Firm, cause: str) -> None:
        """A confirmed roster that later data would contradict."""
        self.case(
            slug,
            about,
            "customs_declarations",
            {"consignor_uscc": firm.uscc},
            table="roster_drift",
            key={"policy_year": str(POLICY_YEAR), "uscc": firm.uscc},
            values={"cause": cause},
        )

    def expect_policy(
        self,
        slug: str,
        about: str,
        policy: Row,
        status: str,
        firm: Firm | None,
        *,
        matched_by: Text = "uscc",
        cover_from: Text = None,
        discrepancies: str = "",
        observations: str = "",
    ) -> None:
        """What `policy_reconciliation` says; the expected cover is the year's unless given."""
        year = int(policy["policy_year"] or 0)
        self.case(
            slug,
            about,
            "policies",
            {"policy_no": policy["policy_no"]},
            table="policy_reconciliation",
            key={"policy_no": policy["policy_no"]},
            values={
                "status": status,
                "uscc": firm.uscc if firm else None,
                "matched_by": matched_by,
                "discrepancies": discrepancies,
                "observations": observations,
                "expected_cover_from": cover_from or f"{year}-07-01",
                "expected_cover_to": f"{year + 1}-06-30",
                "roster_basis": "confirmed",
            },
        )

    def expect_take_up(
        self, slug: str, about: str, firm: Firm, policy: Row | None, days_late: int = 0
    ) -> None:
        """What `take_up` says of a listed enterprise."""
        taken = "taken_up_late" if days_late else "taken_up"
        self.case(
            slug,
            about,
            "enterprises",
            {"uscc": firm.uscc},
            table="take_up",
            key={"policy_year": str(POLICY_YEAR), "uscc": firm.uscc},
            values={
                "status": taken if policy else "not_taken_up",
                "policy_no": policy["policy_no"] if policy else None,
                "days_late": str(days_late),
            },
        )

    def expect_claim(
        self,
        slug: str,
        about: str,
        claim: Row,
        expected: str,
        *,
        covered: bool = True,
        findings: str = "",
        year: int = POLICY_YEAR,
    ) -> None:
        """What `claim_audit` says of a claim."""
        paid = Decimal(claim.get("paid_usd") or "0.00")
        self.case(
            slug,
            about,
            "claims",
            {"claim_no": claim["claim_no"]},
            table="claim_audit",
            key={"claim_no": claim["claim_no"]},
            values={
                "covered": "true" if covered else "false",
                "expected_indemnity_usd": expected,
                "paid_usd": f"{paid:.2f}",
                "difference_usd": f"{paid - Decimal(expected):.2f}",
                "findings": findings,
                "policy_year": str(year),
            },
        )


def half_up(value: Fraction) -> Decimal:
    """To the cent, half-up."""
    cents = (2 * value * 100 + 1) // 2
    return Decimal(int(cents)).scaleb(-2)


def money(value: Fraction) -> str:
    """To the cent, half-up, as text."""
    return f"{half_up(value):.2f}"


def total(values: Sequence[Fraction]) -> str:
    """The sum of lines that are each rounded once."""
    return f"{sum((half_up(v) for v in values), Decimal(0)):.2f}"


def rate(currency: str, on: date) -> Fraction:
    """USD for one unit in the month of a day, by the ranking of sources."""
    index = [c.code for c in codes.CURRENCIES].index(currency)
    month = calendar.month(on.year, on.month)
    return Fraction(rates.best_usd_e10(month, index), rates.SCALE)
