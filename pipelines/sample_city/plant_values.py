"""Planted cases of FOB values: delivery terms, fees, currencies, rates, what does not count."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from pipelines.sample_city import codes
from pipelines.sample_city.expectations import EXPORT_YEAR, money, rate, total
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plants import SPRING, Plants

Text = str | None
UNSTATED: Final[Row] = {"stat_value_usd": None}


def plant(p: Plants) -> None:
    """Plant all cases of this module."""
    _delivery_terms(p)
    _shared_fees(p)
    _currencies(p)
    _rejected_when_valued(p)
    _not_counting(p)
    _forms(p)


def _computed(p: Plants, slug: str, about: str, amount: str, fob: str, **changes: Text) -> None:
    """One line without customs' own value, and what it is worth."""
    firm = p.firm()
    p.declare(firm, amount, UNSTATED | changes)
    p.expect_year(slug, about, firm, fob, lines="1", declarations="1")


def _fee(mark: str, amount: str, currency: Text = "USD") -> Row:
    return {"freight_mark": mark, "freight": amount, "freight_currency": currency}


def _premium(mark: str, amount: str, currency: Text = "USD") -> Row:
    return {"insurance_mark": mark, "insurance": amount, "insurance_currency": currency}


def _delivery_terms(p: Plants) -> None:
    both = _fee("3", "40.00") | _premium("3", "2.50")
    worth = (
        ("cif", "1", "957.50", "less freight and insurance"),
        ("cfr", "2", "960.00", "less freight; the premium is none of its business"),
        ("fob", "3", "1000.00", "as it stands, whatever the fee columns say"),
        ("cni", "4", "997.50", "less insurance"),
        ("exw", "7", "1000.00", "as it stands"),
    )
    for slug, terms, fob, about in worth:
        changes = both | {"delivery_terms": terms}
        about = f"Delivery terms {terms}: {about}."
        _computed(p, f"terms_{slug}", about, "1000.00", fob, **changes)
    _computed(
        p,
        "percent_marks",
        "3.5 % and 0.3 % of 1,000.00.",
        "1000.00",
        "962.00",
        delivery_terms="1",
        **_fee("1", "3.5", None),
        **_premium("1", "0.3", None),
    )
    _computed(
        p,
        "half_cent_up",
        "1.00 less 1.5 % is 0.985, half-up 0.99; to even it would be 0.98.",
        "1.00",
        "0.99",
        delivery_terms="2",
        **_fee("1", "1.5", None),
    )


def _shared_fees(p: Plants) -> None:
    firm, number = p.firm(), p.declaration_no(SPRING.year)
    amounts = ("100.00", "200.00", "33.33")
    goods = ("8517130000", "9503008900", "3926909090")
    weights = [Fraction(a) for a in amounts]
    for at, (amount, hs_code) in enumerate(zip(amounts, goods, strict=True), start=1):
        p.declare(
            firm,
            amount,
            _fee("3", "10.01"),
            declaration_no=number,
            line_no=str(at),
            hs_code=hs_code,
            stat_value_usd=None,
            delivery_terms="2",
        )
        weight = weights[at - 1]
        p.expect_month(
            "freight_shared_over_lines",
            "10.01 borne by three lines in proportion, each rounded once.",
            firm,
            "2024-03",
            money(weight - Fraction("10.01") * weight / sum(weights)),
            hs_chapter=hs_code[:2],
        )
    p.expect_year(
        "two_chapters_one_declaration",
        "A declaration with three chapters counts once a year.",
        firm,
        total([w - Fraction("10.01") * w / sum(weights) for w in weights]),
        lines="3",
        declarations="1",
    )
    _mixed_currencies(p)
    _amended_share(p)


def _mixed_currencies(p: Plants) -> None:
    firm, number = p.firm(), p.declaration_no(SPRING.year)
    euro = rate("EUR", SPRING)
    shared: Row = {"declaration_no": number, "stat_value_usd": None}
    shared |= {"delivery_terms": "2"} | _fee("3", "30.00")
    p.declare(firm, "1000.00", shared)
    p.declare(firm, "500.00", shared | {"line_no": "2", "currency": "EUR"})
    values = [Fraction(1000), 500 * euro]
    p.expect_year(
        "mixed_currency_declaration",
        "Dollars and euros in one declaration: the freight is shared by their value in USD.",
        firm,
        total([v - 30 * v / sum(values) for v in values]),
        lines="2",
        declarations="1",
    )


def _amended_share(p: Plants) -> None:
    firm, number = p.firm(), p.declaration_no(SPRING.year)
    shared: Row = {"declaration_no": number, "stat_value_usd": None}
    shared |= {"delivery_terms": "2"} | _fee("3", "7.00")
    p.declare(firm, "100.00", shared)
    second = p.declare(firm, "50.00", shared | {"line_no": "2"})
    p.revise(second, SPRING.replace(month=5), revision="1", amount="250.00")
    values = [Fraction(100), Fraction(250)]
    p.expect_year(
        "share_moves_with_amendment",
        "One line was amended: the share of the other moves with it.",
        firm,
        total([v - 7 * v / 350 for v in values]),
        lines="2",
    )
    firm, number = p.firm(), p.declaration_no(SPRING.year)
    shared["declaration_no"] = number
    p.declare(firm, "100.00", shared)
    second = p.declare(firm, "250.00", shared | {"line_no": "2"})
    p.revise(second, SPRING.replace(month=5), status="withdrawn")
    p.expect_year(
        "share_without_withdrawn",
        "A withdrawn line bears nothing: the other bears all.",
        firm,
        "93.00",
        lines="1",
    )


