"""Insured enterprises over the years: what an enterprise is called may change, its thread does not.

An enterprise that was struck off and whose customs code another one took over went into that one.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.policies.identify import facts, shanghai_date
from assets.policies.names import codes, normalised_name
from schemas.policies import POLICY_THREADS, THREAD_CHANGES

ORIGINAL = ("matched", "discrepant")
"""Statuses of the one policy of an enterprise and year that stands."""


def policy_threads(reconciled: pl.LazyFrame, registry: pl.LazyFrame) -> pl.LazyFrame:
    """The threads of all years; `reconciled` has the rows of policy_reconciliation of every year."""
    insured = reconciled.filter(pl.col("status").is_in(ORIGINAL)).select(
        "policy_year", "uscc", "policy_no", "issued_on", "district"
    )
    heirs = successors(registry)
    rows = (
        insured.sort("issued_on")
        .join_asof(
            facts(registry).select("uscc", "since", "name"),
            left_on="issued_on", right_on="since", by="uscc", check_sortedness=False,
        )
        .with_columns(thread=pl.col("uscc").replace(heirs))
    )  # fmt: skip
    return (
        _with_year_before(rows)
        .with_columns(codes(_changes(), THREAD_CHANGES).alias("changes"))
        .select(pl.col(name).cast(dtype) for name, dtype in POLICY_THREADS.schema.items())
        .sort(POLICY_THREADS.key)
    )


def successors(registry: pl.LazyFrame) -> dict[str, str]:
    """Uscc of an enterprise that went into another → the one that is left at the end.

    It went into the only other enterprise that took over one of its customs codes on or after the day
    on which the last of its own registrations was struck off.
    """
    newest = registry.sort("updated_at").unique(["uscc", "customs_code"], keep="last", maintain_order=True)
    gone = newest.group_by("uscc").agg(
        is_gone=pl.col("deregistered_on").is_not_null().all(), gone_on=pl.col("deregistered_on").max()
    )
    came = registry.group_by("customs_code", heir="uscc").agg(came_on=shanghai_date().min())
    took_over = (pl.col("heir") != pl.col("uscc")) & (pl.col("came_on") >= pl.col("gone_on"))
    steps = (
        newest.select("uscc", "customs_code")
        .join(gone.filter("is_gone"), on="uscc")
        .join(came, on="customs_code")
        .filter(took_over)
        .group_by("uscc")
        .agg(pl.col("heir").unique())
        .filter(pl.col("heir").list.len() == 1)
        .select("uscc", pl.col("heir").list.first())
        .collect()
    )
    step = dict(steps.rows())
    return {uscc: _last(uscc, step) for uscc in sorted(step)}


def _last(uscc: str, step: Mapping[str, str]) -> str:
    """Where a chain of mergers ends; a circle, which only wrong data makes, ends at its first code."""
    seen = [uscc]
    while (heir := step.get(seen[-1])) is not None:
        if heir in seen:
            return min(seen[seen.index(heir) :])
        seen.append(heir)
    return seen[-1]


def _with_year_before(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Add name and district of the thread's insured year before, and whether another was insured then.

    Of several enterprises of one thread in that year the same one counts, else the lowest code.
    """
    years = (
        rows.select("thread", "policy_year")
        .unique()
        .sort("thread", "policy_year")
        .with_columns(
            year_before=pl.col("policy_year").shift(1).over("thread"),
            years_insured=pl.int_range(1, pl.len() + 1).over("thread"),
        )
    )
    before = rows.select(
        "thread", "uscc", year_before="policy_year", name_before="name", district_before="district"
    )
    placed = rows.join(years, on=["thread", "policy_year"], validate="m:1")
    key = ["policy_year", "uscc"]
    compared = (
        placed.select(*key, "thread", "year_before")
        .join(before, on=["thread", "year_before"], suffix="_before")
        .with_columns(is_other=pl.col("uscc_before") != pl.col("uscc"))
        .sort(*key, "is_other", "uscc_before")
        .group_by(key)
        .agg(pl.col("name_before", "district_before").first(), pl.col("is_other").any())
    )
    return placed.join(compared, on=key, how="left", validate="1:1")


def _changes() -> Mapping[str, pl.Expr]:
    """Code → whether it applies; what is unknown on either side is no change."""
    return {
        "insured_again": pl.col("year_before").is_not_null(),
        "renamed": normalised_name("name_before") != normalised_name("name"),
        "moved": pl.col("district_before") != pl.col("district"),
        "merged": pl.col("is_other"),
    }
