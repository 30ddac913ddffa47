"""The year's arithmetic: policy year, export year, push month, statistical month.

Keys are text: a month `2025-08`, a year `2025`. A policy year is named after the July it starts in
(notices, 二(四)4); its export year is the calendar year before. Pure functions; nothing reads a clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def month_of(day: date) -> str:
    """`2025-08` for any day of August 2025."""
    return f"{day.year:04d}-{day.month:02d}"


def first_day(month: str) -> date:
    """The first day of a month key."""
    return date.fromisoformat(f"{month}-01")


def shift(month: str, by: int) -> str:
    """The month `by` months later (earlier where negative)."""
    count = int(month[:4]) * 12 + int(month[5:]) - 1 + by
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def months(first: str, last: str) -> Iterator[str]:
    """All months from first to last, both included."""
    month = first
    while month <= last:
        yield month
        month = shift(month, 1)


def midnight(day: date) -> datetime:
    """The instant at which a day begins in Shenzhen, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The last microsecond of a day in Shenzhen, in UTC."""
    return midnight(day + timedelta(days=1)) - timedelta(microseconds=1)


def local_date(moment: datetime) -> date:
    """The calendar day in Shenzhen of an instant."""
    return moment.astimezone(SHANGHAI).date()
