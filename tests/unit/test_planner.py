"""What is stale and which runs that makes, on a lake of manifests alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from assets.eligibility.register import Register
from assets.flow import FLOW, NODES, Calendar
from assets.staleness import State
from assets.storage.deliveries import Deliveries, Delivery, Piece
from assets.storage.manifest import Entry, Manifests
from pipelines.planner import JOBS, due, plan
from pipelines.rebuild import Outcome

NOW = datetime(2025, 9, 1, 4, tzinfo=UTC)
RANKING = ("customs", "safe", "ecb")
YEARS = ("2020", "2021", "2022", "2023", "2024", "2025")


def state(root: Path, now: datetime = NOW, ranking: tuple[str, ...] = RANKING) -> State:
    return State(root, Calendar.registered(), now, ranking)


def entry(inputs: str, content: str = "1", **more: object) -> Entry:
    parts = dict.fromkeys(YEARS, content)
    return Entry(f"{content}.parquet", content, 1, None, inputs, parts, **more)  # type: ignore[arg-type]


def make(root: Path, now: datetime = NOW) -> None:
    """Make everything that is stale, key by key where a table needs itself; content is `1`."""
    for node in FLOW:
        here = state(root, now)
        needs_itself = node.table in {need.table for need in node.needs}
        for group in [[k] for k in here.keys(node.table)] if needs_itself else [here.keys(node.table)]:
            made = {k: entry(here.inputs(node.table, k) or "") for k in group}
            here._manifests.commit(node.table, made)
            here.forget(node.table)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake in which everything is fresh."""
    make(tmp_path)
    return tmp_path


def runs(state_now: State) -> list[tuple[str, str, str]]:
    return [(run.job, run.first, run.last) for run in plan(state_now)]


def tables(state_now: State) -> set[tuple[str, str]]:
    return {(f.table, f.key) for run in plan(state_now) for f in run.findings}


def change(root: Path, table: str, key: str, **changes: object) -> None:
    manifests = Manifests(root)
    manifests.commit(table, {key: replace(manifests.read(table)[key], **changes)})  # type: ignore[arg-type]


def test_an_empty_lake_starts_with_what_needs_nothing(tmp_path: Path) -> None:
    assert runs(state(tmp_path)) == [
        ("references", "all", "all"), ("declared_months", "2020-01", "2025-09"),
    ]  # fmt: skip
    assert state(tmp_path).judge("push_list", "2025-08").verdict == "waiting"


def test_a_month_that_has_not_begun_is_not_made(tmp_path: Path) -> None:
    eve = datetime(2025, 8, 31, 15, 59, tzinfo=UTC)
    assert state(tmp_path, eve).keys("customs_ledger")[-1] == "2025-08"
    assert state(tmp_path, NOW).keys("customs_ledger")[-1] == "2025-09"


def test_what_is_made_is_not_made_again(lake: Path) -> None:
    assert plan(state(lake)) == []


def test_a_lost_manifest_is_stale_again(lake: Path) -> None:
    (lake / "tables" / "roster" / "manifest.json").unlink()
    assert ("policy_years", "2022", "2025") in runs(state(lake))


def test_one_part_of_a_month_makes_one_year_stale(lake: Path) -> None:
    """A December amendment that moves nothing of last year makes nothing of last year stale."""
    parts = {**dict.fromkeys(YEARS, "1"), "2025": "2"}
    change(lake, "export_cube", "2024-12", sha256="2", parts=parts)
    found = tables(state(lake))
    assert {key for table, key in found if table == "monthly_exports"} == {"2025"}
    assert {table for table, _ in found} == {
        "monthly_exports", "insured_exports", "claim_audit", "claim_differences", "buyer_exposure",
    }  # fmt: skip


def test_an_amendment_makes_only_the_pushes_stale_that_could_have_known_it(lake: Path) -> None:
    parts = {**dict.fromkeys(YEARS, "1"), "2025-07": "amended"}
    change(lake, "customs_ledger", "2024-03", sha256="2", parts=parts)
    found = tables(state(lake))
    assert {key for table, key in found if table == "push_list"} == {"2025-08", "2025-09"}
    assert {key for table, key in found if table == "export_cube"} == {"2024-03"}


def test_unchanged_content_stops_the_wave(lake: Path) -> None:
    change(lake, "customs_ledger", "2024-12", inputs="other")
    assert tables(state(lake)) == {("customs_ledger", "2024-12")}
    change(lake, "customs_ledger", "2024-12", inputs=state(lake).inputs("customs_ledger", "2024-12"))
    assert plan(state(lake)) == []


