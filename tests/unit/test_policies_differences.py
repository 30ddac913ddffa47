"""What was expected and what was found, of every code; exposures left; reports beyond the grant."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from assets.policies.claims import buyer_exposure, claim_differences, judge_claims
from assets.policies.conserve import claims_balances, exposure_balances
from assets.policies.differences import policy_differences
from assets.policies.reconcile import judge, shown
from assets.policies.services import credit_report_audit
from schemas.eligibility import ROSTER_CHANGES
from schemas.policies import POLICY_DIFFERENCES, SERVICE_USAGE
from tests.unit.policies_examples import (
    ACCEPTED_SCHEMA,
    TERMS,
    TODAY,
    USCC_SCHEMA,
    A,
    B,
    claim,
    claims,
    enterprise,
    line,
    policies,
    policy,
    registry,
    rosters,
)

SECOND: dict[str, Any] = {"edition": 2, "published_on": date(2025, 7, 10), "confirmed_on": date(2025, 7, 20)}
REMOVED = {"policy_year": 2025, "from_edition": 1, "to_edition": 2, "uscc": A, "change": "removed",
           "serial": None, "name": None, "district": None, "reason": "YY-7"}  # fmt: skip
Sides = tuple[str | None, str | None]


def judged(*stated: dict[str, Any], listed: tuple[dict[str, Any], ...] = (line(),)) -> pl.LazyFrame:
    return judge(
        policies(*stated), registry(enterprise()), rosters(*listed), pl.LazyFrame(schema=USCC_SCHEMA),
        pl.LazyFrame(schema=ACCEPTED_SCHEMA), TERMS, TODAY,
    ).collect().lazy()  # fmt: skip


def differences(*stated: dict[str, Any], **roster: Any) -> dict[tuple[str, str], Sides]:
    """(policy, code) → expected, found."""
    decisions = pl.LazyFrame({"uscc": [B], "decision": ["over_threshold"]})
    changes = pl.LazyFrame([REMOVED], schema=ROSTER_CHANGES.schema)
    frame = policy_differences(judged(*stated, **roster), decisions, changes, TERMS).collect()
    assert frame.schema == POLICY_DIFFERENCES.schema
    return {(r["policy_no"], r["code"]): (r["expected"], r["found"]) for r in frame.iter_rows(named=True)}


@pytest.mark.parametrize(
    ("changes", "code", "sides"),
    [
        ({"cover_from": date(2025, 7, 5)}, "cover_from", ("2025-07-01", "2025-07-05")),
        ({"cover_to": date(2026, 7, 1)}, "cover_to", ("2026-06-30", "2026-07-01")),
        ({"insured_percentage": Decimal("0.9")}, "insured_percentage", ("0.80", "0.90")),
        ({"buyer_limit_usd": Decimal("1")}, "buyer_limit", ("150000.00", "1.00")),
        ({"cover_from": date(2025, 6, 30)}, "policy_year", ("2025", "2024")),
        ({"issued_on": date(2025, 5, 14)}, "issued_before_confirmation", ("2025-05-15", "2025-05-14")),
        ({"issued_on": date(2025, 7, 8)}, "issued_over_7_days_after_take_up", ("2025-07-07", "2025-07-08")),
        ({"insured_name": "乙公司"}, "name_differs", ("深圳市甲电子有限公司", "乙公司")),
        ({"district": "罗湖"}, "district_differs", ("福田区", "罗湖区")),
        ({"channel": "offline"}, "channel_not_in_notice", ("线上（单一窗口）", "线下（客户经理）")),
        ({"insured_uscc": A[:17] + "0"}, "invalid_check_digit", (A, A[:17] + "0")),
        ({"insured_uscc": B}, "not_on_roster", ("第 1 版", "出口额超过上限")),
    ],
)
def test_a_code_says_what_was_expected_and_found(changes: dict[str, Any], code: str, sides: Sides) -> None:
    assert differences(policy(**changes))["P1", code] == sides


def test_statuses_that_are_a_difference() -> None:
    nobody = {"insured_uscc": None, "insured_customs_code": "4403ZZZZZZ", "insured_name": "某公司"}
    found = differences(policy("P1"), policy("P2"), policy("P3", **nobody))
    assert found == {
        ("P2", "duplicate"): ("P1", "P2"),
        ("P3", "unidentified"): (None, "4403ZZZZZZ · 某公司"),
    }


def test_who_left_the_list_is_told_by_which_edition_and_objection() -> None:
    found = differences(policy(), listed=(line(), line(B, **SECOND)))
    assert found["P1", "removed_from_edition"] == ("第 1 版", "第 2 版：YY-7")


def test_a_shared_code_is_named() -> None:
    twins = registry(enterprise(), enterprise(B))
    frame = judge(policies(policy()), twins, rosters(line()), pl.LazyFrame(schema=USCC_SCHEMA),
                  pl.LazyFrame(schema=ACCEPTED_SCHEMA), TERMS, TODAY)  # fmt: skip
    decisions = pl.LazyFrame(schema={"uscc": pl.String, "decision": pl.String})
    (row,) = policy_differences(frame, decisions, ROSTER_CHANGES.empty().lazy(), TERMS).collect().to_dicts()
    assert (row["code"], row["found"], row["kind"]) == ("shared_customs_code", "4403160001", "observation")


# ── claims ────────────────────────────────────────────────────────────────────────────────────
def exports(*rows: tuple[str, str, str]) -> pl.LazyFrame:
    schema = dict.fromkeys(("uscc", "country", "month"), pl.String)
    return pl.LazyFrame(list(rows), schema=schema, orient="row")


def audited(*rows: dict[str, Any], stated: tuple[dict[str, Any], ...] = (), **terms: Any) -> pl.LazyFrame:
    stated = stated or (policy(),)
    known = terms.pop("exports", exports((A, "USA", "2025-09")))
    reconciled = shown(judged(*stated))
    year = replace(TERMS, **terms)
    return judge_claims(claims(*rows), policies(*stated), reconciled, year, known).collect().lazy()


@pytest.mark.parametrize(
    ("changes", "code", "sides"),
    [
        ({"policy_no": "P9"}, "no_policy", (None, "P9")),
        ({"buyer_country": "SDN"}, "excluded_country", ("非 SDN", "SDN")),
        ({"shipped_on": date(2025, 6, 30)}, "paid_outside_cover", ("2025-07-01 … 2026-06-30", "2025-06-30")),
        ({"paid_usd": Decimal("150000.01")}, "overpaid", ("150000.00", "150000.01")),
        ({"paid_usd": Decimal("1.00")}, "underpaid", ("150000.00", "1.00")),
        ({"status": "declined", "paid_usd": None}, "declined_but_covered", ("150000.00", "已拒赔")),
        ({"buyer_country": "FRA"}, "loss_without_matching_export", ("对 FRA 的出口", "无")),
    ],
)
def test_a_finding_says_what_was_expected_and_found(changes: dict[str, Any], code: str, sides: Sides) -> None:
    year = replace(TERMS, excluded_countries=("SDN",))
    frame = claim_differences(audited(claim(**changes), excluded_countries=("SDN",)), year).collect()
    found = {row["code"]: (row["expected"], row["found"]) for row in frame.iter_rows(named=True)}
    assert found[code] == sides


def test_after_cancellation_names_the_day() -> None:
    gone = policy(status="cancelled", cancelled_on=date(2025, 8, 1))
    frame = claim_differences(audited(claim(), stated=(gone,)), TERMS).collect()
    assert frame.row(0, named=True)["expected"] == "2025-08-01 之前"


@pytest.mark.parametrize(
    ("month", "is_flagged"),
    [("2025-07", True), ("2025-08", False), ("2025-09", False), ("2025-10", False), ("2025-11", True)],
)
def test_an_export_a_month_around_the_shipment_bears_a_loss_out(month: str, is_flagged: bool) -> None:
    (row,) = audited(claim(), exports=exports((A, "USA", month))).collect().to_dicts()
    assert ("loss_without_matching_export" in row["findings"]) == is_flagged
    assert row["covered"], "seen, not judged"


def test_nothing_is_said_of_exports_where_nobody_can_know() -> None:
    nobody = policy(insured_uscc=None, insured_customs_code=None, insured_name=None)
    outside = claim(shipped_on=date(2025, 6, 30), paid_usd=None)
    for frame in (
        audited(claim(), stated=(nobody,), exports=exports()),
        audited(outside, exports=exports()),
    ):
        assert frame.collect()["findings"].to_list() == [[]]


def test_what_is_left_of_a_limit_over_all_policies_of_an_insured() -> None:
    """150,000.00 less 80,000.00 (P1, accepted) and 40,000.00 (P2, paid); 8,000.00 undecided."""
    stated = (policy("P1"), policy("P2"))
    rows = (
        claim("C1", loss_usd=Decimal("100000"), status="accepted", paid_usd=None, paid_on=None),
        claim("C2", policy_no="P2", loss_usd=Decimal("50000"), paid_usd=Decimal("40000"),
              decided_on=date(2026, 2, 3)),
        claim("C3", loss_usd=Decimal("10000"), status="filed", paid_usd=None, decided_on=None),
        claim("C4", loss_usd=Decimal("10000"), status="declined", paid_usd=None),
        claim("C5", buyer_id="USA2", loss_usd=Decimal("300000")),
        claim("C6", policy_no="P9", buyer_id="USA3"),
    )  # fmt: skip
    wide = audited(*rows, stated=stated)
    left = buyer_exposure(wide, TERMS).collect()
    columns = ("insured", "buyer_id", "claims", "used_usd", "pending_usd", "left_usd", "paid_usd")
    assert [tuple(map(str, row)) for row in left.select(columns).rows()] == [
        (A, "USA000001", "4", "120000.00", "8000.00", "30000.00", "40000.00"),
        (A, "USA2", "1", "150000.00", "0.00", "0.00", "150000.00"),
    ]
    audit = wide.collect()
    balances = exposure_balances(audit, left) + claims_balances(
        claims(*rows), policies(*stated), audit, TERMS
    )
    assert len(balances) == 5
    assert [balance.name for balance in balances if not balance.holds] == []


def test_a_dollar_without_a_finding_breaks_the_balance() -> None:
    rows = (claim(shipped_on=date(2025, 6, 30)),)
    spoilt = audited(*rows).collect().with_columns(findings=pl.lit([], pl.List(pl.String)))
    broken = [
        b.name for b in claims_balances(claims(*rows), policies(policy()), spoilt, TERMS) if not b.holds
    ]
    assert broken == ["paid in = paid over findings"]


# ── services ──────────────────────────────────────────────────────────────────────────────────
def reports(*uses: tuple[str, int, int]) -> pl.LazyFrame:
    """(uscc, day of August, quantity) as uses of credit reports."""
    rows = [
        {"usage_no": f"U{at}", "uscc": uscc, "policy_year": 2025, "service": "credit_report",
         "used_on": date(2025, 8, day), "quantity": quantity}
        for at, (uscc, day, quantity) in enumerate(uses)
    ]  # fmt: skip
    return pl.LazyFrame(rows, schema=SERVICE_USAGE.schema)


def test_three_reports_are_free_and_the_fourth_is_found() -> None:
    used = reports((A, 1, 2), (A, 9, 1), (B, 3, 1), (B, 2, 2), (B, 5, 2))
    rows = credit_report_audit(used, TERMS).collect().to_dicts()
    assert [(r["uscc"], r["used"], r["beyond"], r["beyond_since"], r["findings"]) for r in rows] == [
        (A, 3, 0, None, []),
        (B, 5, 2, date(2025, 8, 5), ["fourth_credit_report"]),
    ]
