"""The register of acts: its chain, its lines, and the notice period over Chinese holidays."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from assets.eligibility.register import (
    GENESIS,
    ROSTER_ACTS,
    ActRefused,
    Register,
    RegisterBroken,
    lines_as_csv,
    objections_until,
)

AT = datetime(2025, 5, 15, 2, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A lake with three acts."""
    register = Register(tmp_path)
    register.append("publish", 2025, 1, AT, "bureau", {"lines_sha256": "a"})
    register.append("decide", 2025, 1, AT, "bureau", {"objection_no": "YY-1"})
    register.append("confirm", 2024, 1, AT, "bureau", {})
    return tmp_path


def lines(root: Path) -> list[str]:
    return (root / "register" / "acts.jsonl").read_text("utf-8").splitlines()


def spoil(root: Path, rows: list[str]) -> None:
    (root / "register" / "acts.jsonl").write_text("".join(f"{row}\n" for row in rows), "utf-8")


def test_acts_are_kept_in_order(root: Path) -> None:
    acts = Register(root).acts
    assert [(act.sequence, act.act) for act in acts] == [(1, "publish"), (2, "decide"), (3, "confirm")]
    assert [act.previous for act in acts] == [GENESIS, acts[0].sha256, acts[1].sha256]
    assert [act.act for act in Register(root).of(2025)] == ["publish", "decide"]
    assert [act.act for act in Register(root).of(2025, "decide")] == ["decide"]


def test_the_head_of_a_year_moves_with_its_own_acts_only(root: Path) -> None:
    register = Register(root)
    before = register.head(2025), register.head(2023)
    assert before == (register.acts[1].sha256, GENESIS)
    register.append("publish", 2024, 2, AT, "bureau", {})
    assert (register.head(2025), register.head(2023)) == before
    register.append("accept", 2025, 0, AT, "insurer-branch", {"policy_no": "P1", "uscc": "U"})
    assert register.head(2025, *ROSTER_ACTS) == before[0]
    assert register.head(2025, "accept") == register.acts[-1].sha256


def edited(rows: list[str]) -> list[str]:
    return [rows[0].replace('"edition": 1', '"edition": 2'), *rows[1:]]


def edited_with_its_own_hash(rows: list[str]) -> list[str]:
    act = json.loads(rows[0]) | {"by": "somebody", "sha256": ""}
    content = {key: value for key, value in act.items() if key != "sha256"}
    act["sha256"] = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    return [json.dumps(act), *rows[1:]]


def cut_in_the_middle(rows: list[str]) -> list[str]:
    return [rows[0], rows[2]]


def cut_at_the_start(rows: list[str]) -> list[str]:
    return rows[1:]


def reordered(rows: list[str]) -> list[str]:
    return [rows[0], rows[2], rows[1]]


def doubled(rows: list[str]) -> list[str]:
    return [*rows, rows[2]]


@pytest.mark.parametrize(
    "change",
    [edited, edited_with_its_own_hash, cut_in_the_middle, cut_at_the_start, reordered, doubled],
)
def test_a_changed_register_is_found(root: Path, change: object) -> None:
    assert callable(change)
    spoil(root, change(lines(root)))
    with pytest.raises(RegisterBroken, match="edited, cut or reordered"):
        Register(root)


def test_an_edition_is_kept_by_its_hash(tmp_path: Path) -> None:
    content = lines_as_csv([(1, "91440300MA5000001X", '甲"电子", 公司', "福田区"), (2, "B", "乙", None)])
    sha256 = Register(tmp_path).keep_lines(2025, 1, content)
    assert sha256 == hashlib.sha256(content).hexdigest()
    kept = Register(tmp_path).lines(2025, 1, sha256)
    assert [(row["serial"], row["name"], row["district"]) for row in kept] == [
        ("1", '甲"电子", 公司', "福田区"),
        ("2", "乙", ""),
    ]


def test_a_changed_edition_is_found(tmp_path: Path) -> None:
    register = Register(tmp_path)
    sha256 = register.keep_lines(2025, 1, lines_as_csv([(1, "A", "甲", "福田区")]))
    file = register.lines_file(2025, 1, sha256)
    file.write_bytes(file.read_bytes().replace("甲".encode(), "乙".encode()))
    with pytest.raises(RegisterBroken, match="is not what was published"):
        register.lines(2025, 1, sha256)


@pytest.mark.parametrize(
    ("published_on", "until"),
    [
        (date(2025, 5, 15), date(2025, 5, 22)),  # Thursday: Fri, Mon, Tue, Wed, Thu
        (date(2025, 5, 17), date(2025, 5, 23)),  # Saturday: Mon to Fri
        # Labour Day 1 to 5 May, Sunday 27 April worked: 28, 29, 30 April, 6, 7 May
        (date(2025, 4, 27), date(2025, 5, 7)),
        (date(2025, 4, 26), date(2025, 5, 6)),  # 27 to 30 April, 6 May
        # Golden Week 1 to 8 October 2025, Saturday 11 October worked: 29, 30 Sep, 9, 10, 11 Oct
        (date(2025, 9, 28), date(2025, 10, 11)),
        (date(2025, 9, 30), date(2025, 10, 14)),  # 9, 10, 11, 13, 14 October
        # Spring Festival 28 January to 4 February, 26 January and 8 February worked
        (date(2025, 1, 24), date(2025, 2, 7)),  # 26, 27 Jan, 5, 6, 7 Feb
    ],
)
def test_a_notice_ends_after_five_working_days(published_on: date, until: date) -> None:
    assert objections_until(published_on, 5) == until


def test_a_year_without_a_holiday_calendar_is_refused() -> None:
    with pytest.raises(ActRefused, match="chinesecalendar"):
        objections_until(date(2199, 5, 15), 5)
