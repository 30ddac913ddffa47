"""What a user gets of a delivery, in few words, from the pipeline itself: pull, pieces, versions.

Belongs here: running it and telling what came of it; the balance of rows is asserted on the way. Not
here: what is delivered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from assets.arrivals.database import Database
from assets.arrivals.pieces import read_pieces
from assets.arrivals.pull import pull
from assets.arrivals.sources import Folder, Sources
from assets.storage.deliveries import Deliveries, Delivery
from assets.storage.read_database import SourceDatabaseError
from assets.storage.text_rows import FileRefused
from assets.versions import classify
from schemas.customs import DECLARATIONS
from tests.bad_input.forms import SUFFIX, Form, Row, Value, put_into_database, written

NOW = datetime(2025, 3, 1, tzinfo=UTC)
NOTHING = "nothing to take"
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


def outcome(fault: Fault, form: Form, folder: Path, good: Sequence[Row]) -> str:
    """What becomes of the good rows in that form with that fault, in an empty lake in `folder`."""
    rows = fault.rows([dict(row) for row in good])
    header = list(dict.fromkeys(name for row in [*rows, *good[: not rows]] for name in row))
    values = [[row.get(name) for name in header] for row in rows]
    root, place = folder / "lake", folder / "sources" / DECLARATIONS.name
    place.mkdir(parents=True)
    if form == "database":
        url = put_into_database(folder / "source.db", header, values)
        sources: Sources = Database(url, timedelta(0), [DECLARATIONS], NOW)
    else:
        path = place / f"a{SUFFIX[form]}"
        path.write_bytes(fault.data(written(form, header, values)))
        if fault.after:
            fault.after(path)
        sources = Folder(folder / "sources", [DECLARATIONS.name])
    try:
        left = sources.news(Deliveries(root)).notes
        deliveries = pull(root, sources, NOW)
    except (FileRefused, SourceDatabaseError) as refused:
        return f"refused: {_short(str(refused))}"
    found = _told(root, deliveries, len(rows) if fault.data is bytes else None)
    return "; ".join([*(f"left out: {_short(note)}" for note in left), *found]) or NOTHING


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
    table = r"The table customs_declarations|customs_declarations of \S+|source.db"
    begin = rf"{table}|(customs_declarations/)?[ai]n?[.\w]*"
    text = re.sub(f"^({begin}):? ", "", sentence)
    text = re.sub(r"^(was left out|is refused): ", "", text)
    return text.rstrip(".").replace("|", "\\|").replace("\t", "\\t")
