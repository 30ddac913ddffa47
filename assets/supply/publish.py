"""The release: bounds, the record of the run, the folder, the reporting database, `latest`.

The database is loaded before `latest` moves; where it fails, both stay as they were.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.eligibility.notice.act import notice_files
from assets.flow import RECORDS, RELEASED, TO_MEND
from assets.storage.deliveries import Deliveries
from assets.storage.lake import Lake
from assets.storage.releases import (
    Item,
    contents,
    hold_to_bounds,
    identity,
    latest,
    write_release,
)
from assets.storage.reporting import load_reporting
from assets.storage.views import duckdb_script
from assets.supply.changes import changelog, release_changes
from assets.work import House
from schemas.exchange import data_contract, data_package
from schemas.operations import RELEASE_CHANGES, RUNS
from schemas.version import CODE_VERSION


@dataclass(frozen=True)
class Released:
    """What a release holds."""

    name: str
    folder: Path
    files: int
    rows: int
    loaded: dict[str, int]


def publish_release(house: House, run: str) -> Released:
    """Publish what the lake holds now."""
    lake = Lake(house.root)
    last = latest(house.root)
    items = contents(lake, RELEASED)
    hold_to_bounds(items, last, house.bounds, unbounded=TO_MEND)
    _record_run(lake, house, run, items, last)
    changes = _record_changes(lake, house, items, last)
    everything = [*items, *contents(lake, RECORDS)]
    loaded = load_reporting(house.reporting, _by_table(lake, everything))
    state = house.state()
    about = {
        "made_at": house.now.isoformat(),
        "code_version": CODE_VERSION,
        "terms_version": state.calendar.terms_version,
        "register": {"acts": len(state.register.acts), "sha256": state.register.tip},
    }
    notices = notice_files(state.register)
    texts = _texts(everything, changes, identity(items)[:16], house.now.isoformat())
    folder = write_release(lake, items, about, beside=contents(lake, RECORDS), files=notices, texts=texts)
    return Released(
        name=folder.name,
        folder=folder,
        files=len(items),
        rows=sum(item.rows for item in items),
        loaded=loaded,
    )


def _texts(items: list[Item], changes: pl.DataFrame, release: str, made_at: str) -> dict[str, str]:
    """What a release holds for its readers beside the files: their description and its changelog."""
    files: dict[str, list[str]] = {}
    for item in sorted(items, key=lambda item: item.file):
        files.setdefault(item.table, []).append(item.file)
    return {
        "datapackage.json": _json(data_package(files, release, made_at)),
        "datacontract.odcs.json": _json(data_contract()),
        "duckdb.sql": duckdb_script(files),
        "CHANGES.md": changelog(changes),
    }


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _record_changes(
    lake: Lake, house: House, items: list[Item], last: dict[str, object] | None
) -> pl.DataFrame:
    """Add to the changelog what this release changes of the last one; the whole changelog."""
    files = {item.file: lake.folder(item.table) / lake.read(item.table)[item.key].file for item in items}
    news = release_changes(house.root / "releases", files, items, last, house.now)
    earlier = lake.scan(RELEASE_CHANGES).filter(pl.col("release") != identity(items)[:16]).collect()
    changes = pl.concat([earlier, news]).sort(RELEASE_CHANGES.key)
    staged = lake.stage(RELEASE_CHANGES, "all", changes.lazy())
    lake.commit(RELEASE_CHANGES.name, {"all": staged.entry("")})
    return changes


def _by_table(lake: Lake, items: list[Item]) -> dict[str, tuple[str, list[Path]]]:
    tables: dict[str, list[Item]] = {}
    for item in items:
        tables.setdefault(item.table, []).append(item)
    return {
        table: (
            identity(its),
            [lake.folder(table) / lake.read(table)[item.key].file for item in its],
        )
        for table, its in tables.items()
    }


def _record_run(
    lake: Lake, house: House, run: str, items: list[Item], last: dict[str, object] | None
) -> None:
    """Add the run to the table of runs: what came in since the last one, what is new in it."""
    earlier = lake.scan(RUNS).collect()
    known = {name for inputs in earlier["inputs"] for name in json.loads(inputs)}
    inputs = {
        d.name: {"sha256": d.sha256, "rows": d.rows}
        for d in Deliveries(house.root).all
        if d.name not in known
    }
    before = {i["file"]: i["sha256"] for i in last["items"]} if last else {}  # type: ignore[attr-defined]
    outputs = {
        item.file: {"sha256": item.sha256, "rows": item.rows}
        for item in items
        if before.get(item.file) != item.sha256
    }
    row = pl.DataFrame(
        {
            "run": [run],
            "started_at": [house.now],
            "inputs": [json.dumps(inputs, ensure_ascii=False)],
            "outputs": [json.dumps(outputs, ensure_ascii=False)],
            "terms_version": [house.state().calendar.terms_version],
            "code_version": [CODE_VERSION],
        },
        schema=RUNS.schema,
    )
    staged = lake.stage(RUNS, "all", pl.concat([earlier, row]).lazy())
    lake.commit(RUNS.name, {"all": staged.entry("")})
