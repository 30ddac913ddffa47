"""The disclosure rule: which sums of several enterprises' figures may leave the house.

One rule for the market figures of the push and for the public statistics. What is done with a sum
that may not leave (not told, suppressed, others suppressed with it) belongs to its users.
"""

from __future__ import annotations

import polars as pl

from assets.push.figures import cents

MIN_ENTERPRISES = 5
LARGEST_PERCENT = 50
REMAINDER_PERCENT = 10


def contributions(amount: pl.Expr) -> dict[str, pl.Expr]:
    """Aggregates over one row an enterprise that the rule looks at; amounts not below 0."""
    top = amount.top_k(2)
    return {
        "enterprises": (amount > 0).sum().cast(pl.Int64),
        "amount": amount.sum(),
        "largest": amount.max().fill_null(0),
        "top_two": top.sum(),
    }


def may_be_told(prefix: str = "") -> pl.Expr:
    """True where at least five stand behind the sum, none holds over half, and none is exposed.

    The last is the p-percent rule: what remains without the two largest is at least a tenth of the
    largest, so that the second largest cannot work out the largest to within a tenth.
    """
    enterprises, amount, largest, top_two = (
        pl.col(f"{prefix}{name}") for name in ("enterprises", "amount", "largest", "top_two")
    )
    return (
        (enterprises >= MIN_ENTERPRISES)
        & (100 * largest <= LARGEST_PERCENT * amount)
        & (100 * (amount - top_two) >= REMAINDER_PERCENT * largest)
    )


def as_cents(column: str) -> pl.Expr:
    """Money in 64-bit cents: the sum of a city fits, and an amount that does not is an error."""
    return cents(pl.col(column)).cast(pl.Int64)
