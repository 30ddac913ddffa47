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
from assets.work import House
from schemas.operations import RUNS
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
    folder = write_release(lake, items, about, beside=contents(lake, RECORDS), files=notices)
    return Released(
        name=folder.name,
        folder=folder,
        files=len(items),
        rows=sum(item.rows for item in items),
        loaded=loaded,
    )


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
