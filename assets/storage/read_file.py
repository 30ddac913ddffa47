"""One delivered file → rows of text under the contract's field names, in the order of the file.

Belongs here: which reader a file goes to, and its control file. Not here: what a cell means; nothing
is trimmed, folded or parsed, so that a rejected row can be shown as it came. A file that cannot be
read whole is refused with one sentence; half a file is never read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING

from assets.storage.drop_folder import CONTROL_SUFFIX
from assets.storage.read_csv import read_csv
from assets.storage.read_parquet import read_parquet
from assets.storage.read_xlsx import read_xlsx
from assets.storage.text_rows import FileRefused, TextRows, first_line, refusing

if TYPE_CHECKING:
    from schemas.table import Source


@dataclass(frozen=True)
class Control:
    """What a sender says a file holds: its rows and the sum of its amounts, where stated."""

    rows: int | None
    amount_sum: Decimal | None


def read_file(path: Path, source: Source, scratch: Path) -> TextRows:
    """The rows of `path` as text; what has to be rewritten on the way lies in `scratch` until used.

    What cannot be read is refused here, or where its rows are read: `text_rows.refusing`.
    """
    readers: dict[str, Callable[[Path, Source, Path], TextRows]] = {
        ".csv": read_csv,
        ".parquet": read_parquet,
        ".xlsx": read_xlsx,
    }
    suffix = path.suffix.lower()
    if suffix not in readers:
        raise FileRefused(
            path.name,
            f"is of a kind that is not read ({suffix or 'no suffix'})",
            "deliver it as .csv, .parquet or .xlsx",
        )
    with refusing(path):
        if path.stat().st_size == 0:
            raise FileRefused(path.name, "is empty", "deliver it again, with its header line")
        return readers[suffix](path, source, scratch)


def read_control(path: Path) -> Control | None:
    """What `<path>.control.json` says of the file `path`; None where there is no such file."""
    control = path.with_name(path.name + CONTROL_SUFFIX)
    if not control.is_file():
        return None
    try:
        stated = json.loads(control.read_text("utf-8-sig"), parse_float=Decimal)
        if not isinstance(stated, dict):
            raise ValueError("no object")
        return Control(_stated_rows(stated.get("rows")), _stated_sum(stated.get("amount_sum")))
    except (OSError, ValueError, InvalidOperation, RecursionError) as error:
        raise FileRefused(
            control.name,
            f"cannot be read ({first_line(error)})",
            'write {"rows": 123, "amount_sum": "456.78"} and deliver both files again',
        ) from error


def _stated_rows(rows: object) -> int | None:
    if rows is None:
        return None
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 0:
        raise ValueError(f"rows is {rows!r}, no whole number")
    return rows


def _stated_sum(amount: object) -> Decimal | None:
    if amount is None:
        return None
    if isinstance(amount, bool) or not isinstance(amount, int | str | Decimal):
        raise ValueError(f"amount_sum is {amount!r}, no number")
    total = Decimal(amount.replace(",", "") if isinstance(amount, str) else amount)
    if not total.is_finite():
        raise ValueError(f"amount_sum is {amount!r}, no number")
    return total
