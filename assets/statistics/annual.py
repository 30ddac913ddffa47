"""The year in figures: every measure by every dimension it has, from what each enterprise adds.

`contributions` is the year in long form, one row an enterprise and cell; `annual_statistics` sums
it, and the public copy judges the same rows. What a measure is, `schemas.measures` says; here are
the facts that it is summed over and where each enterprise belongs.
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl

from assets.push.figures import ratio
from schemas.calendar import month_of, shift
from schemas.measures import (
    ABOVE,
    ALL,
    BAND_LIMITS_USD,
    CLOSED_AFTER_MONTHS,
    DIMENSIONS,
    MEASURES,
    MEMBERS,
    SIZE_BANDS,
    UNKNOWN,
    Facts,
    Measure,
)
from schemas.statistics import ANNUAL_STATISTICS, CELL, VALUE
from schemas.table import SUM
from schemas.terms.loader import PolicyTerms

FIGURE = pl.Decimal(38, 2)
SIDES = ("numerator", "denominator")
CONTRIBUTIONS = pl.Schema({**dict.fromkeys((*CELL, "uscc"), pl.String()), **dict.fromkeys(SIDES, SUM)})
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
    insured_exports: pl.LazyFrame
    """INSURED_EXPORTS."""
    eligible_exports: pl.LazyFrame
    """uscc, trading_country, hs_chapter, fob_usd of the export year, lines of the edition only."""
    services: pl.LazyFrame
    """SERVICE_USE."""
    pushes: pl.LazyFrame
    """uscc, one row an item of the push lists of the cover months."""
    previous_take_up: pl.LazyFrame | None = None
    """TAKE_UP of the year before, where that year is registered."""


def annual_statistics(
    year: int,
    contributed: pl.LazyFrame,
    *,
    terms: PolicyTerms,
    today: date,
    previous: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """ANNUAL_STATISTICS of a policy year as one revision, numbered 0, sorted by key.

    `contributed` is what `contributions` gave; `previous` the statistics of the year before.
    """
    sides = pl.col(SIDES)
    cells = contributed.group_by(CELL).agg(sides.cast(FIGURE).sum())
    before = newest_values(previous)
    rate = pl.col("measure").is_in([m.name for m in MEASURES if m.is_rate])
    units = {m.name: m.unit for m in MEASURES}
    numerator, denominator = (pl.col(side).cast(FIGURE).to_physical() for side in SIDES)
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
        _cells_to_show(_measures(has_year_before=previous is not None), cells, before)
        .join(cells, on=list(CELL), how="left")
        .with_columns(sides.fill_null(0))
        .join(before, on=list(CELL), how="left")
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
    """CONTRIBUTIONS: what each enterprise adds to each cell, sorted by cell and enterprise.

    An amount that is no rate's stands in the numerator. A claim without an identified enterprise
    stands under its policy number.
    """
    firms = enterprises(frames).cache()
    rows = facts(frames, terms)
    measures = _measures(has_year_before=frames.previous_take_up is not None)
    parts = [_by_dimension(measure, rows[measure.facts], firms) for measure in measures]
    typed = pl.concat(parts).select(pl.col(name).cast(dtype) for name, dtype in CONTRIBUTIONS.items())
    return typed.sort(*CELL, "uscc")


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


def facts(frames: YearFrames, terms: PolicyTerms) -> Mapping[Facts, pl.LazyFrame]:
    """The rows that measures are summed over, by the names that `schemas.measures` gives them."""
    return {
        "lines": _lines(frames, terms),
        "last_years_lines": _last_years_lines(frames),
        "exports": _exports(frames),
        "claims": _claims(frames),
        "services": frames.services.select("uscc", "service", "quantity"),
        "pushes": frames.pushes.select("uscc"),
    }


def newest_values(previous: pl.LazyFrame | None) -> pl.LazyFrame:
    """The revision in force of the year before, as previous_value; no rows where there is none."""
    if previous is None:
        return pl.LazyFrame(schema={**dict.fromkeys(CELL, pl.String()), "previous_value": VALUE})
    in_force = previous.filter(pl.col("revision") == pl.col("revision").max())
    return in_force.select(*CELL, pl.col("value").alias("previous_value"))


def _measures(*, has_year_before: bool) -> tuple[Measure, ...]:
    return tuple(m for m in MEASURES if has_year_before or not m.needs_year_before)


def _size_band() -> pl.Expr:
    limits = zip(BAND_LIMITS_USD, SIZE_BANDS, strict=True)
    bands = [pl.when(pl.col("fob_usd") <= limit).then(pl.lit(band)) for limit, band in limits]
    return pl.coalesce(*bands, pl.lit(ABOVE))


def _lines(frames: YearFrames, terms: PolicyTerms) -> pl.LazyFrame:
    """Lines of the edition with the reports that each used and was granted, and last year's take-up."""
    reports = frames.services.filter(pl.col("service") == "credit_report")
    had = pl.lit(value=False)
    lines = frames.take_up.select("uscc", "status")
    if frames.previous_take_up is not None:
        last = frames.previous_take_up.filter(pl.col("status") != "not_taken_up")
        lines = lines.join(last.select("uscc", had=pl.lit(value=True)), on="uscc", how="left")
        had = pl.col("had").fill_null(value=False)
    return lines.join(
        reports.group_by("uscc").agg(reports=pl.col("quantity").sum()), on="uscc", how="left"
    ).with_columns(
        pl.col("reports").fill_null(0),
        reports_granted=pl.lit(terms.free_credit_reports),
        had_last_year=had,
    )


