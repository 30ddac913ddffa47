"""The ways that are compared, each in a process of its own: `python -m benchmarks.ways WAY FOLDER`.

`FOLDER/sources` is a sample city in Parquet. What a way leaves lies in `FOLDER/<way>`; its monthly
exports, for the comparison, in `FOLDER/<way>.parquet`.
"""

from __future__ import annotations

import math
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from assets.customs.value import RATE_SCALE
from schemas.operations import CORRECTED

NOW = datetime(2026, 1, 15, tzinfo=UTC)
NEEDED = (
    "declaration_no", "line_no", "revision", "status", "consignor_uscc", "trading_country",
    "arrival_country", "trade_mode", "hs_code", "delivery_terms", "currency", "amount", "freight_mark",
    "freight", "freight_currency", "insurance_mark", "insurance", "insurance_currency", "stat_value_usd",
    "declared_on", "released_on", "closed_on", "updated_at",
)  # fmt: skip
"""The raw columns that monthly exports cannot be made without."""
JOBS = ("references", "declared_months", "export_years")
REBUILT = ("export_cube", "line_counts", "line_rejects", "monthly_exports", "annual_exports")


def limit(folder: Path) -> None:
    """Decode the needed columns of the raw files and touch each: no way is faster than reading."""
    raw = pl.scan_parquet(_raw(folder), missing_columns="insert")
    raw.select(pl.col(NEEDED).null_count()).collect(engine="streaming")


def receipt_and_rebuild(folder: Path) -> None:
    """The product from raw files to annual exports, in an empty lake."""
    lake = folder / "receipt_and_rebuild"
    shutil.rmtree(lake, ignore_errors=True)
    _product(folder, lake)


def rebuild(folder: Path) -> None:
    """The product from its ledgers to annual exports; the ledgers are those of the way above."""
    lake = folder / "receipt_and_rebuild"
    for table in REBUILT:
        shutil.rmtree(lake / "tables" / table)
    _product(folder, lake)


def duckdb(folder: Path) -> None:
    """Raw files to monthly exports in DuckDB, by monthly_exports.sql."""
    import duckdb as engine

    from schemas.codes.countries import country_lookup
    from schemas.codes.currencies import currency_lookup
    from schemas.codes.trade_modes import TRADE_MODES

    scratch = folder / "duckdb"
    shutil.rmtree(scratch, ignore_errors=True)
    with engine.connect(
        config={"threads": 2, "memory_limit": "16GB", "temp_directory": str(scratch)}
    ) as base:
        country = _codes(country_lookup()[0])
        currency = _codes(currency_lookup())
        modes = [(m.code, m.counts, m.valid_from, m.valid_to) for m in TRADE_MODES.values()]
        mode = pl.DataFrame(modes, schema={"code": pl.String, "counts": pl.Boolean, "since": pl.Date,
                                           "until": pl.Date}, orient="row")  # fmt: skip
        tables = {"country": country, "currency": currency, "mode": mode, "rate": _rates(folder)}
        for name, table in {**tables, "registered": _registered()}.items():
            table.write_parquet(folder / f"{name}.parquet")
            base.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
        files = sorted(str(path) for path in (folder / "sources" / "customs_declarations").glob("*.parquet"))
        base.execute("SET VARIABLE files = ?", [files])
        query = Path(__file__).with_name("monthly_exports.sql").read_text("utf-8")
        for section in query.split("-- ONCE"):
            once, _, each = section.partition("-- EACH FILE")
            base.execute(once)
            for file in files if each else ():
                base.execute("SET VARIABLE file = ?", [file])
                base.execute(each)
        base.table("cell").write_parquet(str(folder / "duckdb.parquet"))


def _registered() -> pl.DataFrame:
    from assets.flow import Calendar
    from schemas.calendar import first_day, shift

    months = Calendar.registered().months
    days = {"first": [first_day(months[0])], "last": [first_day(shift(months[-1], 1)) - timedelta(days=1)]}
    return pl.DataFrame(days)


def pyspark(folder: Path) -> None:
    """The product from its ledgers to annual exports, months valued by Spark on this machine."""
    lake = folder / "pyspark"
    shutil.rmtree(lake, ignore_errors=True)
    shutil.copytree(folder / "receipt_and_rebuild", lake, copy_function=os.link)
    for table in REBUILT:
        shutil.rmtree(lake / "tables" / table)
    _product(folder, lake, engine="spark")
    _cells_of(lake).write_parquet(folder / "pyspark.parquet")
    _end_java()


