"""Eligibility: who may have a policy, the editions of the published list, and its drift."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from assets.customs.lines import valued
from assets.eligibility.changes import changes
from assets.eligibility.decide import decide, roster_date
from assets.eligibility.drift import differing, drift
from assets.eligibility.editions import (
    Edition,
    all_editions,
    draft_lines,
    editions_table,
    in_force,
    kept_decisions,
    overrides,
)
from assets.eligibility.registry import registry_facts
from assets.ledgers import ledger
from assets.materialize import tables_asset
from assets.work import Balance, Made, Work
from schemas.calendar import midnight
from schemas.eligibility import (
    ENTERPRISES,
    OBJECTIONS,
    PUBLISHED_ROSTERS,
    ROSTER,
    ROSTER_DRIFT,
    ROSTER_EDITIONS,
)

GROUP = "eligibility"


@tables_asset("enterprises_ledger", group=GROUP, deps=["deliveries"])
def enterprises_ledger(work: Work) -> Made:
    """Every version of every registration."""
    return ledger(work, ENTERPRISES)


@tables_asset("published_rosters_ledger", group=GROUP, deps=["deliveries"])
def published_rosters_ledger(work: Work) -> Made:
    """Every line of the lists that were published before this system ran."""
    return ledger(work, PUBLISHED_ROSTERS)


@tables_asset("roster_objections_ledger", group=GROUP, deps=["deliveries"])
def roster_objections_ledger(work: Work) -> Made:
    """Every version of every objection."""
    return ledger(work, OBJECTIONS)


def editions_of(work: Work) -> list[Edition]:
    """The editions of the work's policy year."""
    imported = work.current(PUBLISHED_ROSTERS).collect()
    return all_editions(imported, work.state.register, int(work.key))


def facts_of(work: Work, editions: list[Edition]) -> pl.LazyFrame:
    """The registry's facts on the roster date of the work's policy year."""
    first = editions[0].published_on if editions else None
    day = roster_date(first, work.terms, work.today)
    return registry_facts(work.versions(ENTERPRISES), day)


@tables_asset("roster_decisions", group=GROUP)
def roster_decisions(work: Work) -> Made:
    """The decision on every enterprise with an export or a registration."""
    editions = editions_of(work)
    frame = decide(
        work.scan("annual_exports"),
        work.scan("line_counts"),
        facts_of(work, editions),
        overrides(work.state.register, int(work.key)),
        work.terms,
    )
    moves = not editions and work.today < work.terms.take_up_deadline
    due_at = midnight(work.today + timedelta(days=1)).isoformat() if moves else None
    return Made(frame, due_at=due_at)


@tables_asset("roster", group=GROUP)
def roster(work: Work) -> Made:
    """Every line of every edition of the year that was published or imported."""
    editions = editions_of(work)
    lines = pl.concat([ROSTER.empty(), *(edition.lines for edition in editions)])
    listed = sum(edition.lines.height for edition in editions)
    return Made(lines.sort(ROSTER.key).lazy(), (Balance("lines of all editions", listed, lines.height),))


@tables_asset("roster_editions", group=GROUP)
def roster_editions(work: Work) -> pl.LazyFrame:
    """The year's editions and where each stands."""
    editions = editions_of(work)
    decisions = work.scan("roster_decisions")
    draft = draft_lines(decisions, facts_of(work, editions), int(work.key))
    rows = editions_table(editions, draft, int(work.key))
    return pl.LazyFrame(rows, schema=ROSTER_EDITIONS.schema)


@tables_asset("roster_changes", group=GROUP)
def roster_changes(work: Work) -> pl.LazyFrame:
    """What each edition changed of the one before, and why."""
    year = int(work.key)
    objections = work.current(OBJECTIONS).filter(pl.col("policy_year") == year).collect()
    return changes(editions_of(work), work.state.register, year, objections).lazy()


@tables_asset("roster_drift", group=GROUP)
def roster_drift(work: Work) -> pl.LazyFrame:
    """Where the confirmed roster and today's data differ, and why."""
    standing = in_force(editions_of(work))
    if standing is None:
        return ROSTER_DRIFT.empty().lazy()
    kept = kept_decisions(work.state.register, standing)
    differences = differing(standing.lines.lazy(), work.scan("roster_decisions"), kept)
    months = work.keys("customs_ledger")
    theirs = differences["uscc"]
    return drift(
        differences,
        valued(work, months, usccs=theirs),
        valued(work, months, usccs=theirs, before=standing.known_at),
        work.versions(ENTERPRISES).filter(pl.col("updated_at") < standing.known_at),
        policy_year=int(work.key),
        export_year=work.terms.export_year,
        edition=standing.number,
    )
