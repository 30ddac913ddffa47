"""A lake of its own from a part of another: what was received, and what was made of just that.

Files are hard links (copies where the disk has none), so a place costs names, not bytes. Call it with
the other lake's lock held. Standard library only.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from assets.storage.deliveries import Deliveries, Delivery
from assets.storage.manifest import Entry, Manifests, write_json


def received_by(record: Deliveries, moment: datetime) -> list[Delivery]:
    """The deliveries received by a moment; all of them, where that lies before the first.

    Before this system's time nothing was received: what was known then is what the sources knew.
    """
    known = [d for d in record.all if datetime.fromisoformat(d.received_at) <= moment]
    return known or record.all


def copy_received(lake: Path, place: Path, deliveries: Sequence[Delivery]) -> None:
    """Bring deliveries, with their pieces, into a place."""
    here, there = Deliveries(lake), Deliveries(place)
    for delivery in deliveries:
        for piece in delivery.pieces.values():
            _link(here.folder / delivery.source / piece.file, there.folder / delivery.source / piece.file)
    write_json(there.folder / "deliveries.json", [asdict(delivery) for delivery in deliveries])


def copy_made(lake: Path, place: Path, tables: Iterable[str], moment: datetime) -> None:
    """Bring keys of tables into a place, but for those that know of rows after a moment.

    What was made from other deliveries than the place has shows as stale there and is made again.
    """
    here, there = Manifests(lake), Manifests(place)
    for table in tables:
        entries = {key: entry for key, entry in here.read(table).items() if _is_of(entry, moment)}
        for entry in entries.values():
            _link(here.folder(table) / entry.file, there.folder(table) / entry.file)
        if entries:
            there.commit(table, entries)


def _is_of(entry: Entry, moment: datetime) -> bool:
    """Whether a key would have been made the same at that moment: no row of it was still to come."""
    newest, due = entry.notes.get("newest"), entry.due_at
    knows_more = newest is not None and newest != "" and datetime.fromisoformat(newest) > moment
    was_due = due is not None and datetime.fromisoformat(due) <= moment
    return not knows_more and not was_due


def _link(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    try:
        target.hardlink_to(source)
    except OSError:
        shutil.copyfile(source, target)
