"""Small frames for the tests of the policies stage: a valid row, and what a test changes of it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
from stdnum.cn import uscc as standard

from assets.policies.reconcile import reconcile
from schemas.eligibility import ENTERPRISES, ROSTER
from schemas.policies import CLAIMS, POLICIES
from schemas.terms.loader import load_terms

TERMS = load_terms(2025)
TODAY = date(2026, 11, 1)
EDITION_SCHEMA = pl.Schema([*ROSTER.schema.items(), ("published_on", pl.Date()), ("confirmed_on", pl.Date())])
USCC_SCHEMA = {"uscc": pl.String}
ACCEPTED_SCHEMA = {"policy_no": pl.String, "uscc": pl.String}


def uscc(number: int) -> str:
    """The credit code of the n-th enterprise, with a right check digit."""
    body = f"91440300MA5{number:06d}"
    return body + standard.calc_check_digit(body)


A, B, C = uscc(1), uscc(2), uscc(3)


def policy(policy_no: str = "P1", **changes: Any) -> dict[str, Any]:
    """A policy without any difference, taken up on the last day."""
    row = {
        "policy_no": policy_no,
        "policy_year": 2025,
        "insured_uscc": A,
        "insured_customs_code": "4403160001",
        "insured_name": "深圳市甲电子有限公司",
        "district": "福田区",
        "channel": "online",
        "taken_up_on": date(2025, 6, 30),
        "issued_on": date(2025, 7, 5),
        "cover_from": date(2025, 7, 1),
        "cover_to": date(2026, 6, 30),
        "insured_percentage": Decimal("0.80"),
        "buyer_limit_usd": Decimal("150000.00"),
        "status": "active",
        "cancelled_on": None,
        "updated_at": datetime(2025, 7, 6, tzinfo=UTC),
    }
    return row | changes


def enterprise(credit_code: str = A, **changes: Any) -> dict[str, Any]:
    """A registry row, known since 2020."""
    row = {
        "uscc": credit_code,
        "customs_code": "4403160001",
        "name": "深圳市甲电子有限公司",
        "city": "440304",
        "district": "福田区",
        "registered_on": date(2020, 1, 2),
        "deregistered_on": None,
        "updated_at": datetime(2020, 1, 3, tzinfo=UTC),
    }
    return row | changes


def line(credit_code: str = A, edition: int = 1, **changes: Any) -> dict[str, Any]:
    """A line of a confirmed edition."""
    row = {
        "policy_year": 2025,
        "edition": edition,
        "uscc": credit_code,
        "serial": 1,
        "name": "深圳市甲电子有限公司",
        "district": "福田区",
        "published_on": date(2025, 5, 6),
        "confirmed_on": date(2025, 5, 15),
    }
    return row | changes


def claim(claim_no: str = "C1", **changes: Any) -> dict[str, Any]:
    """A paid claim on the first policy."""
    row = {
        "claim_no": claim_no,
        "policy_no": "P1",
        "buyer_id": "USA000001",
        "buyer_name": "Buyer",
        "buyer_country": "USA",
        "cause": "protracted_default",
        "shipped_on": date(2025, 9, 1),
        "invoice_usd": Decimal("200000.00"),
        "loss_usd": Decimal("200000.00"),
        "reported_on": date(2025, 12, 1),
        "filed_on": date(2026, 1, 5),
        "decided_on": date(2026, 2, 2),
        "paid_usd": Decimal("150000.00"),
        "paid_on": date(2026, 2, 9),
        "recovered_usd": None,
        "status": "paid",
        "updated_at": datetime(2026, 2, 10, tzinfo=UTC),
    }
    return row | changes


def policies(*rows: dict[str, Any]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=POLICIES.schema)


def registry(*rows: dict[str, Any]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=ENTERPRISES.schema)


def rosters(*rows: dict[str, Any]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=EDITION_SCHEMA)


def claims(*rows: dict[str, Any]) -> pl.LazyFrame:
    return pl.LazyFrame(rows, schema=CLAIMS.schema)


def reconciled(
    *stated: dict[str, Any],
    registered: tuple[dict[str, Any], ...] = (),
    listed: tuple[dict[str, Any], ...] = (),
    known: tuple[str, ...] = (),
    accepted: tuple[tuple[str, str], ...] = (),
    today: date = TODAY,
) -> dict[str, dict[str, Any]]:
    """The reconciliation by policy number; by default one enterprise, registered and listed."""
    frame = reconcile(
        policies(*stated),
        registry(*(registered or (enterprise(),))),
        rosters(*(listed or (line(),))),
        pl.LazyFrame({"uscc": known}, schema=USCC_SCHEMA),
        pl.LazyFrame(list(accepted), schema=ACCEPTED_SCHEMA, orient="row"),
        TERMS,
        today,
    ).collect(engine="streaming")
    return {row["policy_no"]: row for row in frame.to_dicts()}
