"""Months and days of the sample city as plain integers, and its fixed turning points.

A day is counted from 1970-01-01, a month from year 0, a moment in seconds UTC. No clock is read.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

EPOCH: Final = date(1970, 1, 1)
SHANGHAI_SECONDS: Final = 8 * 3600


def day(value: date) -> int:
    """Days since 1970-01-01."""
    return (value - EPOCH).days


def as_date(days: int) -> date:
    """The date of a day number."""
    return EPOCH + timedelta(days=days)


def month(year: int, number: int) -> int:
    """The count of a month."""
    return year * 12 + number - 1


def month_of(days: int) -> int:
    """The month that a day lies in."""
    value = as_date(days)
    return month(value.year, value.month)


def month_name(count: int) -> str:
    """`YYYY-MM`."""
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def first_day(count: int) -> int:
    """Day number of the first of a month."""
    return day(date(count // 12, count % 12 + 1, 1))


def shanghai_end(value: date) -> int:
    """Second (UTC) at which a Shanghai date is over."""
    return (day(value) + 1) * 86400 - SHANGHAI_SECONDS


def moment(seconds: int) -> str:
    """ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp(on: date, hour: int = 20) -> str:
    """`updated_at` of something that reached the source on a Shanghai date, at that hour there."""
    return moment(day(on) * 86400 + hour * 3600 - SHANGHAI_SECONDS)


def arrival_month(updated_at: str) -> int:
    """The Shanghai month of an ISO moment in UTC."""
    value = datetime.fromisoformat(updated_at) + timedelta(hours=8)
    return month(value.year, value.month)


def published_on(policy_year: int) -> date:
    """When the first edition of a sample policy year was published."""
    return date(policy_year, 5, 16 if policy_year == 2022 else 15)


def confirmed_on(policy_year: int) -> date:
    """When the first edition of a sample policy year was confirmed."""
    return date(2025, 5, 26) if policy_year == 2025 else date(policy_year, 6, 3)


def horizon(last_year: int) -> int:
    """Second (UTC) after which nothing has reached the sources yet."""
    return shanghai_end(date(last_year + 1, 1, 14))
