"""The record of deliveries: what came, what it held, and which pieces it became.

Written last in a pull, in one swap: a pull that dies leaves the record as it was. The files that it
had stored stand in `begun.jsonl` meanwhile, so that the next pull does not read them again.
Standard library only, since a night with nothing new reads nothing but this and the manifests.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from assets.storage.manifest import json_line, write_bytes, write_json
from schemas.calendar import local_date, month_of

UNPLACED = "unplaced"
"""The key of declaration rows whose number cannot be read."""
UNDATED = "-00"
"""After a year: declaration rows of that year whose day of declaration cannot be read."""


@dataclass(frozen=True)
class Piece:
    """The typed rows of one delivery for one key (a declared month, or `all`)."""

    file: str
    sha256: str
    rows: int
    rejected: int
    newest: str | None
    """The greatest updated_at, ISO in UTC."""


@dataclass(frozen=True)
class Delivery:
    """One file (or one reading of a source table)."""

    source: str
    name: str
    size: int
    modified_ns: int
    sha256: str
    received_at: str
    rows: int = 0
    rejected: int = 0
    """Rows refused at receipt; they are judged again whenever codes or rules change."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Reason → rows that it refused at receipt; a row may have several."""
    amount_sum: str | None = None
    encoding: str = ""
    notes: tuple[str, ...] = ()
    refused: str | None = None
    """The sentence that refuses the whole delivery; it then has no pieces."""
    same_as: str | None = None
    """The name of the earlier delivery with the same bytes; it then has no pieces."""
    read_from: str | None = None
    """Of a table of a database: the cursor that the reading began at."""
    read_to: str | None = None
    """Of a table of a database: its cursor, the greatest updated_at read (ISO, UTC)."""
    known: int = 0
    """Of a table of a database: rows read again for the overlap, and left out."""
    answer: Mapping[str, str] | None = None
    """Of a table of a database: what it answers while nothing has changed (`read_database.ask`)."""
    corrects: tuple[str, ...] = ()
    """The refused rows that its rows correct (schemas.operations.CORRECTS)."""
    pieces: Mapping[str, Piece] = field(default_factory=dict)

    @property
    def accepted(self) -> int:
        """Rows that no reason refused at receipt."""
        return self.rows - self.rejected

    @property
    def stamp(self) -> tuple[str, str, int, int]:
        """What tells, without reading it, that a file was seen before."""
        return (self.source, self.name, self.size, self.modified_ns)


def first_told(earlier: Iterable[Delivery], new: Iterable[Delivery]) -> list[str]:
    """The notes on new deliveries that no earlier one of the same source had in the same words.

    A column that is left out is told once, not every month.
    """
    told = {(delivery.source, words) for delivery in earlier for words in _words(delivery)}
    found = []
    for delivery in new:
        for note, words in zip(delivery.notes, _words(delivery), strict=True):
            if (delivery.source, words) not in told:
                found.append(note)
            told.add((delivery.source, words))
    return found


def _words(delivery: Delivery) -> list[str]:
    """Its notes without the file's name."""
    file = delivery.name.rpartition("/")[2]
    return [note.removeprefix(f"{file}: ") for note in delivery.notes]


