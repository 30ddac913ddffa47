"""The published tables for other people's tools: a data package and an open data contract.

Both are written from the tables' descriptions, as `datapackage.json` (Data Package 2.0) and
`datacontract.odcs.json` (Open Data Contract Standard 3.0, whose YAML is a superset of JSON).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from schemas.catalogue import PUBLISHED
from schemas.table import Column, Table
from schemas.version import CODE_VERSION

TITLE = "统保 Tongbao: published tables of the free export-credit policy"
_POLICY = [(("policy_no",), "policy_reconciliation", ("policy_no",))]
_EDITION = [(("policy_year", "edition"), "roster_editions", ("policy_year", "edition"))]
REFERENCES: Mapping[str, Sequence[tuple[tuple[str, ...], str, tuple[str, ...]]]] = {
    "take_up": _POLICY,
    "policy_differences": _POLICY,
    "policy_suggestions": _POLICY,
    "policy_threads": _POLICY,
    "claim_differences": [(("claim_no",), "claim_audit", ("claim_no",))],
    "roster": _EDITION,
    "roster_drift": _EDITION,
    "statistics_revisions": [
        (("policy_year", "revision", "dimension", "member", "measure"), "annual_statistics",
         ("policy_year", "revision", "dimension", "member", "measure")),
    ],
}  # fmt: skip
"""Table → (its columns, the table they name, that table's columns): foreign keys of the data package and
of the reporting database."""


def data_package(files: Mapping[str, Sequence[str]], release: str, made_at: str) -> dict[str, Any]:
    """`datapackage.json` of a release; `files` gives the names of each table's files in it."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "tongbao",
        "title": TITLE,
        "version": release,
        "created": made_at,
        "resources": [_resource(t, files[t.name]) for t in PUBLISHED if files.get(t.name)],
    }


def data_contract() -> dict[str, Any]:
    """The open data contract of all published tables."""
    return {
        "apiVersion": "v3.0.1",
        "kind": "DataContract",
        "id": "tongbao-published-tables",
        "name": TITLE,
        "version": CODE_VERSION,
        "status": "active",
        "domain": "export-credit",
        "description": {
            "purpose": "Who may have the free policy, who has it, what it covered and paid, year by year.",
            "limitations": "Only tables of audience `public` may leave the house.",
            "usage": "Money is exact decimal text in SQLite. A name, key or meaning that changes is a new "
            "version; the old one is kept for a year.",
        },
        "schema": [_object(table) for table in PUBLISHED],
    }


def _resource(table: Table, files: Sequence[str]) -> dict[str, Any]:
    keys = [
        {"fields": list(mine), "reference": {"resource": other, "fields": list(theirs)}}
        for mine, other, theirs in REFERENCES.get(table.name, ())
    ]
    return {
        "name": table.name,
        "title": f"{table.zh} {table.name}",
        "description": table.about,
        "path": list(files) if len(files) > 1 else files[0],
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "schema": {
            "fields": [_field(table, column) for column in table.columns],
            "primaryKey": list(table.key),
            **({"foreignKeys": keys} if keys else {}),
        },
    }


def _field(table: Table, column: Column) -> dict[str, Any]:
    constraints: dict[str, Any] = {"required": column.required}
    if column.values and not isinstance(column.dtype, pl.List):
        constraints["enum"] = list(column.values)
    return {
        "name": column.name,
        "type": _kind(column)[0],
        "title": column.zh,
        "description": column.about,
        **({"unit": column.unit} if column.unit else {}),
        "constraints": constraints,
    }


def _object(table: Table) -> dict[str, Any]:
    return {
        "name": table.name,
        "physicalName": table.name,
        "physicalType": "table",
        "logicalType": "object",
        "businessName": table.zh,
        "description": table.about,
        "tags": [table.audience],
        "properties": [
            {
                "name": column.name,
                "businessName": column.zh,
                "description": column.about + (f" [{column.unit}]" if column.unit else ""),
                "logicalType": _kind(column)[1],
                "physicalType": str(column.dtype),
                **({"items": {"logicalType": "string"}} if isinstance(column.dtype, pl.List) else {}),
                "required": column.required,
                "primaryKey": column.name in table.key,
                **(
                    {"primaryKeyPosition": table.key.index(column.name) + 1}
                    if column.name in table.key
                    else {}
                ),
                **_words(column),
            }
            for column in table.columns
        ],
        "quality": [{"type": "text", "name": rule.name, "description": rule.about} for rule in table.rules],
    }


def _words(column: Column) -> dict[str, Any]:
    if not column.values:
        return {}
    words = {"name": "vocabulary", "type": "text", "description": f"One of: {', '.join(column.values)}."}
    return {"quality": [words]}


def _kind(column: Column) -> tuple[str, str]:
    """The type of a column as Data Package and the contract standard call it."""
    match column.dtype:
        case pl.Boolean:
            return "boolean", "boolean"
        case pl.Int32 | pl.Int64:
            return "integer", "integer"
        case pl.Decimal():
            return "number", "number"
        case pl.Date:
            return "date", "date"
        case pl.Datetime():
            return "datetime", "date"
        case pl.List():
            return "list", "array"
    return "string", "string"
