"""Statistics: the programme's year in figures, what revised them, and what of them is public."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from assets.materialize import tables_asset
from assets.statistics.annual import YearFrames, closes_on, contributions
from assets.statistics.annual import annual_statistics as figures
from assets.statistics.insured import insured_exports as insured
from assets.statistics.public import public_statistics as public_copy
from assets.statistics.public import renewed_next, renewed_on
from assets.statistics.revisions import in_force, revised, revisions
from assets.work import Made, Work
from schemas.calendar import midnight
from schemas.statistics import TERMS

GROUP = "statistics"


@tables_asset("insured_exports", group=GROUP)
def insured_exports(work: Work) -> pl.LazyFrame:
    """Exports inside each enterprise's expected cover."""
    rows = insured(work, work.scan("policy_reconciliation").collect())
    return rows.with_columns(policy_year=pl.lit(int(work.key)))


@tables_asset(
    "annual_statistics", "statistics_revisions", "public_contributions", "public_statistics",
    group=GROUP,
)  # fmt: skip
def annual_statistics(work: Work) -> dict[str, Made]:
    """The policy year by every dimension and measure, its revisions, and its public copy."""
    year, rows = int(work.key), contributions(_year(work), work.terms).collect()
    fresh = figures(year, rows.lazy(), terms=work.terms, today=work.today,
                    previous=_before(work, "annual_statistics")).collect()  # fmt: skip
    standing, made_from = _standing(work, "annual_statistics"), _made_from(work)
    written, known = revised(standing, fresh), _standing(work, "statistics_revisions")
    changes = revisions(known, standing, written, _changed(work, made_from), work.today)
    turns = (closes_on(work.terms) + timedelta(days=1), renewed_next(work.today))
    due = midnight(min(day for day in turns if day > work.today)).isoformat()
    return {
        "annual_statistics": Made(written.lazy(), due_at=due, notes={"made_from": made_from}),
        "statistics_revisions": Made(changes.lazy()),
        **_public(work, in_force(written), rows),
    }


def _public(work: Work, statistics: pl.DataFrame, rows: pl.DataFrame) -> dict[str, Made]:
    """The public copy and what it rests on: another one where its day has come and what it says moved."""
    made = work.lake.read("public_statistics").get(work.key)
    said = made.notes.get("judged_on") if made else None  # copies made before 0.3 do not say, and are none
    copy, told = _standing(work, "public_statistics") if said else None, work.before("public_contributions")
    judged_on = date.fromisoformat(said) if said and copy is not None else date.min
    if judged_on < renewed_on(work.today):
        judged_on, before = work.today, _before(work, "public_statistics")
        previous = None if before is None else before.collect()
        fresh, kept = public_copy(statistics, rows, work.today, previous, told.collect())
        if copy is None or not fresh.drop("as_of").equals(copy.drop("as_of")):
            copy, told = fresh, kept.lazy()
    assert copy is not None
    return {
        "public_contributions": Made(told),
        "public_statistics": Made(copy.lazy(), notes={"judged_on": judged_on.isoformat()}),
    }


def _year(work: Work) -> YearFrames:
    """What the year is made from."""
    listed = work.scan("take_up", work.key)
    return YearFrames(
        decisions=work.scan("roster_decisions"),
        take_up=listed,
        reconciliation=work.scan("policy_reconciliation"),
        claims=work.scan("claim_audit"),
        insured_exports=work.scan("insured_exports"),
        eligible_exports=work.scan("monthly_exports")
        .join(listed, on="uscc", how="semi")
        .group_by("uscc", "trading_country", "hs_chapter")
        .agg(pl.col("fob_usd").sum()),
        services=work.scan("service_use"),
        pushes=work.scan("push_list").select("uscc"),
        previous_take_up=_before(work, "take_up"),
    )


def _before(work: Work, table: str) -> pl.LazyFrame | None:
    """The table of the year before; None where that year is not registered."""
    year = str(int(work.key) - 1)
    return work.scan(table, year) if year in work.keys(table) else None


def _standing(work: Work, table: str) -> pl.DataFrame | None:
    """The year's own rows as they were written last; None where there are none."""
    rows = work.before(table).collect()
    return None if rows.is_empty() else rows


def _made_from(work: Work) -> dict[str, str]:
    """Table → hash of what this year reads of it; and of its terms."""
    return {**work.contents("annual_statistics"), TERMS: work.terms.sha256}


def _changed(work: Work, made_from: dict[str, str]) -> set[str]:
    """What differs from what the year was made from last."""
    last = work.lake.read("annual_statistics").get(work.key)
    before = last.notes.get("made_from", {}) if last else {}
    return {name for name, content in made_from.items() if before.get(name) != content}
