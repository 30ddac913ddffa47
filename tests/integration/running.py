"""Running the real pipeline over a folder of sources, for the tests of this directory.

Belongs here: how a city is brought through its nights and acts. Not here: what must hold of it.
Dagster's records stay in memory, since they are no part of what is tested.
"""

import fcntl
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import dagster as dg
import polars as pl

from assets.eligibility.acts import confirm, decide, publish
from assets.storage.lake import Lake
from assets.versions import current
from pipelines.planner import JOBS
from pipelines.rebuild import Outcome, nightly
from pipelines.resources import SettingsHouse
from pipelines.sample_city.city import City, write_city
from pipelines.settings import Settings
from schemas.catalogue import TABLES
from schemas.eligibility import OBJECTIONS

TO_POLICIES = ("references", "declared_months", "export_years", "policy_years")
"""The jobs that the tables of money and rights need."""
PUBLICATION = datetime.fromisoformat("2025-05-15T09:00:00+08:00")
CONFIRMATION = datetime.fromisoformat("2025-05-26T09:00:00+08:00")
PRESENT = datetime.fromisoformat("2026-01-15T08:00:00+08:00")
OFFICE = "bureau"
LIVED = City(enterprises=20, seed=7, declarations_per_enterprise=4, lines_per_declaration=2)
"""Small beside what is planted in it."""
Row = dict[str, object]


def settings_of(folder: Path, now: datetime = PRESENT) -> Settings:
    """Settings for the city in `folder/sources` and its lake in `folder/lake`."""
    return Settings(
        _env_file=None,  # type: ignore[call-arg]
        sources=folder / "sources",
        sources_url=None,
        lake=folder / "lake",
        reporting_url="",
        dagster_home=None,
        now=now,
    )


def run_night(
    folder: Path,
    now: datetime = PRESENT,
    jobs: Collection[str] = TO_POLICIES,
    keys: Collection[str] | None = None,
    *,
    release: bool = False,
) -> Outcome:
    """One nightly over the city in `folder`, up to the jobs that a test needs."""
    with dg.DagsterInstance.ephemeral() as instance:
        return nightly(settings_of(folder, now), jobs=jobs, keys=keys, instance=instance, publish=release)


def run_city(folder: Path, now: datetime = PRESENT, policy_years: Sequence[int] | None = None) -> Lake:
    """Bring a city up to `now` from nothing; `policy_years`: only these years' tables."""
    run_night(folder, now, TO_POLICIES[:-1])
    keys = None if policy_years is None else [str(year) for year in policy_years]
    run_night(folder, now, TO_POLICIES[-1:], keys)
    return Lake(folder / "lake")


def publish_2025(folder: Path) -> None:
    """Publish the first edition of 2025, on its day."""
    house = SettingsHouse(settings_of(folder, PUBLICATION))
    publish(house, 2025, OFFICE, acknowledge_rejects=True)


def confirm_2025(folder: Path) -> None:
    """Reject every objection of 2025 known by then, and confirm its first edition."""
    house = SettingsHouse(settings_of(folder, CONFIRMATION))
    for number in objections_of(Lake(folder / "lake"), 2025):
        decide(house, 2025, OFFICE, number, "rejected")
    confirm(house, 2025, OFFICE, 1)


def objections_of(lake: Lake, policy_year: int) -> list[str]:
    """The numbers of a year's objections that the source has brought."""
    known = current(lake.scan(OBJECTIONS.ledger), OBJECTIONS)
    of_year = known.filter(pl.col("policy_year") == policy_year).select("objection_no").collect()
    return list(of_year["objection_no"])


def live_through_2025(folder: Path, jobs: Collection[str] = TO_POLICIES, *, release: bool = False) -> Lake:
    """The demo's timeline: published in May 2025, confirmed eleven days later, looked at in 2026."""
    run_night(folder, PUBLICATION, TO_POLICIES)
    publish_2025(folder)
    run_night(folder, CONFIRMATION, TO_POLICIES)
    confirm_2025(folder)
    run_night(folder, PRESENT, jobs, release=release)
    return Lake(folder / "lake")


def rows_of(lake: Lake, table: str) -> list[Row]:
    """Every row of a published table, in order of its key."""
    frame = lake.scan(TABLES[table]).collect()
    return frame.sort(TABLES[table].key).to_dicts()


def contents(lake: Lake, tables: Iterable[str]) -> dict[tuple[str, str], str]:
    """(table, key) → SHA-256 of its file, as the manifests have it."""
    return {(table, key): entry.sha256 for table in tables for key, entry in lake.read(table).items()}


def lived_city(shared: Path) -> Path:
    """A planted city at the end of the demo's timeline, made once for all workers of a test run."""
    folder = shared / "lived"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "made").open("a") as made:
        fcntl.flock(made, fcntl.LOCK_EX)
        if made.tell() == 0:
            write_city(LIVED, folder / "sources")
            live_through_2025(folder, JOBS, release=True)
            made.write("yes")
    return folder
