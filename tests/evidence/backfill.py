"""A backfill, or a night, in a process of its own: `python -m tests.evidence.backfill FOLDER YEARS`.

Prints CPU seconds as JSON: `start` (imports, definitions, records), then each job's, `all`, and of it
`work`: receiving files and making, checking and committing keys, which needs no Dagster.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from pathlib import Path

NOW = datetime(2026, 1, 15, tzinfo=UTC)


def cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    """CPU seconds by what was going on."""

    def __init__(self) -> None:
        """Begin with the start."""
        self.spent: dict[str, float] = {}
        self.work = 0.0
        self._since, self._what = 0.0, "start"

    def switch(self, what: str) -> None:
        """From here on it is something else; of a run's name only the job counts."""
        now = cpu()
        self.spent[self._what] = self.spent.get(self._what, 0.0) + now - self._since
        self._since, self._what = now, what.split()[0]

    def result(self) -> str:
        """Everything, as JSON."""
        self.switch("end")
        return json.dumps({**self.spent, "all": cpu(), "work": self.work})


def measured(work: Callable[..., object], meter: Meter) -> Callable[..., object]:
    """The same function; what it spends is the assets' own work, whoever calls it."""

    def working(*given: object, **named: object) -> object:
        began = cpu()
        try:
            return work(*given, **named)
        finally:
            meter.work += cpu() - began

    return working


def backfill(folder: Path, keys: Collection[str], meter: Meter) -> None:
    """Pull and rebuild as `tongbao backfill` does, without the release."""
    from assets import materialize
    from pipelines.definitions import defs
    from pipelines.rebuild import nightly
    from pipelines.resources import dagster_instance
    from pipelines.settings import Settings

    for module, name in ((materialize, "make_key"), (sys.modules["assets.arrivals.assets"], "pull")):
        setattr(module, name, measured(getattr(module, name), meter))
    settings = Settings(sources=folder / "sources", lake=folder / "lake", now=NOW)  # type: ignore[call-arg]
    instance = dagster_instance(settings.home)
    defs.resolve_job_def("pull")
    meter.switch("planner")
    nightly(settings, keys=keys, publish=False, instance=instance, say=meter.switch)


def main() -> None:
    """Run it over the keys of some policy years."""
    from pipelines.cli import keys_of

    meter = Meter()
    backfill(Path(sys.argv[1]), keys_of([int(year) for year in sys.argv[2].split(",")]), meter)
    sys.stdout.write(meter.result())


if __name__ == "__main__":
    main()
