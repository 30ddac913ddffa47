"""Editions made again as they were known then, in a lake of their own, and held to the register.

A lake is filled with what another had received and done by a moment; whoever brings it up to date at
that moment sees what was seen then. An edition must come out of it byte for byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from assets.eligibility.acts import deliveries_sha256
from assets.eligibility.draft import decisions_now, draft, editions_now
from assets.eligibility.editions import canonical, decisions_as_csv
from assets.eligibility.register import Act, Register
from assets.flow import FLOW
from assets.staleness import State
from assets.storage.deliveries import Deliveries, Delivery
from assets.storage.known import copy_made, copy_received, received_by
from schemas.version import CODE_VERSION

DATA = [n.table for n in FLOW if n.kind in ("month", "export_year") or n.table.endswith("_ledger")]
"""The tables that hang on what was received, and on no act and no day."""


@dataclass(frozen=True)
class Rebuilt:
    """An edition that was made again, and how it compares with what the register keeps."""

    policy_year: int
    edition: int
    lines: int
    differing: tuple[str, ...]
    """What differs: `lines`, `decisions`; empty where every byte is the same."""
    why: tuple[str, ...] = ()
    """What was changed since, and may be why."""

    def sentence(self) -> str:
        """The verdict, for people."""
        name = f"Edition {self.edition} of {self.policy_year}, {self.lines:,} lines, rebuilt"
        if not self.differing:
            return f"{name}: the same bytes."
        why = "; ".join(self.why) or "nothing recorded explains it: run `tongbao verify`"
        return f"{name}: its {' and '.join(self.differing)} differ, {why}."


def fill_as_of(lake: Path, place: Path, moment: datetime) -> None:
    """Fill a place with what a lake had received, and the acts it had done, by a moment."""
    register = Register(lake)
    done = sum(datetime.fromisoformat(act.at) <= moment for act in register.acts)
    _fill(lake, place, received_by(Deliveries(lake), moment), done, moment)


def fill_before(lake: Path, place: Path, act: Act) -> None:
    """Fill a place with what an edition was made from: the deliveries and acts before its publication."""
    known = Deliveries(lake).all[: int(act.detail["deliveries"])]
    _fill(lake, place, known, act.sequence - 1, datetime.fromisoformat(act.at))


def compare(state: State, act: Act) -> Rebuilt:
    """Hold the draft of a place that was filled for an edition and brought up to date to that edition."""
    year, detail = act.policy_year, act.detail
    decisions = decisions_now(state, year)
    lines = draft(state, year, decisions, editions_now(state, year))
    made = {"lines": canonical(lines), "decisions": decisions_as_csv(decisions)}
    received = deliveries_sha256(state, int(detail["deliveries"]))
    reasons = {
        "the record of deliveries is another": received != detail["deliveries_sha256"],
        "the year's terms were changed since": state.calendar.terms[year].sha256 != detail["terms_sha256"],
        f"it was made by version {detail['code_version']}": detail["code_version"] != CODE_VERSION,
    }
    return Rebuilt(
        year,
        act.edition,
        lines.height,
        tuple(w for w, text in made.items() if hashlib.sha256(text).hexdigest() != detail[f"{w}_sha256"]),
        tuple(reason for reason, holds in reasons.items() if holds),
    )


def _fill(lake: Path, place: Path, known: Sequence[Delivery], acts: int, moment: datetime) -> None:
    copy_received(lake, place, known)
    copy_made(lake, place, DATA, moment)
    Register(lake).copy_to(place, acts)
