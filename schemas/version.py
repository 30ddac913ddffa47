"""The version of this program, as pyproject.toml has it."""

from __future__ import annotations

CODE_VERSION = "0.3.1"
