"""The code tables against the facts of the official tables, and their own form."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import date

import pytest

from schemas import customs, eligibility, measures, policies, push
from schemas.codes.chapters import CHAPTERS, chapter_title
from schemas.codes.countries import COUNTRIES, country_lookup, country_name
from schemas.codes.currencies import CURRENCIES, currency_lookup
from schemas.codes.districts import (
    DISTRICT_ORDER,
    DISTRICTS,
    district_rank,
    normalise_district,
)
from schemas.codes.labels import LABELS, codes, label, labels, reason_label
from schemas.codes.source import (
    DATA,
    JUDGING,
    WORDING,
    codes_version,
    table_source,
    wording_version,
)
from schemas.codes.trade_modes import TRADE_MODES, in_force

NOT_ISO = "CAI CEU GAM MAI MEL SOC TUA TUB ZAS ZEU ZNA ZOC ZSA ZUN ZZZ"


def test_countries_are_249_of_iso_and_15_that_are_not() -> None:
    assert " ".join(c.code for c in COUNTRIES.values() if not c.is_iso) == NOT_ISO
    assert len(COUNTRIES) == 249 + 15


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("142", "CHN"),
        ("110", "HKG"),
        ("121", "MAC"),
        ("143", "TWN"),
        ("244", "ZAF"),
        ("502", "USA"),
    ],
)
def test_old_digits_that_name_one_country(old: str, new: str) -> None:
    assert country_lookup()[0][old] == new


def test_old_digits_that_name_several_are_ambiguous_and_map_to_nothing() -> None:
    good, ambiguous = country_lookup()
    assert ambiguous == {"299", "326", "399", "449", "499", "699", "701"}
    assert not ambiguous & set(good)


@pytest.mark.parametrize(
    ("old", "several"), [("701", {"ATA", "ZZZ"}), ("326", {"NOR", "BVT"}), ("449", {"SXM", "BES"})]
)
def test_what_the_ambiguous_digits_stand_for(old: str, several: set[str]) -> None:
    assert {c.code for c in COUNTRIES.values() if c.old == old} == several


def test_the_letters_zaf_are_south_africa() -> None:
    assert country_lookup()[0]["ZAF"] == "ZAF"
    assert (country_name("ZAF"), country_name("ZAF", "en")) == ("南非", "South Africa")


def test_every_new_code_is_accepted_as_itself() -> None:
    good, _ = country_lookup()
    assert all(good[code] == code for code in COUNTRIES)
    assert len(good) == len(COUNTRIES) + len({v for k, v in good.items() if k.isdigit()})


def test_country_rows_are_well_formed() -> None:
    for c in COUNTRIES.values():
        assert re.fullmatch("[A-Z]{3}", c.code)
        assert c.old is None or re.fullmatch("[0-9]{3}", c.old)
        assert c.zh.strip()
        assert c.en.strip()
        assert c.valid_from == date(2018, 8, 1)
    for names in ([c.zh for c in COUNTRIES.values()], [c.en for c in COUNTRIES.values()]):
        assert len(set(names)) == len(names)


def test_an_unknown_country_is_an_error() -> None:
    with pytest.raises(LookupError, match="XKV"):
        country_name("XKV")


def test_currencies_have_a_number_space_of_their_own() -> None:
    lookup = currency_lookup()
    assert (lookup["300"], lookup["502"], lookup["142"], lookup["326"]) == (
        "EUR",
        "USD",
        "CNY",
        "NOK",
    )
    assert len(CURRENCIES) == 22
    assert len(lookup) == 44


def test_trade_modes_are_the_98_of_2018_and_two_of_2020() -> None:
    assert len(TRADE_MODES) == 100
    assert {"9710", "9810"} < set(TRADE_MODES)
    assert all(re.fullmatch("[0-9]{4}", code) for code in TRADE_MODES)


@pytest.mark.parametrize(
    ("reason", "modes"),
    [
        (None, "0110 0214 0615 0715 1039 1210 3010 9610 9710 9810"),
        ("returned", "0300 0700 3100 4400 4500 4561 4600 5361"),
        ("temporary", "1300 1500 2600 2700"),
        ("domestic_transfer", "0255 0258 0444 0445 0654 0657 1200"),
        ("not_a_sale", "0200 2439 3339 9700"),
    ],
)
def test_what_counts_and_why_not(reason: str | None, modes: str) -> None:
    for code in modes.split():
        assert TRADE_MODES[code].not_counted_reason == reason, code
        assert TRADE_MODES[code].counts is (reason is None), code


@pytest.mark.parametrize(
    ("code", "first"),
    [
        ("1210", date(2014, 8, 1)),
        ("9610", date(2014, 2, 10)),
        ("9710", date(2020, 7, 1)),
        ("9810", date(2020, 7, 1)),
    ],
)
def test_a_trade_mode_is_in_force_from_its_first_day(code: str, first: date) -> None:
    assert TRADE_MODES[code].in_force(first)
    assert not TRADE_MODES[code].in_force(date.fromordinal(first.toordinal() - 1))


def test_an_undated_trade_mode_is_always_in_force() -> None:
    assert TRADE_MODES["0110"].in_force(date(2000, 1, 1))


def test_every_trade_mode_says_what_its_counting_rests_on() -> None:
    assert all(mode.basis == "reading" and mode.note for mode in TRADE_MODES.values())


def test_districts_stand_in_the_order_of_the_contract() -> None:
    assert " ".join(DISTRICT_ORDER) == (
        "福田区 罗湖区 南山区 盐田区 宝安区 龙岗区 龙华区 坪山区 光明区 "
        "大鹏新区 前海深港合作区 深汕特别合作区"
    )
    assert [district_rank("福田区"), district_rank("深汕特别合作区"), district_rank(None)] == [
        0,
        11,
        12,
    ]


def test_nine_districts_have_a_code_and_three_have_none() -> None:
    coded = {d.name: d.code for d in DISTRICTS.values() if d.code}
    assert sorted(coded.values()) == [f"4403{n:02d}" for n in range(3, 12)]
    assert (coded["罗湖区"], coded["福田区"], coded["光明区"]) == ("440303", "440304", "440311")
    assert set(DISTRICTS) - set(coded) == {"大鹏新区", "前海深港合作区", "深汕特别合作区"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("福田", "福田区"),
        (" 深圳市 福田区 ", "福田区"),
        ("广东省深圳市龙华新区", "龙华区"),
        ("龍崗區", "龙岗区"),
        ("４４０３０６", "宝安区"),
        ("Nanshan District", "南山区"),
        ("大鹏", "大鹏新区"),
        ("前海", "前海深港合作区"),
        ("前海合作区", "前海深港合作区"),
        ("深汕合作区", "深汕特别合作区"),
        ("东莞市", None),
        ("深圳市", None),
        ("", None),
        (None, None),
    ],
)
def test_spellings_of_a_district(text: str | None, name: str | None) -> None:
    assert normalise_district(text) == name


def test_chapters_are_01_to_97_without_77() -> None:
    assert set(CHAPTERS) == {f"{n:02d}" for n in range(1, 98)} - {"77"}
    assert (chapter_title("85"), chapter_title("85", "en")) == (
        "电机及电子产品",
        "Electrical and electronic goods",
    )
    assert (chapter_title("98"), chapter_title("98", "en")) == ("第 98 章", "Chapter 98")


def test_every_label_has_both_languages() -> None:
    for rows in LABELS.values():
        assert rows
        assert all(zh.strip() and en.strip() for zh, en in rows.values())


def test_labels_stand_in_the_order_of_the_contract() -> None:
    assert codes("decision") == (
        "invalid_identity",
        "not_in_city",
        "deregistered",
        "no_exports",
        "over_threshold",
        "eligible",
    )
    assert codes("policy_status")[0] == "cancelled"
    assert label("claim_cause", "protracted_default") == "买方拖欠货款"
    assert labels("topic", "en")["risk_alert"] == "risk alert"


VOCABULARIES = {
    "declaration_status": customs.STATUSES,
    "line_state": customs.LINE_STATES,
    "delivery_terms": tuple(customs.DELIVERY_TERMS),
    "decision": eligibility.DECISIONS,
    "objection_claim": eligibility.CLAIMS_OF_OBJECTIONS,
    "edition_status": eligibility.EDITION_STATUSES,
    "roster_change": eligibility.CHANGES,
    "drift_cause": eligibility.DRIFT_CAUSES,
    "channel": policies.CHANNELS,
    "insurance_status": policies.POLICY_STATUSES,
    "claim_cause": policies.CAUSES,
    "claim_status": policies.CLAIM_STATUSES,
    "service": policies.SERVICES,
    "policy_status": policies.RECONCILIATION_STATUSES,
    "discrepancy": policies.DISCREPANCIES,
    "observation": policies.OBSERVATIONS,
    "matched_by": policies.MATCHED_BY,
    "evidence": policies.EVIDENCE,
    "take_up_status": policies.TAKE_UP_STATUSES,
    "finding": policies.FINDINGS,
    "service_finding": policies.SERVICE_FINDINGS,
    "thread_change": policies.THREAD_CHANGES,
    "work_subject": policies.SUBJECTS,
    "work_change": policies.CHANGES_OF_WORK,
    "work_action": policies.WORK_LIST["code"].values,
    "topic": push.TOPICS,
    "push_change": push.RATING_CHANGES,
    "receipt_event": push.RECEIPT_EVENTS,
    "dimension": measures.DIMENSIONS,
}


@pytest.mark.parametrize("kind", VOCABULARIES)
def test_the_tables_and_the_labels_have_the_same_codes(kind: str) -> None:
    assert codes(kind) == VOCABULARIES[kind]


def test_a_mode_says_when_it_is_in_force() -> None:
    assert in_force("9710") == "自 2020-07-01 起有效"
    assert in_force("0110") == in_force("9999") == ""


def test_an_unknown_label_is_an_error() -> None:
    with pytest.raises(LookupError, match=r"labels\.toml"):
        label("decision", "perhaps")


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("missing:hs_code", "缺少商品编号"),
        ("expired:trade_mode", "trade_mode在申报日期无效"),
        ("missing_rate", "缺少当月汇率"),
        ("something_new", "something_new"),
    ],
)
def test_a_reject_reason_in_words(reason: str, sentence: str) -> None:
    assert reason_label(reason, {"hs_code": "商品编号"}) == sentence


def test_the_version_covers_every_data_file_in_one_of_two_hashes() -> None:
    assert {path.stem for path in DATA.iterdir()} == {*JUDGING, *WORDING}
    assert all(re.fullmatch("[0-9a-f]{64}", v()) for v in (codes_version, wording_version))
    assert codes_version() != wording_version()


@pytest.mark.parametrize("name", [*JUDGING, *WORDING])
def test_every_table_names_its_source_and_date(name: str) -> None:
    source, dated = table_source(name)
    assert len(source) > 10
    assert date(2018, 1, 1) <= dated <= date(2026, 12, 31)


@pytest.mark.parametrize("name", [*JUDGING, *WORDING])
def test_no_table_carries_a_mobile_number(name: str) -> None:
    assert not re.search(r"1[3-9]\d{9}", (DATA / f"{name}.toml").read_text(encoding="utf-8"))


def test_code_tables_and_terms_load_without_frames_or_dagster() -> None:
    script = (
        "import sys, schemas.codes.countries, schemas.codes.currencies, schemas.codes.districts,"
        " schemas.codes.trade_modes, schemas.codes.chapters, schemas.codes.labels,"
        " schemas.terms.wording as w, schemas.terms.loader as t\n"
        "t.all_terms()\n"
        "print(sorted({'polars', 'pandera', 'dagster', 'pyarrow'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
