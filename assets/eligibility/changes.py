"""What one edition changed of another, why, and how to apply it: older + changes = newer.

The changes name who was added, removed or changed. All other lines stay as they were, but for their
serials, which run by district in the notice's order, then by credit code; an imported line that
stands elsewhere is named as well, so that applying gives the newer edition byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from assets.eligibility.editions import Edition, in_order, kept_decisions, rulings
from assets.eligibility.register import Register
from schemas.eligibility import ROSTER, ROSTER_CHANGES

REGISTRY = ["invalid_identity", "not_in_city", "deregistered"]
"""The decisions that rest on the registry and not on exports."""


@dataclass(frozen=True)
class Snapshot:
    """An edition, or today's draft, with the decisions that it rests on (None: not this system's)."""

    number: int
    lines: pl.DataFrame
    decisions: pl.DataFrame | None


def changes(
    editions: Sequence[Edition], register: Register, policy_year: int, claims: pl.DataFrame
) -> pl.DataFrame:
    """Rows of roster_changes between editions that follow each other.

    `claims`: the year's objections of the source (uscc, objection_no).
    """
    snapshots = [Snapshot(e.number, e.lines, kept_decisions(register, e)) for e in editions]
    grounds = Grounds.of(register, policy_year, claims)
    steps = [change(older, newer, grounds) for older, newer in pairwise(snapshots)]
    return pl.concat([ROSTER_CHANGES.empty(), *steps])


@dataclass(frozen=True)
class Grounds:
    """The objections that a change may rest on: USCC → number."""

    details: Mapping[str, str]
    """Upheld objections to name or district."""
    claims: Mapping[str, str]
    """Objections of the source, whatever became of them: all that is known of imported editions."""

    @classmethod
    def of(cls, register: Register, policy_year: int, claims: pl.DataFrame) -> Grounds:
        """The grounds of a year."""
        details = {
            act.detail["uscc"]: number
            for number, act in rulings(register, policy_year).items()
            if act.detail["ruling"] == "upheld" and act.detail["claim"] == "details_wrong"
        }
        return cls(details, dict(claims.sort("objection_no").select("uscc", "objection_no").rows()))


def change(older: Snapshot, newer: Snapshot, grounds: Grounds) -> pl.DataFrame:
    """Rows of roster_changes from one to the other, in order of credit code."""
    placed = in_order(newer.lines.drop("serial")).select("uscc", place="serial")
    both = older.lines.join(newer.lines, on="uscc", how="full", coalesce=True, suffix="_new").join(
        placed, on="uscc", how="left"
    )
    was, now = pl.col("name").is_not_null(), pl.col("name_new").is_not_null()
    differs = pl.any_horizontal(pl.col(c).ne_missing(pl.col(f"{c}_new")) for c in ("name", "district"))
    elsewhere = pl.col("serial_new") != pl.col("place")
    kind = (
        pl.when(~was)
        .then(pl.lit("added"))
        .when(~now)
        .then(pl.lit("removed"))
        .when(differs | elsewhere)
        .then(pl.lit("changed"))
    )
    found = both.with_columns(change=kind, is_renumbered=~differs).filter(pl.col("change").is_not_null())
    return (
        _with_decisions(found, older, newer)
        .with_columns(
            upheld_details=pl.col("uscc").replace_strict(
                grounds.details, default=None, return_dtype=pl.String
            ),
            claim=pl.col("uscc").replace_strict(grounds.claims, default=None, return_dtype=pl.String),
        )
        .select(
            policy_year=pl.coalesce("policy_year_new", "policy_year"),
            from_edition=pl.lit(older.number, pl.Int32),
            to_edition=pl.lit(newer.number, pl.Int32),
            uscc="uscc",
            change="change",
            serial="serial_new",
            name="name_new",
            district="district_new",
            reason=_reason(newer),
        )
        .select(ROSTER_CHANGES.names)
        .sort("uscc")
    )


def _with_decisions(found: pl.DataFrame, older: Snapshot, newer: Snapshot) -> pl.DataFrame:
    """Adds what was decided of each enterprise, and by which objection, before and after."""
    empty = pl.DataFrame(schema={"uscc": pl.String, "decision": pl.String, "overridden_by": pl.String})
    for suffix, snapshot in (("_then", older), ("_now", newer)):
        decided = empty if snapshot.decisions is None else snapshot.decisions.select(empty.columns)
        renamed = decided.rename({name: name + suffix for name in ("decision", "overridden_by")})
        found = found.join(renamed, on="uscc", how="left")
    return found


def _reason(newer: Snapshot) -> pl.Expr:
    if newer.decisions is None:
        return pl.coalesce("claim", pl.lit("as_published"))
    then, now = pl.col("decision_then"), pl.col("decision_now")
    by_ruling = pl.col("overridden_by_now").ne_missing(pl.col("overridden_by_then"))
    return (
        pl.when(pl.col("change") == "changed")
        .then(pl.coalesce("upheld_details", pl.lit("registry")))
        .when(by_ruling)
        .then(pl.coalesce("overridden_by_now", "overridden_by_then"))
        .when(now.is_null() | now.is_in(REGISTRY) | then.is_in(REGISTRY))
        .then(pl.lit("registry"))
        .when(then.is_null())
        .then(pl.lit("as_published"))
        .otherwise(pl.lit("amended_declarations"))
    )


def apply(older: pl.DataFrame, made: pl.DataFrame, policy_year: int, to_edition: int) -> pl.DataFrame:
    """The lines of the newer edition: those of the older one with one step of roster_changes applied."""
    named = made.filter(pl.col("change") != "removed")
    kept = older.join(made, on="uscc", how="anti").select("uscc", "name", "district")
    lines = in_order(pl.concat([kept, named.select("uscc", "name", "district")]))
    stated = named.select("uscc", stated="serial")
    return (
        lines.join(stated, on="uscc", how="left")
        .with_columns(
            policy_year=policy_year,
            edition=to_edition,
            serial=pl.coalesce("stated", "serial"),
        )
        .select(pl.col(name).cast(dtype) for name, dtype in ROSTER.schema.items())
        .sort("uscc")
    )
