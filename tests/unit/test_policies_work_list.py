"""The work list remembers: new, resolved and aged differences, day by day."""

from __future__ import annotations

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.policies.work_list import ITEM, open_at_end, open_items, work_balances, work_changes, work_list
from schemas.policies import (
    CLAIM_DIFFERENCES,
    CREDIT_REPORT_AUDIT,
    POLICY_DIFFERENCES,
    WORK_LIST,
    WORK_LIST_CHANGES,
)
from tests.unit.policies_examples import A, B, enterprise, policies, policy, registry

MONDAY, TUESDAY, FRIDAY = (date(2026, 1, day) for day in (12, 13, 16))
NOTHING = WORK_LIST_CHANGES.empty()


def items(*numbers: str) -> pl.DataFrame:
    """Overpaid claims that are open now."""
    rows = [(2025, "claim", number, "overpaid") for number in numbers]
    return pl.DataFrame(rows, schema={n: WORK_LIST.schema[n] for n in ITEM}, orient="row")


def seen(history: pl.DataFrame) -> list[tuple[date, str, str, int]]:
    return history.select("changed_on", "number", "change", "age_days").rows()


def test_new_resolved_and_seen_again() -> None:
    history = work_changes(NOTHING, items("C1", "C2"), MONDAY)
    history = work_changes(history, items("C2", "C3"), TUESDAY)
    history = work_changes(history, items("C1"), FRIDAY)
    assert seen(history) == [
        (MONDAY, "C1", "new", 0), (MONDAY, "C2", "new", 0),
        (TUESDAY, "C1", "resolved", 1), (TUESDAY, "C3", "new", 0),
        (FRIDAY, "C1", "new", 0), (FRIDAY, "C2", "resolved", 4), (FRIDAY, "C3", "resolved", 3),
    ]  # fmt: skip
    assert open_at_end(history).select("number", "since_on").rows() == [("C1", FRIDAY)]


def test_what_stays_open_grows_older() -> None:
    history = work_changes(NOTHING, items("C1"), MONDAY)
    later = work_changes(history, items("C1"), FRIDAY)
    assert later.equals(history)
    assert open_at_end(later)["since_on"].to_list() == [MONDAY]


def test_a_second_run_of_a_day_counts_from_the_day_before() -> None:
    monday = work_changes(NOTHING, items("C1"), MONDAY)
    first = work_changes(monday, items("C2"), TUESDAY)
    second = work_changes(first, items("C1", "C3"), TUESDAY)
    assert seen(second) == [(MONDAY, "C1", "new", 0), (TUESDAY, "C3", "new", 0)]
    assert open_at_end(second).filter(pl.col("number") == "C1")["since_on"].to_list() == [MONDAY]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 3), st.sets(st.sampled_from("ABCD"))), min_size=1, max_size=9))
def test_a_history_always_leaves_open_what_is_open(nights: list[tuple[int, set[str]]]) -> None:
    history, today = NOTHING, MONDAY
    for days, numbers in nights:
        today = date.fromordinal(today.toordinal() + days)
        before, now = history, items(*sorted(numbers))
        history = work_changes(before, now, today)
        assert open_at_end(history).sort(ITEM).select(ITEM).equals(now)
        assert work_balances(before, history, now.height, today).holds
        assert history.select(WORK_LIST_CHANGES.key).is_duplicated().sum() == 0
        assert (history["age_days"] >= 0).all()


def test_what_is_open_is_what_somebody_can_act_on() -> None:
    def difference(number: str, code: str, kind: str, status: str) -> dict[str, object]:
        return {"policy_no": number, "code": code, "kind": kind, "policy_year": 2025, "uscc": A,
                "status": status, "expected": "x", "found": "y"}  # fmt: skip

    of_policies = [
        difference("P1", "cover_to", "discrepancy", "discrepant"),
        difference("P2", "cover_to", "discrepancy", "cancelled"),
        difference("P3", "name_differs", "observation", "matched"),
        difference("P4", "duplicate", "status", "duplicate"),
    ]
    of_claims = [{"claim_no": "C1", "code": "overpaid", "policy_year": 2025, "policy_no": "P1", "uscc": A}]
    of_reports = [
        {"policy_year": 2025, "uscc": B, "granted": 3, "used": 5, "findings": ["fourth_credit_report"]},
        {"policy_year": 2025, "uscc": A, "granted": 3, "used": 2, "findings": []},
    ]
    found = open_items(
        pl.LazyFrame(of_policies, schema=POLICY_DIFFERENCES.schema),
        pl.LazyFrame(of_claims, schema=CLAIM_DIFFERENCES.schema),
        pl.LazyFrame(of_reports, schema=CREDIT_REPORT_AUDIT.schema),
    )
    assert found.select("subject", "number", "code", "expected", "found").rows() == [
        ("claim", "C1", "overpaid", None, None),
        ("credit_report", B, "fourth_credit_report", "3", "5"),
        ("policy", "P1", "cover_to", "x", "y"),
        ("policy", "P4", "duplicate", "x", "y"),
    ]


def test_the_list_says_whose_it_is_and_what_to_do() -> None:
    now = items("C1", "C2").with_columns(
        policy_no=pl.Series(["P1", "P2"]), uscc=pl.Series([A, None], dtype=pl.String),
        expected=pl.lit("1.00"), found=pl.lit("2.00"),
    )  # fmt: skip
    stated = policies(policy(), policy("P2", insured_name="某公司", district="罗湖"))
    history = work_changes(NOTHING, now, MONDAY)
    rows = work_list(now, history, stated, registry(enterprise())).collect()
    assert rows.schema == WORK_LIST.schema
    assert rows.select("number", "name", "district", "since_on", "action_zh").rows() == [
        ("C1", "深圳市甲电子有限公司", "福田区", MONDAY, "追回多赔金额或说明理由"),
        ("C2", "某公司", "罗湖区", MONDAY, "追回多赔金额或说明理由"),
    ]
