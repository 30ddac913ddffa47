"""Dagster's event log in SQLite, with its databases kept open: a run writes an event a table and key.

Dagster opens a database anew for each event and syncs it at each commit and close, which on a slow
disk takes longer than making the table. What is true of the lake stands in its own manifests, synced
before they count; the log tells of it. So here commits reach the disk at SQLite's checkpoints, and
a power cut can lose the log's last events but damages nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import SingletonThreadPool

if TYPE_CHECKING:
    from dagster._serdes import ConfigurableClassData

BUSY_SECONDS = 30
"""How long a writer waits for another process, the web server say."""
KEPT_OPEN = 4
"""Databases kept open: the index, and of the runs, which have one each, those used last."""


class EventLog(SqliteEventLogStorage):
    """SqliteEventLogStorage with one open connection a database and thread."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        """The log whose databases lie in `base_dir`."""
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def config_type(cls) -> dict[str, Any]:
        """Nothing to configure: the place follows Dagster's home."""
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: object) -> EventLog:
        """The log of the instance whose home DAGSTER_HOME names, where Dagster's own would be."""
        return cls(str(Path(os.environ["DAGSTER_HOME"]) / "history" / "runs"), inst_data)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> Engine:
        engine = self._engines.pop(shard, None) or self._open(shard)
        self._engines[shard] = engine
        if len(self._engines) > KEPT_OPEN:
            self._engines.pop(next(iter(self._engines))).dispose()
        return engine

    def _open(self, shard: str) -> Engine:
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=SingletonThreadPool,
            connect_args={"timeout": BUSY_SECONDS},
        )
        event.listen(engine, "connect", _sync_at_checkpoints)
        if shard not in self._initialized_dbs:
            self._initdb(engine)
            self._initialized_dbs.add(shard)
        return engine

    def dispose(self) -> None:
        """Close every database."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines.clear()
        super().dispose()


def _sync_at_checkpoints(connection: Any, _: object) -> None:
    connection.execute("PRAGMA synchronous=NORMAL")
