"""Dagster's event log and runs: two SQLite databases, kept open, written to in batches, of bounded size.

Dagster's own keeps a database a run, opens it anew for each event and syncs it each time, which on a
slow disk takes longer than making the table. What is true of the lake stands in its own manifests,
synced before they count; the log tells of it. So here the events of a table's keys are stored
together, commits reach the disk at SQLite's checkpoints (a power cut can lose the log's last events
but damages nothing), and runs that nothing shown hangs on any more are forgotten.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from dagster._core.storage.event_log import ConsolidatedSqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.runs import SqliteRunStorage
from sqlalchemy import Connection, Engine, create_engine, event, text

if TYPE_CHECKING:
    from dagster import EventLogEntry
    from dagster._serdes import ConfigurableClassData

BUSY_SECONDS = 30
"""How long a writer waits for another process, the web server say."""
BATCH = "500"
"""Events of one table's keys that are stored in one transaction, at most."""
FILE = "event_log.db"
os.environ.setdefault("DAGSTER_EVENT_BATCH_SIZE", BATCH)

_SHOWN = """
    SELECT run_id FROM event_logs WHERE id IN (
        SELECT max(id) FROM event_logs
        WHERE dagster_event_type = 'ASSET_MATERIALIZATION' GROUP BY asset_key, partition)
    UNION SELECT run_id FROM asset_check_executions WHERE id IN (
        SELECT max(id) FROM asset_check_executions GROUP BY asset_key, check_name, partition)
"""
"""The runs that made what Dagster's pages show of a key or a check now."""


class EventLog(ConsolidatedSqliteEventLogStorage):
    """ConsolidatedSqliteEventLogStorage with open connections and one transaction a batch."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """The log whose database lies in `base_dir`."""
        self._mine = threading.local()
        self._watcher = SqlPollingEventWatcher(self)
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure: the place follows Dagster's home."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: object) -> EventLog:
        """The log of the instance whose home DAGSTER_HOME names."""
        return cls(str(Path(os.environ["DAGSTER_HOME"]) / "history"), inst_data)

    def _init_db(self) -> None:
        """Make the database beside its place: a kill leaves no half of it, and of two makers one counts."""
        Path(self._base_dir).mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._base_dir) as beside:
            ConsolidatedSqliteEventLogStorage(beside)
            with suppress(FileExistsError):
                os.link(Path(beside, FILE), Path(self._base_dir, FILE))

    @cached_property
    def _engine(self) -> Engine:
        return _kept_open(self._conn_string)

    def _connect(self) -> Any:
        return self.transaction()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction; within one of the same thread, that one."""
        mine = getattr(self._mine, "connection", None)
        if mine is not None:
            yield mine
            return
        with self._engine.begin() as connection:
            self._mine.connection = connection
            try:
                yield connection
            finally:
                self._mine.connection = None

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Store events in one transaction."""
        with self.transaction():
            super().store_event_batch(events)

    def has_table(self, table_name: str) -> bool:
        """Whether the database has a table; asked for at every event."""
        return table_name in self._tables

    @cached_property
    def _tables(self) -> frozenset[str]:
        with self.transaction() as connection:
            return frozenset(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")))

    def _has_asset_key_col_on_connection(self, conn: Connection, column_name: str) -> bool:
        return True  # Dagster's schema has had all of these since before this log was made

    def shown_runs(self) -> set[str]:
        """The runs that what is shown of the assets now hangs on: the newest of each key and check."""
        with self.transaction() as connection:
            return set(connection.scalars(text(_SHOWN)))

    def delete_events(self, run_id: str) -> None:
        """Remove what a run told, its checks included."""
        with self.transaction() as connection:
            super().delete_events(run_id)
            checks = text("DELETE FROM asset_check_executions WHERE run_id = :run")
            connection.execute(checks, {"run": run_id})

    def watch(self, run_id: str, cursor: str | None, callback: Callable[..., Any]) -> None:
        """Follow a run by looking again and again: a log that syncs late does not change its file."""
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: Callable[..., Any]) -> None:
        """Follow it no longer."""
        self._watcher.unwatch_run(run_id, handler)

    def dispose(self) -> None:
        """Close the database."""
        self._watcher.close()
        self._engine.dispose()


class Runs(SqliteRunStorage):
    """SqliteRunStorage with open connections, and so with statements that are compiled once."""

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure: the place follows Dagster's home."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: object) -> Runs:
        """The runs of the instance whose home DAGSTER_HOME names, where Dagster's own would be."""
        return cls.from_local(str(Path(os.environ["DAGSTER_HOME"]) / "history"), inst_data)

    @cached_property
    def _engine(self) -> Engine:
        return _kept_open(self._conn_string)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A transaction."""
        with self._engine.begin() as connection:
            yield connection

    def dispose(self) -> None:
        """Close the database."""
        self._engine.dispose()


def _kept_open(database: str) -> Engine:
    engine = create_engine(database, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _sync_at_checkpoints)
    return engine


def _sync_at_checkpoints(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
