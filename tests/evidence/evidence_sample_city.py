"""The sample city at growing sizes: lines a second, and the peak of memory that does not grow with them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow.parquet as pq

from tests.architecture.modules import ROOT

ENTERPRISES = (500, 2_000, 8_000)
Record = Callable[[str, str, Mapping[str, object]], None]


def test_memory_is_bounded(record: Record, tmp_path: Path) -> None:
    figures: dict[str, object] = {}
    peaks: list[int] = []
    for enterprises in ENTERPRISES:
        folder = tmp_path / str(enterprises)
        began = time.monotonic()
        peaks.append(peak_of("sample", "--enterprises", str(enterprises), "--parquet", "--out", str(folder)))
        took = time.monotonic() - began
        files = list(folder.glob("customs_declarations/*.parquet"))
        lines = sum(pq.read_metadata(file).num_rows for file in files)
        size = sum(file.stat().st_size for file in files)
        name = f"{enterprises:,} enterprises"
        figures[f"{name}: declaration lines"] = lines
        figures[f"{name}: seconds"] = round(took)
        figures[f"{name}: lines a second"] = round(lines / took)
        figures[f"{name}: peak RSS, MB"] = peaks[-1]
        figures[f"{name}: Parquet, MB"] = size // 1_000_000
        for file in files:
            file.unlink()
    record("sample-city", "`tongbao sample --parquet` at growing sizes, five export years.", figures)
    assert peaks[-1] < 2 * peaks[0], "memory grows with the lines"


def peak_of(*words: str) -> int:
    """Run a command of its own; its peak of resident memory in MB."""
    command = [sys.executable, "-m", "pipelines.cli", *words]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0
    return usage.ru_maxrss // 1024
