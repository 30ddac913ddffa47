"""Every claim of a policy year: covered or not, what the terms make due, what was paid, findings.

The terms decide what is due, not what a policy states: a wrong limit or percentage on a policy is
a discrepancy of that policy. Money is counted in whole cents.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import polars as pl

from assets.policies.differences import Sides, explained
from assets.policies.names import codes
from assets.work import Work
from schemas.codes.labels import labels
from schemas.policies import BUYER_EXPOSURE, CLAIM_AUDIT, CLAIM_DIFFERENCES, FINDINGS
from schemas.table import MONEY, SUM
from schemas.terms.loader import PolicyTerms

SHARE = 10_000
"""Parts of one in which the insured percentage is counted."""


def audit_claims(
    claims: pl.LazyFrame,
    policies: pl.LazyFrame,
    reconciliation: pl.LazyFrame,
    terms: PolicyTerms,
    exports: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """The audit of one policy year's current claims; the frames as in `judge_claims`."""
    return shown(judge_claims(claims, policies, reconciliation, terms, exports))


def judge_claims(
    claims: pl.LazyFrame,
    policies: pl.LazyFrame,
    reconciliation: pl.LazyFrame,
    terms: PolicyTerms,
    exports: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """Judge the current claims of one policy year: the columns of claim_audit, and what differences
    and exposures need beside them.

    `policies` has the current policies of all years, `reconciliation` those of this one. A claim
    belongs to the year of its policy; without a policy, to the year whose cover it was shipped in.
    `exports`: uscc, country and declared month (`YYYY-MM`) of all counted exports around the cover;
    without it nothing is said of matching exports.
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
        .pipe(_with_exports, exports, terms)
        .with_columns(**_circumstances(terms))
        .with_columns(covered=_covered(), policy_year=pl.lit(terms.policy_year))
        .sort("decided_on", "claim_no", nulls_last=True)
        .with_columns(uses=_uses(), insured=pl.coalesce("uscc", "policy_no"))
        .with_columns(expected=expected_cents(terms))
        .with_columns(
            money(pl.col("expected")).alias("expected_indemnity_usd"),
            money(pl.col("paid") - pl.col("expected")).alias("difference_usd"),
            money(pl.col("paid")).alias("paid_usd"),
            _findings().alias("findings"),
        )
        .sort("claim_no")
    )


def declared_exports(work: Work) -> pl.LazyFrame:
    """Uscc, country and declared month of every counted export that a work reads."""
    columns = {"uscc": "uscc", "country": "trading_country"}
    months = [
        work.scan("export_cube", month).select(**columns, month=pl.lit(month))
        for month in work.keys("export_cube")
    ]
    return pl.concat(months) if months else pl.LazyFrame(schema=dict.fromkeys([*columns, "month"], pl.String))


def shown(judged: pl.LazyFrame) -> pl.LazyFrame:
    """Judged claims as the table has them."""
    return judged.select(pl.col(name).cast(dtype) for name, dtype in CLAIM_AUDIT.schema.items())


def claim_differences(judged: pl.LazyFrame, terms: PolicyTerms) -> pl.LazyFrame:
    """The findings of judged claims, one row each, with what was expected and found."""
    window = pl.concat_str("expected_cover_from", pl.lit(" … "), "expected_cover_to")
    due, paid = pl.col("expected_indemnity_usd"), pl.col("paid_usd")
    sides: Sides = {
        "no_policy": (pl.lit(None), pl.col("policy_no")),
        "excluded_country": (pl.lit("非 " + "、".join(terms.excluded_countries)), pl.col("buyer_country")),
        "after_cancellation": (pl.format("{} 之前", "cancelled_on"), pl.col("shipped_on")),
        "paid_outside_cover": (window, pl.col("shipped_on")),
        "overpaid": (due, paid),
        "underpaid": (due, paid),
        "declined_but_covered": (due, pl.col("status").replace(labels("claim_status"))),
        "loss_without_matching_export": (pl.format("对 {} 的出口", "buyer_country"), pl.lit("无")),
    }
    return (
        explained(judged, "findings", FINDINGS, sides)
        .select(pl.col(name).cast(dtype) for name, dtype in CLAIM_DIFFERENCES.schema.items())
        .sort(CLAIM_DIFFERENCES.key)
    )


def buyer_exposure(judged: pl.LazyFrame, terms: PolicyTerms) -> pl.LazyFrame:
    """What is left of each buyer's limit after the claims under policies."""
    limit = pl.lit(terms.buyer_limit_usd, MONEY)
    due, pending = pl.col("expected_indemnity_usd"), pl.col("decided_on").is_null()
    none = pl.lit(Decimal("0.00"))
    return (
        judged.filter("has_policy")
        .group_by("policy_year", "insured", "buyer_id")
        .agg(
            pl.col("buyer_country").sort_by("claim_no").last(),
            pl.len().alias("claims"),
            pl.col("loss_usd").cast(SUM).sum(),
            limit_usd=limit.first(),
            used_usd=pl.when("uses").then(due).otherwise(none).sum(),
            pending_usd=pl.when(pending).then(due).otherwise(none).sum(),
            paid_usd=pl.col("paid_usd").sum(),
        )
        .with_columns(left_usd=pl.col("limit_usd") - pl.col("used_usd"))
        .select(pl.col(name).cast(dtype) for name, dtype in BUYER_EXPOSURE.schema.items())
        .sort(BUYER_EXPOSURE.key)
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
    using = pl.when("uses").then(due).otherwise(pl.lit(0, pl.Int128))
    left = pl.lit(limit, pl.Int128) - (using.cum_sum().over("insured", "buyer_id") - using)
    return pl.min_horizontal(due, pl.max_horizontal(left, pl.lit(0, pl.Int128)))


def _uses() -> pl.Expr:
    """Whether a claim uses up the limit."""
    return pl.col("status").is_in(["accepted", "paid"]) & pl.col("decided_on").is_not_null()


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


def _with_exports(rows: pl.LazyFrame, exports: pl.LazyFrame | None, terms: PolicyTerms) -> pl.LazyFrame:
    """Add `has_export`: the insured declared an export to that country in the month of shipment, the
    one before or the one after. Null where nobody can say: unknown insured, shipped outside the cover.
    """
    if exports is None:
        return rows.with_columns(has_export=pl.lit(None, pl.Boolean))
    month = pl.col("shipped_on").dt.truncate("1mo")
    around = [month.dt.offset_by(by).dt.strftime("%Y-%m") for by in ("-1mo", "0mo", "1mo")]
    matched = (
        rows.select("claim_no", "uscc", country="buyer_country", month=pl.concat_list(around))
        .explode("month")
        .join(exports.unique(), on=["uscc", "country", "month"], how="semi")
        .select("claim_no", is_matched=pl.lit(value=True))
        .unique()
    )
    in_year = pl.col("shipped_on").is_between(terms.cover_from, terms.cover_to)
    known = pl.col("uscc").is_not_null() & in_year
    return rows.join(matched, on="claim_no", how="left").with_columns(
        has_export=pl.when(known).then(pl.col("is_matched").fill_null(value=False))
    )


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
        "loss_without_matching_export": ~pl.col("has_export"),
    }
    return codes(flags, FINDINGS)
