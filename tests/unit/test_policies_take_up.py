"""Take-up of the edition in force."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from assets.policies.take_up import take_up
from schemas.policies import POLICY_RECONCILIATION, TAKE_UP
from tests.unit.policies_examples import TERMS, A, B, C, line, policy, reconciled, rosters


def taken_up(*stated: dict[str, Any]) -> dict[str, dict[str, Any]]:
    listed = (line(A), line(B, serial=2, district="罗湖区"))
    rows = list(reconciled(*stated, listed=listed).values())
    reconciliation = pl.LazyFrame(rows, schema=POLICY_RECONCILIATION.schema)
    frame = take_up(reconciliation, rosters(*listed), TERMS).collect()
    assert frame.schema == TAKE_UP.schema
    return {row["uscc"]: row for row in frame.to_dicts()}


def test_every_line_of_the_edition_once() -> None:
    rows = taken_up(policy("P1"), policy("P2"), policy("P3", insured_uscc=C))
    assert list(rows) == [A, B]
    assert rows[A] == {
        "policy_year": 2025,
        "uscc": A,
        "status": "taken_up",
        "policy_no": "P1",
        "district": "福田区",
        "channel": "online",
        "days_late": 0,
    }
    assert rows[B] == {
        "policy_year": 2025,
        "uscc": B,
        "status": "not_taken_up",
        "policy_no": None,
        "district": "罗湖区",
        "channel": None,
        "days_late": 0,
    }


def test_the_day_after_the_deadline_is_one_day_late() -> None:
    row = taken_up(policy(taken_up_on=date(2025, 7, 1), cover_from=date(2025, 7, 5)))[A]
    assert (row["status"], row["days_late"]) == ("taken_up_late", 1)


def test_a_discrepant_policy_has_been_taken_up() -> None:
    assert taken_up(policy(cover_to=date(2026, 7, 1)))[A]["status"] == "taken_up"


def test_cancelled_policies_only_are_not_taken_up() -> None:
    cancelled = policy(status="cancelled", cancelled_on=date(2025, 8, 1))
    assert taken_up(cancelled)[A]["status"] == "not_taken_up"
    assert taken_up(cancelled, policy("P2"))[A]["policy_no"] == "P2"
