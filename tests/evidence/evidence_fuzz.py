"""100,000 inputs for the readers of CSV and XLSX, drawn by hypothesis and damaged."""

from __future__ import annotations

import time
from collections.abc import Mapping

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.bad_input.fuzzing import Seen, csv_files, csv_variants, xlsx_parts, xlsx_variants
from tests.evidence.conftest import Record

EXAMPLES, VARIANTS = 2_500, 20
SEEDS = st.integers(0, 2**32 - 1)
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def test_100_000_inputs_are_read_or_refused_with_a_sentence(record: Record) -> None:
    of_csv, of_xlsx = Seen(), Seen()

    @many
    @given(csv_files(), SEEDS)
    def csv(data: bytes, seed: int) -> None:
        for variant in csv_variants(data, seed, VARIANTS):
            of_csv.take(variant, ".csv")

    @many
    @given(xlsx_parts(), SEEDS)
    def xlsx(parts: Mapping[str, bytes], seed: int) -> None:
        for variant in xlsx_variants(parts, seed, VARIANTS):
            of_xlsx.take(variant, ".xlsx")

    began = time.process_time()
    csv()
    xlsx()
    spent = time.process_time() - began
    assert of_csv["inputs"] + of_xlsx["inputs"] >= 2 * EXAMPLES * VARIANTS
    record(
        "fuzz",
        "Files drawn by hypothesis, each damaged in nineteen further ways, given to the readers. Each was "
        "refused with one sentence or read; of every tenth that was read all rows were judged. Anything else "
        "fails the run. What such inputs found before, each now a test or a line of docs/bad-input.md: two "
        "cells far apart made a library's reader of workbooks abort the process, so that workbooks are now "
        "read as a stream; a ten-megabyte name in GB18030 was taken for UTF-8 and read in quadratic time; a "
        "zero inside a name of a Parquet file or a table was accepted, which PostgreSQL takes in no text; an "
        "element without end in a workbook took ten seconds; a year of which only undated declarations are "
        "known stopped the night; a line break in the name of a workbook's part made a sentence two lines.",
        {
            **{f"CSV: {what}": count for what, count in of_csv.items()},
            **{f"XLSX: {what}": count for what, count in of_xlsx.items()},
            "tracebacks, aborts, rows without a fate": 0,
            "seconds of one core": round(spent),
        },
    )
