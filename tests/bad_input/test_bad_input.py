"""docs/bad-input.md says what becomes of bad input: every cell is held to what the pipeline does."""

from __future__ import annotations

from itertools import accumulate

import pytest

from tests.bad_input.faults import FAULTS
from tests.bad_input.forms import FORMS, Form
from tests.bad_input.outcome import Fault
from tests.bad_input.page import NOT_POSSIBLE, PAGE, SAME, cell, cells


def told() -> dict[tuple[str, Form], str]:
    """(name of the fault, form) → the cell of the page."""
    lines = [line.removeprefix("| ").removesuffix(" |") for line in PAGE.read_text("utf-8").split("\n")[2:]]
    found = [line.split(" | ") for line in lines if line.count(" | ") == len(FORMS) and "---" not in line]
    return {
        (name, form): text
        for name, *texts in found[1:]
        for form, text in zip(FORMS, accumulate(texts, _in_full), strict=True)
    }


def _in_full(left: str, this: str) -> str:
    return left if this == SAME else this


@pytest.mark.parametrize(
    ("fault", "form"), [pytest.param(f, form, id=f"{f.name}-{form}") for f in FAULTS for form in f.forms]
)
def test_the_page_says_what_a_user_gets(fault: Fault, form: Form) -> None:
    assert cell(fault, form) == told()[fault.name, form], (
        "run python -m tests.bad_input.page > docs/bad-input.md"
    )


def test_the_page_has_every_fault_in_every_form() -> None:
    assert {at for at, text in told().items() if text != NOT_POSSIBLE} == set(cells())
    assert len(cells()) == sum(len(fault.forms) for fault in FAULTS)
