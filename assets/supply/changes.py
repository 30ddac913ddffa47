"""The changelog of releases: what each changed of the one before, said in rows and columns.

Belongs here: comparing two releases by the keys of their tables, and the text that says so. What a
release holds is `assets.storage.releases`'.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl

from assets.storage.releases import Item, identity
from schemas.catalogue import TABLES
from schemas.operations import RELEASE_CHANGES

SHOWN = 30
"""Releases in the text; the table has all."""
HEAD = """\
# 发布变更 · Changes by release

Newest first; rows are compared by the key of their table. The whole record is `release_changes.parquet`.
"""


def release_changes(
    releases: Path,
    files: Mapping[str, Path],
    items: Iterable[Item],
    last: Mapping[str, Any] | None,
    now: datetime,
) -> pl.DataFrame:
    """RELEASE_CHANGES of a release about to be made; no rows where it is the last one again.

    `files`: where each item's file is now, by its name in the release. `last`: the last index.
    """
    found = list(items)
    name = identity(found)[:16]
    before = {item["file"]: item for item in last["items"]} if last else {}
    folder = releases / str(last["release"]) if last else releases
    rows = [
        _row(item, before.get(item.file), files[item.file], folder / item.file)
        for item in found
        if item.file not in before or before[item.file]["sha256"] != item.sha256
    ]
    gone = before.keys() - {item.file for item in found}
    rows += [
        _counted(before[file]["table"], before[file]["key"], "removed", removed=before[file]["rows"])
        for file in gone
    ]
    schema = RELEASE_CHANGES.schema
    frame = pl.DataFrame(rows, schema={n: t for n, t in schema.items() if n not in ("release", "made_at")})
    return (
        frame.with_columns(release=pl.lit(name), made_at=pl.lit(now).cast(schema["made_at"]))
        .select(schema.names())
        .sort("table_name", "partition_key")
    )


def changelog(changes: pl.DataFrame) -> str:
    """The newest releases of RELEASE_CHANGES as Markdown."""
    parts = [HEAD]
    releases = changes.select("release", "made_at").unique().sort("made_at", "release", descending=True)
    for release, made_at in releases.head(SHOWN).iter_rows():
        parts.append(f"\n## {made_at:%Y-%m-%d} {release}\n")
        rows = changes.filter(pl.col("release") == release).sort("table_name", "partition_key")
        parts += [f"- {_sentence(row)}" for row in rows.iter_rows(named=True)]
    return "\n".join(parts) + "\n"


def _row(item: Item, before: Mapping[str, Any] | None, now: Path, then: Path) -> dict[str, Any]:
    if before is None or not then.exists():
        return _counted(item.table, item.key, "added", added=item.rows)
    key = list(TABLES[item.table].key)
    old, new = (pl.scan_parquet(path, glob=False, hive_partitioning=False) for path in (then, now))
    was, has = (set(frame.collect_schema().names()) for frame in (old, new))
    moved = sorted(was ^ has)
    if not set(key) <= was:
        return _counted(item.table, item.key, "changed", item.rows, before["rows"], columns=moved)
    common = [name for name in new.collect_schema().names() if name in was and name not in key]
    both = old.select(*key, *common).join(new.select(*key, *common), on=key, suffix="_now")
    differs = [pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in common]
    counts = both.select(
        pl.any_horizontal(*differs, pl.lit(value=False)).sum().alias("changed:"),
        *(differ.sum().alias(name) for name, differ in zip(common, differs, strict=True)),
    )
    added, removed = (
        a.select(key).join(b.select(key), on=key, how="anti") for a, b in ((new, old), (old, new))
    )
    found = pl.collect_all([counts, added.select(pl.len()), removed.select(pl.len())], engine="streaming")
    by_column = found[0].row(0, named=True)
    changed = int(by_column.pop("changed:"))
    columns = [*moved, *(name for name, count in by_column.items() if count)]
    return _counted(item.table, item.key, "changed", found[1].item(), found[2].item(), changed, columns)


def _counted(
    table: str,
    key: str,
    kind: str,
    added: int = 0,
    removed: int = 0,
    changed: int = 0,
    columns: Iterable[str] = (),
) -> dict[str, Any]:
    return {
        "table_name": table,
        "partition_key": key,
        "kind": kind,
        "rows_added": added,
        "rows_removed": removed,
        "rows_changed": changed,
        "columns": list(columns),
    }


def _sentence(row: Mapping[str, Any]) -> str:
    name = f"{TABLES[row['table_name']].zh} `{row['table_name']}` {row['partition_key']}"
    if row["kind"] == "added":
        return f"{name}: 新增 new, {row['rows_added']:,} rows"
    if row["kind"] == "removed":
        return f"{name}: 删除 gone, {row['rows_removed']:,} rows"
    counts = f"+{row['rows_added']:,} −{row['rows_removed']:,} ~{row['rows_changed']:,} rows"
    columns = ", ".join(f"`{column}`" for column in row["columns"])
    return f"{name}: {counts}{f' ({columns})' if columns else ''}"