def _last_years_lines(frames: YearFrames) -> pl.LazyFrame:
    """Lines of last year's edition, with last year's district and this year's decision."""
    decisions = frames.decisions.select("uscc", "decision")
    last = frames.previous_take_up if frames.previous_take_up is not None else frames.take_up.clear()
    return last.select("uscc", "district").join(decisions, on="uscc", how="left")


def _exports(frames: YearFrames) -> pl.LazyFrame:
    """Insured and eligible exports under each other, by enterprise, country and chapter."""
    place = ("uscc", pl.col("trading_country").alias("country"), "hs_chapter")
    insured = frames.insured_exports.select(*place, insured_usd=pl.col("fob_usd"))
    eligible = frames.eligible_exports.select(*place, eligible_usd=pl.col("fob_usd"))
    return pl.concat([insured, eligible], how="diagonal")


def _claims(frames: YearFrames) -> pl.LazyFrame:
    """Claims with their policy's channel and district, and the days from report to payment."""
    policies = frames.reconciliation.select("policy_no", "channel", pl.col("district").alias("of_policy"))
    return frames.claims.join(policies, on="policy_no", how="left").with_columns(
        pl.coalesce("uscc", "policy_no").alias("uscc"),
        pl.col("buyer_country").alias("country"),
        days=(pl.col("paid_on") - pl.col("reported_on")).dt.total_days(),
    )


def _by_dimension(measure: Measure, rows: pl.LazyFrame, firms: pl.LazyFrame) -> pl.LazyFrame:
    """One measure's rows under every member that they belong to, summed per enterprise."""
    names = rows.collect_schema().names()
    places = [name for name in (*DIMENSIONS, "of_policy") if name in names]
    denominator = pl.lit(0) if measure.denominator is None else measure.denominator
    counted = rows.filter(measure.where).select(
        "uscc",
        *places,
        measure.numerator.cast(FIGURE).fill_null(0).alias("numerator"),
        denominator.cast(FIGURE).fill_null(0).alias("denominator"),
    )
    known = [c for c in firms.collect_schema().names() if c == "uscc" or c not in places]
    placed = counted.join(firms.select(known), on="uscc", how="left")
    if "of_policy" in places:
        placed = placed.with_columns(pl.coalesce("district", "of_policy").alias("district"))
    return (
        placed.with_columns(
            pl.lit(ALL).alias("total"),
            *(pl.col(d).fill_null(UNKNOWN) for d in measure.dimensions if d != "total"),
        )
        .unpivot(
            on=list(measure.dimensions),
            index=["uscc", *SIDES],
            variable_name="dimension",
            value_name="member",
        )
        .group_by("dimension", "member", "uscc")
        .agg(pl.col(SIDES).sum())
        .with_columns(measure=pl.lit(measure.name))
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
