"""Drawn sources through the product's own functions, in memory: no lake, no Dagster.

Belongs here: calling them in the order of the flow. Not here: what must hold of the results.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl

from assets.arrivals.pieces import place
from assets.customs.exports import annual_exports, cube, line_counts, monthly_exports
from assets.customs.value import month_rates, value_lines
from assets.eligibility.decide import decide, roster_date
from assets.eligibility.editions import Edition, all_editions, draft_lines
from assets.eligibility.register import Register
from assets.eligibility.registry import registry_facts
from assets.ledgers import KEPT
from assets.policies.claims import audit_claims
from assets.policies.reconcile import reconcile
from assets.policies.take_up import take_up
from assets.storage.deliveries import UNDATED, UNPLACED
from assets.validation import judge
from assets.versions import accepted_versions, classify, current
from schemas.calendar import local_date
from schemas.customs import DECLARATIONS, RATES
from schemas.eligibility import ENTERPRISES, PUBLISHED_ROSTERS
from schemas.policies import CLAIMS, POLICIES
from schemas.table import Source
from schemas.terms.loader import PolicyTerms, load_terms
from tests.property.strategies import Sources

RANKING = ("customs", "safe", "ecb")
EXPORT_YEARS = ("2023", "2024", "2025", "2026")
NO_REGISTER = Register(Path("/nonexistent"))
Row = dict[str, object]


def ledger_of(sources: Sources, source: Source, now: datetime) -> pl.DataFrame:
    """Text rows of one source, judged and ranked."""
    rows = sources.get(source.name, [])
    texts = pl.DataFrame(
        {name: [row.get(name) for row in rows] for name in source.names},
        schema=dict.fromkeys(source.names, pl.String),
    ).with_row_index("row", offset=1)
    judged = judge(texts.with_columns(pl.col("row").cast(pl.Int64)).lazy(), source)
    received = judged.with_columns(delivery_sha256=pl.lit("drawn"))
    return classify(received.lazy(), source, now).filter(KEPT)


@dataclass
class Customs:
    """What becomes of declarations: valued lines and their sums."""

    valued: list[pl.DataFrame]
    monthly: pl.DataFrame
    annual: pl.DataFrame
    counts: pl.DataFrame
    declared: pl.DataFrame
    """Uscc, country and declared month of the counted exports."""


def customs_of(sources: Sources, now: datetime) -> Customs:
    """Declarations and rates to monthly and annual exports, one declared month at a time."""
    rates = current(ledger_of(sources, RATES, now).lazy(), RATES).collect()
    by_months = {
        month: value_lines(rows.lazy(), month_rates(rates, month, RANKING)).collect()
        for month, rows in by_month(ledger_of(sources, DECLARATIONS, now)).items()
    }
    valued = list(by_months.values())
    cubes = {month: cube(lines.lazy()).collect() for month, lines in by_months.items()}
    cells = pl.concat(cubes.values())
    counts = pl.concat([line_counts(lines.lazy()) for lines in valued]).collect()
    declared = [
        cells.select("uscc", pl.lit(month).alias("month"), country="trading_country")
        for month, cells in cubes.items()
    ]
    months = {year: monthly_exports(cells.lazy(), year).collect() for year in EXPORT_YEARS}
    years = [annual_exports(of_year.lazy(), counts.lazy(), year) for year, of_year in months.items()]
    return Customs(
        valued,
        pl.concat(months.values()),
        pl.concat(years).collect(),
        counts,
        pl.concat(declared).select("uscc", "country", "month"),
    )


def by_month(ledger: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The ledger by declared month; undated rows go with their declaration, else to January."""
    placed = ledger.with_columns(place().alias("month"))
    dated = ~pl.col("month").str.ends_with(UNDATED) & (pl.col("month") != UNPLACED)
    homes = placed.filter(dated).group_by("declaration_no").agg(pl.col("month").min().alias("home"))
    january = pl.col("month").str.replace(UNDATED, "-01", literal=True)
    parts = (
        placed.join(homes, on="declaration_no", how="left", maintain_order="left")
        .with_columns(pl.when(dated).then("month").otherwise(pl.coalesce("home", january)))
        .drop("home")
        .partition_by("month", as_dict=True, include_key=False)
    )
    return {str(month): rows for (month,), rows in parts.items()} or {"2024-01": ledger}


def decisions_of(sources: Sources, customs: Customs, terms: PolicyTerms, now: datetime) -> pl.DataFrame:
    """The decisions of one policy year."""
    return decide(
        customs.annual.lazy().filter(pl.col("export_year") == terms.export_year),
        customs.counts.lazy(),
        _facts(sources, terms, now),
        (),
        terms,
    ).collect()


def editions_of(sources: Sources, policy_year: int, now: datetime) -> list[Edition]:
    """The imported editions of a year."""
    ledger = ledger_of(sources, PUBLISHED_ROSTERS, now).lazy()
    imported = current(ledger, PUBLISHED_ROSTERS).collect()
    return all_editions(imported, NO_REGISTER, policy_year)


def _facts(sources: Sources, terms: PolicyTerms, now: datetime) -> pl.LazyFrame:
    editions = editions_of(sources, terms.policy_year, now)
    first = editions[0].published_on if editions else None
    return registry_facts(_registry(sources, now), roster_date(first, terms, local_date(now)))


def _registry(sources: Sources, now: datetime) -> pl.LazyFrame:
    return accepted_versions(ledger_of(sources, ENTERPRISES, now).lazy(), ENTERPRISES)


@dataclass
class Insured:
    """What becomes of policies and claims."""

    policy_reconciliation: list[Row]
    take_up: list[Row]
    claim_audit: list[Row]


def insured_of(
    sources: Sources, customs: Customs, decisions: pl.DataFrame, policy_year: int, now: datetime
) -> Insured:
    """Policies and claims of one policy year, held against its roster or today's decisions."""
    terms = load_terms(policy_year)
    policies = current(ledger_of(sources, POLICIES, now).lazy(), POLICIES)
    roster = _roster(sources, decisions, terms, now)
    held = reconcile(
        policies.filter(pl.col("policy_year") == policy_year),
        _registry(sources, now),
        roster,
        decisions.lazy().select("uscc"),
        pl.LazyFrame(schema={"policy_no": pl.String, "uscc": pl.String}),
        terms,
        local_date(now),
    ).collect()
    in_force = roster.filter(pl.col("edition") == pl.col("edition").max())
    claims = current(ledger_of(sources, CLAIMS, now).lazy(), CLAIMS)
    return Insured(
        held.to_dicts(),
        take_up(held.lazy(), in_force, terms).collect().to_dicts(),
        audit_claims(claims, policies, held.lazy(), terms, customs.declared.lazy()).collect().to_dicts(),
    )


def _roster(sources: Sources, decisions: pl.DataFrame, terms: PolicyTerms, now: datetime) -> pl.LazyFrame:
    """The lines of all confirmed editions; without one, of today's draft."""
    editions = editions_of(sources, terms.policy_year, now)
    dated: list[tuple[pl.DataFrame, date | None]] = [(e.lines, e.confirmed_on) for e in editions]
    if not dated:
        draft = draft_lines(decisions.lazy(), _facts(sources, terms, now), terms.policy_year)
        dated = [(draft, None)]
    return pl.concat(lines.lazy().with_columns(confirmed_on=pl.lit(day, pl.Date)) for lines, day in dated)
