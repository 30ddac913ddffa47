"""A Parquet file → rows of text. Typed columns become the text that a CSV would carry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.storage.runs import BATCH_ROWS, BUFFER, Runs, runs_in
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


def read_parquet(path: Path, source: Source, _: Path) -> TextRows:
    """The rows of a Parquet file as text, read a batch at a time."""
    import pyarrow.parquet as parquet

    schema = pl.DataFrame(parquet.read_schema(path).empty_table()).schema
    names = list(schema)
    header = match_header(names, source, path.name)
    texts = _texts(schema, source, header, path.name)
    own = {name: names[position] for name, position in header.positions.items()}
    others = [name for name in source.names if name not in source.steady]
    notes, corrects = list(header.notes), set[str]()

    def read() -> Iterator[Runs]:
        rows = blank = 0
        with refusing(path):
            for batch in runs_in(path, [own[name] for name in source.steady if name in own]):
                height = batch.lines.height
                numbers = pl.Series(ROW, range(rows + 1, rows + height + 1), pl.Int64)
                text = Runs(
                    batch.heads.select(texts[name] for name in source.steady),
                    batch.lines.select(texts[name] for name in others).with_columns(numbers),
                    batch.run,
                )
                kept = text.filter(_given(text))
                rows, blank = rows + height, blank + height - kept.lines.height
                if header.corrects is not None:
                    corrects.update(corrected_rows(batch.lines.lazy(), names[header.corrects]))
                yield kept
        notes.extend(blank_note(blank, path.name))

    form = {name: pl.String() for name in source.names} | {ROW: pl.Int64()}
    rows = streamed(lambda: (batch.whole().select(*form) for batch in read()), pl.Schema(form))
    return TextRows(rows, "parquet", notes, corrects, read)


def _given(text: Runs) -> pl.Series:
    """Whether a row has any content."""
    none = pl.lit(value=False)
    of_run = text.heads.select(pl.any_horizontal(none, pl.all().is_not_null())).to_series()
    own = text.lines.select(pl.any_horizontal(none, pl.exclude(ROW).is_not_null())).to_series()
    return of_run.gather(text.run) | own


def _texts(schema: pl.Schema, source: Source, header: Header, file: str) -> dict[str, pl.Expr]:
    """Each field of the source as text; those that the file has not are empty."""
    names, texts = list(schema), dict[str, pl.Expr]()
    for field in source.fields:
        if field.name not in header.positions:
            texts[field.name] = pl.lit(None, pl.String).alias(field.name)
            continue
        name = names[header.positions[field.name]]
        text = text_of(pl.col(name), schema[name], field)
        if text is None:
            raise FileRefused(
                file,
                f"holds {schema[name]} in the column {field.name}",
                "write that column as text, number or date",
            )
        texts[field.name] = none_if_empty(text).alias(field.name)
    return texts


def batches_of(path: Path, names: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Some columns of a Parquet file of ours, its rows in order, `BATCH_ROWS` at a time.

    Polars' own way of handing on batches reads far ahead; this one holds no more than it gives.
    """
    import pyarrow.parquet as parquet

    with parquet.ParquetFile(path, buffer_size=BUFFER) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=names):
            yield pl.DataFrame(batch)
