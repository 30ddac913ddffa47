"""Hands a month's packages to the portal, each once, and records it in the outbox.

A package is written in the lake, put at its place with the manifest last, and then recorded. A kill
between any two of these changes nothing that the next run does not mend: what is written is not
written again, and a package whose identity is already at its place is recorded and not sent again.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import polars as pl

from assets.push.package import MANIFEST, TABLES, Package, package_name, read_package, write_package
from assets.storage.lake import Lake
from assets.storage.manifest import sync_folder
from assets.storage.outlets import Outlet, outlet
from assets.storage.reporting import load_reporting
from assets.work import House
from schemas.push import PUSH_OUTBOX

ALL = "all"


class DeliveryRefused(RuntimeError):
    """A package that is not sent, in a sentence with what to do next."""


class Sender(House, Protocol):
    """A house that knows where the portal picks packages up from."""

    portal: str


@dataclass(frozen=True)
class Sent:
    """A package that is at its place and recorded; `was_there`: an earlier run had put it there."""

    package: Package
    was_there: bool


def send(house: Sender, month: str) -> list[Sent]:
    """Send what the outbox does not have of a month, in order of supplement."""
    lake = Lake(house.root)
    for table in TABLES.values():
        finding = house.state().judge(table.name, month)
        if finding.verdict != "fresh":
            raise DeliveryRefused(
                f"The list of {month} is not up to date ({finding.why or finding.verdict}): run "
                f"`tongbao push --month {month}`, then send."
            )
    place = outlet(house.portal)
    done = []
    for number in sorted(_numbers(lake, month) - _recorded(lake, month)):
        package = stage(house, lake, month, number)
        was_there = deliver(place, package)
        _record(house, lake, package)
        done.append(Sent(package, was_there))
    _load(house, lake)
    return done


def stage(house: Sender, lake: Lake, month: str, supplement: int) -> Package:
    """The package in the lake, written where it is not there yet."""
    packages = house.root / "packages"
    folder, draft = (packages / (mark + package_name(month, supplement)) for mark in ("", "."))
    if not folder.exists():
        shutil.rmtree(draft, ignore_errors=True)
        rows = {
            name: lake.scan(table, [month]).filter(pl.col("supplement") == supplement)
            for name, table in TABLES.items()
        }
        calendar = house.state().calendar
        terms = calendar.terms[int(calendar.policy_year_of(month) or 0)]
        write_package(draft, month, supplement, rows, terms)
        for path in draft.iterdir():
            _sync(path)
        draft.rename(folder)
        sync_folder(packages)
    package = read_package(folder)
    if faults := package.faults():
        raise DeliveryRefused(
            f"{faults[0]} is not what its manifest says: delete {folder}, then send; it is written again."
        )
    return package


def deliver(place: Outlet, package: Package) -> bool:
    """Put a package at its place, the manifest last; True where it was there already."""
    there = place.get(f"{package.name}/{MANIFEST}")
    if there is not None:
        identity = json.loads(there)["identity"]
        if identity != package.identity:
            raise DeliveryRefused(
                f"The portal has another {package.name} (identity {identity[:12]}, ours is "
                f"{package.identity[:12]}): find out who put it there; nothing was sent or recorded."
            )
        return True
    for name in package.files:
        place.put(f"{package.name}/{name}", package.folder / name)
    return False


def _numbers(lake: Lake, month: str) -> set[int]:
    """The supplements that the month's tables have; the list itself is 0."""
    found = [lake.scan(table, [month]).select("supplement").unique() for table in TABLES.values()]
    return {0, *pl.concat(found).collect()["supplement"]}


def _recorded(lake: Lake, month: str) -> set[int]:
    rows = lake.scan(PUSH_OUTBOX).filter(pl.col("push_month") == month).collect()
    return set(rows["supplement"])


def _record(house: Sender, lake: Lake, package: Package) -> None:
    manifest = package.manifest
    row = pl.DataFrame(
        {
            "push_month": [manifest["push_month"]],
            "supplement": [manifest["supplement"]],
            "package": [package.name],
            "identity": [package.identity],
            "sent_at": [house.now],
            "place": [house.portal],
            "files": [len(package.files)],
            "items": [manifest["counts"]["items"]],
            "enterprises": [manifest["counts"]["enterprises"]],
            "exposure_usd": [Decimal(manifest["sums"]["items.exposure_usd"])],
        },
        schema=PUSH_OUTBOX.schema,
    )
    outbox = pl.concat([lake.scan(PUSH_OUTBOX).collect(), row]).sort(PUSH_OUTBOX.key)
    staged = lake.stage(PUSH_OUTBOX, ALL, outbox.lazy())
    lake.commit(PUSH_OUTBOX.name, {ALL: staged.entry("")})


def _load(house: Sender, lake: Lake) -> None:
    """The outbox as it stands into the reporting database."""
    entry = lake.read(PUSH_OUTBOX.name).get(ALL)
    if entry is not None:
        files = [lake.folder(PUSH_OUTBOX.name) / entry.file]
        load_reporting(house.reporting, {PUSH_OUTBOX.name: (entry.sha256, files)})


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