def test_a_rate_of_one_month_makes_that_month_stale(lake: Path) -> None:
    rates = Manifests(lake).read("exchange_rates_ledger")["all"]
    change(lake, "exchange_rates_ledger", "all", parts={**rates.parts, "2024-05": "2"})
    found = {key for table, key in tables(state(lake)) if table == "export_cube"}
    assert found == {"2024-05"}


def test_another_ranking_of_rates_makes_values_stale(lake: Path) -> None:
    found = {table for table, _ in tables(state(lake, ranking=("ecb", "customs", "safe")))}
    assert found == {
        name for name, node in NODES.items() if "rates" in node.uses
    }  # fmt: skip


def test_consecutive_keys_are_one_run(lake: Path) -> None:
    for month in ("2023-11", "2023-12", "2024-01", "2024-03"):
        change(lake, "line_counts", month, inputs="other")
    assert [(r.first, r.last, r.keys) for r in due(state(lake), "declared_months")] == [
        ("2023-11", "2024-01", 3), ("2024-03", "2024-03", 1),
    ]  # fmt: skip
    few = due(state(lake), "declared_months", keys=["2023-12"])
    assert [(r.first, r.last) for r in few] == [("2023-12", "2023-12")]


def test_an_act_touches_its_own_year(lake: Path) -> None:
    Register(lake).append("publish", 2025, 1, NOW, "bureau", {})
    found = tables(state(lake))
    assert {key for _, key in found} == {"2025"}
    assert {table for table, _ in found} == {name for name, node in NODES.items() if "register" in node.uses}


def test_time_alone_makes_stale_what_is_due(lake: Path) -> None:
    change(lake, "roster_decisions", "2025", due_at="2025-09-02T16:00:00+00:00")
    assert plan(state(lake)) == []
    later = datetime(2025, 9, 2, 16, tzinfo=UTC)
    assert tables(state(lake, later)) == {("roster_decisions", "2025")}


def test_a_new_month_is_stale_by_itself(lake: Path) -> None:
    """October begins: its own tables are to be made; the year waits until they are."""
    october = state(lake, datetime(2025, 10, 1, 4, tzinfo=UTC))
    assert ("declared_months", "2025-10", "2025-10") in runs(october)
    assert october.judge("monthly_exports", "2025").verdict == "waiting"
    assert october.judge("monthly_exports", "2024").verdict == "fresh"


def test_a_delivery_touches_the_month_it_has_rows_of(lake: Path) -> None:
    piece = Piece("a.parquet", "a", 1, 0, None)
    delivery = Delivery("customs_declarations", "a.csv", 1, 1, "a", "", pieces={"2024-05": piece})
    Deliveries(lake).add([delivery])
    assert tables(state(lake)) == {
        ("customs_ledger", "2024-05"), ("ledger_origins", "2024-05"), ("rejected_rows", "all"),
    }  # fmt: skip


def test_undated_rows_touch_every_month_of_their_year(lake: Path) -> None:
    piece = Piece("a.parquet", "a", 1, 0, None)
    delivery = Delivery("customs_declarations", "a.csv", 1, 1, "a", "", pieces={"2024-00": piece})
    Deliveries(lake).add([delivery])
    assert {key for table, key in tables(state(lake)) if table == "customs_ledger"} == {
        f"2024-{month:02d}" for month in range(1, 13)
    }


def test_rows_of_years_without_terms_wait_and_are_told(lake: Path) -> None:
    pieces = {month: Piece("x", "x", rows, 0, None) for month, rows in (("2026-06", 5), ("2026-07", 7))}
    Deliveries(lake).add([Delivery("customs_declarations", "a.csv", 1, 1, "s", "t", 12, pieces=pieces)])
    change(lake, "policies_ledger", "all", notes={"policy_years": {"2025": 3, "2026": 4}})
    assert state(lake).awaiting_terms() == {2026: 11}
    assert Outcome(awaiting_terms={2026: 11}).waiting() == [
        "11 received rows wait, uncounted: register the terms of 2026 (schemas/terms/2026.toml), "
        "then run `tongbao nightly`."
    ]


def test_jobs_stand_in_the_order_of_the_flow() -> None:
    order = [node.table for node in FLOW]
    place = {job: max(order.index(table) for table in tables) for job, tables in JOBS.items()}
    assert list(place.values()) == sorted(place.values())
    for job, its in JOBS.items():
        needed = {need.table for table in its for need in NODES[table].needs} - {*its}
        earlier = [name for name in JOBS if list(JOBS).index(name) < list(JOBS).index(job)]
        assert needed <= {table for name in earlier for table in JOBS[name]}
