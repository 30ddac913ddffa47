"""Why an enterprise is, or is not, on the list: from the decision down to lines, rates and clauses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl

from assets.customs.exports import dollars, statistical_date
from assets.customs.lines import current_rates, valued
from assets.customs.value import RATE_SCALE, month_rates
from assets.eligibility.decide import roster_date
from assets.eligibility.draft import editions_now
from assets.eligibility.editions import Edition, kept_decisions
from assets.eligibility.registry import registry_facts
from assets.staleness import State
from assets.storage.lake import Lake
from assets.work import Work
from schemas.eligibility import ENTERPRISES, ROSTER_DECISIONS, ROSTER_EDITIONS
from schemas.table import SUM
from schemas.terms.loader import PolicyTerms

LINES = [
    "declaration_no", "line_no", "revision", "updated_at", "status", "state", "is_current",
    "why_not", "trading_country", "currency", "amount", "stat_value_usd", "fob_usd", "declared_on",
    "counted_on", "reasons", "now_of",
]  # fmt: skip
EDITIONS = pl.Schema(
    {
        "edition": pl.Int32(),
        "status": pl.String(),
        "published_on": pl.Date(),
        "confirmed_on": pl.Date(),
        "is_listed": pl.Boolean(),
        "serial": pl.Int32(),
        "name": pl.String(),
        "decision_then": pl.String(),
        "fob_usd_then": SUM,
        "sha256": pl.String(),
    }
)
"""An edition and the enterprise in it; decision and sum as the edition was made from, where known."""


@dataclass(frozen=True)
class Explanation:
    """Everything that a decision rests on."""

    terms: PolicyTerms
    uscc: str
    decision: Mapping[str, object] | None
    """The row of roster_decisions; None for an enterprise nobody knows."""
    name: str
    """Its name in the registry on the roster date, else as a list had it; empty where nobody knows it."""
    editions: pl.DataFrame
    """Every edition of the year (EDITIONS), whether it lists the enterprise or not."""
    lines: pl.DataFrame
    """Every version of its lines of the export year (LINES); `now_of`: who the newest version is of."""
    rates: pl.DataFrame
    """month, currency, usd_per_unit of the lines that were converted."""
    data_as_of: datetime | None
    """When the last delivery was received that this rests on."""


def explain(state: State, policy_year: int, uscc: str) -> Explanation:
    """Explain one enterprise in one policy year, from what the lake holds."""
    lake, key = Lake(state.root), str(policy_year)
    work = Work(("roster_drift",), key, lake, state)
    decisions = lake.scan(ROSTER_DECISIONS, [key]).filter(pl.col("uscc") == uscc).collect()
    found = editions_now(state, policy_year)
    editions = _editions(lake, state, key, uscc, found)
    lines = _lines(work, uscc)
    day = roster_date(found[0].published_on if found else None, work.terms, state.today)
    theirs = work.versions(ENTERPRISES).filter(pl.col("uscc") == uscc)
    names = [*registry_facts(theirs, day).collect()["name"], *editions["name"].drop_nulls()]
    received = [datetime.fromisoformat(d.received_at).astimezone(UTC) for d in state.deliveries.all]
    return Explanation(
        terms=work.terms,
        uscc=uscc,
        decision=decisions.row(0, named=True) if decisions.height else None,
        name=names[0] if names else "",
        editions=editions,
        lines=lines,
        rates=_rates(work, lines),
        data_as_of=max(received, default=None),
    )


def _editions(lake: Lake, state: State, key: str, uscc: str, editions: Sequence[Edition]) -> pl.DataFrame:
    """The published editions of the year, and what each says, and said, of the enterprise."""
    standing = lake.scan(ROSTER_EDITIONS, [key]).select("edition", "status", "sha256").collect()
    known = {number: (status, sha256) for number, status, sha256 in standing.rows()}
    rows: list[tuple[object, ...]] = []
    for edition in editions:
        line = edition.lines.filter(pl.col("uscc") == uscc)
        serial, name = line.select("serial", "name").row(0) if line.height else (None, None)
        kept = kept_decisions(state.register, edition)
        of = ROSTER_DECISIONS.empty() if kept is None else kept.filter(pl.col("uscc") == uscc)
        decision, fob = of.select("decision", "fob_usd").row(0) if of.height else (None, None)
        status, sha256 = known.get(edition.number, ("", ""))
        days = (edition.published_on, edition.confirmed_on)
        rows.append((edition.number, status, *days, line.height > 0, serial, name, decision, fob, sha256))
    return pl.DataFrame(rows, schema=EDITIONS, orient="row")


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
