"""What is due on claims: golden answers of rules §3, and the running limit against a loop."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.policies.claims import audit_claims
from schemas.policies import CLAIM_AUDIT, POLICY_RECONCILIATION
from tests.unit.policies_examples import TERMS, claim, claims, policies, policy, reconciled

CENT = Decimal("0.01")
MADE: dict[str, pl.LazyFrame] = {}
NOBODY = {"insured_uscc": None, "insured_customs_code": None, "insured_name": None}


def audited(*rows: dict[str, Any], stated: tuple[dict[str, Any], ...] = (), **terms: Any) -> Any:
    """The audit by claim number; by default of one policy without differences."""
    stated = stated or (policy(),)
    frame = audit_claims(
        claims(*rows), policies(*stated), reconciliation(stated), replace(TERMS, **terms)
    ).collect(engine="streaming")
    assert frame.schema == CLAIM_AUDIT.schema
    return {row["claim_no"]: row for row in frame.to_dicts()}


def reconciliation(stated: tuple[dict[str, Any], ...]) -> pl.LazyFrame:
    """Of this year's policies; made once for the same ones."""
    key = repr(stated)
    if key not in MADE:
        rows = reconciled(*(row for row in stated if row["policy_year"] == 2025)).values()
        MADE[key] = pl.LazyFrame(list(rows), schema=POLICY_RECONCILIATION.schema)
    return MADE[key]


def due(row: dict[str, Any]) -> str:
    return str(row["expected_indemnity_usd"])


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        ("200000.00", "150000.00"),  # 0.80 x 200,000.00 = 160,000.00, above the limit
        ("187500.00", "150000.00"),  # 0.80 x 187,500.00 = 150,000.00, the limit itself
        ("187499.99", "149999.99"),  # 0.80 x 187,499.99 = 149,999.992
        ("0.07", "0.06"),  # 0.80 x 0.07 = 0.056
        ("0.03", "0.02"),  # 0.80 x 0.03 = 0.024
        ("0.00", "0.00"),
    ],
)
def test_indemnity(loss: str, expected: str) -> None:
    row = audited(claim(loss_usd=Decimal(loss)))["C1"]
    assert (due(row), row["covered"]) == (expected, True)


def test_half_a_cent_goes_up() -> None:
    """0.85 x 0.10 = 0.085."""
    row = audited(claim(loss_usd=Decimal("0.10")), insured_percentage=Decimal("0.85"))["C1"]
    assert due(row) == "0.09"


def test_a_second_loss_on_that_buyer_finds_the_limit_used_up() -> None:
    rows = audited(claim("C1"), claim("C2", paid_usd=None))
    assert [due(row) for row in rows.values()] == ["150000.00", "0.00"]


def test_the_order_is_that_of_decision_then_of_the_number() -> None:
    """80,000.00 of C3, then 150,000.00 - 80,000.00 = 70,000.00 of C2, then nothing for C1."""
    loss = {"loss_usd": Decimal("100000.00")}
    rows = audited(
        claim("C1", decided_on=date(2026, 2, 3), **loss),
        claim("C2", **loss, decided_on=date(2026, 2, 2)),
        claim("C3", **loss, decided_on=date(2026, 2, 1)),
    )
    assert {no: due(row) for no, row in rows.items()} == {
        "C1": "0.00",
        "C2": "70000.00",
        "C3": "80000.00",
    }


def test_the_limit_is_the_insureds_over_all_its_policies() -> None:
    stated = (policy("P1"), policy("P2"))
    rows = audited(claim("C1"), claim("C2", policy_no="P2"), stated=stated)
    assert [due(row) for row in rows.values()] == ["150000.00", "0.00"]


def test_unidentified_policies_have_limits_of_their_own() -> None:
    stated = (policy("P1", **NOBODY), policy("P2", **NOBODY))
    rows = audited(claim("C1"), claim("C2", policy_no="P2"), stated=stated)
    assert [due(row) for row in rows.values()] == ["150000.00", "150000.00"]
    assert rows["C1"]["uscc"] is None


def test_another_buyer_has_another_limit() -> None:
    rows = audited(claim("C1"), claim("C2", buyer_id="USA000002"))
    assert [due(row) for row in rows.values()] == ["150000.00", "150000.00"]


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "declined", "paid_usd": None},
        {"status": "filed", "decided_on": None, "paid_usd": None},
        {"status": "accepted", "decided_on": None, "paid_usd": None},
        {"shipped_on": date(2026, 7, 1)},
    ],
)
def test_what_uses_up_nothing(changes: dict[str, Any]) -> None:
    first = claim("C0", **changes) | {"decided_on": changes.get("decided_on", date(2026, 1, 1))}
    assert due(audited(first, claim("C1"))["C1"]) == "150000.00"


def test_undecided_claims_come_last() -> None:
    """150,000.00 - 0.80 x 100,000.00 = 70,000.00 is what is left for the undecided one."""
    undecided = claim("C0", status="reported", decided_on=None, paid_usd=None)
    rows = audited(undecided, claim("C1", loss_usd=Decimal("100000.00")))
    assert due(rows["C0"]) == "70000.00"


@pytest.mark.parametrize(
    ("shipped_on", "covered"),
    [
        (date(2025, 6, 30), False),
        (date(2025, 7, 1), True),
        (date(2026, 6, 30), True),
        (date(2026, 7, 1), False),
    ],
)
def test_both_ends_of_the_cover_are_in(shipped_on: date, *, covered: bool) -> None:
    row = audited(claim(shipped_on=shipped_on))["C1"]
    assert row["covered"] is covered
    assert due(row) == ("150000.00" if covered else "0.00")
    assert row["findings"] == ([] if covered else ["paid_outside_cover"])


