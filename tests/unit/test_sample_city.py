"""The sample city: the same bytes, every form of file, sums that add up, cases that are there.

What the product makes of the planted cases is tested elsewhere; nothing of the product is used.
"""

from __future__ import annotations

import csv
import hashlib
import json
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from stdnum.cn import uscc

from pipelines.sample_city import calendar, codes, customs, layout
from pipelines.sample_city.city import City, write_city, write_city_database
from pipelines.sample_city.database import read_source_file, source_files
from pipelines.sample_city.expectations import half_up
from pipelines.sample_city.plan import company_name, make_plan, make_uscc
from pipelines.sample_city.planted import plant_all

SMALL = City(enterprises=60, seed=7, declarations_per_enterprise=8)
PLAIN = City(enterprises=60, seed=7, declarations_per_enterprise=8, plant=False)
EVENTS = sorted(layout.DATES - {"cover_from", "cover_to", "valid_from", "valid_to", "effective_on"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_city(SMALL, tmp_path_factory.mktemp("city"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_city(PLAIN, tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def sources(folder: Path) -> dict[str, pl.DataFrame]:
    return {source: _read(folder, source) for source in layout.SOURCES}


@pytest.fixture(scope="module")
def planted(folder: Path) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((folder / "planted.json").read_text("utf-8"))
    return cases


def _read(folder: Path, source: str) -> pl.DataFrame:
    return pl.concat([read_source_file(p, source) for p in source_files(folder, source)])


def _hashes(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def _one_year(enterprises: int, declarations: int) -> City:
    return City(enterprises, 7, 2024, 2024, declarations, plant=False)


def _shanghai(moment: str) -> datetime:
    return datetime.fromisoformat(moment).astimezone(UTC) + timedelta(hours=8)


def test_same_parameters_same_bytes(folder: Path, tmp_path: Path) -> None:
    again = write_city(SMALL, tmp_path)
    assert _hashes(again) == _hashes(folder)
    assert _hashes(write_city(SMALL, tmp_path)) == _hashes(folder)


def test_threads_and_chunks_in_flight_change_nothing(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(customs, "THREADS", 1)
    monkeypatch.setattr(customs, "AHEAD", 1)
    assert _hashes(write_city(SMALL, tmp_path)) == _hashes(folder)


def test_another_seed_is_another_city(folder: Path, tmp_path: Path) -> None:
    other = write_city(City(enterprises=60, seed=8, declarations_per_enterprise=8), tmp_path)
    name = "customs_declarations/2024-05.parquet"
    assert _hashes(other)[name] != _hashes(folder)[name]


def test_a_shorter_city_leaves_no_file_of_the_longer(tmp_path: Path) -> None:
    write_city(City(enterprises=5, declarations_per_enterprise=6, plant=False), tmp_path)
    short = City(enterprises=5, declarations_per_enterprise=6, plant=False, first_year=2023, last_year=2024)
    write_city(short, tmp_path)
    names = {p.name[:7] for p in (tmp_path / "customs_declarations").iterdir()}
    assert (min(names), max(names)) == ("2022-12", "2025-01")
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("source", layout.SOURCES)
def test_every_source_has_rows_and_all_fields(sources: dict[str, pl.DataFrame], source: str) -> None:
    assert sources[source].height > 0
    assert sources[source].columns == list(layout.FIELDS[source])


def test_every_form_of_file_occurs(folder: Path) -> None:
    files = source_files(folder, "customs_declarations")
    assert {p.suffix for p in files} == {".parquet", ".csv", ".xlsx"}
    raw = {p.name: p.read_bytes()[:80] for p in files if p.suffix == ".csv"}
    assert raw["2024-03.csv"].startswith("报关单号".encode("gb18030"))
    assert raw["2024-08.csv"].startswith(b"declaration_no")
    assert raw["2024-10.csv"].startswith(b"\xef\xbb\xbf" + "报关单号".encode())
    assert pl.read_parquet_schema(folder / "customs_declarations/2024-06.parquet")["报关单号"]


def test_parquet_columns_are_text(folder: Path) -> None:
    schema = pl.read_parquet_schema(folder / "customs_declarations/2024-05.parquet")
    assert schema == dict.fromkeys(layout.FIELDS["customs_declarations"], pl.String)


def test_parquet_layout_holds_the_same_rows(sources: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    write_city(SMALL, tmp_path, layout="parquet")
    assert {p.suffix for p in source_files(tmp_path, "customs_declarations")} == {".parquet"}
    for source in layout.SOURCES:
        assert _read(tmp_path, source).sort(pl.all()).equals(sources[source].sort(pl.all()))


def test_control_files_are_true(folder: Path) -> None:
    controls = sorted(folder.rglob("*.control.json"))
    assert len(controls) > 20
    for path in controls:
        control, source = json.loads(path.read_text("utf-8")), path.parent.name
        rows = read_source_file(path.with_name(path.name.removesuffix(".control.json")), source)
        assert control["rows"] == rows.height
        if "amount_sum" in control:
            cells = rows[layout.CONTROL_SUM[source]].drop_nulls().to_list()
            total = sum((Decimal(cell.replace(",", "")) for cell in cells), Decimal(0))
            assert Decimal(control["amount_sum"]) == total


def test_a_file_holds_what_arrived_in_its_month(plain: Path) -> None:
    misplaced = 0
    for path in source_files(plain, "customs_declarations"):
        for moment in read_source_file(path, "customs_declarations")["updated_at"]:
            misplaced += f"{_shanghai(moment):%Y-%m}" != path.name[:7]
    assert misplaced <= 20, "only rows that are delivered twice may lie in a later file"


def test_no_event_after_its_update_and_none_in_the_future(plain: Path) -> None:
    for source in layout.SOURCES:
        frame = _read(plain, source) if source_files(plain, source) else pl.DataFrame()
        for row in frame.iter_rows(named=True):
            assert row["updated_at"] < "2026-01-15", "nothing waits in an unplanted city"
            known = f"{_shanghai(row['updated_at']):%Y%m%d}"
            for name in EVENTS:
                assert (row.get(name) or "0").replace("-", "") <= known, (source, name, row)


def test_no_row_occurs_twice_in_one_version_with_other_content(plain: Path) -> None:
    rows = _read(plain, "customs_declarations").unique()
    version = ["declaration_no", "line_no", "revision", "updated_at"]
    assert rows.height == rows.unique(version).height


def test_old_codes_and_other_forms_are_sprinkled(tmp_path: Path) -> None:
    write_city(_one_year(300, 30), tmp_path, layout="parquet")
    rows = _read(tmp_path, "customs_declarations")
    for column, pattern in (
        ("trading_country", r"^\d{3}$"),
        ("currency", r"^\d{3}$"),
        ("amount", ","),
        ("declared_on", r"^\d{8}$"),
    ):
        share = rows[column].str.contains(pattern).mean()
        assert isinstance(share, float)
        assert 0 < share < 0.1


def test_revisions_are_as_rare_as_assumed(tmp_path: Path) -> None:
    write_city(_one_year(300, 120), tmp_path, layout="parquet")
    rows = _read(tmp_path, "customs_declarations")
    lines = rows.unique(["declaration_no", "line_no"]).height
    amended = rows.filter(pl.col("revision") == "1")
    withdrawn = rows.filter(pl.col("status") == "withdrawn")
    assert 0.010 < amended.unique(["declaration_no", "line_no"]).height / lines < 0.020
    assert 0.003 < withdrawn.unique(["declaration_no", "line_no"]).height / lines < 0.007
    declarations = rows["declaration_no"].n_unique()
    assert 3.5 < lines / declarations < 4.5
    assert 100 < declarations / 300 / (13 / 12) < 130


def test_sizes_are_calibrated() -> None:
    annual = make_plan(City(enterprises=20_000)).annual_usd
    small = annual[annual <= 8_000_000]
    assert 0.89 < len(small) / len(annual) < 0.91
    assert 0.10 < small.sum() / annual.sum() < 0.13


def test_chunks_cover_all_enterprises_once() -> None:
    plan = make_plan(City(enterprises=40_000))
    assert len(plan.chunks) > 5
    positions = [i for start, stop in plan.chunks for i in range(start, stop)]
    assert positions == list(range(40_000))


def test_identities_are_valid_and_distinct() -> None:
    bulk = {make_uscc(i) for i in range(2000)}
    assert len(bulk) == 2000
    assert all(uscc.is_valid(code) for code in bulk)
    assert bulk.isdisjoint(str(r["uscc"]) for r in plant_all().rows["enterprises"])
    assert len({company_name(i) for i in range(60_000)}) == 60_000


@pytest.mark.parametrize(
    ("value", "text"), [("0.985", "0.99"), ("0.9849", "0.98"), ("1.005", "1.01"), ("0", "0.00")]
)
def test_half_up(value: str, text: str) -> None:
    assert f"{half_up(Fraction(value)):.2f}" == text


def test_every_planted_key_is_in_its_source(
    sources: dict[str, pl.DataFrame], planted: list[dict[str, Any]]
) -> None:
    for case in planted:
        found = sources[case["source"]]
        for name, value in case["keys"].items():
            column = pl.col(name).str.to_uppercase() if name.endswith("uscc") else pl.col(name)
            same = column.is_null() if value is None else column == value
            found = found.filter(same)
        assert found.height > 0, case


def test_planted_cases_say_what_to_expect(planted: list[dict[str, Any]]) -> None:
    assert len({case["case"] for case in planted}) > 200
    for case in planted:
        expect = case["expect"]
        assert expect["table"]
        assert ("key" in expect and "values" in expect) ^ ("absent" in expect or "reasons" in expect)


def test_every_code_of_the_contract_is_planted(planted: list[dict[str, Any]]) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for case in planted:
        expect = case["expect"]
        for name, value in expect.get("values", {}).items():
            seen[f"{expect['table']}.{name}"] |= set((value or "").split(","))
    assert seen["roster_decisions.decision"] == {
        "invalid_identity", "not_in_city", "deregistered", "no_exports", "over_threshold",
        "eligible",
    }  # fmt: skip
    assert seen["policy_reconciliation.status"] == {
        "cancelled", "unidentified", "not_on_roster", "duplicate", "discrepant", "matched",
    }  # fmt: skip
    assert seen["policy_reconciliation.discrepancies"] - {""} == {
        "cover_from", "cover_to", "insured_percentage", "buyer_limit", "policy_year",
        "issued_before_confirmation", "removed_from_edition",
    }  # fmt: skip
    assert seen["policy_reconciliation.observations"] - {""} == {
        "issued_over_7_days_after_take_up", "name_differs", "district_differs",
        "channel_not_in_notice", "shared_customs_code", "invalid_check_digit",
    }  # fmt: skip
    assert seen["policy_reconciliation.matched_by"] - {""} == {"uscc", "customs_code", "name"}
    assert seen["claim_audit.findings"] - {""} == {
        "no_policy", "excluded_country", "after_cancellation", "paid_outside_cover", "overpaid",
        "underpaid", "declined_but_covered", "loss_without_matching_export",
    }  # fmt: skip
    assert seen["credit_report_audit.findings"] == {"fourth_credit_report"}
    assert seen["take_up.status"] == {"taken_up", "taken_up_late", "not_taken_up"}
    assert seen["policy_threads.changes"] == {"insured_again", "renamed", "moved", "merged"}
    assert seen["push_list.change"] == {"up", "down", "unchanged", "not_classified", "no_data"}


def test_a_round_plants_every_code_once_more() -> None:
    one, three = (Counter(case.case for case in plant_all(rounds).cases) for rounds in (1, 3))
    rounds = {case for case in one if case.startswith("round_")}
    assert len(rounds) > 30
    assert {case: three[case] for case in one} == {
        case: count * (3 if case in rounds else 1) for case, count in one.items()
    }


def test_published_rosters_agree_with_a_recount(plain: Path) -> None:
    """Recount in plain fractions who exported how much, as known on the day of publication."""
    rows = list(_read(plain, "customs_declarations").iter_rows(named=True))
    registry = list(_read(plain, "enterprises").iter_rows(named=True))
    rates = _best_rates(_read(plain, "exchange_rates"))
    rosters = _read(plain, "published_rosters")
    for year in (2022, 2023, 2024):
        published = calendar.published_on(year)
        sums = _recount(rows, rates, year - 1, published.isoformat())
        inside = {u for u in sums if _in_city(registry, u, published.isoformat())}
        expected = {u for u in inside if 0 < sums[u] <= 8_000_000}
        listed = rosters.filter(pl.col("policy_year") == str(year))
        assert set(listed["uscc"]) == expected


def _best_rates(frame: pl.DataFrame) -> dict[tuple[str, str], Fraction]:
    letters = {c.old: c.code for c in codes.CURRENCIES}
    best: dict[tuple[str, str], tuple[int, Fraction]] = {}
    for row in frame.iter_rows(named=True):
        key = row["month"], letters.get(row["currency"], row["currency"])
        rank = ("customs", "safe", "ecb").index(row["source"])
        best[key] = min(best.get(key, (9, Fraction(0))), (rank, Fraction(row["usd_per_unit"])))
    return {key: rate for key, (_, rate) in best.items()}


def _recount(
    rows: list[dict[str, Any]], rates: dict[tuple[str, str], Fraction], year: int, on: str
) -> dict[str, Fraction]:
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        if f"{_shanghai(row['updated_at']):%Y-%m-%d}" > on:
            continue
        key = row["declaration_no"], row["line_no"]
        version = int(row["revision"]), row["updated_at"]
        old = newest.get(key)
        if old is None or version > (int(old["revision"]), old["updated_at"]):
            newest[key] = row
    current = [row for row in newest.values() if row["status"] != "withdrawn"]
    weight: dict[str, Fraction] = defaultdict(Fraction)
    for row in current:
        weight[row["declaration_no"]] += _number(row["amount"])
    sums: dict[str, Fraction] = defaultdict(Fraction)
    for row in current:
        settled = (row["closed_on"] or row["released_on"])[:4]
        china = row["arrival_country"] in codes.CHINA
        if settled != str(year) or china or row["trade_mode"] in codes.NOT_COUNTING_MODES:
            continue
        fob = _fob(row, rates, weight[row["declaration_no"]])
        sums[row["consignor_uscc"]] += Fraction(half_up(fob))
    return sums


def _number(cell: str) -> Fraction:
    return Fraction(cell.replace(",", ""))


def _fob(row: dict[str, Any], rates: dict[tuple[str, str], Fraction], weight: Fraction) -> Fraction:
    if row["stat_value_usd"]:
        return _number(row["stat_value_usd"])
    letters = {c.old: c.code for c in codes.CURRENCIES}
    declared = row["declared_on"].replace("-", "")
    month = f"{declared[:4]}-{declared[4:6]}"

    def rate(currency: str) -> Fraction:
        code = letters.get(currency, currency)
        return Fraction(1) if code == "USD" else rates[month, code]

    amount = _number(row["amount"])
    value = amount * rate(row["currency"])
    for fee, terms in (("freight", "12"), ("insurance", "14")):
        if row["delivery_terms"] not in terms:
            continue
        if row[f"{fee}_mark"] == "1":
            value -= amount * _number(row[fee]) / 100 * rate(row["currency"])
        else:
            value -= _number(row[fee]) * amount / weight * rate(row[f"{fee}_currency"])
    return value


def _in_city(registry: list[dict[str, Any]], identity: str, on: str) -> bool:
    mine = [r for r in registry if r["uscc"] == identity]
    known = [r for r in mine if f"{_shanghai(r['updated_at']):%Y-%m-%d}" <= on]
    current = {r["customs_code"]: r for r in sorted(known, key=lambda r: str(r["updated_at"]))}
    newest = max(current.values(), key=lambda r: str(r["updated_at"]))
    gone = all(r["deregistered_on"] and r["deregistered_on"] <= on for r in current.values())
    return str(newest["city"]).startswith("4403") and not gone


def test_registry_changes_are_there(sources: dict[str, pl.DataFrame]) -> None:
    registry = sources["enterprises"]
    assert registry.filter(pl.col("deregistered_on").is_not_null()).height > 2
    assert registry.group_by("uscc").agg(pl.col("customs_code").n_unique()).max()["customs_code"][0]
    assert registry.filter(~pl.col("city").str.starts_with("4403")).height > 1


def test_years_and_channels_of_policies(sources: dict[str, pl.DataFrame]) -> None:
    policies = sources["policies"]
    assert {"2022", "2023", "2024", "2025"} <= set(policies["policy_year"])
    assert set(policies["channel"]) >= {"online", "offline"}
    assert set(sources["published_rosters"]["policy_year"]) == {"2022", "2023", "2024"}


def test_database_holds_the_same_rows(folder: Path, sources: dict[str, pl.DataFrame], tmp_path: Path) -> None:
    write_city_database(folder, f"sqlite:///{tmp_path / 'city.db'}")
    with sqlite3.connect(tmp_path / "city.db") as database:
        for source, frame in sources.items():
            (rows,) = database.execute(f"SELECT count(*) FROM {source}").fetchone()
            assert rows == frame.height
        columns = [c[1] for c in database.execute("PRAGMA table_info(enterprises)")]
        assert columns == list(layout.FIELDS["enterprises"])


def test_another_database_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="PostgreSQL or SQLite"):
        write_city_database(folder, "mysql://localhost/city")


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    city = City(enterprises=3, declarations_per_enterprise=6, plant=False, first_year=2025)
    write_city(city, tmp_path, progress=lambda *news: told.append(news))
    assert told[0] == ("customs declarations", 1, 14)
    assert [done == total for _, done, total in told].count(True) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"enterprises": 0},
        {"lines_per_declaration": 0},
        {"first_year": 2025, "last_year": 2021},
    ],
)
def test_impossible_cities_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must|needs"):
        City(**wrong)  # type: ignore[arg-type]


def test_nothing_of_the_product_is_imported() -> None:
    code = (
        "import sys, pipelines.sample_city.city;"
        "wrong = [m for m in sys.modules if m.split('.')[0] in"
        " {'assets', 'schemas', 'dagster', 'pandera'}];"
        "sys.exit(f'imported {wrong}' if wrong else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_xlsx_codes_are_text(folder: Path) -> None:
    path = folder / "customs_declarations/2025-03-supplement.xlsx"
    rows = read_source_file(path, "customs_declarations")
    assert rows["declaration_no"].str.len_chars().unique().to_list() == [18]


def test_csv_is_readable_by_the_plainest_reader(folder: Path) -> None:
    path = folder / "customs_declarations/2024-03.csv"
    with path.open(encoding="gb18030", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["币制"] for row in rows} >= {"USD", "EUR"}
