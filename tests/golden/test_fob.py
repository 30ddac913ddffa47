"""FOB in US dollars of a line (rules §1), with the arithmetic beside each answer."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.customs import value
from tests.golden.examples import freight, line, number, valued, worth

PERCENT = {"freight_mark": "1", "insurance_mark": "1"}
D = Decimal


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"delivery_terms": "3"}, "1000.00"),  # FOB: the amount
        ({"delivery_terms": "7"}, "1000.00"),  # EXW: the amount
        # CIF less 3.5 % freight and 0.3 % insurance: 1000 x (1 - 0.035 - 0.003)
        ({"delivery_terms": "1"}, "962.00"),
        ({"delivery_terms": "2"}, "965.00"),  # C&F less freight only: 1000 x 0.965
        ({"delivery_terms": "4"}, "997.00"),  # C&I less insurance only: 1000 x 0.997
        # customs' own value wins over any computation, and over a fee that cannot be had
        ({"delivery_terms": "1", "freight_mark": "2", "stat_value_usd": D("955.55")}, "955.55"),
        ({"stat_value_usd": D("955.55"), "currency": "XAF"}, "955.55"),  # and needs no rate
    ],
)
def test_delivery_terms(changes: dict[str, Any], expected: str) -> None:
    fees = {**PERCENT, "freight": D("3.5"), "insurance": D("0.3")}
    assert worth(line(amount=D("1000.00"), **{**fees, **changes})) == [expected]


@pytest.mark.parametrize(
    ("amount", "rate", "expected"),
    [
        ("1234.56", "1.0835", "1337.65"),  # 1337.64576
        ("100.00", "1.00005", "100.01"),  # 100.005 goes up
        ("100.00", "1.00004999", "100.00"),  # 100.004999
        ("0.10", "0.05", "0.01"),  # 0.005 goes up
        ("0.10", "0.049999999999", "0.00"),  # 0.0049999999999
        ("0.30", "0.15", "0.05"),  # 0.045 goes up: to the even cent it would be 0.04
        ("0.00", "7.25", "0.00"),
        ("20000000000.01", "0.000000000001", "0.02"),  # 0.02000000000001
    ],
)
def test_half_a_cent_goes_up_once(amount: str, rate: str, expected: str) -> None:
    assert worth(line(amount=D(amount), currency="EUR"), EUR=rate) == [expected]


def test_a_total_is_borne_by_the_lines_in_proportion() -> None:
    """100.00 over 333.33 + 333.33 + 333.34 = 1000.00: 33.333, 33.333 and 33.334.

    333.33 - 33.333 = 299.997 and 333.34 - 33.334 = 300.006: each line is rounded once, for itself.
    """
    parts = [("333.33", 1), ("333.33", 2), ("333.34", 3)]
    rows = [line(line_no=no, amount=D(amount), **freight("100.00")) for amount, no in parts]
    assert worth(*rows) == ["300.00", "300.00", "300.01"]


def test_awkward_cents_are_rounded_once_and_not_before() -> None:
    """10.00 EUR at 1.0835 = 10.835 over 7.01 + 5.02 = 12.03.

    Line 1: 7.01 - 10.835 x 7.01 / 12.03 = 7.01 - 6.313662... = 0.696337... = 0.70
    Line 2: 5.02 - 10.835 x 5.02 / 12.03 = 5.02 - 4.521337... = 0.498662... = 0.50
    """
    fee = freight("10.00", "EUR")
    rows = [line(amount=D("7.01"), **fee), line(line_no=2, amount=D("5.02"), **fee)]
    assert worth(*rows, EUR="1.0835") == ["0.70", "0.50"]


def test_mixed_currencies_share_by_dollars() -> None:
    """1000.00 USD and 8000.00 CNY at 0.140625 = 1125.00 USD; freight 170.00 EUR at 1.25 = 212.50.

    Line 1 bears 1000 / 2125 of 212.50 = 100.00, line 2 1125 / 2125 = 112.50.
    """
    fee = freight("170.00", "EUR")
    rows = [
        line(amount=D("1000.00"), **fee),
        line(line_no=2, amount=D("8000.00"), currency="CNY", **fee),
    ]
    assert worth(*rows, CNY="0.140625", EUR="1.25") == ["900.00", "1012.50"]


def test_a_missing_rate_among_mixed_currencies_refuses_who_needs_the_share() -> None:
    fee = freight("10.00")
    rows = [line(amount=D("100.00"), **fee), line(line_no=2, amount=D("100.00"), currency="JPY")]
    assert worth(*rows) == ["missing_rate", "missing_rate"]
    assert worth(rows[0], rows[1] | {"stat_value_usd": D("1.00")}) == ["missing_rate", "1.00"]


def test_who_bears_a_share() -> None:
    """Of 100.00: 600.00 with customs' value and 300.00 not counted bear theirs, so 100.00 bears
    10.00; the withdrawn, the superseded and the rejected line bear nothing."""
    fee, later = freight("100.00"), datetime(2024, 5, 6, tzinfo=UTC)
    rows = [
        line(amount=D("600.00"), stat_value_usd=D("555.00"), **fee),
        line(line_no=2, amount=D("100.00"), **fee),
        line(line_no=3, amount=D("300.00"), trade_mode="2600", **fee),
        line(line_no=4, amount=D("500.00"), status="withdrawn", **fee),
        line(line_no=5, amount=D("500.00"), reasons=["unknown:trade_mode"], **fee),
        line(line_no=6, amount=D("900.00"), **fee),
        line(line_no=6, amount=D("0.00"), revision=1, updated_at=later, **fee),
    ]
    assert worth(*rows) == [
        "555.00", "90.00", "not_counted", "withdrawn", "unknown:trade_mode", "superseded", "0.00",
    ]  # fmt: skip


def test_another_declaration_bears_nothing() -> None:
    rows = [line(amount=D("50.00"), **freight("5.00")), line(declaration_no=number(2))]
    assert worth(*rows) == ["45.00", "1.00"]


def test_a_percentage_and_a_total_together() -> None:
    """CIF 1000.00: freight 40.00 in all, insurance 0.275 % = 2.75."""
    row = line(amount=D("1000.00"), **freight("40.00"), insurance_mark="1", insurance=D("0.275")) | {
        "delivery_terms": "1"
    }
    assert worth(row) == ["957.25"]


def test_a_total_over_nothing_is_borne_by_nobody() -> None:
    rows = [line(line_no=no, amount=D("0.00"), **freight("5.00")) for no in (1, 2)]
    assert worth(*rows) == ["0.00", "0.00"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (freight("10.01"), "negative_fob"),  # 10.00 - 10.01
        (freight("10.004"), "negative_fob"),  # -0.004, though it would round to nothing
        ({"currency": "JPY"}, "missing_rate"),
        (freight("1.00", "JPY"), "missing_rate"),
        (freight("1.00") | {"freight_mark": "2"}, "fee_per_tonne"),
        ({"delivery_terms": "2"}, "missing_freight"),
        (freight("1.00") | {"freight": None}, "missing_freight"),
        (freight("1.00") | {"freight_currency": None}, "missing_freight"),
        ({"delivery_terms": "4"}, "missing_insurance"),
        ({"delivery_terms": "1"}, "missing_freight,missing_insurance"),
        ({"delivery_terms": "2", "freight_mark": "1", "freight": D("100.0001")}, "negative_fob"),
    ],
)
def test_what_cannot_be_known_is_refused(changes: dict[str, Any], reason: str) -> None:
    assert worth(line(amount=D("10.00"), **changes)) == [reason]


def test_a_fee_of_the_whole_amount_leaves_nothing() -> None:
    assert worth(line(amount=D("10.00"), **freight("10.00"))) == ["0.00"]


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("1", "99999999999999999.99"),  # the largest amount there is
        ("1.000000000001", "overflow"),
        ("99999999.999999999999", "overflow"),
    ],
)
def test_what_does_not_fit_is_refused(rate: str, expected: str) -> None:
    largest = D("99999999999999999.99")
    assert worth(line(amount=largest, currency="EUR"), EUR=rate) == [expected]


def test_products_wider_than_128_bits_are_reckoned_exactly() -> None:
    """At 99,999,999.99 dollars a unit a fee of 1e15 is 1e23 dollars, an amount of 1e17 is 1e25."""
    dearest = "99999999.999999999999"
    fee = line(amount=D("100.00"), **freight("999999999999999.9999", "EUR"))
    assert worth(fee, EUR=dearest) == ["negative_fob"]
    rows = [
        line(amount=D("99999999999999999.99"), currency="EUR", **freight("100.00")),
        line(line_no=2, amount=D("100.00"), **freight("100.00")),
    ]
    # the second line bears 100 / 1e25 of the freight: nothing that shows
    assert worth(*rows, EUR=dearest) == ["overflow", "100.00"]


# ── against fractions ─────────────────────────────────────────────────────────────────────────
RATES = {"EUR": "1.083512345678", "CNY": "0.138915000001", "KWD": "3.262217"}
amounts = st.one_of(
    st.decimals("0.00", "9999999.99", places=2),
    st.decimals("0.00", "99999999999999999.99", places=2),
)
marks = st.sampled_from(["1", "3"])
fees = st.one_of(st.decimals("0.0000", "12.0000", places=4), st.decimals("0", "3e9", places=4))
currencies = st.sampled_from(["USD", *RATES])
facts = st.fixed_dictionaries(
    {
        "delivery_terms": st.sampled_from(["1", "2", "3", "4", "7"]),
        "currency": currencies, "amount": amounts,
        "freight_mark": marks, "freight": fees, "freight_currency": currencies,
        "insurance_mark": marks, "insurance": fees, "insurance_currency": currencies,
    }
)  # fmt: skip
cities = st.lists(st.lists(facts, min_size=1, max_size=4), min_size=1, max_size=6)


def expected_cents(row: dict[str, Any], declaration: list[dict[str, Any]]) -> str:
    """A line's value by the contract's words, in fractions."""
    mixed = len({each["currency"] for each in declaration}) > 1
    weights = [Fraction(each["amount"]) * (rate(each["currency"]) if mixed else 1) for each in declaration]
    mine = weights[declaration.index(row)]
    net = Fraction(row["amount"]) * rate(row["currency"])
    for fee, of in (("freight", "12"), ("insurance", "14")):
        if row["delivery_terms"] not in of:
            continue
        if row[f"{fee}_mark"] == "1":
            part = Fraction(row["amount"]) * rate(row["currency"]) * Fraction(row[fee]) / 100
        else:
            total = Fraction(row[fee]) * rate(row[f"{fee}_currency"])
            part = total * mine / sum(weights) if sum(weights) else Fraction(0)
        net -= part
    cents = (net * 100 + Fraction(1, 2)).__floor__()
    return "negative_fob" if net < 0 else "overflow" if cents >= 10**19 else str(cents)


def rate(currency: str) -> Fraction:
    return Fraction(RATES.get(currency, "1"))


@settings(max_examples=60, deadline=None)
@given(cities)
def test_both_ways_of_reckoning_agree_with_fractions(city: list[list[dict[str, Any]]]) -> None:
    rows = [
        line(declaration_no=number(at), line_no=no, **row)
        for at, declaration in enumerate(city, start=1)
        for no, row in enumerate(declaration, start=1)
    ]
    wanted = [expected_cents(row, declaration) for declaration in city for row in declaration]
    assert cents(rows) == wanted
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(value, "WIDEST", 0.0)  # every line in Python's integers
        assert cents(rows) == wanted


def cents(rows: list[dict[str, Any]]) -> list[str]:
    found = valued(*rows, **RATES).select("fob_cents", "reasons").iter_rows()
    return [",".join(reasons) or str(whole) for whole, reasons in found]


def test_a_month_has_the_best_ranked_rate_there_is() -> None:
    import polars as pl

    rates = pl.DataFrame(
        [
            ("2024-05", "EUR", "ecb", D("1.08")), ("2024-05", "EUR", "safe", D("1.07")),
            ("2024-06", "EUR", "customs", D("1.09")), ("2024-05", "JPY", "zeta", D("0.0064")),
            ("2024-05", "JPY", "alpha", D("0.0065")), ("2024-05", "USD", "ecb", D("2")),
        ],
        schema={"month": pl.String, "currency": pl.String, "source": pl.String,
                "usd_per_unit": pl.Decimal(20, 12)},
        orient="row",
    )  # fmt: skip
    found = value.month_rates(rates, "2024-05", ("customs", "safe", "ecb"))
    assert found == {"EUR": 1_070_000_000_000, "JPY": 6_500_000_000, "USD": 10**12}


def test_statistical_month_is_that_of_closing() -> None:
    """Declared 31 December and closed 3 January counts in the new year."""
    from assets.customs.exports import cube

    row = line(declared_on=date(2024, 12, 31), closed_on=date(2025, 1, 3))
    never_closed = line(line_no=2, status="released", closed_on=None, released_on=date(2024, 5, 31))
    months = cube(valued(row, never_closed).lazy()).collect()["stat_month"]
    assert months.to_list() == ["2024-05", "2025-01"]
