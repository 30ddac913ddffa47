"""Compare the product with the limit and with other ways on one sample city, the ways taking turns.

    ./run benchmark --enterprises 2000 --years 2021..2023 --folder /tmp/benchmark --repeat 3

Prints CPU seconds (user and system), wall and peak memory of each way, and the ratios that matter;
`--write` puts the table into docs/benchmarks.md. `--ways` chooses what runs: pandas and pyspark are
slower by an order of magnitude, and need `./run spark`. Ends with status 1 where the cents differ.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import polars as pl
from rich.console import Console

from assets.storage.manifest import Manifests
from benchmarks.ways import WAYS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
RATIOS = (
    ("rebuild ÷ limit", "rebuild", "limit"),
    ("receipt and rebuild ÷ DuckDB", "receipt_and_rebuild", "duckdb"),
    ("rebuild ÷ DuckDB", "rebuild", "duckdb"),
    ("pandas ÷ rebuild", "pandas", "rebuild"),
    ("PySpark ÷ rebuild", "pyspark", "rebuild"),
)
"""What is compared, in CPU seconds."""
USUAL = "limit,receipt_and_rebuild,rebuild,duckdb"
COMPARED = ("duckdb", "pandas", "pyspark")
"""The ways that leave monthly exports, which must be the product's."""


@dataclass(frozen=True)
class Cost:
    """What one run of a way cost: seconds of both processors, seconds of the clock, MiB at the peak."""

    cpu: float
    wall: float
    memory: float


def measure(way: str, folder: Path) -> Cost:
    """Run a way in a process of its own."""
    started = perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.ways", way, str(folder)])
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{way} failed with exit status {process.returncode}: see its message above.")
    return Cost(used.ru_utime + used.ru_stime, perf_counter() - started, used.ru_maxrss / 1024)


def differences(folder: Path, way: str) -> int:
    """Cells in which the product and another way differ, or that only one has."""
    lake = folder / "receipt_and_rebuild"
    files = [
        lake / "tables" / "monthly_exports" / entry.file
        for entry in Manifests(lake).read("monthly_exports").values()
    ]
    ours = pl.read_parquet(files).with_columns(cents=(pl.col("fob_usd") * 100).cast(pl.Int128))
    theirs = pl.read_parquet(folder / f"{way}.parquet")
    columns = ["uscc", "trading_country", "hs_chapter", "stat_month", "lines", "declarations", "cents"]
    return int(
        pl.concat([frame.select(pl.col(columns).cast(pl.String)) for frame in (ours, theirs)])
        .group_by(columns)
        .len()
        .filter(pl.col("len") == 1)
        .height
    )


def rendered(costs: dict[str, list[Cost]], lines: int, differing: dict[str, int]) -> str:
    """The page: what was run on, a row a way, a row a ratio."""
    median = {
        way: [statistics.median(getattr(cost, name) for cost in runs) for name in ("cpu", "wall", "memory")]
        for way, runs in costs.items()
    }
    runs = len(next(iter(costs.values())))
    rows = [f"| {way} | {cpu:,.1f} | {wall:,.1f} | {mib:,.0f} |" for way, (cpu, wall, mib) in median.items()]
    ratios = [
        f"| {name} | {median[a][0] / median[b][0]:,.2f} |" for name, a, b in RATIOS if {a, b} <= {*costs}
    ]
    return "\n".join(
        (
            f"{lines:,} lines, {runs} runs of each way in turn, medians; {os.cpu_count()} cores, "
            f"Python {platform.python_version()}. Cells that differ from the product's: "
            + ", ".join(f"{way} {cells}" for way, cells in differing.items())
            + ".",
            "",
            "| way | CPU s | wall s | peak MiB |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "| ratio of CPU seconds | |",
            "| --- | --- |",
            *ratios,
        )
    )


def main() -> None:
    """Make the sample city where there is none, run the ways in turn, and say what they cost."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="./run benchmark"
    )
    parser.add_argument("--enterprises", type=int, default=2000, help="enterprises of the sample city")
    parser.add_argument("--years", default="2021..2023", help="its export years")
    parser.add_argument("--folder", type=Path, required=True, help="where city and lakes go")
    parser.add_argument("--ways", default=USUAL, help=f"which, of {','.join(WAYS)}")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each way")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    asked = parser.parse_args()
    ways = asked.ways.split(",")
    if unknown := {*ways} - {*WAYS}:
        parser.error(f"--ways knows no {', '.join(sorted(unknown))}: name some of {', '.join(WAYS)}")
    sources = asked.folder / "sources"
    if not sources.exists():
        city = ["--parquet", "--enterprises", str(asked.enterprises), "--years", asked.years]
        subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "sample", *city, "--out", str(sources)], check=True
        )
    costs: dict[str, list[Cost]] = {way: [] for way in ways}
    console = Console()
    for turn in range(asked.repeat):
        for way in ways:
            cost = measure(way, asked.folder)
            costs[way].append(cost)
            console.print(
                f"run {turn + 1}, {way}: {cost.cpu:.1f} CPU s, {cost.wall:.1f} s, {cost.memory:,.0f} MiB"
            )
    raw = pl.scan_parquet(sources / "customs_declarations" / "*.parquet", missing_columns="insert")
    differing = {way: differences(asked.folder, way) for way in ways if way in COMPARED}
    text = rendered(costs, int(raw.select(pl.len()).collect().item()), differing)
    console.print(text)
    if asked.write:
        head = PAGE.read_text("utf-8").partition("<!-- measured -->")[0]
        PAGE.write_text(f"{head}<!-- measured -->\n\n{text}\n", "utf-8")
    sys.exit(any(differing.values()))


if __name__ == "__main__":
    main()
