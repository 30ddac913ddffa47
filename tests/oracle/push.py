"""The push by hand: exposure, changes of ratings, and which market figures may be told.

Plain dicts, `Decimal` and `Fraction`, months as numbers; written from docs/rules.md and docs/push.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

Export = tuple[str, str, str, str, Decimal]
"""uscc, trading_country, hs_chapter, stat_month, fob_usd."""
Rating = tuple[str, str, str, date, datetime]
"""country, scheme, rating, effective_on, updated_at."""
Change = tuple[str | None, str | None, str, int | None]
"""Before, now, change, classes risen."""
SHENZHEN = timezone(timedelta(hours=8))
STEPS = (5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass(frozen=True)
class Exposure:
    """What an enterprise sold to a country, and the year before."""

    now: Decimal
    before: Decimal
    share: Decimal

    @property
    def is_new(self) -> bool:
        return self.before == 0


def number(month: str) -> int:
    """Months since the year 0."""
    return int(month[:4]) * 12 + int(month[5:]) - 1


def first(month: str, by: int = 0) -> date:
    """The first day of a month, or of one so many months later."""
    year, rest = divmod(number(month) + by, 12)
    return date(year, rest + 1, 1)


def midnight(day: date) -> datetime:
    """The beginning of a day in Shenzhen."""
    return datetime(day.year, day.month, day.day, tzinfo=SHENZHEN)


def covered(month: str, policies: Iterable[tuple[str, date, date]]) -> set[str]:
    """Whose cover has a day in common with the month; policies are uscc, from, to."""
    last = first(month, 1) - timedelta(days=1)
    return {uscc for uscc, start, end in policies if start <= last and end >= first(month)}


def _sums(month: str, exports: Iterable[Export]) -> tuple[dict[tuple[str, str, str], Decimal], ...]:
    """Sums by uscc, country, chapter: of months M-12 … M-1, and of M-24 … M-13."""
    now: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    before: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for uscc, country, chapter, at, usd in exports:
        ago = number(month) - number(at)
        if 1 <= ago <= 12:
            now[uscc, country, chapter] += usd
        elif 13 <= ago <= 24:
            before[uscc, country, chapter] += usd
    return now, before


def exposures(
    month: str, exports: Iterable[Export], firms: Collection[str]
) -> dict[tuple[str, str], Exposure]:
    """By enterprise and country; China is no market, its sums are in the share's denominator."""
    now, before = _sums(month, list(exports))
    totals: dict[str, Decimal] = defaultdict(Decimal)
    sold: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    earlier: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (uscc, country, _), usd in now.items():
        totals[uscc] += usd
        sold[uscc, country] += usd
    for (uscc, country, _), usd in before.items():
        earlier[uscc, country] += usd
    return {
        (uscc, country): Exposure(
            usd, earlier[uscc, country], half_up(Fraction(usd) / Fraction(totals[uscc]))
        )
        for (uscc, country), usd in sold.items()
        if uscc in firms and country != "CHN" and usd > 0
    }


def half_up(value: Fraction) -> Decimal:
    """Six places."""
    scaled = Decimal(value.numerator) / Decimal(value.denominator)
    return scaled.quantize(Decimal("0.000001"), ROUND_HALF_UP)


def changes(
    month: str, countries: Iterable[str], now: Iterable[Rating], before: Iterable[Rating]
) -> dict[tuple[str, str], Change]:
    """By country and scheme, of what was known on the first of the month, and of the month before."""
    now, before = list(now), list(before)
    today, earlier = first(month), first(month, -1)
    known = [row for row in now if row[4] < midnight(today)]
    spoken: dict[str, datetime] = {}
    for _, scheme, _, _, at in known:
        spoken[scheme] = max(spoken.get(scheme, at), at)
    found: dict[tuple[str, str], Change] = {}
    for country in countries:
        for scheme, last in spoken.items():
            new, old = _rating(country, scheme, now, today), _rating(country, scheme, before, earlier)
            if last < midnight(first(month, -12)):
                if new is not None:
                    found[country, scheme] = (None, None, "no_data", None)
            else:
                found[country, scheme] = (old, new, *_changed(old, new))
    return found


def _rating(country: str, scheme: str, rows: Iterable[Rating], on: date) -> str | None:
    standing = [
        (effective, at, rating)
        for its, of, rating, effective, at in rows
        if (its, of) == (country, scheme) and effective <= on and at < midnight(on)
    ]
    return max(standing)[2] if standing else None


def _changed(old: str | None, new: str | None) -> tuple[str, int | None]:
    if "-" in (old, new):
        return "not_classified", None
    if old is None or new is None:
        return "no_data", None
    steps = int(new) - int(old)
    return ("up" if steps > 0 else "down" if steps < 0 else "unchanged"), steps


def may_be_told(amounts: Collection[Decimal]) -> bool:
    """Five at least, none over half, and a tenth of the largest left beside the two largest."""
    ordered = sorted((Fraction(usd) for usd in amounts if usd > 0), reverse=True)
    if len(ordered) < 5:
        return False
    total = sum(ordered)
    return 2 * ordered[0] <= total and 10 * (total - ordered[0] - ordered[1]) >= ordered[0]


def growing(
    month: str, exports: Iterable[Export], threshold: Decimal, markets: Collection[str]
) -> dict[tuple[str, str], tuple[int, int]]:
    """By chapter and country: growth in steps of 5 %, exporters in steps; those that may be told."""
    now, before = _sums(month, list(exports))
    sized = {
        uscc for uscc in {key[0] for key in (*now, *before)}
        if _total(now, uscc) <= threshold and _total(before, uscc) <= threshold
    }  # fmt: skip
    years: Mapping[tuple[str, str], tuple[dict[str, Decimal], dict[str, Decimal]]]
    years = defaultdict(lambda: (defaultdict(Decimal), defaultdict(Decimal)))
    for at, sums in enumerate((now, before)):
        for (uscc, country, chapter), usd in sums.items():
            if uscc in sized and country in markets:
                years[chapter, country][at][uscc] += usd
    found = {}
    for key, (this, last) in years.items():
        if not (may_be_told(this.values()) and may_be_told(last.values())):
            continue
        rise = Fraction(sum(this.values())) / Fraction(sum(last.values())) - 1
        percent = min(int(rise * 100) if rise >= 0 else -1, 200) // 5 * 5
        if percent >= 10:
            count = min(sum(usd > 0 for usd in year.values()) for year in (this, last))
            found[key] = (percent, max(step for step in STEPS if step <= count))
    return found


def _total(sums: Mapping[tuple[str, str, str], Decimal], uscc: str) -> Decimal:
    return sum((usd for key, usd in sums.items() if key[0] == uscc), Decimal())
