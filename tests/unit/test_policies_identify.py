"""Who a policy insures, and how names are compared."""

from __future__ import annotations

from datetime import UTC, date, datetime

import polars as pl
import pytest
from stdnum.cn import uscc as standard

from assets.identity import has_valid_check_digit
from assets.policies.identify import facts
from assets.policies.names import core_name, normalised_district, normalised_name
from tests.unit.policies_examples import A, B, C, enterprise, policy, reconciled, registry, uscc


def identified(*args: dict[str, object], **kwargs: object) -> tuple[str | None, str | None]:
    row = reconciled(*args, **kwargs)["P1"]  # type: ignore[arg-type]
    return row["uscc"], row["matched_by"]


def test_a_known_credit_code_identifies_even_with_a_wrong_check_digit() -> None:
    wrong = A[:17] + ("0" if A[17] != "0" else "1")
    assert identified(policy(insured_uscc=wrong), known=(wrong,)) == (wrong, "uscc")


def test_an_unknown_credit_code_identifies_where_its_check_digit_is_right() -> None:
    row = reconciled(policy(insured_uscc=C))["P1"]
    assert (row["uscc"], row["matched_by"], row["status"]) == (C, "uscc", "not_on_roster")


def test_a_wrong_credit_code_falls_back_to_the_customs_code() -> None:
    row = reconciled(policy(insured_uscc="91440300MA50000000"))["P1"]
    assert (row["uscc"], row["matched_by"]) == (A, "customs_code")
    assert row["observations"] == ["invalid_check_digit"]
    assert row["status"] == "matched"


def test_a_customs_code_of_two_enterprises_never_matches() -> None:
    registered = (enterprise(A), enterprise(B, name="深圳市乙贸易有限公司"))
    row = reconciled(policy(insured_uscc=None), registered=registered)["P1"]
    assert (row["uscc"], row["matched_by"]) == (A, "name")
    assert row["observations"] == ["shared_customs_code"]


def test_a_customs_code_counts_only_from_the_day_its_row_reached_the_source() -> None:
    """23:59 of 5 July in Shanghai is in time for a policy issued that day, 00:00 of the 6th not."""
    stated = policy(insured_uscc=None, insured_name=None, issued_on=date(2025, 7, 5))
    in_time = enterprise(updated_at=datetime(2025, 7, 5, 15, 59, tzinfo=UTC))
    late = enterprise(updated_at=datetime(2025, 7, 5, 16, 0, tzinfo=UTC))
    assert identified(stated, registered=(in_time,)) == (A, "customs_code")
    assert identified(stated, registered=(late,)) == (None, None)


def test_a_former_name_identifies_and_a_later_one_does_not_yet() -> None:
    renamed = enterprise(name="深圳市新名有限公司", updated_at=datetime(2025, 1, 1, tzinfo=UTC))
    registered = (enterprise(), renamed)
    former = policy(insured_uscc=None, insured_customs_code=None)
    newer = former | {"insured_name": "深圳市新名有限公司"}
    earlier = newer | {"taken_up_on": date(2024, 6, 1), "issued_on": date(2024, 6, 3)}
    assert identified(former, registered=registered) == (A, "name")
    assert identified(newer, registered=registered) == (A, "name")
    assert identified(earlier, registered=registered) == (None, None)


def test_a_name_that_one_had_and_another_has_never_matches() -> None:
    renamed = enterprise(name="深圳市新名有限公司", updated_at=datetime(2024, 1, 1, tzinfo=UTC))
    registered = (enterprise(), renamed, enterprise(B, customs_code="4403160002"))
    stated = policy(insured_uscc=None, insured_customs_code=None)
    assert identified(stated, registered=registered) == (None, None)


def test_a_name_never_overrides_a_valid_credit_code() -> None:
    registered = (enterprise(A), enterprise(B, customs_code="4403160002", name="深圳市乙贸易有限公司"))
    stated = policy(insured_uscc=B, insured_customs_code="4403160001")
    row = reconciled(stated, registered=registered)["P1"]
    assert (row["uscc"], row["matched_by"]) == (B, "uscc")
    assert row["observations"] == ["name_differs"]


def test_a_name_of_two_enterprises_never_matches() -> None:
    stated = policy(insured_uscc=None, insured_customs_code=None)
    registered = (enterprise(A), enterprise(B, customs_code="4403160002"))
    assert identified(stated, registered=registered) == (None, None)


def test_two_codes_of_one_enterprise_are_one_holder() -> None:
    stated = policy(insured_uscc=None, insured_customs_code=None)
    registered = (enterprise(A), enterprise(A, customs_code="4403160002"))
    assert identified(stated, registered=registered) == (A, "name")


def test_an_accepted_review_identifies_only_what_nothing_else_does() -> None:
    unknown = policy(insured_uscc=None, insured_customs_code=None, insured_name="某公司")
    assert identified(unknown, accepted=(("P1", B),)) == (B, "review")
    assert identified(policy(), accepted=(("P1", B),)) == (A, "uscc")


@pytest.mark.parametrize("code", [A, B, C, "91110000600037341L", *map(uscc, range(40, 60))])
def test_the_check_digit_agrees_with_the_standard(code: str) -> None:
    wrong = code[:17] + ("0" if code[17] != "0" else "1")
    frame = pl.DataFrame({"code": [code, wrong, code[:17], "I" + code[1:], None]})
    judged = frame.select(has_valid_check_digit("code"))["code"].to_list()
    assert judged == [True, False, False, False, None]
    assert standard.is_valid(code)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ("深圳市（華興）電子 有限公司", "深圳市华兴电子有限公司"),
        ("ＡＢＣ　Trading (Shenzhen)", "ABCTRADINGSHENZHEN"),
        ("甲有限公司", "甲有限公司"),
        ("甲【深圳】有限責任公司", "甲深圳有限公司"),
        ("甲〔深圳〕股份公司", "甲深圳股份有限公司"),
        ("明瞭有限公司", "明了有限公司"),
        ("　", None),
        (None, None),
    ],
)
def test_names_are_compared_in_one_form(stated: str | None, expected: str | None) -> None:
    frame = pl.DataFrame({"name": [stated]}, schema={"name": pl.String})
    assert frame.select(normalised_name("name")).item() == expected


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("深圳市甲电子有限公司", "甲电子"),
        ("甲电子深圳股份有限公司", "甲电子"),
        ("深圳市甲电子有限公司龙岗分公司", "甲电子"),
        ("深圳甲电子公司", "甲电子"),
        ("深圳市有限公司", "深圳市有限公司"),
    ],
)
def test_the_core_of_a_name_is_without_place_form_and_branch(name: str, core: str) -> None:
    assert pl.DataFrame({"name": [name]}).select(core_name("name")).item() == core


def test_districts_are_compared_in_one_form() -> None:
    frame = pl.DataFrame({"district": ["前海", "深汕合作区", "福田", "广州", None]})
    expected = ["前海深港合作区", "深汕特别合作区", "福田区", None, None]
    assert frame.select(normalised_district("district"))["district"].to_list() == expected


def test_facts_are_those_of_the_newest_row_then_the_lowest_code() -> None:
    same_time = datetime(2024, 3, 1, tzinfo=UTC)
    rows = registry(
        enterprise(customs_code="4403160002", name="二", updated_at=same_time),
        enterprise(customs_code="4403160001", name="一", updated_at=same_time),
        enterprise(customs_code="4403160003", name="旧"),
    )
    found = facts(rows).collect().select("since", "name").rows()
    assert found == [
        (date.min, "旧"),
        (date(2020, 1, 3), "旧"),
        (date(2024, 3, 1), "一"),
    ]
