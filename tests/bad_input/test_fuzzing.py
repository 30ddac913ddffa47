"""A small part of the fuzzing: the whole of it is tests/evidence/evidence_fuzz.py."""

from __future__ import annotations

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.bad_input.fuzzing import Seen, csv_files, csv_variants, xlsx_parts, xlsx_variants

SEEDS = st.integers(0, 2**32 - 1)
few = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(csv_files(), SEEDS)
def test_any_csv_is_read_or_refused_with_a_sentence(data: bytes, seed: int) -> None:
    seen = Seen()
    for variant in csv_variants(data, seed, 5):
        seen.take(variant, ".csv")


@few
@given(xlsx_parts(), SEEDS)
def test_any_workbook_is_read_or_refused_with_a_sentence(parts: Mapping[str, bytes], seed: int) -> None:
    seen = Seen()
    for variant in xlsx_variants(parts, seed, 5):
        seen.take(variant, ".xlsx")
