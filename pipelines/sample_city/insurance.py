"""Policies, claims, service usage and objections of the ordinary enterprises of a city.

Everything here is regular apart from a few late take-ups, offline channels and cancellations; the
irregular cases are planted by hand elsewhere. Each enterprise and year has a random stream of its
own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Final

from pipelines.sample_city import calendar, codes
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plan import City, Plan
from pipelines.sample_city.rosters import Eligible, Listed
from pipelines.sample_city.sums import KnownExports

PERCENT: Final = 80
LIMIT_CENTS: Final = 15_000_000
CLAIMS_OF_100: Final = 4
SHOWN_SERVICES: Final = (0, 0, 0, 1, 2, 4, 5, 6, 6)


@dataclass
class Insurance:
    """Rows made so far, by source."""

    policies: list[Row] = field(default_factory=list)
    claims: list[Row] = field(default_factory=list)
    service_usage: list[Row] = field(default_factory=list)


def make_insurance(city: City, plan: Plan, eligible: Eligible, known: KnownExports) -> Insurance:
    """Policies of every policy year with an eligible list, and what follows from them."""
    made = Insurance()
    last_day = date(city.last_year + 1, 1, 12)
    for year in sorted(eligible):
        serial = 0
        for line in eligible[year]:
            random = Random(f"{city.seed}-{year}-{line.uscc}")
            if random.random() < 0.66:
                serial += 1
                _insure(made, plan, known, year, serial, line, random, last_day)
    return made


def _insure(
    made: Insurance,
    plan: Plan,
    known: KnownExports,
    year: int,
    serial: int,
    line: Listed,
    random: Random,
    last_day: date,
) -> None:
    late = random.random() < 0.1
    taken = date(year, 7, 1) + timedelta(days=random.randrange(60)) if late else None
    taken = taken or calendar.confirmed_on(year) + timedelta(days=random.randrange(1, 24))
    issued = taken + timedelta(days=random.randrange(8))
    start, end = max(issued, date(year, 7, 1)) if late else date(year, 7, 1), date(year + 1, 6, 30)
    assert line.firm is not None
    policy_no = f"SCHYZ{year}{serial:07d}"
    policy: Row = {
        "policy_no": policy_no,
        "policy_year": str(year),
        "insured_uscc": line.uscc,
        "insured_customs_code": plan.customs_code[line.firm],
        "insured_name": line.name,
        "district": line.district,
        "channel": "offline" if random.random() < 0.06 else "online",
        "taken_up_on": taken.isoformat(),
        "issued_on": issued.isoformat(),
        "cover_from": start.isoformat(),
        "cover_to": end.isoformat(),
        "insured_percentage": "0.80",
        "buyer_limit_usd": "150000.00",
        "status": "active",
        "cancelled_on": None,
        "updated_at": calendar.stamp(issued),
    }
    if random.random() < 0.03:
        policy["insured_name"] = line.name.translate(codes.TRADITIONAL)
    if random.random() < 0.05:
        policy["district"] = codes.DISTRICT_ALIASES.get(line.district, line.district)
    made.policies.append(policy)
    if random.random() < 0.01:
        gone = issued + timedelta(days=random.randrange(30, 120))
        later = {"status": "cancelled", "cancelled_on": gone.isoformat()}
        made.policies.append(policy | later | {"updated_at": calendar.stamp(gone)})
        return
    _use_services(made, policy, year, random, last_day)
    if random.random() * 100 < CLAIMS_OF_100:
        _claim(made, plan, known, line.firm, policy, start, random, last_day)


def _use_services(made: Insurance, policy: Row, year: int, random: Random, last_day: date) -> None:
    issued = date.fromisoformat(policy["issued_on"] or "")
    for service in random.sample(SHOWN_SERVICES, random.randrange(4)):
        used = issued + timedelta(days=random.randrange(1, 300))
        if used > last_day:
            continue
        made.service_usage.append(
            {
                "usage_no": f"U{year}{len(made.service_usage) + 1:08d}",
                "uscc": policy["insured_uscc"],
                "policy_year": str(year),
                "service": codes.SERVICES[service],
                "used_on": used.isoformat(),
                "quantity": "1",
                "updated_at": calendar.stamp(used),
            }
        )


def _claim(
    made: Insurance,
    plan: Plan,
    known: KnownExports,
    firm: int,
    policy: Row,
    start: date,
    random: Random,
    last_day: date,
) -> None:
    """One loss under a policy, as far as it has got by the last day; on goods that were declared."""
    declined = random.random() < 0.1
    begin = calendar.month(start.year, start.month)
    sold = known.months_sold(firm, range(begin, begin + 7))
    if not sold:
        return
    shipped = start - timedelta(days=9)
    if not declined:
        day = calendar.first_day(sold[random.randrange(len(sold))]) + random.randrange(28)
        shipped = max(start, calendar.as_date(day))
    elif sold[0] > begin:
        return
    reported = shipped + timedelta(days=random.randrange(60, 150))
    filed = reported + timedelta(days=random.randrange(5, 40))
    decided = filed + timedelta(days=random.randrange(20, 60))
    paid = decided + timedelta(days=random.randrange(2, 15))
    if reported > last_day:
        return
    loss = random.randrange(200_000, 30_000_000)
    due = min((loss * PERCENT + 50) // 100, LIMIT_CENTS)
    market = codes.COUNTRIES[int(plan.markets[firm, 0])]
    row: Row = {
        "claim_no": f"C{policy['policy_no']}",
        "policy_no": policy["policy_no"],
        "buyer_id": f"{market.code}{random.randrange(10**6):06d}",
        "buyer_name": f"SAMPLE BUYER {random.randrange(10**4):04d} LTD",
        "buyer_country": market.code,
        "cause": codes.CAUSES[random.randrange(len(codes.CAUSES))],
        "shipped_on": shipped.isoformat(),
        "invoice_usd": cents(loss + random.randrange(0, 5_000_000)),
        "loss_usd": cents(loss),
        "reported_on": reported.isoformat(),
        "status": "reported",
        "updated_at": calendar.stamp(reported),
    }
    made.claims.append(row)
    steps: list[tuple[date, Row]] = [(filed, {"filed_on": filed.isoformat(), "status": "filed"})]
    verdict = "declined" if declined else "accepted"
    steps.append((decided, {"decided_on": decided.isoformat(), "status": verdict}))
    if not declined:
        payment: Row = {"paid_on": paid.isoformat(), "paid_usd": cents(due), "status": "paid"}
        steps.append((paid, payment))
        if random.random() < 0.2:
            recovered = cents(due * random.randrange(1, 60) // 100)
            steps.append((paid + timedelta(days=90), {"recovered_usd": recovered}))
    for on, news in steps:
        if on > last_day:
            return
        row = row | news | {"updated_at": calendar.stamp(on)}
        made.claims.append(row)


def cents(value: int) -> str:
    """Cents as text."""
    return f"{value // 100}.{value % 100:02d}"
