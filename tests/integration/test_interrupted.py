"""A run that is killed goes on where it was, and ends at the hashes of one that was not.

Belongs here: SIGKILL of real processes, the lock, the sweep of what they leave, and the night after
with nothing new. That a single commit survives a kill is in tests/unit/test_lake.py.
"""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

from assets.flow import RECORDS
from assets.storage.deliveries import Deliveries
from assets.storage.manifest import Manifests
from assets.storage.releases import latest
from pipelines.planner import JOBS
from pipelines.resources import dagster_instance
from pipelines.sample_city.city import City, write_city
from tests.architecture.modules import ROOT
from tests.integration.interrupted import (
    BEFORE_A_COMMIT,
    IN_A_MONTH,
    IN_THE_PULL,
    IN_THE_RELEASE,
    Stopped,
    environment,
    tongbao,
)
from tests.integration.running import run_night

CITY = City(6, 5, 2021, 2021, declarations_per_enterprise=3, lines_per_declaration=2, plant=False)
NOW = "2022-02-01T08:00:00+08:00"
BACKFILL = ("backfill", "--policy-year", "2022")
HALF_DONE = ("customs_ledger", "2020-06")
"""The month that a kill cuts in two, between the tables that are made together: both are made again."""
BUSY = "Another run is writing to {lake}: wait for it to end, or stop it, then run again."
NOT_BY_CONTRACT = {"runs", "release_changes"}
"""The records of runs and of releases say how often there were any; they are outside a release's hashes."""


def tables(lake: Path) -> dict[tuple[str, str], str]:
    """(table, key) → SHA-256 of its file, of every table there is."""
    names = {path.parent.name for path in (lake / "tables").glob("*/manifest.json")} - NOT_BY_CONTRACT
    return {(name, key): entry.sha256 for name in names for key, entry in Manifests(lake).read(name).items()}


def done(lake: Path) -> dict[Path, int]:
    """Every file that something names → its inode: a file written again would be another one.

    What the release records of itself is written with it, once more where it was killed.
    """
    record = Deliveries(lake)
    pieces = [
        record.folder / delivery.source / piece.file
        for delivery in [*record.all, *record.begun()]
        for piece in delivery.pieces.values()
    ]
    made = [
        Manifests(lake).folder(table) / Manifests(lake).read(table)[key].file
        for table, key in tables(lake)
        if table not in RECORDS
    ]
    half_done = lake / "tables" / HALF_DONE[0] / HALF_DONE[1]
    return {p: p.stat().st_ino for p in [*pieces, *made] if not str(p).startswith(str(half_done))}


def not_named(lake: Path) -> set[Path]:
    """The files of a lake's tables and pieces that nothing names."""
    there = {*(lake / "tables").glob("*/*"), *(lake / "received").glob("*/*")}
    named = {
        folder / entry.file
        for folder in (lake / "tables").glob("*")
        for entry in Manifests(lake).read(folder.name).values()
    }
    return {path for path in there - named - {*done(lake)} if path.name != "manifest.json"}


def runs_of(lake: Path) -> list[str]:
    """The status of each of Dagster's runs, oldest first."""
    with dagster_instance(lake / "dagster") as instance:
        return [run.status.value for run in reversed(instance.get_runs())]


def test_killed_at_any_moment_it_goes_on_where_it_was(tmp_path: Path) -> None:
    write_city(CITY, tmp_path / "sources")
    lake, variables = tmp_path / "lake", environment(tmp_path, NOW)
    undisturbed = tmp_path / "undisturbed"
    undisturbed.mkdir()
    (undisturbed / "sources").symlink_to(tmp_path / "sources")
    run_night(undisturbed, datetime.fromisoformat(NOW), tuple(JOBS), release=True)

    before: dict[Path, int] = {}
    kills = (
        (IN_THE_PULL, BACKFILL), (IN_A_MONTH, BACKFILL), (BEFORE_A_COMMIT, ("nightly",)),
        (IN_THE_RELEASE, ("nightly",)),
    )  # fmt: skip
    for moment, words in kills:
        stopped = Stopped(moment, words, variables)
        if moment is IN_A_MONTH:
            assert (len(Manifests(lake).read("customs_ledger")), HALF_DONE in tables(lake)) == (6, True)
            other = tongbao(BACKFILL, variables)
            assert (other.returncode, other.stderr.split()) == (1, BUSY.format(lake=lake).split())
        stopped.kill()
        after = done(lake)
        assert before.items() <= after.items(), "what was done was done again"
        assert len(after) > len(before)
        assert latest(lake) is None
        before = after
    assert runs_of(lake).count("STARTED") == 1

    last = tongbao(BACKFILL, variables)

    assert last.returncode == 0, last.stderr
    assert "release" in last.stdout
    assert before.items() <= done(lake).items(), "what was done was done again"
    assert tables(lake) == tables(undisturbed / "lake")
    ours, theirs = latest(lake), latest(undisturbed / "lake")
    assert ours
    assert theirs
    assert (ours["release"], ours["items"]) == (theirs["release"], theirs["items"])
    assert sorted(set(runs_of(lake))) == ["FAILURE", "SUCCESS"]
    assert runs_of(lake).count("FAILURE") == len(kills)
    _hold_a_night_with_nothing_new(lake, variables)


NIGHT = """
import json, sys
sys.argv = ["tongbao", "nightly"]
from pipelines.cli import main
try:
    main()
except SystemExit as end:
    heavy = {"dagster", "polars", "pandera", "pyarrow", "sqlalchemy", "numpy"} & set(sys.modules)
    print(json.dumps([end.code, sorted(heavy)]))
"""


def _hold_a_night_with_nothing_new(lake: Path, variables: dict[str, str]) -> None:
    """The next night rebuilds nothing, loads nothing heavy, and clears what the killed ones left."""
    files, runs = done(lake), runs_of(lake)
    assert not_named(lake) <= {*(lake / "tables" / "runs").glob("*")}, "the last run swept before it began"

    night = subprocess.run(
        [sys.executable, "-c", NIGHT], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )

    said, verdict = night.stdout.strip().rsplit("\n", 1)
    assert said == "Nothing new: nothing was rebuilt."
    assert json.loads(verdict) == [0, []]
    assert (done(lake), runs_of(lake)) == (files, runs)
    assert not not_named(lake)
