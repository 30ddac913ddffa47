"""The public copy: what it leaves out, and that no copy, nor two of them together, reveal a cell."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import combinations

import polars as pl
import pytest

from assets.statistics.annual import YearFrames
from assets.statistics.public import public_statistics, renewed_next, renewed_on
from assets.statistics.revisions import in_force, revised
from schemas.measures import BY_NAME, MEASURES
from schemas.policies import CLAIM_AUDIT, SERVICE_USE
from schemas.statistics import CELL, PUBLIC_CONTRIBUTIONS, PUBLIC_STATISTICS
from tests.unit.statistics_examples import (
    claim,
    contributed,
    final,
    made,
    random_year,
    table,
    used,
    with_late_claim,
)

FIRST = date(2026, 1, 1)
Cells = set[tuple[str, str, str]]


def may_be_told(amounts: list[Decimal]) -> bool:
    """The disclosure rule in plain Python, for one sum."""
    top = sorted((abs(a) for a in amounts if a), reverse=True)
    if not top:
        return True
    rest = sum(top[2:], Decimal(0))
    return len(top) >= 5 and 2 * top[0] <= sum(top) and 10 * rest >= top[0]


@dataclass(frozen=True)
class Copy:
    """A public copy: what was summed for it, and the cells that it tells."""

    contributions: pl.DataFrame
    told: Cells

    def rows(self, dimension: str, measure: str) -> pl.DataFrame:
        """What was summed for one measure and dimension."""
        return self._parts.get((dimension, measure), self.contributions.clear())

    @cached_property
    def _parts(self) -> dict[tuple[object, ...], pl.DataFrame]:
        return self.contributions.partition_by("dimension", "measure", as_dict=True)


def published(seed: int) -> Copy:
    """The first public copy of a random year."""
    [copy] = copies(random_year(seed))
    return copy


def copies(*states: YearFrames) -> list[Copy]:
    """The public copies of a year in these states, half a year apart."""
    found, kept = [], None
    for number, frames in enumerate(states):
        rows, day = contributed(frames), date(2026 + number // 2, 1 + number % 2 * 6, 1)
        public, kept = public_statistics(made(frames), rows, day, None, kept)
        assert public.schema == PUBLIC_STATISTICS.schema
        assert kept.schema == PUBLIC_CONTRIBUTIONS.schema
        found.append(Copy(rows, told_by(public)))
    return found


def told_by(public: pl.DataFrame) -> Cells:
    return set(public.filter(~pl.col("is_suppressed")).select(CELL).iter_rows())


def test_the_public_copy_reveals_nothing_even_by_subtraction() -> None:
    """Tried: every cell told, the total less those, a whole less its part, cell by cell and together."""
    attacks = 0
    for seed in range(8):
        copy = published(seed)
        whole, told = copy.contributions, copy.told
        for (dimension, measure), rows in whole.group_by("dimension", "measure"):
            part_of = BY_NAME[str(measure)].part_of or ""
            beside = whole.filter(pl.col("dimension") == dimension, pl.col("measure") == part_of)
            there = {*rows["member"], *beside["member"]}
            shown = {m for m in there if (dimension, m, measure) in told}
            sets = [{m} for m in shown] + [there - shown] * (("total", "all", measure) in told)
            of_whole = {m for m in beside["member"].unique() if (dimension, m, part_of) in told}
            whole_told = ("total", "all", part_of) in told
            for members in sets:
                attacks += 1
                mine = rows.filter(pl.col("member").is_in(list(members)))
                assert may_be_told_both(mine), (seed, dimension, measure, members)
                if members <= of_whole or (members == there - shown and whole_told):
                    others = beside.filter(pl.col("member").is_in(list(members)))
                    less = mine.with_columns(-pl.col("numerator", "denominator"))
                    assert may_be_told_both(pl.concat([others, less])), (seed, dimension, measure, members)
    assert attacks > 500


def may_be_told_both(rows: pl.DataFrame) -> bool:
    sums = rows.group_by("uscc").agg(pl.col("numerator", "denominator").sum())
    return all(may_be_told(sums[side].to_list()) for side in ("numerator", "denominator"))


def test_no_measure_tells_what_another_hides() -> None:
    for seed in range(3):
        told = published(seed).told
        for d, m, measure in told:
            for other in BY_NAME[measure].of:
                assert d not in BY_NAME[other].dimensions or (d, m, other) in told


def test_what_is_suppressed_is_empty_and_the_rest_as_inside() -> None:
    frames = random_year(1)
    inside = made(frames)
    public, _ = public_statistics(inside, contributed(frames), FIRST)
    assert 0 < public["is_suppressed"].sum() < public.height
    hidden = public.filter("is_suppressed")
    assert hidden["value"].null_count() == hidden["numerator"].null_count() == hidden.height
    told = public.filter(~pl.col("is_suppressed")).select(*CELL, "value")
    assert told.join(inside, on=[*CELL, "value"], how="anti", nulls_equal=True).is_empty()


def test_last_years_value_is_the_public_one() -> None:
    frames = random_year(1)
    before, _ = public_statistics(made(frames), contributed(frames), FIRST)
    beside = made(frames).with_columns(previous_value=pl.lit(1).cast(pl.Decimal(28, 6)))
    now, _ = public_statistics(beside, contributed(frames), FIRST, before)
    assert now.filter(pl.col("previous_value").is_not_null()).height == (
        before.filter(pl.col("value").is_not_null()).height
    )
    both = now.join(before, on=CELL).filter(~pl.col("is_suppressed"))
    assert both.filter(pl.col("previous_value").ne_missing(pl.col("value_right"))).is_empty()


@pytest.mark.parametrize(
    ("today", "since", "until"),
    [
        (date(2025, 12, 31), date(2025, 7, 1), date(2026, 1, 1)),
        (date(2026, 1, 1), date(2026, 1, 1), date(2026, 7, 1)),
        (date(2026, 7, 2), date(2026, 7, 1), date(2027, 1, 1)),
    ],
)
def test_the_days_of_a_new_copy(today: date, since: date, until: date) -> None:
    assert (renewed_on(today), renewed_next(today)) == (since, until)


def moved(frames: YearFrames, chance: random.Random) -> YearFrames:
    """The same year later: few or many more claims, claims paid, services used, policies taken up."""
    firms = frames.take_up.collect()["uscc"].to_list()

    def some() -> list[str]:
        return chance.sample(firms, min(len(firms), chance.choice([0, 1, 2, 4, 6, 9, 30])))

    late = [
        claim(f"L{chance.random()}", u, f"{chance.randint(1, 9)}000.00", cause=chance.choice(CAUSES))
        for u in some()
    ]
    unpaid, taken = some(), some()
    paid = pl.when(pl.col("uscc").is_in(unpaid)).then(pl.lit(Decimal(0))).otherwise("paid_usd")
    status = pl.when(pl.col("uscc").is_in(taken)).then(pl.lit("taken_up_late")).otherwise("status")
    services = [used(u, "app_binding", 1) for u in some()]
    return replace(
        frames,
        claims=pl.concat([frames.claims.with_columns(paid_usd=paid), table(CLAIM_AUDIT, *late)]),
        take_up=frames.take_up.with_columns(status=status),
        services=pl.concat([frames.services, table(SERVICE_USE, *services)]),
    )


CAUSES = ("insolvency", "repudiation")


def subtractions(one: Copy, other: Copy) -> Iterator[tuple[str, pl.DataFrame]]:
    """What a reader of two copies can work out: measure less itself, whole less part, either way round;
    of each cell told in both, and of what both totals leave beside those.
    """
    for measure in MEASURES:
        whole = measure.part_of
        pairs = [(one, measure.name, other, measure.name)]
        pairs += [(one, whole, other, measure.name), (other, whole, one, measure.name)] if whole else []
        for of, name, less, subtracted in pairs:
            shared = (d for d in measure.dimensions if d in BY_NAME[name].dimensions)
            for dimension in shared:
                left, right = of.rows(dimension, name), less.rows(dimension, subtracted)
                there = {*left["member"], *right["member"]}
                known = {
                    m for m in there
                    if (dimension, m, name) in of.told and (dimension, m, subtracted) in less.told
                }  # fmt: skip
                totals = ("total", "all", name) in of.told and ("total", "all", subtracted) in less.told
                for members in [{m} for m in sorted(known)] + [there - known] * totals:
                    yield (
                        f"{name} - {subtracted} {dimension} {members}",
                        pl.concat(
                            rows.filter(pl.col("member").is_in(list(members))).with_columns(
                                pl.col("numerator", "denominator") * sign
                            )
                            for rows, sign in ((left, 1), (right, -1))
                        ),
                    )


def test_two_copies_reveal_nothing_when_subtracted() -> None:
    """Every pair of a year's copies, the first and the last included, attacked as a reader would."""
    attacks = renewed = 0
    for seed in (1, 2, 4, 5):
        chance = random.Random(seed)
        states = [random_year(seed)]
        for _ in range(2):
            states.append(moved(states[-1], chance))
        found = copies(*states)
        for one, other in combinations(found, 2):
            for attack, rows in subtractions(other, one):
                attacks += 1
                assert may_be_told_both(rows), (seed, attack)
                renewed += rows.group_by("uscc").agg(moved=pl.col("numerator").sum() != 0)["moved"].any()
    assert attacks > 500
    assert renewed > 100


