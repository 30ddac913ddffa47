"""The event log: what is written is there for Dagster's own reader, however many runs and threads."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dagster as dg
from dagster._core.storage.event_log import SqliteEventLogStorage

from pipelines.event_log import KEPT_OPEN, EventLog
from pipelines.resources import dagster_instance

RUNS = KEPT_OPEN + 2


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["2024-01", "2024-02"]))
def cells(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """A table of two months."""
    return dg.MaterializeResult(metadata={"rows": len(context.partition_key)})


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
    log = SqliteEventLogStorage(str(tmp_path / "history" / "runs"))
    assert set(log.get_all_run_ids()) == set(runs)
    for run in runs:
        kinds = [e.dagster_event.event_type_value for e in log.get_logs_for_run(run) if e.dagster_event]
        assert kinds.count("ASSET_MATERIALIZATION") == 1
        assert kinds[-1] == "PIPELINE_SUCCESS"
    assert log.get_materialized_partitions(dg.AssetKey("cells")) == {"2024-01", "2024-02"}


def test_a_closed_log_leaves_nothing_beside_its_databases(tmp_path: Path) -> None:
    run_all(tmp_path)
    folder = tmp_path / "history" / "runs"
    assert [path.name for path in folder.iterdir() if path.suffix != ".db"] == []
    for path in folder.glob("*.db"):
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_many_threads_read_many_runs(tmp_path: Path) -> None:
    runs = run_all(tmp_path)
    instance = dagster_instance(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda run: len(instance.all_logs(run)), runs * 4))
    assert counts == counts[:RUNS] * 4
    assert min(counts) > 0
    instance.dispose()
