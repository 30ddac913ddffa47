"""A month's package: the same rows in three forms, described, and the same bytes each time."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import fastexcel
import polars as pl
import pytest

from assets.push import workbook
from assets.push.package import Package, read_package, write_package
from schemas.push import PUSH_ENTERPRISES, PUSH_LIST
from schemas.terms.loader import load_terms
from tests.unit.push_examples import MONTH, enterprise, enterprises, item, items

ROWS = {
    "items": items(item(), item("B", "HKG", change=None, steps=None, sentence_zh='含"引号"，\n换行')),
    "enterprises": enterprises(enterprise(), enterprise("B", largest_country=None, largest_share=None,
                               top_three_share=None, concentration=None)),
}  # fmt: skip


def made(folder: Path, rows: dict[str, pl.DataFrame] = ROWS, supplement: int = 0) -> Package:
    lazy = {name: frame.lazy() for name, frame in rows.items()}
    return write_package(folder, MONTH, supplement, lazy, load_terms(2025))


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return made(tmp_path / "push")


def test_the_same_rows_give_the_same_bytes(tmp_path: Path, package: Package) -> None:
    again = made(tmp_path / "again")
    assert again.identity == package.identity
    for name in package.files:
        assert (again.folder / name).read_bytes() == (package.folder / name).read_bytes()
    assert made(tmp_path / "other", {**ROWS, "items": items(item(priority=1))}).identity != package.identity


def test_the_manifest_says_what_is_there(package: Package) -> None:
    manifest = read_package(package.folder).manifest
    assert sorted(file["name"] for file in manifest["files"]) == [
        "datapackage.json", "enterprises.csv", "enterprises.jsonl", "items.csv", "items.jsonl", "push.xlsx",
    ]  # fmt: skip
    for file in manifest["files"]:
        content = (package.folder / file["name"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (file["bytes"], file["sha256"])
        assert file["rows"] == (2 if file["name"].endswith(("csv", "jsonl")) else None)
    assert manifest["counts"] == {
        "items": 2, "enterprises": 2, "topics": {"country_risk": 2}, "changes": {"up": 1},
    }  # fmt: skip
    assert manifest["sums"]["items.exposure_usd"] == "18014398509481986.02", "no float has it"
    assert package.faults() == []
    (package.folder / "items.csv").write_text("other")
    assert package.faults() == [str(package.folder / "items.csv")]


@pytest.mark.parametrize(("name", "table"), [("items", PUSH_LIST), ("enterprises", PUSH_ENTERPRISES)])
def test_csv_and_json_lines_give_back_every_value(package: Package, name: str, table: Any) -> None:
    expected = [{k: _plain(v) for k, v in row.items()} for row in ROWS[name].to_dicts()]
    with (package.folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [{k: v or "" for k, v in row.items()} for row in expected]
    lines = (package.folder / f"{name}.jsonl").read_text("utf-8").splitlines()
    assert [{k: _plain(v) for k, v in json.loads(line).items()} for line in lines] == expected
    assert list(json.loads(lines[0])) == table.names
    with duckdb.connect() as database:
        database.execute(f"select count(*) from read_csv('{package.folder / name}.csv', header=true)")
        assert database.fetchall() == [(len(expected),)]


def _plain(value: object) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_description_is_a_frictionless_data_package(package: Package) -> None:
    described = json.loads((package.folder / "datapackage.json").read_text("utf-8"))
    assert described["name"] == "push-2025-08"
    for resource in described["resources"]:
        path = package.folder / resource["path"]
        content = path.read_bytes()
        assert resource["bytes"] == len(content)
        assert resource["hash"] == "sha256:" + hashlib.sha256(content).hexdigest()
        assert resource["name"] == resource["name"].lower()
    tables = {r["path"]: r["schema"] for r in described["resources"] if "schema" in r}
    assert set(tables) == {"items.csv", "items.jsonl", "enterprises.csv", "enterprises.jsonl"}
    fields = {field["name"]: field for field in tables["items.csv"]["fields"]}
    with (package.folder / "items.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == list(fields)
    assert tables["items.csv"]["primaryKey"] == list(PUSH_LIST.key)
    assert {f["type"] for f in fields.values()} == {"string", "integer", "number", "date", "boolean"}
    assert fields["exposure_usd"]["title"] == "近十二个月出口（美元）"
    assert fields["change"]["constraints"]["enum"][0] == "up"


def test_the_workbook_reads_as_people_expect(package: Package) -> None:
    book = fastexcel.read_excel(package.folder / "push.xlsx")
    assert book.sheet_names == ["每月推送清单", "每月推送企业概况"]
    sheet = book.load_sheet("每月推送清单").to_polars()
    left_out = {"推送月份", "推送原因", "补充序号"}
    assert set(sheet.columns) == {column.zh for column in PUSH_LIST.columns} - left_out
    assert sheet.columns[:5] == ["统一社会信用代码", "国别", "主题", "条目", "提示语"]
    assert sheet.select("主题", "条目", "变化").row(0) == ("国别风险信息", "经合组织", "风险上升")
    assert sheet["国别"].to_list() == ["美国", "中国香港"]
    assert sheet["来源"].to_list() == ["=OECD", "=OECD"], "text that looks like a formula is text"
    assert sheet["新市场"].to_list() == ["是", "是"]


def test_a_sheet_that_is_full_goes_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "SHEET_ROWS", 2)
    rows = items(*(item(f"U{n}") for n in range(5)))
    book = fastexcel.read_excel(made(tmp_path / "many", {**ROWS, "items": rows}).folder / "push.xlsx")
    assert book.sheet_names == ["每月推送清单", "每月推送清单 2", "每月推送清单 3", "每月推送企业概况"]
    sizes = [book.load_sheet(name).to_polars().height for name in book.sheet_names[:3]]
    assert sizes == [2, 2, 1]


def test_a_package_without_items_is_a_package(tmp_path: Path) -> None:
    empty = {name: frame.clear() for name, frame in ROWS.items()}
    package = made(tmp_path / "none", empty)
    assert package.manifest["counts"]["items"] == 0
    assert Decimal(package.manifest["sums"]["items.exposure_usd"]) == 0
    shutil.rmtree(package.folder)
