"""The arrows of the house: import contracts hold, and each of them fails when an arrow turns."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.modules import FLOORS, ROOT, clocks, sources, tree

HEAVY = ("dagster", "polars", "pandera", "sqlalchemy", "pyarrow", "adbc_driver_manager")


def verdict(folder: Path) -> dict[str, bool]:
    """Import-linter's verdict on a tree: contract → kept."""
    words = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run(
        [sys.executable, "-c", words, "--no-cache", "--no-logo"],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    lines = [line.split(" (")[0].strip() for line in done.stdout.splitlines()]
    ends = {" KEPT": True, " BROKEN": False}
    found = {
        line.removesuffix(end): kept for line in lines for end, kept in ends.items() if line.endswith(end)
    }
    assert found, done.stdout + done.stderr
    assert (done.returncode == 0) == all(found.values())
    return found


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the three floors and of the contracts, to be spoilt."""
    folder = tmp_path_factory.mktemp("house")
    for floor in FLOORS:
        for module in (ROOT / floor).rglob("*.py"):
            place = folder / module.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, place)
    shutil.copyfile(ROOT / ".importlinter", folder / ".importlinter")
    return folder


def test_every_contract_is_kept(copied: Path) -> None:
    found = verdict(copied)
    assert len(found) == 8
    assert [name for name, kept in found.items() if not kept] == []


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("schemas/calendar.py", "import assets.flow", "Arrows point down"),
        ("schemas/calendar.py", "def f(): import pipelines.settings", "Arrows point down"),
        ("assets/flow.py", "from pipelines import planner", "Arrows point down"),
        ("assets/customs/value.py", "import assets.eligibility.decide", "A stage uses only"),
        ("assets/arrivals/receive.py", "import assets.supply.rejected", "A stage uses only"),
        ("assets/push/alerts.py", "import assets.statistics.annual", "A stage uses only"),
        ("assets/work.py", "import assets.policies.names", "What all stages share"),
        ("assets/storage/lake.py", "def f(): import assets.flow", "Storage knows neither"),
        ("pipelines/sample_city/plan.py", "import schemas.calendar", "The sample city"),
        ("pipelines/sample_city/plan.py", "import pipelines.settings", "The sample city"),
        ("assets/customs/value.py", "def f(): import dagster", "Dagster is imported where"),
        ("pipelines/planner.py", "from dagster import asset", "Dagster is imported where"),
        ("schemas/table.py", "import dagster.preview", "Dagster is imported where"),
        ("assets/arrivals/receive.py", "import sqlalchemy", "Databases are spoken to"),
        ("pipelines/settings.py", "import adbc_driver_sqlite.dbapi", "Databases are spoken to"),
        ("assets/validation.py", "import pandera.polars", "Pandera renders tables"),
    ],
)
def test_a_turned_arrow_breaks_its_contract(copied: Path, module: str, line: str, broken: str) -> None:
    place = copied / module
    before = place.read_text("utf-8")
    place.write_text(f"{before}\n{line}\n", "utf-8")
    try:
        failed = [name for name, kept in verdict(copied).items() if not kept]
    finally:
        place.write_text(before, "utf-8")
    assert any(name.startswith(broken) for name in failed)
    assert len(failed) <= 2, "a contract should say one thing"


def test_only_dagster_shows_what_it_says_it_shows() -> None:
    """Import-linter lets a stage's assets.py import dagster; there is no other file of that name."""
    named = [name for name in sources("assets") if name.endswith(".assets")]
    assert all(name.count(".") == 2 for name in named)


@pytest.mark.parametrize(
    "module",
    ["assets.flow", "assets.staleness", "pipelines.planner", "pipelines.settings",
     "pipelines.rebuild", "pipelines.cli"],
)  # fmt: skip
def test_a_start_loads_nothing_heavy(module: str) -> None:
    words = f"import sys, json, {module}; print(json.dumps([n for n in {HEAVY} if n in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("floor", ["assets", "schemas"])
def test_no_clock_below_the_top_floor(floor: str) -> None:
    found = {name: clocks(tree(path)) for name, path in sources(floor).items()}
    assert {name: places for name, places in found.items() if places} == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("from datetime import datetime\nx = datetime.now()", ["datetime.now:2"]),
        ("import datetime as d\nx = d.datetime.utcnow()", ["datetime.utcnow:2"]),
        ("from datetime import date as day\nx = day.today()", ["date.today:2"]),
        ("import time\nx = time.time()", ["time.time:2"]),
        ("from time import perf_counter", ["time.perf_counter:1"]),
        ("from datetime import date\nx = [date.today]", ["date.today:2"]),
        ("now = 3\nx = work.now, state.today", []),
    ],
)
def test_a_clock_is_found(text: str, expected: list[str]) -> None:
    assert clocks(ast.parse(text)) == expected


def test_the_present_comes_from_one_place() -> None:
    """In pipelines, too, the present is the settings'; other clocks only measure how long."""
    found = {name: clocks(tree(path)) for name, path in sources("pipelines").items()}
    reading = {n for n, places in found.items() if any("date" in place for place in places)}
    assert reading == {"pipelines.settings"}


def test_no_import_is_relative() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, path in sources().items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert found == []


READERS = {"tests.oracle.read": {"pyarrow", "fastexcel"}}
"""What opens a Parquet file or a workbook cannot be of the standard library; it computes nothing."""


@pytest.mark.parametrize("path", sorted((ROOT / "tests" / "oracle").glob("*.py")), ids=lambda path: path.stem)
def test_the_oracle_stands_alone(path: Path) -> None:
    """Standard library only, none of the product's code: it can agree only by being right."""
    name = f"tests.oracle.{path.stem}"
    modules = {
        module
        for node in ast.walk(tree(path))
        for module in (
            [alias.name for alias in node.names] if isinstance(node, ast.Import)
            else [node.module or ""] if isinstance(node, ast.ImportFrom)
            else []
        )
    }  # fmt: skip
    others = {module for module in modules if not module.startswith("tests.oracle")}
    roots = {module.partition(".")[0] for module in others}
    assert roots - sys.stdlib_module_names - READERS.get(name, set()) == set()
