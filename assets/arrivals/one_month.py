"""The blocking check of receipt: a declaration is declared in one month only (rules §1).

A delivery in which a declaration claims a second month of declaration is refused whole: the two
months cannot both be right, and nothing tells which is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from assets.storage.deliveries import UNDATED, UNPLACED, Deliveries, Delivery
from schemas.customs import DECLARATIONS


def hold_to_one_month(root: Path, record: Deliveries, new: Sequence[Delivery]) -> list[Delivery]:
    """The new deliveries; those in which a declaration claims a second month become refused."""
    folder = root / "received" / DECLARATIONS.name
    touched = {month[:4] for d in new if d.source == DECLARATIONS.name for month in d.pieces}
    refused: dict[str, int] = {}
    for year in sorted(touched - {UNPLACED[:4]}):
        pieces = [
            (delivery, month, folder / piece.file)
            for delivery in [*record.all, *new]
            if delivery.source == DECLARATIONS.name
            for month, piece in delivery.pieces.items()
            if month.startswith(year) and not month.endswith(UNDATED)
        ]
        fresh = [path for delivery, _, path in pieces if delivery in new]
        among = _numbers(fresh) if len(fresh) < len(pieces) else None
        doubled = _in_two_months([(month, path) for _, month, path in pieces], among)
        if doubled.is_empty():
            continue
        for delivery, _, path in pieces:
            if delivery in new:
                here = _declarations(path).filter(pl.col("declaration_no").is_in(doubled.implode()))
                for number in here.collect()["declaration_no"].head(1):
                    refused[delivery.sha256] = number
    return [_refused(d, refused[d.sha256]) if d.sha256 in refused else d for d in new]


def _refused(delivery: Delivery, number: int) -> Delivery:
    return replace(
        delivery,
        pieces={},
        refused=f"{delivery.name} is refused: declaration {number:018d} is declared in two months, and "
        "a declaration has one declared_on for ever; correct declared_on and deliver the file again.",
    )


def _declarations(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path, glob=False).select(pl.col("declaration_no").unique())


def _numbers(paths: list[Path]) -> pl.Series:
    """The declarations of some pieces."""
    found = pl.scan_parquet(paths, glob=False).select(pl.col("declaration_no").unique())
    return found.collect(engine="streaming")["declaration_no"]


def _in_two_months(pieces: Sequence[tuple[str, Path]], among: pl.Series | None) -> pl.Series:
    """The declarations (`among` some, or of all) that occur in more than one declared month.

    What came earlier was held to it then, so that in it only the new declarations are looked for.
    """
    paths: dict[str, list[Path]] = {}
    for month, path in pieces:
        paths.setdefault(month, []).append(path)
    if len(paths) < 2:
        return pl.Series("declaration_no", [], pl.Int64)
    number = pl.col("declaration_no")
    is_asked = pl.lit(value=True)
    if among is not None:
        is_asked = number.is_between(among.min(), among.max()) & number.is_in(among.implode())
    by_month = [
        pl.scan_parquet(files, glob=False)
        .filter(is_asked)
        .select(number.unique(), month=pl.lit(int(month[5:]), pl.Int8))
        for month, files in paths.items()
    ]
    return (
        pl.concat(by_month)
        .group_by("declaration_no")
        .agg(first=pl.col("month").min(), last=pl.col("month").max())
        .filter(pl.col("first") != pl.col("last"))
        .select("declaration_no")
        .collect(engine="streaming")["declaration_no"]
    )
