"""Dagster's look at the drop folder: what is new starts a night once it stands still."""

from pathlib import Path

import dagster as dg
import pytest

from assets.storage.manifest import lake_lock
from pipelines.definitions import defs
from pipelines.jobs import drop_folder, nightly


@pytest.fixture
def drop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A drop folder with a file, as the settings have it."""
    folder = tmp_path / "sources" / "policies"
    folder.mkdir(parents=True)
    (folder / "2025.csv").write_text("policy_no\n")
    monkeypatch.setenv("TONGBAO_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("TONGBAO_LAKE", str(tmp_path / "lake"))
    return folder


def look(cursor: str | None = None) -> tuple[dg.RunRequest | dg.SkipReason, str | None]:
    """What the sensor says, and its cursor afterwards."""
    context = dg.build_sensor_context(cursor=cursor)
    said = drop_folder(context)
    assert isinstance(said, dg.RunRequest | dg.SkipReason)
    return said, context.cursor


def test_a_new_file_starts_a_night_once_it_stands_still(drop: Path) -> None:
    first, cursor = look()
    assert isinstance(first, dg.SkipReason)
    assert first.skip_message == "1 new, the first policies/2025.csv: taken at the next look."
    second, same = look(cursor)
    assert isinstance(second, dg.RunRequest)
    assert second.run_key == cursor == same
    with (drop / "2025.csv").open("a") as file:
        file.write("1\n")
    third, _ = look(cursor)
    assert isinstance(third, dg.SkipReason), "it grew since"


def test_it_waits_while_another_run_writes_and_while_there_is_nothing(drop: Path, tmp_path: Path) -> None:
    with lake_lock(tmp_path / "lake"):
        said, _ = look()
        assert isinstance(said, dg.SkipReason)
        assert "Another run is writing" in str(said.skip_message)
    (drop / "2025.csv").rename(drop / "2025.csv.part")
    assert look()[0] == dg.SkipReason("Nothing new.")
    drop.joinpath("2025.csv.part").unlink()
    drop.rmdir()
    drop.parent.rmdir()
    said, _ = look()
    assert isinstance(said, dg.SkipReason)
    assert "is not there: set TONGBAO_SOURCES" in str(said.skip_message)


def test_it_is_in_the_code_location() -> None:
    assert defs.resolve_sensor_def("drop_folder").job_name == nightly.name
