"""Files that nothing names any more: what a killed run left, what later runs replaced.

Belongs here: deleting them. Call it with the lake's lock held and before anything is written: then
no other run has files staged, and what this run replaces stays for its readers until the next.
Where a manifest or the record of deliveries is not there, nothing of it is deleted. Releases have
links (or copies) of their own and are left alone. Standard library only.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from assets.storage.deliveries import Deliveries
from assets.storage.manifest import Manifests


def sweep(root: Path) -> int:
    """Delete the files of the lake at `root` that nothing names; how many there were."""
    manifests, record = Manifests(root), Deliveries(root)
    gone = 0
    for folder in _folders(root / "tables"):
        if (folder / "manifest.json").exists():
            named = {entry.file for entry in manifests.read(folder.name).values()}
            gone += _sweep_folder(folder, named)
    received = [*record.all, *record.begun()]
    if received:
        named = {piece.file for delivery in received for piece in delivery.pieces.values()}
        gone += sum(_sweep_folder(folder, named) for folder in _folders(record.folder))
    return (
        gone
        + _sweep_drafts(record.folder)
        + _sweep_drafts(root / "releases")
        + _sweep_drafts(root / "packages")
    )


def _folders(parent: Path) -> list[Path]:
    return sorted(path for path in parent.glob("*") if path.is_dir() and not path.is_symlink())


def _sweep_folder(folder: Path, named: Collection[str]) -> int:
    """Delete the drafts of a folder, and its Parquet files that are not among the named."""
    unnamed = [path for path in sorted(folder.glob("[!.]*.parquet")) if path.name not in named]
    for path in unnamed:
        path.unlink()
    return len(unnamed) + _sweep_drafts(folder)


def _sweep_drafts(folder: Path) -> int:
    """Delete what was written beside its place and never moved there: hidden files and folders."""
    drafts = sorted(folder.glob(".*"))
    for path in drafts:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    return len(drafts)
