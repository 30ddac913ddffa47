"""The bench on which edge cases are planted: enterprises, declarations, policies and claims.

Every enterprise made here has an identity that no ordinary one has. What must be found for it is
written down with the methods of `expectations`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from pipelines.sample_city import calendar, codes
from pipelines.sample_city.expectations import POLICY_YEAR, Expectations, Firm, Text
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plan import make_customs_code, make_uscc
from pipelines.sample_city.rosters import Listed

SPRING: Final = date(2024, 3, 4)


@dataclass
class Plants(Expectations):
    """Everything planted so far."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    customs: list[tuple[int, Row]] = field(default_factory=list)
    workbook: list[Row] = field(default_factory=list)
    """Declaration rows of a spreadsheet whose commodity codes are numbers."""
    listed: dict[tuple[int, int], list[Listed]] = field(default_factory=dict)
    firms: int = 0
    sequence: int = 0
    numbers: dict[str, int] = field(default_factory=dict)

    def customs_files(self) -> dict[int, list[Row]]:
        """Declaration rows by the month of the file that carries them."""
        files: dict[int, list[Row]] = {}
        for month, row in self.customs:
            files.setdefault(month, []).append(row)
        return files

    def add(self, source: str, row: Row) -> Row:
        """One row of a source other than customs."""
        self.rows.setdefault(source, []).append(row)
        return row

    def number(self, kind: str) -> int:
        """A running number of a kind."""
        self.numbers[kind] = self.numbers.get(kind, 0) + 1
        return self.numbers[kind]

    def firm(self, *, registered: bool = True, uscc: str | None = None, **registry: Text) -> Firm:
        """A new enterprise; `registry` replaces fields of its registry row."""
        self.firms += 1
        district = codes.DISTRICTS[self.firms % len(codes.DISTRICTS)]
        words = _word(codes.FIRST_WORDS, self.firms) + _word(codes.SECOND_WORDS, self.firms)
        made = Firm(
            uscc=uscc or make_uscc(self.firms, "TP"),
            customs_code=registry.get("customs_code") or make_customs_code(self.firms, zone="66"),
            name=registry.get("name") or f"深圳市样例{words}{self.firms:03d}号有限公司",
            district=registry.get("district") or district.name,
        )
        if registered:
            self.register(made, **({"city": district.city} | registry))
        return made

    def register(self, firm: Firm, **changes: Text) -> Row:
        """A registry row of an enterprise."""
        row: Row = {
            "uscc": firm.uscc,
            "customs_code": firm.customs_code,
            "name": firm.name,
            "city": "440300",
            "district": firm.district,
            "registered_on": "2019-05-06",
            "deregistered_on": None,
            "updated_at": "2020-06-01T12:00:00Z",
        }
        return self.add("enterprises", row | changes)

    def declaration_no(self, year: int, flag: str = "0") -> str:
        """A new number of the office that only plants use."""
        self.sequence += 1
        return f"{codes.PLANT_OFFICE}{year:04d}{flag}{self.sequence:09d}"

    def declare(
        self,
        firm: Firm,
        amount: str | None,
        changes: Row | None = None,
        *,
        on: date = SPRING,
        lag: int = 5,
        arrives: int | None = None,
        in_workbook: bool = False,
        **more: Text,
    ) -> Row:
        """A closed declaration line, FOB in USD with customs' own value unless changed."""
        changed = (changes or {}) | more
        released, closed = on + timedelta(days=1), on + timedelta(days=lag)
        row: Row = {
            "declaration_no": changed.get("declaration_no") or self.declaration_no(on.year),
            "line_no": "1",
            "revision": "0",
            "status": "closed",
            "consignor_uscc": firm.uscc,
            "consignor_customs_code": firm.customs_code,
            "consignor_name": firm.name,
            "trading_country": "USA",
            "arrival_country": "USA",
            "destination_country": "USA",
            "trade_mode": "0110",
            "hs_code": "8517130000",
            "delivery_terms": "3",
            "currency": "USD",
            "amount": amount,
            "stat_value_usd": amount,
            "declared_on": on.isoformat(),
            "exported_on": on.isoformat(),
            "released_on": released.isoformat(),
            "closed_on": closed.isoformat(),
            "updated_at": calendar.stamp(closed),
        }
        if in_workbook:
            self.workbook.append(row | changed)
            return self.workbook[-1]
        return self.deliver(row | changed, arrives)

    def revise(self, row: Row, on: date, **changes: Text) -> Row:
        """A later version of a line, which reached the source on a day."""
        return self.deliver(row | {"updated_at": calendar.stamp(on)} | changes)

    def deliver(self, row: Row, arrives: int | None = None) -> Row:
        """Put a row into the file of its arrival month, or of another one."""
        month = calendar.arrival_month(row["updated_at"] or "") if arrives is None else arrives
        self.customs.append((month, row))
        return row

    def insured(self, amount: str = "10000.00", changes: Row | None = None, **more: Text) -> tuple[Firm, Row]:
        """A new enterprise with one export of 2024, and its policy."""
        firm = self.firm()
        self.declare(firm, amount)
        return firm, self.policy(firm, changes, **more)

    def policy(self, firm: Firm, changes: Row | None = None, **more: Text) -> Row:
        """A policy as the terms want it, unless changed."""
        row: Row = {
            "policy_no": f"SCPLANT{self.number('policy'):06d}",
            "policy_year": str(POLICY_YEAR),
            "insured_uscc": firm.uscc,
            "insured_customs_code": firm.customs_code,
            "insured_name": firm.name,
            "district": firm.district,
            "channel": "online",
            "taken_up_on": "2025-06-10",
            "issued_on": "2025-06-12",
            "cover_from": "2025-07-01",
            "cover_to": "2026-06-30",
            "insured_percentage": "0.80",
            "buyer_limit_usd": "150000.00",
            "status": "active",
            "cancelled_on": None,
        }
        row |= (changes or {}) | more
        issued = date.fromisoformat(row["issued_on"] or "")
        return self.add("policies", row | {"updated_at": calendar.stamp(issued)})

    def claim(self, policy: Row, loss: str, changes: Row | None = None, **more: Text) -> Row:
        """A paid claim on a buyer of its own in the USA, shipped within the cover of 2025."""
        claim = self.unshipped_claim(policy, loss, changes, **more)
        if policy.get("insured_uscc"):
            self.ship(policy, claim)
        return claim

    def ship(self, policy: Row, claim: Row) -> None:
        """Declare an export of the insured to the buyer's country on the day of shipment."""
        firm = Firm(
            policy["insured_uscc"] or "",
            policy["insured_customs_code"] or "",
            policy["insured_name"] or "",
            policy["district"] or "",
        )
        on, country = date.fromisoformat(claim["shipped_on"] or ""), claim["buyer_country"]
        to = {"trading_country": country, "arrival_country": country, "destination_country": country}
        self.declare(firm, "10.00", to, on=on)

    def unshipped_claim(self, policy: Row, loss: str, changes: Row | None = None, **more: Text) -> Row:
        """A claim without a declaration that would bear it out."""
        serial = self.number("claim")
        row: Row = {
            "claim_no": f"CPLANT{serial:05d}",
            "policy_no": policy["policy_no"],
            "buyer_id": f"USA9{serial:05d}",
            "buyer_name": f"SAMPLE BUYER P{serial:03d} INC",
            "buyer_country": "USA",
            "cause": "insolvency",
            "shipped_on": "2025-07-20",
            "invoice_usd": loss,
            "loss_usd": loss,
            "reported_on": "2025-09-25",
            "filed_on": "2025-10-08",
            "decided_on": "2025-11-10",
            "paid_on": "2025-11-20",
            "recovered_usd": None,
            "status": "paid",
            "updated_at": "2025-11-21T02:00:00Z",
        }
        return self.add("claims", row | (changes or {}) | more)


def _word(words: Sequence[str], serial: int) -> str:
    return words[serial % len(words)]
