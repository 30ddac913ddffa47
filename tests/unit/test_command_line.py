"""The command line's manners: what is refused is one sentence with what to do next; exit status 2 or 1."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from assets.storage.manifest import lake_lock
from pipelines.cli import main
from pipelines.rebuild import Outcome
from pipelines.words import credit_code, moment, years

USCC = "91440300TB0000001F"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place without a lake; the drop folder is there and empty."""
    (tmp_path / "sources").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TONGBAO_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setenv("TONGBAO_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("TONGBAO_NOW", "2026-01-15T08:00:00+08:00")
    return tmp_path


def said(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command."""
    monkeypatch.setattr(sys, "argv", ["tongbao", *words.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("nonsense", "see `tongbao --help`"),
        ("plan --nonsense", "see `tongbao plan --help`"),
        ("statistics", "Missing option '--policy-year': see `tongbao statistics --help`."),
        ("statistics --policy-year soon", "see `tongbao statistics --help`"),
        ("statistics --policy-year 1999", "add schemas/terms/1999.toml"),
        ("backfill --policy-year x..y", "write 2025, or 2022..2025"),
        ("backfill --policy-year 2025..2022", "write 2022..2025"),
        ("backfill --policy-year 2020..2025", "registered are 2022"),
        ("backfill --policy-year 2025 --as-of 1.5.2025", "write 2025-05-01"),
        ("push --month 2025-13", "write it as 2025-08"),
        ("push --month 2031-01", "push months are 2022-07"),
        ("sample --years soon", "write 2025, or 2022..2025"),
        ("roster explain --policy-year 2025 HALLO", "18 digits and capital letters"),
        (f"roster explain --policy-year 2026 {USCC}", "add schemas/terms/2026.toml"),
        (f"roster explain --policy-year 2025 {USCC}", "run `tongbao nightly`"),
        ("roster diff --policy-year 2025", "has no roster_changes of 2025 yet"),
        ("policies review --policy-year 2025", "run `tongbao nightly`"),
        ("rejects", "has no rejected_rows yet"),
        ("verify", "holds nothing to verify"),
    ],
)
def test_wrong_usage_is_one_sentence_and_two(
    words: str, told: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = said(words, monkeypatch, capsys)
    assert (status, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NOW", "yesterday"),
        ("RELEASE_FLOOR", "low"),
        ("SOURCES", "/nowhere/at/all"),
        ("LAKE", "s3://bucket/lake"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(
    name: str, value: str, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"TONGBAO_{name}", value)
    status, _, err = said("plan", monkeypatch, capsys)
    assert status == 2
    assert f"TONGBAO_{name}" in err
    assert value in err


def test_a_busy_lake_is_a_guards_no(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with lake_lock(place / "lake"):
        status, _, err = said("nightly", monkeypatch, capsys)
    assert status == 1
    assert "wait for it to end" in err


def test_the_plan_of_an_empty_lake_says_what_follows(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = said("plan", monkeypatch, capsys)
    assert status == 0
    assert re.search(r"^references +all +not made yet: ", out, re.MULTILINE)
    assert "  policy_years     2022, 2023, 2024, 2025" in out
    assert max(map(len, out.splitlines())) <= 80


def test_every_command_has_help_with_an_example(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = ["nightly", "plan", "backfill", "sample", "demo", "rejects", "push", "statistics", "verify",
                "policies review", *(f"roster {act}" for act in
                ("publish", "object", "decide", "confirm", "explain", "diff"))]  # fmt: skip
    mute = [c for c in commands if "Example: tongbao" not in said(f"{c} --help", monkeypatch, capsys)[1]]
    assert mute == []


def test_a_night_is_told_by_what_it_did() -> None:
    assert Outcome().sentence() == "Nothing new: nothing was rebuilt."
    assert Outcome(deliveries=1, rows=1).sentence() == "Received 1 file with 1 row."
    assert Outcome(deliveries=2).sentence() == "Received 2 files with nothing new in them."
    assert Outcome(release="ab").sentence() == "Released ab."


def test_what_is_typed_is_read() -> None:
    assert list(years("2022..2024", "--years")) == [2022, 2023, 2024]
    assert moment("2025-05-01T09:00:00+08:00").hour == 9
    assert credit_code(f" {USCC.lower()} ") == USCC
