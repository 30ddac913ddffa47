"""Dagster's partition keys and mappings, derived from flow.py."""

from __future__ import annotations

from collections.abc import Iterable

import dagster as dg

from assets.flow import NODES, Calendar, Kind, Node

CALENDAR = Calendar.registered()
DEFINITIONS: dict[Kind, dg.StaticPartitionsDefinition] = {
    "month": dg.StaticPartitionsDefinition(CALENDAR.keys("month")),
    "export_year": dg.StaticPartitionsDefinition(CALENDAR.keys("export_year")),
    "policy_year": dg.StaticPartitionsDefinition(CALENDAR.keys("policy_year")),
    "push_month": dg.StaticPartitionsDefinition(CALENDAR.keys("push_month")),
}


def partitions_of(table: str) -> dg.StaticPartitionsDefinition | None:
    """The partitions of a table; None where it has only one key."""
    return DEFINITIONS.get(NODES[table].kind)


def dependencies(node: Node) -> list[dg.AssetDep]:
    """What a table depends on, each with the mapping that reads exactly what flow.py says.

    A table's need of itself (the year before) is not drawn: Dagster allows that only along time.
    """
    upstreams = dict.fromkeys(need.table for need in node.needs)
    return [
        dg.AssetDep(upstream, partition_mapping=_mapping(node, upstream))
        for upstream in upstreams
        if upstream != node.table
    ]


def _mapping(node: Node, upstream: str) -> dg.PartitionMapping | None:
    kinds = node.kind, NODES[upstream].kind
    if "none" in kinds:
        return None
    needed = {
        key: {other for need in node.needs if need.table == upstream for other in need.keys(CALENDAR, key)}
        for key in CALENDAR.keys(node.kind)
    }
    if kinds[0] == kinds[1] and all(others == {key} for key, others in needed.items()):
        return dg.IdentityPartitionMapping()
    return dg.StaticPartitionMapping(
        {
            other: [key for key, others in needed.items() if other in others]
            for other in CALENDAR.keys(NODES[upstream].kind)
        }
    )


def stretches(keys: Iterable[str], all_keys: tuple[str, ...]) -> list[tuple[str, str]]:
    """Keys as (first, last) of contiguous stretches in the order of all keys."""
    places = sorted(all_keys.index(key) for key in keys)
    found: list[list[int]] = []
    for place in places:
        if found and place == found[-1][1] + 1:
            found[-1][1] = place
        else:
            found.append([place, place])
    return [(all_keys[first], all_keys[last]) for first, last in found]
