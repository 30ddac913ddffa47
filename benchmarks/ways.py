"""The ways that are compared, each in a process of its own: `python -m benchmarks.ways WAY FOLDER`.

`FOLDER/sources` is a sample city in Parquet. What a way leaves lies in `FOLDER/<way>`; its monthly
exports, for the comparison, in `FOLDER/<way>.parquet`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

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
    with engine.connect(config={"threads": 2, "memory_limit": "8GB", "temp_directory": str(scratch)}) as base:
        base.read_parquet(_raw(folder), union_by_name=True).create_view("raw")
        country = _codes(country_lookup()[0])
        currency = _codes(currency_lookup())
        modes = [(m.code, m.counts, m.valid_from, m.valid_to) for m in TRADE_MODES.values()]
        mode = pl.DataFrame(modes, schema={"code": pl.String, "counts": pl.Boolean, "since": pl.Date,
                                           "until": pl.Date}, orient="row")  # fmt: skip
        tables = {"country": country, "currency": currency, "mode": mode, "rate": _rates(folder)}
        for name, table in {**tables, "registered": _registered()}.items():
            table.write_parquet(folder / f"{name}.parquet")
            base.read_parquet(str(folder / f"{name}.parquet")).create_view(name)
        base.execute(Path(__file__).with_name("monthly_exports.sql").read_text("utf-8"))
        base.table("cell").write_parquet(str(folder / "duckdb.parquet"))


def _registered() -> pl.DataFrame:
    from assets.flow import Calendar
    from schemas.calendar import first_day, shift

    months = Calendar.registered().months
    days = {"first": [first_day(months[0])], "last": [first_day(shift(months[-1], 1)) - timedelta(days=1)]}
    return pl.DataFrame(days)


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


def _product(folder: Path, lake: Path) -> None:
    from pipelines.rebuild import nightly
    from pipelines.settings import Settings

    settings = Settings(sources=folder / "sources", lake=lake, now=NOW)  # type: ignore[call-arg]
    nightly(settings, jobs=JOBS, publish=False)


WAYS: dict[str, Callable[[Path], None]] = {
    way.__name__: way for way in (limit, receipt_and_rebuild, rebuild, duckdb)
}

COMPARED = {"duckdb"}
"""The ways that leave monthly exports to compare with the product's."""

if __name__ == "__main__":
    WAYS[sys.argv[1]](Path(sys.argv[2]))
