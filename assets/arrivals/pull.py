"""One pull: what is new in the sources is received, file by file, and recorded in one swap.

A killed pull goes on where it was: what it had stored stands in the record's notes of what is begun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from assets.arrivals.one_month import hold_to_one_month
from assets.arrivals.receive import blank, receive
from assets.storage.deliveries import Deliveries, Delivery
from assets.storage.drop_folder import Arrival, sha256_of

Progress = Callable[[str, str, int, int], None]


def pull(
    root: Path,
    arrivals: Sequence[Arrival],
    received_at: datetime,
    progress: Progress | None = None,
) -> list[Delivery]:
    """Receive the files of the drop folder that were not seen before; the record is swapped last."""
    record = Deliveries(root)
    seen, known = record.seen(), record.by_content()
    begun = {(d.stamp, d.sha256): d for d in record.begun() if not d.refused}
    fresh = [a for a in arrivals if (a.source, a.name, a.size, a.modified_ns) not in seen]
    new: list[Delivery] = []
    for count, arrival in enumerate(fresh, start=1):
        if progress:
            progress("deliveries", arrival.name, count, len(fresh))
        sha256 = sha256_of(arrival.path)
        unread = blank(arrival, sha256, received_at)
        if twin := known.get((arrival.source, sha256)):
            delivery = replace(unread, same_as=twin.name)
        elif stored := begun.get((unread.stamp, sha256)):
            delivery = known[arrival.source, sha256] = stored
        else:
            delivery = receive(root, arrival, sha256, received_at)
            record.begin(delivery)
            if not delivery.refused:
                known[arrival.source, sha256] = delivery
        new.append(delivery)
    checked = hold_to_one_month(root, record, new)
    if checked:
        record.add(checked)
    return checked
