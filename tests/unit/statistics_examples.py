"""A small year by hand, and drawn ones: what the tests of the statistics are made from."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from typing import Any

import polars as pl

from assets.statistics.annual import YearFrames, annual_statistics, contributions
from schemas.eligibility import ROSTER_DECISIONS
from schemas.policies import CLAIM_AUDIT, POLICY_RECONCILIATION, SERVICE_USE, TAKE_UP
from schemas.push import PUSH_LIST
from schemas.statistics import ANNUAL_STATISTICS, INSURED_EXPORTS
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
    return contributions(frames, TERMS).collect()


def value(found: pl.DataFrame, measure: str, dimension: str = "total", member: str = "all") -> Any:
    cell = (pl.col("measure") == measure) & (pl.col("dimension") == dimension) & (pl.col("member") == member)
    return found.row(by_predicate=cell, named=True)["value"]


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


def final(frames: YearFrames) -> pl.DataFrame:
    return made(frames, today=date(2027, 7, 1))


def with_late_claim(frames: YearFrames, *usccs: str) -> YearFrames:
    late = [claim(f"L{uscc}", uscc, "100.00") for uscc in usccs]
    return replace(frames, claims=pl.concat([frames.claims, table(CLAIM_AUDIT, *late)]))
