"""What a pull takes: files refused once and put right, and the same bytes under two names."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from assets.arrivals.pull import pull
from assets.arrivals.sources import Folder
from assets.flow import SOURCE_NAMES
from assets.storage.deliveries import Deliveries, Delivery

NOW = datetime(2025, 5, 15, tzinfo=UTC)
HEAD = "month,currency,source,usd_per_unit,published_on,updated_at"
RATE = f"{HEAD}\n2025-01,EUR,customs,1.1,2025-01-02,2025-01-03T00:00:00Z\n"


def drop(folder: Path, name: str, rows: int | None, at: int) -> None:
    """A file of one rate; `rows`: what its control file says, delivered at that second."""
    path = folder / "sources" / "exchange_rates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(RATE, "utf-8")
        os.utime(path, (at, at))
    if rows is not None:
        control = path.with_name(f"{name}.control.json")
        control.write_text(json.dumps({"rows": rows}), "utf-8")
        os.utime(control, (at, at))


def pulled(folder: Path) -> list[Delivery]:
    """A pull of what is new."""
    return pull(folder / "lake", Folder(folder / "sources", SOURCE_NAMES), NOW)


def test_a_corrected_control_file_delivers_its_file_again(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv", rows=2, at=1_000)
    assert "does not match its control file" in (pulled(tmp_path)[0].refused or "")
    assert pulled(tmp_path) == []

    drop(tmp_path, "a.csv", rows=1, at=2_000)

    (again,) = pulled(tmp_path)
    assert (again.refused, again.rows, again.same_as) == (None, 1, None)
    assert pulled(tmp_path) == []


def test_the_same_bytes_beside_a_refused_file_are_taken(tmp_path: Path) -> None:
    drop(tmp_path, "a.csv", rows=2, at=1_000)
    drop(tmp_path, "b.csv", rows=None, at=1_000)
    drop(tmp_path, "c.csv", rows=None, at=1_000)

    a, b, c = pulled(tmp_path)

    assert a.refused
    assert (b.rows, b.same_as) == (1, None)
    assert (c.rows, c.same_as) == (0, "exchange_rates/b.csv")
    assert len(Deliveries(tmp_path / "lake").all) == 3
