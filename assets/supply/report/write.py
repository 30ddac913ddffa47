"""Writes a year's report: both audiences' sites, workbooks and one-page summaries, then swaps it in.

The folder is named by its contents and made beside the last one; a reader sees the one or the other.
From the same release the same bytes come out.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assets.storage.manifest import sync_folder, write_bytes, write_json
from assets.supply.report.due import Release, home, inputs_of, reports
from assets.supply.report.one_page import one_page
from assets.supply.report.site import site
from assets.supply.report.workbook import workbook
from assets.supply.report.year import Audience, Year

FOLDERS: dict[Audience, str] = {"internal": "", "public": "public/"}


@dataclass(frozen=True)
class Report:
    """A report that was written."""

    page: Path
    files: int
    bytes: int
    largest_page: int


def write_report(root: Path, release: Release, policy_year: int) -> Report:
    """Write the report of a year as `release` has it below `root`, and make it the year's."""
    files = dict(contents(release, policy_year))
    hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}
    about = {
        "policy_year": policy_year,
        "release": release.name,
        "inputs": inputs_of(release, policy_year),
        "files": hashes,
    }
    name = f"{policy_year}-{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]}"
    folder, draft = reports(root) / name, reports(root) / f".{name}.{os.getpid()}"
    if not folder.exists():
        for file, content in files.items():
            write_bytes(draft / file, content)
        write_json(draft / "report.json", about)
        draft.rename(folder)
    _swap(home(root, policy_year), name)
    _sweep(reports(root), policy_year, name)
    pages = [len(content) for file, content in files.items() if file.endswith(".html")]
    sizes = map(len, files.values())
    return Report(home(root, policy_year) / "index.html", len(files), sum(sizes), max(pages))


def contents(release: Release, policy_year: int) -> Iterator[tuple[str, bytes]]:
    """(file name, bytes) of everything that a year's report holds."""
    for audience, folder in FOLDERS.items():
        year = Year.of(release, policy_year, audience)
        for name, text in site(year):
            yield f"{folder}{name}", text.encode()
        yield f"{folder}statistics.xlsx", workbook(year)
        yield f"{folder}one-page.pdf", one_page(year)


def _swap(link: Path, name: str) -> None:
    beside = link.with_name(f".{link.name}.{os.getpid()}")
    beside.unlink(missing_ok=True)
    beside.symlink_to(name)
    beside.replace(link)
    sync_folder(link.parent)


def _sweep(folder: Path, policy_year: int, name: str) -> None:
    """Remove what the year's report was before, and what a killed run left of it."""
    for path in [*folder.glob(f"{policy_year}-*"), *folder.glob(f".{policy_year}-*")]:
        if path.name != name:
            shutil.rmtree(path)
