"""The terms against the two notices, value by value, and the form of a terms file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from schemas.codes.districts import DISTRICT_ORDER
from schemas.codes.labels import codes
from schemas.terms.loader import (
    FOLDER,
    PARSERS,
    PolicyTerms,
    TermsError,
    UnregisteredYear,
    all_terms,
    load_terms,
    registered_years,
)
from schemas.terms.wording import TITLES, term_lines

YEARS = (2022, 2023, 2024, 2025)


def test_the_registered_years() -> None:
    assert registered_years() == YEARS
    assert [t.policy_year for t in all_terms()] == list(YEARS)


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize(
    ("exports", "admitted"),
    [
        ("8000000.00", True),  # exactly the threshold: 含
        ("8000000.01", False),  # one cent above
        ("7999999.99", True),  # one cent below
        ("0.01", True),
        ("0.00", False),  # above zero, not from zero
    ],
)
def test_the_threshold_to_the_cent(year: int, exports: str, admitted: bool) -> None:
    assert load_terms(year).admits(Decimal(exports)) is admitted


def test_a_threshold_that_is_not_inclusive_shuts_the_exact_amount_out() -> None:
    terms = replace(load_terms(2025), threshold_inclusive=False)
    assert not terms.admits(Decimal("8000000.00"))
    assert terms.admits(Decimal("7999999.99"))


@pytest.mark.parametrize("year", YEARS)
def test_the_values_that_both_notices_share(year: int) -> None:
    terms = load_terms(year)
    assert terms.export_year == year - 1
    assert terms.threshold_usd == Decimal("8000000.00")  # 800 万美元
    assert terms.threshold_inclusive
    assert terms.insured_percentage == Decimal("0.80")  # 80%
    assert terms.buyer_limit_usd == Decimal("150000.00")  # 15 万美元
    assert terms.free_credit_reports == 3
    assert terms.excluded_countries == (("SDN",) if year == 2024 else ())  # a sample, to show one
    assert terms.risk_causes == codes("claim_cause")
    assert terms.single_window_url == "http://sz.singlewindow.cn/"
    assert (terms.public_notice_working_days, terms.push_items_limit) == (5, 20)


@pytest.mark.parametrize("year", YEARS)
def test_cover_is_one_year_from_the_day_after_the_deadline(year: int) -> None:
    terms = load_terms(year)
    assert terms.take_up_deadline == date(year, 6, 30)
    assert terms.cover_from == date(year, 7, 1)  # the day after
    assert terms.cover_to == date(year + 1, 6, 30)  # both inclusive: 365 or 366 days
    assert (terms.cover_to - terms.cover_from).days + 1 == (366 if year == 2023 else 365)


@pytest.mark.parametrize(
    ("taken_up", "issued", "starts"),
    [
        (date(2025, 6, 30), date(2025, 7, 5), date(2025, 7, 1)),  # in time on the last day
        (date(2025, 7, 1), date(2025, 7, 8), date(2025, 7, 8)),  # late: the day of issue
        (date(2025, 5, 6), date(2025, 5, 9), date(2025, 7, 1)),
        (date(2025, 7, 1), date(2025, 6, 20), date(2025, 7, 1)),  # never before the year's cover
    ],
)
def test_the_first_day_of_cover(taken_up: date, issued: date, starts: date) -> None:
    assert load_terms(2025).cover_starts(taken_up, issued) == starts


def test_channels_of_the_two_notices() -> None:
    assert load_terms(2022).channels == ("online", "offline")
    assert load_terms(2025).channels == ("online",)


def test_hotlines_of_the_two_notices() -> None:
    assert [h.phone for h in load_terms(2022).hotlines] == ["83165355", "88325700"]
    phones = [h.phone for h in load_terms(2025).hotlines]
    assert phones == ["83165355", "95387", "0755-88325600"]


def test_the_manager_groups_of_2025_cover_every_district_once() -> None:
    groups = load_terms(2025).manager_groups
    assert [g.phones for g in groups] == [
        ("88325713", "23625815"),
        ("88325712", "88325648"),
        (),
    ]
    assert sorted(d for g in groups for d in g.districts) == sorted(DISTRICT_ORDER)


@pytest.mark.parametrize("year", YEARS)
def test_every_value_has_a_basis(year: int) -> None:
    terms = load_terms(year)
    values = {f.name for f in fields(PolicyTerms)} - {
        "policy_year",
        "sample",
        "citation",
        "basis",
        "sha256",
    }
    assert set(terms.basis) == values == set(TITLES) == set(PARSERS)
    for basis in terms.basis.values():
        assert basis.clause or basis.kind == "assumption"
        assert basis.note or basis.kind == "clause"


def test_clauses_are_numbered_as_in_the_notices() -> None:
    pattern = r"(一|二(\([一二三四五六]\)[1-4]?)?)"
    for terms in all_terms():
        for basis in terms.basis.values():
            for clause in (basis.clause or "一").split("；"):
                assert re.fullmatch(pattern, clause)


def test_the_readings_and_assumptions_of_the_notices() -> None:
    kinds = {y: {k: b.kind for k, b in load_terms(y).basis.items()} for y in (2022, 2025)}
    assert (kinds[2022]["threshold_inclusive"], kinds[2025]["threshold_inclusive"]) == (
        "reading",
        "clause",
    )
    for year in (2022, 2025):
        assert kinds[year]["take_up_deadline"] == "reading"
        assert kinds[year]["exports_above_usd"] == "assumption"
        assert kinds[year]["public_notice_working_days"] == "assumption"


def test_samples_are_marked_and_rest_on_nothing_but_assumption() -> None:
    assert [t.sample for t in all_terms()] == [False, True, True, False]
    assert load_terms(2023).label_zh == "2023 年度「样例」"
    assert load_terms(2025).label_zh == "2025 年度"
    assert load_terms(2024).label_en == "2024 (sample)"
    assert {b.kind for b in load_terms(2024).basis.values()} == {"assumption"}


def test_a_year_without_a_file_says_which_there_are() -> None:
    with pytest.raises(UnregisteredYear) as caught:
        load_terms(2026)
    assert str(caught.value) == (
        "Policy year 2026 has no registered terms; registered are 2022, 2023 (sample), "
        "2024 (sample), 2025: add schemas/terms/2026.toml with a basis for each value."
    )
    assert isinstance(caught.value, ValueError)


def test_lines_for_a_reader() -> None:
    lines = {line.field: line for line in term_lines(load_terms(2025))}
    assert list(lines) == list(PARSERS)
    assert lines["threshold_usd"].value == "8,000,000.00"
    assert lines["insured_percentage"].value == "80%"
    assert lines["take_up_deadline"].basis == "条款解读 二(三)"
    assert {line.basis for line in term_lines(load_terms(2023))} == {"样例"}
    assert "USD" in term_lines(load_terms(2022), "en")[1].title


def test_the_hash_is_that_of_the_file() -> None:
    assert len({t.sha256 for t in all_terms()}) == len(YEARS)


@pytest.mark.parametrize("year", YEARS)
def test_no_mobile_numbers(year: int) -> None:
    assert not re.search(r"1[3-9]\d{9}", (FOLDER / f"{year}.toml").read_text(encoding="utf-8"))


def _without(key: str) -> Callable[[str], str]:
    return lambda text: re.sub(rf"\[{key}\]\n(?:.+\n)+", "", text)


def _swap(old: str, new: str) -> Callable[[str], str]:
    return lambda text: text.replace(old, new, 1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (_without("buyer_limit_usd"), "buyer_limit_usd is missing"),
        (_swap("[hotlines]", "[hotline]"), "hotlines is missing"),
        (lambda text: text + "\n[bonus]\nvalue = 1\n", "bonus is not a term"),
        (_swap('basis = "clause"\nclause = "一"\n', ""), "export_year needs a basis"),
        (_swap('basis = "clause"', 'basis = "rumour"'), "export_year needs a basis"),
        (_swap('clause = "一"\n', ""), "export_year rests on a clause, so it must name the clause"),
        (_swap('note = "no lower', 'remark = "no lower'), "exports_above_usd has an unknown key"),
        (_swap("value = 2025-07-01", "value = 2026-07-01"), "cover_from must lie in the policy"),
        (_swap("value = 2026-06-30", "value = 2025-06-30"), "cover_from must lie before cover_to"),
        (_swap("value = 2025-06-30", "value = 2027-06-30"), "take_up_deadline must lie"),
        (_swap("value = 2024", "value = 2023"), "export_year must be the calendar year before"),
        (_swap('"8000000.00"', "8000000.0"), "threshold_usd cannot be read"),
        (_swap('"0.80"', '"80"'), "insured_percentage cannot be read"),
        (_swap('"0.80"', '"most"'), "insured_percentage cannot be read"),
        (_swap("value = []", 'value = ["XXX"]'), "excluded_countries cannot be read .*'XXX'"),
        (_swap('["online"]', '["fax"]'), "channels cannot be read"),
        (_swap('"95387"', f'"1{"3800138000"}"'), "has a mobile number"),
        (_swap('phone = "95387"', 'line = "95387"'), "hotlines cannot be read"),
        (_swap('"宝安区"', '"南山区"'), "manager_groups cannot be read .*two groups"),
        (_swap("policy_year = 2025", "policy_year = 2024"), "policy_year must be 2025"),
        (_swap("sample = false", "sample = true"), "of a sample year can only be an assumption"),
        (_swap("authorities", "offices"), "citation cannot be read"),
        (_swap("sample = false", "sample = "), "is not valid TOML"),
    ],
)
def test_a_file_that_breaks_its_form_is_refused(
    change: Callable[[str], str], says: str, tmp_path: Path
) -> None:
    text = (FOLDER / "2025.toml").read_text(encoding="utf-8")
    broken = change(text)
    assert broken != text
    (tmp_path / "2025.toml").write_text(broken, encoding="utf-8")
    with pytest.raises(TermsError, match=rf"schemas/terms/2025\.toml.*{says}"):
        load_terms(2025, tmp_path)


def test_an_empty_folder_has_no_years(tmp_path: Path) -> None:
    with pytest.raises(UnregisteredYear, match="registered are none"):
        load_terms(2025, tmp_path)
