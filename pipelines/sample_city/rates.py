"""Exchange rates of the sample city: a made-up drift around real levels, in exact integers.

A rate is USD for one unit times 10^10. They are a sample and no official table.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from pipelines.sample_city import calendar, codes
from pipelines.sample_city.layout import Row

SCALE: Final = 10**10
RANKING: Final = ("customs", "safe", "ecb")


def usd_e10(month: int, currency: int, source: str = "customs") -> int:
    """The rate of a month for the n-th currency, as one source publishes it."""
    level = codes.CURRENCIES[currency].usd_e10
    if codes.CURRENCIES[currency].code == "USD":
        return level
    wave = abs((month * 7 + currency * 13) % 58 - 29) - 14
    spread = {"customs": 0, "safe": 2, "ecb": 3}[source]
    return level * (10_000 + 25 * wave + spread) // 10_000


def best_usd_e10(month: int, currency: int) -> int:
    """The rate by the ranking of sources."""
    sources = codes.CURRENCIES[currency].sources
    return usd_e10(month, currency, next((s for s in RANKING if s in sources), "customs"))


def exchange_rates(first_month: int, last_month: int) -> list[Row]:
    """The rows of `exchange_rates`, each published on the third Wednesday of the month before."""
    rows: list[Row] = []
    for month in range(first_month, last_month + 1):
        published = _third_wednesday(month - 1)
        for index, currency in enumerate(codes.CURRENCIES):
            for source in currency.sources:
                rate = usd_e10(month, index, source)
                rows.append(
                    {
                        "month": calendar.month_name(month),
                        "currency": currency.old if (month + index) % 9 == 0 else currency.code,
                        "source": source,
                        "usd_per_unit": f"{rate // SCALE}.{rate % SCALE:010d}",
                        "published_on": published.isoformat(),
                        "updated_at": calendar.stamp(published, 18),
                    }
                )
    return rows


def _third_wednesday(month: int) -> date:
    first = calendar.as_date(calendar.first_day(month))
    return first + timedelta(days=(2 - first.weekday()) % 7 + 14)
