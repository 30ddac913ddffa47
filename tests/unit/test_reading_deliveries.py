"""The record of deliveries in a terminal of eighty columns."""

import io
from dataclasses import replace

from rich.cells import cell_len
from rich.console import Console

from assets.storage.deliveries import Delivery, Piece
from pipelines.reading_deliveries import show_deliveries, show_details

PIECE = Piece("2025-01-0123456789abcdef.parquet", "0" * 64, 1000, 3, "2025-01-31T09:00:00+00:00")
TAKEN = Delivery(
    "customs_declarations", "customs_declarations/2025-01.csv", 123_456, 1, "a" * 64,
    "2025-02-01T18:30:00+00:00",
    rows=1000, rejected=3, reasons={"unknown:currency": 2, "negative:amount": 1}, amount_sum="1234567.89",
    encoding="gb18030", notes=("2025-01.csv: 备注 was left out.",), pieces={"2025-01": PIECE},
)  # fmt: skip
REFUSED = replace(
    TAKEN, name="customs_declarations/2025-02.csv", rows=0, rejected=0, encoding="", pieces={}, reasons={},
    refused="2025-02.csv was cut off: deliver the complete file again.",
)  # fmt: skip
TWIN = replace(
    TAKEN, name="customs_declarations/again.csv", rows=0, rejected=0, encoding="", same_as=TAKEN.name
)


def console() -> Console:
    return Console(width=80, record=True, highlight=False, file=io.StringIO())


def test_one_line_a_delivery() -> None:
    out = console()
    show_deliveries(out, [TWIN, REFUSED, TAKEN], 20)
    lines = out.export_text().splitlines()
    assert lines[0] == "3 deliveries"
    assert lines[4].split() == [
        "2025-02-02", "02:30", "1,000", "3", "gb18030", "customs_declarations/2025-01.csv",
    ]  # fmt: skip
    assert lines[2].split()[-2:] == ["same", "customs_declarations/again.csv"]
    assert max(map(cell_len, lines[:5])) <= 80
    assert "Refused: 2025-02.csv was cut off: deliver the complete file again." in lines


def test_everything_on_one() -> None:
    out = console()
    show_details(out, [TAKEN, REFUSED], 1)
    text = out.export_text()
    assert max(map(cell_len, text.splitlines())) <= 80
    for told in ("a" * 64, "997", "unknown:currency", "1234567.89", "备注 was left out.", "and 1 more"):
        assert told in text
