"""Simulate (测算): what other terms would have meant for the same data. Nothing here is an edition.

Belongs here: the two decisions, who would come in and go out, and the sums. It reads the lake, writes
nothing to it and knows no rulings: an upheld objection is about a list that exists. How it is shown
is in simulation_files.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import polars as pl

from assets.eligibility.decide import decide, roster_date
from assets.eligibility.draft import editions_now
from assets.eligibility.registry import registry_facts
from assets.staleness import State
from assets.storage.lake import Lake
from assets.versions import accepted_versions
from schemas.codes.districts import DISTRICT_ORDER
from schemas.customs import ANNUAL_EXPORTS, LINE_COUNTS
from schemas.eligibility import ENTERPRISES
from schemas.measures import ABOVE, BAND_LIMITS_USD, SIZE_BANDS
from schemas.table import SUM
from schemas.terms.loader import PolicyTerms, all_terms, registered_years

MARK = "测算，非名单"
"""What every row and picture of a simulation carries."""
MOVEMENTS = {"stays": "两者均列入", "comes_in": "新列入", "goes_out": "不再列入"}
BANDS = (*SIZE_BANDS, ABOVE)
NO_DISTRICT = "（未填）"
FIRMS = pl.Schema(
    {
        "mark": pl.String(),
        "movement": pl.String(),
        "uscc": pl.String(),
        "name": pl.String(),
        "district": pl.String(),
        "size_band": pl.String(),
        "decision_before": pl.String(),
        "decision_after": pl.String(),
        "exports_usd": SUM,
        "exposure_usd": SUM,
    }
)


@dataclass(frozen=True)
class Simulation:
    """Two sets of terms, and what lies between them."""

    before: PolicyTerms
    """Registered terms: what is compared with."""
    after: PolicyTerms
    """The terms as they would have been."""
    firms: pl.DataFrame
    """Who is in either list (FIRMS). Exports are those that count for the list it is in; the exposure is
    the insured percentage of them: buyers, and with them the limit for each, are not in customs data."""

    def by(self, dimension: str) -> pl.DataFrame:
        """Enterprises, exports and exposure (USD) by district or size band and movement, with zeros."""
        members: Sequence[str] = BANDS if dimension == "size_band" else (*DISTRICT_ORDER, NO_DISTRICT)
        grid = pl.DataFrame({dimension: members}).join(
            pl.DataFrame({"movement": list(MOVEMENTS)}), how="cross"
        )
        sums = self.firms.group_by(dimension, "movement").agg(
            enterprises=pl.len().cast(pl.Int64), exports_usd=pl.col("exports_usd").sum(),
            exposure_usd=pl.col("exposure_usd").sum(),
        )  # fmt: skip
        zero = pl.lit(Decimal("0.00"), SUM)
        return (
            grid.join(sums, on=[dimension, "movement"], how="left", maintain_order="left")
            .with_columns(
                pl.col("enterprises").fill_null(0), pl.col("exports_usd", "exposure_usd").fill_null(zero)
            )
            .filter((pl.col("enterprises").sum().over(dimension) > 0) | (pl.col(dimension) != NO_DISTRICT))
        )


def other_terms(
    policy_year: int,
    threshold_usd: Decimal | None = None,
    above_usd: Decimal | None = None,
    inclusive: bool | None = None,
    export_year: int | None = None,
) -> tuple[PolicyTerms, PolicyTerms]:
    """The terms to compare with, and those terms with some values changed.

    A year that is not registered is compared with the last registered one before it (else the first),
    and has that year's values where nothing else is said; both are named in what is shown.
    """
    years = registered_years()
    of = policy_year if policy_year in years else max((y for y in years if y < policy_year), default=years[0])
    before = next(terms for terms in all_terms() if terms.policy_year == of)
    after = replace(
        before,
        policy_year=policy_year,
        export_year=export_year or policy_year - 1,
        threshold_usd=before.threshold_usd if threshold_usd is None else threshold_usd,
        exports_above_usd=before.exports_above_usd if above_usd is None else above_usd,
        threshold_inclusive=before.threshold_inclusive if inclusive is None else inclusive,
        take_up_deadline=before.take_up_deadline.replace(year=policy_year),
        sha256="",
    )
    return before, after


def simulate(state: State, before: PolicyTerms, after: PolicyTerms) -> Simulation:
    """Decide everybody twice, by the registered terms and by the others, from what the lake holds."""
    first, second = _decided(state, before, before), _decided(state, before, after)
    both = first.join(second, on="uscc", how="full", coalesce=True, suffix="_after")
    was, would = (pl.col(name).eq_missing(pl.lit("eligible")) for name in ("decision", "decision_after"))
    exports = pl.when(would).then("fob_usd_after").otherwise("fob_usd")
    share = int(after.insured_percentage * 10_000)
    cents = (exports.cast(pl.Decimal(38, 2)) * 100).cast(pl.Int128)
    limits = zip(BAND_LIMITS_USD, SIZE_BANDS, strict=True)
    bands = [pl.when(pl.col("exports_usd") <= limit).then(pl.lit(band)) for limit, band in limits]
    firms = (
        both.filter(was | would)
        .with_columns(
            mark=pl.lit(MARK),
            movement=pl.when(was & would).then(pl.lit("stays")).when(would).then(pl.lit("comes_in"))
            .otherwise(pl.lit("goes_out")),
            name=pl.coalesce("name_after", "name").fill_null(""),
            district=pl.coalesce("district_after", "district").fill_null(NO_DISTRICT),
            decision_before="decision",
            exports_usd=exports,
            exposure_usd=((cents * share + 5_000) // 10_000).cast(pl.Decimal(38, 2)) / 100,
        )
        .with_columns(size_band=pl.coalesce(*bands, pl.lit(ABOVE)))
        .select(pl.col(name).cast(dtype) for name, dtype in FIRMS.items())
        .sort("uscc")
    )  # fmt: skip
    return Simulation(before, after, firms)


def _decided(state: State, registered: PolicyTerms, terms: PolicyTerms) -> pl.DataFrame:
    """`uscc`, `decision`, `fob_usd`, `name`, `district` under some terms; rulings aside."""
    lake, year = Lake(state.root), terms.export_year
    made = state.entries(ANNUAL_EXPORTS.name)
    if str(year) not in made:
        raise LookupError(
            f"There are no exports of {year} to simulate with, but those of {', '.join(made) or 'no year'}: "
            "run `tongbao nightly`, or name another year."
        )
    editions = (
        editions_now(state, registered.policy_year) if terms.policy_year == registered.policy_year else []
    )
    first = editions[0].published_on if editions else None
    versions = accepted_versions(lake.scan(ENTERPRISES.ledger), ENTERPRISES)
    facts = registry_facts(versions, roster_date(first, terms, state.today))
    months = [key for key in state.entries(LINE_COUNTS.name) if int(key[:4]) <= year]
    exports = lake.scan(ANNUAL_EXPORTS, [str(year)])
    decisions = decide(exports, lake.scan(LINE_COUNTS, months), facts, (), terms)
    return (
        decisions.select("uscc", "decision", "fob_usd")
        .join(facts.select("uscc", "name", "district"), on="uscc", how="left")
        .collect()
    )
