"""The annual statistics: each measure by hand, sums over every dimension, revisions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from assets.statistics.annual import CONTRIBUTIONS, YearFrames, facts, status
from assets.statistics.revisions import in_force, revised, revisions
from schemas.measures import BY_NAME, DIMENSIONS, FACTS, MEASURES, UNITS
from schemas.statistics import ANNUAL_STATISTICS, STATISTICS_REVISIONS
from tests.unit.statistics_examples import (
    TERMS,
    TODAY,
    YEAR,
    contributed,
    final,
    made,
    value,
    with_late_claim,
)

FOUND = made()


def test_it_keeps_its_contract() -> None:
    assert FOUND.schema == ANNUAL_STATISTICS.schema
    ANNUAL_STATISTICS.pandera_model().validate(FOUND)


@pytest.mark.parametrize(
    ("measure", "dimension", "member", "expected"),
    [
        ("enterprises_eligible", "total", "all", "3"),
        ("enterprises_eligible", "size_band", "≤100k", "1"),
        ("enterprises_eligible", "size_band", "≤500k", "1"),
        ("enterprises_eligible", "size_band", "≤8M", "1"),
        ("enterprises_taken_up", "total", "all", "2"),
        ("enterprises_taken_up", "take_up_month", "2025-06", "1"),
        ("enterprises_taken_up", "take_up_month", "2025-08", "1"),
        ("enterprises_taken_up", "district", "大鹏新区", "0"),
        ("enterprises_taken_up_late", "channel", "offline", "1"),
        ("take_up_rate", "total", "all", "0.666667"),
        ("take_up_rate", "district", "福田区", "0"),
        ("take_up_rate", "district", "大鹏新区", None),
        ("insured_exports_usd", "country", "USA", "60.01"),
        ("insured_exports_usd", "channel", "offline", "40"),
        ("share_of_eligible_exports", "total", "all", "0.250025"),
        ("share_of_eligible_exports", "country", "DEU", None),
        ("claims_reported", "total", "all", "3"),
        ("claims_reported", "district", "unknown", "1"),
        ("claims_paid", "cause", "repudiation", "1"),
        ("loss_usd", "country", "USA", "1500"),
        ("indemnity_due_usd", "total", "all", "1208"),
        ("indemnity_paid_usd", "total", "all", "808"),
        ("days_from_report_to_payment", "total", "all", "10"),
        ("services_used", "service", "credit_report", "6"),
        ("services_used", "service", "online_claim", "0"),
        ("credit_reports_used_of_granted", "total", "all", "0.5"),
        ("app_bindings", "size_band", "≤500k", "1"),
        ("pushes", "district", "宝安区", "3"),
        ("enterprises_renewed", "total", "all", "1"),
        ("enterprises_graduated", "district", "南山区", "1"),
    ],
)
def test_measures_by_hand(measure: str, dimension: str, member: str, expected: str | None) -> None:
    found = value(FOUND, measure, dimension, member)
    assert found == (None if expected is None else Decimal(expected))


def test_every_pair_of_the_table_exists_and_no_other() -> None:
    found = set(FOUND.select("dimension", "measure").unique().iter_rows())
    assert found == {(d, m.name) for m in MEASURES for d in m.dimensions}
    assert {d for d, _ in found} == set(DIMENSIONS)


def test_only_rates_may_be_empty_and_only_over_nothing() -> None:
    empty = FOUND.filter(pl.col("value").is_null())
    assert {m for m in empty["measure"] if not BY_NAME[m].is_rate} == set()
    assert set(empty["denominator"]) == {Decimal(0)}


def test_additive_measures_and_both_sides_of_rates_add_up() -> None:
    sides = (pl.coalesce("numerator", "value").alias("sum"), pl.col("denominator"))
    sums = FOUND.with_columns(sides).group_by("measure", "dimension").agg(pl.col("sum", "denominator").sum())
    assert sums.select("measure", "sum", "denominator").unique().height == len(MEASURES)


def test_without_last_year_nothing_is_said_of_it() -> None:
    found = made(replace(YEAR, previous_take_up=None), previous=None)
    assert not {m.name for m in MEASURES if m.needs_year_before} & set(found["measure"])
    assert found["previous_value"].null_count() == found.height


def test_last_years_value_stands_beside_and_its_members_stay() -> None:
    last = FOUND.with_columns(policy_year=pl.lit(2024)).filter(pl.col("measure") == "claims_paid")
    gone = last.head(1).with_columns(dimension=pl.lit("country"), member=pl.lit("FRA"))
    newer = gone.with_columns(revision=pl.lit(1, pl.Int32), value=pl.lit(7).cast(pl.Decimal(28, 6)))
    found = made(previous=pl.concat([last, gone, newer]).lazy())
    cell = found.row(
        by_predicate=(pl.col("member") == "FRA") & (pl.col("measure") == "claims_paid"), named=True
    )
    assert (cell["value"], cell["previous_value"]) == (0, 7)
    assert found.filter(pl.col("measure") == "pushes")["previous_value"].unique().to_list() == [0]


@pytest.mark.parametrize(
    ("today", "expected"),
    [(date(2027, 6, 30), "provisional"), (date(2027, 7, 1), "final")],
)
def test_a_year_closes_twelve_months_after_cover(today: date, expected: str) -> None:
    assert status(TERMS, today) == expected


def test_an_empty_year_is_all_zeros() -> None:
    nothing = YearFrames(**{name: frame.clear() for name, frame in vars(YEAR).items()})
    found = made(nothing)
    assert set(found["value"]) == {Decimal(0), None}


def test_an_open_years_figures_are_replaced() -> None:
    assert revised(FOUND, made(with_late_claim(YEAR, "B")))["revision"].unique().to_list() == [0]
    assert revised(FOUND, final(YEAR))["status"].unique().to_list() == ["final"]


def test_a_closed_years_figures_stay_and_a_change_is_a_revision() -> None:
    standing = final(YEAR)
    assert revised(standing, final(YEAR)).equals(standing)
    written = revised(standing, final(with_late_claim(YEAR, "B")))
    assert written.filter(pl.col("revision") == 0).equals(standing)
    assert value(in_force(written), "loss_usd") == value(standing, "loss_usd") + 100
    assert revised(written, final(with_late_claim(YEAR, "B"))).equals(written)
    ANNUAL_STATISTICS.pandera_model().validate(written)


def test_a_revision_says_size_and_cause() -> None:
    standing = final(YEAR)
    written = revised(standing, final(with_late_claim(YEAR, "B")))
    told = revisions(None, standing, written, {"claim_audit", "push_list"}, date(2027, 8, 1))
    STATISTICS_REVISIONS.pandera_model().validate(told)
    [total] = told.filter(pl.col("measure") == "loss_usd", pl.col("dimension") == "total").to_dicts()
    assert (total["revision"], total["change"], total["causes"]) == (1, 100, ["claim_audit"])
    assert set(told["measure"]) == {
        "claims_reported", "loss_usd", "indemnity_due_usd", "indemnity_paid_usd", "claims_paid",
    }  # fmt: skip
    assert revisions(told, written, written, {"claim_audit"}, TODAY).equals(told)


def test_without_a_changed_table_the_definition_changed() -> None:
    standing = final(YEAR)
    written = revised(standing, final(with_late_claim(YEAR, "B")))
    told = revisions(None, standing, written, set(), TODAY)
    assert told["causes"].unique().to_list() == [["definition"]]


def test_every_measure_is_defined_in_full() -> None:
    rows = facts(YEAR, TERMS)
    assert set(rows) == set(FACTS)
    for measure in MEASURES:
        assert all((measure.zh, measure.en, measure.formula_zh, measure.formula, *measure.revised_by))
        assert measure.unit in UNITS
        assert measure.sources
        assert measure.part_of is None or measure.part_of in measure.of
        assert {*measure.of} <= set(BY_NAME)
    assert contributed().schema == CONTRIBUTIONS
