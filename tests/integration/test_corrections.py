"""Refused rows as work: listed, written out, corrected, delivered back, and repaired.

Belongs here: the way of a refused row through two nights. Not here: which rows are refused.
"""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console
from typer.testing import CliRunner

from assets.storage.lake import Lake
from pipelines.cli import app
from pipelines.rejects import Asked, find_rejects, show_rejects
from pipelines.words import WrongUsage
from schemas.customs import LINE_COUNTS
from tests.integration.running import run_night
from tests.unit.policies_examples import A
from tests.unit.test_validation import LINE as LINE_OF_2024

JOBS = ("references", "declared_months", "rejects")
FIRST = datetime.fromisoformat("2021-07-01T06:00:00+08:00")
SECOND = datetime.fromisoformat("2021-07-02T06:00:00+08:00")
B = "91440300TB0000009X"
LINE = {name: text.replace("2024", "2021") for name, text in LINE_OF_2024.items()}
FIRM = {
    "uscc": A, "customs_code": "4403160001", "name": "甲公司", "city": "440304", "district": "无名区",
    "updated_at": "2021-01-01T00:00:00Z",
}  # fmt: skip
ROWS = [
    LINE,
    LINE | {"line_no": "2", "currency": "XQX", "amount": "200.00"},
    LINE | {"declaration_no": "5316202101234567", "amount": "300.00", "hs_code": "8"},
    LINE | {"declaration_no": "531620200123456790", "amount": "400.00"},
    LINE | {"declaration_no": "531620210123456791", "amount": "500.00"},
    LINE | {"declaration_no": "531620210123456791", "amount": "501.00"},
    LINE | {"declaration_no": "531620210123456792", "consignor_name": "甲BAD司", "consignor_uscc": B},
]
RIGHT = {
    "XQX": {"币制": "USD"},
    "5316202101234567": {"报关单号": "531620210123456700", "商品编号": "0102030405"},
    "531620200123456790": {"报关单号": "531620210123456790"},
    "甲\\xff司": {"境内发货人名称": "乙公司"},
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake after its first night, with seven refused rows of two sources."""
    folder = tmp_path_factory.mktemp("refused")
    _deliver(folder, "enterprises", "registry.csv", pl.DataFrame([FIRM]))
    _deliver(folder, "customs_declarations", "march.csv", pl.DataFrame(ROWS))
    run_night(folder, FIRST, JOBS)
    return folder


def test_a_refused_row_is_written_out_corrected_delivered_and_repaired(refused: Path) -> None:
    done = _tongbao(refused, FIRST, "--source", "customs_declarations", "--export", f"{refused}/out/fix.xlsx")
    assert "6 rows of customs_declarations" in done
    work = pl.read_excel(refused / "out" / "fix.xlsx", infer_schema_length=0)
    assert work.columns[:2] == ["报关单号", "项号"]
    assert set(work["更新时间"]) == {"2021-06-30T22:00:00Z"}
    _deliver(
        refused,
        "customs_declarations",
        "fix.csv",
        pl.DataFrame([_right(row) for row in work.to_dicts() if row["总价"] != "501.00"]),
    )

    assert run_night(refused, SECOND, JOBS).refused == []

    left = find_rejects(refused / "lake", Asked())
    assert left.select("source", "reasons").rows() == [("enterprises", ["unknown:district"])]
    repaired = find_rejects(refused / "lake", Asked(is_repaired=True))
    assert repaired["reasons"].to_list() == [
        ["unknown:currency"],
        ["unreadable:declaration_no", "unreadable:hs_code"],
        ["declaration_year"],
        ["version_conflict"],
        ["version_conflict"],
        ["bad_bytes:consignor_name"],
    ]
    counts = Lake(refused / "lake").scan(LINE_COUNTS).collect()
    assert counts.select("uscc", "counted", "rejected").sort("uscc").rows() == [(A, 5, 0), (B, 1, 0)]


def test_rows_are_found_by_file_reason_and_enterprise(refused: Path) -> None:
    def found(**asked: str) -> list[int]:
        every = [find_rejects(refused / "lake", Asked(**asked, is_repaired=done)) for done in (False, True)]
        return sorted(pl.concat(every).filter(pl.col("source") == "customs_declarations")["row"])

    assert found() == [2, 3, 4, 5, 6, 7]
    assert found(reason="unreadable") == [3]
    assert found(reason="unreadable:hs_code") == [3]
    assert found(reason="version_conflict", file="march") == [5, 6]
    assert found(file="april") == []
    assert found(enterprise=B.lower()) == [7]


def test_the_list_says_which_reasons_come_together_and_where(refused: Path) -> None:
    out = Console(width=120, record=True, file=open(os.devnull, "w"))  # noqa: SIM115
    rows = pl.concat([find_rejects(refused / "lake", Asked(is_repaired=done)) for done in (False, True)])
    show_rejects(out, refused / "lake", rows.sort("source"), Asked(), 20)
    text = out.export_text()
    assert "unreadable:declaration_no + unreadable:hs_code" in text
    assert re.search("2 +version_conflict +同一版本内容不一致", text)
    assert "march.csv row 3  unreadable:declaration_no, unreadable:hs_code" in text
    assert "declaration_no 5316202101234567  line_no 1  hs_code 8" in text
    assert "6  version_conflict  customs_declarations/march.csv" in text
    assert "甲\\xff司" in text


@pytest.mark.parametrize(
    ("name", "more", "wrong"),
    [
        ("fix.txt", ["--source", "enterprises"], "is of no kind"),
        ("fix.csv", ["--reason", "no_such"], "of 0 sources"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_sentence(
    refused: Path, name: str, more: list[str], wrong: str
) -> None:
    assert wrong in _tongbao(refused, FIRST, *more, "--export", f"{refused}/{name}")


def test_a_file_that_is_there_is_not_written_over(refused: Path) -> None:
    path = refused / "there.csv"
    path.write_text("half corrected")
    assert "is there already" in _tongbao(refused, FIRST, "--source", "enterprises", "--export", str(path))
    assert path.read_text() == "half corrected"


def _right(row: dict[str, str]) -> dict[str, str]:
    for wrong, change in RIGHT.items():
        if wrong in row.values():
            return row | change
    return row


def _deliver(folder: Path, source: str, name: str, rows: pl.DataFrame) -> None:
    place = folder / "sources" / source
    place.mkdir(parents=True, exist_ok=True)
    text = rows.write_csv().encode("gb18030").replace(b"BAD", b"\xff")
    (place / name).write_bytes(text)


def _tongbao(folder: Path, now: datetime, *words: str) -> str:
    env = {
        "TONGBAO_LAKE": f"{folder}/lake", "TONGBAO_SOURCES": f"{folder}/sources",
        "TONGBAO_NOW": now.isoformat(), "COLUMNS": "500",
    }  # fmt: skip
    result = CliRunner().invoke(app, ["rejects", *words], env=env)
    assert result.exception is None or isinstance(result.exception, WrongUsage)
    return " ".join((result.output + str(result.exception or "")).split())