def _currencies(p: Plants) -> None:
    for currency, about in (
        ("EUR", "the customs rate, though ecb has one too"),
        ("SEK", "only ecb publishes it"),
        ("KRW", "only safe publishes it"),
        ("JPY", "a small rate"),
        ("CNY", "the home currency"),
    ):
        fob = money(Fraction("123456.78") * rate(currency, SPRING))
        slug = f"currency_{currency.lower()}"
        _computed(p, slug, f"{currency}: {about}.", "123456.78", fob, currency=currency)
    _computed(
        p,
        "fee_in_other_currency",
        "Euro goods, freight in dollars.",
        "1000.00",
        money(1000 * rate("EUR", SPRING) - 25),
        currency="EUR",
        delivery_terms="2",
        **_fee("3", "25.00"),
    )
    _computed(
        p,
        "stat_value_without_rate",
        "Customs' own value needs no rate: the krone has none here.",
        "13000.00",
        "1234.56",
        currency="NOK",
        stat_value_usd="1234.56",
    )
    _computed(
        p,
        "stat_value_wins",
        "Customs' own value wins over the arithmetic.",
        "1000.00",
        "955.55",
        stat_value_usd="955.55",
        delivery_terms="1",
        **_fee("3", "40.00"),
        **_premium("3", "2.50"),
    )
    _computed(
        p,
        "stat_value_despite_tonnes",
        "A fee per tonne does not matter where customs state the value.",
        "1000.00",
        "911.00",
        stat_value_usd="911.00",
        delivery_terms="2",
        **_fee("2", "40.00"),
    )


def _rejected_when_valued(p: Plants) -> None:
    firm = p.firm()

    def refuse(slug: str, about: str, reason: str, amount: str, **changes: Text) -> Row:
        row = p.declare(firm, amount, UNSTATED | changes)
        p.expect_rejected(slug, about, row, reason)
        return row

    tonnes = {"delivery_terms": "2"} | _fee("2", "40.00")
    refuse("fee_per_tonne", "The weight is not in the feed.", "fee_per_tonne", "700.00", **tonnes)
    refuse("missing_freight", "C&F without freight.", "missing_freight", "701.00",
           delivery_terms="2")  # fmt: skip
    refuse("missing_freight_currency", "A total of which currency?", "missing_freight", "702.00",
           delivery_terms="2", **_fee("3", "10.00", None))  # fmt: skip
    refuse("missing_insurance", "CIF without a premium.", "missing_insurance", "703.00",
           delivery_terms="1", **_fee("3", "10.00"))  # fmt: skip
    refuse("missing_rate", "No rate of the Norwegian krone.", "missing_rate", "704.00",
           currency="NOK")  # fmt: skip
    refuse("missing_rate_of_fee", "No rate of the freight's currency.", "missing_rate", "705.00",
           delivery_terms="2", **_fee("3", "10.00", "NOK"))  # fmt: skip
    refuse("negative_fob", "More freight than goods.", "negative_fob", "9.00",
           delivery_terms="2", **_fee("3", "10.00"))  # fmt: skip
    refuse("overflow", "More dollars than nineteen digits hold.", "overflow",
           "90000000000000000.00", currency="GBP")  # fmt: skip
    p.expect_decision(
        "rejected_when_valued",
        "Eight lines were refused when they were valued.",
        firm,
        "no_exports",
        "0.00",
        rejected=8,
    )


def _not_counting(p: Plants) -> None:
    for mode, reason in codes.NOT_COUNTING_MODES.items():
        firm = p.firm()
        p.declare(firm, "800.00", trade_mode=mode)
        _counts_nowhere(p, f"mode_{mode}", f"Trade mode {mode}: {reason}.", firm.uscc)
        p.expect_decision(f"mode_{mode}_decision", "No exports.", firm, "no_exports", "0.00")
    firm = p.firm()
    p.declare(firm, "810.00", arrival_country="CHN")
    _counts_nowhere(p, "never_left", "Arrival in China: goods that never left.", firm.uscc)
    firm = p.firm()
    p.declare(firm, "811.00", arrival_country="142", trade_mode="4561", stat_value_usd=None,
              currency="NOK")  # fmt: skip
    _counts_nowhere(p, "not_counted_needs_no_rate", "Never valued, so never rejected.", firm.uscc)
    p.expect_decision(
        "not_counted_needs_no_rate_decision", "No exports, no rejects.", firm, "no_exports", "0.00"
    )
    for mode in codes.COUNTING_MODES[1:]:
        firm = p.firm()
        p.declare(firm, "820.00", trade_mode=mode)
        p.expect_year(f"mode_{mode}", f"Trade mode {mode} counts.", firm, "820.00", lines="1")


def _counts_nowhere(p: Plants, slug: str, about: str, uscc: str) -> None:
    p.expect_absent(
        slug,
        about,
        "customs_declarations",
        "annual_exports",
        {"consignor_uscc": uscc},
        uscc=uscc,
        export_year=str(EXPORT_YEAR),
    )


def _forms(p: Plants) -> None:
    firm = p.firm()
    p.declare(
        firm,
        "1,234,567.89",
        trading_country="502",
        arrival_country="502",
        currency="502",
        declared_on="20240304",
        closed_on="20240309",
    )
    p.expect_month(
        "old_codes_and_forms",
        "Three-digit codes, thousands commas and dates without dashes.",
        firm,
        "2024-03",
        "1234567.89",
    )
    firm = p.firm()
    p.declare(firm, "830.00", consignor_uscc=firm.uscc.lower(), hs_code="0303899090")
    p.expect_month(
        "lower_case_and_leading_zero",
        "The code in small letters, a commodity code with a leading zero.",
        firm,
        "2024-03",
        "830.00",
        hs_chapter="03",
    )
