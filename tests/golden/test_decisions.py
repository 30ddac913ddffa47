"""Who is on the list (rules §3): the threshold, the order of decisions, registry facts, serials."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from assets.eligibility.decide import Override, roster_date
from assets.eligibility.editions import draft_lines
from assets.eligibility.registry import registry_facts
from schemas.codes.districts import DISTRICT_ORDER
from schemas.eligibility import ENTERPRISES
from tests.golden.examples import TERMS, decisions, line, number
from tests.unit.policies_examples import A, B, C, enterprise

D = Decimal
OVER, WITHIN = D("8000000.01"), D("8000000.00")


def split(total: str, *parts: str, **changes: Any) -> list[dict[str, Any]]:
    """Lines of these amounts, whose sum is shown beside them."""
    assert sum(map(D, parts)) == D(total)
    return [
        line(declaration_no=number(no), amount=D(part), **changes) for no, part in enumerate(parts, start=1)
    ]


@pytest.mark.parametrize(
    ("lines", "decision", "headroom"),
    [
        (split("8000000.00", "7999999.99", "0.01"), "eligible", "0.00"),
        (split("8000000.01", "7999999.99", "0.01", "0.01"), "over_threshold", "-0.01"),
        (split("0.01", "0.01"), "eligible", "7999999.99"),
        (split("0.00", "0.00"), "no_exports", "8000000.00"),
        (split("8000000.01", "8000000.01", status="withdrawn"), "no_exports", "8000000.00"),
        (split("5.00", "5.00", trade_mode="4561"), "no_exports", "8000000.00"),
        (split("5.00", "5.00", arrival_country="CHN"), "no_exports", "8000000.00"),
        ([], "no_exports", "8000000.00"),
    ],
)
def test_threshold(lines: list[dict[str, Any]], decision: str, headroom: str) -> None:
    row = decisions(lines)[A]
    assert (row["decision"], str(row["headroom_usd"])) == (decision, headroom)
    assert row["fob_usd"] + row["headroom_usd"] == D("8000000.00")


def test_a_sum_of_cents_is_exact() -> None:
    """80,000 lines of 100.00 are 8,000,000.00, however floats would add them; one cent is too much."""
    lines = [line(declaration_no=number(no), amount=D("99.99")) for no in range(80_000)]
    rest = [line(declaration_no=number(80_000 + no), amount=D("0.01")) for no in range(80_000)]
    assert decisions([*lines, *rest])[A]["fob_usd"] == WITHIN
    assert decisions([*lines, *rest])[A]["decision"] == "eligible"
    assert decisions([*lines, *rest, line(amount=D("0.01"), line_no=2)])[A]["decision"] == ("over_threshold")


def test_only_the_export_year_counts() -> None:
    late = {"declared_on": date(2024, 12, 31), "closed_on": date(2025, 1, 3)}
    lines = [line(amount=WITHIN), line(line_no=2, amount=WITHIN, **late)]
    assert decisions(lines)[A]["decision"] == "eligible"


def test_a_rejected_line_counts_nowhere_and_shows() -> None:
    """Not at its older amount either: 8,000,000.00 and a rejected amendment of it leave 1.00."""
    amended = {"revision": 1, "reasons": ["unknown:trade_mode"]}
    lines = [line(amount=WITHIN), line(amount=OVER, **amended), line(line_no=2)]
    row = decisions(lines)[A]
    assert (row["fob_usd"], row["rejected_lines"]) == (D("1.00"), 1)


GONE = {"deregistered_on": date(2025, 5, 15)}
WRONG = A[:-1] + ("0" if A[-1] != "0" else "1")


@pytest.mark.parametrize(
    ("uscc", "amount", "registered", "decision", "detail"),
    [
        (WRONG, OVER, {"city": "440100", **GONE}, "invalid_identity", None),
        (A, OVER, {"city": "440100", **GONE}, "not_in_city", "city:440100"),
        (A, OVER, None, "not_in_city", "not_registered"),
        (A, D("0.00"), GONE, "deregistered", None),
        (A, OVER, GONE, "deregistered", None),
        (A, D("0.00"), {}, "no_exports", None),
        (A, OVER, {}, "over_threshold", None),
        (A, WITHIN, {}, "eligible", None),
    ],
)
def test_the_first_decision_that_applies(
    uscc: str, amount: Decimal, registered: dict[str, Any] | None, decision: str, detail: str | None
) -> None:
    registry = [enterprise(B)] if registered is None else [enterprise(uscc, **registered)]
    row = decisions([line(consignor_uscc=uscc, amount=amount)], registry)[uscc]
    assert (row["decision"], row["detail"]) == (decision, detail)


def test_a_registration_without_a_line_is_decided_too() -> None:
    assert decisions([line()], [enterprise(), enterprise(B)])[B]["decision"] == "no_exports"


def test_an_exclusive_threshold_would_leave_8000000_out() -> None:
    """The 2022 notice says both; its clause 一 (inclusive) rules."""
    terms = replace(TERMS, threshold_inclusive=False)
    assert decisions([line(amount=WITHIN)], terms=terms)[A]["decision"] == "over_threshold"


def test_an_upheld_objection_holds_instead() -> None:
    upheld = [Override(A, "YY-1", "over_threshold"), Override(B, "YY-2", "eligible")]
    found = decisions([line(amount=WITHIN)], [enterprise(), enterprise(B)], upheld)
    assert {u: (r["decision"], r["overridden_by"]) for u, r in found.items()} == {
        A: ("over_threshold", "YY-1"),
        B: ("eligible", "YY-2"),
    }


def at(month: int, day: int, hour: int = 0) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        # moved away the day after: the facts of the roster date stand
        ({"city": "440100", "updated_at": at(5, 16)}, "eligible"),
        # 15 May 23:59:59 in Shenzhen is 15:59:59 UTC, 16:00 UTC is the next day there
        ({"city": "440100", "updated_at": at(5, 15, 15)}, "not_in_city"),
        ({"city": "440100", "updated_at": at(5, 15, 16)}, "eligible"),
        ({"deregistered_on": date(2025, 5, 15), "updated_at": at(5, 15)}, "deregistered"),
        ({"deregistered_on": date(2025, 5, 16), "updated_at": at(5, 15)}, "eligible"),
        # gone in one customs code only
        ({"customs_code": "4403160002", **GONE, "updated_at": at(5, 1)}, "eligible"),
    ],
)
def test_registry_facts_are_those_of_the_roster_date(changes: dict[str, Any], decision: str) -> None:
    found = decisions([line()], [enterprise(), enterprise(**changes)])
    assert found[A]["decision"] == decision


def test_who_is_registered_later_has_the_oldest_row() -> None:
    rows = [
        enterprise(city="440304", updated_at=at(6, 1)),
        enterprise(city="440100", updated_at=at(6, 2)),
    ]
    assert decisions([line()], rows)[A]["decision"] == "eligible"


def test_of_several_codes_the_newest_then_the_lowest_speaks() -> None:
    rows = [
        enterprise(customs_code="4403160003", name="丙", updated_at=at(3, 1)),
        enterprise(customs_code="4403160002", name="乙", updated_at=at(3, 1)),
        enterprise(customs_code="4403160001", name="甲", updated_at=at(2, 1)),
    ]
    frame = pl.LazyFrame(rows, schema=ENTERPRISES.schema)
    assert registry_facts(frame, date(2025, 5, 15)).collect()["name"].to_list() == ["乙"]


@pytest.mark.parametrize(
    ("first", "today", "expected"),
    [
        (date(2025, 5, 15), date(2025, 9, 1), date(2025, 5, 15)),
        (None, date(2025, 4, 1), date(2025, 4, 1)),
        (None, date(2025, 9, 1), date(2025, 6, 30)),
    ],
)
def test_roster_date(first: date | None, today: date, expected: date) -> None:
    assert roster_date(first, TERMS, today) == expected


def test_serials_go_by_district_then_by_code() -> None:
    usccs = sorted([A, B, C])
    districts = ["光明区", "福田区", "福田区"]
    registry = [enterprise(u, district=d) for u, d in zip(usccs, districts, strict=True)]
    facts = registry_facts(pl.LazyFrame(registry, schema=ENTERPRISES.schema), date(2025, 5, 15))
    eligible = pl.LazyFrame({"uscc": usccs, "decision": ["eligible"] * 3})
    listed = draft_lines(eligible, facts, 2025).sort("serial")
    assert listed.select("serial", "uscc", "district").rows() == [
        (1, usccs[1], "福田区"),
        (2, usccs[2], "福田区"),
        (3, usccs[0], "光明区"),
    ]


def test_the_districts_stand_in_the_notices_order() -> None:
    assert DISTRICT_ORDER == (
        "福田区", "罗湖区", "南山区", "盐田区", "宝安区", "龙岗区", "龙华区", "坪山区", "光明区",
        "大鹏新区", "前海深港合作区", "深汕特别合作区",
    )  # fmt: skip
