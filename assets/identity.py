"""The unified social credit code's check digit (GB 32100-2015): an identity needs it, and more.

A code that passes is well-formed; whether it is anybody's is for the registry to say.
"""

from __future__ import annotations

import polars as pl

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (*(3**place % 31 for place in range(17)), 1)


def has_valid_check_digit(column: str) -> pl.Expr:
    """Whether a credit code has 18 admissible characters, the last checking the others."""
    values = {letter: value for value, letter in enumerate(ALPHABET)}
    code = pl.col(column)
    products = (
        code.str.slice(place, 1).replace_strict(values, default=0, return_dtype=pl.Int32) * weight
        for place, weight in enumerate(WEIGHTS)
    )
    return code.str.contains(f"^[{ALPHABET}]{{18}}$") & (pl.sum_horizontal(products) % 31 == 0)
