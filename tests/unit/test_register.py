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
    Act,
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
    register.append("publish", 2025, 1, AT, "bureau", {"objections_until": "2025-05-22"})
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


def cut_at_the_end(rows: list[str]) -> list[str]:
    return rows[:2]


def cut_in_a_line(rows: list[str]) -> list[str]:
    return [*rows[:2], rows[2][:-9]]


def emptied(rows: list[str]) -> list[str]:
    return rows[:0]


def written_otherwise(rows: list[str]) -> list[str]:
    return [rows[0].replace(": ", ":"), *rows[1:]]


@pytest.mark.parametrize(
    "change",
    [
        edited, edited_with_its_own_hash, cut_in_the_middle, cut_at_the_start, reordered, doubled,
        cut_at_the_end, cut_in_a_line, emptied, written_otherwise,
    ],
)  # fmt: skip
def test_a_changed_register_is_found(root: Path, change: object) -> None:
    assert callable(change)
    spoil(root, change(lines(root)))
    with pytest.raises(RegisterBroken, match="edited, cut or reordered"):
        Register(root)


def test_a_cut_tail_is_found_by_the_head(root: Path) -> None:
    """Two acts that follow from each other, and a head that knows of three."""
    spoil(root, lines(root)[:1])
    with pytest.raises(RegisterBroken, match=r"head.json speaks of other acts"):
        Register(root)


@pytest.mark.parametrize("content", [None, b"", b'{"acts": 3}', b'{"acts": 1, "sha256": "0"}\n'])
def test_a_changed_head_is_found(root: Path, content: bytes | None) -> None:
    head = root / "register" / "head.json"
    head.unlink()
    if content is not None:
        head.write_bytes(content)
    with pytest.raises(RegisterBroken, match="speaks of other acts"):
        Register(root)


def test_an_append_that_was_killed_before_its_head_counts(root: Path) -> None:
    head = root / "register" / "head.json"
    before = head.read_bytes()
    Register(root).append("publish", 2025, 2, AT, "bureau", {})
    head.write_bytes(before)
    register = Register(root)
    assert len(register.acts) == 4
    register.append("confirm", 2025, 2, AT, "bureau", {})
    assert len(Register(root).acts) == 5


def test_a_line_separator_in_the_grounds_is_no_end_of_line(root: Path) -> None:
    Register(root).append("object", 2025, 1, AT, "bureau", {"grounds": "甲\u2028乙\x85丙\r\n丁"})
    assert Register(root).acts[-1].detail["grounds"] == "甲\u2028乙\x85丙\r\n丁"


ROWS = [(1, "91440300MA5000001X", '甲"电子", 公司', "福田区"), (2, "B", "乙", None)]


def kept(root: Path) -> tuple[Register, Act]:
    """A register with one published edition."""
    register = Register(root)
    sha256 = register.keep(2025, 1, "lines", lines_as_csv(ROWS))
    return register, register.append("publish", 2025, 1, AT, "bureau", {"lines_sha256": sha256})


def test_an_edition_is_kept_by_its_hash(tmp_path: Path) -> None:
    register, act = kept(tmp_path)
    assert act.detail["lines_sha256"] == hashlib.sha256(lines_as_csv(ROWS)).hexdigest()
    found = [(row["serial"], row["uscc"], row["name"], row["district"]) for row in register.lines(act)]
    assert found == [(str(serial), uscc, name, district or "") for serial, uscc, name, district in ROWS]


def test_a_changed_edition_is_found(tmp_path: Path) -> None:
    register, act = kept(tmp_path)
    file = register.kept_of(act)["lines"]
    file.write_bytes(file.read_bytes().replace("甲".encode(), "乙".encode()))
    with pytest.raises(RegisterBroken, match="is not what entry 1 of the register kept"):
        register.lines(act)


def test_the_first_acts_are_copied_with_their_editions(tmp_path: Path) -> None:
    register, act = kept(tmp_path / "lake")
    register.append("confirm", 2025, 1, AT, "bureau", {})
    register.copy_to(tmp_path / "then", 1)
    copy = Register(tmp_path / "then")
    assert copy.acts == [act]
    assert copy.lines(act) == register.lines(act)
    register.copy_to(tmp_path / "before", 0)
    assert Register(tmp_path / "before").acts == []


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
