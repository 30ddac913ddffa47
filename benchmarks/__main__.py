"""Compare the product with the limit, DuckDB, pandas and Spark on one sample city, the ways taking turns.

    ./run benchmark --lines 10M --folder /tmp/benchmark --repeat 3 --write

Prints CPU seconds (user and system), wall and peak memory of each way, and the ratios that matter;
`--write` keeps them for docs/benchmarks.md and its picture. `--ways` chooses what runs: pandas and
pyspark are slower by an order of magnitude, and need `./run spark`. Ends with status 1 where the cents
differ.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread
from time import perf_counter

import polars as pl
from rich.console import Console

from assets.storage.manifest import Manifests
from benchmarks.page import Cost, Size, keep, rendered
from benchmarks.ways import COMPARED, WAYS

YEARS = "2021..2023"
LINES_OF_AN_ENTERPRISE = 1647
"""Declaration lines that an enterprise of the sample city has in those years, about."""
USUAL = ("limit", "receipt_and_rebuild", "rebuild", "duckdb")


def measure(way: str, folder: Path) -> Cost:
    """Run a way in a process of its own; its memory is that of all its processes together."""
    started = perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.ways", way, str(folder)])
    done, peaks = Event(), [0.0]
    watch = Thread(target=_watch, args=(process.pid, done, peaks))
    watch.start()
    _, status, used = os.wait4(process.pid, 0)
    done.set()
    watch.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{way} failed with exit status {process.returncode}: see its message above.")
    memory = max(*peaks, used.ru_maxrss / 1024)
    return Cost(used.ru_utime + used.ru_stime, perf_counter() - started, memory)


def _watch(process: int, done: Event, peaks: list[float]) -> None:
    """Note the memory of a process and all below it, in MiB, ten times a second."""
    while not done.wait(0.1):
        peaks.append(sum(map(_resident, _family(process))))


def _family(process: int) -> list[int]:
    """A process and all that it started, as Linux tells it; only itself elsewhere."""
    try:
        children = "".join(path.read_text() for path in Path(f"/proc/{process}/task").glob("*/children"))
    except OSError:
        return [process]
    return [process, *(member for child in children.split() for member in _family(int(child)))]


def _resident(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    except OSError:
        return 0.0


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


def lines_of(text: str) -> int:
    """A number of lines as people write it: 10M, 500k, 2_000_000."""
    match = re.fullmatch(r"([0-9_]+)([kM]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text} is no number of lines: write 10M, 500k or 2000000.")
    return int(match[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[match[2]]


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="./run benchmark"
    )
    parser.add_argument("--lines", type=lines_of, default="2M", help="declaration lines, about (2M)")
    parser.add_argument("--folder", type=Path, required=True, help="where city and lakes go")
    parser.add_argument("--repeat", type=int, default=3, help="runs of each way (3)")
    parser.add_argument(
        "--ways", nargs="+", choices=list(WAYS), default=list(USUAL), help=f"of {', '.join(WAYS)}"
    )
    parser.add_argument("--write", action="store_true", help="keep it for docs/benchmarks.md")
    return parser.parse_args()


def main() -> None:
    """Make the sample city where there is none, run the ways in turn, and say what they cost."""
    asked, console = _asked(), Console()
    sources = asked.folder / "sources"
    if not sources.exists():
        enterprises = str(max(asked.lines // LINES_OF_AN_ENTERPRISE, 1))
        city = ["--parquet", "--enterprises", enterprises, "--years", YEARS, "--out", str(sources)]
        subprocess.run([sys.executable, "-m", "pipelines.cli", "sample", *city], check=True)
    raw = pl.scan_parquet(sources / "customs_declarations" / "*.parquet", missing_columns="insert")
    size = Size(int(raw.select(pl.len()).collect().item()), asked.repeat, {way: [] for way in asked.ways})
    for turn in range(asked.repeat):
        for way in asked.ways:
            cost = measure(way, asked.folder)
            size.costs[way].append(cost)
            console.print(
                f"run {turn + 1}, {way}: {cost.cpu:.1f} CPU s, {cost.wall:.1f} s, {cost.memory:,.0f} MiB"
            )
    for way in COMPARED & {*asked.ways}:
        size.differing[way] = differences(asked.folder, way)
    console.print(rendered(size))
    if asked.write:
        keep(size)
    sys.exit(1 if any(size.differing.values()) else 0)


if __name__ == "__main__":
    main()
