"""Months, years and days in Shenzhen."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.flow import Calendar
from schemas.calendar import end_of, first_day, local_date, midnight, month_of, months, shift

KEYS = st.dates(date(1990, 1, 1), date(2090, 1, 1)).map(month_of)
CALENDAR = Calendar.registered()


def test_months_over_a_new_year() -> None:
    assert list(months("2024-11", "2025-02")) == ["2024-11", "2024-12", "2025-01", "2025-02"]
    assert list(months("2025-02", "2025-01")) == []


@pytest.mark.parametrize(
    ("by", "month"), [(-1, "2024-12"), (-13, "2023-12"), (0, "2025-01"), (11, "2025-12"), (12, "2026-01")]
)  # fmt: skip
def test_shift(by: int, month: str) -> None:
    assert shift("2025-01", by) == month


@given(KEYS, st.integers(-400, 400))
def test_a_shift_can_be_taken_back(month: str, by: int) -> None:
    assert shift(shift(month, by), -by) == month
    assert (shift(month, by) > month) == (by > 0)


@given(st.dates(date(1995, 1, 1), date(2090, 1, 1)))
def test_a_day_begins_and_ends_in_shenzhen(day: date) -> None:
    assert local_date(midnight(day)) == day == local_date(end_of(day))
    assert local_date(midnight(day).replace(tzinfo=UTC)) == day
    assert month_of(day) == day.isoformat()[:7]
    assert first_day(month_of(day)) == day.replace(day=1)


def test_midnight_is_eight_hours_ahead() -> None:
    assert midnight(date(2025, 7, 1)) == datetime(2025, 6, 30, 16, tzinfo=UTC)
    assert end_of(date(2025, 6, 30)) == datetime(2025, 6, 30, 15, 59, 59, 999999, tzinfo=UTC)
    assert local_date(datetime(2025, 6, 30, 16, tzinfo=UTC)) == date(2025, 7, 1)


def test_declared_months_reach_from_before_the_first_export_year_to_the_last_cover() -> None:
    """First registered 2022: export year 2021, so from January 2020; last cover ends June 2026."""
    assert (CALENDAR.months[0], CALENDAR.months[-1]) == ("2020-01", "2026-06")
    assert len(CALENDAR.months) == 6 * 12 + 6


def test_keys_of_each_kind() -> None:
    assert CALENDAR.keys("none") == ("all",)
    assert CALENDAR.keys("policy_year") == ("2022", "2023", "2024", "2025")
    assert CALENDAR.keys("export_year") == tuple(str(year) for year in range(2020, 2027))
    assert CALENDAR.keys("push_month") == tuple(months("2022-07", "2026-06"))


@pytest.mark.parametrize(
    ("month", "year"),
    [("2025-06", "2024"), ("2025-07", "2025"), ("2026-06", "2025"), ("2022-06", None), ("2026-07", None)],
)  # fmt: skip
def test_the_policy_year_of_a_push(month: str, year: str | None) -> None:
    assert CALENDAR.policy_year_of(month) == year


def test_when_a_key_begins() -> None:
    assert CALENDAR.begins("none", "all") is None
    assert CALENDAR.begins("month", "2025-08") == date(2025, 8, 1)
    assert CALENDAR.begins("export_year", "2025") == date(2025, 1, 1)
    assert CALENDAR.cover_months("2025")[0] == "2025-07"
    assert len(CALENDAR.cover_months("2025")) == 12
