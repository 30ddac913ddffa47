"""What will be done, is being done and was done, told in a terminal; loads neither polars nor Dagster.

Belongs here: the plan, the bars, the outcome of a night. Not here: tables as people read them
(`pipelines/reading.py`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table as Grid

from assets.eligibility.register import Act
from assets.flow import ALL, NODES
from assets.staleness import Finding
from assets.storage.drop_folder import Arrival
from pipelines.planner import Run, may_follow, plan
from pipelines.rebuild import Outcome, news_of, state_of
from pipelines.settings import Settings

MOST_STRETCHES = 4
"""Stretches of keys shown of a job; the rest is counted."""


@contextmanager
def bars() -> Iterator[Callable[[str, str, int, int], None]]:
    """A bar for what is being made, where somebody looks: call it with what, which, done and of."""
    columns = (
        TextColumn("{task.fields[what]:<22}"), BarColumn(bar_width=20), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("{task.fields[which]}"),
    )  # fmt: skip
    seen = Console(stderr=True)
    with Progress(*columns, console=seen, transient=True, disable=not seen.is_terminal) as shown:
        task = shown.add_task("", what="starting", which="", total=1)

        def report(what: str, which: str, done: int, of: int) -> None:
            shown.update(task, what=what, which=which, completed=done, total=of)

        yield report


@contextmanager
def progress() -> Iterator[None]:
    """A bar for the table being made by runs in this process."""
    from pipelines.resources import SettingsHouse

    with bars() as report:
        SettingsHouse.reporter = report
        try:
            yield
        finally:
            SettingsHouse.reporter = None


def tell_plan(out: Console, given: Settings) -> None:
    """What would be rebuilt and why, and what may follow from it."""
    arrivals, state = news_of(given).arrivals, state_of(given)
    runs = plan(state)
    if not arrivals and not runs:
        out.print("Nothing is stale: `tongbao nightly` would rebuild nothing.")
        return
    if arrivals:
        counts = Counter(arrival.source for arrival in arrivals)
        what = ", ".join(f"{source} {count:,}" for source, count in sorted(counts.items()))
        out.print(
            f"[bold]To pull[/bold]: {len(arrivals):,} new file{'' if len(arrivals) == 1 else 's'} ({what})"
        )
    if runs:
        out.print("[bold]To rebuild[/bold]")
        grid = Grid(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
        grid.add_column("job", no_wrap=True)
        grid.add_column("keys", no_wrap=True)
        grid.add_column("why")
        for run in runs:
            grid.add_row(run.job, run.stretch, why(run.findings))
        out.print(grid)
    following = may_follow(state, [*runs], _ledgers_of(arrivals))
    if following:
        out.print("[bold]What may follow[/bold], where contents change")
        tell_keys(out, following)
    if any(arrival.source == "customs_declarations" for arrival in arrivals):
        out.print("Which declared months new declarations touch is known once they are read.")


def why(findings: Sequence[Finding]) -> str:
    """The reasons of a run, each with its tables."""
    by_reason: dict[str, dict[str, None]] = {}
    for finding in findings:
        by_reason.setdefault(finding.why, {})[finding.table] = None
    return "; ".join(f"{reason}: {_some(list(tables))}" for reason, tables in by_reason.items())


def _some(tables: list[str]) -> str:
    return ", ".join(tables) if len(tables) <= 3 else f"{len(tables)} tables"


def _ledgers_of(arrivals: Sequence[Arrival]) -> set[tuple[str, str]]:
    """The ledgers of reference sources that new files go into."""
    ledgers = {f"{arrival.source}_ledger" for arrival in arrivals}
    return {(ledger, ALL) for ledger in ledgers if ledger in NODES}


def tell_outcome(out: Console, given: Settings, outcome: Outcome) -> None:
    """What a night did, where its release is, what waits and what was refused."""
    out.print(outcome.sentence(), soft_wrap=True)
    tell_keys(out, {run.job: [] for run in outcome.runs}, outcome.runs)
    if outcome.release:
        out.print(f"Release {outcome.release}: {latest_folder(given.lake)}", soft_wrap=True)
    elif outcome.runs:
        out.print("The last release stands: nothing in it changed.")
    for sentence in outcome.left_out:
        out.print(f"[yellow]Left out[/yellow]: {escape(sentence)}", soft_wrap=True)
    for sentence in outcome.waiting():
        out.print(f"[yellow]Waiting[/yellow]: {escape(sentence)}", soft_wrap=True)
    for sentence in outcome.notes:
        out.print(f"[yellow]Noted[/yellow]: {escape(sentence)}", soft_wrap=True)
    for sentence in outcome.refused:
        out.print(f"[red]Refused[/red]: {escape(sentence)}", soft_wrap=True)


def tell_act(out: Console, act: Act) -> None:
    """An act as it stands in the register."""
    objection = act.detail.get("objection_no")
    ruling = act.detail.get("ruling", "")
    what = f"objection {objection} {ruling}".strip() if objection else f"edition {act.edition}"
    if act.act == "accept":
        what = f"policy {act.detail['policy_no']} insures {act.detail['uscc']}"
    out.print(
        f"  {act.act} · {act.policy_year} · {what} · by {act.by} · "
        f"register entry {act.sequence} {act.sha256[:12]}",
        soft_wrap=True,
    )


def latest_folder(lake: Path) -> Path:
    """Where readers find the release."""
    return lake / "releases" / "latest"


def tell_keys(out: Console, jobs: Mapping[str, Sequence[str]], runs: Sequence[Run] = ()) -> None:
    """Jobs with their keys, a line a job: given as lists of keys, or as the stretches of runs."""
    for job, keys in jobs.items():
        stretches = dict.fromkeys(run.stretch for run in runs if run.job == job) or _stretches(job, keys)
        shown = list(stretches)[:MOST_STRETCHES]
        rest = len(stretches) - len(shown)
        more = f" and {rest} more" if rest else ""
        out.print(f"  {job:<16} {', '.join(shown)}{more}", soft_wrap=True)


def _stretches(job: str, keys: Sequence[str]) -> list[str]:
    """Keys as they stand, or from first to last where they are many."""
    return list(keys) if len(keys) <= MOST_STRETCHES else [f"{keys[0]} … {keys[-1]}"]
