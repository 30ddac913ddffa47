"""Drawn sources in any order, in any number of deliveries, some rows sent twice: the same files.

Belongs here: the bytes of published tables of small hostile inputs. Whole runs, threads and hash
seeds are in tests/integration/test_same_bytes.py.
"""

import tempfile
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.storage.lake import write_parquet
from schemas.catalogue import TABLES
from schemas.terms.loader import load_terms
from tests.property.strategies import NOW, Sources, customs_cities, insured_cities, shuffled
from tests.property.through_product import customs_of, decisions_of, insured_of

POLICY_YEAR = 2025
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example)


def files_of(sources: Sources) -> dict[str, str]:
    """Published table → SHA-256 of its file."""
    customs = customs_of(sources, NOW)
    decisions = decisions_of(sources, customs, load_terms(POLICY_YEAR), NOW)
    insured = insured_of(sources, customs, decisions, POLICY_YEAR, NOW)
    made = {
        "monthly_exports": customs.monthly,
        "annual_exports": customs.annual,
        "roster_decisions": decisions,
        **{name: pl.DataFrame(rows, TABLES[name].schema) for name, rows in vars(insured).items()},
    }
    with tempfile.TemporaryDirectory() as folder:
        return {name: write_parquet(Path(folder), name, frame.lazy())[1] for name, frame in made.items()}


@settings(max_examples=12, deadline=None, suppress_health_check=SLOW)
@given(st.one_of(customs_cities(), insured_cities()), st.data())
def test_order_split_and_repetition_change_no_byte(sources: Sources, data: st.DataObject) -> None:
    deliveries = data.draw(shuffled(sources))
    together = {
        source: [row for delivery in deliveries for row in delivery.get(source, [])] for source in sources
    }
    assert files_of(together) == files_of(sources)
