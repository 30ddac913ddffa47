"""Drawn declarations, policies and claims: the product's functions and the oracle agree.

Belongs here: line states, cents and tables of small hostile inputs, without a lake. Whole runs are
in tests/integration/test_oracle_cities.py.
"""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings

from schemas.catalogue import TABLES
from schemas.terms.loader import load_terms
from tests.integration.agreement import BESIDE_THE_CONTRACT, differences, states_of
from tests.oracle.tables import Tables, run
from tests.property.strategies import (
    NOW,
    Sources,
    customs_cities,
    insured_cities,
    write_sources,
)
from tests.property.through_product import customs_of, decisions_of, insured_of

POLICY_YEARS = (2024, 2025)
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


def oracle_of(sources: Sources) -> Tables:
    """What the oracle makes of the same rows."""
    with tempfile.TemporaryDirectory() as folder:
        return run(write_sources(Path(folder), sources), NOW, POLICY_YEARS)


def unlike(table: str, rows: list[dict[str, object]], oracle: Tables) -> list[str]:
    """Where a table differs from the oracle's."""
    beside = BESIDE_THE_CONTRACT.get(table, frozenset())
    expected = [
        {name: value for name, value in row.items() if name not in beside} for row in getattr(oracle, table)
    ]
    return differences(table, TABLES[table].key, rows, expected)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(customs_cities())
def test_every_line_and_cent_is_the_oracles(sources: Sources) -> None:
    oracle = oracle_of(sources)

    customs = customs_of(sources, NOW)

    states: dict[tuple[str, int], tuple[str, list[str]]] = {}
    for lines in customs.valued:
        states |= states_of(lines.lazy())
    assert states == oracle.line_states
    found = unlike("monthly_exports", customs.monthly.to_dicts(), oracle)
    found += unlike("annual_exports", customs.annual.to_dicts(), oracle)
    decisions = [
        row
        for year in POLICY_YEARS
        for row in decisions_of(sources, customs, load_terms(year), NOW).to_dicts()
    ]
    found += unlike("roster_decisions", decisions, oracle)
    assert not found, "\n".join(found)


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(insured_cities())
def test_every_policy_and_claim_is_the_oracles(sources: Sources) -> None:
    oracle = oracle_of(sources)

    customs = customs_of(sources, NOW)
    insured = [
        insured_of(sources, customs, decisions_of(sources, customs, load_terms(year), NOW), year, NOW)
        for year in POLICY_YEARS
    ]

    found: list[str] = []
    for table in ("policy_reconciliation", "take_up", "claim_audit"):
        rows = [row for of_year in insured for row in getattr(of_year, table)]
        found += unlike(table, rows, oracle)
    assert not found, "\n".join(found)
