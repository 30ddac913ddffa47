"""Thirty-two generated cities through the real pipeline: every row and cent is the oracle's.

Belongs here: whole runs against tests/oracle. Single rules are held to it in tests/property.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from pipelines.sample_city.city import City, write_city
from pipelines.sample_city.customs import Layout
from tests.integration.agreement import disagreements, reject_differences, state_differences
from tests.integration.running import PRESENT, run_city, run_night
from tests.oracle.tables import run

ALL_YEARS = (2022, 2023, 2024, 2025)
MOMENTS = (
    PRESENT,
    datetime.fromisoformat("2025-06-30T23:59:59+08:00"),
    datetime.fromisoformat("2025-07-01T00:00:00+08:00"),
    datetime.fromisoformat("2025-05-15T09:00:00+08:00"),
    datetime.fromisoformat("2026-07-20T12:00:00+08:00"),
)
"""The present; the last second of the take-up deadline and the next one; before and after."""


@dataclass(frozen=True)
class Case:
    """One city and the moment at which it is looked at."""

    city: City
    layout: Layout
    now: datetime
    policy_years: tuple[int, ...]

    def __str__(self) -> str:
        years = "-".join(str(year)[2:] for year in self.policy_years)
        plant = "planted" if self.city.plant else "plain"
        return f"seed{self.city.seed}-{plant}-{self.layout}-{self.now:%Y%m%d}-py{years}"


def _case(seed: int) -> Case:
    """Every fourth city is planted, every fifth is looked at in all policy years."""
    is_whole = seed % 5 == 0
    city = City(
        enterprises=12 + seed * 7 % 29,
        seed=seed,
        first_year=2021 if is_whole else 2023,
        last_year=2026 if seed % 6 == 0 else 2025,
        declarations_per_enterprise=3 + seed % 4,
        lines_per_declaration=1 + seed % 3,
        plant=seed % 4 == 0,
    )
    return Case(
        city,
        layout="mixed" if seed % 2 else "parquet",
        now=MOMENTS[seed % len(MOMENTS)] if seed % 3 else PRESENT,
        policy_years=ALL_YEARS if is_whole else (2025,),
    )


@pytest.mark.parametrize("case", [_case(seed) for seed in range(1, 33)], ids=str)
def test_every_row_and_cent_is_the_oracles(case: Case, tmp_path: Path) -> None:
    write_city(case.city, tmp_path / "sources", layout=case.layout)
    lake = run_city(tmp_path, case.now, case.policy_years)
    run_night(tmp_path, case.now, ("rejects",))

    oracle = run(tmp_path / "sources", case.now, case.policy_years)

    found = disagreements(lake, oracle)
    found += state_differences(lake, oracle)
    found += reject_differences(lake, oracle)
    assert not found, f"{len(found)} differences:\n" + "\n".join(found[:40])
    assert oracle.monthly_exports
    # Before July of a policy year the sample's policies of that year still wait.
    assert oracle.policy_reconciliation or case.now < MOMENTS[1]
