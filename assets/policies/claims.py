"""Every claim of a policy year: covered or not, what the terms make due, what was paid, findings.

The terms decide what is due, not what a policy states: a wrong limit or percentage on a policy is
a discrepancy of that policy. Money is counted in whole cents.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from assets.policies.names import codes
from schemas.policies import CLAIM_AUDIT, FINDINGS
from schemas.terms.loader import PolicyTerms

SHARE = 10_000
"""Parts of one in which the insured percentage is counted."""


def audit_claims(
    claims: pl.LazyFrame,
    policies: pl.LazyFrame,
    reconciliation: pl.LazyFrame,
    terms: PolicyTerms,
) -> pl.LazyFrame:
    """Audit the current claims of one policy year.

    `policies` has the current policies of all years, `reconciliation` those of this one. A claim
    belongs to the year of its policy; without a policy, to the year whose cover it was shipped in.
    """
    shipped = pl.col("shipped_on")
    orphaned = pl.col("year").is_null() & shipped.is_between(terms.cover_from, terms.cover_to)
    stated = policies.select(
        "policy_no",
        "cancelled_on",
        year="policy_year",
        is_cancelled=pl.col("status") == "cancelled",
    )
    reconciled = reconciliation.select("policy_no", "uscc", "expected_cover_from", "expected_cover_to")
    return (
        claims.join(stated, on="policy_no", how="left", validate="m:1")
        .filter((pl.col("year") == terms.policy_year) | orphaned)
        .join(reconciled, on="policy_no", how="left", validate="m:1")
        .with_columns(**_circumstances(terms))
        .with_columns(covered=_covered(), policy_year=pl.lit(terms.policy_year))
        .sort("decided_on", "claim_no", nulls_last=True)
        .with_columns(expected=expected_cents(terms))
        .with_columns(
            money(pl.col("expected")).alias("expected_indemnity_usd"),
            money(pl.col("paid") - pl.col("expected")).alias("difference_usd"),
            money(pl.col("paid")).alias("paid_usd"),
            _findings().alias("findings"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in CLAIM_AUDIT.schema.items())
        .sort("claim_no")
    )


def expected_cents(terms: PolicyTerms) -> pl.Expr:
    """What is due on each claim, in cents: the rounded share of the loss, within what is left.

    Rows stand in the order of decision. What is used up of a limit is the lesser of the limit and
    the sum of the shares so far, so no loop is needed: with shares r ≥ 0 and used = min(limit, sum)
    the next used is min(limit, used + r) = min(limit, sum + r). A first loss of 200,000.00 gives
    min(160,000.00, 150,000.00), a second one on that buyer 0.00.
    """
    limit = whole(terms.buyer_limit_usd, 100)
    share = half_up(cents("loss_usd") * whole(terms.insured_percentage, SHARE), SHARE)
    due = pl.when("covered").then(share).otherwise(pl.lit(0, pl.Int128))
    uses = pl.col("status").is_in(["accepted", "paid"]) & pl.col("decided_on").is_not_null()
    using = pl.when(uses).then(due).otherwise(pl.lit(0, pl.Int128))
    holder = (
        pl.col("uscc"),
        pl.when(pl.col("uscc").is_null()).then("policy_no"),
        pl.col("buyer_id"),
    )
    left = pl.lit(limit, pl.Int128) - (using.cum_sum().over(holder) - using)
    return pl.min_horizontal(due, pl.max_horizontal(left, pl.lit(0, pl.Int128)))


def whole(value: Decimal, parts: int) -> int:
    """A term as a whole number of parts; a finer one is refused, not rounded."""
    scaled = value * parts
    if scaled != int(scaled):
        raise ValueError(f"{value} is finer than 1/{parts}: the audit would have to round it.")
    return int(scaled)


def cents(column: str) -> pl.Expr:
    """A money column as whole cents."""
    return pl.col(column).to_physical().cast(pl.Int128)


def half_up(amount: pl.Expr, parts: int) -> pl.Expr:
    """Whole cents of an amount ≥ 0 counted in parts of a cent."""
    return (amount + parts // 2) // parts


def money(whole_cents: pl.Expr) -> pl.Expr:
    """Whole cents as a Decimal with two places."""
    return whole_cents.cast(pl.Decimal(38, 0)) * pl.lit(Decimal("0.01"))


def _circumstances(terms: PolicyTerms) -> Mapping[str, pl.Expr]:
    """What there is to know of a claim beside its policy's reconciliation; never null."""
    shipped = pl.col("shipped_on")
    within = shipped.is_between("expected_cover_from", "expected_cover_to")
    after = pl.col("is_cancelled") & (shipped >= pl.col("cancelled_on"))
    return {
        "has_policy": pl.col("year").is_not_null(),
        "is_within": within.fill_null(value=False),
        "is_excluded": pl.col("buyer_country").is_in(list(terms.excluded_countries)),
        "is_after": after.fill_null(value=False),
        "paid": cents("paid_usd").fill_null(0),
    }


def _covered() -> pl.Expr:
    return pl.col("has_policy") & pl.col("is_within") & ~pl.col("is_excluded") & ~pl.col("is_after")


def _findings() -> pl.Expr:
    """The codes that apply, in the contract's order."""
    covered, paid, expected = pl.col("covered"), pl.col("paid"), pl.col("expected")
    flags = {
        "no_policy": ~pl.col("has_policy"),
        "excluded_country": pl.col("is_excluded"),
        "after_cancellation": pl.col("is_after"),
        "paid_outside_cover": (paid > 0) & pl.col("has_policy") & ~pl.col("is_within"),
        "overpaid": covered & (paid > expected),
        "underpaid": covered & (pl.col("status") == "paid") & (paid < expected),
        "declined_but_covered": covered & (pl.col("status") == "declined") & (expected > 0),
    }
    return codes(flags, FINDINGS)
