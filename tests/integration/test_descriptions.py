"""A stranger reads a release by its descriptions alone: data package and open data contract.

Belongs here: what the two standards allow, and whether the files are what the descriptions say. Nothing
of the catalogue is asked: types come from Arrow, rules from the descriptions.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from assets.supply.report.due import latest_release
from tests.integration.running import lived_city

Described = dict[str, Any]
TYPES = {
    "string", "number", "integer", "boolean", "object", "array", "list", "date", "time", "datetime",
    "year", "yearmonth", "duration", "geopoint", "geojson", "any",
}  # fmt: skip
"""What a field of a Table Schema (2.0) may be."""
CONTRACT_KEYS = {
    "version", "kind", "apiVersion", "id", "name", "tenant", "tags", "status", "servers", "dataProduct",
    "description", "domain", "schema", "support", "price", "team", "roles", "slaDefaultElement",
    "slaProperties", "authoritativeDefinitions", "customProperties", "contractCreatedTs",
}  # fmt: skip
ELEMENT_KEYS = {
    "name", "physicalType", "description", "businessName", "authoritativeDefinitions", "tags",
    "customProperties", "logicalType", "quality",
}  # fmt: skip
OBJECT_KEYS = ELEMENT_KEYS | {"physicalName", "dataGranularityDescription", "properties"}
PROPERTY_KEYS = ELEMENT_KEYS | {
    "primaryKey", "primaryKeyPosition", "logicalTypeOptions", "required", "unique", "partitioned",
    "partitionKeyPosition", "classification", "encryptedName", "transformSourceObjects", "transformLogic",
    "transformDescription", "examples", "criticalDataElement", "items",
}  # fmt: skip
LOGICAL_TYPES = {"string", "date", "number", "integer", "object", "array", "boolean"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released folder."""
    base = tmp_path_factory.getbasetemp()
    city = lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)
    found = latest_release(city / "lake")
    assert found is not None
    return found.folder


@pytest.fixture(scope="module")
def package(folder: Path) -> Described:
    found: Described = json.loads((folder / "datapackage.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def contract(folder: Path) -> Described:
    found: Described = json.loads((folder / "datacontract.odcs.json").read_text("utf-8"))
    return found


@pytest.fixture(scope="module")
def tables(folder: Path, package: Described) -> dict[str, pa.Table]:
    """Every resource's files under each other, read as the package says where they are."""
    return {
        resource["name"]: pa.concat_tables(pq.ParquetFile(folder / path).read() for path in paths(resource))
        for resource in package["resources"]
    }


def paths(resource: Described) -> list[str]:
    path = resource["path"]
    return path if isinstance(path, list) else [path]


def kind(dtype: pa.DataType) -> str:
    """What a Table Schema calls an Arrow type."""
    for name, test in (
        ("boolean", pa.types.is_boolean), ("integer", pa.types.is_integer),
        ("number", pa.types.is_decimal), ("date", pa.types.is_date), ("datetime", pa.types.is_timestamp),
        ("list", pa.types.is_large_list), ("list", pa.types.is_list),
    ):  # fmt: skip
        if test(dtype):
            return name
    return "string"


def test_the_package_is_one(package: Described, folder: Path) -> None:
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert datetime.fromisoformat(package["created"]).tzinfo
    names = [resource["name"] for resource in package["resources"]]
    assert len(names) == len({*names}) > 25
    for resource in package["resources"]:
        assert re.fullmatch(r"[a-z0-9_.-]+", resource["name"])
        assert re.fullmatch(r".+/.+", resource["mediatype"])
        assert all(not path.startswith(("/", ".", "~")) and ".." not in path for path in paths(resource))
        assert all((folder / path).is_file() for path in paths(resource))
        fields = resource["schema"]["fields"]
        assert {field["type"] for field in fields} <= TYPES
        assert all(field["constraints"].get("enum", ["x"]) for field in fields)
        assert {*resource["schema"]["primaryKey"]} <= {field["name"] for field in fields}


def test_every_file_is_as_the_package_says(package: Described, tables: dict[str, pa.Table]) -> None:
    wrong = [
        f"{resource['name']}: {problem}"
        for resource in package["resources"]
        for problem in problems(resource["schema"], tables[resource["name"]])
    ]
    assert wrong == []


def problems(schema: Described, rows: pa.Table) -> Iterator[str]:
    """Where a table breaks its schema, in words."""
    declared = [(field["name"], field["type"]) for field in schema["fields"]]
    if declared != [(field.name, kind(field.type)) for field in rows.schema]:
        yield f"columns {rows.schema.names}, described as {declared}"
    for field in schema["fields"]:
        column, limits = rows[field["name"]], field["constraints"]
        if limits["required"] and column.null_count:
            yield f"{field['name']} is required and empty in {column.null_count} rows"
        if "enum" in limits:
            found = set(pc.unique(column).to_pylist()) - {None}
            if found - {*limits["enum"]}:
                yield f"{field['name']} is {found - {*limits['enum']}}"
    key = schema["primaryKey"]
    if key and rows.group_by(key).aggregate([]).num_rows != rows.num_rows:
        yield f"{key} is not unique"


def test_every_foreign_key_leads_to_a_row(package: Described, tables: dict[str, pa.Table]) -> None:
    led = 0
    for resource in package["resources"]:
        for key in resource["schema"].get("foreignKeys", ()):
            mine = named(tables[resource["name"]], key["fields"])
            theirs = named(tables[key["reference"]["resource"]], key["reference"]["fields"])
            led += len(mine)
            assert mine <= theirs, (resource["name"], key, sorted(mine - theirs)[:3])
    assert led > 50


def named(rows: pa.Table, columns: list[str]) -> set[tuple[str, ...]]:
    values = zip(*(rows[column].to_pylist() for column in columns), strict=True)
    return {tuple(map(str, row)) for row in values if None not in row}


def test_the_contract_is_one(contract: Described) -> None:
    assert {"version", "apiVersion", "kind", "id", "status"} <= {*contract} <= CONTRACT_KEYS
    assert contract["apiVersion"] == "v3.0.1"
    assert contract["kind"] == "DataContract"
    for described in contract["schema"]:
        assert {*described} <= OBJECT_KEYS
        assert described["logicalType"] == "object"
        for column in described["properties"]:
            assert {*column} <= PROPERTY_KEYS, column["name"]
            assert column["logicalType"] in LOGICAL_TYPES
        for rule in [
            *described["quality"],
            *(r for c in described["properties"] for r in c.get("quality", [])),
        ]:
            assert {*rule} == {"type", "name", "description"}
            assert rule["type"] == "text"


def test_every_file_is_as_the_contract_says(contract: Described, tables: dict[str, pa.Table]) -> None:
    logical = {"datetime": "date", "list": "array"}
    for described in contract["schema"]:
        rows = tables.get(described["physicalName"])
        if rows is None:
            continue
        columns = described["properties"]
        assert [(c["name"], c["logicalType"]) for c in columns] == [
            (field.name, logical.get(kind(field.type), kind(field.type))) for field in rows.schema
        ]
        assert not [c["name"] for c in columns if c["required"] and rows[c["name"]].null_count]
        key = sorted((c["primaryKeyPosition"], c["name"]) for c in columns if c["primaryKey"])
        assert [place for place, _ in key] == list(range(1, len(key) + 1))
        assert rows.group_by([name for _, name in key]).aggregate([]).num_rows == rows.num_rows
