"""The push against an oracle of its own: exposures, changes of ratings, figures that may be told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.push.concentration import overviews
from assets.push.exposure import covered_in, exposures, two_years
from assets.push.markets import comparable, growing_markets
from assets.push.ratings import rating_changes
from schemas.codes.countries import COUNTRIES
from schemas.push import COUNTRY_RISK
from schemas.table import SUM
from tests.oracle import push as oracle

MONTH = "2025-08"
THRESHOLD = Decimal("8000000.00")
EXAMPLES = settings(max_examples=60, deadline=None)
FIRMS = ("A", "B", "C", "D", "E", "F", "G")
CENTS = st.one_of(st.integers(1, 300), st.integers(1, 10**9), st.just(8 * 10**8), st.just(8 * 10**8 + 1))
EXPORTS = st.lists(
    st.tuples(
        st.sampled_from(FIRMS),
        st.sampled_from(("USA", "HKG", "MAC", "TWN", "CHN", "ZZZ")),
        st.sampled_from(("84", "85")),
        st.integers(0, 27).map(lambda ago: oracle.first(MONTH, -ago).isoformat()[:7]),
        CENTS.map(lambda cents: Decimal(cents) / 100),
    ),
    max_size=60,
)
YEARS = st.tuples(st.sampled_from(("USA", "VNM", "CHN")), st.integers(0, 150), st.integers(20, 400))
CROWDS = st.lists(YEARS, min_size=5, max_size=14).map(
    lambda firms: [
        (f"E{n}", country, "85", month, Decimal(usd))
        for n, (country, before, now) in enumerate(firms)
        for month, usd in (("2024-07", before), ("2025-07", now))
    ]
)
"""Enough exporters of a market for its figures to be told, more often than not."""
DAYS = st.integers(-500, 40).map(lambda by: date(2025, 8, 1) + timedelta(days=by))
POLICIES = st.lists(st.tuples(st.sampled_from(FIRMS), DAYS, DAYS), max_size=8)
RATINGS = st.lists(
    st.tuples(
        st.sampled_from(("USA", "HKG")), st.sampled_from(("oecd", "sinosure")),
        st.sampled_from(("-", "0", "1", "7", "9", "10")), DAYS,
        st.integers(-12_000, 960).map(lambda by: datetime(2025, 8, 1, tzinfo=UTC) + timedelta(hours=by)),
    ),
    max_size=12, unique_by=lambda row: row[:2] + row[3:4],
)  # fmt: skip
MARKETS = {code for code, country in COUNTRIES.items() if country.is_iso and code != "CHN"}


def exports_frame(rows: list[oracle.Export]) -> pl.LazyFrame:
    names = ("uscc", "trading_country", "hs_chapter", "stat_month")
    return pl.LazyFrame(rows, {**dict.fromkeys(names, pl.String), "fob_usd": SUM}, orient="row")


def ratings_frame(rows: list[oracle.Rating]) -> pl.LazyFrame:
    full = [(country, scheme, rating, on, "table", at) for country, scheme, rating, on, at in rows]
    return pl.LazyFrame(full, COUNTRY_RISK.schema, orient="row")


@EXAMPLES
@given(EXPORTS, POLICIES)
def test_exposures_shares_and_cover(
    rows: list[oracle.Export], policies: list[tuple[str, date, date]]
) -> None:
    names = ("uscc", "expected_cover_from", "expected_cover_to")
    insured = pl.LazyFrame(
        policies, dict(zip(names, (pl.String, pl.Date, pl.Date), strict=True)), orient="row"
    )
    firms = covered_in(MONTH, insured)
    found = exposures(two_years(MONTH, exports_frame(rows)), firms)
    columns = ("uscc", "trading_country", "exposure_usd", "previous_usd", "share", "is_new_market")
    ours = {row[:2]: row[2:] for row in found.select(columns).collect().iter_rows()}
    expected = oracle.exposures(MONTH, rows, oracle.covered(MONTH, policies))
    assert ours == {key: (e.now, e.before, e.share, e.is_new) for key, e in expected.items()}
    counts = pl.LazyFrame(schema={"uscc": pl.String, "items": pl.Int32, "items_left_out": pl.Int32})
    spread = overviews(firms, found, counts).collect()
    totals = {uscc: Decimal(0) for uscc in oracle.covered(MONTH, policies)}
    for (uscc, _), exposure in expected.items():
        totals[uscc] += exposure.now
    assert dict(spread.select("uscc", "exposure_usd").iter_rows()) == totals


@EXAMPLES
@given(RATINGS, RATINGS)
def test_changes_of_ratings(now: list[oracle.Rating], before: list[oracle.Rating]) -> None:
    countries = ["USA", "HKG", "DEU"]
    found = rating_changes(
        MONTH, pl.LazyFrame({"trading_country": countries}), ratings_frame(now), ratings_frame(before)
    ).collect()
    columns = ("trading_country", "scheme", "rating_before", "rating_now", "change", "steps")
    ours = {row[:2]: row[2:] for row in found.select(columns).iter_rows()}
    assert ours == oracle.changes(MONTH, countries, now, before)


@EXAMPLES
@given(CROWDS | EXPORTS)
def test_figures_that_may_be_told(rows: list[oracle.Export]) -> None:
    cells = comparable(two_years(MONTH, exports_frame(rows)), THRESHOLD)
    found = growing_markets(cells, ()).collect()
    columns = ("hs_chapter", "trading_country", "growth", "exporters")
    ours = {row[:2]: row[2:] for row in found.select(columns).iter_rows()}
    assert ours == oracle.growing(MONTH, rows, THRESHOLD, MARKETS)


@pytest.mark.parametrize(
    ("now", "is_told"),
    [
        ("130 130 130 130 130", True),
        ("130 130 130 130", False),
        ("500 125 125 125 125", True),  # the largest is exactly half
        ("500.01 125 125 125 125", False),
        ("500 450 20 20 10", True),  # beside the two largest exactly a tenth of the largest
        ("500 450 20 20 9.99", False),
    ],
)
def test_at_the_bounds(now: str, is_told: bool) -> None:
    this = [Decimal(usd) for usd in now.split()]
    last = [Decimal(100)] * len(this)
    rows: list[oracle.Export] = [
        (f"E{n}", "VNM", "85", month, usd)
        for month, year in (("2024-07", last), ("2025-07", this))
        for n, usd in enumerate(year)
    ]
    expected = oracle.growing(MONTH, rows, THRESHOLD, MARKETS)
    found = growing_markets(two_years(MONTH, exports_frame(rows)), ()).collect()
    assert (len(expected), found.height) == (is_told, is_told)
