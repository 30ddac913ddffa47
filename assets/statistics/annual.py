"""The year in figures: every measure by every dimension it has, from what each enterprise adds.

`contributions` is the year in long form, one row an enterprise and cell; `annual_statistics` sums
it, and the public copy judges the same rows. What a measure means is said in `measures`.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.push.figures import ratio
from assets.statistics.measures import (
    ABOVE,
    ALL,
    BAND_LIMITS_USD,
    BY_NAME,
    CLOSED_AFTER_MONTHS,
    MEASURES,
    MEMBERS,
    UNKNOWN,
    YEAR_ON_YEAR,
    Measure,
)
from schemas.calendar import month_of, shift
from schemas.statistics import ANNUAL_STATISTICS, DIMENSIONS, SIZE_BANDS, VALUE
from schemas.terms.loader import PolicyTerms

FIGURE = pl.Decimal(38, 2)
CELL = ("dimension", "member", "measure")
_ORIGINAL = ("matched", "discrepant")


@dataclass(frozen=True, kw_only=True)
class YearFrames:
    """What a year's statistics are made from; all of that policy year unless said otherwise."""

    decisions: pl.LazyFrame
    """ROSTER_DECISIONS."""
    take_up: pl.LazyFrame
    """TAKE_UP: every line of the edition in force."""
    reconciliation: pl.LazyFrame
    """POLICY_RECONCILIATION."""
    claims: pl.LazyFrame
    """CLAIM_AUDIT."""
    claims_reported: pl.LazyFrame
    """claim_no, reported_on of the current claims."""
    insured_exports: pl.LazyFrame
    """uscc, trading_country, hs_chapter, fob_usd declared inside expected cover."""
    eligible_exports: pl.LazyFrame
    """uscc, trading_country, hs_chapter, fob_usd of the export year, lines of the edition only."""
    services: pl.LazyFrame
    """uscc, service, quantity: current rows."""
    pushes: pl.LazyFrame
    """uscc, one row an item of the push lists of the cover months."""
    previous_take_up: pl.LazyFrame | None = None
    """TAKE_UP of the year before, where that year is registered."""


