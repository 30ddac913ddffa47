"""A thousand nights on one lake: what the last ones cost against the first, and what has grown."""

from __future__ import annotations

import resource
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import polars as pl

from pipelines.rebuild import nightly
from pipelines.sample_city.city import City, write_city
from tests.evidence.conftest import Record
from tests.integration.running import settings_of

NIGHTS = 1000
NEWS_EVERY = 10
"""One night in so many has a delivery: 100 of 1,000."""
FIRST = datetime(2024, 1, 20, 18, 30, tzinfo=UTC)
JOBS = ("references", "declared_months", "export_years", "rejects")
RUNS_KEPT = 150


def test_the_thousandth_night_costs_what_the_first_did(tmp_path: Path, record: Record) -> None:
    """Nine nights in ten bring nothing; the tenth an amended declaration of an old month."""
    sources, lake = tmp_path / "sources", tmp_path / "lake"
    write_city(City(12, 7, 2021, 2022, 126), sources, layout="parquet")
    month = pl.read_parquet(sources / "customs_declarations" / "2021-05.parquet")
    amendable = month.filter(pl.col("declared_on").str.starts_with("2021-05"), pl.col("status") == "closed")

    def night(number: int) -> None:
        now = FIRST + timedelta(days=number)
        nightly(settings_of(tmp_path, now).model_copy(update={"runs_kept": RUNS_KEPT}), jobs=JOBS)

    night(0)
    quiet: list[tuple[float, float]] = []
    busy: list[tuple[float, float]] = []
    sizes: list[dict[str, int]] = []
    for number in range(1, NIGHTS + 1):
        is_busy = number % NEWS_EVERY == 0
        if is_busy:
            amend(amendable, number, sources / "customs_declarations")
        (busy if is_busy else quiet).append(cost(lambda at=number: night(at)))  # type: ignore[misc]
        if number in (NEWS_EVERY, NIGHTS):
            sizes.append(measured(lake))
    figures: dict[str, object] = {
        "nights": NIGHTS,
        "of them with an amendment": len(busy),
        "rows of the lake": measured(lake)["rows received"],
        **compared("a night with an amendment", busy),
        **compared("a night with nothing new", quiet),
        **{f"{name}, first and last": f"{sizes[0][name]:,} → {sizes[1][name]:,}" for name in sizes[0]},
    }
    record(
        "nightlies",
        f"{NIGHTS:,} nights on one lake in one process, one in {NEWS_EVERY} with an amendment of an old "
        f"month: ledgers, exports, refused rows and a release each; the newest {RUNS_KEPT} runs of Dagster "
        "are kept. CPU seconds (wall in brackets), medians of ten nights.",
        figures,
    )
    assert ten(busy[-10:]) < 2 * ten(busy[:10])
    assert ten(quiet[-10:]) < 0.5


def amend(rows: pl.DataFrame, number: int, folder: Path) -> None:
    """Deliver a newer version of one declaration."""
    one = rows["declaration_no"].unique(maintain_order=True)[number % 50]
    at = FIRST + timedelta(days=number, hours=-2)
    rows.filter(pl.col("declaration_no") == one).with_columns(
        revision=pl.lit(str(number)),
        amount=pl.lit(str(number)) + pl.col("amount"),
        stat_value_usd=pl.lit(None, pl.String),
        updated_at=pl.lit(at.strftime("%Y-%m-%dT%H:%M:%SZ")),
    ).write_parquet(folder / f"amended-{number:04}.parquet")


def cost(what: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds and seconds of the clock that something takes."""
    before, started = resource.getrusage(resource.RUSAGE_SELF), perf_counter()
    what()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu, perf_counter() - started


def ten(nights: list[tuple[float, float]]) -> float:
    """The median CPU seconds of some nights."""
    return median(cpu for cpu, _ in nights)


def compared(what: str, nights: list[tuple[float, float]]) -> dict[str, str]:
    """The first ten nights of a kind (after the very first, which warms up) against the last ten."""
    shown = {"first ten": nights[1:11], "last ten": nights[-10:]}
    return {
        f"{what}, {which}": f"{ten(some):.2f} ({median(wall for _, wall in some):.2f})"
        for which, some in shown.items()
    }


def measured(lake: Path) -> dict[str, int]:
    """What may grow, in bytes or numbers."""
    from assets.storage.deliveries import Deliveries
    from pipelines.resources import dagster_instance

    instance = dagster_instance(lake / "dagster")
    runs = instance.get_runs_count()
    instance.dispose()
    deliveries = Deliveries(lake)
    tables = {name: lake / "tables" / name for name in ("runs", "release_changes")}
    return {
        "deliveries": len(deliveries.all),
        "rows received": sum(delivery.rows for delivery in deliveries.all),
        "runs that Dagster keeps": runs,
        "event log, bytes": (lake / "dagster" / "history" / "event_log.db").stat().st_size,
        "runs database, bytes": (lake / "dagster" / "history" / "runs.db").stat().st_size,
        "record of deliveries, bytes": (lake / "received" / "deliveries.json").stat().st_size,
        "releases": len([path for path in (lake / "releases").iterdir() if not path.is_symlink()]),
        **{
            f"table {name}, bytes": max(file.stat().st_size for file in folder.glob("*.parquet"))
            for name, folder in tables.items()
        },
    }
