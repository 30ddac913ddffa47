"""Status, discrepancies and observations of policies: the golden answers of rules §3."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from assets.policies.reconcile import reconcile
from schemas.policies import POLICY_RECONCILIATION
from tests.unit.policies_examples import (
    ACCEPTED_SCHEMA,
    TERMS,
    TODAY,
    USCC_SCHEMA,
    A,
    B,
    C,
    enterprise,
    line,
    policies,
    policy,
    reconciled,
    registry,
    rosters,
)


def test_a_policy_as_it_should_be_is_matched() -> None:
    row = reconciled(policy())["P1"]
    assert row == {
        "policy_no": "P1",
        "policy_year": 2025,
        "uscc": A,
        "district": "福田区",
        "channel": "online",
        "taken_up_on": date(2025, 6, 30),
        "issued_on": date(2025, 7, 5),
        "status": "matched",
        "discrepancies": [],
        "observations": [],
        "matched_by": "uscc",
        "expected_cover_from": date(2025, 7, 1),
        "expected_cover_to": date(2026, 6, 30),
        "roster_basis": "confirmed",
    }


@pytest.mark.parametrize(
    ("taken_up_on", "issued_on", "cover_from"),
    [
        (date(2025, 6, 30), date(2025, 7, 5), date(2025, 7, 1)),  # the last day is in
        (date(2025, 7, 1), date(2025, 7, 8), date(2025, 7, 8)),  # late: from the day of issue
        (date(2025, 5, 20), date(2025, 5, 22), date(2025, 7, 1)),
    ],
)
def test_cover_starts(taken_up_on: date, issued_on: date, cover_from: date) -> None:
    stated = policy(taken_up_on=taken_up_on, issued_on=issued_on, cover_from=cover_from)
    row = reconciled(stated)["P1"]
    assert (row["expected_cover_from"], row["status"]) == (cover_from, "matched")


@pytest.mark.parametrize(
    ("changes", "discrepancies"),
    [
        ({"cover_from": date(2025, 7, 5)}, ["cover_from"]),
        ({"cover_to": date(2026, 7, 1)}, ["cover_to"]),
        ({"insured_percentage": Decimal("0.8001")}, ["insured_percentage"]),
        ({"buyer_limit_usd": Decimal("150000.01")}, ["buyer_limit"]),
        ({"cover_from": date(2024, 7, 1)}, ["cover_from", "policy_year"]),
        ({"cover_from": date(2026, 7, 1)}, ["cover_from", "policy_year"]),
        (
            {"issued_on": date(2025, 5, 14), "taken_up_on": date(2025, 5, 14)},
            ["issued_before_confirmation"],
        ),
        ({"issued_on": date(2025, 5, 15), "taken_up_on": date(2025, 5, 15)}, []),
    ],
)
def test_discrepancies(changes: dict[str, Any], discrepancies: list[str]) -> None:
    row = reconciled(policy(**changes))["P1"]
    assert row["discrepancies"] == discrepancies
    assert row["status"] == ("discrepant" if discrepancies else "matched")


@pytest.mark.parametrize(
    ("changes", "observations"),
    [
        ({"issued_on": date(2025, 7, 7)}, []),  # 30 June + 7 days
        ({"issued_on": date(2025, 7, 8)}, ["issued_over_7_days_after_take_up"]),
        ({"insured_name": "深圳市乙电子有限公司"}, ["name_differs"]),
        ({"insured_name": "深圳市 甲電子有限公司"}, []),
        ({"insured_name": None}, []),
        ({"district": "罗湖区"}, ["district_differs"]),
        ({"district": "某地"}, ["district_differs"]),
        ({"district": "深圳市福田區"}, []),
        ({"district": None}, []),
        ({"channel": "offline"}, ["channel_not_in_notice"]),
        ({"insured_uscc": None}, []),
    ],
)
def test_observations_leave_it_matched(changes: dict[str, Any], observations: list[str]) -> None:
    row = reconciled(policy(**changes))["P1"]
    assert (row["observations"], row["status"]) == (observations, "matched")


def test_status_is_the_first_that_applies() -> None:
    """Cancelled before unidentified, not_on_roster and duplicate before discrepant."""
    nobody = {"insured_uscc": None, "insured_customs_code": None, "insured_name": None}
    wrong_end = {"cover_to": date(2026, 7, 30)}
    cancelled = {"status": "cancelled", "cancelled_on": date(2025, 8, 1)}
    rows = reconciled(
        policy("P1"),
        policy("P2", **wrong_end),
        policy("P3", **nobody, **cancelled),
        policy("P4", **nobody, **wrong_end),
        policy("P5", insured_uscc=B),
        policy("P6", insured_uscc=B),
        policy("P0", **cancelled, **wrong_end),
    )
    assert {no: row["status"] for no, row in rows.items()} == {
        "P0": "cancelled",
        "P1": "matched",
        "P2": "duplicate",
        "P3": "cancelled",
        "P4": "unidentified",
        "P5": "not_on_roster",
        "P6": "not_on_roster",
    }
    assert rows["P0"]["discrepancies"] == ["cover_to"]
    assert rows["P2"]["discrepancies"] == ["cover_to"]
    assert (rows["P4"]["uscc"], rows["P4"]["matched_by"]) == (None, None)


def test_the_original_is_the_earliest_issued_then_the_lowest_number() -> None:
    rows = reconciled(
        policy("P1", issued_on=date(2025, 7, 6)),
        policy("P3", issued_on=date(2025, 7, 5)),
        policy("P2", issued_on=date(2025, 7, 5)),
    )
    statuses = {no: row["status"] for no, row in rows.items()}
    assert statuses == {"P1": "duplicate", "P2": "matched", "P3": "duplicate"}


SECOND: dict[str, Any] = {
    "edition": 2,
    "confirmed_on": date(2025, 7, 20),
    "published_on": date(2025, 7, 10),
}


def test_listed_then_but_not_now() -> None:
    row = reconciled(policy(), listed=(line(A), line(B), line(B, **SECOND)))["P1"]
    assert (row["status"], row["discrepancies"]) == ("discrepant", ["removed_from_edition"])


def test_listed_now_but_not_then() -> None:
    row = reconciled(policy(), listed=(line(B), line(A, **SECOND)))["P1"]
    assert (row["status"], row["discrepancies"]) == ("discrepant", ["issued_before_confirmation"])


def test_listed_only_in_between() -> None:
    listed = (line(B), line(A, **SECOND), line(B, edition=3, confirmed_on=date(2025, 9, 1)))
    rows = reconciled(policy("P1"), policy("P2", issued_on=date(2025, 7, 20)), listed=listed)
    assert rows["P1"]["status"] == "not_on_roster"
    assert rows["P2"]["discrepancies"] == ["removed_from_edition"]


def test_an_edition_confirmed_after_today_is_not_there_yet() -> None:
    listed = (line(A), line(B, **SECOND))
    row = reconciled(policy(), listed=listed, today=date(2025, 7, 19))["P1"]
    assert (row["status"], row["discrepancies"]) == ("matched", [])


def test_without_a_confirmed_edition_the_draft_is_the_basis() -> None:
    row = reconciled(policy(), listed=(line(A, confirmed_on=None),))["P1"]
    assert (row["status"], row["roster_basis"], row["discrepancies"]) == ("matched", "draft", [])


def test_without_any_list_nobody_is_listed() -> None:
    frame = reconcile(
        policies(policy()),
        registry(),
        rosters(),
        pl.LazyFrame(schema=USCC_SCHEMA),
        pl.LazyFrame(schema=ACCEPTED_SCHEMA),
        TERMS,
        TODAY,
    ).collect()
    assert frame.select("status", "roster_basis", "district").rows() == [("not_on_roster", "draft", "福田区")]


def test_names_and_districts_are_held_against_the_registry_where_there_is_no_line() -> None:
    registered = (
        enterprise(C, name="乙", district="龙岗区"),
        enterprise(C, name="丙", district="宝安区", updated_at=datetime(2025, 7, 6, tzinfo=UTC)),
    )
    row = reconciled(policy(insured_uscc=C, insured_name="乙", district="宝安"), registered=registered)
    assert row["P1"]["observations"] == ["district_differs"]
    assert row["P1"]["district"] == "龙岗区"


def test_no_policies_give_an_empty_table_of_the_contract() -> None:
    frame = reconcile(
        policies(),
        registry(enterprise()),
        rosters(line()),
        pl.LazyFrame(schema=USCC_SCHEMA),
        pl.LazyFrame(schema=ACCEPTED_SCHEMA),
        TERMS,
        TODAY,
    ).collect()
    assert frame.is_empty()
    assert frame.schema == POLICY_RECONCILIATION.schema


def test_two_accepted_reviews_of_one_policy_are_refused() -> None:
    with pytest.raises(pl.exceptions.ComputeError, match="m:1"):
        reconciled(policy(), accepted=(("P1", A), ("P1", B)))


def test_the_order_of_rows_changes_nothing() -> None:
    stated = (
        policy("P1"),
        policy("P2", insured_uscc=None),
        policy("P3", insured_uscc=B, issued_on=date(2025, 7, 25)),
        policy("P4", insured_uscc=B),
        policy("P5", insured_uscc=C, status="cancelled", cancelled_on=date(2025, 8, 1)),
    )
    registered = (
        enterprise(A),
        enterprise(A, name="甲", updated_at=datetime(2024, 1, 1, tzinfo=UTC)),
        enterprise(B, customs_code="4403160002", name="乙", district="罗湖区"),
        enterprise(C, customs_code="4403160003", district=None),
    )
    listed = (line(A), line(B), line(A, **SECOND), line(C, **SECOND))
    forwards = reconciled(*stated, registered=registered, listed=listed, known=(A, B))
    backwards = reconciled(*stated[::-1], registered=registered[::-1], listed=listed[::-1], known=(B, A))
    assert list(forwards) == ["P1", "P2", "P3", "P4", "P5"]
    assert list(forwards.items()) == list(backwards.items())
    assert forwards["P4"]["discrepancies"] == ["removed_from_edition"]
    assert forwards["P3"]["status"] == "not_on_roster"
