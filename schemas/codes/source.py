"""Reads a code table of this package: TOML, with the official source and its date at the top.

The rows belong to `data/`, what they mean to the modules beside this one. Standard library only.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
JUDGING = ("countries", "currencies", "trade_modes", "districts")
WORDING = ("hs_chapters", "labels")


def read_table(name: str) -> dict[str, Any]:
    """The rows of one data file, without its `source` and `dated`."""
    return {key: rows for key, rows in _parsed(name).items() if key not in ("source", "dated")}


def table_source(name: str) -> tuple[str, date]:
    """The official source of one data file, and the date it stands for."""
    table = _parsed(name)
    source, dated = table.get("source"), table.get("dated")
    if not isinstance(source, str) or not isinstance(dated, date):
        raise ValueError(f"schemas/codes/data/{name}.toml must name its source and its date.")
    return source, dated


def codes_version() -> str:
    """A sha256 over the tables that judge rows: when it changes, rejected rows are judged again."""
    return _digest(JUDGING)


def wording_version() -> str:
    """A sha256 over titles and labels: when it changes, sentences change and nothing else."""
    return _digest(WORDING)


@cache
def _parsed(name: str) -> dict[str, Any]:
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


def _digest(names: tuple[str, ...]) -> str:
    digest = sha256()
    for name in names:
        content = (DATA / f"{name}.toml").read_bytes()
        digest.update(f"{name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()
