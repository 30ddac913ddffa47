"""Twenty thousand steps of the roster's life against the plain model."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from tests.evidence.conftest import Record
from tests.property.roster_life import RosterLife, live, template

STEPS = 20_000


def test_twenty_thousand_steps_without_a_difference(tmp_path: Path, record: Record) -> None:
    with template(tmp_path):
        for seed in count(1):
            live(lives=20, steps=50, seed=seed)
            if RosterLife.steps >= STEPS:
                break
    done = RosterLife.done
    record(
        "roster-life",
        "Lives of a roster drawn by hypothesis and played in the product and in a plain model, compared "
        "after every act and every night; not one difference.",
        {
            "steps": RosterLife.steps,
            "nights, every table compared": done["night"],
            "acts done": done["act done"],
            "acts refused, as the model says": done["act refused"],
            "editions published": done["edition 1"] + done["edition 2"] + done["edition 3"],
            "of these supplementary": done["edition 2"] + done["edition 3"],
            "editions confirmed": done["confirmed"],
            "editions rebuilt as of their day, the same bytes": done["rebuilt as of"],
            "differences applied, the same bytes": done["applied a diff"],
        },
    )
