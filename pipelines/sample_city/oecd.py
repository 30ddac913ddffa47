"""The real history of the OECD's country risk classification as country_risk rows, 1999 to 2022.

Only changes are rows, each effective and known on its date: that is how the scheme publishes. The
invented ratings are in `risk`.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from pipelines.sample_city import calendar
from pipelines.sample_city.layout import Row

TABLE: Final = Path(__file__).parent / "data" / "oecd_classification.toml"
SCHEME: Final = "oecd"


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(TABLE.read_text("utf-8"))


def oecd_history() -> list[Row]:
    """Rows in order of country and date."""
    changes = sorted(
        (country, date.fromisoformat(on), rating)
        for on, classes in _table().items()
        if isinstance(classes, dict)
        for rating, countries in classes.items()
        for country in countries.split()
    )
    return [
        {
            "country": country,
            "scheme": SCHEME,
            "rating": rating,
            "effective_on": on.isoformat(),
            "source": "OECD",
            "updated_at": calendar.stamp(on),
        }
        for country, on, rating in changes
    ]
