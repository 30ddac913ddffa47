"""The roster's life, drawn step by step, in the product and in a plain model: they never differ.

Belongs here: the steps and what must hold after each. The model is roster_model.py; how long it is
played is said by test_roster_life.py and by the evidence.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from assets.eligibility.acts import confirm, decide, import_edition, publish, submit
from assets.eligibility.changes import apply
from assets.eligibility.draft import decisions_now, diff, draft, editions_now
from assets.eligibility.editions import canonical
from assets.eligibility.rebuilt import compare, fill_before
from assets.eligibility.register import Act, ActRefused
from schemas.calendar import local_date
from tests.oracle.rows import Text, declaration, enterprise, make_uscc, roster_line
from tests.property.roster_model import DISTRICTS, Model
from tests.property.small_house import SmallHouse

BUREAU = "commerce-bureau"
BEGIN = "2025-05-09T09:00:00+08:00"
FIRM = {make_uscc(firm): firm for firm in DISTRICTS}
FIRMS = st.sampled_from(sorted(DISTRICTS))
CLAIMS = st.sampled_from(["should_be_listed", "should_not_be_listed", "details_wrong"])
AMOUNTS = st.sampled_from([0, 1, 7_999_999, 8_000_000, 8_000_001])


class RosterLife(RuleBasedStateMachine):
    """One life: every step is done to the product and to the model."""

    steps = 0
    """Over all lives of a run."""
    done: ClassVar[Counter[str]] = Counter()
    """What was done, refusals apart."""
    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="tongbao-life-"))
        shutil.copytree(self.template, self.folder / "house")
        self.house = SmallHouse(self.folder / "house", BEGIN, files=1)
        self.model = Model(local_date(self.house.now))
        self.revisions = dict.fromkeys(DISTRICTS, 0)

    @initialize()
    def begin(self) -> None:
        self.night()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    def _step(self, what: str) -> None:
        RosterLife.steps += 1
        RosterLife.done[what] += 1
        self.house.now += timedelta(minutes=1)
        self.model.today = local_date(self.house.now)

    def _stamp(self, days_ago: int = 0) -> str:
        return (self.house.now - timedelta(days=days_ago)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _act(self, may: bool, act: Callable[[], Act]) -> bool:
        """Do an act; it is refused exactly when the model says so, and then nothing has changed."""
        before = self.house.state().register.acts
        try:
            act()
            refusal = ""
        except ActRefused as refused:
            refusal = str(refused)
        assert may == (not refusal), refusal or "not refused"
        assert len(self.house.state().register.acts) == len(before) + may
        RosterLife.done["act done" if may else "act refused"] += 1
        return may

    @rule(firm=FIRMS, amount=AMOUNTS, late=st.sampled_from([0, 0, 10]))
    def amend(self, firm: int, amount: int, late: int) -> None:
        self._declare(firm, amount, late, amount=f"{amount}.00")

    @rule(firm=FIRMS)
    def amend_badly(self, firm: int) -> None:
        self._declare(firm, None, 0, delivery_terms="2")

    @rule(firm=FIRMS)
    def withdraw(self, firm: int) -> None:
        self._declare(firm, 0, 0, status="withdrawn")

    def _declare(self, firm: int, exports: int | None, late: int, **changes: str) -> None:
        self._step("amended")
        self.revisions[firm] += 1
        version = {"revision": str(self.revisions[firm]), "updated_at": self._stamp(late)}
        self._deliver("customs_declarations", declaration(firm, firm=firm) | version | changes)
        self.model.sums[firm] = exports

    @rule(firm=FIRMS)
    def rename(self, firm: int) -> None:
        self._step("renamed")
        name = f"更名{RosterLife.steps}有限公司"
        row = enterprise(firm, name=name, district=DISTRICTS[firm], updated_at=self._stamp())
        self._deliver("enterprises", row)
        self.model.names.setdefault(firm, []).append((self.model.today, name))

    @rule(edition=st.sampled_from([1, 2]), firm=FIRMS)
    def list_of_2024(self, edition: int, firm: int) -> None:
        self._step("amended a list")
        name = f"旧名{RosterLife.steps}"
        days = {
            "policy_year": "2024",
            "published_on": f"2024-0{edition + 4}-13",
            "confirmed_on": "2024-07-01",
        }
        row = roster_line(firm, **days, enterprise_name=name, updated_at=self._stamp())
        self._deliver("published_rosters", row | {"edition": str(edition), "district": DISTRICTS[firm]})
        self.model.lists.setdefault(edition, {})[firm] = name

    def _deliver(self, source: str, row: Text) -> None:
        self.house.deliver({source: [row]})
        self.model.has_new_data = True

    @rule(days=st.integers(1, 9))
    @precondition(lambda self: self.model.today.month < 9)
    def wait(self, days: int) -> None:
        self.house.now += timedelta(days=days)
        self._step("waited")

    @rule(edition=st.sampled_from([1, 2]))
    def import_a_list(self, edition: int) -> None:
        self._step("import")
        may = edition in self.model.seen_lists and edition not in self.model.imported
        if self._act(may, lambda: import_edition(self.house, 2024, BUREAU, edition, True)):
            self.model.imported[edition] = dict(self.model.seen_lists[edition])

    @rule(acknowledge=st.booleans())
    def publish(self, acknowledge: bool) -> None:
        self._step("publish")
        if self._act(
            self.model.may_publish(acknowledge), lambda: publish(self.house, 2025, BUREAU, acknowledge)
        ):
            self.model.publish()
            RosterLife.done[f"edition {min(len(self.model.editions), 3)}"] += 1

    @rule(acknowledge=st.booleans())
    def confirm(self, acknowledge: bool) -> None:
        self._step("confirm")
        may = self.model.may_confirm(acknowledge)
        if self._act(may, lambda: confirm(self.house, 2025, BUREAU, 0, acknowledge)):
            edition = self.model.open()
            assert edition
            edition.confirmed = self.model.has_new_acts = True
            RosterLife.done["confirmed"] += 1

    @rule(firm=FIRMS, claim=CLAIMS, number=st.integers(1, 5))
    def object(self, firm: int, claim: str, number: int) -> None:
        self._step("object")
        may = bool(self.model.editions) and f"P-{number}" not in self.model.objections
        words = (f"P-{number}", make_uscc(firm), claim, "")
        if self._act(may, lambda: submit(self.house, 2025, BUREAU, *words)):
            self.model.objections[f"P-{number}"] = (firm, claim)
            self.model.has_new_acts = True

    @rule(number=st.integers(1, 5), ruling=st.sampled_from(["upheld", "rejected"]))
    def decide(self, number: int, ruling: str) -> None:
        self._step("decide")
        name = f"P-{number}"
        if self._act(name in self.model.objections, lambda: decide(self.house, 2025, BUREAU, name, ruling)):
            self.model.rulings.pop(name, None)
            self.model.rulings[name] = ruling
            self.model.has_new_acts = True

    @rule()
    @precondition(lambda self: self.model.open() and self.model.today.month < 9)
    def go_the_whole_way(self) -> None:
        """Rule on what is open, wait, confirm, and publish the next edition: what chance does seldom."""
        for name in sorted(set(self.model.objections) - set(self.model.rulings)):
            self.decide(int(name[2:]), "upheld")
        self.wait(9)
        self.night()
        self.confirm(acknowledge=True)
        self.night()
        self.publish(acknowledge=True)

    @rule()
    def night(self) -> None:
        """Bring everything up to date, and compare every table of the roster."""
        self._step("night")
        assert self.house.bring_up() == []
        self.model.night()
        self._compare_decisions()
        self._compare_editions()

    def _compare_decisions(self) -> None:
        rows = {FIRM[str(row["uscc"])]: row for row in self.house.rows("roster_decisions")}
        assert {firm: row["decision"] for firm, row in rows.items()} == {
            firm: self.model.decision(firm) for firm in DISTRICTS
        }
        assert {firm for firm, row in rows.items() if row["rejected_lines"]} == self.model.rejected()
        assert {FIRM[str(row["uscc"])] for row in self.house.rows("roster_drift")} == self.model.drifted()

    def _compare_editions(self) -> None:
        model = self.model
        assert self._lines(2025) == {e.number: e.lines for e in model.editions if e.lines}
        standing = model.in_force()
        statuses = ["published" if not e.confirmed else "confirmed" if e is standing else "superseded"
                    for e in model.editions]  # fmt: skip
        rows = self.house.rows("roster_editions")
        assert [row["status"] for row in rows] == (statuses or ["draft"])
        untils = [row["objections_until"] for row in rows if row["objections_until"]]
        assert untils == [e.until for e in model.editions]
        lists = {**model.seen_lists, **model.imported}
        assert self._lines(2024) == {
            number: [(firm, firm, name) for firm, name in sorted(of.items())] for number, of in lists.items()
        }

    def _lines(self, year: int) -> dict[int, list[tuple[int, int, str]]]:
        found: dict[int, list[tuple[int, int, str]]] = {}
        for row in sorted(self.house.rows("roster", year), key=lambda row: int(str(row["serial"]))):
            line = (int(str(row["serial"])), FIRM[str(row["uscc"])], str(row["name"]))
            found.setdefault(int(str(row["edition"])), []).append(line)
        return found

    @rule(pick=st.integers(0, 9))
    @precondition(lambda self: self.model.editions)
    def rebuild_as_of(self, pick: int) -> None:
        """A past edition, made again in a place of its own, is the same bytes."""
        self._step("rebuilt as of")
        acts = self.house.state().register.of(2025, "publish")
        act = acts[pick % len(acts)]
        place = self.folder / "as-of"
        then = SmallHouse(place, act.at)
        fill_before(self.house.root, then.root, act)
        then.bring_up(*AS_OF)
        made = compare(then.state(), act)
        assert made.differing == (), made.sentence()
        shutil.rmtree(place)

    @rule(pick=st.integers(0, 99))
    @precondition(lambda self: self.model.editions)
    def apply_a_diff(self, pick: int) -> None:
        """An edition with its difference to another, or to the draft, is that one, byte for byte."""
        self._step("applied a diff")
        state = self.house.state()
        editions = editions_now(state, 2025)
        lines = {str(edition.number): edition.lines for edition in editions}
        lines["draft"] = draft(state, 2025, decisions_now(state, 2025), editions)
        names = list(lines)
        a, b = names[pick % len(names)], names[pick // len(names) % len(names)]
        made = diff(state, 2025, a, b)
        assert canonical(apply(lines[a], made, 2025, 0)) == canonical(lines[b])


AS_OF = (
    "exchange_rates_ledger", "enterprises_ledger", "published_rosters_ledger", "roster_objections_ledger",
    "customs_ledger", "export_cube", "monthly_exports", "annual_exports", "roster_decisions",
)  # fmt: skip


@contextmanager
def template(folder: Path) -> Iterator[None]:
    """A house with four firms for every life to begin with. Nothing is synced: no power is cut here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: None)
        house = SmallHouse(folder, BEGIN)
        firms = [enterprise(firm, district=district) for firm, district in DISTRICTS.items()]
        rows = [declaration(firm, firm=firm) for firm in DISTRICTS]
        house.deliver({"enterprises": firms, "customs_declarations": rows})
        house.bring_up()
        RosterLife.template = folder
        RosterLife.steps, RosterLife.done = 0, Counter()
        yield


def live(lives: int, steps: int, seed: int) -> None:
    """Play so many lives of at most so many steps."""
    from hypothesis import seed as seeded

    played = seeded(seed)(RosterLife)
    run_state_machine_as_test(
        played,
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # shrinking plays a life hundreds of times again
            suppress_health_check=list(HealthCheck),
        ),
    )
