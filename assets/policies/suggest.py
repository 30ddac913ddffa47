"""Whom an unidentified policy may insure: suggestions with their evidence, best first.

A suggestion never decides: an office accepts one in `reviews`. Candidates come from similar names
(rapidfuzz), credit codes a slip of the finger away, and customs codes held at any time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from assets.policies.identify import newest_facts, versions
from assets.policies.names import codes, core_name, normalised_district, normalised_name
from assets.policies.reviews import candidates
from schemas.policies import EVIDENCE, POLICY_SUGGESTIONS

SHOWN = 3
"""Suggestions a policy."""
LEAST = 60
"""Names less alike than this, out of 100, are no suggestion by themselves."""
LOOKED_AT = 20
"""Candidates a way and policy that are looked at closely, and those as like as the last of them."""
SLIPS = 2
"""Characters in which a mistyped credit code may differ."""
POINTS = {"near_uscc": 30, "customs_code": 20, "same_district": 2, "on_roster": 2}
"""What evidence beside the name is worth, where the name gives 0 … 100."""
BATCH = 256
"""Policies compared at once: bounds the memory to batch × names bytes."""


class Names(NamedTuple):
    """Names to compare with, each with its enterprise: normalised, its core, the core's letters sorted."""

    uscc: Sequence[str]
    full: Sequence[str]
    core: Sequence[str]
    letters: Sequence[str]


def suggest(unidentified: pl.LazyFrame, registry: pl.LazyFrame, listed: pl.LazyFrame) -> pl.LazyFrame:
    """Suggestions for policies without an identified insured.

    `unidentified` has rows of policies; `registry` every accepted version; `listed` the uscc of the
    edition in force. Gives rows of policy_suggestions.
    """
    stated = unidentified.select(
        "policy_no",
        "policy_year",
        "insured_uscc",
        "insured_customs_code",
        normalised_name("insured_name"),
        stated_district=normalised_district("district"),
    ).collect()
    rows = candidates(registry)
    names = _names(versions(rows).select("uscc", "name"))
    found = pl.DataFrame(
        [*_by_name(stated, names), *_by_slip(stated, sorted(set(names.uscc)))],
        schema={"policy_no": pl.String, "uscc": pl.String},
        orient="row",
    )
    pairs = pl.concat([found.lazy(), _by_customs_code(stated.lazy(), rows)]).unique()
    return _ranked(pairs, stated.lazy(), rows, listed)


def _names(rows: pl.LazyFrame) -> Names:
    """The names that each enterprise has and had."""
    known = rows.unique().drop_nulls().with_columns(core=core_name("name")).sort("uscc", "name").collect()
    return Names(
        known["uscc"].to_list(),
        known["name"].to_list(),
        known["core"].to_list(),
        ["".join(sorted(core)) for core in known["core"]],
    )


def _by_name(stated: pl.DataFrame, names: Names) -> Iterator[tuple[str, str]]:
    """Enterprises with the most similar names, in either order of their words."""
    asked = stated.drop_nulls("insured_name").with_columns(core=core_name("insured_name"))
    for batch in asked.iter_slices(BATCH) if names.uscc else ():
        cores = batch["core"].to_list()
        letters = ["".join(sorted(core)) for core in cores]
        for queries, choices in ((cores, names.core), (letters, names.letters)):
            likeness = process.cdist(queries, choices, scorer=fuzz.ratio, dtype=np.uint8, workers=-1)
            for policy_no, row in zip(batch["policy_no"], likeness, strict=True):
                least = max(LEAST, np.partition(row, -LOOKED_AT)[-LOOKED_AT] if row.size > LOOKED_AT else 0)
                yield from ((policy_no, names.uscc[at]) for at in np.flatnonzero(row >= least).tolist())


