"""The OECD's real ratings of 1999-2022: exactly the countries whose class changed are told so."""

from __future__ import annotations

import itertools
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl

from assets.push.push_list import Known, push_of
from assets.push.ratings import rating_changes
from assets.validation import judge
from pipelines.sample_city.oecd import oecd_history
from schemas.calendar import first_day, months, shift
from schemas.push import COUNTRY_RISK, RISK_BULLETINS
from schemas.table import SUM
from schemas.terms.loader import load_terms

MONTHS = tuple(months("1999-03", "2022-04"))
MOVED = {"up", "down", "unchanged", "not_classified"}
Classes = Mapping[str, str]


@cache
def history() -> pl.DataFrame:
    """The history as the pipeline receives it: text rows, judged."""
    rows = pl.DataFrame(oecd_history()).with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    judged = judge(rows.lazy(), COUNTRY_RISK)
    assert judged["reasons"].list.len().sum() == 0
    return judged.select(COUNTRY_RISK.names)


@cache
def days() -> list[date]:
    """The days on which a class changed."""
    return sorted({date.fromisoformat(str(row["effective_on"])) for row in oecd_history()})


@cache
def classes_before(day: date) -> Classes:
    """Country → class, read off the rows that took effect before a day; China is no market."""
    found: dict[str, str] = {}
    for row in sorted(oecd_history(), key=lambda row: str(row["effective_on"])):
        if str(row["effective_on"]) < day.isoformat() and row["country"] != "CHN":
            found[str(row["country"])] = str(row["rating"])
    return found


def expected(before: Classes, now: Classes) -> dict[str, set[str]]:
    """Change → countries."""
    found: dict[str, set[str]] = defaultdict(set)
    for country, new in now.items():
        old = before[country]
        if "-" in (old, new):
            found["not_classified"].add(country)
        else:
            found["up" if new > old else "down" if new < old else "unchanged"].add(country)
    return found


def by_change(rows: pl.DataFrame) -> dict[str, set[str]]:
    """Change → countries, as told."""
    found: dict[str, set[str]] = defaultdict(set)
    for country, change in rows.select("trading_country", "change").iter_rows():
        found[change].add(country)
    return found


def every_country() -> pl.LazyFrame:
    return pl.LazyFrame({"trading_country": sorted(classes_before(date.max))})


def between(earlier: date, later: date) -> pl.DataFrame:
    """What a push tells whose dates are two days of the history, as if a month lay between them."""

    def known(day: date, on: date) -> pl.LazyFrame:
        moment = pl.lit(on).cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
        newest = history().filter(pl.col("effective_on") <= day).sort("effective_on")
        stood = newest.unique("country", keep="last").with_columns(effective_on=pl.lit(on), updated_at=moment)
        return stood.lazy()

    now, before = known(later, date(2025, 7, 15)), known(earlier, date(2025, 6, 15))
    return rating_changes("2025-08", every_country(), now, before).collect()


def everywhere(month: str) -> pl.DataFrame:
    """The items of an enterprise that sells to every country of the table."""
    terms = replace(load_terms(2025), push_items_limit=1000)
    schema: dict[str, Any] = {
        **dict.fromkeys(("uscc", "hs_chapter", "stat_month"), pl.String),
        "fob_usd": SUM,
    }
    row = pl.LazyFrame([("A", "85", shift(month, -1), Decimal(1))], schema, orient="row")
    insured = pl.LazyFrame(
        {"uscc": ["A"], "expected_cover_from": [date(1990, 1, 1)], "expected_cover_to": [date(2030, 1, 1)]}
    )
    known = Known(row.join(every_country(), how="cross"), history().lazy(), RISK_BULLETINS.empty().lazy())
    return push_of(month, insured, known, known, terms).items


def test_the_table_is_what_the_oecd_published() -> None:
    rows = oecd_history()
    assert (len(rows), len({row["country"] for row in rows}), len(days())) == (628, 200, 88)
    assert {str(row["rating"]) for row in rows} == {"-", *"01234567"}
    algeria = [(row["effective_on"], row["rating"]) for row in rows if row["country"] == "DZA"]
    assert algeria[:3] == [("1999-01-01", "6"), ("2000-07-13", "5"), ("2002-10-25", "4")]
    assert classes_before(date.max)["USA"] == "-", "high income is not classified, and not low"


def test_a_misprint_is_refused_and_no_class() -> None:
    """Israel of March 2022 is printed as -3; the table leaves it out, and as a row it is refused."""
    text = {**oecd_history()[0], "row": 0, "country": "ISR", "rating": "-3"}
    frame = pl.LazyFrame([text], schema_overrides={"row": pl.Int64})
    assert judge(frame, COUNTRY_RISK)["reasons"].to_list() == [["unreadable:rating"]]


def test_every_month_tells_exactly_the_changes() -> None:
    for month in MONTHS:
        found = rating_changes(month, every_country(), history().lazy(), history().lazy()).collect()
        before, now = (classes_before(first_day(at)) for at in (shift(month, -1), month))
        assert by_change(found) == expected(before, now), month


def test_any_two_dates_tell_exactly_the_changes() -> None:
    for earlier, later in random.Random(7).sample(list(itertools.combinations(days(), 2)), 150):
        before, now = (classes_before(day + timedelta(days=1)) for day in (earlier, later))
        assert by_change(between(earlier, later)) == expected(before, now), (earlier, later)


def test_no_sentence_calls_the_unclassified_low_up_or_down() -> None:
    for month in ("1999-03", "2010-04", "2011-01", "2013-02", "2016-02", "2020-07", "2022-04"):
        items = everywhere(month)
        before, now = (classes_before(first_day(at)) for at in (shift(month, -1), month))
        assert by_change(items) == expected(before, now)
        unclassified = items.filter(pl.col("change") == "not_classified")
        assert unclassified["steps"].null_count() == unclassified.height > 30
        said = unclassified["sentence_zh"].str.replace_all("未评级不等于低风险", "")
        assert not said.str.contains("低风险|风险上升|风险下降|升为|降为|未变").any()
        assert not unclassified["sentence_zh"].str.contains("请立即").any()
