"""Who a policy insures: by credit code, else customs code, else name, else an accepted review.

A customs code counts for who held it on the day of issue; a name also for who held it before then,
since a policy may still carry a former one. Only what exactly one enterprise holds identifies.
Suggestions are made in `suggest` and decide nothing. Whether the enterprise may have the policy is
the matter of `reconcile`.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from assets.identity import has_valid_check_digit
from assets.policies.names import normalised_name


def identify(
    policies: pl.LazyFrame, registry: pl.LazyFrame, known: pl.LazyFrame, accepted: pl.LazyFrame
) -> pl.LazyFrame:
    """The insured of every policy.

    `known` has the uscc of every enterprise known from anywhere, once. The result has policy_no,
    uscc and matched_by (both null where unidentified), is_shared (customs code) and is_malformed
    (stated credit code).
    """
    stated = policies.select(
        "policy_no",
        "issued_on",
        "insured_customs_code",
        "insured_uscc",
        insured_name=normalised_name("insured_name"),
        is_malformed=~has_valid_check_digit("insured_uscc"),
    ).join(
        known.select(pl.col("uscc").alias("insured_uscc"), is_known=pl.lit(value=True)),
        on="insured_uscc",
        how="left",
        validate="m:1",
    )
    rows = versions(registry)
    by_uscc = pl.when(pl.col("is_known").fill_null(value=False) | ~pl.col("is_malformed"))
    code_holders = _holders(stated, rows, "customs_code", current_on("issued_on"))
    name_holders = _holders(stated, rows, "name", pl.col("since") <= pl.col("issued_on"))
    found = (
        stated.join(code_holders, on="policy_no", how="left")
        .join(name_holders, on="policy_no", how="left")
        .join(accepted.select("policy_no", review="uscc"), on="policy_no", how="left", validate="m:1")
        .with_columns(by_uscc.then("insured_uscc").alias("by_uscc"))
    )
    ways = {"uscc": "by_uscc", "customs_code": "customs_code", "name": "name", "review": "review"}
    return found.select(
        "policy_no",
        pl.coalesce(*ways.values()).alias("uscc"),
        pl.coalesce(
            pl.when(pl.col(column).is_not_null()).then(pl.lit(way)) for way, column in ways.items()
        ).alias("matched_by"),
        (pl.col("customs_code:holders") > 1).fill_null(value=False).alias("is_shared"),
        pl.col("is_malformed").fill_null(value=False),
    )


def versions(registry: pl.LazyFrame) -> pl.LazyFrame:
    """Registry rows with the days on which each was current: `since` … before `until`."""
    key = ["uscc", "customs_code"]
    return (
        registry.select(*key, "name", "updated_at", since=shanghai_date())
        .sort("updated_at")
        .unique([*key, "since"], keep="last", maintain_order=True)
        .with_columns(pl.col("since").shift(-1).over(key, order_by="since").alias("until"))
        .select(*key, "since", "until", name=normalised_name("name"))
    )


def facts(registry: pl.LazyFrame) -> pl.LazyFrame:
    """Name and district of each enterprise from a day on; the oldest row also stands before it.

    Sorted by `since`, for a backward as-of join by uscc.
    """
    rows = registry.select("uscc", "customs_code", "updated_at", "name", "district", since=shanghai_date())
    oldest = (
        rows.sort("updated_at", "customs_code")
        .unique("uscc", keep="first", maintain_order=True)
        .with_columns(since=pl.lit(date.min))
    )
    newest = rows.sort("updated_at", "customs_code", descending=[False, True]).unique(
        ["uscc", "since"], keep="last", maintain_order=True
    )
    columns = ["uscc", "since", "name", "district"]
    return pl.concat([oldest.select(columns), newest.select(columns)]).sort("since", "uscc")


def newest_facts(registry: pl.LazyFrame) -> pl.LazyFrame:
    """Uscc, name and district of each enterprise: of its newest row, then of the lowest code."""
    return (
        registry.sort("updated_at", "customs_code", descending=[False, True])
        .unique("uscc", keep="last", maintain_order=True)
        .select("uscc", "name", "district")
    )


def shanghai_date() -> pl.Expr:
    """The day in Shanghai on which a row reached its source."""
    return pl.col("updated_at").dt.offset_by("8h").dt.date()


def current_on(day: str) -> pl.Expr:
    """Whether a row of `versions` was the newest of its key on a day."""
    return (pl.col("since") <= pl.col(day)) & (pl.col("until").is_null() | (pl.col("until") > pl.col(day)))


def _holders(stated: pl.LazyFrame, rows: pl.LazyFrame, what: str, holds: pl.Expr) -> pl.LazyFrame:
    """How many held the stated code or name in the sense of `holds`, and which, where one did."""
    return (
        stated.select("policy_no", "issued_on", pl.col(f"insured_{what}").alias(what))
        .join(rows.select("uscc", "since", "until", what), on=what)
        .filter(holds)
        .group_by("policy_no")
        .agg(pl.col("uscc").n_unique().alias("holders"), pl.col("uscc").min())
        .select(
            "policy_no",
            pl.when(pl.col("holders") == 1).then("uscc").alias(what),
            pl.col("holders").alias(f"{what}:holders"),
        )
    )
