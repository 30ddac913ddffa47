"""The asset graph as Dagster shows it: a change of it is a decision.

`asset_graph.txt` and `reads.txt` beside this file say what the graph is and which keys a key reads.
Where a change is meant, write them again and look at the difference before it is committed:

    .venv/bin/python -m tests.architecture.test_graph
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from assets.flow import FLOW, NODES, Kind, Node, Upstream, upstream_of
from assets.materialize import REGISTER
from assets.partitions import CALENDAR, DEFINITIONS, stretches
from pipelines.definitions import defs
from pipelines.planner import JOBS
from schemas.catalogue import SOURCES, TABLES

HERE = Path(__file__).parent
RENEW = "if the change is meant: .venv/bin/python -m tests.architecture.test_graph"
AFTER_ALL = date(2100, 1, 1)
ONE_OF_EACH: dict[Kind, str] = {
    "none": "all", "month": "2024-12", "export_year": "2024", "policy_year": "2025",
    "push_month": "2025-08",
}  # fmt: skip
ACTS = ("roster_publish", "roster_object", "roster_decide", "roster_confirm", "push_send", "push_pages")
STAGES = ("arrivals", "customs", "eligibility", "policies", "push", "statistics", "supply")
GRAPH = defs.resolve_asset_graph()
ASSETS = {key.to_user_string(): GRAPH.get(key) for key in GRAPH.get_all_asset_keys()}
PARTITIONED = [
    (node.table, need)
    for node in FLOW
    for need in dict.fromkeys(need.table for need in node.needs)
    if "none" not in (node.kind, NODES[need].kind)
]


def drawn() -> str:
    """Group, asset, kind of key, and what it depends on; in flow order of groups."""
    lines = []
    for group in dict.fromkeys([*STAGES, *sorted({a.group_name for a in ASSETS.values()})]):
        lines.append(group)
        for name, asset in sorted(ASSETS.items()):
            if asset.group_name == group:
                parents = " ".join(sorted(key.to_user_string() for key in asset.parent_keys))
                lines.append(f"  {name} [{_kind(name)}]" + (f" < {parents}" if parents else ""))
    return "\n".join(lines) + "\n"


def _kind(name: str) -> str:
    asset = ASSETS[name]
    found = [kind for kind, keys in DEFINITIONS.items() if keys == asset.partitions_def]
    return found[0] if found else "one" if asset.is_materializable else "outside"


def reads() -> str:
    """For one key of each kind: which keys of which tables it reads, by part where it is one."""
    lines = []
    for node in FLOW:
        if not node.needs:
            continue
        key = ONE_OF_EACH[node.kind]
        lines.append(f"{node.table} {key}")
        found: dict[tuple[str, str], list[str]] = {}
        for upstream in upstream_of(node.table, key, CALENDAR, AFTER_ALL):
            found.setdefault((upstream.table, _counted(upstream)), []).append(upstream.key)
        for (table, counted), keys in found.items():
            lines.append(f"  {table} {_stretches(table, keys)}{counted}")
    return "\n".join(lines) + "\n"


def _counted(upstream: Upstream) -> str:
    if upstream.before is not None:
        return f" before {upstream.before}" if upstream.before else " that they are there"
    return f" part {upstream.part}" if upstream.part else ""


def _stretches(table: str, keys: list[str]) -> str:
    spans = stretches(keys, CALENDAR.keys(NODES[table].kind))
    return ", ".join(first if first == last else f"{first}..{last}" for first, last in spans)


def test_the_graph_is_the_one_decided_on() -> None:
    assert drawn() == (HERE / "asset_graph.txt").read_text("utf-8"), RENEW


def test_a_key_reads_exactly_what_is_written_down() -> None:
    assert reads() == (HERE / "reads.txt").read_text("utf-8"), RENEW


@pytest.mark.parametrize(("table", "upstream"), PARTITIONED)
def test_dagster_maps_every_key_as_the_flow_says(table: str, upstream: str) -> None:
    if table == upstream:
        pytest.skip("Dagster draws a need of itself only along time; see the next test")
    kinds = NODES[table].kind, NODES[upstream].kind
    mapping = GRAPH.get_partition_mapping(dg.AssetKey(table), dg.AssetKey(upstream))
    assert {key: mapped(mapping, key, *kinds) for key in CALENDAR.keys(kinds[0])} == {
        key: needed(table, upstream, key) for key in CALENDAR.keys(kinds[0])
    }


def mapped(mapping: dg.PartitionMapping, key: str, mine: Kind, theirs: Kind) -> set[str]:
    """The upstream keys that Dagster's mapping gives for one key."""
    downstream = DEFINITIONS[mine]
    result = mapping.get_upstream_mapped_partitions_result_for_partitions(
        downstream.subset_with_partition_keys([key]), downstream, DEFINITIONS[theirs]
    )
    assert not result.required_but_nonexistent_subset.get_partition_keys()
    return set(result.partitions_subset.get_partition_keys())


