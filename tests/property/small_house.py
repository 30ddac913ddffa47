"""A house of a few keys, run without Dagster: the real makers over three declared months and two years.

Belongs here: a lake whose nights cost milliseconds, and the rows to bring it to life. Not here: what
must hold of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from functools import cached_property
from pathlib import Path

import polars as pl

import assets.customs.assets
import assets.eligibility.assets
from assets.arrivals.pull import pull
from assets.arrivals.sources import Folder
from assets.checks import Verdict
from assets.flow import FLOW, SOURCE_NAMES, Calendar
from assets.materialize import MAKERS, make_key
from assets.staleness import State
from assets.storage.lake import Lake
from assets.storage.releases import Bounds
from schemas.catalogue import TABLES
from schemas.terms.loader import load_terms
from tests.oracle.rows import write_sources

assert assets.customs.assets
assert assets.eligibility.assets
RANKING = ("customs", "safe", "ecb")
UP_TO_ROSTER = (
    "exchange_rates_ledger", "enterprises_ledger", "published_rosters_ledger", "roster_objections_ledger",
    "customs_ledger", "export_cube", "monthly_exports", "annual_exports", "roster_decisions", "roster",
    "roster_editions", "roster_changes", "roster_drift",
)  # fmt: skip


class FewMonths(Calendar):
    """The policy years 2024 and 2025, and one or two declared months of what they look at."""

    @cached_property
    def months(self) -> tuple[str, ...]:
        """The declared months."""
        return ("2023-06", "2024-03", "2024-12")


CALENDAR = FewMonths({year: load_terms(year) for year in (2024, 2025)})


class SmallHouse:
    """A house at a moment that the test sets."""

    def __init__(self, folder: Path, now: str, files: int = 0, calendar: Calendar = CALENDAR) -> None:
        """`files`: how many lie in the drop folder already."""
        self.folder, self.root = folder, folder / "lake"
        self.now = datetime.fromisoformat(now)
        self.reporting = f"sqlite:///{self.root / 'reporting.sqlite'}"
        self.bounds = Bounds(0, 1000, 10**9)
        self._files = files
        self.calendar = calendar

    def lock(self) -> AbstractContextManager[None]:
        return nullcontext()

    def state(self) -> State:
        return State(self.root, self.calendar, self.now, RANKING)

    def report(self, table: str, key: str, done: int, of: int) -> None:
        """Nobody looks."""

    def deliver(self, sources: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
        """Put rows into the drop folder and receive them."""
        self._files += 1
        write_sources(self.folder / "sources", sources, f"{self._files:05d}.csv")
        new = pull(self.root, Folder(self.folder / "sources", SOURCE_NAMES), self.now)
        assert [delivery.refused for delivery in new if delivery.refused] == []

    def bring_up(self, *tables: str) -> list[Verdict]:
        """Make what is stale of the tables, up to the roster; the verdicts that failed."""
        wanted = tables or UP_TO_ROSTER
        failed = []
        state = self.state()
        for node in FLOW:
            if node.table in wanted:
                together, make = MAKERS[node.table]
                for finding in state.stale([node.table]):
                    made = make_key(make, together, finding.key, state)
                    failed += [verdict for _, verdict in made if not verdict.passed]
        return failed

    def rows(self, table: str, policy_year: int = 2025) -> list[dict[str, object]]:
        """The rows of a table of a policy year, in order of its key."""
        frame = Lake(self.root).scan(TABLES[table], [str(policy_year)]).collect()
        return frame.sort(TABLES[table].key).to_dicts()

    def listed(self, edition: int, policy_year: int = 2025) -> list[str]:
        """The credit codes of an edition, by serial."""
        frame = Lake(self.root).scan(TABLES["roster"], [str(policy_year)])
        of_edition = frame.filter(pl.col("edition") == edition).sort("serial")
        return of_edition.collect()["uscc"].to_list()
