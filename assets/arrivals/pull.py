"""One pull: what is new in the sources is received, one delivery after the other, and recorded in one swap.

A killed pull goes on where it was: what it had stored stands in the record's notes of what is begun.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from assets.arrivals.one_month import hold_to_one_month
from assets.arrivals.receive import Intake
from assets.arrivals.sources import Sources
from assets.storage.deliveries import Delivery

Progress = Callable[[str, str, int, int], None]


def pull(
    root: Path, sources: Sources, received_at: datetime, progress: Progress | None = None
) -> list[Delivery]:
    """Receive what the sources have that was not seen before; the record is swapped last."""
    intake = Intake(root, received_at)
    fresh = sources.news(intake.record).arrivals
    new: list[Delivery] = []
    for count, arrival in enumerate(fresh, start=1):
        if progress:
            _show(progress, intake, arrival.name, count, len(fresh))
        delivery = sources.deliver(arrival, intake)
        if delivery:
            intake.keep(delivery)
            new.append(delivery)
    checked = hold_to_one_month(root, intake.record, new)
    if checked:
        intake.record.add(checked)
    return checked


def _show(progress: Progress, intake: Intake, name: str, count: int, of: int) -> None:
    """Tell which delivery is received, and how many of its rows are done."""
    progress("deliveries", name, count, of)
    intake.on_rows = lambda rows: progress("deliveries", f"{name}: {rows:,} rows", count, of)
