"""What Dagster's runs are given: the house (lake, present, rankings) and the place of its records."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path

import dagster as dg

from assets.arrivals.sources import Sources
from assets.partitions import CALENDAR
from assets.staleness import State
from assets.storage.manifest import lake_lock
from assets.storage.releases import Bounds
from pipelines.event_log import EventLog
from pipelines.rebuild import sources_of
from pipelines.settings import Settings, ready_home

Reporter = Callable[[str, str, int, int], None]
PROCESS = ".dagster/tongbao_process"
"""Tag of a run of the command line: the process that runs it. Dagster hides tags that begin so."""
LOCATION = {".dagster/repository": "__repository__@pipelines.definitions"}
"""Tag by which Dagster's pages of jobs find the runs that the command line made."""
SMALL_TABLE = 200
"""Rows below which a table's growth says nothing."""


class SettingsHouse:
    """The house as the settings have it, at one present for a whole run."""

    reporter: Reporter | None = None
    """Shows progress; set by the command line for runs in its own process."""

    def __init__(self, settings: Settings, *, is_locked: bool = False) -> None:
        """Fix the present. `is_locked`: whoever starts the run holds the lake's lock for it."""
        self.settings, self.is_locked = settings, is_locked
        self.root: Path = settings.lake
        self.now: datetime = settings.present
        self.reporting = settings.reporting
        self.portal = settings.push_to
        self.bounds = Bounds(settings.release_floor, settings.release_ceiling, SMALL_TABLE)

    def lock(self) -> AbstractContextManager[None]:
        """The lake's lock: held already, or to be taken by a run that Dagster's UI started."""
        return nullcontext() if self.is_locked else lake_lock(self.root)

    def state(self) -> State:
        """The lake as it is at this moment."""
        return State(self.root, CALENDAR, self.now, self.settings.rates_ranking, self.settings.spark)

    @property
    def sources(self) -> Sources:
        """Where deliveries come from."""
        return sources_of(self.settings)

    def report(self, table: str, key: str, done: int, of: int) -> None:
        """Show progress, where somebody looks."""
        if SettingsHouse.reporter:
            SettingsHouse.reporter(table, key, done, of)


@dg.resource(description="Lake, present and rankings, from TONGBAO_… settings.")
def house(_: dg.InitResourceContext) -> SettingsHouse:
    """The house of the present settings."""
    return SettingsHouse(Settings())  # type: ignore[call-arg]


def dagster_instance(home: Path) -> dg.DagsterInstance:
    """The instance whose records are at `home`, made ready where it is new."""
    os.environ["DAGSTER_HOME"] = str(ready_home(home))
    return dg.DagsterInstance.from_config(str(home))


def sweep_dead_runs(instance: dg.DagsterInstance) -> int:
    """Close the runs that a killed process left open; call only with the lake's lock held."""
    open_runs = instance.get_runs(
        dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    )
    dead = [run for run in open_runs if run.tags.get(PROCESS) not in (None, str(os.getpid()))]
    for run in dead:
        instance.report_run_failed(run, "The process of this run was killed; its work is done again.")
    return len(dead)


def forget_old_runs(instance: dg.DagsterInstance, kept: int) -> int:
    """Delete the finished runs beyond the newest `kept`, but none that an asset as shown now hangs on.

    So the log stays as large as those and the assets' keys make it, however many nights there were.
    """
    log = instance.event_log_storage
    finished = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
    )
    if not isinstance(log, EventLog) or instance.get_runs_count(finished) <= kept:
        return 0
    shown = log.shown_runs()
    old = [run for run in instance.get_run_ids(finished)[kept:] if run not in shown]
    for run in old:
        instance.delete_run(run)
    return len(old)
