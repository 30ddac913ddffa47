"""The services that come with a policy: who used what, and who more credit reports than are free."""

from __future__ import annotations

import polars as pl

from assets.policies.names import codes
from schemas.policies import CREDIT_REPORT_AUDIT, SERVICE_FINDINGS, SERVICE_USE
from schemas.terms.loader import PolicyTerms


def used_of(usage: pl.LazyFrame, policy_year: int) -> pl.DataFrame:
    """The current uses of services of a year."""
    return usage.filter(pl.col("policy_year") == policy_year).collect()


def reports_of(usage: pl.LazyFrame, policy_year: int) -> pl.DataFrame:
    """The current uses of buyer credit reports of a year."""
    return used_of(usage.filter(pl.col("service") == "credit_report"), policy_year)


def service_use(used: pl.LazyFrame) -> pl.LazyFrame:
    """SERVICE_USE of one policy year's current uses."""
    return (
        used.group_by("policy_year", "uscc", "service")
        .agg(uses=pl.len(), quantity=pl.col("quantity").cast(pl.Int64).sum())
        .select(pl.col(name).cast(dtype) for name, dtype in SERVICE_USE.schema.items())
        .sort(SERVICE_USE.key)
    )


def credit_report_audit(reports: pl.LazyFrame, terms: PolicyTerms) -> pl.LazyFrame:
    """Reports used of those granted, and the day on which the grant was exceeded."""
    granted = terms.free_credit_reports
    flags = {"fourth_credit_report": pl.col("beyond") > 0}
    used = pl.col("quantity").cast(pl.Int64)
    return (
        reports.sort("used_on", "usage_no")
        .with_columns(so_far=used.cum_sum().over("uscc"))
        .group_by("uscc")
        .agg(
            used.sum().alias("used"),
            beyond_since=pl.col("used_on").filter(pl.col("so_far") > granted).min(),
        )
        .with_columns(
            policy_year=pl.lit(terms.policy_year),
            granted=pl.lit(granted, pl.Int64),
            beyond=(pl.col("used") - granted).clip(lower_bound=0),
        )
        .with_columns(codes(flags, SERVICE_FINDINGS).alias("findings"))
        .select(pl.col(name).cast(dtype) for name, dtype in CREDIT_REPORT_AUDIT.schema.items())
        .sort("uscc")
    )