class Deliveries:
    """All deliveries of a lake, in the order in which they were received."""

    def __init__(self, root: Path) -> None:
        """Read the record of the lake at `root`."""
        self.folder = root / "received"
        self._file = self.folder / "deliveries.json"
        self._begun = self.folder / "begun.jsonl"
        try:
            facts = self._file.stat()
        except FileNotFoundError:
            self.all: list[Delivery] = []
        else:
            self.all = [*_read(self._file, facts.st_ino, facts.st_mtime_ns, facts.st_size)]

    def add(self, new: Iterable[Delivery]) -> None:
        """Record deliveries; this is the commit of a pull."""
        self.all = [*self.all, *new]
        lines = ",\n".join(_line(delivery) for delivery in self.all)
        write_bytes(self._file, f"[\n{lines}\n]\n".encode())
        self._begun.unlink(missing_ok=True)

    def begin(self, delivery: Delivery) -> None:
        """Note a delivery whose pieces are stored, while its pull goes on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self._begun.open("a", encoding="utf-8") as file:
            file.write(f"\n{_line(delivery)}\n")
            file.flush()
            os.fsync(file.fileno())

    def begun(self) -> list[Delivery]:
        """What a killed pull had stored; a line that it did not finish counts for nothing."""
        if not self._begun.exists():
            return []
        found = []
        for line in self._begun.read_bytes().splitlines():
            with suppress(ValueError):
                found += [_delivery(json.loads(line))]
        return found

    def last_reading(self, source: str, name: str) -> Delivery | None:
        """The last delivery of a table of a database that was taken; its cursor is where to go on."""
        readings = (
            d
            for d in reversed(self.all)
            if (d.source, d.name) == (source, name) and d.answer is not None and not d.refused
        )
        return next(readings, None)

    def seen(self) -> set[tuple[str, str, int, int]]:
        """The stamps of all files seen."""
        return {delivery.stamp for delivery in self.all}

    def by_content(self) -> dict[tuple[str, str], Delivery]:
        """(source, sha256) → the delivery that brought it."""
        return {(d.source, d.sha256): d for d in self.all if not d.same_as and not d.refused}

    def corrected(self, source: str) -> frozenset[str]:
        """The refused rows of a source that a delivery corrects (schemas.operations.CORRECTS)."""
        return frozenset(
            row for delivery in self.all if delivery.source == source for row in delivery.corrects
        )

    def corrected_rows(self) -> dict[str, list[str]]:
        """First digits of a delivery's SHA-256 → its rows that another one corrects, in order."""
        found: dict[str, set[str]] = {}
        for delivery in self.all:
            for name in delivery.corrects:
                found.setdefault(name.partition("#")[0], set()).add(name)
        return {sha256: sorted(rows) for sha256, rows in found.items()}

    def pieces(self, source: str, key: str | None = None) -> list[tuple[Delivery, str, Piece]]:
        """The pieces of a source, of one key or of all: (delivery, key, piece)."""
        return [
            (delivery, at, piece)
            for delivery in self.all
            if delivery.source == source
            for at, piece in delivery.pieces.items()
            if key is None or at == key
        ]


class Compared:
    """In which month the rows received were last found to agree with the database they come from."""

    def __init__(self, root: Path) -> None:
        """Look at the lake at `root`."""
        self._file = root / "received" / "compared.json"

    @property
    def month(self) -> str:
        """`YYYY-MM`, as in Shenzhen; empty where they were never compared."""
        try:
            return str(json.loads(self._file.read_text(encoding="utf-8"))["month"])
        except FileNotFoundError:
            return ""

    def is_due(self, now: datetime) -> bool:
        """Whether this month's comparison is still to be made."""
        return self.month < month_of(local_date(now))

    def note(self, now: datetime) -> None:
        """They agree."""
        write_json(self._file, {"month": month_of(local_date(now)), "at": now.isoformat()})


@lru_cache(maxsize=2)
def _read(file: Path, *_: int) -> tuple[Delivery, ...]:
    """The deliveries in a file, whose place, age and size the numbers are: each state is read once."""
    return tuple(_delivery(item) for item in json.loads(file.read_text(encoding="utf-8")))


def _line(delivery: Delivery) -> str:
    pieces = {key: vars(piece) for key, piece in delivery.pieces.items()}
    return json_line({**vars(delivery), "pieces": pieces})


def _delivery(item: dict[str, object]) -> Delivery:
    delivery = Delivery(**item)  # type: ignore[arg-type]
    pieces = {key: Piece(**piece) for key, piece in item["pieces"].items()}  # type: ignore[attr-defined]
    return replace(delivery, notes=tuple(delivery.notes), corrects=tuple(delivery.corrects), pieces=pieces)
