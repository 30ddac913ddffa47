"""Small frames for the golden answers: a good declaration line, and what an example changes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl

from assets.customs.exports import annual_exports, cube, line_counts, monthly_exports
from assets.customs.value import RATE_SCALE, value_lines
from assets.eligibility.decide import Override, decide
from assets.eligibility.registry import registry_facts
from schemas.customs import DECLARATIONS
from schemas.eligibility import ENTERPRISES
from schemas.terms.loader import PolicyTerms, load_terms
from tests.unit.policies_examples import A, enterprise

TERMS = load_terms(2025)
ROSTER_DATE = date(2025, 5, 15)


def number(sequence: int) -> int:
    """The n-th declaration of 2024 at customs office 5316."""
    return 5316_2024_0_000000000 + sequence


def line(**changes: Any) -> dict[str, Any]:
    """A line of one dollar, free on board, closed in May 2024."""
    row: dict[str, Any] = {
        "declaration_no": number(1), "line_no": 1, "revision": 0, "status": "closed",
        "consignor_uscc": A, "consignor_customs_code": "4403160001", "consignor_name": "甲",
        "trading_country": "USA", "arrival_country": "USA", "destination_country": "USA",
        "trade_mode": "0110", "hs_code": "8517130000", "delivery_terms": "3", "currency": "USD",
        "amount": Decimal("1.00"), "declared_on": date(2024, 5, 1), "closed_on": date(2024, 5, 3),
        "updated_at": datetime(2024, 5, 4, tzinfo=UTC), "reasons": [],
    }  # fmt: skip
    return row | changes


def freight(total: str, currency: str = "USD") -> dict[str, Any]:
    """A total freight of the whole declaration, which C&F includes."""
    stated = {"freight_mark": "3", "freight": Decimal(total), "freight_currency": currency}
    return {"delivery_terms": "2", **stated}


def ledger_of_lines(*rows: dict[str, Any]) -> pl.DataFrame:
    """A month's ledger of these rows, in its order."""
    order = ["declaration_no", "line_no", "revision", "updated_at"]
    return pl.DataFrame(rows, schema=DECLARATIONS.ledger.schema).sort(order)


def valued(*rows: dict[str, Any], **rates: str) -> pl.DataFrame:
    """What became of ledger rows; `rates` in dollars a unit."""
    ledger = ledger_of_lines(*rows)
    whole = {code: int(Decimal(rate) * RATE_SCALE) for code, rate in rates.items()}
    return value_lines(ledger.lazy(), {"USD": RATE_SCALE, **whole}).collect()


def worth(*rows: dict[str, Any], **rates: str) -> list[str]:
    """Each row's FOB in dollars; where it has none, its reasons, or its state."""
    return [
        f"{Decimal(cents).scaleb(-2):.2f}" if cents is not None else ",".join(reasons) or state
        for cents, reasons, state in valued(*rows, **rates)
        .select("fob_cents", "reasons", "state")
        .iter_rows()
    ]


def decisions(
    lines: Sequence[dict[str, Any]],
    registered: Sequence[dict[str, Any]] = (),
    overrides: Sequence[Override] = (),
    on: date = ROSTER_DATE,
    terms: PolicyTerms = TERMS,
) -> dict[str, dict[str, Any]]:
    """The decision on each enterprise, from ledger rows to the table, through every transform."""
    whole = valued(*lines).lazy()
    counts = line_counts(whole)
    months = monthly_exports(cube(whole), str(terms.export_year))
    annual = annual_exports(months, counts, str(terms.export_year))
    registry = pl.LazyFrame(registered or [enterprise()], schema=ENTERPRISES.schema)
    frame = decide(annual, counts, registry_facts(registry, on), overrides, terms)
    return {row["uscc"]: row for row in frame.collect().to_dicts()}
