"""What a backfill, an amended month and a quiet night cost, and how much of it is Dagster's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import polars as pl

from pipelines.planner import JOBS
from pipelines.sample_city.city import City, write_city
from tests.architecture.modules import ROOT
from tests.evidence.backfill import NOW
from tests.evidence.conftest import Record

ENTERPRISES = int(os.environ.get("TONGBAO_EVIDENCE_ENTERPRISES", "1300"))
YEARS = (2021, 2024)
POLICY_YEARS = "2022,2023,2024,2025"
TO_EXPORTS = ("pull", "references", "declared_months", "export_years")
AMENDED = "2022-05"


def test_a_backfill_an_amended_month_and_a_quiet_night(tmp_path: Path, record: Record) -> None:
    """The backfill, then one amended month, then nothing new."""
    sources = tmp_path / "sources"
    write_city(City(ENTERPRISES, 7, *YEARS, 126), sources, layout="parquet")
    whole = backfill(tmp_path)
    amend(sources / "customs_declarations")
    amended = backfill(tmp_path)
    quiet_night(tmp_path)  # which releases and reports what the backfill left
    quiet = [quiet_night(tmp_path) for _ in range(10)]
    rest = whole["all"] - whole["work"]
    raw = pl.scan_parquet(sources / "customs_declarations" / "*.parquet", missing_columns="insert")
    figures: dict[str, object] = {
        "lines": int(raw.select(pl.len()).collect().item()),
        "backfill": f"{whole['all']:.1f}",
        "of that start-up: imports, definitions, records": f"{whole['start']:.1f}",
        "receiving files, and making, checking and committing keys": f"{whole['work']:.1f}",
        "all else: Dagster, the planner and the start-up": f"{rest:.1f}, {rest / whole['all']:.1%}",
        "amended month, receipt to annual exports": ratio(amended, whole, TO_EXPORTS),
        "amended month, the whole pipeline": ratio(amended, whole, ("pull", *JOBS)),
        "of that by job": ", ".join(f"{job} {amended[job]:.1f}" for job in ("pull", *JOBS) if job in amended),
        "night with nothing new, start-up included": f"{median(cpu for cpu, _ in quiet):.2f}",
        "the same, seconds of the clock": f"{min(wall for _, wall in quiet):.2f} at best, "
        f"{median(wall for _, wall in quiet):.2f} in the middle of ten",
    }
    record(
        "costs",
        "CPU seconds of a backfill of 48 declared months and four policy years in one process, from raw "
        f"files; of the night after an amendment of 200 declarations of {AMENDED}, start-up left out; and "
        "`tongbao nightly` with nothing new.",
        figures,
    )


def backfill(folder: Path) -> dict[str, float]:
    """What `tests/evidence/backfill.py` spent."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.evidence.backfill", str(folder), POLICY_YEARS],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    spent: dict[str, float] = json.loads(done.stdout)
    return spent


def amend(folder: Path) -> None:
    """Deliver newer versions of 200 declarations of an old month."""
    month = pl.read_parquet(folder / f"{AMENDED}.parquet").filter(
        pl.col("declared_on").str.starts_with(AMENDED), pl.col("status") == "closed"
    )
    numbers = month["declaration_no"].unique(maintain_order=True).head(200)
    month.filter(pl.col("declaration_no").is_in(numbers.implode())).with_columns(
        revision=pl.lit("9"),
        amount=pl.lit("1") + pl.col("amount"),
        stat_value_usd=pl.lit(None, pl.String),
        updated_at=pl.lit("2026-01-10T00:00:00Z"),
    ).write_parquet(folder / "amended.parquet")


def ratio(amended: dict[str, float], whole: dict[str, float], jobs: tuple[str, ...]) -> str:
    """CPU seconds of some jobs, and which part of those of the backfill they are."""
    ours, all_of_it = (sum(spent.get(job, 0.0) for job in jobs) for spent in (amended, whole))
    return f"{ours:.1f} of {all_of_it:.1f}, 1/{all_of_it / ours:.0f}"


def quiet_night(folder: Path) -> tuple[float, float]:
    """CPU seconds and seconds of the clock of `tongbao nightly` on the backfilled lake."""
    told = {
        "TONGBAO_SOURCES": str(folder / "sources"),
        "TONGBAO_LAKE": str(folder / "lake"),
        "TONGBAO_NOW": NOW.isoformat(),
    }
    started = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "nightly"],
        cwd=ROOT, env={**os.environ, **told}, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime, perf_counter() - started
