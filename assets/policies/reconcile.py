"""Every policy against the roster and the terms of its year: one status, all that differs.

Every policy that comes in goes out once. Who is insured is found in `identify`; what follows for
enterprises and claims belongs to `take_up` and `claims`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from assets.policies.identify import facts, identify
from assets.policies.names import codes, normalised_district, normalised_name
from schemas.policies import DISCREPANCIES, OBSERVATIONS, POLICY_RECONCILIATION
from schemas.table import MONEY
from schemas.terms.loader import PolicyTerms


def judge(
    policies: pl.LazyFrame,
    registry: pl.LazyFrame,
    rosters: pl.LazyFrame,
    known: pl.LazyFrame,
    accepted: pl.LazyFrame,
    terms: PolicyTerms,
    today: date,
) -> pl.LazyFrame:
    """Judge the current policies of one policy year: the columns of policy_reconciliation, and what
    `differences` needs beside them.

    `registry` has every accepted version; `rosters` the lines of all editions of the year with
    confirmed_on, or, where none is confirmed, the draft to check against; `known` the uscc of
    enterprises known otherwise; `accepted` the identifications (policy_no, uscc) by review.
    """
    everyone = pl.concat([known.select("uscc"), registry.select("uscc"), rosters.select("uscc")])
    insured = identify(policies, registry, everyone.drop_nulls().unique(), accepted)
    rows = (
        policies.join(insured, on="policy_no", how="left", validate="1:1")
        .pipe(_with_listing, rosters, today)
        .sort("issued_on")
        .join_asof(
            facts(registry),
            left_on="issued_on",
            right_on="since",
            by="uscc",
            suffix=":registry",
            check_sortedness=False,
        )
    )
    return _judged(rows, terms).sort("policy_no")


def reconcile(
    policies: pl.LazyFrame,
    registry: pl.LazyFrame,
    rosters: pl.LazyFrame,
    known: pl.LazyFrame,
    accepted: pl.LazyFrame,
    terms: PolicyTerms,
    today: date,
) -> pl.LazyFrame:
    """The reconciliation of one policy year; the frames as in `judge`."""
    return shown(judge(policies, registry, rosters, known, accepted, terms, today))


def shown(judged: pl.LazyFrame) -> pl.LazyFrame:
    """Judged policies as the table has them."""
    return judged.select(pl.col(name).cast(dtype) for name, dtype in POLICY_RECONCILIATION.schema.items())


def _with_listing(rows: pl.LazyFrame, rosters: pl.LazyFrame, today: date) -> pl.LazyFrame:
    """Add what the edition of each policy's day of issue, and the one in force today, say.

    The edition of a policy is the highest confirmed by its day of issue, else the first confirmed.
    """
    lines = _standing(rosters, today)
    editions = lines.group_by("edition").agg(pl.col("confirmed_on").max())
    by_day = editions.sort("confirmed_on", "edition").select(
        "confirmed_on", pl.col("edition").cum_max().alias("edition_then")
    )
    standing = editions.select(
        pl.col("edition").max().alias("edition_now"),
        pl.col("edition").sort_by("confirmed_on", "edition").first().alias("edition_first"),
        pl.col("confirmed_on").is_not_null().any().alias("is_confirmed"),
    )
    named = lines.select("edition", "uscc", "name", "district", is_listed=pl.lit(value=True))
    since = lines.group_by("uscc").agg(pl.col("confirmed_on").min().alias("listed_since"))
    listed = [pl.col("is_listed:then", "is_listed:now").fill_null(value=False)]
    return (
        rows.sort("issued_on")
        .join_asof(
            by_day.drop_nulls(), left_on="issued_on", right_on="confirmed_on",
            check_sortedness=False,
        )
        .join(standing, how="cross")
        .with_columns(
            pl.col("edition_then").is_null().alias("is_early"),
            pl.coalesce("edition_then", "edition_first").alias("edition_then"),
        )
        .join(
            named.rename(lambda name: f"{name}:then"),
            left_on=["edition_then", "uscc"], right_on=["edition:then", "uscc:then"], how="left",
            validate="m:1",
        )
        .join(
            named.rename(lambda name: f"{name}:now"),
            left_on=["edition_now", "uscc"], right_on=["edition:now", "uscc:now"], how="left",
            validate="m:1",
        )
        .join(since, on="uscc", how="left", validate="m:1")
        .with_columns(listed)
    )  # fmt: skip


def _standing(rosters: pl.LazyFrame, today: date) -> pl.LazyFrame:
    """The lines of the editions confirmed by today; where there is none, of the newest draft."""
    confirmed = (pl.col("confirmed_on") <= today).fill_null(value=False)
    edition = pl.col("edition").fill_null(0)
    return rosters.filter(
        pl.when(confirmed.any()).then(confirmed).otherwise(edition == edition.max())
    ).with_columns(edition, pl.when(confirmed).then("confirmed_on").alias("confirmed_on"))


def _judged(rows: pl.LazyFrame, terms: PolicyTerms) -> pl.LazyFrame:
    """Add what was to be expected, then status, discrepancies and observations."""
    on_roster = pl.col("is_listed:then") | pl.col("is_listed:now")
    in_time = pl.col("taken_up_on") <= terms.take_up_deadline
    late_from = pl.max_horizontal("issued_on", pl.lit(terms.cover_from))
    stands = (pl.col("status") != "cancelled") & on_roster
    return (
        rows.with_columns(
            pl.when(in_time).then(pl.lit(terms.cover_from)).otherwise(late_from)
            .alias("expected_cover_from"),
            pl.lit(terms.cover_to).alias("expected_cover_to"),
            pl.coalesce("name:then", "name:now", "name").alias("name"),
            pl.coalesce("district:then", "district:now", "district:registry")
            .alias("district:known"),
            stands.alias("stands"),
        )
        .with_columns(
            pl.col("policy_no").first()
            .over("uscc", "stands", order_by=["issued_on", "policy_no"]).alias("original"),
            codes(_discrepancies(terms), DISCREPANCIES).alias("discrepancies"),
            codes(_observations(terms), OBSERVATIONS).alias("observations"),
        )
        .with_columns(
            _status(on_roster).alias("status"),
            pl.col("district").alias("stated_district"),
            pl.coalesce(normalised_district("district:known"), normalised_district("district"))
            .alias("district"),
            pl.when("is_confirmed").then(pl.lit("confirmed")).otherwise(pl.lit("draft"))
            .alias("roster_basis"),
        )
    )  # fmt: skip


def _status(on_roster: pl.Expr) -> pl.Expr:
    """The first that applies."""
    return (
        pl.when(pl.col("status") == "cancelled").then(pl.lit("cancelled"))
        .when(pl.col("uscc").is_null()).then(pl.lit("unidentified"))
        .when(~on_roster).then(pl.lit("not_on_roster"))
        .when(pl.col("policy_no") != pl.col("original")).then(pl.lit("duplicate"))
        .when(pl.col("discrepancies").list.len() > 0).then(pl.lit("discrepant"))
        .otherwise(pl.lit("matched"))
    )  # fmt: skip


def _discrepancies(terms: PolicyTerms) -> Mapping[str, pl.Expr]:
    """Code → whether it applies; every one is looked at whatever the status."""
    then, now = pl.col("is_listed:then"), pl.col("is_listed:now")
    percentage = pl.lit(terms.insured_percentage, pl.Decimal(5, 4))
    return {
        "cover_from": pl.col("cover_from") != pl.col("expected_cover_from"),
        "cover_to": pl.col("cover_to") != pl.col("expected_cover_to"),
        "insured_percentage": pl.col("insured_percentage") != percentage,
        "buyer_limit": pl.col("buyer_limit_usd") != pl.lit(terms.buyer_limit_usd, MONEY),
        "policy_year": ~pl.col("cover_from").is_between(terms.cover_from, terms.cover_to),
        "issued_before_confirmation": pl.col("is_confirmed") & (pl.col("is_early") | (now & ~then)),
        "removed_from_edition": then & ~now,
    }


def _observations(terms: PolicyTerms) -> Mapping[str, pl.Expr]:
    """Code → whether it applies; what is unknown on either side is not compared."""
    waited = pl.col("issued_on") - pl.col("taken_up_on")
    stated = pl.coalesce(normalised_district("district"), "district")
    return {
        "issued_over_7_days_after_take_up": waited > pl.duration(days=terms.usual_issue_days),
        "name_differs": normalised_name("insured_name") != normalised_name("name"),
        "district_differs": stated != normalised_district("district:known"),
        "channel_not_in_notice": ~pl.col("channel").is_in(list(terms.channels)),
        "shared_customs_code": pl.col("is_shared"),
        "invalid_check_digit": pl.col("is_malformed"),
    }
