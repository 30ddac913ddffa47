"""How each form of text becomes a value, and which reasons refuse it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from assets.storage.runs import Runs
from assets.validation import judge, judge_again, judge_runs
from schemas.bad_bytes import carried
from schemas.customs import DECLARATIONS, RATES, UPDATED_AT
from schemas.eligibility import ENTERPRISES, OBJECTIONS
from schemas.policies import POLICIES
from schemas.push import COUNTRY_RISK, RISK_BULLETINS
from schemas.table import Field, Source
from tests.unit.policies_examples import A

LINE = {
    "declaration_no": "531620240123456789", "line_no": "1", "revision": "0", "status": "closed",
    "consignor_uscc": A, "consignor_customs_code": "4403160001", "consignor_name": "甲公司",
    "trading_country": "USA", "arrival_country": "USA", "destination_country": "USA",
    "trade_mode": "0110", "hs_code": "0102030405", "delivery_terms": "3", "currency": "USD",
    "amount": "100.00", "declared_on": "2024-05-01", "closed_on": "2024-05-03",
    "updated_at": "2024-05-04T00:00:00Z",
}  # fmt: skip


def frame(source: Source, *rows: Mapping[str, str | None]) -> pl.LazyFrame:
    """Text rows, numbered from 1."""
    layout = dict.fromkeys(source.names, pl.String)
    return pl.LazyFrame(rows, schema=layout).with_row_index("row", 1).with_columns(
        pl.col("row").cast(pl.Int64)
    )  # fmt: skip


def judged(source: Source, **texts: str | None) -> dict[str, Any]:
    return judge(frame(source, texts), source).row(0, named=True)


def declared(**changes: str | None) -> dict[str, Any]:
    return judged(DECLARATIONS, **{**LINE, **changes})


def read(field: Field, text: str | None) -> tuple[Any, list[str]]:
    """A field alone: its value and the reasons, of one text."""
    alone = replace(field, applies=None, event=False)
    source = Source("t", "表", "A table of one field.", (alone.name,), (alone, UPDATED_AT))
    row = judged(source, **{alone.name: text, "updated_at": "2024-05-04T00:00:00Z"})
    return row[alone.name], row["reasons"]


CASES: list[tuple[Source, str, str | None, object]] = [
    # text: trimmed, not folded
    (DECLARATIONS, "consignor_name", " \u3000甲（深圳）Ｌtd \u00a0", "甲（深圳）Ｌtd"),
    (DECLARATIONS, "consignor_name", "\u3000 ", "missing:consignor_name"),
    (DECLARATIONS, "consignor_name", None, "missing:consignor_name"),
    # codes
    (DECLARATIONS, "consignor_uscc", A.lower(), A),
    (DECLARATIONS, "consignor_uscc", A[:-1], "unreadable:consignor_uscc"),
    (DECLARATIONS, "consignor_uscc", A[:-1] + "-", "unreadable:consignor_uscc"),
    (DECLARATIONS, "consignor_customs_code", "440316000a", "440316000A"),
    (DECLARATIONS, "consignor_customs_code", "44031A0001", "unreadable:consignor_customs_code"),
    (DECLARATIONS, "hs_code", "０１０２０３０４０５", "0102030405"),
    (DECLARATIONS, "hs_code", "102030405", "unreadable:hs_code"),
    # choices
    (DECLARATIONS, "status", "ＣＬＯＳＥＤ", "closed"),
    (DECLARATIONS, "status", "open", "unknown:status"),
    (DECLARATIONS, "delivery_terms", "5", "unknown:delivery_terms"),
    (DECLARATIONS, "freight_mark", None, None),
    (DECLARATIONS, "insurance_mark", "2", "unknown:insurance_mark"),
    # countries
    (DECLARATIONS, "trading_country", "usa", "USA"),
    (DECLARATIONS, "trading_country", "502", "USA"),
    (DECLARATIONS, "trading_country", "142", "CHN"),
    (DECLARATIONS, "trading_country", "XYZ", "unknown:trading_country"),
    (DECLARATIONS, "trading_country", "701", "ambiguous:trading_country"),
    (RISK_BULLETINS, "countries", "USA；502, DEU", ["USA", "USA", "DEU"]),
    (RISK_BULLETINS, "countries", "USA;XYZ", "unknown:countries"),
    (RISK_BULLETINS, "hs_chapters", "01、85", ["01", "85"]),
    (RISK_BULLETINS, "hs_chapters", "1", "unknown:hs_chapters"),
    # currencies
    (DECLARATIONS, "currency", "ｃｎｙ", "CNY"),
    (DECLARATIONS, "currency", "142", "CNY"),
    (DECLARATIONS, "currency", "ABC", "unknown:currency"),
    # integers
    (DECLARATIONS, "line_no", "012", 12),
    (DECLARATIONS, "line_no", "0", "unreadable:line_no"),
    (DECLARATIONS, "line_no", "1.0", "unreadable:line_no"),
    (DECLARATIONS, "revision", "0", 0),
    (DECLARATIONS, "revision", "-1", "unreadable:revision"),
    # decimals
    (DECLARATIONS, "amount", "1,234,567.8", Decimal("1234567.80")),
    (DECLARATIONS, "amount", "１２．５", Decimal("12.50")),
    (DECLARATIONS, "amount", "99999999999999999.99", Decimal("99999999999999999.99")),
    (DECLARATIONS, "amount", "100000000000000000", "unreadable:amount"),
    (DECLARATIONS, "amount", "1.005", "unreadable:amount"),
    (DECLARATIONS, "amount", "1e3", "unreadable:amount"),
    (DECLARATIONS, "amount", "-0.01", "negative:amount"),
    (DECLARATIONS, "freight", "0.1234", Decimal("0.1234")),
    (RATES, "usd_per_unit", "0.000000000001", Decimal("0.000000000001")),
    (RATES, "usd_per_unit", "-1", "negative:usd_per_unit"),
    # dates
    (DECLARATIONS, "declared_on", "2024-02-29", date(2024, 2, 29)),
    (DECLARATIONS, "declared_on", "20240229", date(2024, 2, 29)),
    (DECLARATIONS, "declared_on", "45351", date(2024, 2, 29)),  # Excel's 1900 system
    (DECLARATIONS, "declared_on", "2023-02-29", "unreadable:declared_on"),
    (DECLARATIONS, "declared_on", "29.02.2024", "unreadable:declared_on"),
    (RATES, "month", "2024-05", "2024-05"),
    (RATES, "month", "2024-13", "unreadable:month"),
    # districts
    (ENTERPRISES, "district", "前海", "前海深港合作区"),
    (ENTERPRISES, "district", "深汕合作区", "深汕特别合作区"),
    (ENTERPRISES, "district", "浦东新区", "unknown:district"),
    (POLICIES, "insured_percentage", "0.8", Decimal("0.8000")),
    (COUNTRY_RISK, "rating", "-", "-"),
]


@pytest.mark.parametrize(("source", "name", "text", "expected"), CASES)
def test_a_field_is_read_or_refused(source: Source, name: str, text: str | None, expected: object) -> None:
    field = next(field for field in source.fields if field.name == name)
    value, reasons = read(field, text)
    if isinstance(expected, str) and ":" in expected:
        assert reasons == [expected]
    else:
        assert (value, reasons) == (expected, [])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-05-04T08:00:00+08:00", datetime(2024, 5, 4, tzinfo=UTC)),
        ("2024-05-04T08:00:00+0800", datetime(2024, 5, 4, tzinfo=UTC)),
        ("2024-05-04T00:00:00Z", datetime(2024, 5, 4, tzinfo=UTC)),
        ("2024-05-04 00:00:00", datetime(2024, 5, 4, tzinfo=UTC)),
        ("2024-05-04T00:00:00.5", datetime(2024, 5, 4, 0, 0, 0, 500000, tzinfo=UTC)),
        ("2024-05-04T00:00:00.000001Z", datetime(2024, 5, 4, 0, 0, 0, 1, tzinfo=UTC)),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    row = declared(updated_at=text)
    assert (row["updated_at"], row["reasons"]) == (moment, [])


@pytest.mark.parametrize("text", ["yesterday", "2024-13-01T00:00:00Z", "1714780800"])
def test_a_moment_that_cannot_be_read(text: str) -> None:
    assert declared(updated_at=text)["reasons"] == ["unreadable:updated_at"]


def test_a_good_line_is_accepted_as_it_is() -> None:
    row = declared()
    assert (row["reasons"], row["raw"]) == ([], None)
    assert (row["declaration_no"], row["hs_code"]) == (531620240123456789, "0102030405")


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"declaration_no": "531620241123456789"}, ["not_an_export"]),
        ({"declaration_no": "531620230123456789"}, ["declaration_year"]),
        ({"declaration_no": "53162024012345678"}, ["unreadable:declaration_no"]),
        ({"status": "released", "released_on": None}, ["no_statistical_date"]),
        ({"closed_on": None}, ["no_statistical_date"]),
        ({"closed_on": "2024-04-30"}, ["closed_before_declared"]),
        ({"status": "withdrawn", "closed_on": None}, []),
        ({"status": "withdrawn", "closed_on": "2024-04-30"}, []),
        ({"trade_mode": "0111"}, ["unknown:trade_mode"]),
        ({"trade_mode": "110"}, ["unreadable:trade_mode"]),
        # both are good from 1 July 2020 on
        ({"trade_mode": "9710"}, []),
        ({"trade_mode": "9710", "declared_on": "2020-06-30",
          "declaration_no": "531620200123456789"}, ["expired:trade_mode"]),
        ({"trade_mode": "9710", "declared_on": "2020-07-01",
          "declaration_no": "531620200123456789"}, []),
        # 15:59:59 UTC of 2 May is still that day in Shenzhen, 16:00 the next
        ({"updated_at": "2024-05-02T15:59:59Z"}, ["event_after_update:closed_on"]),
        ({"updated_at": "2024-05-02T16:00:00Z"}, []),
        ({"amount": "x", "currency": "ABC", "line_no": None, "hs_code": "1"},
         ["missing:line_no", "unknown:currency", "unreadable:amount", "unreadable:hs_code"]),
        ({"consignor_name": f"甲{carried(b'x')}公司"}, ["bad_bytes:consignor_name"]),
        ({"hs_code": f"010203040{carried(b'5')}"}, ["bad_bytes:hs_code", "unreadable:hs_code"]),
        ({"amount": "-1", "closed_on": "2024-06-01"},
         ["event_after_update:closed_on", "negative:amount"]),
    ],
)  # fmt: skip
def test_the_rules_of_a_declaration_line(changes: dict[str, str | None], reasons: list[str]) -> None:
    assert declared(**changes)["reasons"] == reasons


def test_a_wrong_check_digit_does_not_refuse_a_line() -> None:
    wrong = A[:-1] + ("0" if A[-1] != "0" else "1")
    assert declared(consignor_uscc=wrong)["reasons"] == []


def test_the_end_of_a_cover_may_lie_ahead() -> None:
    policy = {
        "policy_no": "P1", "policy_year": "2025", "insured_uscc": A, "channel": "online",
        "taken_up_on": "2025-06-01", "issued_on": "2025-06-03", "cover_from": "2025-07-01",
        "cover_to": "2026-06-30", "insured_percentage": "0.80", "buyer_limit_usd": "150000.00",
        "status": "active", "updated_at": "2025-06-04T00:00:00Z",
    }  # fmt: skip
    assert judged(POLICIES, **policy)["reasons"] == []
    late = judged(POLICIES, **{**policy, "issued_on": "2025-06-05"})
    assert late["reasons"] == ["event_after_update:issued_on"]


@pytest.mark.parametrize(
    ("city", "district", "expected"),
    [
        ("440304", "福田区", []), ("440304", None, ["missing:district"]),
        ("440304", "天河区", ["unknown:district"]),
        ("440100", None, []), ("440100", "天河区", []),
    ],
)  # fmt: skip
def test_only_the_citys_districts_are_known(city: str, district: str | None, expected: list[str]) -> None:
    row = judged(
        ENTERPRISES, uscc=A, customs_code="4403160001", name="甲", city=city, district=district,
        updated_at="2024-05-04T00:00:00Z",
    )  # fmt: skip
    assert row["reasons"] == expected


def test_a_refused_row_keeps_its_text_and_is_judged_again() -> None:
    row = declared(amount=" 12,x ", trade_mode="0111")
    raw = json.loads(row["raw"])
    assert (raw["amount"], raw["trade_mode"]) == (" 12,x ", "0111")
    again = judge_again(pl.DataFrame({"row": [7], "raw": [row["raw"]]}), DECLARATIONS)
    assert again["reasons"].to_list() == [row["reasons"]]
    repaired = row["raw"].replace(" 12,x ", "12").replace("0111", "0110")
    mended = judge_again(pl.DataFrame({"row": [7], "raw": [repaired]}), DECLARATIONS)
    assert mended.select("row", "amount", "reasons").row(0) == (7, Decimal("12.00"), [])


def test_rows_keep_their_order_and_their_neighbours_do_not_matter() -> None:
    amounts = ["1", "x", "2", "-3", "4"]
    rows: list[dict[str, str | None]] = [
        {**LINE, "line_no": str(no), "amount": text} for no, text in enumerate(amounts, 1)
    ]
    result = judge(frame(DECLARATIONS, *rows), DECLARATIONS)
    assert result["row"].to_list() == [1, 2, 3, 4, 5]
    assert result["reasons"].to_list() == [[], ["unreadable:amount"], [], ["negative:amount"], []]
    assert result["raw"].is_null().to_list() == [True, False, True, False, True]


@pytest.mark.parametrize("source", [DECLARATIONS, RATES, ENTERPRISES, OBJECTIONS, POLICIES])
def test_an_empty_row_lacks_everything_that_is_required(source: Source) -> None:
    found = judge(frame(source, {}), source)["reasons"].to_list()[0]
    required = {f"missing:{field.name}" for field in source.fields if field.required}
    assert set(found) >= required
    assert all(reason.startswith(("missing:", "no_")) for reason in found)


@pytest.mark.parametrize("source", [DECLARATIONS, RATES, ENTERPRISES, OBJECTIONS, POLICIES])
def test_no_rows_are_no_rows(source: Source) -> None:
    empty = judge(frame(source), source)
    assert empty.columns == ["row", *source.names, "reasons", "raw"]
    assert empty.height == 0


def test_cells_in_full_width_that_are_read_are_counted() -> None:
    rows = frame(
        DECLARATIONS,
        {**LINE, "hs_code": "０１０２０３０４０５", "amount": "１２．５", "consignor_name": "Ａ公司"},
        {**LINE, "hs_code": "０１０２０３０４０甲", "currency": "ＵＳＤ", "amount": "\u300012"},
    )  # fmt: skip
    folds = Counter[str]()
    for texts in (rows, frame(DECLARATIONS, {**LINE})):
        judge_runs(Runs.of(texts.collect(), DECLARATIONS.steady), DECLARATIONS, folds)
    assert folds == {"hs_code": 1, "currency": 1, "amount": 1}


def test_a_row_is_judged_the_same_alone_and_in_a_run_of_rows() -> None:
    spoilt = [{**LINE, name: "？"} for name in DECLARATIONS.names for _ in range(2)]
    rows = [row for bad in spoilt for row in (LINE, LINE, bad, bad, {**bad, "line_no": "7"})]
    together = judge(frame(DECLARATIONS, *rows), DECLARATIONS)
    alone = [judge(frame(DECLARATIONS, row), DECLARATIONS) for row in rows]
    assert together.drop("row").equals(pl.concat(alone).drop("row"))
