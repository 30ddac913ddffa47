"""Suggestions for policies that nothing identifies: candidates, evidence, order."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from assets.policies.suggest import suggest
from schemas.policies import POLICY_SUGGESTIONS
from tests.unit.policies_examples import A, B, C, enterprise, line, policies, policy, registry, rosters, uscc

NOBODY: dict[str, Any] = {"insured_uscc": None, "insured_customs_code": None, "district": None}
REGISTERED = (
    enterprise(A, name="深圳市华达电子有限公司"),
    enterprise(B, customs_code="4403160002", name="深圳市华达光电有限公司", district="罗湖区"),
    enterprise(C, customs_code="4403160003", name="深圳市泰康医疗器械股份有限公司", district="龙岗区"),
)


def suggested(
    *, registered: tuple[dict[str, Any], ...] = REGISTERED, **stated: Any
) -> list[tuple[str, list[str]]]:
    """(uscc, evidence) in order of rank."""
    frame = suggest(
        policies(policy(**(NOBODY | stated))), registry(*registered), rosters(line(A)).select("uscc")
    ).collect()
    assert frame.schema == POLICY_SUGGESTIONS.schema
    assert frame["rank"].to_list() == list(range(1, frame.height + 1))
    return [(row["uscc"], row["evidence"]) for row in frame.iter_rows(named=True)]


@pytest.mark.parametrize(
    "name",
    [
        "深圳市华达电孑有限公司",  # a slip
        "华达电子（深圳）股份有限公司",  # order and legal form
        "深圳市电子华达有限公司",  # order of words
        "深圳市华达电子有限公司南山分公司",  # a branch
    ],
)
def test_a_similar_name_comes_first(name: str) -> None:
    found = suggested(insured_name=name)
    assert found[0] == (A, ["similar_name", "on_roster"])
    assert [uscc for uscc, _ in found] == [A, B]


def test_a_shared_name_suggests_both_and_the_rosters_first() -> None:
    registered = (REGISTERED[0] | {"uscc": B, "customs_code": "4403160002"}, REGISTERED[0])
    found = suggested(registered=registered, insured_name="深圳市华达电子有限公司", district="福田区")
    assert found == [
        (A, ["same_name", "same_district", "on_roster"]),
        (B, ["same_name", "same_district"]),
    ]


def test_a_former_name_says_so() -> None:
    renamed = REGISTERED[0] | {"name": "深圳市新名有限公司", "updated_at": datetime(2024, 1, 1, tzinfo=UTC)}
    twin = REGISTERED[0] | {"uscc": B, "customs_code": "4403160002"}
    found = suggested(registered=(*REGISTERED[:1], renamed, twin), insured_name="深圳市华达电子有限公司")
    assert found == [(A, ["former_name", "on_roster"]), (B, ["same_name"])]


def test_a_mistyped_credit_code_is_evidence_without_any_name() -> None:
    registered = (enterprise(uscc(777_777), district="罗湖区"), *REGISTERED)
    wrong = uscc(777_777).replace("777777", "777771")
    found = suggested(registered=registered, insured_name=None, insured_uscc=wrong)
    assert found == [(uscc(777_777), ["near_uscc"])]


def test_a_customs_code_is_evidence_though_shared() -> None:
    registered = (*REGISTERED, enterprise(B, customs_code="4403160001", name="深圳市华达光电有限公司"))
    found = suggested(registered=registered, insured_name=None, insured_customs_code="4403160001")
    assert found == [(A, ["customs_code", "on_roster"]), (B, ["customs_code"])]


def test_only_what_can_be_accepted_is_suggested() -> None:
    broken = REGISTERED[0] | {"uscc": A[:17] + ("0" if A[17] != "0" else "1")}
    assert suggested(registered=(broken,), insured_name="深圳市华达电子有限公司") == []


def test_nothing_like_it_nothing_suggested() -> None:
    assert suggested(insured_name="某某商行") == []
    assert suggested(insured_name=None) == []
    assert suggested(registered=(), insured_name="深圳市华达电子有限公司") == []
