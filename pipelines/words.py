"""What an operator types, read; what cannot be read is told in one sentence with what to do next.

Belongs here: years, months, moments, codes, and the settings' own text. Not here: what they are for.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from pydantic import ValidationError

from assets.flow import Calendar
from pipelines.settings import Settings
from schemas.terms.loader import UnregisteredYear, load_terms


class WrongUsage(ValueError):
    """What was asked for cannot be read, or is not there to be asked for."""


def settings() -> Settings:
    """The settings of this call, from `TONGBAO_…` and `.env`."""
    try:
        return Settings()  # type: ignore[call-arg]
    except ValidationError as invalid:
        first = invalid.errors()[0]
        if first["type"] == "value_error":
            raise WrongUsage(f"{first['ctx']['error']}.") from None
        name = "TONGBAO_" + "_".join(map(str, first["loc"])).upper()
        raise WrongUsage(
            f"{name} is {first['input']!r}, which cannot be read ({first['msg']}): correct or unset it."
        ) from None


def years(text: str, option: str) -> range:
    """`2025`, or from and to: `2022..2025`."""
    found = re.fullmatch(r"(\d{4})(?:\.\.(\d{4}))?", text)
    if found is None:
        raise WrongUsage(f"{option} {text!r} is no year: write 2025, or 2022..2025 for several.")
    first, last = int(found[1]), int(found[2] or found[1])
    if first > last:
        raise WrongUsage(f"{option} {text} runs backwards: write {last}..{first}.")
    return range(first, last + 1)


def policy_years(text: str) -> list[int]:
    """Registered policy years, from `2025` or `2022..2025`."""
    return [load_terms(year).policy_year for year in years(text, "--policy-year")]


def push_month(text: str, calendar: Calendar) -> int:
    """The policy year whose cover a push month `YYYY-MM` lies in."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise WrongUsage(f"--month {text!r} is no month: write it as 2025-08.")
    year = calendar.policy_year_of(text)
    if year is None:
        known = calendar.keys("push_month")
        raise UnregisteredYear(
            f"{text} is in no registered cover: push months are {known[0]} … {known[-1]}; "
            "register the terms of its policy year in schemas/terms/."
        )
    return int(year)


def moment(text: str) -> datetime:
    """A day or a moment in ISO 8601."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise WrongUsage(
            f"--as-of {text!r} is no date: write 2025-05-01, or 2025-05-01T09:00:00+08:00."
        ) from None


def day(text: str, option: str) -> date:
    """A day in ISO 8601."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise WrongUsage(f"{option} {text!r} is no day: write it as 2026-01-14.") from None


def usd(text: str) -> Decimal:
    """An amount in US dollars, exact to the cent."""
    if not re.fullmatch(r"\d{1,15}(\.\d{1,2})?", text):
        raise WrongUsage(f"{text!r} is no amount: write it in dollars, as 10000000 or 7999999.99.")
    return Decimal(text)


def credit_code(text: str) -> str:
    """A unified social credit code: 18 characters, whatever its check digit."""
    code = text.strip().upper()
    if not re.fullmatch(r"[0-9A-Z]{18}", code):
        raise WrongUsage(
            f"{text!r} is no unified social credit code: it has 18 digits and capital letters, "
            "such as 91440300TB0000001F."
        )
    return code


def one_of(text: str, known: Collection[str], what: str) -> str:
    """A word of a list."""
    if text not in known:
        raise WrongUsage(f"{text!r} is no {what}: use one of {', '.join(sorted(known)) or '(none)'}.")
    return text
