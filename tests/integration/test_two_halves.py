"""A city that arrives in two halves, before and after publication, is the city that arrived at once.

Belongs here: the confirmed roster of the first half and the drift of the second.
"""

import os
import shutil
from pathlib import Path

import pytest

from assets.storage.lake import Lake
from tests.integration.running import (
    CONFIRMATION,
    LIVED,
    PRESENT,
    PUBLICATION,
    TO_POLICIES,
    confirm_2025,
    contents,
    lived_city,
    publish_2025,
    rows_of,
    run_night,
)

PUBLISHED_IN = "2025-05"
"""The month of publication: files that arrived in it or later are of the second half."""
ROSTERS = ("roster", "roster_editions", "roster_changes", "roster_drift", "roster_decisions")


@pytest.fixture
def at_once(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    base = tmp_path_factory.getbasetemp()
    folder = lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)
    return Lake(folder / "lake")


def test_two_halves_give_the_roster_of_the_first_and_the_drift_of_the_second(
    at_once: Lake, tmp_path: Path
) -> None:
    whole = at_once.root.parent / "sources"
    first = [path for path in _files(whole) if _arrived_in(path) <= PUBLISHED_IN]
    _deliver(whole, tmp_path, first)
    run_night(tmp_path, PUBLICATION)
    publish_2025(tmp_path)
    published = rows_of(Lake(tmp_path / "lake"), "roster")
    run_night(tmp_path, CONFIRMATION)
    _deliver(whole, tmp_path, [path for path in _files(whole) if path not in first])
    run_night(tmp_path, CONFIRMATION)
    confirm_2025(tmp_path)
    run_night(tmp_path, PRESENT, TO_POLICIES)

    lake = Lake(tmp_path / "lake")
    assert contents(lake, ROSTERS) == contents(at_once, ROSTERS)
    assert [r for r in rows_of(lake, "roster") if r["policy_year"] != 2025] == published
    drift = [row for row in rows_of(lake, "roster_drift") if row["policy_year"] == 2025]
    assert {str(row["cause"]) for row in drift} >= {"amended", "withdrawn", "late_closing"}
    assert LIVED.plant


def _files(whole: Path) -> list[Path]:
    """Every source file, without those that say what was planted."""
    return sorted(path for path in whole.glob("*/*") if not path.name.endswith(".control.json"))


def _arrived_in(path: Path) -> str:
    """The month (of reference sources the year's first) in which a file arrived."""
    stem = path.name[:7]
    return stem if stem[4:5] == "-" else f"{stem[:4]}-01"


def _deliver(whole: Path, folder: Path, files: list[Path]) -> None:
    """Copy files and their control files into the drop folder."""
    for path in files:
        home = folder / "sources" / path.relative_to(whole).parent
        home.mkdir(parents=True, exist_ok=True)
        for part in (path, path.with_name(f"{path.name}.control.json")):
            if part.exists():
                shutil.copy2(part, home / part.name)
