"""Releases: what readers see. A folder of plain names, an index of hashes, and `latest`.

A release is made beside the last one and becomes `latest` in one swap; a reader sees the one or the
other. Its Parquet files are hard links to the lake's content-named files. Standard library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from assets.storage.manifest import Entry, Manifests, sync_folder, write_bytes, write_json


class ReleaseRefused(RuntimeError):
    """A release that a guard does not let out; the last one stays."""


@dataclass(frozen=True)
class Item:
    """One file of a release."""

    table: str
    key: str
    file: str
    sha256: str
    rows: int
    money: str | None


@dataclass(frozen=True)
class Bounds:
    """How far a table's rows may fall or grow from one release to the next, as ratios."""

    floor: float
    ceiling: float
    from_rows: int
    """Tables below this many rows are too small to bound."""


def contents(manifests: Manifests, tables: Mapping[str, str]) -> list[Item]:
    """What a release of these tables (name → kind of key) would hold now."""
    return [
        _item(table, kind, key, entry)
        for table, kind in tables.items()
        for key, entry in manifests.read(table).items()
    ]


def _item(table: str, kind: str, key: str, entry: Entry) -> Item:
    file = f"{table}.parquet" if kind == "none" else f"{table}/{kind}={key}.parquet"
    return Item(table, key, file, entry.sha256, entry.rows, entry.money)


def identity(items: list[Item]) -> str:
    """The hash of a release: over the names and hashes of its files."""
    lines = "\n".join(f"{item.file} {item.sha256}" for item in sorted(items, key=lambda i: i.file))
    return hashlib.sha256(lines.encode()).hexdigest()


def latest(root: Path) -> dict[str, object] | None:
    """The index of the release that readers see; None before the first."""
    try:
        text = (root / "releases" / "latest" / "index.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    index: dict[str, object] = json.loads(text)
    return index


def hold_to_bounds(
    items: list[Item], last: dict[str, object] | None, bounds: Bounds, unbounded: Collection[str] = ()
) -> None:
    """Refuse a release in which a table fell or grew beyond the bounds since the last one.

    `unbounded` tables may: their rows are what somebody should mend.
    """
    if last is None:
        return
    before: dict[str, int] = {}
    for item in last["items"]:  # type: ignore[attr-defined]
        before[item["table"]] = before.get(item["table"], 0) + item["rows"]
    now: dict[str, int] = {}
    for item in items:
        now[item.table] = now.get(item.table, 0) + item.rows
    for table, rows in sorted(before.items()):
        if rows < bounds.from_rows or table in unbounded:
            continue
        found = now.get(table, 0)
        if not rows * bounds.floor <= found <= rows * bounds.ceiling:
            raise ReleaseRefused(
                f"{table} would have {found} rows where the last release has {rows}, beyond the "
                f"bounds of {bounds.floor:g} and {bounds.ceiling:g} times: look at `tongbao plan` "
                "and the deliveries; to let it out, set TONGBAO_RELEASE_FLOOR or "
                "TONGBAO_RELEASE_CEILING for one run."
            )


def write_release(
    manifests: Manifests,
    items: list[Item],
    about: Mapping[str, object],
    beside: list[Item] | None = None,
    files: Mapping[str, tuple[Path, str]] | None = None,
    texts: Mapping[str, str] | None = None,
) -> Path:
    """Write a release and make it `latest`; the same contents are the same release.

    `beside`: files that are in it without being part of its identity (the record of runs); `files`:
    such files that are no tables, as plain name → file and SHA-256 (the notices); `texts`: what is
    written for its readers, by plain name.
    """
    name = identity(items)[:16]
    releases = manifests.root / "releases"
    folder, draft = releases / name, releases / f".{name}.{os.getpid()}"
    if not folder.exists():
        shutil.rmtree(draft, ignore_errors=True)
        for item in [*items, *(beside or [])]:
            target = draft / item.file
            target.parent.mkdir(parents=True, exist_ok=True)
            source = manifests.folder(item.table) / manifests.read(item.table)[item.key].file
            _link(source, target)
        for file, (source, _) in (files or {}).items():
            (draft / file).parent.mkdir(parents=True, exist_ok=True)
            _link(source, draft / file)
        named = [{"file": file, "sha256": sha256} for file, (_, sha256) in (files or {}).items()]
        index = {"release": name, **about, "items": [asdict(item) for item in items], "files": named}
        write_json(draft / "index.json", index)
        for file, text in (texts or {}).items():
            write_bytes(draft / file, text.encode())
        draft.rename(folder)
        sync_folder(releases)
    pointer = releases / f".latest.{os.getpid()}"
    pointer.unlink(missing_ok=True)
    pointer.symlink_to(name)
    pointer.replace(releases / "latest")
    sync_folder(releases)
    return folder


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
