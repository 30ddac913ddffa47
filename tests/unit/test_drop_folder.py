"""What the drop folder is said to hold, whatever lies in it."""

import hashlib
import subprocess
import sys
from pathlib import Path

from assets.storage.drop_folder import Arrival, list_arrivals, sha256_of

SOURCES = ("policies", "claims")


def _put(folder: Path, name: str, content: bytes = b"x") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_missing_folder_is_an_empty_source(tmp_path: Path) -> None:
    assert list_arrivals(tmp_path / "nowhere", SOURCES) == ([], ())
    assert list_arrivals(tmp_path, SOURCES) == ([], ())


def test_arrivals_are_sorted_by_name_and_carry_size_and_age(tmp_path: Path) -> None:
    for name in ("policies/b.csv", "policies/2024/a.csv", "claims/z.xlsx"):
        _put(tmp_path, name, b"abc")
    arrivals, notes = list_arrivals(tmp_path, SOURCES)
    assert [a.name for a in arrivals] == ["claims/z.xlsx", "policies/2024/a.csv", "policies/b.csv"]
    path = tmp_path / "claims/z.xlsx"
    assert arrivals[0] == Arrival("claims", "claims/z.xlsx", 3, path.stat().st_mtime_ns, path)
    assert notes == ()


def test_hidden_unfinished_and_control_files_are_no_arrivals(tmp_path: Path) -> None:
    for name in (".hidden.csv", "a.csv.part", "b.TMP", "c.csv", "c.csv.control.json", "~$d.xlsx"):
        _put(tmp_path, f"policies/{name}")
    _put(tmp_path, "policies/.cache/e.csv")
    arrivals, notes = list_arrivals(tmp_path, SOURCES)
    assert [a.name for a in arrivals] == ["policies/c.csv"]
    assert notes == ()


def test_a_control_file_without_its_file_is_reported(tmp_path: Path) -> None:
    _put(tmp_path, "policies/late.csv.control.json")
    assert list_arrivals(tmp_path, SOURCES)[1] == (
        "policies/late.csv.control.json waits for the file that it speaks of.",
    )


def test_links_out_of_the_drop_folder_are_refused(tmp_path: Path) -> None:
    secret, drop = _put(tmp_path, "outside/secret.csv"), tmp_path / "drop"
    inside = _put(drop, "policies/real.csv")
    (drop / "policies/out.csv").symlink_to(secret)
    (drop / "policies/up.csv").symlink_to("../../outside/secret.csv")
    (drop / "policies/in.csv").symlink_to(inside)
    (drop / "policies/broken.csv").symlink_to("nothing")
    (drop / "policies/loop.csv").symlink_to("loop.csv")
    (drop / "policies/folder").symlink_to(secret.parent)
    (drop / "claims").symlink_to(secret.parent)
    arrivals, notes = list_arrivals(drop, SOURCES)
    assert [a.name for a in arrivals] == ["policies/in.csv", "policies/real.csv"]
    refused = ["claims", *(f"policies/{n}" for n in ("broken.csv", "folder", "loop.csv"))]
    assert [n.split(" was left out")[0] for n in notes] == [
        *refused, "policies/out.csv", "policies/up.csv",
    ]  # fmt: skip


def test_a_link_that_is_the_drop_folder_itself_is_followed(tmp_path: Path) -> None:
    _put(tmp_path, "real/policies/a.csv")
    (tmp_path / "drop").symlink_to(tmp_path / "real")
    assert [a.name for a in list_arrivals(tmp_path / "drop", SOURCES)[0]] == ["policies/a.csv"]


def test_what_is_no_source_is_reported_with_the_nearest_name(tmp_path: Path) -> None:
    _put(tmp_path, "policy/a.csv")
    _put(tmp_path, "claims")
    assert list_arrivals(tmp_path, SOURCES)[1] == (
        "claims was left out: it is no ordinary folder.",
        "policy was left out: it is no source's folder; did you mean policies?",
    )


def test_a_name_that_is_no_utf8_is_reported_and_left_out(tmp_path: Path) -> None:
    _put(tmp_path, "policies/a.csv")
    _put(tmp_path, b"policies/\xd6\xd0.csv".decode(errors="surrogateescape"))
    arrivals, notes = list_arrivals(tmp_path, SOURCES)
    assert [a.name for a in arrivals] == ["policies/a.csv"]
    assert "not UTF-8" in notes[0]
    notes[0].encode()


def test_the_checksum_is_that_of_the_bytes(tmp_path: Path) -> None:
    content = b"0123456789" * 300_000
    assert sha256_of(_put(tmp_path, "a.csv", content)) == hashlib.sha256(content).hexdigest()


def test_the_planner_may_import_this_without_polars() -> None:
    code = "import sys, assets.storage.drop_folder; print('polars' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"