def test_a_whole_and_its_part_of_another_copy_are_judged_together() -> None:
    """Five of twelve claims unpaid; then four of those five and a paid one are withdrawn. The claims left
    less those that were paid before would be two enterprises'.
    """
    frames = random_year(1)
    firms = [f"E{n}" for n in range(12)]
    state = {u: {"status": "reported", "paid_usd": Decimal(0)} if u in firms[:5] else {} for u in firms}

    def claims(usccs: list[str]) -> YearFrames:
        return replace(frames, claims=table(CLAIM_AUDIT, *(claim(u, u, "10.00", **state[u]) for u in usccs)))

    first, second = copies(claims(firms), claims([firms[4], *firms[6:]]))
    told = [("total", "all", name) for name in ("claims_reported", "claims_paid")]
    assert [cell in first.told for cell in told] == [True, True]
    assert [cell in second.told for cell in told] == [False, False]


def test_a_revision_by_few_is_left_out_until_many_moved_it() -> None:
    """The revision's figure less the closing's is one enterprise's claim; with seven more it is nobody's."""
    frames = random_year(3)
    later = with_late_claim(frames, "E1")
    many = with_late_claim(later, *(f"E{n}" for n in range(2, 10)))
    first = revised(final(frames), final(later))
    second = revised(first, final(many))
    kept, hidden = None, []
    for statistics, state, day in (
        (final(frames), frames, FIRST),
        (in_force(first), later, date(2026, 7, 1)),
        (in_force(second), many, date(2027, 1, 1)),
    ):
        public, kept = public_statistics(statistics, contributed(state), day, None, kept)
        hidden.append(("total", "all", "loss_usd") not in told_by(public))
    assert hidden == [False, True, False]


def test_a_copy_of_what_was_told_is_told_again() -> None:
    frames = random_year(3)
    first, kept = public_statistics(made(frames), contributed(frames), FIRST)
    again, _ = public_statistics(made(frames), contributed(frames), date(2026, 7, 1), None, kept)
    assert again.drop("as_of").equals(first.drop("as_of"))
