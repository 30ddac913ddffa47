"""A Parquet file → rows of text. Typed columns become the text that a CSV would carry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.storage.text_rows import (
    ROW,
    FileRefused,
    TextRows,
    blank_note,
    corrected_rows,
    field_of,
    match_header,
    text_of,
    under_field_names,
)

if TYPE_CHECKING:
    from schemas.table import Source


def read_parquet(path: Path, source: Source, scratch: Path) -> TextRows:
    """The rows of a Parquet file; every page is read once before any is used."""
    del scratch
    _refuse_damaged_pages(path)
    scan = whole = pl.scan_parquet(path, glob=False, hive_partitioning=False)
    schema = scan.collect_schema()
    names = list(schema)
    header = match_header(names, source, path.name)
    texts = []
    for name, position in header.positions.items():
        text = text_of(pl.col(names[position]), schema[names[position]], field_of(source, name))
        if text is None:
            raise FileRefused(
                path.name,
                f"holds {schema[names[position]]} in the column {name}",
                "write that column as text, number or date",
            )
        texts.append(text.alias(f"c{position}"))
    columns = [f"c{position}" for position in range(len(names))]
    given = pl.col([columns[position] for position in header.positions.values()])
    scan = scan.select(texts).with_row_index(ROW, offset=1)
    blank, _ = (
        scan.select(
            pl.all_horizontal(given.is_null()).sum().alias("blank"),
            pl.sum_horizontal(given.str.len_bytes()).sum().alias("every_byte"),
        )
        .collect(engine="streaming")
        .row(0)
    )
    if blank:
        scan = scan.filter(pl.any_horizontal(given.is_not_null()))
    return TextRows(
        under_field_names(scan, source, header, columns),
        "parquet",
        (*header.notes, *blank_note(blank, path.name)),
        corrected_rows(whole, None if header.corrects is None else names[header.corrects]),
    )


def _refuse_damaged_pages(path: Path) -> None:
    """Reads every page with Arrow first: a damaged one makes polars abort the whole process."""
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches():
            batch.validate(full=True)
