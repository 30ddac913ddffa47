"""The policies stage's conservation rules (rules §4): every policy, line, claim and dollar once."""

from __future__ import annotations

import polars as pl

from assets.work import Balance
from schemas.policies import DIFFERING_STATUSES, RECONCILIATION_STATUSES, TAKE_UP_STATUSES
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


def difference_balances(rows: pl.DataFrame, differences: pl.DataFrame) -> tuple[Balance, ...]:
    """Codes that policies show = rows of differences."""
    codes = rows.select((pl.col("discrepancies").list.len() + pl.col("observations").list.len()).sum()).item()
    differing = rows.filter(pl.col("status").is_in(list(DIFFERING_STATUSES))).height
    return (Balance("codes shown = differences", int(codes or 0) + differing, differences.height),)


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
        Balance("paid in = paid over findings", _cents(theirs), _over_findings(rows)),
    )


def finding_balances(rows: pl.DataFrame, differences: pl.DataFrame) -> tuple[Balance, ...]:
    """Findings on claims = rows of differences."""
    found = _whole(rows["findings"].list.len())
    return (Balance("findings shown = differences", found, differences.height),)


def exposure_balances(rows: pl.DataFrame, exposures: pl.DataFrame) -> tuple[Balance, ...]:
    """Claims under policies, and what they use up, = the sums over buyers."""
    theirs = rows.filter(~pl.col("findings").list.contains("no_policy"))
    deciding = pl.col("status").is_in(["accepted", "paid"]) & pl.col("decided_on").is_not_null()
    return (
        Balance("claims under policies = claims over buyers", theirs.height, _whole(exposures["claims"])),
        Balance(
            "indemnity due on decided claims = limits used",
            _cents(theirs.filter(deciding), "expected_indemnity_usd"),
            _cents(exposures, "used_usd"),
        ),
    )


def thread_balances(reconciled: pl.LazyFrame, rows: pl.DataFrame) -> tuple[Balance, ...]:
    """Policies that stand = policies on threads."""
    stands = pl.col("status").is_in(["matched", "discrepant"])
    standing = reconciled.filter(stands).select(pl.len()).collect().item()
    return (Balance("policies that stand = policies on threads", int(standing), rows.height),)


def service_balances(used: pl.DataFrame, rows: pl.DataFrame) -> tuple[Balance, ...]:
    """Records of use and their quantities in = those over enterprises and services."""
    return (
        Balance("records of use in = records over services", used.height, _whole(rows["uses"])),
        Balance("quantity in = quantity over services", _whole(used["quantity"]), _whole(rows["quantity"])),
    )


def report_balances(usage: pl.DataFrame, rows: pl.DataFrame) -> tuple[Balance, ...]:
    """Credit reports in = reports used over enterprises."""
    used = _whole(usage["quantity"]), _whole(rows["used"])
    return (Balance("credit reports in = reports over enterprises", *used),)


def _whole(column: pl.Series) -> int:
    return int(column.cast(pl.Int64).sum())


def _over_findings(rows: pl.DataFrame) -> int:
    """What was paid: as due or less, beyond what was due, and without cover, by the findings."""
    uncovered = ("no_policy", "excluded_country", "after_cancellation", "paid_outside_cover")
    without_cover = rows.filter(pl.col("findings").list.eval(pl.element().is_in(uncovered)).list.any())
    as_due = rows.filter("covered").select(paid_usd=pl.min_horizontal("paid_usd", "expected_indemnity_usd"))
    beyond = rows.filter(pl.col("findings").list.contains("overpaid"))
    return _cents(without_cover) + _cents(as_due) + _cents(beyond, "difference_usd")


def _sum(rows: pl.DataFrame, statuses: tuple[str, ...]) -> int:
    return sum(rows.filter(pl.col("status") == status).height for status in statuses)


def _cents(rows: pl.DataFrame, column: str = "paid_usd") -> int:
    exact = (pl.col(column).cast(pl.Decimal(38, 2)) * 100).cast(pl.Int128).sum()
    return int(rows.select(exact).item() or 0)
