"""Why an enterprise is, or is not, on the list: from the decision down to lines, rates and clauses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from assets.customs.exports import dollars, statistical_date
from assets.customs.lines import current_rates, valued
from assets.customs.value import RATE_SCALE, month_rates
from assets.staleness import State
from assets.storage.lake import Lake
from assets.work import Work
from schemas.eligibility import ROSTER, ROSTER_DECISIONS, ROSTER_EDITIONS
from schemas.terms.loader import PolicyTerms

LINES = [
    "declaration_no", "line_no", "revision", "updated_at", "status", "state", "is_current",
    "why_not", "trading_country", "currency", "amount", "stat_value_usd", "fob_usd", "declared_on",
    "counted_on", "reasons", "now_of",
]  # fmt: skip


@dataclass(frozen=True)
class Explanation:
    """Everything that a decision rests on."""

    terms: PolicyTerms
    uscc: str
    decision: Mapping[str, object] | None
    """The row of roster_decisions; None for an enterprise nobody knows."""
    editions: pl.DataFrame
    """The editions that list it: edition, status, serial, name, district."""
    lines: pl.DataFrame
    """Every version of its lines of the export year (LINES); `now_of`: who the newest version is of."""
    rates: pl.DataFrame
    """month, currency, usd_per_unit of the lines that were converted."""


def explain(state: State, policy_year: int, uscc: str) -> Explanation:
    """Explain one enterprise in one policy year, from what the lake holds."""
    lake, key = Lake(state.root), str(policy_year)
    work = Work(("roster_drift",), key, lake, state)
    decisions = lake.scan(ROSTER_DECISIONS, [key]).filter(pl.col("uscc") == uscc).collect()
    listed = lake.scan(ROSTER, [key]).filter(pl.col("uscc") == uscc)
    standing = lake.scan(ROSTER_EDITIONS, [key]).select("edition", "status", "sha256")
    lines = _lines(work, uscc)
    return Explanation(
        terms=work.terms,
        uscc=uscc,
        decision=decisions.row(0, named=True) if decisions.height else None,
        editions=listed.join(standing, on="edition").sort("edition").collect(),
        lines=lines,
        rates=_rates(work, lines),
    )


def _lines(work: Work, uscc: str) -> pl.DataFrame:
    """The lines whose newest or any other version belongs to the export year."""
    day = pl.coalesce(statistical_date(), "declared_on")
    newest = pl.col("consignor_uscc").filter("is_current").first()
    theirs = valued(work, work.keys("customs_ledger"), usccs=pl.Series([uscc]))
    return (
        theirs.with_columns(now_of=newest.over("declaration_no", "line_no"))
        .filter(pl.col("consignor_uscc") == uscc)
        .filter((day.dt.year() == work.terms.export_year).any().over("declaration_no", "line_no"))
        .with_columns(
            declaration_no=pl.col("declaration_no").cast(pl.String).str.zfill(18),
            fob_usd=dollars(pl.col("fob_cents")),
            counted_on=statistical_date(),
        )
        .select(LINES)
        .sort("declaration_no", "line_no", "revision", "updated_at")
        .collect()
    )


def _rates(work: Work, lines: pl.DataFrame) -> pl.DataFrame:
    used = (
        lines.filter(pl.col("stat_value_usd").is_null(), pl.col("state") == "counted")
        .select(month=pl.col("declared_on").dt.strftime("%Y-%m"), currency="currency")
        .unique()
        .sort("month", "currency")
    )
    known = current_rates(work)
    by_month = {month: month_rates(known, month, work.state.rates_ranking) for month in used["month"]}
    rows = [
        (month, currency, str(Decimal(by_month[month][currency]) / RATE_SCALE))
        for month, currency in used.iter_rows()
    ]
    schema = {"month": pl.String, "currency": pl.String, "usd_per_unit": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")
