"""The fast way of valuing a month says what the readable ones say, line for line and cent for cent."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from assets.customs.exports import cube, line_counts
from assets.customs.reference import OnPolars, month_worth_by
from assets.customs.value import RATE_SCALE, month_rates, value_lines
from assets.customs.worth import STRETCH_ROWS, Worth, month_worth
from schemas.customs import DECLARATIONS, LINE_STATES, RATES
from tests.golden.examples import ledger_of_lines, line, number
from tests.property.strategies import NOW, Sources, customs_cities
from tests.property.test_customs_oracle import SLOW
from tests.property.through_product import RANKING, by_month, ledger_of

CLEAN = 3
"""Of so many declarations one is left without customs' own value."""


def with_values(sources: Sources, given_to: int) -> Sources:
    """The same sources with customs' own value on the lines of most declarations."""
    rows = [
        row if index % given_to == 0 else row | {"stat_value_usd": row["stat_value_usd"] or f"{index}.5"}
        for index, row in enumerate(sources[DECLARATIONS.name])
    ]
    return sources | {DECLARATIONS.name: rows}


def agree(ledger: pl.DataFrame, rates: dict[str, int]) -> None:
    """All ways of valuing one month give the same."""
    slow = value_lines(ledger.lazy().with_row_index("place"), rates).collect()

    for rows in (1, 2, STRETCH_ROWS):
        with patch("assets.customs.worth.STRETCH_ROWS", rows):
            same(month_worth(ledger.lazy(), rates), slow)
    engine, worth = OnPolars(), month_worth(ledger.lazy(), rates)
    same_worth(month_worth_by(engine, engine.read(ledger.lazy()), ledger.lazy(), rates), worth)


def same(worth: Worth, slow: pl.DataFrame) -> None:
    """A month's worth is what its valued lines say."""
    assert_frame_equal(worth.cells, cube(slow.lazy()).collect())
    assert_frame_equal(worth.counts, line_counts(slow.lazy()).collect())
    assert_frame_equal(worth.refused, slow.filter(pl.col("reasons").list.len() > 0), check_column_order=False)
    assert worth.states == Counter(slow["state"])
    assert worth.rows == slow.height
    assert int(worth.dollars * 100) == (slow["fob_cents"].sum() or 0)


def same_worth(found: Worth, worth: Worth) -> None:
    """The reference says what the fast way says."""
    assert_frame_equal(found.cells, worth.cells)
    assert_frame_equal(found.counts, worth.counts)
    assert_frame_equal(found.refused, worth.refused.select(found.refused.columns))
    assert all(found.states[state] == worth.states[state] for state in LINE_STATES)
    assert (found.rows, found.dollars) == (worth.rows, worth.dollars)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(customs_cities(), st.integers(1, CLEAN))
def test_drawn_months_are_worth_the_same_both_ways(sources: Sources, given_to: int) -> None:
    rates = ledger_of(sources, RATES, NOW)
    for month, ledger in by_month(ledger_of(with_values(sources, given_to), DECLARATIONS, NOW)).items():
        agree(ledger, month_rates(rates, month, RANKING))


HEADS: tuple[dict[str, Any], ...] = (
    {},
    {"trading_country": "DEU"},
    {"hs_code": "9403200000"},
    {"status": "withdrawn"},
    {"trade_mode": "4561"},
    {"stat_value_usd": None, "amount": Decimal("9.99")},
    {"reasons": ["unknown:trade_mode"]},
    {"revision": None, "reasons": ["unreadable:revision"]},
    {"stat_value_usd": Decimal("99999999999999999.99")},
)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4), st.sampled_from(HEADS)), max_size=12))
def test_headers_that_change_and_come_back_within_a_declaration(
    drawn: list[tuple[int, int, dict[str, Any]]],
) -> None:
    rows = [
        line(**{"declaration_no": number(at), "line_no": no, "stat_value_usd": Decimal("5.25"), **head})
        for at, no, head in drawn
    ]
    agree(ledger_of_lines(*rows), {"USD": 10**12})


def test_an_empty_month_is_worth_nothing() -> None:
    worth = month_worth(ledger_of_lines().lazy(), {"USD": 10**12})
    assert (worth.cells.height, worth.counts.height, worth.rows, int(worth.dollars)) == (0, 0, 0, 0)


@pytest.mark.parametrize("wide", ["92233720368547758.07", "92233720368547758.08"])
def test_sums_wider_than_64_bits_are_exact(wide: str) -> None:
    rows = [line(line_no=no, stat_value_usd=Decimal(wide)) for no in (1, 2, 3)]
    agree(ledger_of_lines(*rows), {"USD": 10**12})


AMOUNTS = st.one_of(st.integers(0, 10**4), st.integers(0, 10**19 - 1)).map(
    lambda cents: Decimal(cents).scaleb(-2)
)
FEES = st.one_of(st.integers(0, 10**6), st.integers(0, 10**19 - 1)).map(lambda fee: Decimal(fee).scaleb(-4))
UNIT_RATES = st.one_of(st.integers(1, 10**13), st.integers(1, 10**20 - 1))
MONEYS = st.sampled_from(["USD", "JPY", "XAU"])


@st.composite
def unstated(draw: st.DrawFn, line_no: int) -> dict[str, Any]:
    """A line without customs' own value, of any width, with fees by percentage or in total."""
    fees: dict[str, Any] = {}
    for fee in ("freight", "insurance"):
        mark = draw(st.sampled_from(["1", "3", "3", None]))
        fees |= {
            f"{fee}_mark": mark,
            fee: draw(FEES),
            f"{fee}_currency": draw(st.sampled_from(["USD", "JPY", None])),
        }
    return line(
        declaration_no=number(draw(st.integers(1, 2))),
        line_no=line_no,
        delivery_terms=draw(st.sampled_from(["1", "2", "3", "4"])),
        currency=draw(MONEYS),
        amount=draw(AMOUNTS),
        stat_value_usd=None,
        status=draw(st.sampled_from(["closed", "closed", "closed", "withdrawn"])),
        **fees,
    )


@settings(max_examples=100, deadline=None)
@given(
    st.integers(1, 4).flatmap(lambda lines: st.tuples(*map(unstated, range(1, lines + 1)))),
    UNIT_RATES,
    st.none() | UNIT_RATES,
)
def test_totals_are_shared_alike_however_wide_the_figures(
    rows: tuple[dict[str, Any], ...], yen: int, gold: int | None
) -> None:
    agree(ledger_of_lines(*rows), {"USD": RATE_SCALE, "JPY": yen} | ({"XAU": gold} if gold else {}))
