"""Makes a month's push of so many insured enterprises and its package, and prints what it took.

    python tests/evidence/push_at_size.py 50000 /tmp/place

Exports are 24 months of 2 chapters to 1-12 countries an enterprise, ratings of two schemes for every
country, 300 bulletins. What is timed is the push from its inputs and the package from the push.
"""

from __future__ import annotations

import resource
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from assets.push.package import write_package
from assets.push.push_list import Known, Push, push_of
from schemas.calendar import months
from schemas.codes.countries import COUNTRIES
from schemas.push import COUNTRY_RISK, RISK_BULLETINS
from schemas.table import SUM
from schemas.terms.loader import load_terms

MONTH = "2025-08"
AT = datetime(2025, 3, 1, tzinfo=UTC)


def main(firms: int, place: Path) -> None:
    """Make the inputs, then time the work."""
    exports_at = place / "exports.parquet"
    exports(firms).sink_parquet(exports_at)
    insured = pl.LazyFrame({"uscc": usccs(firms)}).with_columns(
        expected_cover_from=pl.lit(date(2025, 7, 1)), expected_cover_to=pl.lit(date(2026, 6, 30))
    )
    known = Known(pl.scan_parquet(exports_at), ratings(), bulletins())
    before = Known(pl.scan_parquet(exports_at), ratings(), RISK_BULLETINS.empty().lazy())
    base, started, cpu = peak(), time.monotonic(), time.process_time()
    push = push_of(MONTH, insured, known, before, load_terms(2025))
    made, cpu_made = time.monotonic() - started, time.process_time() - cpu
    memory = peak()
    tell("insured enterprises", f"{push.enterprises.height:,}")
    tell("cells of exports read", f"{pl.scan_parquet(exports_at).select(pl.len()).collect().item():,}")
    tell("enterprise-countries", f"{push.enterprises['countries'].sum():,}")
    tell("items found", f"{push.found:,}")
    tell("items in the list", f"{push.items.height:,}")
    tell("the list, seconds", f"{made:.1f}")
    tell("the list, CPU seconds", f"{cpu_made:.1f}")
    tell("peak memory before and after the list, MB", f"{base:,} → {memory:,}")
    package(push, place)


def package(push: Push, place: Path) -> None:
    """The package of a tenth of the enterprises: its workbook is written cell by cell."""
    some = push.enterprises["uscc"].head(push.enterprises.height // 10)
    rows = {
        name: frame.lazy().filter(pl.col("uscc").is_in(some.implode()))
        for name, frame in (("items", push.items), ("enterprises", push.enterprises))
    }
    started, cpu = time.monotonic(), time.process_time()
    made = write_package(place / "package", MONTH, 0, rows, load_terms(2025))
    tell("items in the package of a tenth of them", f"{made.manifest['counts']['items']:,}")
    tell("that package, seconds", f"{time.monotonic() - started:.1f}")
    tell("that package, CPU seconds", f"{time.process_time() - cpu:.1f}")
    tell("bytes of that package", f"{sum(file['bytes'] for file in made.manifest['files']):,}")


def exports(firms: int) -> pl.LazyFrame:
    """Cells of the cube: deterministic, very unequal."""
    rng = np.random.Generator(np.random.PCG64(1))
    markets = sorted(code for code, country in COUNTRIES.items() if country.is_iso)
    count = rng.integers(1, 13, firms)
    firm = np.repeat(np.arange(firms), count)
    pairs = pl.DataFrame(
        {
            "firm": firm,
            "trading_country": pl.Series(markets)[rng.integers(0, 60, len(firm)).tolist()],
            "size": np.exp(rng.normal(9, 2, len(firm))).astype(np.int64) + 100,
        }
    ).unique(["firm", "trading_country"], maintain_order=True)
    wide = pairs.with_columns(pl.Series("uscc", usccs(firms))[pairs["firm"]]).lazy()
    chapters = pl.LazyFrame({"hs_chapter": ["84", "85", "94"]})
    spread = wide.join(chapters, how="cross").filter(
        (pl.col("firm") + pl.col("hs_chapter").cast(pl.Int64)) % 3 != 0
    )
    when = pl.LazyFrame({"stat_month": list(months("2023-08", "2025-07"))}).with_row_index("n")
    growth = 100 + pl.col("n").cast(pl.Int64) * (pl.col("firm") % 5)
    cents = (pl.col("size") * growth).cast(pl.Decimal(28, 0)) / pl.lit(100).cast(pl.Decimal(28, 0))
    names = ("uscc", "trading_country", "hs_chapter", "stat_month")
    return spread.join(when, how="cross").select(*names, cents.cast(SUM).alias("fob_usd"))


def usccs(firms: int) -> list[str]:
    """So many identities."""
    return [f"91440300TB{n:08d}" for n in range(firms)]


def ratings() -> pl.LazyFrame:
    """Every country in two schemes, a tenth of them worse since July."""
    rows = []
    for n, country in enumerate(sorted(COUNTRIES)):
        for scheme in ("oecd", "sinosure"):
            rows.append((country, scheme, "-" if n % 7 == 0 else str(n % 7), date(2025, 1, 1), "table", AT))
            if n % 10 == 0:
                later = datetime(2025, 7, 15, tzinfo=UTC)
                rows.append((country, scheme, "7", date(2025, 7, 15), "table", later))
    return pl.LazyFrame(rows, COUNTRY_RISK.schema, orient="row")


def bulletins() -> pl.LazyFrame:
    """300 of July, on three countries each."""
    codes = sorted(code for code, country in COUNTRIES.items() if country.is_iso)
    at = datetime(2025, 7, 10, tzinfo=UTC)
    rows = [
        {
            "bulletin_no": f"B{n}", "kind": ("risk_alert", "market_info", "country_risk")[n % 3],
            "countries": [codes[(n * k) % 60] for k in (1, 7, 11)], "hs_chapters": [["84"], []][n % 2],
            "severity": 1 + n % 5, "title": "风险提示", "body": None, "valid_from": date(2025, 7, 10),
            "valid_to": None, "published_at": at, "status": "active", "source": "中国信保", "updated_at": at,
        }
        for n in range(300)
    ]  # fmt: skip
    return pl.LazyFrame(rows, RISK_BULLETINS.schema)


def peak() -> int:
    """The most memory that this process had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def tell(name: str, value: str) -> None:
    """One figure a line."""
    sys.stdout.write(f"{name}\t{value}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
