"""The register of the roster's acts: append-only, each entry chained to the one before by its hash.

An act is what an office did (import, publish, notice, object, decide, confirm; accept an identification), by
a role and never a person, with the SHA-256 of the edition it speaks of. What an edition says, and the
decisions that it was made from, are kept beside it as CSV files of those hashes. `head.json` has the
number of acts and the hash of the last, so that a tail that was cut off is found, too. Standard
library only; what the acts mean for tables is in editions.py and, of identifications, in
policies/reviews.py.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from assets.storage.manifest import write_bytes

ActName = Literal["import", "publish", "notice", "object", "decide", "confirm", "accept"]
ROSTER_ACTS: tuple[ActName, ...] = ("import", "publish", "object", "decide", "confirm")
"""The acts that tables of a policy year hang on."""
NoticeFile = Literal["xlsx", "csv", "pdf", "html"]
Kept = Literal["lines", "decisions"] | NoticeFile
"""What is kept of an edition: its lines, the decisions that they were made from, its notice's files."""
_KEPT_BY: Mapping[str, tuple[Kept, ...]] = {
    "import": ("lines",),
    "publish": ("lines", "decisions"),
    "notice": ("xlsx", "csv", "pdf", "html"),
}
LINE = ("serial", "uscc", "name", "district")
GENESIS = "0" * 64
_ROLE = re.compile(r"[a-z]+(-[a-z]+)*")


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
        """Read the acts and hold them to their chain and to its head, byte by byte."""
        self.folder = self.root / "register"
        self._file, self._head = self.folder / "acts.jsonl", self.folder / "head.json"
        text = _bytes(self._file) or b""
        try:
            self.acts = [Act(**json.loads(line)) for line in text.decode().split("\n") if line]
            sound = text == _lines(self.acts)
        except (ValueError, TypeError):
            sound = False
        if not sound:
            raise RegisterBroken(_broken(f"{self._file} is not as it was written"))
        previous = GENESIS
        for number, act in enumerate(self.acts, start=1):
            if (act.sequence, act.previous, act.sha256) != (number, previous, act.digest()):
                raise RegisterBroken(
                    _broken(f"Entry {number} of {self._file} does not follow from the one before")
                )
            previous = act.sha256
        # An append that was killed between its two writes leaves the head one act behind.
        if _bytes(self._head) not in (_head(self.acts), _head(self.acts[:-1])):
            raise RegisterBroken(_broken(f"{self._head} speaks of other acts than {self._file} has"))

    def of(self, policy_year: int, *names: ActName) -> list[Act]:
        """The acts of a year, of the given names or of all."""
        return [a for a in self.acts if a.policy_year == policy_year and (not names or a.act in names)]

    @property
    def tip(self) -> str:
        """The hash of the last act of all."""
        return self.acts[-1].sha256 if self.acts else GENESIS

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
        if self.acts and datetime.fromisoformat(self.acts[-1].at) > at:
            raise ActRefused(
                f"The register's last act is of {self.acts[-1].at}, and none can be earlier: unset "
                "TONGBAO_NOW, or rehearse on a lake of its own."
            )
        number = len(self.acts) + 1
        draft = Act(number, act, policy_year, edition, at.isoformat(), by, detail, self.tip)
        entry = Act(**{**asdict(draft), "sha256": draft.digest()})
        self._write([*self.acts, entry])
        return entry

    def _write(self, acts: list[Act]) -> None:
        write_bytes(self._file, _lines(acts))
        write_bytes(self._head, _head(acts) or b"")
        self.acts = acts

    def keep(self, policy_year: int, edition: int, what: Kept, content: bytes) -> str:
        """Keep what an edition says or rests on; its SHA-256."""
        sha256 = hashlib.sha256(content).hexdigest()
        write_bytes(self.kept_file(policy_year, edition, what, sha256), content)
        return sha256

    def kept_file(self, policy_year: int, edition: int, what: Kept, sha256: str) -> Path:
        """Where something that is kept of an edition is."""
        suffix = "csv" if what in ("lines", "decisions") else what
        kind = what if what in ("lines", "decisions") else "notice"
        return self.folder / "editions" / f"{policy_year}-{edition}-{kind}-{sha256[:16]}.{suffix}"

    def kept_of(self, act: Act) -> dict[Kept, Path]:
        """The files that an act brought into the register."""
        return {
            what: self.kept_file(act.policy_year, act.edition, what, act.detail[f"{what}_sha256"])
            for what in _KEPT_BY.get(act.act, ())
            if f"{what}_sha256" in act.detail
        }

    def content(self, act: Act, what: Kept) -> bytes:
        """What an act brought into the register, checked against its hash."""
        file = self.kept_of(act)[what]
        content = _bytes(file) or b""
        if hashlib.sha256(content).hexdigest() != act.detail[f"{what}_sha256"]:
            raise RegisterBroken(f"{file} is not what entry {act.sequence} of the register kept: "
                                 "restore it from the backup.")  # fmt: skip
        return content

    def lines(self, act: Act) -> list[dict[str, str]]:
        """The lines of the edition that an act imported or published."""
        return list(csv.DictReader(io.StringIO(self.content(act, "lines").decode(), newline="")))

    def copy_to(self, place: Path, acts: int) -> None:
        """Copy the first acts, and the editions they speak of, to a lake of its own."""
        copy = Register(place)
        if acts:
            copy._write(self.acts[:acts])
        for act in copy.acts:
            for file in self.kept_of(act).values():
                write_bytes(copy.folder / "editions" / file.name, file.read_bytes())


def not_a_role(by: str) -> str:
    """Why an act cannot be by whom it says; empty where it can."""
    return (
        "" if _ROLE.fullmatch(by) else f"{by!r} is no role: name the office that acts, e.g. commerce-bureau"
    )


def _bytes(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return None


def _lines(acts: Sequence[Act]) -> bytes:
    return "".join(json.dumps(asdict(act), ensure_ascii=False) + "\n" for act in acts).encode()


def _head(acts: Sequence[Act]) -> bytes | None:
    """The head of a register with these acts; there is none before the first."""
    return (json.dumps({"acts": len(acts), "sha256": acts[-1].sha256}) + "\n").encode() if acts else None


def _broken(what: str) -> str:
    return f"{what}: the register was edited, cut or reordered; restore it from the backup."


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
