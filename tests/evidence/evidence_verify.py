"""A thousand random changes to the register, to editions and to what readers get of them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from assets.supply.verify import verify_lake
from tests.evidence.conftest import Record
from tests.unit.tampering import changes, register_and_editions, tampered
from tests.unit.test_verify import released

CHANGES = 1000


def test_verify_finds_a_thousand_changes(tmp_path: Path, record: Record) -> None:
    house = released(tmp_path)
    files = register_and_editions(house.root)
    seen: Counter[str] = Counter()
    for change in changes(files, CHANGES, seed=1):
        with tampered(change):
            found = bool(verify_lake(house.root, house.reporting).faults)
        seen["found" if found else "missed"] += 1
        seen["cut" if change.bit is None else "bit"] += 1
    assert seen["missed"] == 0
    assert verify_lake(house.root, house.reporting).faults == []
    record(
        "verify",
        "One bit turned, or the end cut off, in the register, in what it keeps of editions and in their "
        "tables and notices in lake and release; `verify` after each.",
        {
            "files changed in turn": len(files),
            "changes": CHANGES,
            "of these one bit turned": seen["bit"],
            "of these cut": seen["cut"],
            "found": seen["found"],
        },
    )
