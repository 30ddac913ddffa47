"""Source rows to start a test from, and a drop folder to put them in.

Belongs here: one ordinary row of each source, to be changed by the test. Not here: rules.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.oracle.roster import USCC_LETTERS

Text = dict[str, str]


def make_uscc(number: int, good: bool = True) -> str:
    """The n-th test enterprise; `good` or with a check digit one off."""
    body = f"91440300TE{number:07d}"
    total = sum(USCC_LETTERS.index(letter) * 3**i for i, letter in enumerate(body))
    check = (31 - total % 31 + (0 if good else 1)) % 31
    return body + USCC_LETTERS[check]


def make_customs_code(number: int) -> str:
    """A customs code of the n-th test enterprise."""
    return f"440316T{number:03d}"


def declaration(number: int = 1, line: int = 1, firm: int = 1, **changes: str) -> Text:
    """One FOB line in dollars, declared and closed in March 2024 unless changed."""
    declared_on = changes.get("declared_on", "2024-03-05")
    row = {
        "declaration_no": f"5301{declared_on[:4]}0{number:09d}",
        "line_no": str(line),
        "revision": "0",
        "status": "closed",
        "consignor_uscc": make_uscc(firm),
        "consignor_customs_code": make_customs_code(firm),
        "consignor_name": f"测试{firm}号有限公司",
        "trading_country": "USA",
        "arrival_country": "USA",
        "destination_country": "USA",
        "trade_mode": "0110",
        "hs_code": "8517130000",
        "delivery_terms": "3",
        "currency": "USD",
        "amount": "1000.00",
        "freight_mark": "",
        "freight": "",
        "freight_currency": "",
        "insurance_mark": "",
        "insurance": "",
        "insurance_currency": "",
        "stat_value_usd": "",
        "declared_on": declared_on,
        "exported_on": "",
        "released_on": declared_on,
        "closed_on": declared_on,
        "updated_at": f"{changes.get('closed_on') or declared_on}T12:00:00Z",
    }
    return row | changes


def rate(month: str, currency: str, usd_per_unit: str, **changes: str) -> Text:
    """One exchange rate, published in time."""
    row = {
        "month": month,
        "currency": currency,
        "source": "customs",
        "usd_per_unit": usd_per_unit,
        "published_on": "",
        "updated_at": f"{month}-01T00:00:00Z",
    }
    return row | changes


def enterprise(firm: int = 1, **changes: str) -> Text:
    """One enterprise of Nanshan, long registered."""
    row = {
        "uscc": make_uscc(firm),
        "customs_code": make_customs_code(firm),
        "name": f"测试{firm}号有限公司",
        "city": "440305",
        "district": "南山区",
        "registered_on": "2015-01-05",
        "deregistered_on": "",
        "updated_at": "2020-01-01T00:00:00Z",
    }
    return row | changes


def roster_line(firm: int = 1, **changes: str) -> Text:
    """One line of the 2025 roster, confirmed at the end of May."""
    row = {
        "policy_year": "2025",
        "edition": "1",
        "serial": str(firm),
        "uscc": make_uscc(firm),
        "enterprise_name": f"测试{firm}号有限公司",
        "district": "南山区",
        "published_on": "2025-05-12",
        "confirmed_on": "2025-05-20",
        "updated_at": "2025-05-20T12:00:00Z",
    }
    return row | changes


def policy(firm: int = 1, **changes: str) -> Text:
    """One flawless policy of 2025."""
    row = {
        "policy_no": f"P2025{firm:04d}",
        "policy_year": "2025",
        "insured_uscc": make_uscc(firm),
        "insured_customs_code": make_customs_code(firm),
        "insured_name": f"测试{firm}号有限公司",
        "district": "南山区",
        "channel": "online",
        "taken_up_on": "2025-06-10",
        "issued_on": "2025-06-12",
        "cover_from": "2025-07-01",
        "cover_to": "2026-06-30",
        "insured_percentage": "0.80",
        "buyer_limit_usd": "150000.00",
        "status": "active",
        "cancelled_on": "",
        "updated_at": "2025-09-01T00:00:00Z",
    }
    return row | changes


def claim(number: int = 1, firm: int = 1, **changes: str) -> Text:
    """One claim on that policy, decided and paid nothing yet."""
    row = {
        "claim_no": f"C{number:04d}",
        "policy_no": f"P2025{firm:04d}",
        "buyer_id": "B1",
        "buyer_name": "Buyer One",
        "buyer_country": "ARE",
        "cause": "insolvency",
        "shipped_on": "2025-08-01",
        "invoice_usd": "200000.00",
        "loss_usd": "200000.00",
        "reported_on": "2025-10-01",
        "filed_on": "2025-10-05",
        "decided_on": "2025-11-01",
        "paid_usd": "",
        "paid_on": "",
        "recovered_usd": "",
        "status": "accepted",
        "updated_at": "2025-12-01T00:00:00Z",
    }
    return row | changes


def write_sources(
    folder: Path, sources: Mapping[str, Sequence[Mapping[str, str]]], file: str = "rows.csv"
) -> Path:
    """Write each source's rows as one CSV file in UTF-8 into a drop folder."""
    for source, rows in sources.items():
        place = folder / source
        place.mkdir(parents=True, exist_ok=True)
        if rows:
            with (place / file).open("w", encoding="utf-8", newline="") as out:
                writer = csv.DictWriter(out, fieldnames=list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
    return folder
