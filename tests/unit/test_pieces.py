"""Pieces: what is gathered batch by batch is the same, bytes included, however it was cut."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from assets.arrivals import pieces
from assets.arrivals.pieces import Pieces, batches
from assets.ledgers import Received
from assets.storage.deliveries import Deliveries, Delivery, Piece
from assets.storage.runs import Runs
from assets.storage.text_rows import TextRows
from assets.validation import judge_runs
from schemas.customs import DECLARATIONS

ROWS = 400
SHA = "0" * 64
NOW = datetime(2026, 1, 15, tzinfo=UTC)


def declarations() -> pl.DataFrame:
    """Text rows over two years, one in forty refused for its amount."""
    line = dict.fromkeys(DECLARATIONS.names, "") | {
        "line_no": "1", "revision": "0", "status": "closed", "consignor_uscc": "914403007109310121",
        "consignor_customs_code": "0403160001", "consignor_name": "某公司", "trading_country": "USA",
        "arrival_country": "USA", "destination_country": "USA", "trade_mode": "0110",
        "hs_code": "0101210000", "delivery_terms": "3", "currency": "USD",
    }  # fmt: skip
    days = [(2023 + at % 2, 1 + at % 12) for at in range(ROWS)]
    return (
        pl.DataFrame(
            [
                line
                | {
                    "declaration_no": f"5316{year}0{at:09d}",
                    "amount": "x" if at % 40 == 0 else f"{at}.10",
                    "declared_on": f"{year}-{month:02d}-01",
                    "closed_on": f"{year}-{month:02d}-01",
                    "updated_at": f"{year}-{month:02d}-0{1 + at % 9}T05:06:07Z",
                }
                for at, (year, month) in enumerate(days)
            ]
        )
        .with_row_index("row", offset=1)
        .with_columns(pl.col("row").cast(pl.Int64))
    )


def gathered(folder: Path, size: int) -> tuple[Pieces, dict[str, Piece]]:
    """The pieces of those rows, cut into batches of a size."""
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    found = Pieces(DECLARATIONS, scratch)
    for batch in declarations().iter_slices(size):
        found.add(judge_runs(Runs.of(batch, DECLARATIONS.steady), DECLARATIONS))
    return found, found.store(folder, SHA)


@pytest.mark.parametrize("held", [0, 90, 100_000])
def test_the_cut_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int) -> None:
    whole, at_once = gathered(tmp_path / "whole", ROWS)
    monkeypatch.setattr(pieces, "HELD_ROWS", held)
    cut, by_parts = gathered(tmp_path / "cut", 7)
    assert by_parts == at_once
    assert (cut.rows, cut.rejected, cut.reasons) == (whole.rows, whole.rejected, whole.reasons)


def test_the_sums_are_those_of_the_rows(tmp_path: Path) -> None:
    found, stored = gathered(tmp_path, 50)
    assert (found.rows, found.rejected) == (ROWS, 10)
    assert dict(found.reasons) == {"unreadable:amount": 10}
    assert found.amount_sum == f"{sum(at for at in range(ROWS) if at % 40) + 39}.00"
    assert sum(piece.rows for piece in stored.values()) == ROWS
    assert sorted(stored) == sorted({f"{2023 + at % 2}-{1 + at % 12:02d}" for at in range(24)})
    assert stored["2023-01"].newest == "2023-01-07T05:06:07+00:00"


def test_batches_keep_the_order_and_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assets.storage.runs.BATCH_ROWS", 30)
    found = list(batches(TextRows(declarations().lazy(), "csv", ()), DECLARATIONS, tmp_path))
    assert max(batch.lines.height for batch in found) <= 30
    assert pl.concat(batch.whole() for batch in found)["row"].to_list() == list(range(1, ROWS + 1))


def test_pieces_that_are_not_in_order_give_the_same_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As those that versions before 0.3.1 received."""
    monkeypatch.setattr("assets.ledgers.STRETCH_ROWS", 5)
    ledgers = []
    for name in ("sorted", "shuffled"):
        root = tmp_path / name
        _, stored = gathered(root, ROWS)
        if name == "shuffled":
            for piece in stored.values():
                file = root / "received" / DECLARATIONS.name / piece.file
                pl.read_parquet(file).sample(fraction=1, shuffle=True, seed=5).write_parquet(file)
        delivery = Delivery(
            DECLARATIONS.name, "a.parquet", 1, 1, SHA, NOW.isoformat(), rows=ROWS, pieces=stored
        )
        Deliveries(root).add([delivery])
        state = SimpleNamespace(deliveries=Deliveries(root))
        work = SimpleNamespace(now=NOW, key="2023-01", lake=SimpleNamespace(root=root), state=state)
        received = Received(work, DECLARATIONS)  # type: ignore[arg-type]
        assert len(list(received.stretches())) > 1
        ledgers.append(received.kept().collect())
    assert ledgers[0].height == stored["2023-01"].rows
    assert ledgers[0].equals(ledgers[1])
