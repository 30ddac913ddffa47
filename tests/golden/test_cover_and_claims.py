"""Cover, status and indemnity (rules §3), with both notices' cases and their arithmetic."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from assets.policies.claims import audit_claims
from assets.policies.reconcile import reconcile
from schemas.terms.loader import PolicyTerms, load_terms
from tests.unit.policies_examples import (
    ACCEPTED_SCHEMA,
    TODAY,
    USCC_SCHEMA,
    B,
    claim,
    claims,
    enterprise,
    line,
    policies,
    policy,
    reconciled,
    registry,
    rosters,
)

D = Decimal


@pytest.mark.parametrize(
    ("taken_up_on", "issued_on", "cover_from"),
    [
        (date(2025, 6, 30), date(2025, 7, 5), date(2025, 7, 1)),  # that day is in time
        (date(2025, 7, 1), date(2025, 7, 8), date(2025, 7, 8)),  # the day after is late
        (date(2025, 6, 1), date(2025, 6, 3), date(2025, 7, 1)),
        (date(2025, 12, 31), date(2026, 1, 2), date(2026, 1, 2)),
    ],
)
def test_cover_starts(taken_up_on: date, issued_on: date, cover_from: date) -> None:
    """taken_up_on is the trigger, issued_on the start; the end is the same for all."""
    dates: dict[str, Any] = {"taken_up_on": taken_up_on, "issued_on": issued_on, "cover_from": cover_from}
    row = reconciled(policy(**dates))["P1"]
    assert (row["expected_cover_from"], row["expected_cover_to"]) == (cover_from, date(2026, 6, 30))
    assert row["status"] == "matched"
    assert load_terms(2025).cover_starts(taken_up_on, issued_on) == cover_from


def test_usually_within_a_week_is_never_a_discrepancy() -> None:
    days = {n: reconciled(policy(issued_on=date(2025, 6, 30 - n), taken_up_on=date(2025, 6, 15)))
            for n in (8, 7)}  # fmt: skip
    assert days[8]["P1"]["observations"] == []  # 22 June, 7 days after
    assert days[7]["P1"]["observations"] == ["issued_over_7_days_after_take_up"]  # 23 June, 8 days
    assert {each["P1"]["status"] for each in days.values()} == {"matched"}


def test_a_status_is_the_first_that_applies() -> None:
    """Each policy also has what the statuses below its own are for."""
    wrong = {"buyer_limit_usd": D("1.00")}
    nobody = {"insured_uscc": None, "insured_customs_code": None, "insured_name": "无此企业"}
    unlisted = {"insured_uscc": B, "insured_customs_code": "4403160002"}
    found = reconciled(
        policy("P1"),
        policy("P2", status="cancelled", cancelled_on=date(2025, 8, 1), **nobody, **wrong),
        policy("P3", **nobody, **wrong),
        policy("P4", **unlisted, **wrong),
        policy("P5", issued_on=date(2025, 7, 6), **wrong),
        registered=(enterprise(), enterprise(B, customs_code="4403160002", name="乙")),
    )
    assert {number: row["status"] for number, row in found.items()} == {
        "P1": "matched", "P2": "cancelled", "P3": "unidentified", "P4": "not_on_roster",
        "P5": "duplicate",
    }  # fmt: skip
    assert all("buyer_limit" in row["discrepancies"] for no, row in found.items() if no != "P1")


def test_a_cancelled_policy_is_nobodys_original() -> None:
    gone = policy("P0", issued_on=date(2025, 7, 1), status="cancelled", cancelled_on=date(2025, 8, 1))
    found = reconciled(gone, policy("P1"))
    assert (found["P0"]["status"], found["P1"]["status"]) == ("cancelled", "matched")


# ── the notices' cases ────────────────────────────────────────────────────────────────────────
def audited(terms: PolicyTerms, *stated: dict[str, Any], **loss: Any) -> dict[str, Any]:
    """The audit of one claim under the terms of any year, its enterprise listed there."""
    year = terms.policy_year
    confirmed: dict[str, Any] = {"published_on": date(year, 5, 6), "confirmed_on": date(year, 5, 15)}
    known, none = pl.LazyFrame(schema=USCC_SCHEMA), pl.LazyFrame(schema=ACCEPTED_SCHEMA)
    rows = reconcile(
        policies(*stated), registry(enterprise()), rosters(line(policy_year=year, **confirmed)),
        known, none, terms, TODAY,
    )  # fmt: skip
    (row,) = audit_claims(claims(claim(**loss)), policies(*stated), rows, terms).collect().to_dicts()
    return dict(row)


def of_year(year: int, **changes: Any) -> dict[str, Any]:
    """A policy of a year, taken up in time."""
    dates: dict[str, Any] = {
        "policy_year": year, "taken_up_on": date(year, 6, 1), "issued_on": date(year, 6, 5),
        "cover_from": date(year, 7, 1), "cover_to": date(year + 1, 6, 30),
    }  # fmt: skip
    return policy(**(dates | changes))


def test_case_1_of_the_2025_notice() -> None:
    """One shipment of November 2024, invoice and loss 200,000.00; the buyer became insolvent.

    0.80 x 200,000.00 = 160,000.00, above the limit of 150,000.00, nothing used up before: 150,000.00.
    Shipped in November 2024, so it is of policy year 2024, whose terms are a registered sample.
    """
    row = audited(
        load_terms(2024), of_year(2024),
        buyer_country="ARE", cause="insolvency", shipped_on=date(2024, 11, 15),
        invoice_usd=D("200000.00"), loss_usd=D("200000.00"), filed_on=date(2025, 1, 5),
        paid_usd=D("150000.00"),
    )  # fmt: skip
    assert D("0.80") * D("200000.00") == D("160000.00") > D("150000.00")
    assert (row["covered"], str(row["expected_indemnity_usd"])) == (True, "150000.00")
    assert (str(row["difference_usd"]), row["findings"]) == ("0.00", [])
    assert load_terms(2024).sample


CASE_1_OF_2022 = {
    "buyer_country": "ITA", "cause": "insolvency", "loss_usd": D("200000.00"),
    "paid_usd": D("150000.00"), "shipped_on": date(2022, 7, 20),
}  # fmt: skip


def test_the_arithmetic_of_case_1_of_the_2022_notice() -> None:
    """Goods of July and August unpaid, more than 200,000 US dollars lost, 150,000.00 paid.

    0.80 x 200,000.00 = 160,000.00 > 150,000.00, and any greater loss gives the limit as well.
    The case is of policy year 2021, for which there is no notice: it is told here a year later.
    """
    for loss in ("200000.00", "299999.99"):
        row = audited(load_terms(2022), of_year(2022), **CASE_1_OF_2022 | {"loss_usd": D(loss)})
        assert str(row["expected_indemnity_usd"]) == "150000.00"
        assert row["findings"] == []


def test_case_1_of_the_2022_notice_was_paid_against_the_late_rule() -> None:
    """Its policy was taken up in October, after the goods of July and August were shipped.

    Cover would run from the day of issue, so 0.00 is due, and the whole payment is a finding.
    """
    october = {"taken_up_on": date(2022, 10, 14), "issued_on": date(2022, 10, 20)}
    late = of_year(2022, **october, cover_from=date(2022, 10, 20))
    row = audited(load_terms(2022), late, **CASE_1_OF_2022)
    assert (row["covered"], str(row["expected_indemnity_usd"])) == (False, "0.00")
    assert (str(row["difference_usd"]), row["findings"]) == ("150000.00", ["paid_outside_cover"])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("187500.00", "150000.00"),  # 0.80 x 187,500.00 = 150,000.00: the limit itself
        ("187499.99", "149999.99"),  # 0.80 x 187,499.99 = 149,999.992
        ("187500.01", "150000.00"),  # 0.80 x 187,500.01 = 150,000.008
        ("0.01", "0.01"),  # 0.80 x 0.01 = 0.008
        ("0.00", "0.00"),
    ],
)
@pytest.mark.parametrize("year", [2022, 2025])
def test_indemnity(year: int, loss: str, expected: str) -> None:
    shipped = {"shipped_on": date(year, 9, 1), "paid_usd": None, "status": "filed"}
    row = audited(load_terms(year), of_year(year), loss_usd=D(loss), **shipped)
    assert str(row["expected_indemnity_usd"]) == expected
    assert row["difference_usd"] == -D(expected)


def test_a_second_loss_on_that_buyer_finds_nothing_left() -> None:
    """150,000.00 - 150,000.00 = 0.00; another buyer has a limit of its own."""
    stated = (policy(),)
    rows = pl.LazyFrame(list(reconciled(*stated).values()))
    found = audit_claims(
        claims(claim("C1"), claim("C2"), claim("C3", buyer_id="USA000002")),
        policies(*stated), rows, load_terms(2025),
    ).collect()  # fmt: skip
    due = [str(amount) for amount in found["expected_indemnity_usd"]]
    assert due == ["150000.00", "0.00", "150000.00"]
    assert found["findings"].to_list() == [[], ["overpaid"], []]
