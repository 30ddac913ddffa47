"""docs/bad-input.md: inputs × faults, each cell what the pipeline does. `python -m tests.bad_input.page`."""

from __future__ import annotations

import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from tests.bad_input.faults import FAULTS, GOOD
from tests.bad_input.forms import FORMS, Form
from tests.bad_input.outcome import Fault, outcome

PAGE = Path(__file__).resolve().parents[2] / "docs" / "bad-input.md"
NOT_POSSIBLE, SAME = "—", "〃"
HEAD = """\
# What becomes of bad input

Three good declaration lines arrive in five forms, each with one thing wrong with it. A cell says what the
user gets: "refused" alone is the whole file, with the sentence that the night prints; "left out" is told
every night until it is seen to; "row 2 refused" is that row alone, which `tongbao rejects` lists with its
text. Every row that is delivered is accepted, refused, a duplicate, or waits; the tests count them in each
cell. 〃 is as in the cell to its left.

The table is written by `python -m tests.bad_input.page > docs/bad-input.md` from what the pipeline does, and
`tests/bad_input/test_bad_input.py` holds every cell to it.

"""
TAIL = """
Nobody can tell a file in Big5 or Latin-1 by its bytes: it is valid GB18030 nearly always, and its names come
out as other characters. Codes, numbers and dates are ASCII and stay right; Chinese headers do not, so that
such a file is refused by them.
"""


def cells() -> dict[tuple[str, Form], Fault]:
    """(name of the fault, form) → the fault as that form has it."""
    return {(fault.name, form): fault for fault in FAULTS for form in fault.forms}


def cell(fault: Fault, form: Form) -> str:
    """What a user gets of that fault in that form."""
    with tempfile.TemporaryDirectory(prefix="tongbao-bad-input-") as folder:
        return outcome(fault, form, Path(folder), GOOD)


def row(name: str) -> str:
    """A line of the table."""
    faults = [cells().get((name, form)) for form in FORMS]
    told = [cell(fault, form) if fault else NOT_POSSIBLE for fault, form in zip(faults, FORMS, strict=True)]
    short = [told[0], *(SAME if this == before else this for before, this in pairwise(told))]
    return f"| {name} | {' | '.join(short)} |"


def page() -> str:
    """The whole page."""
    head = [f"| fault | {' | '.join(FORMS)} |", f"|{' --- |' * (len(FORMS) + 1)}"]
    return HEAD + "\n".join([*head, *map(row, dict.fromkeys(fault.name for fault in FAULTS))]) + "\n" + TAIL


if __name__ == "__main__":
    sys.stdout.write(page())