def needed(table: str, upstream: str, key: str) -> set[str]:
    """The upstream keys that the flow gives for one key."""
    found = upstream_of(table, key, CALENDAR, AFTER_ALL)
    return {each.key for each in found if each.table == upstream}


def test_only_the_year_before_of_itself_is_not_drawn() -> None:
    """All other needs of the flow are dependencies in Dagster, and the other way round."""
    for node in FLOW:
        parents = {key.to_user_string() for key in ASSETS[node.table].parent_keys}
        needs = {need.table for need in node.needs}
        assert parents - {"deliveries", REGISTER} == needs - {node.table}
        assert (REGISTER in parents) == bool({"register", "reviews"} & {*node.uses})
        assert ("deliveries" in parents) == any(use.startswith("received:") for use in node.uses
                                                if use != "received:*")  # fmt: skip
    of_itself = [n.table for n in FLOW if n.table in {need.table for need in n.needs}]
    assert of_itself == ["annual_statistics", "public_statistics"]


@pytest.mark.parametrize("name", sorted(ASSETS))
def test_an_asset_introduces_itself(name: str) -> None:
    asset = ASSETS[name]
    title, _, about = (asset.description or "").partition("\n\n")
    assert re.fullmatch(r"[\u4e00-\u9fff（）、]+", title), (
        "its 中文 title first, bare: lists show no markdown"
    )
    assert about
    assert asset.owners
    assert asset.kinds
    assert asset.group_name in STAGES


@pytest.mark.parametrize("name", sorted({*NODES, *(source.name for source in SOURCES)}))
def test_a_table_shows_its_columns(name: str) -> None:
    schema = ASSETS[name].metadata["dagster/column_schema"]
    schema = getattr(schema, "value", schema)
    assert schema
    assert [column.name for column in schema.columns] == TABLES[name].names
    assert all(column.description for column in schema.columns)


def test_a_column_comes_from_a_table_that_its_own_reads() -> None:
    strangers = [
        (node.table, column.name, origin)
        for node in FLOW
        for column in TABLES[node.table].columns
        for origin in column.comes_from
        if not _reads(node, *origin.split("."))
    ]
    assert strangers == []


def _reads(node: Node, table: str, column: str) -> bool:
    return table in {need.table for need in node.needs} and column in TABLES[table].names


def test_every_table_of_the_flow_is_held_to_its_contract() -> None:
    checked = {key.asset_key.to_user_string() for key in GRAPH.asset_check_keys}
    assert checked == {*NODES, "deliveries"}
    assert all(GRAPH.get(key).blocking for key in GRAPH.asset_check_keys)


def test_needs_come_from_the_same_stage_or_an_earlier_one() -> None:
    place = {name: STAGES.index(asset.group_name) for name, asset in ASSETS.items()}
    turned = [
        (name, parent.to_user_string())
        for name, asset in ASSETS.items()
        for parent in asset.parent_keys
        if place[parent.to_user_string()] > place[name]
    ]
    assert turned == []


def test_the_flow_is_in_order_but_for_the_year_before() -> None:
    seen: set[str] = set()
    for node in FLOW:
        seen.add(node.table)
        assert {need.table for need in node.needs} <= seen


def test_every_table_has_one_job_and_every_job_one_kind_of_key() -> None:
    assert sorted(table for tables in JOBS.values() for table in tables) == sorted(NODES)
    for job, tables in JOBS.items():
        assert len({NODES[table].kind for table in tables}) == 1
        keys = {key.to_user_string() for key in defs.resolve_job_def(job).asset_layer.executable_asset_keys}
        assert keys == set(tables)  # fmt: skip


def test_the_acts_of_the_roster_are_in_no_asset_job() -> None:
    for act in ACTS:
        assert not defs.resolve_job_def(act).asset_layer.executable_asset_keys


def test_materializing_everything_cannot_act() -> None:
    """What the acts write is an asset that no run of assets can make."""
    assert not ASSETS[REGISTER].is_materializable
    everything = {key.to_user_string() for key in GRAPH.materializable_asset_keys}
    assert everything == {*NODES, "deliveries", "release", "report"}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_has_to_be_told_everything(act: str) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError):
        dg.validate_run_config(defs.resolve_job_def(act), {})


def test_everything_that_runs_says_what_it_does() -> None:
    for job in (*JOBS, *ACTS, "pull", "publish_release", "year_reports", "nightly"):
        assert defs.resolve_job_def(job).description, job
    assert defs.resolve_schedule_def("every_night").description


def test_the_code_location_loads() -> None:
    """Names of jobs and of what they run must differ, and only loading it as a whole shows that."""
    dg.Definitions.validate_loadable(defs)


if __name__ == "__main__":
    (HERE / "asset_graph.txt").write_text(drawn(), "utf-8")
    (HERE / "reads.txt").write_text(reads(), "utf-8")
