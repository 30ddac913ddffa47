"""The register of the roster's acts: append-only, each entry chained to the one before by its hash.

An act is what an office did (publish, object, decide, confirm; accept an identification), by a role
and never a person, with the SHA-256 of the edition it speaks of. The lines of an edition are kept
beside it as a CSV file of that hash. Standard library only; what the acts mean for tables is in
editions.py and, of identifications, in policies/reviews.py.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from assets.storage.manifest import write_bytes

ActName = Literal["publish", "object", "decide", "confirm", "accept"]
ROSTER_ACTS: tuple[ActName, ...] = ("publish", "object", "decide", "confirm")
LINE = ("serial", "uscc", "name", "district")
GENESIS = "0" * 64


class RegisterBroken(RuntimeError):
    """The register was changed by something else than this program."""


class ActRefused(RuntimeError):
    """An act whose conditions are not met; the sentence says what is missing."""


@dataclass(frozen=True)
class Act:
    """One entry of the register."""

    sequence: int
    act: ActName
    policy_year: int
    edition: int
    at: str
    by: str
    detail: dict[str, str]
    previous: str
    sha256: str = ""

    def digest(self) -> str:
        """The hash that chains the next entry to this one."""
        content = {key: value for key, value in asdict(self).items() if key != "sha256"}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


@dataclass
class Register:
    """The acts of a lake, read and verified at construction."""

    root: Path
    acts: list[Act] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Read the acts and hold them to their chain."""
        self._file = self.root / "register" / "acts.jsonl"
        if self._file.exists():
            lines = self._file.read_text(encoding="utf-8").splitlines()
            self.acts = [Act(**json.loads(line)) for line in lines]
        previous = GENESIS
        for number, act in enumerate(self.acts, start=1):
            if (act.sequence, act.previous, act.sha256) != (number, previous, act.digest()):
                raise RegisterBroken(
                    f"Entry {number} of {self._file} does not follow from the one before: the "
                    "register was edited, cut or reordered; restore it from the backup."
                )
            previous = act.sha256

    def of(self, policy_year: int, *names: ActName) -> list[Act]:
        """The acts of a year, of the given names or of all."""
        return [a for a in self.acts if a.policy_year == policy_year and (not names or a.act in names)]

    def head(self, policy_year: int, *names: ActName) -> str:
        """What changes when an act of that year (of the given names) is added: the last one's hash."""
        acts = self.of(policy_year, *names)
        return acts[-1].sha256 if acts else GENESIS

    def append(
        self,
        act: ActName,
        policy_year: int,
        edition: int,
        at: datetime,
        by: str,
        detail: dict[str, str],
    ) -> Act:
        """Add an act; it counts once the file is swapped."""
        previous = self.acts[-1].sha256 if self.acts else GENESIS
        number = len(self.acts) + 1
        draft = Act(number, act, policy_year, edition, at.isoformat(), by, detail, previous)
        entry = Act(**{**asdict(draft), "sha256": draft.digest()})
        acts = [*self.acts, entry]
        text = "".join(json.dumps(asdict(a), ensure_ascii=False) + "\n" for a in acts)
        write_bytes(self._file, text.encode())
        self.acts = acts
        return entry

    def keep_lines(self, policy_year: int, edition: int, content: bytes) -> str:
        """Keep an edition's lines; their SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        write_bytes(self.lines_file(policy_year, edition, sha256), content)
        return sha256

    def lines_file(self, policy_year: int, edition: int, sha256: str) -> Path:
        """Where the lines of an edition are."""
        name = f"{policy_year}-{edition}-{sha256[:16]}.csv"
        return self.root / "register" / "editions" / name

    def lines(self, policy_year: int, edition: int, sha256: str) -> list[dict[str, str]]:
        """The lines of an edition, checked against their hash."""
        file = self.lines_file(policy_year, edition, sha256)
        content = file.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise RegisterBroken(f"{file} is not what was published: restore it from the backup.")
        return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def copy_until(lake: Path, place: Path, moment: datetime) -> None:
    """Copy the acts done by a moment, and their editions, to a lake of its own."""
    acts = [act for act in Register(lake).acts if datetime.fromisoformat(act.at) <= moment]
    text = "".join(json.dumps(asdict(act), ensure_ascii=False) + "\n" for act in acts)
    write_bytes(place / "register" / "acts.jsonl", text.encode())
    for file in (lake / "register" / "editions").glob("*.csv"):
        write_bytes(place / "register" / "editions" / file.name, file.read_bytes())


def lines_as_csv(rows: Iterable[Sequence[object]]) -> bytes:
    """An edition's lines (serial, USCC, name, district) as the bytes that are hashed."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(LINE)
    writer.writerows(rows)
    return text.getvalue().encode()


def objections_until(published_on: date, working_days: int) -> date:
    """The last day of the public notice period: so many Chinese working days after publication."""
    from chinese_calendar import get_workdays

    day = published_on
    for _ in range(366):
        day = date.fromordinal(day.toordinal() + 1)
        try:
            count = len(get_workdays(date.fromordinal(published_on.toordinal() + 1), day))
        except NotImplementedError as error:
            raise ActRefused(
                f"The holiday calendar of {day.year} is not known to the package chinesecalendar: "
                "update it, then publish."
            ) from error
        if count >= working_days:
            return day
    raise ActRefused(f"A notice period of {working_days} working days does not end within a year.")
