"""Numbers of a batch to the text that customs delivers, as dictionary-encoded Arrow columns.

A declaration's header repeats on each of its lines, so it is written once and pointed to. A
dictionary names each word once: with repeated words Arrow wrote other bytes from run to run. The
sprinkling of old codes, other date forms and thousands commas is decided by the declaration's
number alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.sample_city import calendar, codes
from pipelines.sample_city.declarations import NONE, TOTAL, Batch
from pipelines.sample_city.layout import FIELDS
from pipelines.sample_city.plan import Plan

Numbers = NDArray[Any]

SCHEMA: Final = pa.schema([(name, pa.string()) for name in FIELDS["customs_declarations"]])
MOST_LINES: Final = 100

_COUNTRIES: Final = [
    *(c.code for c in codes.COUNTRIES), "CHN", *(c.old for c in codes.COUNTRIES), "142",
]  # fmt: skip
_CURRENCIES: Final = [*(c.code for c in codes.CURRENCIES), *(c.old for c in codes.CURRENCIES)]


class Renderer:
    """Makes tables of text; holds the names and codes of the enterprises once."""

    def __init__(self, plan: Plan) -> None:
        """Keep what every table points to."""
        self.plan = plan

    def table(self, batch: Batch) -> pa.Table:
        """One batch as a table in the order of the contract's fields."""
        spread = np.repeat(np.arange(batch.versions, dtype=np.int32), batch.lines)
        odd = batch.number * 2654435761 % 1_000_003
        old_code = (odd % 97 == 0).astype(np.int16)
        plain_date = odd % 89 == 0
        country = _country_at(batch.trading, old_code)
        arrival = _country_at(batch.arrival, old_code)
        currency = batch.currency + old_code * len(codes.CURRENCIES)
        numbers, number = np.unique(batch.number, return_inverse=True)
        firsts = np.cumsum(batch.lines) - batch.lines
        line_no = np.arange(batch.rows) - np.repeat(firsts, batch.lines)
        firm, firms = _firms(batch.firm)
        freight_currency = batch.freight_currency + old_code * len(codes.CURRENCIES)
        has_freight_currency = batch.freight_mark == TOTAL
        has_insurance_currency = batch.insurance_mark == TOTAL
        columns = {
            "declaration_no": _coded(_text(pl.Series(numbers).cast(pl.String)), number[spread]),
            "line_no": _coded([str(i + 1) for i in range(MOST_LINES)], line_no),
            "revision": _coded(["0", "1"], batch.revision[spread]),
            "status": _coded(codes.STATUSES, batch.status[spread]),
            "consignor_uscc": _coded([self.plan.uscc[f] for f in firms], firm[spread]),
            "consignor_customs_code": _coded([self.plan.customs_code[f] for f in firms], firm[spread]),
            "consignor_name": _coded([self.plan.name[f] for f in firms], firm[spread]),
            "trading_country": _coded(_COUNTRIES, country[spread]),
            "arrival_country": _coded(_COUNTRIES, arrival[spread]),
            "destination_country": _coded(_COUNTRIES, batch.destination),
            "trade_mode": _coded(codes.MODES, batch.mode[spread]),
            "hs_code": _coded(codes.HS_CODES, batch.goods),
            "delivery_terms": _coded(codes.DELIVERY_TERMS, batch.terms[spread]),
            "currency": _coded(_CURRENCIES, currency[spread]),
            "amount": _amounts(batch.amount, (odd % 211 == 0)[spread]),
            "freight_mark": _marks(batch.freight_mark, spread),
            "freight": _fees(batch.freight, spread),
            "freight_currency": _optional(_CURRENCIES, freight_currency, has_freight_currency, spread),
            "insurance_mark": _marks(batch.insurance_mark, spread),
            "insurance": _fees(batch.insurance, spread),
            "insurance_currency": _optional(_CURRENCIES, currency, has_insurance_currency, spread),
            "stat_value_usd": _amounts(batch.stat, None),
            "declared_on": _dates(batch.declared, plain_date, spread),
            "exported_on": _dates(batch.exported, plain_date, spread),
            "released_on": _dates(batch.released, plain_date, spread),
            "closed_on": _dates(batch.closed, plain_date, spread),
            "updated_at": _moments(batch.updated, spread),
        }
        return pa.table(list(columns.values()), names=list(columns))


def _text(words: pl.Series) -> pa.Array:
    return words.to_arrow().cast(pa.string())


def _coded(words: Sequence[str] | pa.Array, at: Numbers) -> pa.Array:
    indices = pa.array(at.astype(np.int32, copy=False))
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _optional(words: Sequence[str], at: Numbers, known: Numbers, spread: Numbers) -> pa.Array:
    indices = pa.array(at.astype(np.int32)[spread], mask=~known[spread])
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _firms(firm: Numbers) -> tuple[Numbers, list[int]]:
    firms, at = np.unique(firm, return_inverse=True)
    return at, firms.tolist()


def _country_at(country: Numbers, old_code: Numbers) -> Numbers:
    china = len(codes.COUNTRIES)
    at: Numbers = np.where(country == NONE, china, country) + old_code * (china + 1)
    return at


def _marks(mark: Numbers, spread: Numbers) -> pa.Array:
    return _optional([str(i) for i in range(4)], mark, mark != NONE, spread)


def _fees(fee_e4: Numbers, spread: Numbers) -> pa.Array:
    fees, at = np.unique(fee_e4, return_inverse=True)
    words = [f"{v // 10_000}.{v % 10_000:04d}".removesuffix("00") for v in fees.tolist()]
    return _optional(words, at, fee_e4 != NONE, spread)


def _amounts(cents: Numbers, with_commas: Numbers | None) -> pa.Array:
    """Cents as text with two decimals; `NONE` becomes an empty cell."""
    value = pl.col("cents")
    fraction = pl.Series("fraction", [f".{i:02d}" for i in range(100)])
    frame = pl.DataFrame({"cents": cents}).select(
        whole=pl.when(value != NONE).then(value // 100),
        fraction=fraction.gather(cents % 100),
    )
    text = frame.select(pl.concat_str(pl.col("whole").cast(pl.String), "fraction")).to_series()
    if with_commas is not None and with_commas.any():
        at = np.flatnonzero(with_commas)
        words = [f"{c // 100:,}.{c % 100:02d}" for c in cents[at].tolist()]
        text = text.scatter(at, pl.Series(words))
    return _text(text)


def _dates(days: Numbers, plain: Numbers, spread: Numbers) -> pa.Array:
    """Days as `yyyy-mm-dd`, here and there `yyyymmdd`; `NONE` becomes an empty cell."""
    known = days != NONE
    if not known.any():
        return pa.nulls(len(spread), pa.string())
    first, last = int(days[known].min()), int(days[known].max())
    words = [calendar.as_date(d).isoformat() for d in range(first, last + 1)]
    words += [word.replace("-", "") for word in words]
    at = np.where(known, days - first, 0) + plain * (last - first + 1)
    return _optional(words, at, known, spread)


def _moments(seconds: Numbers, spread: Numbers) -> pa.Array:
    moments, at = np.unique(seconds, return_inverse=True)
    text = pl.Series((moments * 1000).astype("datetime64[ms]")).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    return _coded(_text(text), at[spread])
