"""The annual statistics: each measure by hand, sums over every dimension, and the public copy."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import polars as pl
import pytest

from assets.statistics.annual import YearFrames, annual_statistics, contributions, facts, status
from assets.statistics.public import public_statistics
from assets.statistics.revisions import in_force, revised, revisions
from schemas.eligibility import ROSTER_DECISIONS
from schemas.measures import BY_NAME, DIMENSIONS, FACTS, MEASURES, UNITS
from schemas.policies import CLAIM_AUDIT, POLICY_RECONCILIATION, SERVICE_USE, TAKE_UP
from schemas.push import PUSH_LIST
from schemas.statistics import (
    ANNUAL_STATISTICS,
    CELL,
    INSURED_EXPORTS,
    PUBLIC_STATISTICS,
    STATISTICS_CONTRIBUTIONS,
    STATISTICS_REVISIONS,
)
from schemas.table import Table
from schemas.terms.loader import load_terms

TERMS = load_terms(2025)
TODAY = date(2025, 12, 1)


def table(of: Table, *rows: dict[str, Any]) -> pl.LazyFrame:
    return pl.LazyFrame(list(rows), schema=of.schema)


def line(uscc: str, status: str = "taken_up", **more: Any) -> dict[str, Any]:
    taken = status != "not_taken_up"
    return {"policy_year": 2025, "uscc": uscc, "status": status, "district": "宝安区",
            "policy_no": f"P{uscc}" if taken else None, "channel": "online" if taken else None,
            "days_late": 0} | more  # fmt: skip


def policy(uscc: str, **more: Any) -> dict[str, Any]:
    return {"policy_no": f"P{uscc}", "policy_year": 2025, "uscc": uscc, "district": "宝安区",
            "channel": "online", "taken_up_on": date(2025, 6, 2), "issued_on": date(2025, 6, 3),
            "status": "matched"} | more  # fmt: skip


def claim(no: str, uscc: str | None, loss: str, **more: Any) -> dict[str, Any]:
    return {"claim_no": no, "policy_no": f"P{uscc}", "policy_year": 2025, "uscc": uscc,
            "buyer_country": "USA", "cause": "insolvency", "status": "paid",
            "paid_on": date(2025, 11, 11), "loss_usd": Decimal(loss),
            "expected_indemnity_usd": Decimal(loss) * Decimal("0.8"),
            "paid_usd": Decimal(loss) * Decimal("0.8")} | more  # fmt: skip


def used(uscc: str, service: str, quantity: int) -> dict[str, Any]:
    return {"uscc": uscc, "policy_year": 2025, "service": service, "quantity": quantity}


def exports(*rows: tuple[str, str, str, str]) -> pl.LazyFrame:
    return pl.LazyFrame(
        [(2025, *r[:3], Decimal(r[3])) for r in rows], schema=INSURED_EXPORTS.schema, orient="row"
    )


def decided(uscc: str, fob: str, decision: str = "eligible") -> dict[str, Any]:
    return {"policy_year": 2025, "uscc": uscc, "fob_usd": Decimal(fob), "decision": decision}


YEAR = YearFrames(
    decisions=table(
        ROSTER_DECISIONS,
        decided("A", "100000.00"),
        decided("B", "100000.01"),
        decided("C", "8000000.00"),
        decided("G", "8000000.01", "over_threshold"),
    ),
    take_up=table(
        TAKE_UP,
        line("A"),
        line("B", "taken_up_late", channel="offline"),
        line("C", "not_taken_up", district="福田区"),
    ),
    reconciliation=table(
        POLICY_RECONCILIATION,
        policy("A"),
        policy("A", policy_no="PA0", status="cancelled", taken_up_on=date(2025, 1, 1)),
        policy("B", channel="offline", taken_up_on=date(2025, 8, 1), status="discrepant"),
    ),
    claims=table(
        CLAIM_AUDIT,
        claim("1", "A", "1000.00", reported_on=date(2025, 11, 1)),
        claim("2", "A", "500.00", status="reported", paid_on=None, paid_usd=Decimal(0)),
        claim("3", None, "10.00", buyer_country="DEU", cause="repudiation"),
    ),
    insured_exports=exports(
        ("A", "USA", "85", "60.00"), ("A", "USA", "85", "0.01"), ("B", "DEU", "84", "40.00")
    ),
    eligible_exports=exports(("A", "USA", "85", "100.00"), ("C", "USA", "39", "300.00")),
    services=table(
        SERVICE_USE,
        used("A", "credit_report", 5),
        used("C", "credit_report", 1),
        used("B", "app_binding", 1),
    ),
    pushes=table(PUSH_LIST, {"uscc": "A"}, {"uscc": "A"}, {"uscc": "B"}),
    previous_take_up=table(TAKE_UP, line("A"), line("B", "not_taken_up"), line("G", district="南山区")),
)


NOTHING_BEFORE = ANNUAL_STATISTICS.empty().lazy()


def made(frames: YearFrames = YEAR, **given: Any) -> pl.DataFrame:
    options: dict[str, Any] = {"terms": TERMS, "today": TODAY, "previous": NOTHING_BEFORE} | given
    return annual_statistics(2025, contributed(frames).lazy(), **options).collect()


def contributed(frames: YearFrames = YEAR) -> pl.DataFrame:
    return contributions(2025, frames, TERMS).collect()


def value(found: pl.DataFrame, measure: str, dimension: str = "total", member: str = "all") -> Any:
    cell = (pl.col("measure") == measure) & (pl.col("dimension") == dimension) & (pl.col("member") == member)
    return found.row(by_predicate=cell, named=True)["value"]


FOUND = made()


def test_it_keeps_its_contract() -> None:
    assert FOUND.schema == ANNUAL_STATISTICS.schema
    ANNUAL_STATISTICS.pandera_model().validate(FOUND)


@pytest.mark.parametrize(
    ("measure", "dimension", "member", "expected"),
    [
        ("enterprises_eligible", "total", "all", "3"),
        ("enterprises_eligible", "size_band", "≤100k", "1"),
        ("enterprises_eligible", "size_band", "≤500k", "1"),
        ("enterprises_eligible", "size_band", "≤8M", "1"),
        ("enterprises_taken_up", "total", "all", "2"),
        ("enterprises_taken_up", "take_up_month", "2025-06", "1"),
        ("enterprises_taken_up", "take_up_month", "2025-08", "1"),
        ("enterprises_taken_up", "district", "大鹏新区", "0"),
        ("enterprises_taken_up_late", "channel", "offline", "1"),
        ("take_up_rate", "total", "all", "0.666667"),
        ("take_up_rate", "district", "福田区", "0"),
        ("take_up_rate", "district", "大鹏新区", None),
        ("insured_exports_usd", "country", "USA", "60.01"),
        ("insured_exports_usd", "channel", "offline", "40"),
        ("share_of_eligible_exports", "total", "all", "0.250025"),
        ("share_of_eligible_exports", "country", "DEU", None),
        ("claims_reported", "total", "all", "3"),
        ("claims_reported", "district", "unknown", "1"),
        ("claims_paid", "cause", "repudiation", "1"),
        ("loss_usd", "country", "USA", "1500"),
        ("indemnity_due_usd", "total", "all", "1208"),
        ("indemnity_paid_usd", "total", "all", "808"),
        ("days_from_report_to_payment", "total", "all", "10"),
        ("services_used", "service", "credit_report", "6"),
        ("services_used", "service", "online_claim", "0"),
        ("credit_reports_used_of_granted", "total", "all", "0.5"),
        ("app_bindings", "size_band", "≤500k", "1"),
        ("pushes", "district", "宝安区", "3"),
        ("enterprises_renewed", "total", "all", "1"),
        ("enterprises_graduated", "district", "南山区", "1"),
    ],
)
def test_measures_by_hand(measure: str, dimension: str, member: str, expected: str | None) -> None:
    found = value(FOUND, measure, dimension, member)
    assert found == (None if expected is None else Decimal(expected))


def test_every_pair_of_the_table_exists_and_no_other() -> None:
    found = set(FOUND.select("dimension", "measure").unique().iter_rows())
    assert found == {(d, m.name) for m in MEASURES for d in m.dimensions}
    assert {d for d, _ in found} == set(DIMENSIONS)


def test_only_rates_may_be_empty_and_only_over_nothing() -> None:
    empty = FOUND.filter(pl.col("value").is_null())
    assert {m for m in empty["measure"] if not BY_NAME[m].is_rate} == set()
    assert set(empty["denominator"]) == {Decimal(0)}


def test_additive_measures_and_both_sides_of_rates_add_up() -> None:
    sides = (pl.coalesce("numerator", "value").alias("sum"), pl.col("denominator"))
    sums = FOUND.with_columns(sides).group_by("measure", "dimension").agg(pl.col("sum", "denominator").sum())
    assert sums.select("measure", "sum", "denominator").unique().height == len(MEASURES)


def test_without_last_year_nothing_is_said_of_it() -> None:
    found = made(replace(YEAR, previous_take_up=None), previous=None)
    assert not {m.name for m in MEASURES if m.needs_year_before} & set(found["measure"])
    assert found["previous_value"].null_count() == found.height


def test_last_years_value_stands_beside_and_its_members_stay() -> None:
    last = FOUND.with_columns(policy_year=pl.lit(2024)).filter(pl.col("measure") == "claims_paid")
    gone = last.head(1).with_columns(dimension=pl.lit("country"), member=pl.lit("FRA"))
    newer = gone.with_columns(revision=pl.lit(1, pl.Int32), value=pl.lit(7).cast(pl.Decimal(28, 6)))
    found = made(previous=pl.concat([last, gone, newer]).lazy())
    cell = found.row(
        by_predicate=(pl.col("member") == "FRA") & (pl.col("measure") == "claims_paid"), named=True
    )
    assert (cell["value"], cell["previous_value"]) == (0, 7)
    assert found.filter(pl.col("measure") == "pushes")["previous_value"].unique().to_list() == [0]


@pytest.mark.parametrize(
    ("today", "expected"),
    [(date(2027, 6, 30), "provisional"), (date(2027, 7, 1), "final")],
)
def test_a_year_closes_twelve_months_after_cover(today: date, expected: str) -> None:
    assert status(TERMS, today) == expected


def test_an_empty_year_is_all_zeros() -> None:
    nothing = YearFrames(**{name: frame.clear() for name, frame in vars(YEAR).items()})
    found = made(nothing)
    assert set(found["value"]) == {Decimal(0), None}


def random_year(seed: int) -> YearFrames:
    rng = random.Random(seed)
    firms = [f"E{n}" for n in range(rng.choice([8, 40, 120]))]
    districts = {u: rng.choice(["宝安区", "宝安区", "宝安区", "福田区", "盐田区"]) for u in firms}
    state = {u: rng.choice(["taken_up", "taken_up_late", "not_taken_up"]) for u in firms}
    fob = {u: str(rng.choice([50_000, 400_000, 2_000_000, 7_999_999])) for u in firms}
    covered = [u for u in firms if state[u] != "not_taken_up"]
    sold = [
        (u, rng.choice(["USA", "USA", "USA", "DEU", "FRA"]), rng.choice(["84", "85"]),
         f"{rng.paretovariate(0.6):.2f}")
        for u, _ in product(covered, range(2))
    ]  # fmt: skip
    claims = [
        claim(f"{n}", u, f"{rng.randint(1, 9)}000.00", cause=rng.choice(["insolvency", "repudiation"]))
        for n, u in enumerate(covered)
        if rng.random() < 0.5
    ]
    services = [
        used(u, rng.choice(["credit_report", "app_binding", "online_claim"]), rng.randint(1, 4))
        for u in covered
    ]
    return replace(
        YEAR,
        decisions=table(ROSTER_DECISIONS, *(decided(u, f) for u, f in fob.items())),
        take_up=table(TAKE_UP, *(line(u, state[u], district=districts[u]) for u in firms)),
        reconciliation=table(
            POLICY_RECONCILIATION,
            *(policy(u, taken_up_on=date(2025, rng.randint(3, 9), 1)) for u in covered),
        ),
        claims=table(CLAIM_AUDIT, *claims),
        insured_exports=exports(*sold),
        eligible_exports=exports(*sold[::2]),
        services=table(SERVICE_USE, *services),
        pushes=table(PUSH_LIST, *({"uscc": u} for u in covered)),
        previous_take_up=table(TAKE_UP, *(line(u, district=districts[u]) for u in firms[::3])),
    )


def may_be_told(amounts: list[Decimal]) -> bool:
    """The disclosure rule in plain Python, for one sum."""
    top = sorted((abs(a) for a in amounts if a), reverse=True)
    if not top:
        return True
    rest = sum(top[2:], Decimal(0))
    return len(top) >= 5 and 2 * top[0] <= sum(top) and 10 * rest >= top[0]


def published(seed: int) -> tuple[pl.DataFrame, set[tuple[str, str, str]]]:
    """All contributions of a random year, and the cells that its public copy tells."""
    frames = random_year(seed)
    whole = contributed(frames)
    public = public_statistics(made(frames), whole)
    assert public.schema == PUBLIC_STATISTICS.schema
    return whole, set(public.filter(~pl.col("is_suppressed")).select(CELL).iter_rows())


def test_the_public_copy_reveals_nothing_even_by_subtraction() -> None:
    """Tried: every cell told, the total less those, a whole less its part, cell by cell and together."""
    attacks = 0
    for seed in range(8):
        whole, told = published(seed)
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
        _, told = published(seed)
        for d, m, measure in told:
            for other in BY_NAME[measure].of:
                assert d not in BY_NAME[other].dimensions or (d, m, other) in told


def test_what_is_suppressed_is_empty_and_the_rest_as_inside() -> None:
    frames = random_year(1)
    inside = made(frames)
    public = public_statistics(inside, contributed(frames))
    assert 0 < public["is_suppressed"].sum() < public.height
    hidden = public.filter("is_suppressed")
    assert hidden["value"].null_count() == hidden["numerator"].null_count() == hidden.height
    told = public.filter(~pl.col("is_suppressed")).select(*CELL, "value")
    assert told.join(inside, on=[*CELL, "value"], how="anti", nulls_equal=True).is_empty()


def test_last_years_value_is_public_only_where_it_was() -> None:
    frames = random_year(1)
    inside = made(frames)
    before = public_statistics(inside, contributed(frames))
    beside = inside.with_columns(previous_value=pl.lit(1).cast(pl.Decimal(28, 6)))
    now = public_statistics(beside, contributed(frames), before)
    assert now.filter(pl.col("previous_value").is_not_null()).height == (
        before.height - before["is_suppressed"].sum()
    )


def final(frames: YearFrames) -> pl.DataFrame:
    return made(frames, today=date(2027, 7, 1))


def with_late_claim(frames: YearFrames, *usccs: str) -> YearFrames:
    late = [claim(f"L{uscc}", uscc, "100.00") for uscc in usccs]
    return replace(frames, claims=pl.concat([frames.claims, table(CLAIM_AUDIT, *late)]))


def test_an_open_years_figures_are_replaced() -> None:
    assert revised(FOUND, made(with_late_claim(YEAR, "B")))["revision"].unique().to_list() == [0]
    assert revised(FOUND, final(YEAR))["status"].unique().to_list() == ["final"]


def test_a_closed_years_figures_stay_and_a_change_is_a_revision() -> None:
    standing = final(YEAR)
    assert revised(standing, final(YEAR)).equals(standing)
    written = revised(standing, final(with_late_claim(YEAR, "B")))
    assert written.filter(pl.col("revision") == 0).equals(standing)
    assert value(in_force(written), "loss_usd") == value(standing, "loss_usd") + 100
    assert revised(written, final(with_late_claim(YEAR, "B"))).equals(written)
    ANNUAL_STATISTICS.pandera_model().validate(written)


def test_a_revision_says_size_and_cause() -> None:
    standing = final(YEAR)
    written = revised(standing, final(with_late_claim(YEAR, "B")))
    told = revisions(None, standing, written, {"claim_audit", "push_list"}, date(2027, 8, 1))
    STATISTICS_REVISIONS.pandera_model().validate(told)
    [total] = told.filter(pl.col("measure") == "loss_usd", pl.col("dimension") == "total").to_dicts()
    assert (total["revision"], total["change"], total["causes"]) == (1, 100, ["claim_audit"])
    assert set(told["measure"]) == {
        "claims_reported", "loss_usd", "indemnity_due_usd", "indemnity_paid_usd", "claims_paid",
    }  # fmt: skip
    assert revisions(told, written, written, {"claim_audit"}, TODAY).equals(told)


def test_without_a_changed_table_the_definition_changed() -> None:
    standing = final(YEAR)
    written = revised(standing, final(with_late_claim(YEAR, "B")))
    told = revisions(None, standing, written, set(), TODAY)
    assert told["causes"].unique().to_list() == [["definition"]]


def test_a_revision_by_few_is_not_told_then_or_later() -> None:
    """The first revision's figure less the closing's is one enterprise's claim."""
    frames = random_year(3)
    standing, stood = final(frames), contributed(frames)
    public = public_statistics(standing, stood)
    open_cells = set(public.filter(~pl.col("is_suppressed")).select(CELL).iter_rows())
    assert ("total", "all", "loss_usd") in open_cells
    later = with_late_claim(frames, "E1")
    written, now = revised(standing, final(later)), contributed(later)
    first = public_statistics(in_force(written), now, None, public, stood)
    assert hidden_in(first, "loss_usd")
    again = public_statistics(in_force(written), now, None, first, now)
    assert again.equals(first)
    many = with_late_claim(later, *(f"E{n}" for n in range(8)))
    second = revised(written, final(many))
    assert hidden_in(public_statistics(in_force(second), contributed(many), None, first, now), "loss_usd")


def hidden_in(public: pl.DataFrame, measure: str) -> bool:
    cell = (pl.col("measure") == measure) & (pl.col("dimension") == "total")
    return bool(public.row(by_predicate=cell, named=True)["is_suppressed"])


def test_every_measure_is_defined_in_full() -> None:
    rows = facts(YEAR, TERMS)
    assert set(rows) == set(FACTS)
    for measure in MEASURES:
        assert all((measure.zh, measure.en, measure.formula_zh, measure.formula, *measure.revised_by))
        assert measure.unit in UNITS
        assert measure.sources
        assert measure.part_of is None or measure.part_of in measure.of
        assert {*measure.of} <= set(BY_NAME)
    assert contributed().schema == STATISTICS_CONTRIBUTIONS.schema
