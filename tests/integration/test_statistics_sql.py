"""The annual statistics a second way: SQL over the published tables, every measure, four years.

Belongs here: plain SQL, written from the definitions in the dictionary, and its comparison with what
the product says. Only the release's files are read. What insured exports and service use are made
from is no table of a release: those two are held to the oracle in `test_planted`.
"""

from __future__ import annotations

import os
from decimal import Decimal

import duckdb
import polars as pl
import pytest

from schemas.catalogue import TABLES
from schemas.measures import DIMENSIONS, MEASURES, Measure
from tests.integration.running import lived_city

YEARS = (2022, 2023, 2024, 2025)
TABLES_READ = (
    "take_up", "policy_reconciliation", "roster_decisions", "claim_audit", "insured_exports",
    "monthly_exports", "service_use", "push_list", "annual_statistics", "public_statistics",
)  # fmt: skip

FIRMS = """
CREATE OR REPLACE TEMP TABLE firms AS
SELECT uscc, any_value(district) AS district, any_value(channel) AS channel,
       any_value(take_up_month) AS take_up_month, any_value(size_band) AS size_band
FROM (
  SELECT uscc, district, NULL AS channel, NULL AS take_up_month, NULL AS size_band, 1 AS rank
  FROM take_up WHERE policy_year = $year
  UNION ALL
  SELECT uscc, district, channel, strftime(taken_up_on, '%Y-%m'), NULL, 2
  FROM policy_reconciliation
  WHERE policy_year = $year AND status IN ('matched', 'discrepant') AND uscc IS NOT NULL
  UNION ALL
  SELECT uscc, NULL, NULL, NULL,
         CASE WHEN fob_usd <= 100000 THEN '≤100k' WHEN fob_usd <= 500000 THEN '≤500k'
              WHEN fob_usd <= 1000000 THEN '≤1M' WHEN fob_usd <= 3000000 THEN '≤3M'
              WHEN fob_usd <= 8000000 THEN '≤8M' ELSE '>8M' END, 3
  FROM roster_decisions WHERE policy_year = $year
  ORDER BY rank
) GROUP BY uscc
"""
LISTED = "FROM take_up t LEFT JOIN firms f USING (uscc) WHERE t.policy_year = $year"
TAKEN = f"{LISTED} AND t.status IN ('taken_up', 'taken_up_late')"
CLAIMS = """
FROM (
  SELECT coalesce(a.uscc, a.policy_no) AS firm, a.*, p.channel, p.district AS of_policy
  FROM claim_audit a
  LEFT JOIN policy_reconciliation p ON p.policy_no = a.policy_no AND p.policy_year = $year
  WHERE a.policy_year = $year
) a LEFT JOIN firms f ON f.uscc = a.firm
"""
OF_CLAIM = (
    "coalesce(f.district, a.of_policy) AS district, f.size_band, a.buyer_country AS country, "
    "a.channel, a.cause"
)
USES = "FROM service_use s LEFT JOIN firms f USING (uscc) WHERE s.policy_year = $year"
REPORTS = (
    "(SELECT coalesce(sum(quantity), 0) FROM service_use s WHERE s.uscc = t.uscc "
    "AND s.policy_year = $year AND s.service = 'credit_report')"
)
EXPORTS = """
FROM (
  SELECT uscc, trading_country AS country, hs_chapter, fob_usd AS n, 0 AS d
  FROM insured_exports WHERE policy_year = $year
  UNION ALL
  SELECT uscc, trading_country, hs_chapter, 0, fob_usd
  FROM monthly_exports
  WHERE stat_month LIKE ($year - 1) || '-%'
    AND uscc IN (SELECT uscc FROM take_up WHERE policy_year = $year)
) e LEFT JOIN firms f USING (uscc)
"""
QUERIES = {
    "enterprises_eligible": f"SELECT f.*, 1 AS n, 0 AS d {LISTED}",
    "enterprises_taken_up": f"SELECT f.*, 1 AS n, 0 AS d {TAKEN}",
    "enterprises_taken_up_late": f"SELECT f.*, 1 AS n, 0 AS d {LISTED} AND t.status = 'taken_up_late'",
    "take_up_rate": f"SELECT f.*, (t.status <> 'not_taken_up')::INT AS n, 1 AS d {LISTED}",
    "insured_exports_usd": f"SELECT f.*, country, hs_chapter, n, 0 AS d {EXPORTS} WHERE n <> 0",
    "share_of_eligible_exports": f"SELECT f.*, country, hs_chapter, n, d {EXPORTS}",
    "claims_reported": f"SELECT {OF_CLAIM}, 1 AS n, 0 AS d {CLAIMS}",
    "claims_paid": f"SELECT {OF_CLAIM}, 1 AS n, 0 AS d {CLAIMS} WHERE a.status = 'paid'",
    "loss_usd": f"SELECT {OF_CLAIM}, loss_usd AS n, 0 AS d {CLAIMS}",
    "indemnity_due_usd": f"SELECT {OF_CLAIM}, expected_indemnity_usd AS n, 0 AS d {CLAIMS}",
    "indemnity_paid_usd": f"SELECT {OF_CLAIM}, paid_usd AS n, 0 AS d {CLAIMS}",
    "days_from_report_to_payment": f"SELECT {OF_CLAIM}, paid_on - reported_on AS n, 1 AS d {CLAIMS} "
    "WHERE a.status = 'paid' AND paid_on IS NOT NULL AND reported_on IS NOT NULL",
    "services_used": f"SELECT f.*, service, quantity AS n, 0 AS d {USES}",
    "credit_reports_used_of_granted": f"SELECT f.*, least(3, {REPORTS}) AS n, 3 AS d {TAKEN}",
    "app_bindings": f"SELECT f.*, quantity AS n, 0 AS d {USES} AND service = 'app_binding'",
    "pushes": "SELECT f.*, 1 AS n, 0 AS d FROM push_list p LEFT JOIN firms f USING (uscc) "
    "WHERE push_month BETWEEN $year || '-07' AND ($year + 1) || '-06'",
    "enterprises_renewed": f"SELECT f.*, 1 AS n, 0 AS d {TAKEN} AND t.uscc IN "
    "(SELECT uscc FROM take_up WHERE policy_year = $year - 1 AND status <> 'not_taken_up')",
    "enterprises_graduated": "SELECT t.uscc, t.district, 1 AS n, 0 AS d FROM take_up t WHERE "
    "t.policy_year = $year - 1 AND t.uscc IN (SELECT uscc FROM roster_decisions "
    "WHERE policy_year = $year AND decision = 'over_threshold')",
}


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    """The release of a lived city as views."""
    base = tmp_path_factory.getbasetemp()
    lake = lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "lake"
    found = duckdb.connect()
    for table in TABLES_READ:
        files = lake / "releases" / "latest" / table / "*.parquet"
        found.execute(
            f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}', hive_partitioning=false)"
        )
    return found