def pandas(folder: Path) -> None:
    """The product's ledgers to monthly exports in pandas, a declared month at a time."""
    import pandas as pd

    from assets.customs.reference import NO_SALE, READ
    from assets.storage.manifest import Manifests
    from schemas.codes.countries import CHINA

    lake = folder / "receipt_and_rebuild"
    rates: dict[str, dict[str, int]] = {}
    for month, currency, dollars in _rates(folder).iter_rows():
        rates.setdefault(month, {})[currency] = int(dollars)
    line, cell = ["declaration_no", "line_no"], ["uscc", "trading_country", "hs_chapter", "stat_month"]
    sums = []
    for month, entry in Manifests(lake).read("customs_ledger").items():
        if not entry.rows:
            continue
        file = lake / "tables" / "customs_ledger" / entry.file
        rows = pd.read_parquet(file, columns=list(READ)).dropna(subset=[*line, "revision", "updated_at"])
        rows = rows[~rows["reasons"].map(lambda reasons: CORRECTED in reasons).astype(bool)]
        rows = rows.drop_duplicates(line, keep="last")  # a ledger is in order of its versions
        rows = rows[(rows["reasons"].map(len) == 0) & (rows["status"] != "withdrawn")]
        rows["sold"] = (rows["arrival_country"] != CHINA) & ~rows["trade_mode"].isin(NO_SALE)
        unstated = rows.loc[rows["sold"] & rows["stat_value_usd"].isna(), "declaration_no"].unique()
        stated = rows["stat_value_usd"].map(lambda value: int(value * 100), na_action="ignore")
        of_rates = rates.get(month, {"USD": RATE_SCALE})
        computed = {
            place: cents
            for _, lines in rows[rows["declaration_no"].isin(unstated)].groupby("declaration_no")
            for place, cents in zip(lines.index, fob_cents(lines.to_dict("records"), of_rates), strict=True)
        }
        rows["cents"] = stated.where(stated.notna(), pd.Series(computed, dtype=object))
        counted = rows[rows["sold"] & rows["cents"].notna()].assign(
            uscc=rows["consignor_uscc"],
            hs_chapter=rows["hs_code"].str[:2],
            stat_month=rows["closed_on"]
            .where(rows["closed_on"].notna(), rows["released_on"])
            .astype(str)
            .str[:7],
        )
        sums.append(
            counted.groupby(cell, as_index=False).agg(
                lines=("line_no", "size"), declarations=("declaration_no", "nunique"), cents=("cents", "sum")
            )
        )
    whole = pd.concat(sums).groupby(cell, as_index=False).sum()
    whole["cents"] = whole["cents"].map(Decimal)
    pl.from_dataframe(whole).write_parquet(folder / "pandas.parquet")


def fob_cents(lines: Sequence[Mapping[str, Any]], rates: Mapping[str, int]) -> list[int | None]:
    """Cents of a declaration's lines by rules §1 in Python's integers; None for what is refused."""
    weights = [line["amount"] for line in lines]
    if len({line["currency"] for line in lines}) > 1:
        known = [rates.get(line["currency"]) for line in lines]
        weights = [None if None in known else w * rate for w, rate in zip(weights, known, strict=True)]
    return [_fob_cents(line, weight, weights, rates) for line, weight in zip(lines, weights, strict=True)]


def _fob_cents(
    line: Mapping[str, Any],
    weight: Decimal | None,
    weights: Sequence[Decimal | None],
    rates: Mapping[str, int],
) -> int | None:
    rate = rates.get(line["currency"])
    if rate is None:
        return None
    value = Fraction(line["amount"]) * rate
    for fee, terms in (("freight", "12"), ("insurance", "14")):
        mark, amount = line[f"{fee}_mark"], line[fee]
        if line["delivery_terms"] not in terms:
            continue
        if mark not in ("1", "3") or amount is None:
            return None
        if mark == "1":
            value -= Fraction(line["amount"]) * rate * Fraction(amount) / 100
            continue
        fee_rate = rates.get(line[f"{fee}_currency"])
        if fee_rate is None or weight is None:
            return None
        if any(weights):
            value -= Fraction(amount) * fee_rate * Fraction(weight) / Fraction(sum(weights))  # type: ignore[arg-type]
    cents = value * 100 / RATE_SCALE
    return None if value < 0 else math.floor(cents + Fraction(1, 2))


def _cells_of(lake: Path) -> pl.DataFrame:
    from assets.storage.manifest import Manifests

    made = Manifests(lake).read("monthly_exports").values()
    files = [lake / "tables" / "monthly_exports" / entry.file for entry in made]
    return pl.read_parquet(files).with_columns(cents=(pl.col("fob_usd") * 100).cast(pl.Decimal(38, 0)))


def _end_java() -> None:
    """Wait for Spark's Java to end, so that its processor time counts as this process's."""
    from pyspark import SparkContext

    context = SparkContext._active_spark_context
    context.stop()
    SparkContext._gateway.shutdown()
    SparkContext._gateway.proc.stdin.close()
    SparkContext._gateway.proc.wait()


def _raw(folder: Path) -> str:
    return str(folder / "sources" / "customs_declarations" / "*.parquet")


def _codes(lookup: object) -> pl.DataFrame:
    return pl.DataFrame(list(dict(lookup).items()), schema=["text", "code"], orient="row")  # type: ignore[call-overload]


def _rates(folder: Path) -> pl.DataFrame:
    """Month, currency and dollars a unit in 1e-12, from the product's ledger of rates."""
    from assets.customs.value import month_rates
    from assets.storage.lake import Lake
    from assets.versions import current
    from pipelines.settings import Settings
    from schemas.customs import RATES

    rates = current(Lake(folder / "receipt_and_rebuild").scan(RATES.ledger), RATES).collect()
    ranking = Settings().rates_ranking  # type: ignore[call-arg]
    rows = [
        (month, currency, dollars)
        for month in rates["month"].unique()
        for currency, dollars in month_rates(rates, month, ranking).items()
    ]
    return pl.DataFrame(
        rows, schema={"month": pl.String, "currency": pl.String, "dollars": pl.Decimal(38, 0)}, orient="row"
    )


def _product(folder: Path, lake: Path, engine: str = "polars") -> None:
    from pipelines.rebuild import nightly
    from pipelines.settings import Settings

    settings = Settings(sources=folder / "sources", lake=lake, now=NOW, engine=engine)  # type: ignore[call-arg]
    nightly(settings, jobs=JOBS, publish=False)


WAYS: dict[str, Callable[[Path], None]] = {
    way.__name__: way for way in (limit, receipt_and_rebuild, rebuild, duckdb, pandas, pyspark)
}

COMPARED = {"duckdb", "pandas", "pyspark"}
"""The ways that leave monthly exports to compare with the product's."""

if __name__ == "__main__":
    WAYS[sys.argv[1]](Path(sys.argv[2]))
