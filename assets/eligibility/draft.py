"""Today's draft of a year's list, read from the lake outside a run: what an act publishes, a diff shows."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.eligibility.changes import Grounds, Snapshot, change
from assets.eligibility.decide import roster_date
from assets.eligibility.editions import Edition, all_editions, draft_lines, kept_decisions
from assets.eligibility.register import ActRefused
from assets.eligibility.registry import registry_facts, with_corrections
from assets.staleness import State
from assets.storage.lake import Lake
from assets.versions import accepted_versions, current
from schemas.eligibility import ENTERPRISES, OBJECTIONS, PUBLISHED_ROSTERS, ROSTER_DECISIONS

DRAFT = "draft"


def source_lists(lake: Lake) -> pl.DataFrame:
    """The current rows of published_rosters."""
    return current(lake.scan(PUBLISHED_ROSTERS.ledger), PUBLISHED_ROSTERS).collect()


def editions_now(state: State, policy_year: int) -> list[Edition]:
    """The editions of a year, as the register and the source have them."""
    return all_editions(source_lists(Lake(state.root)), state.register, policy_year)


def decisions_now(state: State, policy_year: int) -> pl.DataFrame:
    """The decisions as they were made last; none where they never were."""
    made = str(policy_year) in state.entries(ROSTER_DECISIONS.name)
    return Lake(state.root).scan(ROSTER_DECISIONS, [str(policy_year)] if made else []).collect()


def objections_now(state: State, policy_year: int) -> pl.DataFrame:
    """The current objections of a year that came through the source."""
    found = current(Lake(state.root).scan(OBJECTIONS.ledger), OBJECTIONS)
    return found.filter(pl.col("policy_year") == policy_year).collect()


def draft(
    state: State, policy_year: int, decisions: pl.DataFrame, editions: Sequence[Edition]
) -> pl.DataFrame:
    """The list as an edition of today has it."""
    terms = state.calendar.terms[policy_year]
    first = editions[0].published_on if editions else state.today
    ledger = Lake(state.root).scan(ENTERPRISES.ledger)
    versions = accepted_versions(ledger, ENTERPRISES)
    facts = registry_facts(versions, roster_date(first, terms, state.today))
    wrong = Grounds.of(state.register, policy_year, objections_now(state, policy_year)).details
    facts = with_corrections(facts, registry_facts(versions, state.today), wrong)
    return draft_lines(decisions.lazy(), facts, policy_year)


def diff(state: State, policy_year: int, a: str, b: str) -> pl.DataFrame:
    """Rows of roster_changes from edition `a` to `b`: numbers, or `draft` for today's list.

    Adds `old_name` and `old_district`, of who was removed or changed.
    """
    editions = editions_now(state, policy_year)
    older, newer = (_snapshot(state, policy_year, editions, name) for name in (a, b))
    grounds = Grounds.of(state.register, policy_year, objections_now(state, policy_year))
    before = older.lines.select("uscc", old_name="name", old_district="district")
    return change(older, newer, grounds).join(before, on="uscc", how="left", maintain_order="left")


def _snapshot(state: State, policy_year: int, editions: Sequence[Edition], name: str) -> Snapshot:
    if name == DRAFT:
        decisions = decisions_now(state, policy_year)
        number = editions[-1].number + 1 if editions else 1
        return Snapshot(number, draft(state, policy_year, decisions, editions), decisions)
    for edition in editions:
        if str(edition.number) == name:
            return Snapshot(edition.number, edition.lines, kept_decisions(state.register, edition))
    known = [str(edition.number) for edition in editions]
    raise ActRefused(
        f"{policy_year} has no edition {name}: there are {', '.join([*known, DRAFT])}; name two of them."
    )
