"""What the registry says of an enterprise on a day (rules §1, §3).

The USCC is the identity; codes, names and addresses are facts of a day. Facts come from the newest
row of each customs code known by then; of an enterprise that had none yet, from its oldest row.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

import polars as pl

from schemas.calendar import end_of


def registry_facts(versions: pl.LazyFrame, on: date) -> pl.LazyFrame:
    """`uscc`, `name`, `city`, `district`, `is_deregistered` as the registry had them on a day.

    `versions` are all accepted versions of the enterprises source.
    """
    known = versions.with_columns(is_known=pl.col("updated_at") <= end_of(on)).with_columns(
        any_known=pl.col("is_known").any().over("uscc")
    )
    newest = (
        known.filter("is_known")
        .sort("uscc", "customs_code", "updated_at")
        .unique(["uscc", "customs_code"], keep="last", maintain_order=True)
    )
    oldest = (
        known.filter(~pl.col("any_known"))
        .sort("uscc", "updated_at", "customs_code")
        .unique("uscc", keep="first", maintain_order=True)
    )
    gone = (pl.col("deregistered_on") <= on).fill_null(value=False)
    return (
        pl.concat([newest, oldest])
        .with_columns(is_deregistered=gone.all().over("uscc"))
        .sort("uscc", "updated_at", "customs_code", descending=[False, True, False])
        .unique("uscc", keep="first", maintain_order=True)
        .select("uscc", "name", "city", "district", "is_deregistered")
    )


def with_corrections(facts: pl.LazyFrame, later: pl.LazyFrame, usccs: Collection[str]) -> pl.LazyFrame:
    """The facts of a day, but those of a later day for some enterprises: their details were wrong."""
    return pl.concat(
        [facts.filter(~pl.col("uscc").is_in(list(usccs))), later.filter(pl.col("uscc").is_in(list(usccs)))]
    )
