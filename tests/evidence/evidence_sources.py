"""Volume: a gigabyte of GB18030, five million rows of PostgreSQL, and a server that goes away meanwhile.

Each pull runs in a process of its own, whose greatest memory is what the system says of it in the end.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl

from schemas.customs import DECLARATIONS
from tests.architecture.modules import ROOT
from tests.evidence.conftest import Record

GIGABYTE = 10**9
BLOCK = 200_000
"""Rows made at once."""
LINES = 4
"""Lines of a declaration."""
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
    "rows": sum(delivery.rows for delivery in new), "accepted": sum(delivery.accepted for delivery in new),
}))
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


def declarations(first: int, rows: int) -> pl.DataFrame:
    """Text of declaration lines over the months of 2024, every one of them in order."""
    at = pl.int_range(first, first + rows, eager=True).alias("at").to_frame()
    number, month = pl.col("at") // LINES, pl.col("at") // LINES // 5000 % 12 + 1
    day = pl.format(
        "2024-{}-{}", month.cast(pl.String).str.zfill(2), (1 + number % 28).cast(pl.String).str.zfill(2)
    )
    values = {
        "declaration_no": pl.format("531620240{}", number.cast(pl.String).str.zfill(9)),
        "line_no": (pl.col("at") % LINES + 1).cast(pl.String),
        "revision": pl.lit("0"), "status": pl.lit("closed"),
        "consignor_uscc": pl.lit("914403007109310121"), "consignor_customs_code": pl.lit("0403160001"),
        "consignor_name": pl.format("深圳市第{}进出口贸易有限责任公司", number % 5000),
        "trading_country": pl.lit("USA"), "arrival_country": pl.lit("USA"),
        "destination_country": pl.lit("USA"), "trade_mode": pl.lit("0110"),
        "hs_code": pl.format("85{}000000", (10 + pl.col("at") % 80).cast(pl.String)).str.head(10),
        "delivery_terms": pl.lit("3"), "currency": pl.lit("USD"),
        "amount": pl.format("{}.{}", pl.col("at") % 90_000 + 1, (10 + pl.col("at") % 90).cast(pl.String)),
        "declared_on": day, "released_on": day, "closed_on": day,
        "updated_at": pl.format("{}T09:00:00Z", day),
    }  # fmt: skip
    return at.select(values.get(name, pl.lit("")).alias(name) for name in DECLARATIONS.names)


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
