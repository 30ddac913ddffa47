"""The acts as Dagster jobs: the same guards, the notice with the publication, and an event as the record."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import dagster as dg
import pytest

from pipelines.definitions import defs
from tests.oracle.rows import declaration, enterprise, make_uscc
from tests.property.small_house import SmallHouse

BUREAU = {"policy_year": 2025, "by": "commerce-bureau"}
EDITION = {**BUREAU, "edition": 0, "acknowledge_rejects": False}
OPS = {
    "roster_import": "register_import", "roster_publish": "publish_edition", "roster_notice": "make_notice",
    "roster_object": "submit_objection", "roster_decide": "decide_objection",
    "roster_confirm": "confirm_edition",
}  # fmt: skip
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run(house: SmallHouse, job: str, config: dict[str, object]) -> tuple[str, list[str]]:
    """Run a job: why it failed (empty where it did not), and the acts that its events record."""
    result = defs.resolve_job_def(job).execute_in_process(
        instance=dg.DagsterInstance.ephemeral(),
        run_config={"ops": {OPS[job]: {"config": config}}, **QUIET},
        resources={"house": house},
        raise_on_error=False,
    )  # fmt: skip
    errors = [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
    seen = [
        str(event.event_specific_data.asset_observation.metadata["act"].value)  # type: ignore[union-attr]
        for event in result.all_events
        if event.event_type_value == "ASSET_OBSERVATION"
    ]
    causes = [error.cause or error for error in errors if error]
    return (causes[0].message.strip() if causes else ""), seen


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> SmallHouse:
    house = SmallHouse(tmp_path_factory.mktemp("jobs"), "2025-05-15T09:00:00+08:00")
    house.deliver({"enterprises": [enterprise(1)], "customs_declarations": [declaration(1, firm=1)]})
    house.bring_up()
    return house


def test_a_job_is_refused_as_the_command_is_and_recorded_where_it_is_not(
    house: SmallHouse, tmp_path: Path
) -> None:
    nothing = SmallHouse(tmp_path, "2025-05-15T09:00:00+08:00")
    why, acts = run(nothing, "roster_publish", EDITION)
    assert "Edition 1 of 2025 cannot be published" in why
    assert "is not up to date (not made yet)" in why
    assert acts == []
    assert run(house, "roster_publish", EDITION) == ("", ["publish", "notice"])
    assert "never changes" in run(house, "roster_notice", {**BUREAU, "edition": 1})[0]
    objection = {"objection_no": "P-1", "uscc": make_uscc(1), "claim": "details_wrong", "grounds": ""}
    assert run(house, "roster_object", {**BUREAU, **objection}) == ("", ["object"])
    assert "no ruling yet on P-1" in run(house, "roster_confirm", EDITION)[0]
    house.now = datetime.fromisoformat("2025-05-26T09:00:00+08:00")
    ruling = {"objection_no": "P-1", "ruling": "rejected", "decision": ""}
    assert run(house, "roster_decide", {**BUREAU, **ruling}) == ("", ["decide"])
    assert run(house, "roster_confirm", EDITION) == ("", ["confirm"])
    assert "no edition 7 of 2025" in run(house, "roster_import", {**EDITION, "edition": 7})[0]


@pytest.mark.parametrize("job", sorted(OPS))
def test_no_act_has_a_default(job: str) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError):
        defs.resolve_job_def(job).execute_in_process(run_config={}, resources={"house": None})
