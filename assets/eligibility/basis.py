"""The list that policies of a year are held to: confirmed editions, else what comes nearest."""

from __future__ import annotations

import polars as pl

from assets.eligibility.decide import roster_date
from assets.eligibility.editions import draft_lines
from assets.eligibility.registry import registry_facts
from assets.work import Work
from schemas.eligibility import ENTERPRISES


def basis(work: Work) -> pl.LazyFrame:
    """Roster lines with `published_on` and `confirmed_on`: all confirmed editions of the year.

    Where none is confirmed, the latest published one; where none is published, today's draft; both
    with `confirmed_on` null.
    """
    dated = work.scan("roster").join(
        work.scan("roster_editions").select("edition", "published_on", "confirmed_on"),
        on="edition",
    )
    editions = dated.select("edition", "confirmed_on").unique().collect()
    confirmed = editions.filter(pl.col("confirmed_on").is_not_null())
    if confirmed.height:
        return dated.filter(pl.col("confirmed_on").is_not_null())
    if editions.height:
        return dated.filter(pl.col("edition") == editions["edition"].max())
    facts = registry_facts(work.versions(ENTERPRISES), roster_date(None, work.terms, work.today))
    draft = draft_lines(work.scan("roster_decisions"), facts, int(work.key))
    return draft.lazy().with_columns(published_on=pl.lit(None, pl.Date), confirmed_on=pl.lit(None, pl.Date))


def list_in_force(work: Work) -> pl.LazyFrame:
    """The lines of the edition in force (of the basis, where none is confirmed)."""
    lines = basis(work)
    return lines.filter(pl.col("edition") == pl.col("edition").max())