def _by_slip(stated: pl.DataFrame, usccs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Enterprises whose credit code differs from the stated one in a slip or two."""
    asked = stated.drop_nulls("insured_uscc")
    for batch in asked.iter_slices(BATCH) if usccs else ():
        slips = process.cdist(
            batch["insured_uscc"].to_list(), usccs, scorer=Levenshtein.distance, score_cutoff=SLIPS,
            dtype=np.uint8, workers=-1,
        )  # fmt: skip
        for policy, at in zip(*np.nonzero(slips <= SLIPS), strict=True):
            yield batch["policy_no"][int(policy)], usccs[int(at)]


def _by_customs_code(stated: pl.LazyFrame, registry: pl.LazyFrame) -> pl.LazyFrame:
    """Enterprises that hold or held the stated customs code, alone or not."""
    held = registry.select("uscc", insured_customs_code="customs_code")
    return stated.join(held, on="insured_customs_code").select("policy_no", "uscc")


def _ranked(
    pairs: pl.LazyFrame, stated: pl.LazyFrame, registry: pl.LazyFrame, listed: pl.LazyFrame
) -> pl.LazyFrame:
    """Each pair with its evidence and points; the best of each policy."""
    newest = newest_facts(registry).select("uscc", "name", known_district=normalised_district("district"))
    judged = (
        pairs.join(stated, on="policy_no")
        .join(_name_evidence(pairs, stated, registry), on=["policy_no", "uscc"], how="left")
        .join(newest, on="uscc")
        .join(_by_customs_code(stated, registry).unique().with_columns(has_code=True),
              on=["policy_no", "uscc"], how="left")
        .join(listed.select("uscc").unique().with_columns(is_listed=True), on="uscc", how="left")
        .with_columns(
            slips=pl.struct("insured_uscc", "uscc").map_batches(_slips, return_dtype=pl.Int32),
            alike=pl.col("alike").fill_null(0),
        )
        .with_columns(codes(_evidence(), EVIDENCE).alias("evidence"))
    )  # fmt: skip
    bonus = pl.sum_horizontal(
        pl.col("evidence").list.contains(code).cast(pl.Int32) * points for code, points in POINTS.items()
    )
    return (
        judged.with_columns(score=pl.col("alike").round().cast(pl.Int32) + bonus)
        .sort("policy_no", "score", "alike", "uscc", descending=[False, True, True, False])
        .with_columns(rank=pl.int_range(1, pl.len() + 1).over("policy_no"))
        .filter(pl.col("rank") <= SHOWN)
        .with_columns(district="known_district", name_alike=pl.col("alike").round().cast(pl.Int32))
        .select(pl.col(name).cast(dtype) for name, dtype in POLICY_SUGGESTIONS.schema.items())
    )


def _evidence() -> Mapping[str, pl.Expr]:
    """Code → whether it applies; what is unknown on either side is no evidence."""
    flags = {
        "same_name": pl.col("is_same_now"),
        "former_name": pl.col("is_same") & ~pl.col("is_same_now"),
        "similar_name": ~pl.col("is_same") & (pl.col("alike") >= LEAST),
        "near_uscc": pl.col("slips") <= SLIPS,
        "customs_code": pl.col("has_code"),
        "same_district": pl.col("stated_district") == pl.col("known_district"),
        "on_roster": pl.col("is_listed"),
    }
    return {code: flag.fill_null(value=False) for code, flag in flags.items()}


def _name_evidence(pairs: pl.LazyFrame, stated: pl.LazyFrame, registry: pl.LazyFrame) -> pl.LazyFrame:
    """How alike the stated name and the enterprise's names are: the best of them."""
    held = versions(registry).group_by("uscc", "name").agg(is_now=pl.col("until").is_null().any())
    asked = stated.select("policy_no", "insured_name")
    return (
        pairs.join(asked, on="policy_no")
        .join(held, on="uscc")
        .drop_nulls()
        .with_columns(of_stated=core_name("insured_name"), of_held=core_name("name"))
        .with_columns(alike=pl.struct(pl.all()).map_batches(_alike, return_dtype=pl.Float64))
        .group_by("policy_no", "uscc")
        .agg(
            pl.col("alike").max(),
            is_same=(pl.col("name") == pl.col("insured_name")).any(),
            is_same_now=((pl.col("name") == pl.col("insured_name")) & pl.col("is_now")).any(),
        )
    )


def _alike(rows: pl.Series) -> pl.Series:
    """0 … 100: cores in either order, and a tenth for the whole names, which tells legal forms apart."""

    def one(row: Mapping[str, str]) -> float:
        stated, held = row["of_stated"], row["of_held"]
        turned = fuzz.ratio("".join(sorted(stated)), "".join(sorted(held))) - 5
        return 0.9 * max(fuzz.ratio(stated, held), turned) + 0.1 * fuzz.ratio(
            row["insured_name"], row["name"]
        )

    return pl.Series([one(row) for row in rows], dtype=pl.Float64)


def _slips(pairs: pl.Series) -> pl.Series:
    """In how many characters the stated credit code differs; null where none is stated."""
    distances = [
        None if row["insured_uscc"] is None else Levenshtein.distance(row["insured_uscc"], row["uscc"])
        for row in pairs
    ]
    return pl.Series(distances, dtype=pl.Int32)
