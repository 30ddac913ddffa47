"""The loop: pull, run what is stale job by job, release. In one process, with one lock on the lake.

Each step is an in-process run of the named Dagster job; what is done is not stale, so an
interrupted rebuild goes on where it was. Dagster is imported only when there is something to run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from assets.arrivals.sources import Folder, News, Objects, Sources
from assets.flow import RELEASED, SOURCE_NAMES, Calendar
from assets.staleness import State
from assets.storage.bucket import Bucket
from assets.storage.deliveries import Deliveries, first_told
from assets.storage.manifest import Manifests, lake_lock
from assets.storage.releases import contents, identity, latest
from assets.storage.sweep import sweep
from assets.supply.report.due import due_years
from pipelines.planner import JOBS, Run, due
from pipelines.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

ROUNDS = 12
"""A year's statistics wait for the year before: at most so many rounds of one job."""


_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class RunFailed(RuntimeError):
    """A blocking check or a guard said no; what was good has landed."""


class NoSources(LookupError):
    """The drop folder itself is not there: nobody would call that a night without news."""


@dataclass
class Outcome:
    """What a rebuild did."""

    deliveries: int = 0
    rows: int = 0
    refused: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What was left out or looked odd in new deliveries; each thing once a source."""
    runs: list[Run] = field(default_factory=list)
    release: str | None = None
    reports: list[int] = field(default_factory=list)
    """The policy years whose report was written."""
    awaiting_terms: dict[int, int] = field(default_factory=dict)
    """Policy year without terms → rows that wait for them."""
    left_out: tuple[str, ...] = ()
    """What lies in the drop folder and is no source's, a sentence each."""

    def waiting(self) -> list[str]:
        """What waits for somebody to register terms, a sentence a year."""
        return [
            f"{rows:,} received {'row waits' if rows == 1 else 'rows wait'}, uncounted: register the "
            f"terms of {year} (schemas/terms/{year}.toml), then run `tongbao nightly`."
            for year, rows in self.awaiting_terms.items()
        ]

    def sentence(self) -> str:
        """What was done, for people."""
        done = []
        if self.deliveries:
            held = f"with {_of(self.rows, 'row')}" if self.rows else "with nothing new in them"
            done.append(f"received {_of(self.deliveries, 'file')} {held}")
        if self.runs:
            keys = sum(run.keys for run in self.runs)
            done.append(f"rebuilt {_of(keys, 'key')} in {_of(len(self.runs), 'run')}")
        if not done and not self.release and not self.reports:
            return "Nothing new: nothing was rebuilt."
        if self.release:
            done.append(f"released {self.release}")
        if self.reports:
            done.append(f"wrote the {'report' if len(self.reports) == 1 else 'reports'} of "
                        f"{', '.join(map(str, self.reports))}")  # fmt: skip
        text = ", ".join(done)
        return f"{text[0].upper()}{text[1:]}."


