"""One writer at a time: a run that Dagster's UI started respects the lake's lock like any other."""

from pathlib import Path

import dagster as dg

from assets.storage.manifest import lake_lock
from pipelines.definitions import defs
from pipelines.resources import SettingsHouse
from tests.integration.running import settings_of


def run_by_a_click(folder: Path, job: str) -> tuple[bool, str]:
    """Run a job as the UI does, with a house that holds no lock: (success, what it says)."""
    with dg.DagsterInstance.ephemeral() as instance:
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            resources={"house": SettingsHouse(settings_of(folder))},
            raise_on_error=False,
        )
        said = [str(event.step_failure_data.error) for event in result.all_events if event.is_step_failure]
        return result.success, " ".join(said)


def test_a_click_while_another_run_writes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lake").mkdir()
    (tmp_path / "sources").mkdir()
    for job in ("pull", "rejects", "publish_release"):
        with lake_lock(tmp_path / "lake"):
            success, said = run_by_a_click(tmp_path, job)
        assert not success
        assert f"Another run is writing to {tmp_path / 'lake'}: wait for it to end" in said
    assert run_by_a_click(tmp_path, "pull") == (True, "")
