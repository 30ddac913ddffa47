"""The reporting database for real: SQLite, and PostgreSQL where one can be had."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as postgresql
import polars as pl
import pytest

from assets.storage import reporting
from assets.storage.ddl import comment, statements
from assets.storage.reporting import ReportingError, count_and_sums, load_reporting
from schemas.catalogue import TABLES

AUDIT = TABLES["claim_audit"]
CLAIM: dict[str, Any] = {
    "claim_no": "C0", "policy_no": "P1", "policy_year": 2025, "uscc": None, "buyer_id": "B1",
    "buyer_country": "USA", "cause": "repudiation", "status": "paid",
    "shipped_on": date(2025, 8, 1), "reported_on": date(2025, 8, 20), "decided_on": None, "paid_on": None,
    "loss_usd": Decimal("12345678901234567.89"), "covered": True,
    "expected_indemnity_usd": Decimal("0.10"), "paid_usd": Decimal("99999999999999999.99"),
    "difference_usd": Decimal("-0.01"), "findings": ["overpaid", "underpaid"],
}  # fmt: skip
RUN = {"run": "r", "started_at": datetime(2025, 1, 2, 3, 4, 5, 678901, tzinfo=UTC), "inputs": "{}",
       "outputs": "{}", "terms_version": "t", "code_version": "c"}  # fmt: skip

HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""  # another process: SQLite's locks do not hold within one


@pytest.fixture(params=["sqlite", "postgresql", "postgresql+psycopg2"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/made/reporting.db"
    found: str = request.getfixturevalue("postgres_url")
    return found.replace("postgresql", request.param, 1)


def write(path: Path, name: str, *rows: Mapping[str, Any]) -> Path:
    pl.DataFrame(rows, schema=TABLES[name].schema).write_parquet(path)
    return path


def claims(path: Path, *numbers: str) -> Path:
    return write(path, "claim_audit", *(CLAIM | {"claim_no": number} for number in numbers))


def read(url: str, query: str) -> list[Any]:
    with reporting.Place.of(url).transaction() as connection, connection.cursor() as cursor:
        cursor.execute(query if "postgres" in url else query.replace("reporting.", ""))
        return cursor.fetchall()


def test_all_partitions_are_loaded_and_summed_exactly(url: str, tmp_path: Path) -> None:
    files = [claims(tmp_path / "2024", "C1", "C2"), claims(tmp_path / "2025", "C3")]
    assert load_reporting(url, {"claim_audit": ("a", files)}) == {"claim_audit": 3}
    assert count_and_sums(url, AUDIT) == (3, "299999999999999999.97")


def test_a_value_comes_back_as_it_was(url: str, tmp_path: Path) -> None:
    files = [write(tmp_path / "f", "claim_audit", CLAIM, CLAIM | {"claim_no": "C1", "findings": []})]
    load_reporting(url, {"claim_audit": ("a", files)})
    full, empty = read(url, "SELECT * FROM reporting.claim_audit ORDER BY claim_no")
    as_text = {
        "shipped_on": "2025-08-01",
        "reported_on": "2025-08-20",
        "covered": 1,
        "findings": "overpaid,underpaid",
    }
    money = {n: str(CLAIM[n]) for n in CLAIM if n.endswith("_usd")}
    expected = {**CLAIM, **money, **({} if "postgres" in url else as_text)}
    assert dict(zip(AUDIT.names, full, strict=True)) == expected
    assert empty[-1] == ([] if "postgres" in url else "")


def test_a_moment_keeps_its_microseconds(url: str, tmp_path: Path) -> None:
    load_reporting(url, {"runs": ("a", [write(tmp_path / "f", "runs", RUN)])})
    [(moment,)] = read(url, "SELECT started_at FROM reporting.runs")
    text = moment if isinstance(moment, str) else moment.astimezone(UTC).isoformat()
    assert text.replace("Z", "+00:00") == "2025-01-02T03:04:05.678901+00:00"


def test_only_what_differs_is_replaced(url: str, tmp_path: Path) -> None:
    first, runs = claims(tmp_path / "1", "C1", "C2"), write(tmp_path / "r", "runs", RUN)
    load_reporting(url, {"claim_audit": ("a", [first]), "runs": ("r", [runs])})
    assert load_reporting(url, {"claim_audit": ("a", [first]), "runs": ("r", [runs])}) == {}
    second = claims(tmp_path / "2", "C9")
    changed = {"claim_audit": ("b", [second]), "runs": ("r", [runs])}
    assert load_reporting(url, changed) == {"claim_audit": 1}
    assert read(url, "SELECT claim_no FROM reporting.claim_audit") == [("C9",)]


def test_a_failure_leaves_everything_as_it_was(url: str, tmp_path: Path) -> None:
    good = {"runs": ("r", [write(tmp_path / "r", "runs", RUN)])}
    load_reporting(url, good | {"claim_audit": ("a", [claims(tmp_path / "1", "C1")])})
    twice = [claims(tmp_path / "2", "C2"), claims(tmp_path / "3", "C2")]
    with pytest.raises(ReportingError, match=r"refused the release.*claim_audit.*release again"):
        load_reporting(url, {"runs": ("other", []), "claim_audit": ("b", twice)})
    assert count_and_sums(url, TABLES["runs"]) == (1, None)
    assert read(url, "SELECT claim_no FROM reporting.claim_audit") == [("C1",)]
    assert load_reporting(url, good) == {}


def edition(path: Path, number: int) -> Path:
    line = {"policy_year": 2025, "edition": number, "status": "confirmed", "lines": 1, "sha256": "x"}
    return write(path, "roster_editions", line)


def listed(path: Path, *numbers: int) -> Path:
    line = {"policy_year": 2025, "uscc": "A", "serial": 1, "name": "甲", "district": "福田区"}
    return write(path, "roster", *(line | {"edition": number} for number in numbers))


def test_a_foreign_key_holds_at_the_end_of_a_load(url: str, tmp_path: Path) -> None:
    """Lines come before and after their edition, both are replaced, and a line of no edition is refused."""
    load_reporting(url, {"roster": ("a", [listed(tmp_path / "1", 1)])})
    both = {"roster": ("a", [tmp_path / "1"]), "roster_editions": ("a", [edition(tmp_path / "2", 1)])}
    assert load_reporting(url, both) == {"roster_editions": 1}
    moved = {
        "roster": ("b", [listed(tmp_path / "3", 2)]), "roster_editions": ("b", [edition(tmp_path / "4", 2)]),
    }  # fmt: skip
    assert load_reporting(url, moved) == {"roster": 1, "roster_editions": 1}
    astray = {"roster": ("c", [listed(tmp_path / "5", 2, 3)])}
    with pytest.raises(ReportingError, match="release again"):
        load_reporting(url, astray)
    assert read(url, "SELECT edition FROM reporting.roster") == [(2,)]
    if "postgres" in url:
        query = "SELECT count(*) FROM pg_constraint WHERE conname = 'roster_roster_editions_fkey'"
        assert read(url, query) == [(1,)]


def test_a_failed_first_load_leaves_nothing(url: str, tmp_path: Path) -> None:
    twice = [claims(tmp_path / "2", "C2"), claims(tmp_path / "3", "C2")]
    with pytest.raises(ReportingError):
        load_reporting(url, {"claim_audit": ("b", twice)})
    with pytest.raises(ReportingError, match="has no table claim_audit"):
        count_and_sums(url, AUDIT)


def test_a_word_outside_the_vocabulary_is_refused(url: str, tmp_path: Path) -> None:
    file = write(tmp_path / "f", "claim_audit", CLAIM | {"status": "lost"})
    with pytest.raises(ReportingError, match="claim_audit_status_check"):
        load_reporting(url, {"claim_audit": ("a", [file])})


def test_a_table_of_another_shape_is_made_anew(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = claims(tmp_path / "1", "C1")
    load_reporting(url, {"claim_audit": ("a", [file])})
    shorter = replace(AUDIT, columns=tuple(c for c in AUDIT.columns if c.name != "cause"))
    monkeypatch.setitem(TABLES, "claim_audit", shorter)
    pl.read_parquet(file).drop("cause").write_parquet(tmp_path / "2")
    found = load_reporting(url, {"claim_audit": ("a", [tmp_path / "2"])})
    assert found == {"claim_audit": 1}
    assert len(read(url, "SELECT * FROM reporting.claim_audit")[0]) == len(shorter.columns)


def test_a_table_that_was_dropped_comes_back(url: str, tmp_path: Path) -> None:
    tables = {"claim_audit": ("a", [claims(tmp_path / "1", "C1")])}
    load_reporting(url, tables)
    with reporting.Place.of(url).transaction() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"DROP TABLE {'reporting.claim_audit CASCADE' if 'postgres' in url else 'claim_audit'}"
        )
    assert load_reporting(url, tables) == {"claim_audit": 1}


def test_files_of_another_shape_are_refused(url: str, tmp_path: Path) -> None:
    file = write(tmp_path / "f", "runs", RUN)
    with pytest.raises(ReportingError, match=r"cannot be loaded .*run tongbao verify"):
        load_reporting(url, {"claim_audit": ("a", [file])})


def test_a_table_without_files_is_empty(url: str) -> None:
    assert load_reporting(url, {"claim_audit": ("a", [])}) == {"claim_audit": 0}
    assert count_and_sums(url, AUDIT) == (0, "0.00")


def test_many_batches_are_one_load(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "BATCH_ROWS", 7)
    file = claims(tmp_path / "f", *(f"C{i}" for i in range(100)))
    assert load_reporting(url, {"claim_audit": ("a", [file])}) == {"claim_audit": 100}


def test_a_strangers_table_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as database:
        database.execute("CREATE TABLE roster (mine TEXT)")
    with pytest.raises(ReportingError, match="no release made: rename it"):
        load_reporting(f"sqlite:///{tmp_path}/db", {"roster": ("a", [])})
    assert database.execute("SELECT count(*) FROM roster").fetchone() == (0,)


def test_a_held_database_is_said_to_be_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "WAIT_MS", 50)
    load_reporting(f"sqlite:///{tmp_path}/db", {"runs": ("a", [])})
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, f"{tmp_path}/db"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(ReportingError, match="close it and release again"):
            load_reporting(f"sqlite:///{tmp_path}/db", {"runs": ("b", [])})
        holder.communicate()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://root:geheim@db/x", "write sqlite:///"),
        ("sqlite://", "write sqlite:///"),
        ("sqlite:////proc/none/db", "cannot be opened or made"),
        ("postgresql://u:geheim@127.0.0.1:1/x", "nothing listens"),
        ("postgresql+psycopg://u:ge@geheim@127.0.0.1:1/x", "cannot be opened"),
        ("postgresql://u:ge/geheim@127.0.0.1:1/x", "cannot be opened"),
    ],
)
def test_a_wrong_address_says_what_to_do_and_no_password(url: str, words: str) -> None:
    with pytest.raises(ReportingError, match=words) as raised:
        load_reporting(url, {})
    assert "geheim" not in "".join(traceback.format_exception(raised.value)).replace(url, "")


def test_postgresql_makes_every_table_as_described(postgres_url: str) -> None:
    columns = """
        SELECT a.attname, a.attnotnull,
               col_description(a.attrelid, a.attnum), a.attnum = ANY (i.indkey)
        FROM pg_attribute a LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
        WHERE a.attrelid = to_regclass('reporting.{}') AND a.attnum > 0 ORDER BY a.attnum"""
    with postgresql.connect(postgres_url) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA reporting")
        for table in TABLES.values():
            for statement in statements(table, "postgresql"):
                cursor.execute(statement)
            cursor.execute(columns.format(table.name))
            said = [(n, not_null, told, bool(key)) for n, not_null, told, key in cursor.fetchall()]
            assert said == [(c.name, c.required, comment(c), c.name in table.key) for c in table.columns]


def test_a_view_on_a_table_of_another_shape_is_said_to_be_in_the_way(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_reporting(postgres_url, {"claim_audit": ("a", [claims(tmp_path / "1", "C1")])})
    with postgresql.connect(postgres_url, autocommit=True) as connection:
        connection.cursor().execute(
            "CREATE VIEW reporting.mine AS SELECT claim_no FROM reporting.claim_audit"
        )
    monkeypatch.setitem(TABLES, "claim_audit", replace(AUDIT, columns=AUDIT.columns[:-1]))
    with pytest.raises(ReportingError, match="drop that view and release again"):
        load_reporting(postgres_url, {"claim_audit": ("b", [])})
    assert count_and_sums(postgres_url, AUDIT)[0] == 1


def test_an_existing_schema_asks_for_no_right_to_make_one(postgres_url: str) -> None:
    with postgresql.connect(postgres_url) as connection, connection.cursor() as cursor:
        for statement in (
            "DROP ROLE IF EXISTS tongbao_loader",
            "CREATE ROLE tongbao_loader LOGIN",
            "CREATE SCHEMA reporting AUTHORIZATION tongbao_loader",
        ):
            cursor.execute(statement)
        connection.commit()
    url = re.sub("//postgres:?@", "//tongbao_loader@", postgres_url)
    assert load_reporting(url, {"runs": ("a", [])}) == {"runs": 0}
