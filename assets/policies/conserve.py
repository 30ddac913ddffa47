"""The policies stage's conservation rules (rules §4): every policy, line and claim once."""

from __future__ import annotations

import polars as pl

from assets.work import Balance
from schemas.policies import RECONCILIATION_STATUSES, TAKE_UP_STATUSES
from schemas.terms.loader import PolicyTerms


def policies_of(current: pl.LazyFrame, policy_year: int) -> pl.DataFrame:
    """The current policies of a year."""
    return current.filter(pl.col("policy_year") == policy_year).collect()


def reconciliation_balances(policies: pl.DataFrame, rows: pl.DataFrame) -> tuple[Balance, ...]:
    """Policies in = the sum over statuses."""
    return (
        Balance(
            "policies in = sum over statuses",
            policies["policy_no"].n_unique(),
            _sum(rows, RECONCILIATION_STATUSES),
        ),
    )


def take_up_balances(edition: pl.DataFrame, rows: pl.DataFrame) -> tuple[Balance, ...]:
    """Edition lines = the sum over take-up."""
    return (Balance("edition lines = sum over take-up", edition.height, _sum(rows, TAKE_UP_STATUSES)),)


def claims_balances(
    claims: pl.LazyFrame, policies: pl.LazyFrame, rows: pl.DataFrame, terms: PolicyTerms
) -> tuple[Balance, ...]:
    """Claims and paid dollars of the year's policies, and of no policy in its cover = those audited."""
    year = pl.col("policy_year")
    in_cover = pl.col("shipped_on").is_between(terms.cover_from, terms.cover_to)
    theirs = (
        claims.join(policies.select("policy_no", "policy_year"), on="policy_no", how="left")
        .filter((year == terms.policy_year) | (year.is_null() & in_cover))
        .select("claim_no", pl.col("paid_usd").fill_null(0))
        .collect()
    )
    return (
        Balance("claims in = claims audited", theirs.height, rows.height),
        Balance("paid in = paid over claims", _cents(theirs), _cents(rows)),
    )


def _sum(rows: pl.DataFrame, statuses: tuple[str, ...]) -> int:
    return sum(rows.filter(pl.col("status") == status).height for status in statuses)


def _cents(rows: pl.DataFrame) -> int:
    exact = (pl.col("paid_usd").cast(pl.Decimal(38, 2)) * 100).cast(pl.Int128).sum()
    return int(rows.select(exact).item() or 0)