def annual_statistics(
    year: int,
    frames: YearFrames,
    *,
    terms: PolicyTerms,
    today: date,
    previous: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """ANNUAL_STATISTICS of a policy year, revision 0, sorted by key."""
    measures = tuple(
        measure
        for measure in MEASURES
        if measure.name not in YEAR_ON_YEAR or frames.previous_take_up is not None
    )
    figures = pl.col("numerator", "denominator")
    cells = contributions(frames, terms).group_by(CELL).agg(figures.sum())
    before = _newest(previous)
    rate = pl.col("measure").is_in([m.name for m in MEASURES if m.is_rate])
    units = {m.name: m.unit for m in MEASURES}
    numerator, denominator = (pl.col(c).cast(FIGURE).to_physical() for c in ("numerator", "denominator"))
    gone = pl.when(~rate & pl.lit(previous is not None)).then(0)
    computed = {
        "policy_year": pl.lit(year),
        "revision": pl.lit(0),
        "value": pl.when(rate).then(ratio(numerator, denominator)).otherwise(pl.col("numerator")),
        "numerator": pl.when(rate).then("numerator"),
        "denominator": pl.when(rate).then("denominator"),
        "previous_value": pl.coalesce("previous_value", gone),
        "unit": pl.col("measure").replace_strict(units, return_dtype=pl.String),
        "status": pl.lit(status(terms, today)),
    }
    return (
        _cells_to_show(measures, cells, before)
        .join(cells, on=CELL, how="left")
        .with_columns(figures.fill_null(0))
        .join(before, on=CELL, how="left")
        .select(
            computed.get(name, pl.col(name)).cast(dtype).alias(name)
            for name, dtype in ANNUAL_STATISTICS.schema.items()
        )
        .sort(ANNUAL_STATISTICS.key)
    )


def status(terms: PolicyTerms, today: date) -> str:
    """Final once the year is closed."""
    return "final" if today > closes_on(terms) else "provisional"


def closes_on(terms: PolicyTerms) -> date:
    """The day on which a year closes: claims come late, so twelve months after the end of cover."""
    month = shift(month_of(terms.cover_to), CLOSED_AFTER_MONTHS)
    last = calendar.monthrange(int(month[:4]), int(month[5:]))[1]
    return date.fromisoformat(f"{month}-{min(terms.cover_to.day, last):02d}")


def contributions(frames: YearFrames, terms: PolicyTerms) -> pl.LazyFrame:
    """dimension, member, measure, uscc, numerator, denominator: what each enterprise adds.

    An amount that is no rate's stands in the numerator. A claim without an identified enterprise
    stands under its policy number.
    """
    firms = enterprises(frames).cache()
    facts = (
        _take_up_facts(frames),
        _export_facts(frames),
        _claim_facts(frames),
        _service_facts(frames, terms),
        _year_on_year_facts(frames),
    )
    return pl.concat([_by_dimension(name, fact, firms) for group in facts for name, fact in group])


def enterprises(frames: YearFrames) -> pl.LazyFrame:
    """uscc with district, size_band, channel and take_up_month, of whoever can stand in a figure.

    The district is the roster's, else the policy's; channel and month are the original policy's.
    """
    lines = frames.take_up.select("uscc", pl.col("district").alias("of_line"))
    policies = (
        frames.reconciliation.filter(pl.col("status").is_in(_ORIGINAL), pl.col("uscc").is_not_null())
        .sort("issued_on", "policy_no")
        .group_by("uscc", maintain_order=True)
        .first()
        .select(
            "uscc",
            pl.col("district").alias("of_policy"),
            "channel",
            pl.col("taken_up_on").dt.strftime("%Y-%m").alias("take_up_month"),
        )
    )
    bands = frames.decisions.select("uscc", _size_band().alias("size_band"))
    return (
        lines.join(policies, on="uscc", how="full", coalesce=True)
        .join(bands, on="uscc", how="full", coalesce=True)
        .with_columns(pl.coalesce("of_line", "of_policy").alias("district"))
        .drop("of_line", "of_policy")
    )


def _size_band() -> pl.Expr:
    limits = zip(BAND_LIMITS_USD, SIZE_BANDS, strict=True)
    bands = [pl.when(pl.col("fob_usd") <= limit).then(pl.lit(band)) for limit, band in limits]
    return pl.coalesce(*bands, pl.lit(ABOVE))


Facts = list[tuple[str, pl.LazyFrame]]


def _take_up_facts(frames: YearFrames) -> Facts:
    lines = frames.take_up.with_columns((pl.col("status") != "not_taken_up").alias("is_taken_up"))
    taken_up = pl.col("is_taken_up").cast(pl.Int64).cast(FIGURE).alias("numerator")
    return [
        ("enterprises_eligible", lines.select("uscc", _count())),
        ("enterprises_taken_up", lines.filter("is_taken_up").select("uscc", _count())),
        (
            "enterprises_taken_up_late",
            lines.filter(pl.col("status") == "taken_up_late").select("uscc", _count()),
        ),
        ("take_up_rate", lines.select("uscc", taken_up, _count("denominator"))),
    ]


def _export_facts(frames: YearFrames) -> Facts:
    def cells(exports: pl.LazyFrame, to: str) -> pl.LazyFrame:
        places = (pl.col("trading_country").alias("country"), pl.col("hs_chapter"))
        return exports.group_by("uscc", *places).agg(pl.col("fob_usd").cast(FIGURE).sum().alias(to))

    insured = cells(frames.insured_exports, "numerator")
    eligible = cells(frames.eligible_exports, "denominator")
    share = pl.concat([insured, eligible], how="diagonal")
    return [("insured_exports_usd", insured), ("share_of_eligible_exports", share)]


def _claim_facts(frames: YearFrames) -> Facts:
    policies = frames.reconciliation.select("policy_no", "channel", pl.col("district").alias("of_policy"))
    claims = (
        frames.claims.join(policies, on="policy_no", how="left")
        .with_columns(
            pl.coalesce("uscc", "policy_no").alias("uscc"),
            pl.col("buyer_country").alias("country"),
        )
        .join(frames.claims_reported.select("claim_no", "reported_on"), on="claim_no", how="left")
    )
    of_claim = ("uscc", "country", "channel", "cause", "of_policy")
    paid = claims.filter(pl.col("status") == "paid")
    days = (pl.col("paid_on") - pl.col("reported_on")).dt.total_days()
    return [
        ("claims_reported", claims.select(*of_claim, _count())),
        ("claims_paid", paid.select(*of_claim, _count())),
        ("loss_usd", claims.select(*of_claim, _as("loss_usd"))),
        ("indemnity_due_usd", claims.select(*of_claim, _as("expected_indemnity_usd"))),
        ("indemnity_paid_usd", claims.select(*of_claim, _as("paid_usd"))),
        (
            "days_from_report_to_payment",
            paid.filter(days.is_not_null()).select(
                *of_claim, days.cast(FIGURE).alias("numerator"), _count("denominator")
            ),
        ),
    ]


def _service_facts(frames: YearFrames, terms: PolicyTerms) -> Facts:
    used = frames.services.select("uscc", "service", _as("quantity"))
    reports = (
        used.filter(pl.col("service") == "credit_report").group_by("uscc").agg(pl.col("numerator").sum())
    )
    granted = pl.lit(terms.free_credit_reports).cast(FIGURE)
    taken_up = frames.take_up.filter(pl.col("status") != "not_taken_up").select("uscc")
    of_granted = taken_up.join(reports, on="uscc", how="left").select(
        "uscc",
        pl.min_horizontal(pl.col("numerator").fill_null(0), granted).alias("numerator"),
        granted.alias("denominator"),
    )
    bindings = used.filter(pl.col("service") == "app_binding").drop("service")
    return [
        ("services_used", used),
        ("credit_reports_used_of_granted", of_granted),
        ("app_bindings", bindings),
        ("pushes", frames.pushes.select("uscc", _count())),
    ]


def _year_on_year_facts(frames: YearFrames) -> Facts:
    if frames.previous_take_up is None:
        return []
    had = frames.previous_take_up.filter(pl.col("status") != "not_taken_up")
    have = frames.take_up.filter(pl.col("status") != "not_taken_up")
    over = frames.decisions.filter(pl.col("decision") == "over_threshold")
    left = frames.previous_take_up.join(over, on="uscc", how="semi")
    renewed = have.join(had, on="uscc", how="semi").select("uscc", _count())
    graduated = left.select("uscc", "district", _count())
    return [("enterprises_renewed", renewed), ("enterprises_graduated", graduated)]


def _count(name: str = "numerator") -> pl.Expr:
    return pl.lit(1).cast(FIGURE).alias(name)


def _as(column: str) -> pl.Expr:
    return pl.col(column).cast(FIGURE).alias("numerator")


def _by_dimension(name: str, fact: pl.LazyFrame, firms: pl.LazyFrame) -> pl.LazyFrame:
    """One measure's facts under every member that they belong to, summed per enterprise."""
    dimensions = BY_NAME[name].dimensions
    own = fact.collect_schema().names()
    known = [c for c in firms.collect_schema().names() if c == "uscc" or c not in own]
    joined = fact.join(firms.select(known), on="uscc", how="left")
    if "of_policy" in own:
        joined = joined.with_columns(pl.coalesce("district", "of_policy").alias("district"))
    filled = joined.with_columns(
        pl.lit(ALL).alias("total"),
        *(pl.lit(0).cast(FIGURE).alias(c) for c in ("numerator", "denominator") if c not in own),
    ).with_columns(
        *(pl.col(d).fill_null(UNKNOWN) for d in dimensions if d != "total"),
        pl.col("numerator", "denominator").fill_null(0),
    )
    return (
        filled.unpivot(
            on=list(dimensions),
            index=["uscc", "numerator", "denominator"],
            variable_name="dimension",
            value_name="member",
        )
        .group_by("dimension", "member", "uscc")
        .agg(pl.col("numerator", "denominator").sum())
        .select(
            "dimension",
            "member",
            pl.lit(name).alias("measure"),
            "uscc",
            pl.col("numerator", "denominator").cast(FIGURE),
        )
    )


def _newest(previous: pl.LazyFrame | None) -> pl.LazyFrame:
    """The newest revision's values of the year before, as previous_value."""
    if previous is None:
        return pl.LazyFrame(schema={**dict.fromkeys(CELL, pl.String()), "previous_value": VALUE})
    return (
        previous.sort("revision")
        .group_by(CELL, maintain_order=True)
        .agg(pl.col("value").last().alias("previous_value"))
    )


def _cells_to_show(measures: tuple[Measure, ...], cells: pl.LazyFrame, before: pl.LazyFrame) -> pl.LazyFrame:
    """Every member (fixed, seen now, or not zero last year) with every measure it goes with."""
    pairs = pl.LazyFrame(
        [(d, m.name) for m in measures for d in m.dimensions],
        schema={"dimension": pl.String, "measure": pl.String},
        orient="row",
    )
    fixed = pl.LazyFrame(
        [(d, member) for d in DIMENSIONS for member in MEMBERS.get(d, ())],
        schema={"dimension": pl.String, "member": pl.String},
        orient="row",
    )
    lasting = before.filter(
        pl.col("previous_value") != 0, ~pl.col("dimension").is_in(["total", "take_up_month"])
    )
    members = pl.concat(
        [fixed, *(frame.select("dimension", "member") for frame in (cells, lasting))]
    ).unique()
    return pairs.join(members, on="dimension").select(CELL)
