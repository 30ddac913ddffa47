"""The same rows give the same bytes: shuffled, cut up, sent twice, on other threads, with another hash seed.

Belongs here: whole runs of the planted city, compared by the hashes of their files. Small hostile
inputs by the dozen are in tests/property/test_same_bytes.py.
"""

import csv
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from assets.flow import NODES
from assets.storage.lake import Lake
from pipelines.planner import JOBS
from schemas.catalogue import TABLES
from schemas.operations import REJECTED_ROWS
from tests.architecture.modules import ROOT
from tests.integration.running import TO_POLICIES, contents, lived_city

PUSHED = ("2025-08", "2025-09")
INSIDE = ("customs_ledger", "export_cube", "line_counts")
COMPARED = [
    table for job in TO_POLICIES for table in JOBS[job] if NODES[table].is_released or table in INSIDE
]
LIVE_ELSEWHERE = f"""
import sys
from pathlib import Path
import assets.arrivals.pieces, assets.customs.worth, assets.ledgers
from tests.integration.running import PRESENT, TO_POLICIES, live_through_2025, run_night
assets.arrivals.pieces.HELD_ROWS = 20
assets.ledgers.STRETCH_ROWS = assets.customs.worth.STRETCH_ROWS = 9
folder = Path(sys.argv[1])
live_through_2025(folder, TO_POLICIES)
run_night(folder, PRESENT, ("push_months", "rejects"), {{*{PUSHED!r}, "all"}})
"""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    base = tmp_path_factory.getbasetemp()
    return Lake(lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "lake")


@pytest.fixture(scope="module")
def otherwise(lived: Lake, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The same city, delivered and computed in another way."""
    folder = tmp_path_factory.mktemp("otherwise")
    deliver_otherwise(lived.root.parent / "sources", folder / "sources")
    subprocess.run(
        [sys.executable, "-c", LIVE_ELSEWHERE, str(folder)],
        cwd=ROOT, check=True, capture_output=True,
        env=os.environ | {"POLARS_MAX_THREADS": "3", "PYTHONHASHSEED": "11", "TZ": "America/New_York"},
    )  # fmt: skip
    return Lake(folder / "lake")


def deliver_otherwise(whole: Path, folder: Path) -> None:
    """Every CSV and Parquet file in two halves of shuffled rows, a tenth of them in both; others twice."""
    chance = random.Random(7)
    for path in sorted(path for path in whole.glob("*/*") if not path.name.endswith(".control.json")):
        home = folder / path.parent.name
        home.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".xlsx":
            shutil.copy2(path, home / path.name)
            shutil.copy2(path, home / f"again-{path.name}")
            continue
        head, rows = _read(path)
        chance.shuffle(rows)
        middle = len(rows) // 2
        for name, half in (("z", rows[: middle + len(rows) // 10]), ("a", rows[middle:])):
            with (home / f"{name}-{path.stem}.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([head, *half])


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a file, as text."""
    if path.suffix == ".parquet":
        frame = pl.read_parquet(path)
        return frame.columns, [[value or "" for value in row] for row in frame.iter_rows()]
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030")
    head, *rows = csv.reader(text.splitlines(keepends=True))
    return head, rows


def test_the_other_delivery_is_another_one(lived: Lake, otherwise: Lake) -> None:
    files, others = (
        sorted(path.name for path in (lake.root.parent / "sources").glob("*/*"))
        for lake in (lived, otherwise)
    )
    assert len(others) > len(files) * 0.9
    assert len(set(files) & set(others)) < 10


def test_every_table_has_the_same_bytes(lived: Lake, otherwise: Lake) -> None:
    expected, found = contents(lived, COMPARED), contents(otherwise, COMPARED)
    assert len(expected) > 200
    assert {at: found.get(at) for at in expected if found.get(at) != expected[at]} == {}


@pytest.mark.parametrize("month", PUSHED)
def test_the_push_list_has_the_same_bytes(lived: Lake, otherwise: Lake, month: str) -> None:
    for table in JOBS["push_months"]:
        assert otherwise.read(table)[month].sha256 == lived.read(table)[month].sha256


def test_the_same_rows_are_refused_wherever_they_stood(lived: Lake, otherwise: Lake) -> None:
    """A row sent twice is refused once, whichever of the two is kept; where it stood is another place."""

    def refused(lake: Lake) -> list[tuple[object, ...]]:
        rows = lake.scan(TABLES[REJECTED_ROWS.name]).select("source", "reasons", "raw", "status")
        return sorted(rows.unique().collect().rows(), key=str)

    assert len(refused(lived)) > 40
    assert refused(otherwise) == refused(lived)
