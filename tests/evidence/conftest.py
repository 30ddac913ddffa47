"""The long runs: their figures go to docs/evidence.md, one section a topic, kept in order of topic.

Run them with `./run evidence` (or `./run evidence -k topic`); the quick tests leave them out, since
their files are named evidence_*.py.
"""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "evidence.md"
HEAD = "# Evidence\n\nFigures of the long runs, written by `./run evidence`.\n"
Record = Callable[[str, str, Mapping[str, object]], None]


@pytest.fixture(scope="session")
def record() -> Record:
    """Write a section: `record("csv-fuzz", "What was run, in a sentence.", {"inputs": 100_000})`."""

    def write(topic: str, about: str, figures: Mapping[str, object]) -> None:
        text = PAGE.read_text("utf-8") if PAGE.exists() else HEAD
        sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
        machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
        rows = "".join(f"| {name} | {_shown(value)} |\n" for name, value in figures.items())
        sections[topic] = f"\n{about} ({machine})\n\n| figure | value |\n| --- | --- |\n{rows}\n"
        body = "".join(f"## {name}\n{sections[name]}" for name in sorted(sections))
        PAGE.write_text(f"{HEAD}\n{body}".rstrip() + "\n", "utf-8")

    return write


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
