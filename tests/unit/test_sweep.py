"""The sweep: what nothing names goes, what something names stays, whatever a crash left behind."""

from __future__ import annotations

import os
from pathlib import Path

from assets.storage.deliveries import Deliveries, Delivery, Piece
from assets.storage.manifest import Entry, Manifests
from assets.storage.releases import contents, write_release
from assets.storage.sweep import sweep


def touched(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def entry(file: str) -> Entry:
    return Entry(file, file, 1, None, "")


def delivery(name: str, *files: str) -> Delivery:
    pieces = {str(at): Piece(file, file, 1, 0, None) for at, file in enumerate(files)}
    return Delivery("policies", name, 1, 1, name, "", pieces=pieces)


def there(paths: list[Path]) -> list[bool]:
    return [path.exists() for path in paths]


def test_table_files_that_no_manifest_names_are_swept(tmp_path: Path) -> None:
    table = tmp_path / "tables" / "t"
    old, new, staged, draft, manifest = files = [
        touched(table / name)
        for name in ("a-1.parquet", "a-2.parquet", "b-1.parquet", ".9f.parquet", ".manifest.json.77")
    ]
    Manifests(tmp_path).commit("t", {"a": entry(old.name)})
    Manifests(tmp_path).commit("t", {"a": entry(new.name)})

    assert sweep(tmp_path) == 4
    assert there(files) == [False, True, False, False, False]
    assert (draft.name, manifest.name, staged.name) == (".9f.parquet", ".manifest.json.77", "b-1.parquet")
    assert sweep(tmp_path) == 0


def test_a_lost_manifest_loses_nothing_else(tmp_path: Path) -> None:
    kept = touched(tmp_path / "tables" / "t" / "a-1.parquet")
    piece = touched(tmp_path / "received" / "policies" / "all-1.parquet")
    assert sweep(tmp_path) == 0
    assert there([kept, piece]) == [True, True]


def test_pieces_that_no_delivery_names_are_swept(tmp_path: Path) -> None:
    """A pull that was killed before its record, a delivery that was refused for another's sake."""
    folder = tmp_path / "received" / "policies"
    files = [touched(folder / name) for name in ("all-1.parquet", "all-2.parquet", ".7.parquet")]
    Deliveries(tmp_path).add([delivery("a.csv", "all-1.parquet"), delivery("refused.csv")])
    assert sweep(tmp_path) == 2
    assert there(files) == [True, False, False]


def test_a_release_keeps_what_its_tables_have_replaced(tmp_path: Path) -> None:
    manifests = Manifests(tmp_path)
    old = touched(tmp_path / "tables" / "t" / "a-1.parquet", "old")
    manifests.commit("t", {"a": entry(old.name)})
    release = write_release(manifests, contents(manifests, {"t": "month"}), {})
    manifests.commit("t", {"a": entry(touched(old.with_name("a-2.parquet")).name)})
    half = touched(tmp_path / "releases" / ".abc.77" / "t.parquet").parent
    pointer = tmp_path / "releases" / ".latest.77"
    pointer.symlink_to("abc")

    sweep(tmp_path)

    assert not old.exists()
    assert (release / "t" / "month=a.parquet").read_text() == "old"
    assert (tmp_path / "releases" / "latest").resolve() == release
    assert (half.exists(), os.path.lexists(pointer)) == (False, False)


def test_a_lake_that_is_not_there_is_left_so(tmp_path: Path) -> None:
    assert sweep(tmp_path / "lake") == 0
    assert not (tmp_path / "lake").exists()


def test_what_a_killed_pull_had_stored_is_kept_for_the_next(tmp_path: Path) -> None:
    record = Deliveries(tmp_path)
    record.begin(delivery("a.csv", "all-1.parquet"))
    with (record.folder / "begun.jsonl").open("a") as file:
        file.write('{"source": "policies", "na')
    files = [touched(record.folder / "policies" / name) for name in ("all-1.parquet", "all-2.parquet")]

    assert sweep(tmp_path) == 1
    assert there(files) == [True, False]
    assert Deliveries(tmp_path).begun() == [delivery("a.csv", "all-1.parquet")]
    record.begin(delivery("b.csv"))
    assert [found.name for found in record.begun()] == ["a.csv", "b.csv"]
    record.add(record.begun())
    assert (Deliveries(tmp_path).begun(), sweep(tmp_path)) == ([], 0)
