"""A month's list as one package for the portal: JSON Lines, CSV, XLSX, a description, a manifest.

The same rows give the same bytes, so a package's identity is the hash of its files. Rows are written
as a stream; what is sent when, and where to, is `assets.push.deliver`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from assets.push.sentences import SCHEMES
from assets.push.workbook import Form, Heading, Sheet, write_sheets
from assets.storage.drop_folder import sha256_of
from schemas.codes.countries import COUNTRIES
from schemas.codes.labels import labels
from schemas.push import PUSH_ENTERPRISES, PUSH_LIST
from schemas.table import Column, Table
from schemas.terms.loader import PolicyTerms

MANIFEST = "manifest.json"
DESCRIPTION = "datapackage.json"
TABLES: Mapping[str, Table] = {"items": PUSH_LIST, "enterprises": PUSH_ENTERPRISES}
"""Name in the package → the table whose rows it holds."""
_TYPES: Mapping[Any, str] = {pl.String: "string", pl.Date: "date", pl.Boolean: "boolean", pl.Int32: "integer"}


@dataclass(frozen=True)
class Package:
    """A package on disk and what its manifest says."""

    folder: Path
    manifest: Mapping[str, Any]

    @property
    def name(self) -> str:
        """`push-2025-08`, or `push-2025-08-supplement-1`."""
        return str(self.manifest["package"])

    @property
    def identity(self) -> str:
        """The hash of its files."""
        return str(self.manifest["identity"])

    @property
    def files(self) -> tuple[str, ...]:
        """The names of its files; the manifest comes last, since who sees it sees all the others."""
        return (*(file["name"] for file in self.manifest["files"]), MANIFEST)

    def faults(self) -> list[str]:
        """The files that are not what the manifest says."""
        return [
            str(self.folder / file["name"])
            for file in self.manifest["files"]
            if not (self.folder / file["name"]).exists()
            or sha256_of(self.folder / file["name"]) != file["sha256"]
        ]


def package_name(month: str, supplement: int) -> str:
    """The name of a package."""
    return f"push-{month}" + (f"-supplement-{supplement}" if supplement else "")


def read_package(folder: Path) -> Package:
    """A package that was written before."""
    return Package(folder, json.loads((folder / MANIFEST).read_text("utf-8")))


def write_package(
    folder: Path, month: str, supplement: int, rows: Mapping[str, pl.LazyFrame], terms: PolicyTerms
) -> Package:
    """Write the package of a supplement into a folder; `rows`: `items` and `enterprises`, by key.

    Sums are exact text; counts are of rows, enterprises, topics and changes.
    """
    folder.mkdir(parents=True)
    counted = {name: _counts(frame) for name, frame in rows.items()}
    for name, frame in rows.items():
        _write_text(folder, name, frame)
    write_workbook(folder / "push.xlsx", rows, f"{month} {terms.label_zh}")
    _write_json(folder / DESCRIPTION, _description(folder, month, supplement, terms))
    names = sorted(path.name for path in folder.iterdir())
    rows_of = {name: found["rows"] for name, found in counted.items()}
    files = [
        {
            "name": name,
            "sha256": sha256_of(folder / name),
            "bytes": (folder / name).stat().st_size,
            "rows": rows_of.get(name.removesuffix(".csv").removesuffix(".jsonl")),
        }
        for name in names
    ]
    lines = "".join(f"{file['name']} {file['sha256']}\n" for file in files)
    manifest = {
        "package": package_name(month, supplement),
        "push_month": month,
        "supplement": supplement,
        "policy_year": terms.policy_year,
        "is_sample": terms.sample,
        "terms_sha256": terms.sha256,
        "identity": hashlib.sha256(lines.encode()).hexdigest(),
        "files": files,
        "counts": {
            "items": counted["items"]["rows"],
            "enterprises": counted["enterprises"]["rows"],
            "topics": _groups(rows["items"], "topic"),
            "changes": _groups(rows["items"], "change"),
        },
        "sums": {f"{name}.exposure_usd": found["exposure_usd"] for name, found in counted.items()},
    }
    _write_json(folder / MANIFEST, manifest)
    return Package(folder, manifest)


def _counts(frame: pl.LazyFrame) -> dict[str, Any]:
    rows, usd = frame.select(pl.len(), pl.col("exposure_usd").sum()).collect().row(0)
    return {"rows": rows, "exposure_usd": str(usd)}


def _groups(frame: pl.LazyFrame, column: str) -> dict[str, int]:
    found = frame.drop_nulls(column).group_by(column).len().sort(column).collect()
    return dict(found.iter_rows())


def _write_text(folder: Path, name: str, frame: pl.LazyFrame) -> None:
    """CSV, and JSON Lines in which decimals are text: a JSON number is a float to most readers."""
    frame.sink_csv(folder / f"{name}.csv")
    exact = frame.with_columns(pl.selectors.decimal().cast(pl.String), pl.selectors.date().cast(pl.String))
    exact.sink_ndjson(folder / f"{name}.jsonl", check_extension=False)


def _description(folder: Path, month: str, supplement: int, terms: PolicyTerms) -> dict[str, Any]:
    """The Frictionless data package descriptor."""
    return {
        "name": package_name(month, supplement),
        "title": f"统保每月推送 {month}" + (f" 补充 {supplement}" if supplement else ""),
        "description": f"{terms.label_zh}。以上信息仅供参考。",
        "version": f"1.{supplement}.0",
        "resources": [
            *(
                _resource(folder / f"{name}.{ending}", table, media)
                for name, table in TABLES.items()
                for ending, media in (("csv", "text/csv"), ("jsonl", "application/jsonl"))
            ),
            _file(folder / "push.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ],
    }


def _resource(path: Path, table: Table, media: str) -> dict[str, Any]:
    key = list(table.key)
    return {
        **_file(path, media),
        "title": table.zh,
        "description": table.about,
        "profile": "tabular-data-resource",
        "encoding": "utf-8",
        "schema": {"fields": [_field(column) for column in table.columns], "primaryKey": key},
    }


def _file(path: Path, media: str) -> dict[str, Any]:
    return {
        "name": path.name.replace(".", "-"),
        "path": path.name,
        "format": path.suffix[1:],
        "mediatype": media,
        "bytes": path.stat().st_size,
        "hash": f"sha256:{sha256_of(path)}",
    }


def _field(column: Column) -> dict[str, Any]:
    kind = "number" if isinstance(column.dtype, pl.Decimal) else _TYPES[column.dtype]
    limits: dict[str, Any] = {"required": True} if column.required else {}
    if column.values:
        limits["enum"] = list(column.values)
    return {
        "name": column.name,
        "title": column.zh,
        "description": column.about + (f" [{column.unit}]" if column.unit else ""),
        "type": kind,
    } | ({"constraints": limits} if limits else {})


def write_workbook(path: Path, rows: Mapping[str, pl.LazyFrame], title: str) -> None:
    """The rows as people read them: 中文 headers, names of countries, sentences wrapped."""
    write_sheets(path, f"统保每月推送 {title}", [_sheet(TABLES[name], frame) for name, frame in rows.items()])


_WIDTHS = {"sentence_zh": 70, "uscc": 22, "exposure_usd": 18, "previous_usd": 18, "source": 20, "item": 14}
_FOR_MACHINES = ("push_month", "reason", "supplement")
_FIRST = ("uscc", "trading_country", "topic", "item", "sentence_zh")


def _sheet(table: Table, frame: pl.LazyFrame) -> Sheet:
    """The columns for people, what is read first in front, codes in words."""
    names = [n for n in _FIRST if n in table.names]
    names += [n for n in table.names if n not in (*_FIRST, *_FOR_MACHINES)]
    head = tuple(Heading(table[n].zh, _WIDTHS.get(n, 12), _form(table[n])) for n in names)
    return Sheet(table.zh, head, _stream(frame.select(pl.col(n).replace(_words(n)) for n in names)))


def _words(column: str) -> dict[str, str]:
    """Code → word, of the columns that carry codes."""
    match column:
        case "trading_country" | "largest_country":
            return {country.code: country.zh for country in COUNTRIES.values()}
        case "topic":
            return labels("topic")
        case "change":
            return labels("push_change")
        case "item":
            return dict(SCHEMES)
    return {}


def _form(column: Column) -> Form:
    if isinstance(column.dtype, pl.Decimal):
        return "money" if column.unit else "share"
    return "long" if column.name == "sentence_zh" else "text"


def _stream(frame: pl.LazyFrame) -> Iterator[tuple[Any, ...]]:
    for batch in frame.collect_batches(chunk_size=50_000, maintain_order=True):
        yield from batch.iter_rows()


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
