"""One delivery: a file is read as text, judged batch by batch, held to its control file and stored.

A file is refused whole, with a sentence, when it cannot be read or does not match its control file.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from assets.arrivals.pieces import Pieces, batches
from assets.storage.deliveries import Delivery
from assets.storage.drop_folder import Arrival
from assets.storage.read_file import read_control, read_file
from assets.storage.text_rows import FileRefused
from assets.validation import folded, judge
from schemas.catalogue import SOURCES

BY_NAME = {source.name: source for source in SOURCES}


def blank(arrival: Arrival, sha256: str, received_at: datetime) -> Delivery:
    """The record of a delivery of which nothing was read yet."""
    return Delivery(
        source=arrival.source,
        name=arrival.name,
        size=arrival.size,
        modified_ns=arrival.modified_ns,
        sha256=sha256,
        received_at=received_at.isoformat(),
    )


def receive(root: Path, arrival: Arrival, sha256: str, received_at: datetime) -> Delivery:
    """Read, judge and store one file; a refusal is in the result, not raised.

    What is gathered on the way lies in the lake, where the next night's sweep finds what a killed
    run left; the system's own scratch folder may be memory.
    """
    source, unread = BY_NAME[arrival.source], blank(arrival, sha256, received_at)
    (root / "received").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root / "received", prefix=".scratch-") as scratch:
        pieces, folds = Pieces(source, Path(scratch)), Counter[str]()
        try:
            text = read_file(arrival.path, source, Path(scratch))
            for batch in batches(text.frame):
                pieces.add(judge(batch.lazy(), source))
                folds.update(folded(batch, source))
            _hold_to_control(arrival, pieces)
        except FileRefused as refusal:
            return replace(unread, refused=str(refusal))
        return replace(
            unread,
            rows=pieces.rows,
            rejected=pieces.rejected,
            reasons=dict(sorted(pieces.reasons.items())),
            amount_sum=pieces.amount_sum,
            encoding=text.encoding,
            notes=(*text.notes, *_folded_notes(folds, arrival.name.rpartition("/")[2])),
            corrects=text.corrects,
            pieces=pieces.store(root, sha256),
        )


def _folded_notes(folds: Mapping[str, int], file: str) -> list[str]:
    return [f"{file}: {count} cells of {name} were folded to half width." for name, count in folds.items()]


def _hold_to_control(arrival: Arrival, pieces: Pieces) -> None:
    control = read_control(arrival.path)
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
            arrival.name,
            f"does not match its control file, which says {' and '.join(found)}",
            "deliver the complete file, or a right control file, again",
        )