def _of(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def sources_of(settings: Settings) -> Sources:
    """Where deliveries come from: the database where one is set, else the drop folder."""
    if settings.sources_url:
        from assets.arrivals.database import Database
        from schemas.catalogue import SOURCES

        overlap = timedelta(hours=settings.sources_overlap_hours)
        return Database(settings.sources_url, overlap, SOURCES, settings.present)
    if isinstance(settings.sources, str):
        return Objects(Bucket(settings.sources), SOURCE_NAMES)
    if not settings.sources.exists():
        raise NoSources(
            f"The drop folder {settings.sources} is not there: set TONGBAO_SOURCES to it, or make a "
            "sample with `tongbao sample`."
        )
    return Folder(settings.sources, SOURCE_NAMES)


def news_of(settings: Settings) -> News:
    """What the sources have that no delivery is recorded for."""
    return sources_of(settings).news(Deliveries(settings.lake))


def state_of(settings: Settings) -> State:
    """The lake as it is, at the settings' present."""
    calendar = Calendar.registered()
    return State(settings.lake, calendar, settings.present, settings.rates_ranking, settings.spark)


def nightly(
    settings: Settings,
    *,
    jobs: Collection[str] = tuple(JOBS),
    keys: Collection[str] | None = None,
    instance: dg.DagsterInstance | None = None,
    publish: bool = True,
    report: bool = False,
    say: Callable[[str], object] = str,
    progress: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Outcome:
    """Pull what is new, rebuild what is stale (of some jobs or keys only), and release it.

    `report`: write the reports of the years (of `keys` only, where given) that the release changes.
    `say` is told of each run before it starts; `progress` is entered where there is one.
    """
    with lake_lock(settings.lake), closing(_Dagster(settings, instance, say, progress)) as dagster:
        sweep(settings.lake)
        before = dagster.state.deliveries
        news = sources_of(settings).news(before)
        outcome = Outcome(left_out=news.notes)
        if news:
            dagster.run("pull")
            new = dagster.state.deliveries.all[len(before.all) :]
            outcome.notes = first_told(before.all, new)
            outcome.deliveries, outcome.rows = len(new), sum(d.rows for d in new)
            outcome.refused = [d.refused for d in new if d.refused]
        for job in jobs:
            _bring_up_to_date(dagster, job, keys, outcome)
        if publish and _release_is_due(settings):
            dagster.run("publish_release")
            index = latest(settings.lake)
            outcome.release = str(index["release"]) if index else None
        if report:
            for year in due_years(settings.lake):
                if keys is None or str(year) in keys:
                    dagster.run("year_reports", Run("year_reports", str(year), str(year), ()))
                    outcome.reports.append(year)
        outcome.awaiting_terms = dagster.state.awaiting_terms()
        return outcome


def run_act(
    settings: Settings,
    job: str,
    op: str,
    config: Mapping[str, object],
    touches: Collection[str] = ("policy_years",),
) -> None:
    """Run an act as its job, then rebuild what it touches."""
    with lake_lock(settings.lake), closing(_Dagster(settings, None)) as dagster:
        dagster.run(job, config={"ops": {op: {"config": dict(config)}}})
        for touched in touches:
            _bring_up_to_date(dagster, touched, None, Outcome())


def _bring_up_to_date(dagster: _Dagster, job: str, keys: Collection[str] | None, outcome: Outcome) -> None:
    for _ in range(ROUNDS):
        runs = due(dagster.state, job, keys)
        if not runs:
            return
        for run in runs:
            dagster.run(job, run)
            outcome.runs.append(run)
    raise RunFailed(f"{job} is still stale after {ROUNDS} rounds: see `tongbao plan`.")


def _release_is_due(settings: Settings) -> bool:
    items = contents(Manifests(settings.lake), RELEASED)
    last = latest(settings.lake)
    return bool(items) and (last is None or last["release"] != identity(items)[:16])


class _Dagster:
    """Runs jobs in this process, for one who holds the lake's lock; imports Dagster at the first one."""

    def __init__(
        self,
        settings: Settings,
        instance: dg.DagsterInstance | None,
        say: Callable[[str], object] = str,
        progress: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._settings, self._given, self._say, self._progress = settings, instance, say, progress
        self._state: State | None = None
        self._opened = ExitStack()

    @property
    def state(self) -> State:
        """The lake as the last run left it."""
        if self._state is None:
            self._state = state_of(self._settings)
        return self._state

    def close(self) -> None:
        """Close what was opened here."""
        self._opened.close()

    @cached_property
    def _instance(self) -> dg.DagsterInstance:
        """The records, opened and tidied at the first run; progress shows from then on."""
        from pipelines.resources import dagster_instance, forget_old_runs, sweep_dead_runs

        self._opened.enter_context(self._progress())
        instance = self._given or dagster_instance(self._settings.home)
        if not self._given:
            self._opened.callback(instance.dispose)
        sweep_dead_runs(instance)
        forget_old_runs(instance, self._settings.runs_kept)
        return instance

    def run(self, job: str, run: Run | None = None, config: Mapping[str, object] | None = None) -> None:
        """Run a job over a stretch of keys; what fails is raised in one sentence."""
        from pipelines.definitions import defs
        from pipelines.resources import LOCATION, PROCESS, SettingsHouse

        instance, self._state = self._instance, None
        self._say(f"{job} {run.stretch}" if run else job)
        tags = {PROCESS: str(os.getpid()), **LOCATION}
        if run is not None and run.first != "all":
            tags["tongbao/keys"] = run.stretch
            tags["dagster/asset_partition_range_start"] = run.first
            tags["dagster/asset_partition_range_end"] = run.last
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            tags=tags,
            run_config={**_QUIET, **(config or {})},
            resources={"house": SettingsHouse(self._settings, is_locked=True)},
            raise_on_error=False,
        )
        if not result.success:
            raise RunFailed(_why(result))


def _why(result: dg.ExecuteInProcessResult) -> str:
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data and data.user_failure_data.description:
                return str(data.user_failure_data.description)
            if data.error:
                cause = data.error.cause or data.error
                return re.sub(r"^[\w.]+: ", "", cause.message.strip())
    return "The run failed without a step to blame: see Dagster's log."
