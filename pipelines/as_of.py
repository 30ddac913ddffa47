"""As known then: `--as-of` in a place of its own, and every edition published by then made again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from assets.eligibility.rebuilt import Rebuilt, compare, fill_as_of, fill_before
from assets.eligibility.register import Act, Register
from assets.storage.deliveries import Deliveries
from assets.storage.manifest import lake_lock
from pipelines.rebuild import nightly, state_of
from pipelines.settings import Settings

UP_TO_EDITIONS = ("references", "declared_months", "export_years", "policy_years")


def known_then(given: Settings, moment: datetime) -> Settings:
    """Settings for a place in which only what was received and done by a moment is known."""
    instant = given.model_copy(update={"now": moment}).present
    then = _place(given, given.lake / "as-of" / f"{instant:%Y-%m-%dT%H%M%SZ}", instant)
    if not Deliveries(given.lake).all:
        raise LookupError(f"Nothing was received in {given.lake} yet: run `tongbao nightly`, then look back.")
    with lake_lock(given.lake):
        fill_as_of(given.lake, then.lake, instant)
    return then


def rebuild_editions(given: Settings, then: Settings, policy_years: Sequence[int]) -> Iterator[Rebuilt]:
    """Make every edition again that the place knows of, each at its own moment, one after the other."""
    for act in Register(then.lake).acts:
        if act.act == "publish" and act.policy_year in policy_years:
            folder = then.lake / "editions" / f"{act.policy_year}-{act.edition}"
            yield _rebuild(given, _place(given, folder, datetime.fromisoformat(act.at)), act)


def _rebuild(given: Settings, place: Settings, act: Act) -> Rebuilt:
    with lake_lock(given.lake):
        fill_before(given.lake, place.lake, act)
    calendar = state_of(place).calendar
    year = calendar.terms[act.policy_year].export_year
    months = {month for month in calendar.months if int(month[:4]) <= year}
    keys = months | {month[:4] for month in months} | {str(act.policy_year), "all"}
    nightly(place, jobs=UP_TO_EDITIONS, keys=keys, publish=False)
    return compare(state_of(place), act)


def _place(given: Settings, folder: Path, moment: datetime) -> Settings:
    """Settings for a lake of its own at a moment, into which nothing is pulled."""
    (folder / "none").mkdir(parents=True, exist_ok=True)
    own = {"lake": folder, "reporting_url": "", "dagster_home": None}
    return given.model_copy(update={"now": moment, "sources": folder / "none", "sources_url": None, **own})
