"""Names and districts in the form in which they are compared, and codes as they are listed.

Who is meant by a name is decided in `identify`; a normalised name is never shown or stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl
from opencc import OpenCC

from schemas.codes.districts import normalise_district


def normalised_name(column: str) -> pl.Expr:
    """Half width, without blanks, simplified characters, capitals; null where nothing is left."""
    folded = pl.col(column).str.normalize("NFKC").str.replace_all(r"\s", "")
    simplified = folded.map_batches(_simplified, return_dtype=pl.String, is_elementwise=True)
    return pl.when(folded.str.len_bytes() > 0).then(simplified.str.to_uppercase()).alias(column)


def normalised_district(column: str) -> pl.Expr:
    """The district's full name; null for a spelling that is none."""
    return pl.col(column).map_batches(_districts, return_dtype=pl.String, is_elementwise=True)


def codes(flags: Mapping[str, pl.Expr], order: tuple[str, ...]) -> pl.Expr:
    """The codes whose flag is true, in the contract's order."""
    given = [pl.when(flags[code]).then(pl.lit(code)) for code in order]
    return pl.concat_list(given).list.drop_nulls()


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


@cache
def _tables() -> tuple[list[str], dict[str, str]]:
    """The phrases that the conversion knows, and what becomes of each single character."""
    keys = {key for _, _, table in _converter().dict_cache.values() for key in table}
    characters = {key: _converter().convert(key) for key in keys if len(key) == 1}
    return sorted(key for key in keys if len(key) > 1), characters


def _simplified(names: pl.Series) -> pl.Series:
    """Convert name by name only where a known phrase occurs, since that takes 0.1 ms a name."""
    phrases, characters = _tables()
    special = names.filter(names.str.contains_any(phrases)).unique()
    plain = names.str.replace_many(characters)
    if special.is_empty():
        return plain
    converted = names.replace_strict(
        {name: _converter().convert(name) for name in special}, default=None, return_dtype=pl.String
    )
    return converted.zip_with(converted.is_not_null(), plain)


def _districts(texts: pl.Series) -> pl.Series:
    table = {text: normalise_district(text) for text in texts.unique().drop_nulls()}
    return texts.replace_strict(table, default=None, return_dtype=pl.String)
