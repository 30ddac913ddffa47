"""Verify: everything that was recorded, computed again: what was received, tables, register, releases.

Reads only. Each fault is a sentence that names the file; one fault does not keep the others from
being found.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from assets.eligibility.register import Register, RegisterBroken
from assets.push.package import read_package
from assets.storage.deliveries import Deliveries
from assets.storage.drop_folder import sha256_of
from assets.storage.lake import Lake
from assets.storage.manifest import Entry
from assets.storage.releases import Item, identity
from assets.storage.reporting import ReportingError, count_and_sums
from schemas.catalogue import TABLES


@dataclass
class Verified:
    """What was looked at, and what is wrong."""

    files: int = 0
    acts: int = 0
    loaded: int = 0
    """Tables of the reporting database."""
    faults: list[str] = field(default_factory=list)


def verify_lake(root: Path, reporting: str) -> Verified:
    """Hold every file of a lake, its register and its releases to what was recorded of them."""
    found = Verified()
    register = _register(root, found)
    _received(root, found)
    _tables(root, found)
    _packages(root, found)
    for release in sorted(path for path in (root / "releases").glob("[!.]*") if not path.is_symlink()):
        _release(release, register, found)
    _reporting(root, reporting, found)
    return found


def _hold(path: Path, sha256: str, of: str, found: Verified) -> bool:
    """Count a file and compare it with its hash."""
    found.files += 1
    if path.is_file() and sha256_of(path) == sha256:
        return True
    found.faults.append(f"{path} is not what {of} says: restore it from the backup.")
    return False


def _register(root: Path, found: Verified) -> Register | None:
    try:
        register = Register(root)
    except RegisterBroken as broken:
        found.faults.append(broken.args[0])
        return None
    found.acts = len(register.acts)
    for act in register.acts:
        for what, path in register.kept_of(act).items():
            _hold(path, act.detail[f"{what}_sha256"], f"entry {act.sequence} of the register", found)
    return register


def _received(root: Path, found: Verified) -> None:
    """What was received: editions are rebuilt from it."""
    try:
        record = Deliveries(root)
    except (ValueError, TypeError, KeyError):
        found.faults.append(f"{root / 'received' / 'deliveries.json'} cannot be read: restore it.")
        return
    for delivery in record.all:
        for piece in delivery.pieces.values():
            path = record.folder / delivery.source / piece.file
            _hold(path, piece.sha256, f"the record of {delivery.name}", found)


def _packages(root: Path, found: Verified) -> None:
    """What was handed to the portal, as the lake keeps it."""
    for folder in sorted((root / "packages").glob("[!.]*")):
        try:
            package = read_package(folder)
        except (OSError, ValueError):
            found.faults.append(f"{folder} has no manifest that can be read: restore it from the backup.")
            continue
        for file in package.manifest["files"]:
            _hold(folder / file["name"], file["sha256"], f"the manifest of {package.name}", found)


def _tables(root: Path, found: Verified) -> None:
    lake = Lake(root)
    for table in TABLES.values():
        try:
            entries = lake.read(table.name)
        except (ValueError, TypeError, KeyError):
            found.faults.append(f"{lake.folder(table.name) / 'manifest.json'} cannot be read: restore it.")
            continue
        for key, entry in entries.items():
            path = lake.folder(table.name) / entry.file
            if _hold(path, entry.sha256, f"its manifest (key {key})", found):
                _totals(path, entry, table.money, found)


def _totals(path: Path, entry: Entry, money: str | None, found: Verified) -> None:
    """A key's control totals: rows, and the sum of its money."""
    exact = pl.col(money).cast(pl.Decimal(38, 4)).sum() if money else pl.lit(None)
    rows, total = pl.scan_parquet(path, glob=False).select(pl.len(), exact.alias("sum")).collect().row(0)
    if rows != entry.rows or (str(total) if money else None) != entry.money:
        found.faults.append(
            f"{path} has {rows:,} rows and a sum of {total}, its manifest says {entry.rows:,} and "
            f"{entry.money}: restore the manifest."
        )


def _release(folder: Path, register: Register | None, found: Verified) -> None:
    """A release: its index against its name, its files against the index, its register against ours."""
    try:
        index: dict[str, Any] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        items = [Item(**item) for item in index["items"]]
    except (OSError, ValueError, TypeError, KeyError):
        found.faults.append(f"{folder / 'index.json'} cannot be read: publish the release again.")
        return
    if identity(items)[:16] != folder.name or index["release"] != folder.name:
        found.faults.append(f"{folder / 'index.json'} is not the index of this release: restore it.")
    for item in items:
        _hold(folder / item.file, item.sha256, "the release's index", found)
    for named in index.get("files", ()):
        _hold(folder / named["file"], named["sha256"], "the release's index", found)
    head = index.get("register")
    if register and head and head["acts"]:
        of = register.acts[head["acts"] - 1] if head["acts"] <= len(register.acts) else None
        if of is None or of.sha256 != head["sha256"]:
            found.faults.append(
                f"The register is not the one that release {folder.name} was made with, which had "
                f"{head['acts']} entries: it was cut or rewritten; restore it from the backup."
            )


def _reporting(root: Path, url: str, found: Verified) -> None:
    """The reporting database against the latest release: rows and exact sums of every table."""
    if not (root / "releases").exists():
        return
    try:
        text = (root / "releases" / "latest" / "index.json").read_text(encoding="utf-8")
        items = [Item(**item) for item in json.loads(text)["items"]]
    except (OSError, ValueError, TypeError, KeyError):
        found.faults.append(f"{root / 'releases' / 'latest'} shows no release: run `tongbao nightly`.")
        return
    for name in dict.fromkeys(item.table for item in items if item.table in TABLES):
        its = [item for item in items if item.table == name]
        rows, money = sum(item.rows for item in its), sum(Decimal(item.money or 0) for item in its)
        try:
            there, total = count_and_sums(url, TABLES[name])
        except ReportingError as missing:
            found.faults.append(missing.args[0])
            continue
        found.loaded += 1
        if there != rows or (total is not None and Decimal(total) != money):
            found.faults.append(
                f"The reporting database has {there:,} rows and a sum of {total} in {name}, the release "
                f"{rows:,} and {money}: load the release again."
            )
