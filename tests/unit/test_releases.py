"""Releases: identity, plain names, hard links, bounds, and one swap of `latest`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from assets.storage import releases
from assets.storage.manifest import Entry, Manifests
from assets.storage.releases import (
    Bounds,
    Item,
    ReleaseRefused,
    contents,
    hold_to_bounds,
    identity,
    latest,
    write_release,
)

KINDS = {"roster": "policy_year", "rejected_rows": "none"}
BOUNDS = Bounds(0.5, 2.0, 100)


@pytest.fixture
def lake(tmp_path: Path) -> Manifests:
    """A lake with two tables, three files."""
    lake = Manifests(tmp_path)
    for table, key in (("roster", "2024"), ("roster", "2025"), ("rejected_rows", "all")):
        put(lake, table, key, "1")
    return lake


def put(lake: Manifests, table: str, key: str, content: str) -> None:
    """Commit a file of some content."""
    lake.folder(table).mkdir(parents=True, exist_ok=True)
    (lake.folder(table) / f"{key}-{content}.parquet").write_text(content)
    lake.commit(table, {key: Entry(f"{key}-{content}.parquet", content, 10, None, "")})


def release(lake: Manifests) -> Path:
    return write_release(lake, contents(lake, KINDS), {"made_at": "now"})


def items(**rows: int) -> list[Item]:
    return [Item(table, "all", f"{table}.parquet", "1", count, None) for table, count in rows.items()]


def index(**rows: int) -> dict[str, object]:
    return {"items": [{"table": table, "rows": count} for table, count in rows.items()]}


def test_a_release_has_plain_names_and_an_index(lake: Manifests) -> None:
    folder = release(lake)
    files = {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}
    listed = {"roster/policy_year=2024.parquet", "roster/policy_year=2025.parquet",
              "rejected_rows.parquet"}  # fmt: skip
    assert files == {*listed, "index.json"}
    found = json.loads((folder / "index.json").read_text("utf-8"))
    assert {item["file"] for item in found["items"]} == listed
    assert (found["release"], found["made_at"]) == (folder.name, "now")


def test_files_are_hard_links(lake: Manifests) -> None:
    file = release(lake) / "rejected_rows.parquet"
    assert file.samefile(lake.folder("rejected_rows") / "all-1.parquet")


def test_where_links_are_refused_files_are_copied(lake: Manifests, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    file = release(lake) / "rejected_rows.parquet"
    assert file.read_text() == "1"
    assert file.stat().st_nlink == 1


def test_identity_is_that_of_contents(lake: Manifests) -> None:
    before = contents(lake, KINDS)
    assert identity(before) == identity(before[::-1])
    put(lake, "roster", "2025", "2")
    assert identity(contents(lake, KINDS)) != identity(before)


def test_the_same_contents_are_the_same_release(lake: Manifests) -> None:
    first = release(lake)
    made = (first / "index.json").stat().st_mtime_ns
    assert release(lake) == first
    assert (first / "index.json").stat().st_mtime_ns == made


def test_latest_is_swapped_and_the_old_release_stays(lake: Manifests) -> None:
    assert latest(lake.root) is None
    first = release(lake)
    put(lake, "roster", "2025", "2")
    second = release(lake)
    now = latest(lake.root)
    assert now is not None
    assert now["release"] == second.name != first.name
    assert (first / "roster" / "policy_year=2025.parquet").read_text() == "1"
    assert (lake.root / "releases" / "latest" / "roster" / "policy_year=2025.parquet").read_text() == ("2")


@pytest.mark.parametrize("step", ["hardlink_to", "rename", "symlink_to", "replace"])
def test_a_release_that_dies_leaves_the_last_one(
    lake: Manifests, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    first = release(lake)
    put(lake, "roster", "2025", "2")

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, step, die)
        with pytest.raises(KeyboardInterrupt):
            release(lake)
    now = latest(lake.root)
    assert now is not None
    assert now["release"] == first.name
    again = release(lake)
    assert os.readlink(lake.root / "releases" / "latest") == again.name
    assert (again / "roster" / "policy_year=2025.parquet").read_text() == "2"


def test_a_reader_of_latest_never_misses_it(lake: Manifests, monkeypatch: pytest.MonkeyPatch) -> None:
    """At every step of a second release, `latest` can be read."""
    release(lake)
    put(lake, "roster", "2025", "2")
    seen: list[object] = []

    def look(*_: object) -> None:
        seen.append((latest(lake.root) or {})["release"])

    monkeypatch.setattr(releases, "sync_folder", look)
    second = release(lake)
    assert len(seen) == 2
    assert seen[-1] == second.name


@pytest.mark.parametrize(
    ("before", "now", "refused"),
    [
        (100, 50, False), (100, 49, True), (100, 200, False), (100, 201, True),
        (99, 0, False),  # too small to say anything
        (100, 0, True),
    ],
)  # fmt: skip
def test_bounds(before: int, now: int, refused: bool) -> None:
    if not refused:
        hold_to_bounds(items(roster=now), index(roster=before), BOUNDS)
        return
    with pytest.raises(ReleaseRefused, match=f"roster would have {now} rows .* has {before}"):
        hold_to_bounds(items(roster=now), index(roster=before), BOUNDS)


def test_what_is_to_be_mended_may_go() -> None:
    hold_to_bounds(items(roster=500), index(roster=500, work_list=500), BOUNDS, unbounded={"work_list"})


def test_a_first_release_has_no_bounds_and_a_lost_table_is_seen() -> None:
    hold_to_bounds(items(roster=5), None, BOUNDS)
    with pytest.raises(ReleaseRefused, match="take_up would have 0 rows"):
        hold_to_bounds(items(roster=500), index(roster=500, take_up=500), BOUNDS)
