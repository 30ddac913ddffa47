"""200,000 policies and 50,000 claims of four years, made and reconciled in a process of its own.

`make` writes the inputs as Parquet; `reconcile_all` reads them and prints seconds and peak memory as JSON.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from time import perf_counter

import polars as pl

from assets.policies.claims import buyer_exposure, claim_differences, judge_claims
from assets.policies.claims import shown as shown_claims
from assets.policies.differences import policy_differences
from assets.policies.reconcile import judge, shown
from assets.policies.suggest import suggest
from assets.policies.take_up import take_up
from assets.policies.threads import policy_threads
from pipelines.sample_city.plan import company_name, make_customs_code, make_uscc
from schemas.eligibility import ENTERPRISES, ROSTER, ROSTER_CHANGES
from schemas.policies import CLAIMS, POLICIES
from schemas.terms.loader import load_terms

YEARS = (2022, 2023, 2024, 2025)
POLICIES_A_YEAR, CLAIMS_A_YEAR, FIRMS = 50_000, 12_500, 60_000
DISTRICTS = ("福田区", "罗湖区", "南山区", "宝安区", "龙岗区", "龙华区")


def make(folder: Path) -> None:
    """Write registry, lists, policies, claims and exports."""
    firms = [(make_uscc(at + 1), make_customs_code(at + 1), company_name(at)) for at in range(FIRMS)]
    known = [
        {"uscc": uscc, "customs_code": code, "name": name, "city": "440304",
         "district": DISTRICTS[at % 6], "updated_at": datetime(2020, 1, 3, tzinfo=UTC)}
        for at, (uscc, code, name) in enumerate(firms)
    ]  # fmt: skip
    pl.DataFrame(known, schema=ENTERPRISES.schema).write_parquet(folder / "registry.parquet")
    for year in YEARS:
        random = Random(year)
        held = random.sample(range(FIRMS), POLICIES_A_YEAR)
        lines = [
            {"policy_year": year, "edition": 1, "uscc": firms[at][0], "serial": serial, "name": firms[at][2],
             "district": DISTRICTS[at % 6]}
            for serial, at in enumerate(held, start=1)
        ]  # fmt: skip
        roster = pl.DataFrame(lines, schema=ROSTER.schema).with_columns(
            published_on=date(year, 5, 15), confirmed_on=date(year, 6, 3)
        )
        roster.write_parquet(folder / f"roster-{year}.parquet")
        policies = [_policy(year, serial, firms[at], at, random) for serial, at in enumerate(held)]
        pl.DataFrame(policies, schema=POLICIES.schema).write_parquet(folder / f"policies-{year}.parquet")
        claims = [_claim(year, serial, policies[serial * 4 % POLICIES_A_YEAR], random)
                  for serial in range(CLAIMS_A_YEAR)]  # fmt: skip
        pl.DataFrame(claims, schema=CLAIMS.schema).write_parquet(folder / f"claims-{year}.parquet")
        sold = [(firms[at][0], "USA", f"{year}-{month:02d}") for at in held for month in (8, 10, 12)]
        schema = {"uscc": pl.String, "country": pl.String, "month": pl.String}
        pl.DataFrame(sold, schema=schema, orient="row").write_parquet(folder / f"exports-{year}.parquet")


def _policy(year: int, serial: int, firm: tuple[str, str, str], at: int, random: Random) -> dict[str, object]:
    """One in fifty states no codes, one in fifty traditional characters, one in 500 is nobody's."""
    taken = date(year, 6, 5) + timedelta(days=random.randrange(40))
    issued = taken + timedelta(days=random.randrange(9))
    late = taken > date(year, 6, 30)
    nobody, bare = serial % 500 == 7, serial % 50 == 3
    name = firm[2][:-5] if nobody else firm[2]
    return {
        "policy_no": f"V{year}{serial:07d}", "policy_year": year,
        "insured_uscc": None if nobody or bare else firm[0],
        "insured_customs_code": None if nobody or bare else firm[1],
        "insured_name": name.replace("电子", "電子") if serial % 50 == 4 else name,
        "district": DISTRICTS[at % 6], "channel": "online", "taken_up_on": taken, "issued_on": issued,
        "cover_from": max(issued, date(year, 7, 1)) if late else date(year, 7, 1),
        "cover_to": date(year + 1, 6, 30), "insured_percentage": Decimal("0.80"),
        "buyer_limit_usd": Decimal("150000.00"), "status": "active",
        "updated_at": datetime(year, 8, 30, tzinfo=UTC),
    }  # fmt: skip


