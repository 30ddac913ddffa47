"""What a user gets of a delivery, in few words, from the pipeline itself: pull, pieces, versions.

Belongs here: running it and telling what came of it; the balance of rows is asserted on the way. Not
here: what is delivered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from assets.arrivals.pieces import read_pieces
from assets.arrivals.pull import pull
from assets.storage.deliveries import Deliveries, Delivery
from assets.storage.drop_folder import Arrival, list_arrivals
from assets.storage.read_database import SourceDatabaseError, database_changes
from assets.storage.text_rows import FileRefused
from assets.versions import classify
from schemas.customs import DECLARATIONS
from tests.bad_input.forms import SUFFIX, Form, Row, Value, put_into_database, written

NOW = datetime(2025, 3, 1, tzinfo=UTC)
NOTHING = "nothing: an empty source"
Rows = Callable[[list[dict[str, Value]]], Sequence[Row]]
Data = Callable[[bytes], bytes]
After = Callable[[Path], None]


@dataclass(frozen=True)
class Fault:
    """Something that is wrong (or only looks so) with three good declaration lines.

    `rows` changes them before they are written, `data` the bytes of the file, `after` what lies
    around it. `forms` are those that can have the fault.
    """

    name: str
    forms: tuple[Form, ...]
    rows: Rows = list
    data: Data = bytes
    after: After | None = None
    name_of_file: str = "a"


def outcome(fault: Fault, form: Form, folder: Path, good: Sequence[Row]) -> str:
    """What becomes of the good rows in that form with that fault, in an empty lake in `folder`."""
    rows = fault.rows([dict(row) for row in good])
    header = list(dict.fromkeys(name for row in [*rows, *good[: not rows]] for name in row))
    values = [[row.get(name) for name in header] for row in rows]
    root, place = folder / "lake", folder / "sources" / DECLARATIONS.name
    place.mkdir(parents=True)
    if form == "database":
        return _of_database(put_into_database(folder / "source.db", header, values), root, folder, len(rows))
    path = place / f"{fault.name_of_file}{SUFFIX[form]}"
    path.write_bytes(fault.data(written(form, header, values)))
    if fault.after:
        fault.after(path)
    arrivals, left = list_arrivals(folder / "sources", [DECLARATIONS.name])
    found = _told(root, pull(root, arrivals, NOW), len(rows) if fault.data is bytes else None)
    return "; ".join([*(f"left out: {_short(note)}" for note in left), *found]) or "left alone"


def _of_database(url: str, root: Path, folder: Path, rows: int) -> str:
    try:
        path = database_changes(url, DECLARATIONS, None, folder / "scratch")
    except (FileRefused, SourceDatabaseError) as refused:
        return f"refused: {_short(str(refused))}"
    if path is None:
        return NOTHING
    facts = path.stat()
    arrival = Arrival(DECLARATIONS.name, "a.parquet", facts.st_size, facts.st_mtime_ns, path)
    return "; ".join(_told(root, pull(root, [arrival], NOW), rows))


def _told(root: Path, deliveries: Sequence[Delivery], rows: int | None) -> list[str]:
    """Sentences on deliveries, then on their rows; every row received has a fate."""
    told: list[str] = []
    for delivery in deliveries:
        if delivery.refused:
            assert "\n" not in delivery.refused
            assert delivery.refused.endswith(".")
            assert not re.search("traceback|panic|Error:", delivery.refused, re.IGNORECASE)
            told.append(f"refused: {_short(delivery.refused)}")
        elif delivery.same_as:
            told.append(f"recognised as {Path(delivery.same_as).name}")
    taken = [d for d in deliveries if not d.refused and not d.same_as]
    if not taken:
        return told
    record = Deliveries(root)
    keys = sorted({key for delivery in record.all for key in delivery.pieces})
    frames = [classify(read_pieces(root, record, DECLARATIONS, key), DECLARATIONS, NOW) for key in keys]
    fates = pl.concat(frames) if frames else pl.DataFrame({"fate": [], "row": [], "reasons": []})
    received = sum(delivery.rows for delivery in taken)
    blank = sum(int(n) for d in taken for note in d.notes for n in re.findall(r"(\d+) rows without", note))
    assert fates.height == received, "every row received has one fate"
    assert rows is None or received + blank == rows or len(deliveries) > 1, "every row delivered is received"
    accepted = fates.filter(pl.col("fate") == "accepted").height
    return [*told, *_of_rows(accepted, fates), *(_short(note) for d in taken for note in d.notes)]


def _of_rows(accepted: int, fates: pl.DataFrame) -> list[str]:
    told = (
        [f"{accepted} {'row' if accepted == 1 else 'rows'} accepted"] if accepted or fates.is_empty() else []
    )
    for fate, row, reasons in fates.sort("row").select("fate", "row", "reasons").iter_rows():
        if fate == "rejected":
            told.append(f"row {row} refused: {', '.join(f'`{reason}`' for reason in reasons)}")
        elif fate != "accepted":
            told.append(f"row {row} {'waits' if fate == 'waiting' else 'is a duplicate'}")
    return told


def _short(sentence: str) -> str:
    """A sentence without the name of the file that it begins with."""
    text = re.sub(r"^(The table customs_declarations|(customs_declarations/)?[abi]n?[.\w]*):? ", "", sentence)
    text = re.sub(r"^(was left out|is refused): ", "", text)
    return text.rstrip(".").replace("|", "\\|").replace("\t", "\\t")
