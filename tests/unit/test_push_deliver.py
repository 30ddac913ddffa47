"""Sending: each package once, whatever is killed when, to a folder and to S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.request import Request, urlopen

import polars as pl
import pytest

from assets.push import deliver
from assets.push.deliver import DeliveryRefused, send
from assets.push.package import MANIFEST
from assets.push.receipts import receipts
from assets.storage.lake import Lake
from assets.storage.outlets import Folder, Outlet, OutletError, outlet
from assets.storage.reporting import Place
from assets.supply.verify import verify_lake
from assets.validation import judge
from schemas.push import PORTAL_RECEIPTS, PUSH_OUTBOX, PUSH_RECEIPTS
from tests.unit.push_examples import MONTH, SmallHouse, enterprise, enterprises, item, items, put_push

LISTED, FIRMS = items(item(), item("B")), enterprises(enterprise(), enterprise("B"))
FILES = 7


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    """A bucket of a server that speaks S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "a", "AWS_REGION": "us-east-1",
            "AWS_SECRET_ACCESS_KEY": "b",
        }.items():  # fmt: skip
            patch.setenv(name, value)
        urlopen(Request(f"http://{host}:{port}/portal", method="PUT")).close()
        yield "s3://portal"
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> SmallHouse:
    if request.param == "folder":
        place = str(tmp_path / "portal")
    else:
        place = f"{request.getfixturevalue('bucket')}/{tmp_path.name}"
    made = SmallHouse(tmp_path / "lake", place)
    put_push(made.root, LISTED, FIRMS)
    return made


def outbox(house: SmallHouse) -> pl.DataFrame:
    return Lake(house.root).scan(PUSH_OUTBOX).collect()


class Counting:
    """An outlet that counts what it is given, and dies before the n-th file."""

    def __init__(self, place: Outlet, dies_before: int = 10**6) -> None:
        self.place, self.dies_before, self.put_names = place, dies_before, list[str]()

    def put(self, name: str, file: Path) -> None:
        if len(self.put_names) == self.dies_before:
            raise KeyboardInterrupt
        self.put_names.append(name)
        self.place.put(name, file)

    def get(self, name: str) -> bytes | None:
        return self.place.get(name)


