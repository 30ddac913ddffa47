"""A Parquet file → rows of text. Typed columns become the text that a CSV would carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.storage.streams import streamed
from assets.storage.text_rows import (
    ROW,
    FileRefused,
    Header,
    TextRows,
    blank_note,
    corrected_rows,
    match_header,
    none_if_empty,
    refusing,
    text_of,
)

if TYPE_CHECKING:
    from schemas.table import Source


BATCH_ROWS = 100_000
"""Rows of a batch."""
BUFFER = 1 << 20
"""Bytes read at once of a column, however large a sender made its row groups."""


def read_parquet(path: Path, source: Source, _: Path) -> TextRows:
    """The rows of a Parquet file as text, read a batch at a time.

    Arrow reads every page, with its checksum: a damaged one would make polars abort the whole process.
    """
    import pyarrow.parquet as parquet

    def opened() -> parquet.ParquetFile:
        return parquet.ParquetFile(path, page_checksum_verification=True, buffer_size=BUFFER)

    with opened() as file:
        schema = pl.DataFrame(file.schema_arrow.empty_table()).schema
    names = list(schema)
    header = match_header(names, source, path.name)
    texts = _texts(schema, source, header, path.name)
    given = pl.any_horizontal(pl.col(name).is_not_null() for name in source.names if name in header.positions)
    notes, corrects = list(header.notes), set[str]()

    def read() -> Iterator[pl.DataFrame]:
        rows = blank = 0
        with refusing(path), opened() as file:
            for batch in file.iter_batches(BATCH_ROWS):
                batch.validate(full=True)
                whole = pl.DataFrame(batch)
                text = whole.select(texts).with_row_index(ROW, offset=rows + 1).cast({ROW: pl.Int64})
                kept = text.filter(given)
                rows, blank = rows + text.height, blank + text.height - kept.height
                if header.corrects is not None:
                    corrects.update(corrected_rows(whole.lazy(), names[header.corrects]))
                yield kept.select(*source.names, ROW)
        notes.extend(blank_note(blank, path.name))

    form = {name: pl.String() for name in source.names} | {ROW: pl.Int64()}
    return TextRows(streamed(read, pl.Schema(form)), "parquet", notes, corrects, read)


def _texts(schema: pl.Schema, source: Source, header: Header, file: str) -> list[pl.Expr]:
    """Each field of the source as text; those that the file has not are empty."""
    names, texts = list(schema), []
    for field in source.fields:
        if field.name not in header.positions:
            texts.append(pl.lit(None, pl.String).alias(field.name))
            continue
        name = names[header.positions[field.name]]
        text = text_of(pl.col(name), schema[name], field)
        if text is None:
            raise FileRefused(
                file,
                f"holds {schema[name]} in the column {field.name}",
                "write that column as text, number or date",
            )
        texts.append(none_if_empty(text).alias(field.name))
    return texts


def batches_of(path: Path, names: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
    """The rows (or some columns) of a Parquet file of ours in order, `BATCH_ROWS` at a time.

    Polars' own way of handing on batches reads far ahead; this one holds no more than it gives.
    """
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path, buffer_size=BUFFER) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=names):
            yield pl.DataFrame(batch)