def frame(database: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    found = pl.from_arrow(database.sql(query).to_arrow_table())
    assert isinstance(found, pl.DataFrame)
    return found


def by_sql(
    database: duckdb.DuckDBPyConnection, measure: Measure, year: int
) -> dict[tuple[str, str], tuple[Decimal, Decimal]]:
    """(dimension, member) → numerator and denominator."""
    query = QUERIES[measure.name].replace("$year", str(year))
    found: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
    for dimension in measure.dimensions:
        member = "'all'" if dimension == "total" else f"coalesce({dimension}, 'unknown')"
        rows = database.execute(f"SELECT {member}, sum(n), sum(d) FROM ({query}) GROUP BY 1").fetchall()
        found |= {(dimension, m): (Decimal(n), Decimal(d)) for m, n, d in rows if n is not None}
    return found


@pytest.mark.parametrize("year", YEARS)
def test_sql_over_the_published_tables_gives_every_figure(
    database: duckdb.DuckDBPyConnection, year: int
) -> None:
    database.execute(FIRMS.replace("$year", str(year)))
    product = frame(
        database,
        f"SELECT * FROM annual_statistics WHERE policy_year = {year} "
        f"AND revision = (SELECT max(revision) FROM annual_statistics WHERE policy_year = {year})",
    )
    compared = 0
    for measure in MEASURES:
        if measure.needs_year_before and year == min(YEARS):
            continue
        theirs = by_sql(database, measure, year)
        rows = product.filter(pl.col("measure") == measure.name)
        assert {*theirs} <= set(rows.select("dimension", "member").iter_rows()), measure.name
        for row in rows.iter_rows(named=True):
            cell = (row["dimension"], row["member"])
            n, d = theirs.get(cell, (Decimal(0), Decimal(0)))
            if measure.is_rate:
                assert (row["numerator"], row["denominator"]) == (n, d), (measure.name, cell)
                assert row["value"] == (round_half_up(n, d) if d else None), (measure.name, cell)
            else:
                assert row["value"] == n, (measure.name, cell)
            compared += 1
    assert compared == product.height > 300


def round_half_up(n: Decimal, d: Decimal) -> Decimal:
    millionths = (2 * int(n * 100) * 10**6 + int(d * 100)) // (2 * int(d * 100))
    return Decimal(millionths) / 10**6


def test_additive_measures_add_up_over_every_dimension(database: duckdb.DuckDBPyConnection) -> None:
    additive = ", ".join(f"'{m.name}'" for m in MEASURES if not m.is_rate)
    sums = frame(
        database,
        f"SELECT policy_year, measure, dimension, sum(value) AS whole FROM annual_statistics "
        f"WHERE measure IN ({additive}) GROUP BY ALL",
    )
    totals = sums.filter(pl.col("dimension") == "total").select("policy_year", "measure", total="whole")
    beside = sums.join(totals, on=["policy_year", "measure"])
    assert beside.filter(pl.col("whole") != pl.col("total")).is_empty()
    assert set(beside["dimension"]) == set(DIMENSIONS)


def test_the_public_copy_tells_the_same_or_nothing(database: duckdb.DuckDBPyConnection) -> None:
    key = ", ".join(TABLES["annual_statistics"].key)
    [(told, hidden, other)] = database.execute(
        f"SELECT count(*) FILTER (NOT p.is_suppressed), count(*) FILTER (p.is_suppressed), "
        f"count(*) FILTER (NOT p.is_suppressed AND p.value IS DISTINCT FROM a.value "
        f"OR p.is_suppressed AND p.value IS NOT NULL) "
        f"FROM public_statistics p JOIN annual_statistics a USING ({key})"
    ).fetchall()
    assert other == 0
    assert told > 1000
    assert hidden > 100