@pytest.fixture
def counting(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> Counting:
    counted = Counting(outlet(house.portal))
    monkeypatch.setattr(deliver, "outlet", lambda _: counted)
    return counted


def test_a_package_is_sent_once_and_recorded(house: SmallHouse, counting: Counting) -> None:
    (sent,) = send(house, MONTH)
    assert counting.put_names[-1] == f"push-{MONTH}/{MANIFEST}"
    assert len(counting.put_names) == FILES
    row = outbox(house).row(0, named=True)
    assert (row["package"], row["identity"], row["items"]) == (f"push-{MONTH}", sent.package.identity, 2)
    there = counting.get(f"push-{MONTH}/items.csv")
    assert there == (sent.package.folder / "items.csv").read_bytes()
    assert send(house, MONTH) == []
    assert len(counting.put_names) == FILES
    assert outbox(house).height == 1


def test_the_outbox_is_in_the_reporting_database(house: SmallHouse) -> None:
    send(house, MONTH)
    with Place.of(house.reporting).transaction() as connection, connection.cursor() as cursor:
        cursor.execute("select package, items, exposure_usd from push_outbox")
        assert cursor.fetchall() == [(f"push-{MONTH}", 2, "18014398509481986.02")]


@pytest.mark.parametrize("dies_before", range(FILES))
def test_killed_while_sending(house: SmallHouse, counting: Counting, dies_before: int) -> None:
    counting.dies_before = dies_before
    with pytest.raises(KeyboardInterrupt):
        send(house, MONTH)
    assert counting.get(f"push-{MONTH}/{MANIFEST}") is None, "nobody sees a part of a package"
    assert outbox(house).is_empty()
    counting.dies_before = 10**6
    (sent,) = send(house, MONTH)
    assert not sent.was_there
    assert outbox(house).height == 1


def test_killed_between_sending_and_recording(
    house: SmallHouse, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deliver, "_record", die)
        with pytest.raises(KeyboardInterrupt):
            send(house, MONTH)
    assert outbox(house).is_empty()
    (sent,) = send(house, MONTH)
    assert sent.was_there
    assert len(counting.put_names) == FILES, "nothing was sent again"
    assert outbox(house)["identity"].to_list() == [sent.package.identity]


def test_a_correction_is_a_numbered_supplement(house: SmallHouse, counting: Counting) -> None:
    (first,) = send(house, MONTH)
    later = items(item(), item("B"), item("B", priority=900, supplement=1))
    put_push(house.root, later, enterprises(enterprise(), enterprise("B")))
    (second,) = send(house, MONTH)
    assert second.package.name == f"push-{MONTH}-supplement-1"
    assert second.package.manifest["counts"]["items"] == 1
    assert outbox(house).select("supplement", "identity").rows() == [
        (0, first.package.identity), (1, second.package.identity),
    ]  # fmt: skip
    assert len(counting.put_names) == 2 * FILES


def test_another_package_of_that_name_is_refused(house: SmallHouse, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.json"
    stranger.write_text(json.dumps({"identity": "f" * 64}))
    outlet(house.portal).put(f"push-{MONTH}/{MANIFEST}", stranger)
    with pytest.raises(DeliveryRefused, match="another push-2025-08"):
        send(house, MONTH)
    assert outbox(house).is_empty()


def test_a_list_that_is_not_up_to_date_is_not_sent(house: SmallHouse) -> None:
    house.verdict = "stale"
    with pytest.raises(DeliveryRefused, match="tongbao push --month 2025-08"):
        send(house, MONTH)


def test_a_damaged_package_is_not_sent(house: SmallHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(deliver, "deliver", lambda *_: False)
        patch.setattr(deliver, "_record", lambda *_: None)
        (sent,) = send(house, MONTH)
    (sent.package.folder / "items.csv").write_text("")
    with pytest.raises(DeliveryRefused, match="not what its manifest says"):
        send(house, MONTH)


def test_verify_holds_a_package_to_its_manifest(house: SmallHouse) -> None:
    (sent,) = send(house, MONTH)
    damaged = str(sent.package.folder / "items.csv")
    assert not [fault for fault in verify_lake(house.root, house.reporting).faults if "push-" in fault]
    Path(damaged).write_text("")
    assert [f for f in verify_lake(house.root, house.reporting).faults if f.startswith(damaged)]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path, bucket: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutletError, match="TONGBAO_PORTAL"):
        Folder(tmp_path / "file").put("a/b", tmp_path / "file")
    with pytest.raises(OutletError, match="TONGBAO_PORTAL"):
        outlet("s3://nowhere-such-bucket").put("a", tmp_path / "file")


def test_receipts_are_counted_once_in_any_order() -> None:
    """Twice opened, once bounced, and one for somebody to whom nothing was sent."""

    def told(uscc: str, event: str, day: int, detail: str | None = None) -> tuple[object, ...]:
        moment = datetime(2025, 8, day, tzinfo=UTC)
        return (MONTH, 0, uscc, event, moment, detail, moment)

    rows = [
        told("A", "delivered", 1), told("A", "opened", 3), told("A", "opened", 2),
        told("B", "bounced", 1, "无此账号"), told("Z", "delivered", 1),
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=PORTAL_RECEIPTS.schema, orient="row")
    found = receipts(frame.lazy(), FIRMS.lazy()).collect()
    assert found.equals(receipts(frame.reverse().lazy(), FIRMS.lazy()).collect())
    PUSH_RECEIPTS.pandera_model().validate(found)
    assert found.drop("push_month", "supplement").rows() == [
        ("A", "delivered", datetime(2025, 8, 1, tzinfo=UTC), 1, None, True),
        ("A", "opened", datetime(2025, 8, 2, tzinfo=UTC), 2, None, True),
        ("B", "bounced", datetime(2025, 8, 1, tzinfo=UTC), 1, "无此账号", True),
        ("Z", "delivered", datetime(2025, 8, 1, tzinfo=UTC), 1, None, False),
    ]


@pytest.mark.parametrize(
    ("changed", "reasons"),
    [
        ({}, []),
        ({"event": "lost"}, ["unknown:event"]),
        ({"push_month": "2025-13"}, ["unreadable:push_month"]),
        ({"occurred_at": "2025-08-03T00:00:00Z"}, ["event_after_update:occurred_at"]),
        ({"uscc": "无"}, ["unreadable:uscc"]),
    ],
)
def test_receipts_are_judged_like_every_source(changed: dict[str, str], reasons: list[str]) -> None:
    row = {
        "push_month": MONTH, "supplement": "0", "uscc": "91440300TB0000001F", "event": "opened",
        "occurred_at": "2025-08-02T00:00:00Z", "detail": None, "updated_at": "2025-08-02T00:00:00Z",
    } | changed  # fmt: skip
    texts = pl.DataFrame({"row": [1], **{name: [text] for name, text in row.items()}})
    texts = texts.with_columns(pl.exclude("row").cast(pl.String))
    assert judge(texts.lazy(), PORTAL_RECEIPTS)["reasons"].to_list() == [reasons]
