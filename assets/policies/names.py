"""Names and districts in the form in which they are compared, and codes as they are listed.

Who is meant by a name is decided in `identify`; a normalised name is never shown or stored. Two forms:
`normalised_name` forgets only what writing makes of one and the same registered name, so that equal
means the same; `core_name` also forgets place, legal form and branch, so that near means similar.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl
from opencc import OpenCC

from schemas.codes.districts import normalise_district

BLANKS_AND_BRACKETS = r"[\s\p{Cf}()\[\]{}<>〔〕【】《》〈〉「」『』]"
LEGAL_FORMS = {"有限责任公司": "有限公司", "股份公司": "股份有限公司"}
"""What is written for a legal form → its form in the registry."""


def normalised_name(column: str) -> pl.Expr:
    """Half width, without blanks and brackets, simplified, capitals, one word for each legal form.

    Null where nothing is left.
    """
    folded = pl.col(column).str.normalize("NFKC").str.replace_all(BLANKS_AND_BRACKETS, "")
    simplified = folded.map_batches(_simplified, return_dtype=pl.String, is_elementwise=True)
    one_form = simplified.str.to_uppercase()
    for written, registered in LEGAL_FORMS.items():
        one_form = one_form.str.replace_all(written, registered, literal=True)
    return pl.when(folded.str.len_bytes() > 0).then(one_form).alias(column)


def core_name(normalised: str) -> pl.Expr:
    """What tells a company from others, of a normalised name: without place, legal form and branch.

    The normalised name itself where that leaves nothing.
    """
    name = pl.col(normalised)
    core = name.str.replace_all("深圳市?|广东省?|中国", "").str.replace("(股份)?有限公司.*$|公司$", "")
    return pl.when(core.str.len_bytes() > 0).then(core).otherwise(name)


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
