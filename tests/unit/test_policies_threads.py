"""One thread over the years: insured again, renamed, moved, merged."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import polars as pl

from assets.policies.threads import policy_threads, successors
from schemas.policies import POLICY_RECONCILIATION, POLICY_THREADS
from tests.unit.policies_examples import A, B, C, enterprise, registry


def insured(policy_year: int, uscc: str = A, **changes: Any) -> dict[str, Any]:
    row = {"policy_no": f"P{policy_year}{uscc[-4:]}", "policy_year": policy_year, "uscc": uscc,
           "district": "福田区", "issued_on": date(policy_year, 6, 12), "status": "matched"}  # fmt: skip
    return row | changes


def threads(
    *rows: dict[str, Any], registered: tuple[dict[str, Any], ...] = (enterprise(),)
) -> dict[tuple[int, str], dict[str, Any]]:
    reconciled = pl.LazyFrame(list(rows), schema=POLICY_RECONCILIATION.schema)
    frame = policy_threads(reconciled, registry(*registered)).collect()
    assert frame.schema == POLICY_THREADS.schema
    return {(row["policy_year"], row["uscc"]): row for row in frame.iter_rows(named=True)}


def at(year: int, month: int = 1) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


GONE = enterprise(A, deregistered_on=date(2024, 9, 1), updated_at=at(2024, 10))
HEIR = enterprise(B, customs_code="4403160002", name="深圳市乙贸易有限公司")
TAKES_OVER = enterprise(B, name="深圳市乙贸易有限公司", updated_at=at(2024, 11))


def test_insured_again_after_a_gap_under_another_name_in_another_district() -> None:
    renamed = enterprise(name="深圳市新名有限公司", updated_at=at(2024))
    found = threads(
        insured(2022), insured(2025, district="罗湖区"), insured(2023),
        registered=(enterprise(), renamed),
    )  # fmt: skip
    assert [(row["thread"], row["years_insured"], row["changes"]) for row in found.values()] == [
        (A, 1, []),
        (A, 2, ["insured_again"]),
        (A, 3, ["insured_again", "renamed", "moved"]),
    ]
    assert [row["name"] for row in found.values()] == ["深圳市甲电子有限公司"] * 2 + ["深圳市新名有限公司"]


def test_writing_a_name_otherwise_is_no_new_name() -> None:
    other = enterprise(name="深圳市甲電子有限責任公司", updated_at=at(2024))
    found = threads(insured(2023), insured(2025), registered=(enterprise(), other))
    assert found[2025, A]["changes"] == ["insured_again"]


def test_a_merger_goes_on_with_who_took_over_the_customs_code() -> None:
    registered = (enterprise(A), GONE, HEIR, TAKES_OVER)
    found = threads(insured(2024, A), insured(2024, B), insured(2025, B), registered=registered)
    assert {row["thread"] for row in found.values()} == {B}
    assert found[2025, B]["changes"] == ["insured_again", "merged"]
    assert found[2025, B]["years_insured"] == 2
    only = threads(insured(2023, A), insured(2025, B), registered=registered)
    assert only[2025, B]["changes"] == ["insured_again", "renamed", "merged"]


def test_no_merger_without_a_take_over_afterwards_by_one() -> None:
    before = TAKES_OVER | {"updated_at": at(2024, 8)}
    assert successors(registry(enterprise(A), GONE, HEIR, before)) == {}
    assert successors(registry(enterprise(A), HEIR, TAKES_OVER)) == {}
    third = TAKES_OVER | {"uscc": C}
    assert successors(registry(enterprise(A), GONE, TAKES_OVER, third)) == {}
    still_one = enterprise(A, customs_code="4403160009")
    assert successors(registry(enterprise(A), GONE, still_one, TAKES_OVER)) == {}


def test_a_chain_of_mergers_ends_at_the_last() -> None:
    gone_too = TAKES_OVER | {"deregistered_on": date(2025, 2, 1), "updated_at": at(2025, 3)}
    hers = HEIR | {"deregistered_on": date(2025, 2, 1), "updated_at": at(2025, 3)}
    last = enterprise(C, updated_at=at(2025, 4))
    found = successors(registry(enterprise(A), GONE, HEIR, TAKES_OVER, gone_too, hers, last))
    assert found[B] == C
    assert A not in found or found[A] == C


def test_only_policies_that_stand_are_on_threads() -> None:
    statuses = ("cancelled", "not_on_roster", "duplicate", "discrepant")
    found = threads(*(insured(2022 + at, status=status) for at, status in enumerate(statuses)))
    assert [(year, row["changes"]) for (year, _), row in found.items()] == [(2025, [])]
