"""Where a year's report lies, what it is made from, and whether it must be made again.

Standard library only: a night with nothing new asks this and loads nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.storage.releases import latest
from schemas.codes.source import codes_version, wording_version
from schemas.terms.loader import load_terms, registered_years

REPORT_VERSION = "2"
"""Raise it when what the report makes of the same tables changes."""
OF_THE_YEAR = (
    "annual_statistics", "statistics_revisions", "public_statistics", "take_up",
    "policy_reconciliation", "claim_audit", "roster", "roster_editions", "roster_drift",
)  # fmt: skip
"""Tables of which a report reads its own year; a change of one makes it stale."""
BESIDE = ("rejected_rows", "runs")
"""Tables that a report shows as they stood in its release; they alone make nothing stale."""


@dataclass(frozen=True)
class Release:
    """A release as its index describes it."""

    folder: Path
    name: str
    made_at: str
    items: dict[tuple[str, str], dict[str, Any]]

    @classmethod
    def at(cls, folder: Path) -> Release:
        """Read the index of a release's folder."""
        index = json.loads((folder / "index.json").read_text("utf-8"))
        items = {(item["table"], item["key"]): item for item in index["items"]}
        return cls(folder, index["release"], index["made_at"], items)

    def file(self, table: str, key: str) -> Path | None:
        """The file of a table's key; None where the release has none."""
        item = self.items.get((table, key))
        return self.folder / item["file"] if item else None


def latest_release(root: Path) -> Release | None:
    """The release that readers see; None before the first."""
    index = latest(root)
    return Release.at(root / "releases" / str(index["release"])) if index else None


def reports(root: Path) -> Path:
    """The folder of all reports of a lake."""
    return root / "reports"


def home(root: Path, year: int) -> Path:
    """Where a year's report is found: a link that is swapped."""
    return reports(root) / str(year)


def inputs_of(release: Release, year: int) -> str:
    """A hash over everything that makes a year's report stale."""
    read = [(table, str(year)) for table in OF_THE_YEAR]
    read += [("annual_statistics", str(y)) for y in registered_years() if y < year]
    read += [("public_statistics", str(y)) for y in registered_years() if y < year]
    contents = [[*item, release.items[item]["sha256"]] for item in read if item in release.items]
    made_of = [REPORT_VERSION, codes_version(), wording_version(), load_terms(year).sha256, contents,
               reported_years(release)]  # fmt: skip
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def reported_years(release: Release) -> list[int]:
    """The years that a release has figures of, each with a report; every report links to the others."""
    return sorted(int(key) for table, key in release.items if table == "annual_statistics")


def is_due(root: Path, year: int) -> bool:
    """Whether a year's report is not there or made from something else than the latest release."""
    release = latest_release(root)
    if release is None or ("annual_statistics", str(year)) not in release.items:
        return False
    try:
        made = json.loads((home(root, year) / "report.json").read_text("utf-8"))
    except FileNotFoundError:
        return True
    return bool(made["inputs"] != inputs_of(release, year))


def due_years(root: Path) -> Iterator[int]:
    """The years whose report is to be made, in order."""
    return (year for year in registered_years() if is_due(root, year))
