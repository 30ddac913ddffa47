"""A few lives of the roster against the plain model; thousands of steps are in the evidence."""

from __future__ import annotations

from pathlib import Path

from tests.property.roster_life import RosterLife, live, template


def test_the_product_and_the_model_never_differ(tmp_path: Path) -> None:
    with template(tmp_path):
        live(lives=16, steps=40, seed=20250515)
    assert RosterLife.steps > 200
    seen = ("edition 1", "edition 2", "confirmed", "act refused", "rebuilt as of", "applied a diff")
    assert [what for what in seen if not RosterLife.done[what]] == []
