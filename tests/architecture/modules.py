"""The project's own modules as syntax trees: what the tests of this folder look at."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("pipelines", "assets", "schemas")


def sources(*floors: str) -> dict[str, Path]:
    """Module name → file, of some floors or of all."""
    files = (path for floor in floors or FLOORS for path in sorted((ROOT / floor).rglob("*.py")))
    return {name_of(path.relative_to(ROOT)): path for path in files}


def name_of(path: Path) -> str:
    """`assets.flow` for `assets/flow.py`."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def tree(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text("utf-8"))


def functions(module: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions at the top of a module."""
    return (node for node in module.body if isinstance(node, ast.FunctionDef))


def body_lines(function: ast.FunctionDef) -> int:
    """How many lines a function's body has, its docstring left out."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def clocks(module: ast.Module) -> list[str]:
    """The places in a module where a clock is read, as `name:line`."""
    renamed = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and node.module in CLOCK_MODULES
        for alias in node.names
    }
    return [
        f"{word}:{node.lineno}"
        for node in ast.walk(module)
        if isinstance(node, ast.expr | ast.stmt) and (word := _clock(node, renamed))
    ]


CLOCK_MODULES = ("time", "datetime")
_METHODS = {"now", "utcnow", "today"}
_FUNCTIONS = {
    "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns",
    "process_time", "localtime", "gmtime", "ctime", "strftime",
}  # fmt: skip


def _clock(node: ast.AST, renamed: dict[str, str]) -> str | None:
    """What clock an expression reads: `datetime.now`, `time.time`, or one of them by its name."""
    if isinstance(node, ast.Attribute):
        of = node.value.attr if isinstance(node.value, ast.Attribute) else None
        of = node.value.id if isinstance(node.value, ast.Name) else of
        of = renamed.get(of or "", of)
        if node.attr in _METHODS and of in ("datetime", "date"):
            return f"{of}.{node.attr}"
        if node.attr in _FUNCTIONS and of == "time":
            return f"time.{node.attr}"
    if isinstance(node, ast.ImportFrom) and node.module == "time":
        return next((f"time.{a.name}" for a in node.names if a.name in _FUNCTIONS), None)
    return None