def test_the_expected_cover_counts_and_not_the_stated_one() -> None:
    """Taken up 1 July, issued 8 July: a shipment of 5 July is outside, whatever the policy says."""
    late = policy(taken_up_on=date(2025, 7, 1), issued_on=date(2025, 7, 8))
    row = audited(claim(shipped_on=date(2025, 7, 5)), stated=(late,))["C1"]
    assert (row["covered"], row["findings"]) == (False, ["paid_outside_cover"])
    assert row["difference_usd"] == Decimal("150000.00")


@pytest.mark.parametrize(
    ("changes", "findings"),
    [
        ({"paid_usd": Decimal("150000.01")}, ["overpaid"]),
        ({"paid_usd": Decimal("149999.99")}, ["underpaid"]),
        ({"status": "accepted", "paid_usd": None}, []),
        ({"status": "declined", "paid_usd": None}, ["declined_but_covered"]),
        ({"status": "declined", "paid_usd": None, "loss_usd": Decimal(0)}, []),
        ({"buyer_country": "PRK"}, ["excluded_country"]),
        ({"buyer_country": "PRK", "shipped_on": date(2026, 7, 1)},
         ["excluded_country", "paid_outside_cover"]),
    ],
)  # fmt: skip
def test_findings(changes: dict[str, Any], findings: list[str]) -> None:
    row = audited(claim(**changes), excluded_countries=("PRK",))["C1"]
    assert row["findings"] == findings
    assert row["difference_usd"] == row["paid_usd"] - row["expected_indemnity_usd"]


@pytest.mark.parametrize(
    ("shipped_on", "findings"),
    [(date(2025, 8, 31), []), (date(2025, 9, 1), ["after_cancellation"])],
)
def test_cover_ends_the_day_before_a_cancellation(shipped_on: date, findings: list[str]) -> None:
    stated = (policy(status="cancelled", cancelled_on=date(2025, 9, 1)),)
    row = audited(claim(shipped_on=shipped_on), stated=stated)["C1"]
    assert (row["findings"], row["covered"]) == (findings, not findings)


def test_a_claim_without_a_policy_belongs_to_the_year_it_was_shipped_in() -> None:
    stated = (policy(), policy("P9", policy_year=2024))
    rows = audited(
        claim("C1", policy_no="lost"),
        claim("C2", policy_no="lost", shipped_on=date(2025, 6, 30)),
        claim("C3", policy_no="P9"),
        stated=stated,
    )
    assert list(rows) == ["C1"]
    row = rows["C1"]
    assert (row["findings"], row["uscc"], row["policy_year"]) == (["no_policy"], None, 2025)
    assert (row["covered"], due(row), row["difference_usd"]) == (False, "0.00", Decimal(150000))


def test_a_finer_percentage_is_refused() -> None:
    with pytest.raises(ValueError, match="finer"):
        audited(claim(), insured_percentage=Decimal("0.80001"))


def test_no_claims_give_an_empty_table() -> None:
    assert audited() == {}


THREE = (policy("P1"), policy("P2"), policy("P3", **NOBODY))
claim_rows: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        status=st.sampled_from(["accepted", "paid", "declined", "filed"]),
        decided_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 5)),
        loss_usd=st.integers(0, 25_000_000).map(lambda cents: cents * CENT),
        buyer_id=st.sampled_from(["B1", "B2"]),
        policy_no=st.sampled_from(["P1", "P2", "P3"]),
        shipped_on=st.sampled_from([date(2025, 7, 1), date(2025, 6, 30)]),
    ),
    max_size=12,
)
share_of_loss = st.integers(1, 10_000).map(lambda parts: Decimal(parts) / 10_000)
limit_of_buyer = st.integers(0, 30_000_000).map(lambda cents: cents * CENT)


def by_hand(rows: list[dict[str, Any]], share: Decimal, limit: Decimal) -> dict[str, Decimal]:
    """The recurrence as the contract words it, one claim after the other."""
    already: dict[tuple[str, str], Decimal] = {}
    expected = {}
    for row in sorted(rows, key=lambda r: (r["decided_on"] or date.max, r["claim_no"])):
        holder = ("P3" if row["policy_no"] == "P3" else "A", row["buyer_id"])
        left = max(limit - already.get(holder, Decimal(0)), Decimal(0))
        indemnity = min(share * row["loss_usd"], left).quantize(CENT, ROUND_HALF_UP)
        indemnity = indemnity if row["shipped_on"] >= TERMS.cover_from else Decimal(0)
        expected[row["claim_no"]] = indemnity
        if row["status"] in ("accepted", "paid") and row["decided_on"]:
            already[holder] = already.get(holder, Decimal(0)) + indemnity
    return expected


@given(claim_rows, share_of_loss, limit_of_buyer, st.randoms())
@settings(deadline=None)
def test_the_running_sum_is_the_recurrence(
    drawn: list[dict[str, Any]], share: Decimal, limit: Decimal, order: Any
) -> None:
    rows = [claim(f"C{number:02d}", **row) for number, row in enumerate(drawn)]
    expected = by_hand(rows, share, limit)
    order.shuffle(rows)
    found = audited(*rows, stated=THREE, insured_percentage=share, buyer_limit_usd=limit)
    assert {no: row["expected_indemnity_usd"] for no, row in found.items()} == expected
