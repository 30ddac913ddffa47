"""What to run next: stale keys become runs of the named jobs. Pure: state in, runs out.

Jobs follow each other in the order in which data flows; all tables of a job have one kind of key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from assets.flow import FLOW, NODES, upstream_of
from assets.staleness import Finding, State

_STATISTICS = (
    "insured_exports", "annual_statistics", "statistics_revisions", "public_contributions",
    "public_statistics",
)  # fmt: skip
_STAGES = {
    "references": [n.table for n in FLOW if n.kind == "none" and n.table.endswith("_ledger")],
    "declared_months": [n.table for n in FLOW if n.kind == "month"],
    "export_years": [n.table for n in FLOW if n.kind == "export_year"],
    "policy_years": [n.table for n in FLOW if n.kind == "policy_year" and n.table not in _STATISTICS],
    "threads": ["policy_threads"],
    "push_months": [n.table for n in FLOW if n.kind == "push_month"],
    "receipts": ["push_receipts"],
    "statistics": list(_STATISTICS),
    "rejects": ["rejected_rows"],
}
JOBS: Mapping[str, tuple[str, ...]] = {job: tuple(tables) for job, tables in _STAGES.items()}
"""Job → its tables, in the order in which they run."""


@dataclass(frozen=True)
class Run:
    """One run: a job over a contiguous stretch of keys, and what is stale there."""

    job: str
    first: str
    last: str
    findings: tuple[Finding, ...]

    @property
    def keys(self) -> int:
        """How many keys it covers."""
        return len({finding.key for finding in self.findings})

    @property
    def stretch(self) -> str:
        """The keys it goes over, for people."""
        return self.first if self.first == self.last else f"{self.first} … {self.last}"


def due(state: State, job: str, keys: Collection[str] | None = None) -> list[Run]:
    """The runs of a job: stretches of keys with something stale (of `keys` only, where given).

    Keys whose input another table of the same job is about to make are in the stretch.
    """
    tables = JOBS[job]
    findings = [f for t in tables for k in state.keys(t) for f in [state.judge(t, k)]]
    due_keys = {f.key for f in findings if f.verdict == "stale"}
    if keys is not None:
        due_keys &= set(keys)
    order = state.calendar.keys(NODES[tables[0]].kind)
    runs: list[Run] = []
    stretch: list[str] = []
    for key in [*order, ""]:
        if key in due_keys:
            stretch.append(key)
        elif stretch:
            reasons = tuple(f for f in findings if f.key in stretch and f.verdict != "fresh")
            runs.append(Run(job, stretch[0], stretch[-1], reasons))
            stretch = []
    return runs


def plan(state: State) -> list[Run]:
    """Everything that is stale now, job by job; what follows from it shows when it is made."""
    return [run for job in JOBS for run in due(state, job)]


def may_follow(
    state: State, runs: Collection[Run], arriving: Collection[tuple[str, str]] = ()
) -> dict[str, list[str]]:
    """Job → the keys that read what these runs make, or what arrives, directly or through others.

    They are rebuilt only where contents change. `arriving`: (table, key) that new files go into.
    """
    touched = {(f.table, f.key) for run in runs for f in run.findings} | set(arriving)
    planned = {(run.job, f.key) for run in runs for f in run.findings}
    found: dict[str, dict[str, None]] = {}
    for job, tables in JOBS.items():
        for table in tables:
            for key in state.keys(table):
                needs = upstream_of(table, key, state.calendar, state.today)
                if (table, key) in touched or any((n.table, n.key) in touched for n in needs):
                    touched.add((table, key))
                    if (job, key) not in planned:
                        found.setdefault(job, {})[key] = None
    order = {job: state.calendar.keys(NODES[JOBS[job][0]].kind) for job in found}
    return {job: sorted(keys, key=order[job].index) for job, keys in found.items()}
