"""The volume of policies and claims, and the confusion table of a city with twenty rounds of plants."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from assets.storage.lake import Lake
from assets.versions import current
from pipelines.planner import JOBS
from pipelines.sample_city.city import City, write_city
from schemas.catalogue import TABLES
from schemas.codes.labels import label
from schemas.policies import (
    DISCREPANCIES,
    FINDINGS,
    OBSERVATIONS,
    POLICIES,
    RECONCILIATION_STATUSES,
    SERVICE_FINDINGS,
    TAKE_UP_STATUSES,
)
from tests.evidence.conftest import PAGE, Record
from tests.integration.running import live_through_2025
from tests.oracle import facts

ROUNDS = 20
KINDS = {
    "policy_status": RECONCILIATION_STATUSES,
    "discrepancy": DISCREPANCIES,
    "observation": OBSERVATIONS,
    "take_up_status": TAKE_UP_STATUSES,
    "finding": FINDINGS,
    "service_finding": SERVICE_FINDINGS,
}
COLUMNS = {
    "policy_reconciliation": {"status": "policy_status", "discrepancies": "discrepancy",
                              "observations": "observation"},
    "take_up": {"status": "take_up_status"},
    "claim_audit": {"findings": "finding"},
    "credit_report_audit": {"findings": "service_finding"},
}  # fmt: skip
"""Table → column → the kind of its codes."""
HEAD = """# Reconciliation: what is planted and what is found

Written by `./run evidence -k confusion` from a sample city with {rounds} rounds of every status, code
and finding (`tongbao sample --plants {rounds}`), brought through the demo's timeline. *Planted* is what
the sample city says of its own rows, which knows nothing of the pipeline; *found* is how many of these
the tables show; *besides* is how often a code stands where none was planted: over all policies, claims
and uses of reports of the city, and over the planted enterprises for take-up.

| kind | code | 中文 | planted | found | besides |
| --- | --- | --- | ---: | ---: | ---: |
"""
Mark = tuple[str, str, str]
"""Table, subject, `kind:code`."""


def test_volume(record: Record, tmp_path: Path) -> None:
    def run(what: str) -> str:
        words = [sys.executable, "-m", "tests.evidence.policy_volume", what, str(tmp_path)]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    run("make")
    figures = json.loads(run("reconcile"))
    assert figures["policies"] == 200_000
    assert figures["claims"] == 50_000
    assert figures["peak_mib"] < 3_000
    about = "200,000 policies and 50,000 claims of four years against a registry of 60,000 enterprises."
    record("policies-volume", about, figures)


def test_confusion(record: Record, tmp_path: Path) -> None:
    city = City(60, 3, declarations_per_enterprise=12, lines_per_declaration=2, plants=ROUNDS)
    write_city(city, tmp_path / "sources")
    lake = live_through_2025(tmp_path, JOBS)
    planted, subjects = planted_marks(tmp_path, lake)
    found = found_marks(lake, subjects)

    lines = [
        (kind, code, (planted[kind, code], found["right"][kind, code], found["besides"][kind, code]))
        for kind, codes in KINDS.items()
        for code in codes
    ]
    rows = "".join(
        f"| {kind} | `{code}` | {label(kind, code)} | {' | '.join(f'{count:,}' for count in counts)} |\n"
        for kind, code, counts in lines
    )
    sums = [sum(counts[at] for _, _, counts in lines) for at in range(3)]
    rows += "| **all** | | | " + " | ".join(f"**{value:,}**" for value in sums) + " |\n"
    PAGE.with_name("reconciliation.md").write_text(HEAD.format(rounds=ROUNDS) + rows, "utf-8")
    figures = dict(zip(("codes", "planted", "found", "besides"), (len(lines), *sums), strict=True))
    record("policies-planted", f"A city with {ROUNDS} rounds of every status, code and finding.", figures)
    assert [line for line in lines if line[2] != (max(line[2][0], ROUNDS), line[2][0], 0)] == []


def planted_marks(folder: Path, lake: Lake) -> tuple[Counter[tuple[str, str]], set[Mark]]:
    """How often each code is planted, and every planted mark; `known` are subjects with a case.

    What an ordinary policy is, it states: cancelled, or taken up offline where the notice has no such way.
    """
    marks: set[Mark] = set()
    for case in json.loads((folder / "sources" / "planted.json").read_text("utf-8")):
        table, expect = case["expect"]["table"], case["expect"]
        if table not in COLUMNS or "values" not in expect:
            continue
        subject = subject_of(table, expect["key"])
        marks.add((table, subject, "known"))
        for column, kind in COLUMNS[table].items():
            codes = filter(None, (expect["values"].get(column) or "").split(","))
            marks |= {(table, subject, f"{kind}:{code}") for code in codes}
    table = "policy_reconciliation"
    stated = current(lake.scan(POLICIES.ledger), POLICIES).collect()
    for row in stated.iter_rows(named=True):
        if (table, row["policy_no"], "known") not in marks:
            if row["status"] == "cancelled":
                marks.add((table, row["policy_no"], "policy_status:cancelled"))
            if row["channel"] not in facts.TERMS.get(row["policy_year"], facts.TERMS[2022]).channels:
                marks.add((table, row["policy_no"], "observation:channel_not_in_notice"))
    planted = (mark.split(":") for *_, mark in marks if mark != "known")
    return Counter((kind, code) for kind, code in planted), marks


def found_marks(lake: Lake, planted: set[Mark]) -> dict[str, Counter[tuple[str, str]]]:
    """Of every code that tables show: how often where it was planted, how often besides.

    `matched` is what is besides nothing, and what a list line of an ordinary enterprise is, its policies say.
    """
    found: dict[str, Counter[tuple[str, str]]] = {"right": Counter(), "besides": Counter()}
    for table, columns in COLUMNS.items():
        for row in lake.scan(TABLES[table]).collect().iter_rows(named=True):
            subject = subject_of(table, row)
            is_known = (table, subject, "known") in planted
            for column, kind in columns.items():
                for code in _listed(row[column]):
                    if (table, subject, f"{kind}:{code}") in planted:
                        found["right"][kind, code] += 1
                    elif is_known or not (code == "matched" or table == "take_up"):
                        found["besides"][kind, code] += 1
    return found


def subject_of(table: str, row: dict[str, object]) -> str:
    """What a row of a table is about, by its key."""
    return "/".join(str(row[name]) for name in TABLES[table].key)


def _listed(value: object) -> Iterable[str]:
    return value if isinstance(value, list) else [str(value)]
