"""One delivery: a file is read as text, judged batch by batch, held to its control file and stored.

A file is refused whole, with a sentence, when it cannot be read or does not match its control file.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from assets.arrivals.pieces import Pieces, batches
from assets.storage.deliveries import Deliveries, Delivery
from assets.storage.drop_folder import Arrival, sha256_of
from assets.storage.read_file import read_control, read_file
from assets.storage.runs import Runs
from assets.storage.streams import ahead
from assets.storage.text_rows import FileRefused
from assets.validation import judge_runs
from schemas.catalogue import SOURCES

BY_NAME = {source.name: source for source in SOURCES}
Look = Callable[[Runs], Runs]
"""What is done with judged rows before they are kept."""


class Intake:
    """Where deliveries are received: the lake, what it has received so far, and the moment."""

    def __init__(self, root: Path, received_at: datetime) -> None:
        """Read the record, and what a killed pull had stored."""
        self.root, self.received_at = root, received_at
        self.record = Deliveries(root)
        self.begun = [delivery for delivery in self.record.begun() if not delivery.refused]
        self._known = self.record.by_content()
        self.on_rows: Callable[[int], object] = int
        """Told how many rows of the present delivery are done."""

    def file(self, arrival: Arrival) -> Delivery:
        """Receive the file at `arrival.path`, unless its content was received before."""
        unread = self.unread(arrival, sha256_of(arrival.path))
        if twin := self._known.get((unread.source, unread.sha256)):
            return replace(unread, same_as=twin.name)
        stored = (d for d in self.begun if (d.stamp, d.sha256) == (unread.stamp, unread.sha256))
        return next(stored, None) or self.receive(arrival.path, unread)

    def unread(self, arrival: Arrival, sha256: str) -> Delivery:
        """The record of a delivery of which nothing was read yet."""
        return Delivery(
            source=arrival.source,
            name=arrival.name,
            size=arrival.size,
            modified_ns=arrival.modified_ns,
            sha256=sha256,
            received_at=self.received_at.isoformat(),
        )

    def receive(self, path: Path, unread: Delivery, look: Look | None = None) -> Delivery:
        """Read, judge and store one file; a refusal is in the result, not raised."""
        source = BY_NAME[unread.source]
        with self.scratch() as scratch:
            pieces, folds = Pieces(source, scratch), Counter[str]()
            try:
                text = read_file(path, source, scratch)
                read = ahead(batches(text, source, scratch))
                for judged in ahead(judge_runs(batch, source, folds) for batch in read):
                    pieces.add(look(judged) if look else judged)
                    self.on_rows(pieces.rows)
                _hold_to_control(path, unread.name, pieces)
            except FileRefused as refusal:
                return replace(unread, refused=_with_folder(str(refusal), path.name, unread.name))
            return replace(
                unread,
                rows=pieces.rows,
                rejected=pieces.rejected,
                reasons=dict(sorted(pieces.reasons.items())),
                amount_sum=pieces.amount_sum,
                encoding=text.encoding,
                notes=(*text.notes, *_folded_notes(folds, unread.name.rpartition("/")[2])),
                corrects=tuple(sorted(text.corrects)),
                pieces=pieces.store(self.root, unread.sha256),
            )

    def keep(self, delivery: Delivery) -> None:
        """Note a delivery that is stored, while the pull goes on."""
        if not delivery.same_as and not delivery.refused:
            self._known[delivery.source, delivery.sha256] = delivery
        if not delivery.same_as and delivery not in self.begun:
            self.record.begin(delivery)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for the while, in the lake, where the next night's sweep finds what a killed run
        left; the system's own place for such things may be memory."""
        (self.root / "received").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.root / "received", prefix=".scratch-") as folder:
            yield Path(folder)


def _with_folder(sentence: str, file: str, name: str) -> str:
    """The sentence about a file with its whole name: every source may have a `2025.csv`."""
    return name + sentence.removeprefix(file) if sentence.startswith(f"{file} ") else sentence


def _folded_notes(folds: Mapping[str, int], file: str) -> list[str]:
    return [f"{file}: {count} cells of {name} were folded to half width." for name, count in folds.items()]


def _hold_to_control(path: Path, name: str, pieces: Pieces) -> None:
    control = read_control(path)
    if control is None:
        return
    found: list[str] = []
    if control.rows is not None and control.rows != pieces.rows:
        found.append(f"{control.rows} rows where the file has {pieces.rows}")
    if control.amount_sum is not None and pieces.amount_sum is not None:
        expected = control.amount_sum
        if expected != Decimal(pieces.amount_sum):
            found.append(f"an amount sum of {expected} where the file has {pieces.amount_sum}")
    if found:
        raise FileRefused(
            name,
            f"does not match its control file, which says {' and '.join(found)}",
            "deliver the complete file, or a right control file, again",
        )
