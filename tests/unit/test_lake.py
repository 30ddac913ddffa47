"""The lake: content-named files whose bytes repeat, one manifest swapped last, one lock."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow.parquet as parquet
import pytest

from assets.storage.lake import ROW_GROUP, Lake
from assets.storage.manifest import Entry, LakeBusy, Manifests, lake_lock, write_bytes
from schemas.customs import ANNUAL_EXPORTS
from tests.architecture.modules import ROOT

COUNT = 300_000


def rows(count: int = 3, year: int = 2024) -> pl.LazyFrame:
    """Made-up annual exports, in order of USCC."""
    place = pl.int_range(count, eager=False)
    return pl.LazyFrame().select(
        uscc=place.cast(pl.String).str.zfill(18),
        export_year=pl.lit(year, pl.Int32),
        lines=place % 7 + 1,
        declarations=place % 5 + 1,
        fob_usd=(place * 7919 % 100_003).cast(pl.Decimal(28, 2)) / 100,
        first_month=pl.lit(f"{year}-") + (place % 12 + 1).cast(pl.String).str.zfill(2),
        last_month=pl.lit(f"{year}-12"),
    )


def kept(lake: Lake, key: str, frame: pl.LazyFrame) -> Path:
    staged = lake.stage(ANNUAL_EXPORTS, key, frame)
    lake.commit(ANNUAL_EXPORTS.name, {key: staged.entry("inputs")})
    return staged.path


def test_a_file_is_named_after_its_content(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first, same, other = (lake.stage(ANNUAL_EXPORTS, "2024", rows(n)) for n in (3, 3, 4))
    assert first.path == same.path != other.path
    assert first.path.name == f"2024-{first.sha256[:16]}.parquet"
    assert (first.rows, other.rows) == (3, 4)


def test_control_totals_are_those_of_the_bytes(tmp_path: Path) -> None:
    """0.00 + 79.19 + 158.38 = 237.57."""
    staged = Lake(tmp_path).stage(ANNUAL_EXPORTS, "2024", rows(3))
    assert Decimal(staged.money or "") == Decimal("237.57")
    assert staged.scan().collect().schema == ANNUAL_EXPORTS.schema


def test_the_columns_are_the_contracts_in_its_order(tmp_path: Path) -> None:
    turned = rows(3).select(reversed(ANNUAL_EXPORTS.names), more=pl.lit(1))
    first = Lake(tmp_path).stage(ANNUAL_EXPORTS, "2024", turned)
    assert first.path == Lake(tmp_path).stage(ANNUAL_EXPORTS, "2024", rows(3)).path


def test_several_row_groups(tmp_path: Path) -> None:
    path = Lake(tmp_path).stage(ANNUAL_EXPORTS, "2024", rows(COUNT)).path
    groups = parquet.ParquetFile(path).metadata
    sizes = [groups.row_group(at).num_rows for at in range(groups.num_row_groups)]
    assert sizes == [ROW_GROUP, ROW_GROUP, COUNT - 2 * ROW_GROUP]


WORDS = """
import sys, pathlib, polars as pl
from tests.unit.test_lake import COUNT, rows
from assets.storage.lake import Lake
from schemas.customs import ANNUAL_EXPORTS
shuffled = rows(COUNT).collect().sample(fraction=1, shuffle=True, seed=int(sys.argv[2]))
grouped = shuffled.lazy().group_by(ANNUAL_EXPORTS.names).agg().sort("uscc")
print(Lake(pathlib.Path(sys.argv[1])).stage(ANNUAL_EXPORTS, "2024", grouped).sha256)
"""


def test_the_same_rows_are_the_same_bytes_whatever_the_threads(tmp_path: Path) -> None:
    """In processes of 1, 2 and 7 threads, from three orders, with other hash seeds."""
    hashes = set()
    for seed, threads in enumerate(("1", "2", "7")):
        environment = {**os.environ, "POLARS_MAX_THREADS": threads, "PYTHONHASHSEED": str(seed)}
        done = subprocess.run(
            [sys.executable, "-c", WORDS, str(tmp_path / threads), str(seed)],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        hashes.add(done.stdout)
    assert len(hashes) == 1


def test_keys_are_read_alone_or_together(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    kept(lake, "2024", rows(3, 2024))
    kept(lake, "2023", rows(2, 2023))
    assert lake.scan(ANNUAL_EXPORTS).collect()["export_year"].to_list() == [2023] * 2 + [2024] * 3
    assert lake.scan(ANNUAL_EXPORTS, ["2024"]).collect().height == 3
    with pytest.raises(LookupError, match=r"no annual_exports of 2022 yet: run `tongbao nightly`"):
        lake.scan(ANNUAL_EXPORTS, ["2022"])


def test_a_table_never_made_is_empty(tmp_path: Path) -> None:
    assert Lake(tmp_path).scan(ANNUAL_EXPORTS).collect().equals(ANNUAL_EXPORTS.empty())


def test_a_key_without_rows_has_a_file(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    kept(lake, "2024", rows(0))
    assert lake.read("annual_exports")["2024"].rows == 0
    assert lake.scan(ANNUAL_EXPORTS).collect().schema == ANNUAL_EXPORTS.schema


def test_a_commit_changes_its_keys_only(tmp_path: Path) -> None:
    lake = Manifests(tmp_path)
    lake.commit("t", {"b": Entry("1", "1", 1, None, "")})
    lake.commit("t", {"a": Entry("2", "2", 2, "3.50", "x", {"2024": "p"}, "2025", {"n": [1]})})
    assert list(lake.read("t")) == ["a", "b"]
    assert lake.read("t")["a"] == Entry("2", "2", 2, "3.50", "x", {"2024": "p"}, "2025", {"n": [1]})


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_commit_that_dies_leaves_the_old_manifest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    lake = Manifests(tmp_path)
    lake.commit("t", {"a": Entry("1", "1", 1, None, "")})

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os if step == "fsync" else Path, step, die)
        with pytest.raises(KeyboardInterrupt):
            lake.commit("t", {"a": Entry("2", "2", 2, None, "")})
    assert lake.read("t")["a"].rows == 1
    lake.commit("t", {"a": Entry("2", "2", 2, None, "")})
    assert lake.read("t")["a"].rows == 2


KILLED = """
import os, sys, pathlib, signal
from assets.storage import manifest
from assets.storage.manifest import Entry, Manifests
replace = pathlib.Path.replace
def kill(self, target):
    if "manifest" in str(target):
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
pathlib.Path.replace = kill
Manifests(pathlib.Path(sys.argv[1])).commit("t", {"a": Entry("2", "2", 2, None, "")})
"""


def test_a_killed_process_leaves_the_old_manifest(tmp_path: Path) -> None:
    lake = Manifests(tmp_path)
    lake.commit("t", {"a": Entry("1", "1", 1, None, "")})
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert lake.read("t")["a"].rows == 1
    assert json.loads((tmp_path / "tables" / "t" / "manifest.json").read_text("utf-8"))


def test_a_write_replaces_the_whole_file(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "file"
    write_bytes(file, b"a longer text")
    write_bytes(file, b"short")
    assert file.read_bytes() == b"short"
    assert [path.name for path in file.parent.iterdir()] == ["file"]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with lake_lock(tmp_path):
        with pytest.raises(LakeBusy, match="Another run is writing"), lake_lock(tmp_path):
            pass
        words = (
            "from assets.storage.manifest import *; from pathlib import Path; "
            f"lake_lock(Path({str(tmp_path)!r})).__enter__()"
        )
        other = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, check=False)
        assert b"LakeBusy" in other.stderr
    with lake_lock(tmp_path):
        pass
