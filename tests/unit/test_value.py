"""States of the rows of a ledger: what is current, counted, superseded, withdrawn or refused."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from assets.customs.conserve import cube_balances, state_balances
from assets.customs.exports import cube, line_counts
from assets.customs.value import RATE_SCALE, exact_fob_cents
from assets.customs.worth import month_worth
from schemas.codes.trade_modes import TRADE_MODES
from tests.golden.examples import ledger_of_lines, line, number, valued
from tests.unit.policies_examples import A, B


def at(day: int) -> datetime:
    return datetime(2024, 5, day, tzinfo=UTC)


def states(*rows: dict[str, Any]) -> list[str]:
    return valued(*rows)["state"].to_list()


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {"revision": 1}, ["superseded", "counted"]),
        # the greater revision is the newer, though it came earlier
        ({"updated_at": at(9)}, {"revision": 1, "updated_at": at(5)}, ["superseded", "counted"]),
        ({}, {"updated_at": at(5)}, ["superseded", "counted"]),
        ({}, {"updated_at": at(5), "status": "withdrawn"}, ["superseded", "withdrawn"]),
        ({}, {"updated_at": at(5), "reasons": ["x"]}, ["superseded", "rejected"]),
        ({"reasons": ["x"]}, {"updated_at": at(5)}, ["rejected", "counted"]),
        # a refused row whose version cannot be read displaces nothing
        ({}, {"revision": None, "reasons": ["unreadable:revision"]}, ["rejected", "counted"]),
    ],
)
def test_the_newest_row_of_a_line(first: dict[str, Any], second: dict[str, Any], expected: list[str]) -> None:
    assert sorted(states(line(**first), line(**second))) == sorted(expected)


def test_a_refused_newest_row_leaves_nothing_of_the_line() -> None:
    frame = valued(line(), line(updated_at=at(5), reasons=["unknown:trade_mode"]))
    assert frame["fob_cents"].to_list() == [None, None]
    assert frame["is_current"].to_list() == [False, True]


@pytest.mark.parametrize("mode", sorted(m.code for m in TRADE_MODES.values() if not m.counts))
def test_modes_that_are_no_sale_abroad(mode: str) -> None:
    row = valued(line(trade_mode=mode)).row(0, named=True)
    assert (row["state"], row["fob_cents"]) == ("not_counted", None)
    assert row["why_not"] == TRADE_MODES[mode].not_counted_reason


def test_never_left_is_looked_at_first() -> None:
    row = valued(line(trade_mode="4561", arrival_country="CHN")).row(0, named=True)
    assert (row["state"], row["why_not"]) == ("not_counted", "never_left")


def test_what_is_not_counted_is_not_valued() -> None:
    row = valued(line(arrival_country="CHN", currency="XAF")).row(0, named=True)
    assert (row["state"], row["reasons"]) == ("not_counted", [])


def test_a_total_without_its_currency_is_lacking_and_shared_by_nobody() -> None:
    insured = {"delivery_terms": "4", "insurance_mark": "3", "insurance": Decimal("0.3")}
    rows = valued(line(**insured), line(line_no=2, currency="JPY", **insured))
    assert rows["reasons"].to_list() == [["missing_insurance"], ["missing_insurance", "missing_rate"]]


def test_rows_keep_the_ledgers_order() -> None:
    rows = [line(declaration_no=number(n), line_no=no) for n in (1, 2) for no in (1, 2, 3)]
    frame = valued(*rows[::-1])
    assert frame.select("declaration_no", "line_no").rows() == [
        (number(n), no) for n in (1, 2) for no in (1, 2, 3)
    ]


def test_every_balance_holds() -> None:
    ledger = ledger_of_lines(
        line(), line(revision=1, amount=Decimal("3.25")), line(line_no=2, status="withdrawn"),
        line(line_no=3, trade_mode="4561"), line(line_no=4, currency="XAF"),
        line(line_no=5, consignor_uscc=B), line(declaration_no=number(2), stat_value_usd=Decimal("0.75")),
    )  # fmt: skip
    worth = month_worth(ledger.lazy(), {"USD": RATE_SCALE})
    assert worth.dollars == Decimal("5.00")
    assert worth.states == {"counted": 3, "superseded": 1, "withdrawn": 1, "not_counted": 1, "rejected": 1}
    assert all(b.holds for b in state_balances(worth.rows, worth.refused.height, worth.states))
    assert all(b.holds for b in cube_balances(worth.states["counted"], worth.dollars, worth.cells.lazy()))


def test_a_balance_that_does_not_hold_says_so() -> None:
    sums = cube(valued(line()).lazy()).collect()
    lines, dollars = cube_balances(2, Decimal("2.00"), sums.lazy())
    assert (lines.left, lines.right, lines.holds) == (2, 1, False)
    assert (dollars.left, dollars.right, dollars.holds) == (Decimal("2.00"), Decimal("1.00"), False)
    assert [b.holds for b in state_balances(3, 1, {"counted": 1, "rejected": 1})] == [False, True, True]
    assert [b.holds for b in state_balances(2, 0, {"counted": 2, "lost": 1})] == [True, True, False]


def test_a_declaration_with_two_chapters_counts_once() -> None:
    rows = [line(), line(line_no=2, hs_code="9403200000")]
    frame = valued(*rows).lazy()
    assert cube(frame).collect()["declarations"].to_list() == [1, 1]
    assert line_counts(frame).collect().select("uscc", "year", "declarations", "counted").rows() == [
        (A, 2024, 1, 2)
    ]


def test_a_line_without_an_exporter_is_counted_for_nobody() -> None:
    frame = valued(line(consignor_uscc=None, reasons=["missing:consignor_uscc"])).lazy()
    assert line_counts(frame).collect().is_empty()


def test_the_exact_path_rounds_half_up() -> None:
    """10 cents at 0.05 dollars are half a cent."""
    fees = ("freight_total", "freight_rate", "insurance_total", "insurance_rate")
    nothing = dict.fromkeys((*fees, "weight_rate", "weights_whole"), 0)
    facts = nothing | {"amount": 10, "rate": 5 * 10**10, "percent": 0, "weights_rest": 1}
    assert exact_fob_cents(facts) == (1, None)
    assert exact_fob_cents({**facts, "rate": 5 * 10**10 - 1}) == (0, None)


def test_an_empty_ledger_has_no_lines() -> None:
    frame = valued()
    assert frame.height == 0
    assert {"is_current", "state", "why_not", "fob_cents"} <= set(frame.columns)
    assert frame.schema["fob_cents"] == pl.Int128
