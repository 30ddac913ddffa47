"""What one declared month costs on Polars and on Spark, by its size.

    python -m benchmarks.month_size --lake /tmp/benchmark/receipt_and_rebuild --lines 100000,1000000,5000000

Takes the largest month of a lake's ledger, repeats its declarations under other numbers until it has
so many lines, and values it twice in a process of its own: the first time with all that starting
takes, the second time as one month of a long run. Spark is local, with as many threads as cores.
Prints CPU seconds and wall of both times, and the peak memory of Python and Java together. Ends with
status 1 where the two differ in a cent.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import polars as pl
from rich.console import Console

from assets.customs.value import Rates, month_rates
from assets.customs.worth import Worth, month_worth
from assets.storage.lake import Lake
from assets.storage.manifest import Manifests
from assets.versions import current
from pipelines.settings import Settings
from schemas.customs import DECLARATIONS, RATES

ENGINES = ("polars", "spark")
APART = 10**16
"""Between the numbers of a declaration and of its next repetition: more than a month's numbers span."""


def repeated(lake: Path, month: str, lines: int, file: Path) -> int:
    """Write a ledger of about so many lines, in ledger order, and say how many it has."""
    entry = Manifests(lake).read(DECLARATIONS.ledger.name)[month]
    ledger = pl.scan_parquet(lake / "tables" / DECLARATIONS.ledger.name / entry.file, glob=False)
    times = max(1, round(lines / entry.rows))
    number = pl.col("declaration_no")
    pl.concat([ledger.with_columns(number + APART * k) for k in range(times)]).sink_parquet(
        file, row_group_size=131_072
    )
    return times * entry.rows


def rates_of(lake: Path, month: str) -> Rates:
    """The month's rates, as the product ranks them."""
    known = current(Lake(lake).scan(RATES.ledger), RATES).collect()
    return month_rates(known, month, Settings().rates_ranking)  # type: ignore[call-arg]


def value(engine: str, file: Path, rates: Rates) -> Worth:
    """The month's worth by one of ENGINES."""
    if engine == "polars":
        return month_worth(pl.scan_parquet(file, glob=False), rates)
    from assets.customs.spark import month_worth_on_spark

    return month_worth_on_spark(file, rates, "local[*]")


def valued_twice(engine: str, files: list[Path], rates: Rates) -> dict[str, Any]:
    """Costs of both times, and a hash over what came out."""
    found: dict[str, Any] = {"cpu": [], "wall": []}
    for file in files:
        cpu, started = cpu_seconds(), perf_counter()
        worth = value(engine, file, rates)
        found["cpu"].append(cpu_seconds() - cpu)
        found["wall"].append(perf_counter() - started)
    found["peak"] = sum(_status(pid, "VmHWM") for pid in _processes()) / 1024
    tables = worth.cells.write_csv() + worth.counts.write_csv()
    return found | {"content": hashlib.sha256(tables.encode()).hexdigest()}


def _processes() -> list[int]:
    """This process and those that it started."""
    started = Path(f"/proc/self/task/{os.getpid()}/children").read_text("utf-8").split()
    return [os.getpid(), *map(int, started)]


def cpu_seconds() -> float:
    """User and system time of this process and those that it started."""
    ticks = 0
    for pid in _processes():
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _status(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def main() -> None:
    """Value a month of each size on both engines, and say what it cost."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="python -m benchmarks.month_size",
    )
    parser.add_argument("--lake", type=Path, required=True, help="a lake with ledgers, such as a benchmark's")
    parser.add_argument("--lines", default="100000,1000000,5000000", help="lines of the months")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES, help="both, or one of them")
    parser.add_argument("--valued", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    entries = Manifests(asked.lake).read(DECLARATIONS.ledger.name)
    month = max(entries, key=lambda key: entries[key].rows)
    if asked.valued:
        engine, *files = asked.valued
        costs = valued_twice(engine, [Path(file) for file in files], rates_of(asked.lake, month))
        sys.stdout.write(json.dumps(costs))
        return
    console, differ = Console(), False
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / "first.parquet", Path(folder) / "second.parquet"]
        for size in asked.lines.split(","):
            lines = repeated(asked.lake, month, int(size), files[0])
            shutil.copy(*files)
            contents = set()
            for engine in asked.engines:
                words = ["--lake", str(asked.lake), "--valued", engine, *map(str, files)]
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.month_size", *words],
                    stdout=subprocess.PIPE,
                    check=True,
                )
                cost = json.loads(done.stdout)
                contents.add(cost["content"])
                (cold, warm), (first, second) = cost["cpu"], cost["wall"]
                console.print(
                    f"{lines:,} lines, {engine}: first {cold:.1f} CPU s, {first:.1f} s; "
                    f"then {warm:.1f} CPU s, {second:.1f} s; {cost['peak']:,.0f} MiB"
                )
            differ |= len(contents) > 1
    if len(asked.engines) > 1:
        console.print("They differ." if differ else "Both give the same cells and counts, to the cent.")
    sys.exit(differ)


if __name__ == "__main__":
    main()