def _claim(year: int, serial: int, policy: dict[str, object], random: Random) -> dict[str, object]:
    loss = random.randrange(100_000, 30_000_000)
    return {
        "claim_no": f"K{year}{serial:06d}", "policy_no": policy["policy_no"], "buyer_id": f"B{serial % 3}",
        "buyer_country": "USA" if serial % 40 else "FRA", "cause": "insolvency",
        "shipped_on": date(year, 9, 1) + timedelta(days=random.randrange(80)),
        "loss_usd": Decimal(f"{loss // 100}.{loss % 100:02d}"),
        "decided_on": date(year + 1, 1, 5) + timedelta(days=random.randrange(90)), "status": "paid",
        "paid_usd": Decimal("8000.00"), "updated_at": datetime(year + 1, 5, 1, tzinfo=UTC),
    }  # fmt: skip


def reconcile_all(folder: Path) -> dict[str, object]:
    """Reconcile the four years, then draw the threads."""
    begun = perf_counter()
    registry = pl.scan_parquet(folder / "registry.parquet")
    nobody = pl.LazyFrame(schema={"policy_no": pl.String, "uscc": pl.String})
    known = nobody.select("uscc")
    decisions = pl.LazyFrame(schema={"uscc": pl.String, "decision": pl.String})
    reconciled, counts = [], {"policies": 0, "claims": 0, "differences": 0, "suggestions": 0, "findings": 0}
    every_policy = pl.concat(pl.scan_parquet(folder / f"policies-{year}.parquet") for year in YEARS)
    for year in YEARS:
        terms = load_terms(year)
        policies, roster, claims, exports = (
            pl.scan_parquet(folder / f"{what}-{year}.parquet")
            for what in ("policies", "roster", "claims", "exports")
        )
        wide = judge(policies, registry, roster, known, nobody, terms, date(2026, 7, 1)).collect()
        rows = shown(wide.lazy()).collect()
        found = policy_differences(wide.lazy(), decisions, ROSTER_CHANGES.empty().lazy(), terms).collect()
        lost = rows.lazy().filter(pl.col("status") == "unidentified").select("policy_no")
        unknown = policies.join(lost, on="policy_no", how="semi")
        hints = suggest(unknown, registry, roster.select("uscc")).collect()
        taken = take_up(rows.lazy(), roster, terms).collect()
        audit = judge_claims(claims, every_policy, rows.lazy(), terms, exports).collect()
        odd = claim_differences(audit.lazy(), terms).collect()
        left = buyer_exposure(audit.lazy(), terms).collect()
        assert (rows.height, taken.height) == (POLICIES_A_YEAR, POLICIES_A_YEAR)
        assert (shown_claims(audit.lazy()).collect().height, left["claims"].sum()) == (CLAIMS_A_YEAR,) * 2
        made = (rows, audit, found, hints, odd)
        counts = {name: counts[name] + frame.height for name, frame in zip(counts, made, strict=True)}
        reconciled.append(rows)
    threads = policy_threads(pl.concat(reconciled).lazy(), registry).collect()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {**counts, "threads": threads["thread"].n_unique(), "seconds": round(perf_counter() - begun, 1),
            "processor_seconds": round(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]), 1),
            "peak_mib": peak}  # fmt: skip


if __name__ == "__main__":
    what, place = sys.argv[1], Path(sys.argv[2])
    if what == "make":
        make(place)
    else:
        sys.stdout.write(json.dumps(reconcile_all(place)))
