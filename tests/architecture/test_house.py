"""The form of the house: names, docstrings, and asset bodies that stay short."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from pathlib import Path
from statistics import median

import pytest

from tests.architecture.modules import FLOORS, ROOT, body_lines, functions, sources, tree

MEDIAN, LONGEST = 15, 30


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_sits_beside_pyproject(floor: str) -> None:
    """The names are generic: a package of that name elsewhere must not be the one imported."""
    file = importlib.import_module(floor).__file__
    assert file is not None
    assert Path(file).resolve() == ROOT / floor / "__init__.py"
    assert (ROOT / "pyproject.toml").exists()


def test_packages_are_empty_at_the_door() -> None:
    doors = [path for floor in (*FLOORS, "tests") for path in (ROOT / floor).rglob("__init__.py")]
    assert [str(path) for path in doors if path.read_bytes()] == []


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for path in sources().values()}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_module_is_named_after_a_dependency() -> None:
    own = {part for name in sources() for part in name.split(".")[1:]}
    assert sorted(own & dependencies()) == []


def dependencies() -> set[str]:
    """The import names of everything that the project depends on."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[^A-Za-z0-9_-]", word)[0].replace("-", "_").lower() for word in wanted}
    return names | {"chinese_calendar", "opencc", "stdnum", "pytz", "yaml", "grpc", "click"}


def test_the_project_is_not_for_upload() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "Private :: Do Not Upload" in project["project"]["classifiers"]
    assert project["tool"]["pytest"]["ini_options"]["pythonpath"] == ["."]


def test_the_workspace_opens_the_code_location() -> None:
    words = (ROOT / "workspace.yaml").read_text("utf-8")
    assert "module_name: pipelines.definitions" in words
    assert "working_directory: ." in words


def bodies() -> dict[str, int]:
    """Lines of every asset body, of the stages' assets.py."""
    return {
        f"{name.split('.')[1]}.{function.name}": body_lines(function)
        for name, path in sources("assets").items()
        if name.endswith(".assets")
        for function in functions(tree(path))
        if any(_is_asset(decorator) for decorator in function.decorator_list)
    }


def _is_asset(decorator: ast.expr) -> bool:
    call = decorator.func if isinstance(decorator, ast.Call) else decorator
    return ast.unparse(call) in ("tables_asset", "dg.asset", "dg.multi_asset")


def test_asset_bodies_are_short() -> None:
    lines = bodies()
    assert len(lines) > 20, "the assets were not found"
    assert median(lines.values()) <= MEDIAN
    assert {name: count for name, count in lines.items() if count > LONGEST} == {}


def test_a_long_body_would_be_seen() -> None:
    text = "def body():\n    '''Says what.'''\n" + "    x = 1\n" * (LONGEST + 1)
    (function,) = functions(ast.parse(text))
    assert body_lines(function) == LONGEST + 1


def test_everything_public_says_what_it_is() -> None:
    mute = [
        f"{name}.{getattr(node, 'name', '')}"
        for name, path in sources().items()
        for node in [tree(path), *_public(tree(path))]
        if path.name != "__init__.py" and not ast.get_docstring(node)
    ]
    assert mute == []


def _public(
    module: ast.Module | ast.ClassDef,
) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    found: list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef] = []
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not node.name.startswith("_"):
                found.append(node)
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found += _public(node)
    return found


def test_the_stages_are_in_the_order_of_the_alphabet() -> None:
    """A reader of the folder listing sees the flow."""
    listed = sorted(path.parent.name for path in (ROOT / "assets").glob("*/assets.py"))
    assert listed == [
        "arrivals", "customs", "eligibility", "policies", "push", "statistics", "supply",
    ]  # fmt: skip
