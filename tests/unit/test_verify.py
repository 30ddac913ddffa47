"""Verify: a changed, cut or missing file is found, whichever it is, and named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from assets.eligibility.acts import confirm, decide, publish, submit
from assets.eligibility.notice.act import write_notice
from assets.storage.sweep import sweep
from assets.supply.publish import publish_release
from assets.supply.verify import verify_lake
from tests.oracle.rows import declaration, enterprise, make_uscc
from tests.property.small_house import SmallHouse
from tests.unit.tampering import changes, register_and_editions, tampered

BUREAU = "commerce-bureau"


def released(folder: Path) -> SmallHouse:
    """A released lake with a published, noticed, objected to and confirmed edition."""
    house = SmallHouse(folder, "2025-05-15T09:00:00+08:00")
    firms = (1, 2, 3)
    house.deliver(
        {
            "enterprises": [enterprise(firm) for firm in firms],
            "customs_declarations": [declaration(firm, firm=firm) for firm in firms],
        }
    )
    house.bring_up()
    publish(house, 2025, BUREAU, False)
    write_notice(house, 2025, 1, BUREAU)
    submit(house, 2025, BUREAU, "P-1", make_uscc(2), "should_not_be_listed", "")
    house.now = house.now.replace(month=6)
    decide(house, 2025, BUREAU, "P-1", "upheld")
    confirm(house, 2025, BUREAU)
    house.bring_up()
    publish_release(house, "run")
    sweep(house.root)
    return house


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> SmallHouse:
    return released(tmp_path_factory.mktemp("made"))


@pytest.fixture
def house(made: SmallHouse, tmp_path: Path) -> SmallHouse:
    """A copy of it, to be spoilt."""
    shutil.copytree(made.folder, tmp_path / "house", symlinks=True)
    return SmallHouse(tmp_path / "house", made.now.isoformat())


def faults(house: SmallHouse) -> list[str]:
    return verify_lake(house.root, house.reporting).faults


def test_a_sound_lake_has_no_faults(made: SmallHouse) -> None:
    found = verify_lake(made.root, made.reporting)
    assert found.faults == []
    assert (found.acts, found.loaded) == (5, 7)
    assert found.files > 30


def test_changed_bits_and_cut_ends_are_found(made: SmallHouse) -> None:
    files = register_and_editions(made.root)
    assert len(files) > 16
    for change in changes(files, count=40, seed=5):
        with tampered(change):
            assert faults(made), change
    assert faults(made) == []


def test_missing_files_are_found(made: SmallHouse) -> None:
    for file in register_and_editions(made.root):
        away = file.rename(file.with_suffix(".away"))
        assert faults(made), file
        away.rename(file)


def test_a_register_cut_together_with_its_head_is_found_by_the_release(house: SmallHouse) -> None:
    register = house.state().register
    shorter = house.folder / "shorter"
    register.copy_to(shorter, 2)
    for name in ("acts.jsonl", "head.json"):
        shutil.copyfile(shorter / "register" / name, house.root / "register" / name)
    assert any("which had 5 entries: it was cut or rewritten" in fault for fault in faults(house))


def test_totals_of_a_manifest_are_counted_again(house: SmallHouse) -> None:
    manifest = house.root / "tables" / "annual_exports" / "manifest.json"
    text = manifest.read_text("utf-8")
    assert '"rows": 3' in text
    manifest.write_text(text.replace('"rows": 3', '"rows": 4'), "utf-8")
    assert any("3 rows and a sum of 3000.0000, its manifest says 4" in fault for fault in faults(house))


def test_what_was_received_is_looked_at(house: SmallHouse) -> None:
    piece = next((house.root / "received" / "enterprises").glob("*.parquet"))
    piece.write_bytes(piece.read_bytes()[:-1])
    assert [fault for fault in faults(house) if "is not what the record of enterprises" in fault]


def test_a_database_that_lost_a_row_is_found(house: SmallHouse) -> None:
    import sqlite3

    with sqlite3.connect(house.root / "reporting.sqlite") as connection:
        connection.execute("DELETE FROM roster WHERE serial = 1")
    assert any("has 2 rows" in fault and "in roster" in fault for fault in faults(house))
