"""`tongbao policies …` on a small city: what is printed, what is recorded, what is refused."""

import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import fastexcel
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from assets.eligibility.register import ActRefused, Register
from assets.policies.reviews import accept
from assets.storage.lake import Lake
from pipelines import cli
from pipelines.resources import SettingsHouse
from tests.integration.running import PRESENT, Row, rows_of, run_city, run_night, settings_of
from tests.oracle.rows import (
    claim,
    declaration,
    enterprise,
    make_customs_code,
    make_uscc,
    policy,
    roster_line,
    write_sources,
)

NOBODY = {"insured_uscc": "", "insured_customs_code": ""}
UNIDENTIFIED = "P20250002"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three enterprises; the policy of the second names it with a slip and nothing else."""
    folder = tmp_path_factory.mktemp("policies")
    named = {2: {"name": "深圳市华达电子有限公司"}, 3: {"name": "深圳市泰康玩具有限公司"}}
    sources = {
        "customs_declarations": [declaration(firm, firm=firm) for firm in (1, 2, 3)],
        "enterprises": [enterprise(firm, **named.get(firm, {})) for firm in (1, 2, 3)],
        "published_rosters": [
            roster_line(1), roster_line(2, enterprise_name="深圳市华达电子有限公司"), roster_line(3),
        ],
        "policies": [
            policy(1, insured_percentage="0.90"), policy(2, insured_name="深圳市华达电孑有限公司", **NOBODY),
        ],
        "claims": [claim(1, buyer_country="USA", paid_usd="150000.01", paid_on="2025-11-20", status="paid")],
    }  # fmt: skip
    write_sources(folder / "sources", sources)
    run_city(folder, PRESENT, [2025])
    return folder


@pytest.fixture
def tongbao(city: Path, monkeypatch: pytest.MonkeyPatch) -> "Tongbao":
    """The command line on that city, at the present of the tests."""
    for name, value in {
        "SOURCES": city / "sources",
        "LAKE": city / "lake",
        "NOW": PRESENT.isoformat(),
    }.items():
        monkeypatch.setenv(f"TONGBAO_{name}", str(value))
    monkeypatch.setattr(cli, "out", Console(width=160, highlight=False))
    return Tongbao()


class Tongbao:
    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(cli.app, ["policies", *words])


def reconciled(folder: Path, policy_no: str) -> Row:
    return next(
        r for r in rows_of(Lake(folder / "lake"), "policy_reconciliation") if r["policy_no"] == policy_no
    )


def test_review_then_accept_then_later_runs(city: Path, tongbao: Tongbao) -> None:
    """One story, since each step stands on the one before."""
    shown = tongbao("review", "--policy-year", "2025")
    assert shown.exit_code == 0
    assert f"{UNIDENTIFIED} states 深圳市华达电孑有限公司" in shown.output
    assert re.search(
        rf"1\s+{make_uscc(2)}\s+深圳市华达电子有限公司\s+\d+\s+名称相近、所属区相同、在现行名单内",
        shown.output,
    )
    assert reconciled(city, UNIDENTIFIED)["status"] == "unidentified"

    done = tongbao("accept", UNIDENTIFIED, make_uscc(2), "--by", "insurer-branch")
    assert done.exit_code == 0, done.output
    assert f"accept · 2025 · policy {UNIDENTIFIED} insures {make_uscc(2)} · by insurer-branch" in done.output
    row = reconciled(city, UNIDENTIFIED)
    assert (row["status"], row["uscc"], row["matched_by"]) == ("matched", make_uscc(2), "review")
    assert row["observations"] == ["name_differs"]
    assert "0 policies of 2025" in tongbao("review", "--policy-year", "2025").output

    write_sources(city / "sources", {"policies": [policy(3)]}, file="more.csv")
    run_night(city)
    row = reconciled(city, UNIDENTIFIED)
    assert (row["uscc"], row["matched_by"]) == (make_uscc(2), "review")
    assert Register(city / "lake").head(2025, "publish") == "0" * 64


@pytest.mark.parametrize(
    ("policy_no", "uscc", "by", "sentence"),
    [
        ("P9", make_uscc(2), "insurer-branch", "There is no policy P9"),
        ("P20250001", make_uscc(2), "insurer-branch", "is identified by its credit code"),
        (UNIDENTIFIED, make_uscc(9), "insurer-branch", "knows no enterprise"),
        (UNIDENTIFIED, make_uscc(2, good=False), "insurer-branch", "right check digit"),
        (UNIDENTIFIED, make_customs_code(2), "insurer-branch", "knows no enterprise"),
        (UNIDENTIFIED, make_uscc(2), "张三", "is no role"),
        (UNIDENTIFIED, make_uscc(2), "", "is no role"),
    ],
)
def test_what_accept_refuses(city: Path, policy_no: str, uscc: str, by: str, sentence: str) -> None:
    before = len(Register(city / "lake").acts)
    with pytest.raises(ActRefused, match=sentence):
        accept(SettingsHouse(settings_of(city)), policy_no, uscc, by)
    assert len(Register(city / "lake").acts) == before


def test_the_same_again_is_refused_and_a_correction_is_not(city: Path) -> None:
    house = SettingsHouse(settings_of(city))
    with pytest.raises(ActRefused, match="already"):
        accept(house, UNIDENTIFIED, make_uscc(2), "insurer-branch")
    accept(house, UNIDENTIFIED, make_uscc(3), "insurer-branch")
    with pytest.raises(ActRefused, match="not up to date"):
        accept(house, UNIDENTIFIED, make_uscc(2), "insurer-branch")
    run_night(city)
    assert reconciled(city, UNIDENTIFIED)["uscc"] == make_uscc(3)


def test_whatever_is_suggested_can_be_accepted(city: Path) -> None:
    suggested = {row["uscc"] for row in rows_of(Lake(city / "lake"), "policy_suggestions")}
    registered = {row["uscc"] for row in rows_of(Lake(city / "lake"), "enterprises_ledger")}
    assert suggested <= registered


def test_a_refusal_on_the_command_line_is_one_sentence(tongbao: Tongbao) -> None:
    refused = tongbao("accept", "P9", make_uscc(2), "--by", "insurer-branch")
    assert refused.exit_code != 0
    assert "There is no policy P9: check its number." in str(refused.exception)


def test_differences_by_age_and_the_work_list_of_the_insurer(
    city: Path, tongbao: Tongbao, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Three days later one policy is corrected and another is wrong; the claim is still overpaid."""
    corrected = policy(1, updated_at="2026-01-17T02:00:00Z")
    wrong = policy(3, cover_to="2026-07-31", updated_at="2026-01-17T02:00:00Z")
    write_sources(city / "sources", {"policies": [corrected, wrong]}, file="later.csv")
    later = PRESENT + timedelta(days=3)
    run_night(city, later, release=True)
    monkeypatch.setenv("TONGBAO_NOW", later.isoformat())

    shown = tongbao("differences", "--policy-year", "2025", "--out", str(tmp_path / "work.xlsx"))
    assert shown.exit_code == 0, shown.output
    assert "4 open differences on 2026-01-18, by age" in shown.output
    assert "1 new since 2026-01-17" in shown.output
    assert re.search(
        r"1 resolved since 2026-01-17\n.*\n\s*2025\s+P20250001\s+2026-01-15\s+3\s+赔付比例不符", shown.output
    )
    assert "0 new since 2026-01-18" in tongbao("differences", "--since", "2026-01-18").output

    sheets = fastexcel.read_excel(tmp_path / "work.xlsx")
    assert sheets.sheet_names == ["待办", "变化", "账龄"]
    to_do = sheets.load_sheet("待办", header_row=1).to_polars()
    assert to_do.select("编号", "差异", "应为", "实为", "天数").rows() == [
        ("C0001", "出运前后无对应出口报关（仅提示）", "对 USA 的出口", "无", 3),
        ("C0001", "多赔", "150000.00", "150000.01", 3),
        ("P20250003", "保障止期不符", "2026-06-30", "2026-07-31", 0),
        ("P20250003", "重复领取", UNIDENTIFIED, "P20250003", 3),
    ]
    ages = sheets.load_sheet("账龄", header_row=1).to_polars()
    assert ages["合计"].sum() == 4
    again = tmp_path / "again.xlsx"
    tongbao("differences", "--policy-year", "2025", "--out", str(again))
    assert again.read_bytes() == (tmp_path / "work.xlsx").read_bytes()


