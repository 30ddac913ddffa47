"""Where deliveries come from: a local drop folder, one in a bucket, or a database.

Each can say what is new without reading it, and hand one delivery to the intake.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from assets.storage.bucket import Bucket
from assets.storage.deliveries import Deliveries, Delivery
from assets.storage.drop_folder import Arrival, has_changed, list_arrivals

if TYPE_CHECKING:
    from assets.arrivals.receive import Intake


@dataclass(frozen=True)
class News:
    """What is new: deliveries to pull, and a sentence for each thing that is left out or waits."""

    arrivals: tuple[Arrival, ...]
    notes: tuple[str, ...] = ()
    is_comparison_due: bool = False
    """Whether what was received is still to be compared with its database this month."""

    def __bool__(self) -> bool:
        """Whether there is a reason to pull."""
        return bool(self.arrivals) or self.is_comparison_due


class Sources(Protocol):
    """A place that deliveries come from."""

    def news(self, record: Deliveries) -> News:
        """What the record does not have yet; cheap."""
        ...

    def deliver(self, arrival: Arrival, intake: Intake) -> Delivery | None:
        """Hand one delivery over; None where there is nothing to take now."""
        ...

    def disagreements(self, root: Path, now: datetime) -> list[str]:
        """Where what was received no longer agrees with the place, when that is to be looked at."""
        ...


@dataclass(frozen=True)
class Folder:
    """A drop folder of this machine."""

    path: Path
    names: Sequence[str]
    """The names of the sources."""

    def news(self, record: Deliveries) -> News:
        """The files that were not seen before, by name, size and age."""
        return _unseen(list_arrivals(self.path, self.names), record)

    def deliver(self, arrival: Arrival, intake: Intake) -> Delivery | None:
        """Receive a file; one that changes meanwhile is still being written, and waits."""
        if has_changed(arrival):
            return None
        delivery = intake.file(arrival)
        return None if has_changed(arrival) else delivery

    def disagreements(self, root: Path, now: datetime) -> list[str]:
        """Files stay as they are: there is nothing to compare."""
        return []


@dataclass(frozen=True)
class Objects:
    """A drop folder in a bucket."""

    bucket: Bucket
    names: Sequence[str]

    def news(self, record: Deliveries) -> News:
        """The objects that were not seen before, by name, size and age."""
        return _unseen(self.bucket.list_arrivals(self.names), record)

    def deliver(self, arrival: Arrival, intake: Intake) -> Delivery:
        """Fetch an object and receive it."""
        with intake.scratch() as scratch:
            return intake.file(replace(arrival, path=self.bucket.fetch(arrival.name, scratch)))

    def disagreements(self, root: Path, now: datetime) -> list[str]:
        """Objects stay as they are: there is nothing to compare."""
        return []


def _unseen(found: tuple[list[Arrival], tuple[str, ...]], record: Deliveries) -> News:
    arrivals, notes = found
    seen = record.seen()
    return News(tuple(arrival for arrival in arrivals if arrival.stamp not in seen), notes)
