"""Every code that a policy shows, as a row with what was expected and what was found.

Which codes apply was decided in `reconcile`, whose wide frame is read here; nothing is judged again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.policies.names import normalised_district
from schemas.codes.labels import labels
from schemas.policies import DIFFERING_STATUSES, DISCREPANCIES, OBSERVATIONS, POLICY_DIFFERENCES
from schemas.terms.loader import PolicyTerms

Sides = Mapping[str, tuple[pl.Expr, pl.Expr]]
"""Code → what was expected, what was found; both text."""


def policy_differences(
    judged: pl.LazyFrame, decisions: pl.LazyFrame, changes: pl.LazyFrame, terms: PolicyTerms
) -> pl.LazyFrame:
    """The codes of judged policies (`reconcile.judge`), one row each.

    `decisions` has today's decision on each enterprise, `changes` the rows of roster_changes.
    """
    removed = (
        changes.filter(pl.col("change") == "removed")
        .sort("to_edition")
        .unique("uscc", keep="last", maintain_order=True)
        .select("uscc", removed_by=pl.format("第 {} 版：{}", "to_edition", "reason"))
    )
    rows = judged.join(decisions.select("uscc", "decision"), on="uscc", how="left").join(
        removed, on="uscc", how="left"
    )
    sides = {**_statuses(), **_discrepancies(terms), **_observations(terms)}
    status = pl.when(pl.col("status").is_in(list(DIFFERING_STATUSES))).then(pl.concat_list("status"))
    columns = [pl.col(name).cast(dtype) for name, dtype in POLICY_DIFFERENCES.schema.items()]
    parts = (
        ("status", status, DIFFERING_STATUSES),
        ("discrepancy", pl.col("discrepancies"), DISCREPANCIES),
        ("observation", pl.col("observations"), OBSERVATIONS),
    )
    return pl.concat(
        explained(rows.with_columns(codes=codes), "codes", known, sides)
        .with_columns(kind=pl.lit(kind))
        .select(columns)
        for kind, codes, known in parts
    ).sort(POLICY_DIFFERENCES.key)


def explained(rows: pl.LazyFrame, codes: str, known: Sequence[str], sides: Sides) -> pl.LazyFrame:
    """One row for each code of a list column, with `code`, `expected` and `found`."""
    sided = rows.with_columns(
        **{f"{code}:expected": sides[code][0].cast(pl.String) for code in known},
        **{f"{code}:found": sides[code][1].cast(pl.String) for code in known},
    )
    one = sided.rename({codes: "code"}).explode("code").drop_nulls("code")

    def side(which: str) -> pl.Expr:
        return pl.coalesce(pl.when(pl.col("code") == code).then(f"{code}:{which}") for code in known)

    return one.with_columns(expected=side("expected"), found=side("found"))


def plain_decimal(column: str) -> pl.Expr:
    """A decimal as text, without zeros beyond the second place."""
    return pl.col(column).cast(pl.String).str.replace(r"^(-?\d+\.\d{2}\d*?)0+$", "${1}")


def _statuses() -> Sides:
    stated = [f"insured_{what}" for what in ("uscc", "customs_code", "name")]
    edition = pl.format("第 {} 版", "edition_then")
    return {
        "unidentified": (pl.lit(None), pl.concat_str(stated, separator=" · ", ignore_nulls=True)),
        "not_on_roster": (edition, pl.col("decision").replace(labels("decision")).fill_null("查无此企业")),
        "duplicate": (pl.col("original"), pl.col("policy_no")),
    }


def _discrepancies(terms: PolicyTerms) -> Sides:
    starts = pl.col("cover_from")
    year_of_start = starts.dt.year() - (starts.dt.month() < terms.cover_from.month).cast(pl.Int32)
    in_force = pl.format("第 {} 版", "edition_now")
    return {
        "cover_from": (pl.col("expected_cover_from"), starts),
        "cover_to": (pl.col("expected_cover_to"), pl.col("cover_to")),
        "insured_percentage": (pl.lit(f"{terms.insured_percentage:f}"), plain_decimal("insured_percentage")),
        "buyer_limit": (pl.lit(f"{terms.buyer_limit_usd:f}"), plain_decimal("buyer_limit_usd")),
        "policy_year": (pl.col("policy_year"), year_of_start),
        "issued_before_confirmation": (pl.col("listed_since"), pl.col("issued_on")),
        "removed_from_edition": (
            pl.format("第 {} 版", "edition_then"),
            pl.coalesce("removed_by", in_force),
        ),
    }


def _observations(terms: PolicyTerms) -> Sides:
    latest = pl.col("taken_up_on") + pl.duration(days=terms.usual_issue_days)
    stated = pl.coalesce(normalised_district("stated_district"), "stated_district")
    channels = labels("channel")
    return {
        "issued_over_7_days_after_take_up": (latest, pl.col("issued_on")),
        "name_differs": (pl.col("name"), pl.col("insured_name")),
        "district_differs": (normalised_district("district:known"), stated),
        "channel_not_in_notice": (
            pl.lit("、".join(channels[channel] for channel in terms.channels)),
            pl.col("channel").replace(channels),
        ),
        "shared_customs_code": (pl.lit("一家企业持有"), pl.col("insured_customs_code")),
        "invalid_check_digit": (pl.col("uscc"), pl.col("insured_uscc")),
    }
