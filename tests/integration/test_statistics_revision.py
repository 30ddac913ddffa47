"""A claim that reaches a closed year through a night becomes a numbered revision with size and cause;
the public copy stands until its day, and then does not tell what one claim moved.
"""

from __future__ import annotations

import csv
import os
import shutil
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from assets.storage.lake import Lake
from assets.supply.report.due import inputs_of, latest_release
from pipelines.planner import JOBS
from tests.integration.running import PRESENT, Row, contents, lived_city, rows_of, run_night

CLOSED = 2022
NEXT_COPY = datetime.fromisoformat("2026-07-01T08:00:00+08:00")
HEADERS = (
    "claim_no", "policy_no", "buyer_id", "buyer_country", "cause", "shipped_on", "loss_usd",
    "reported_on", "status", "updated_at",
)  # fmt: skip


@pytest.fixture
def city(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Path:
    """A copy of the lived city, at the end of its timeline."""
    base = tmp_path_factory.getbasetemp()
    lived = lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)
    shutil.copytree(lived, tmp_path / "city", symlinks=True)
    return tmp_path / "city"


def of_total(rows: list[Row], measure: str) -> list[Row]:
    return [row for row in rows if (row["dimension"], row["measure"]) == ("total", measure)]


def test_a_late_claim_revises_a_closed_year(city: Path) -> None:
    lake = Lake(city / "lake")
    before = [row for row in rows_of(lake, "annual_statistics") if row["policy_year"] == CLOSED]
    assert {(row["revision"], row["status"]) for row in before} == {(0, "final")}
    assert not rows_of(lake, "statistics_revisions")
    release, copies = latest_release(lake.root), contents(lake, ["public_statistics"])
    policy = next(row for row in rows_of(lake, "policy_reconciliation")
                  if row["policy_year"] == CLOSED and row["status"] == "matched")  # fmt: skip
    claim = dict(zip(HEADERS, (
        "LATE1", policy["policy_no"], "B9", "USA", "insolvency", "2023-03-01", "1000.00",
        "2023-06-01", "reported", "2026-01-15T10:00:00+08:00",
    ), strict=True))  # fmt: skip
    with (city / "sources" / "claims" / "late.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADERS)
        writer.writeheader()
        writer.writerow(claim)

    run_night(city, PRESENT + timedelta(days=1), JOBS, release=True)

    now = [row for row in rows_of(lake, "annual_statistics") if row["policy_year"] == CLOSED]
    assert [row for row in now if row["revision"] == 0] == before
    assert {row["status"] for row in now} == {"final"}
    losses = [Decimal(str(row["value"])) for row in of_total(now, "loss_usd")]
    assert losses[1] - losses[0] == 1000
    [told] = of_total(rows_of(lake, "statistics_revisions"), "loss_usd")
    assert (told["policy_year"], told["revision"], told["change"]) == (CLOSED, 1, 1000)
    assert told["causes"] == ["claim_audit"]
    assert contents(lake, ["public_statistics"]) == copies
    after = latest_release(lake.root)
    assert release is not None
    assert after is not None
    assert inputs_of(after, CLOSED) != inputs_of(release, CLOSED)
    changes = [row for row in rows_of(lake, "release_changes") if row["release"] == after.name]
    assert ("annual_statistics", str(CLOSED), "changed") in {
        (row["table_name"], row["partition_key"], row["kind"]) for row in changes
    }

    run_night(city, NEXT_COPY, JOBS)

    public = [row for row in rows_of(lake, "public_statistics") if row["policy_year"] == CLOSED]
    assert {(row["revision"], row["as_of"]) for row in public} == {(1, NEXT_COPY.date())}
    assert [row["is_suppressed"] for row in of_total(public, "loss_usd")] == [True]
    assert [row["is_suppressed"] for row in of_total(public, "enterprises_eligible")] == [False]
    kept = {row["as_of"] for row in rows_of(lake, "public_contributions") if row["policy_year"] == CLOSED}
    assert kept == {PRESENT.date(), NEXT_COPY.date()}
