"""The event log: what is written is there for Dagster's own reader, and stays of bounded size."""

import sqlite3
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import dagster as dg
from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from pipelines.event_log import EventLog
from pipelines.resources import dagster_instance, forget_old_runs

RUNS = 6
MONTHS = dg.StaticPartitionsDefinition(["2024-01", "2024-02"])
CELLS = dg.AssetKey("cells")


@dg.asset(
    partitions_def=MONTHS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    check_specs=[dg.AssetCheckSpec("adds_up", asset="cells")],
)
def cells(context: dg.AssetExecutionContext) -> Iterator[object]:
    """A table of two months."""
    yield dg.AssetCheckResult(check_name="adds_up", passed=True)
    yield dg.MaterializeResult(metadata={"rows": len(context.partition_keys)})


def run_all(home: Path) -> list[str]:
    """Runs of both months in turn, in an instance that is closed after them."""
    instance = dagster_instance(home)
    assert isinstance(instance.event_log_storage, EventLog)
    runs = [
        dg.materialize([cells], instance=instance, partition_key=f"2024-0{1 + at % 2}").run_id
        for at in range(RUNS)
    ]
    instance.dispose()
    return runs


def test_dagsters_own_reader_finds_every_event(tmp_path: Path) -> None:
    runs = run_all(tmp_path)
    log = ConsolidatedSqliteEventLogStorage(str(tmp_path / "history"))
    for run in runs:
        kinds = [e.dagster_event.event_type_value for e in log.get_logs_for_run(run) if e.dagster_event]
        assert kinds.count("ASSET_MATERIALIZATION") == 1
        assert kinds[-1] == "PIPELINE_SUCCESS"
    assert log.get_materialized_partitions(CELLS) == {"2024-01", "2024-02"}


def test_a_stretch_of_months_is_stored_at_once_and_each_month_is_shown(tmp_path: Path) -> None:
    instance = dagster_instance(tmp_path)
    stored: list[int] = []
    log = instance.event_log_storage
    assert isinstance(log, EventLog)
    batch = log.store_event_batch

    def counting(events: Sequence[dg.EventLogEntry]) -> None:
        stored.append(len(events))
        batch(events)

    with patch.object(log, "store_event_batch", counting):
        stretch = {"dagster/asset_partition_range_start": "2024-01",
                   "dagster/asset_partition_range_end": "2024-02"}  # fmt: skip
        assert dg.materialize([cells], instance=instance, tags=stretch).success
    assert stored == [3, 2], "the months and the check as planned, then the months as made"
    assert log.get_materialized_partitions(CELLS) == {"2024-01", "2024-02"}
    latest = instance.get_latest_materialization_event(CELLS)
    assert latest is not None
    assert latest.asset_materialization is not None
    assert latest.asset_materialization.partition in {"2024-01", "2024-02"}
    instance.dispose()


def test_a_batch_that_fails_leaves_nothing_of_it(tmp_path: Path) -> None:
    log = EventLog(str(tmp_path))
    with suppress(OperationalError), log.transaction() as outer:
        with log.transaction() as inner:
            assert inner is outer, "one transaction a thread"
            inner.execute(text("INSERT INTO event_logs (run_id, event) VALUES ('any', '{}')"))
        outer.execute(text("SELECT * FROM nowhere"))
    with log.transaction() as connection:
        assert connection.scalar(text("SELECT count(*) FROM event_logs")) == 0
    log.dispose()


def test_of_two_who_make_the_log_the_first_one_counts(tmp_path: Path) -> None:
    first = EventLog(str(tmp_path))
    with first.transaction() as connection:
        connection.execute(text("INSERT INTO event_logs (run_id, event) VALUES ('mine', '{}')"))
    first._init_db()  # as a second process that saw no file a moment before
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == []
    first.dispose()
    with sqlite3.connect(tmp_path / "event_log.db") as later:
        assert later.execute("SELECT run_id FROM event_logs").fetchall() == [("mine",)]


def test_old_runs_are_forgotten_but_what_is_shown_stays(tmp_path: Path) -> None:
    instance = dagster_instance(tmp_path)
    log = instance.event_log_storage
    assert isinstance(log, EventLog)
    january = dg.materialize([cells], instance=instance, partition_key="2024-01").run_id
    runs = [dg.materialize([cells], instance=instance, partition_key="2024-02").run_id for _ in range(RUNS)]
    assert forget_old_runs(instance, RUNS + 1) == 0, "no more than are kept"
    assert forget_old_runs(instance, 2) == RUNS - 2
    assert {run.run_id for run in instance.get_runs()} == {january, *runs[-2:]}
    assert log.get_materialized_partitions(CELLS) == {"2024-01", "2024-02"}
    assert instance.all_logs(january), "the only run that made January"
    assert not instance.all_logs(runs[0])
    with log.transaction() as connection:
        assert connection.scalar(text("SELECT count(*) FROM asset_check_executions")) == 3
    instance.dispose()


def test_a_closed_log_leaves_nothing_beside_its_database(tmp_path: Path) -> None:
    run_all(tmp_path)
    folder = tmp_path / "history"
    assert sorted(path.name for path in folder.glob("event_log*")) == ["event_log.db"]
    with sqlite3.connect(folder / "event_log.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_many_threads_read_many_runs(tmp_path: Path) -> None:
    runs = run_all(tmp_path)
    instance = dagster_instance(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda run: len(instance.all_logs(run)), runs * 4))
    assert counts == counts[:RUNS] * 4
    assert min(counts) > 0
    instance.dispose()
