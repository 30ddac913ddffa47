"""Exact figures as expressions: ratios rounded half-up in integers, and figures as Chinese text.

No float anywhere; what a figure means is said where it is computed.
"""

from __future__ import annotations

import polars as pl


def cents(money: pl.Expr) -> pl.Expr:
    """Money as integer cents, wide enough to multiply."""
    return money.cast(pl.Decimal(38, 2)).to_physical().cast(pl.Int128)


def ratio(numerator: pl.Expr, denominator: pl.Expr, places: int = 6) -> pl.Expr:
    """Numerator / denominator (integers, not below 0), half-up to `places`; null over zero."""
    scaled = 2 * numerator.cast(pl.Int128) * 10**places + denominator.cast(pl.Int128)
    units = pl.when(denominator > 0).then(scaled // (2 * denominator.cast(pl.Int128)))
    return decimal(units, places)


def decimal(units: pl.Expr, places: int = 6) -> pl.Expr:
    """An integer count of 10^-places as a decimal."""
    whole = units.cast(pl.Int128).cast(pl.Decimal(38, 0)).cast(pl.Decimal(38, places))
    return (whole / pl.lit(10**places).cast(pl.Decimal(38, 0))).cast(pl.Decimal(38, places))


def usd_text(money: pl.Expr) -> pl.Expr:
    """`1,234,567.89 美元`."""
    text = money.cast(pl.Decimal(28, 2)).cast(pl.String)
    whole = text.str.head(-3).str.reverse().str.replace_all(r"(\d{3})", "$1,").str.reverse()
    return pl.concat_str(whole.str.strip_prefix(","), text.str.tail(3), pl.lit(" 美元"))


def percent_text(share: pl.Expr) -> pl.Expr:
    """A share of scale 6 as `12.3%`, half-up; below a twentieth of a percent `不足 0.1%`."""
    tenths = (share.cast(pl.Decimal(38, 6)).to_physical().cast(pl.Int64) + 500) // 1000
    shown = pl.format("{}.{}%", tenths // 10, tenths % 10)
    return pl.when(tenths > 0).then(shown).otherwise(pl.lit("不足 0.1%"))
