"""Every planted case of a city that has lived through the demo's timeline is where it belongs.

Belongs here: what planted.json expects, held against the tables, and the oracle's word on the same
city. Not here: how a case is planted.
"""

import json
import os
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assets.storage.lake import Lake
from pipelines.sample_city.city import City, write_city
from schemas.catalogue import TABLES
from tests.integration.agreement import differences, disagreements, state_differences
from tests.integration.running import (
    CONFIRMATION,
    PRESENT,
    PUBLICATION,
    Row,
    lived_city,
    rows_of,
    run_night,
)
from tests.oracle.roster import Edition
from tests.oracle.tables import run

Text = str | None


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)


def test_every_planted_case_is_in_the_table_where_it_belongs(lived: Path) -> None:
    cases = json.loads((lived / "sources" / "planted.json").read_text("utf-8"))
    lake = Lake(lived / "lake")
    rows = cache(lambda table: [_as_text(row) for row in rows_of(lake, table)])

    found = [problem for case in cases for problem in _problems(case, rows)]

    assert len(cases) >= 200
    assert not found, f"{len(found)} of {len(cases)} cases:\n" + "\n".join(found)


def test_files_that_must_be_refused_whole_are(tmp_path: Path) -> None:
    city = City(2, 3, 2021, 2021, declarations_per_enterprise=2, plant=False, refused=True)
    write_city(city, tmp_path / "sources")
    cases = json.loads((tmp_path / "sources" / "planted.json").read_text("utf-8"))

    outcome = run_night(tmp_path, jobs=())

    told = {sentence.partition(" ")[0].rstrip(":"): sentence for sentence in outcome.refused}
    assert sorted(told) == sorted(case["keys"]["file"] for case in cases)
    for case in cases:
        assert case["expect"]["refused"] in told[case["keys"]["file"]], told


def test_the_oracle_says_the_same_of_the_lived_city(lived: Path) -> None:
    lake = Lake(lived / "lake")
    lines = [
        (row["serial"], row["uscc"], row["name"], row["district"])
        for row in rows_of(lake, "roster")
        if (row["policy_year"], row["edition"]) == (2025, 1)
    ]
    edition = Edition(1, PUBLICATION.date(), CONFIRMATION.date(), sorted(lines))  # type: ignore[arg-type]

    oracle = run(lived / "sources", PRESENT, (2022, 2023, 2024, 2025), {2025: [edition]})

    found = disagreements(lake, oracle) + state_differences(lake, oracle)
    insured = rows_of(lake, "insured_exports"), oracle.insured_exports
    found += differences("insured_exports", TABLES["insured_exports"].key, *insured)
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:40])


def _problems(case: Mapping[str, Any], rows: Callable[[str], list[dict[str, Text]]]) -> list[str]:
    """What does not hold of one case, in words; nothing where all does."""
    expect = case["expect"]
    table = expect["table"]
    about = f"{case['case']} ({case['about']}) {table} {case['keys']}"
    if "reasons" in expect:
        raws = [
            row for row in rows(table)
            if row["source"] == case["source"]
            and _carries(json.loads(row["raw"] or "{}"), case["keys"])
        ]  # fmt: skip
        reasons = [row["reasons"] for row in raws]
        good = ",".join(expect["reasons"]) in reasons
        return [] if good else [f"{about}: {expect['reasons']} expected, refused are {reasons}"]
    if "absent" in expect:
        there = [row for row in rows(table) if _carries(row, expect["absent"])]
        return [f"{about}: should not be there: {there[0]}"] if there else []
    at = [row for row in rows(table) if _carries(row, expect["key"])]
    if len(at) != 1:
        return [f"{about}: {len(at)} rows at {expect['key']}, expected {expect['values']}"]
    unlike = {
        name: (at[0].get(name), value) for name, value in expect["values"].items() if at[0].get(name) != value
    }
    return [f"{about}: (is, expected) {unlike}"] if unlike else []


def _carries(row: Mapping[str, Text], values: Mapping[str, Text]) -> bool:
    """Whether the row has these values; an empty cell of a source is as good as none."""
    return all((row.get(name) or None) == (value or None) for name, value in values.items())


def _as_text(row: Row) -> dict[str, Text]:
    return {name: _text(value) for name, value in row.items()}


def _text(value: object) -> Text:
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case date():
            return value.isoformat()
        case list():
            return ",".join(str(item) for item in value)
        case _:
            return str(value)