def test_the_reporting_database_has_the_work_list(city: Path) -> None:
    with closing(sqlite3.connect(city / "lake" / "reporting.sqlite")) as database:
        rows = database.execute("SELECT number, code, since_on, action_zh FROM work_list ORDER BY 1, 2")
        assert rows.fetchall()[-1] == (
            "P20250003", "duplicate", "2026-01-15", "保留最早签发的一份，其余办理退保",
        )  # fmt: skip
        changes = database.execute("SELECT change, COUNT(*) FROM work_list_changes GROUP BY 1 ORDER BY 1")
        assert changes.fetchall() == [("new", 5), ("resolved", 1)]
    latest = city / "lake" / "releases" / "latest"
    assert (latest / "work_list" / "policy_year=2025.parquet").exists()
    assert "work_list" not in (latest / "index.json").read_text("utf-8")


def test_what_is_left_per_buyer(city: Path) -> None:
    (row,) = rows_of(Lake(city / "lake"), "buyer_exposure")
    assert (row["insured"], row["buyer_id"], row["claims"]) == (make_uscc(1), "B1", 1)
    assert [str(row[name]) for name in ("limit_usd", "used_usd", "left_usd", "paid_usd")] == [
        "150000.00", "150000.00", "0.00", "150000.01",
    ]  # fmt: skip


def test_reminders_are_a_list_a_district_and_channel_before_the_deadline(
    city: Path, tongbao: Tongbao, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    take_up = rows_of(Lake(city / "lake"), "take_up")
    assert [row["status"] for row in take_up] == ["taken_up", "not_taken_up", "taken_up"]
    late = tongbao("reminders", "--policy-year", "2025", "--out", str(tmp_path))
    assert "The deadline of 2025 was 2025-06-30" in str(late.exception)
    assert list(tmp_path.iterdir()) == []

    monkeypatch.setenv("TONGBAO_NOW", "2025-06-30T23:00:00+08:00")
    done = tongbao("reminders", "--policy-year", "2025", "--out", str(tmp_path))
    assert "1 enterprises have not taken up 2025, 0 days before 2025-06-30: 2 files" in done.output
    listed = (tmp_path / "2025-南山区-线上.csv").read_bytes()
    assert listed.startswith(b"\xef\xbb\xbf" + "所属区,渠道".encode())
    assert f"南山区,线上,{make_uscc(2)},深圳市华达电子有限公司,否,2025-06-30,0" in listed.decode()
    sheets = fastexcel.read_excel(tmp_path / "2025-领取提醒.xlsx")
    assert sheets.sheet_names == ["汇总", "南山区"]
    assert sheets.load_sheet("汇总", header_row=1).to_polars()["企业数"].to_list() == [1, 1]
