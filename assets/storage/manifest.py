"""The lake's commit: one manifest a table, swapped last. Standard library only.

A manifest says, for every key of a table, which content-named file holds it, from which inputs it
was made, and its control totals. Reading one needs neither polars nor Dagster, so a night with
nothing new never loads them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One key of a table: its file, what it was made from, and its control totals."""

    file: str
    sha256: str
    rows: int
    money: str | None
    inputs: str
    """Fingerprint of everything it was made from, taken before reading."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Hash of each part that a reader may want alone: the statistical years of a cube month."""
    due_at: str | None = None
    """The instant (ISO, UTC) from which time alone makes it stale."""
    notes: Mapping[str, Any] = field(default_factory=dict)


class NotMade(LookupError):
    """A key that is asked for was never made."""


class Manifests:
    """The manifests below one folder: `<root>/tables/<table>/manifest.json`."""

    def __init__(self, root: Path) -> None:
        """Look at, but do not make, the lake at `root`."""
        self.root = root

    def folder(self, table: str) -> Path:
        """Where a table's files are."""
        return self.root / "tables" / table

    def read(self, table: str) -> dict[str, Entry]:
        """Key → entry, in key order; empty for a table never written."""
        try:
            text = (self.folder(table) / "manifest.json").read_text(encoding="utf-8")
        except FileNotFoundError:
            return {}
        return {key: Entry(**value) for key, value in json.loads(text)["entries"].items()}

    def commit(self, table: str, made: Mapping[str, Entry]) -> None:
        """Swap in the entries of some keys, all at once; other keys stay as they are."""
        entries = self.read(table) | dict(made)
        lines = ",\n".join(f"{json.dumps(key)}: {json_line(vars(entries[key]))}" for key in sorted(entries))
        text = f'{{"table": {json.dumps(table)}, "entries": {{\n{lines}\n}}}}\n'
        write_bytes(self.folder(table) / "manifest.json", text.encode())


def json_line(content: object) -> str:
    """JSON on one line; several times as fast as indented."""
    return json.dumps(content, ensure_ascii=False)


def write_json(path: Path, content: object) -> None:
    """Write JSON so that a reader, or a crash, sees the old file or the new one."""
    write_bytes(path, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file beside its place, sync it, and move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make a rename in this folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class LakeBusy(RuntimeError):
    """Another run is writing to this lake."""


@contextmanager
def lake_lock(root: Path) -> Iterator[None]:
    """Hold the one lock of a lake; it goes with the process, so a kill leaves none behind."""
    import fcntl

    root.mkdir(parents=True, exist_ok=True)
    with (root / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LakeBusy(
                f"Another run is writing to {root}: wait for it to end, or stop it, then run again."
            ) from None
        yield
