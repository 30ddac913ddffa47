"""Exports inside the expected cover of each insured enterprise, line by line; services, use by use.

Belongs here: rules §4, insured exports and service use. Not here: what a line is worth (`ledger`),
who is insured and from when (`policies`).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

from tests.oracle import facts
from tests.oracle.judge import Row
from tests.oracle.ledger import Line, newest_accepted


def insured_exports(
    lines: Iterable[Line], reconciliation: Iterable[Mapping[str, object]], terms: Mapping[int, facts.Terms]
) -> list[dict[str, object]]:
    """Every counted line declared from the first to the last day of its enterprise's expected cover."""
    covers = [row for row in reconciliation if row["status"] in ("matched", "discrepant")]
    by_uscc: dict[object, list[Mapping[str, object]]] = defaultdict(list)
    for cover in covers:
        by_uscc[cover["uscc"]].append(cover)
    sums: dict[tuple[int, str, str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.state != "counted":
            continue
        row = line.row
        for cover in by_uscc[row["consignor_uscc"]]:
            year = int(str(cover["policy_year"]))
            within = cover["expected_cover_from"] <= row["declared_on"] <= cover["expected_cover_to"]
            if within and row["trading_country"] not in terms[year].excluded_countries:
                cell = (year, row["consignor_uscc"], row["trading_country"], row["hs_code"][:2])
                sums[cell] += line.fob_usd or 0
    names = ("policy_year", "uscc", "trading_country", "hs_chapter")
    return [{**dict(zip(names, cell, strict=True)), "fob_usd": fob} for cell, fob in sorted(sums.items())]


def service_use(rows: Iterable[Row], policy_years: Iterable[int]) -> list[dict[str, object]]:
    """How often and how much each enterprise used each service in each of the years."""
    found: dict[tuple[int, str, str], list[int]] = defaultdict(lambda: [0, 0])
    years = {*policy_years}
    for row in newest_accepted(rows, "usage_no").values():
        if row["policy_year"] in years:
            sums = found[row["policy_year"], row["uscc"], row["service"]]
            sums[0] += 1
            sums[1] += row["quantity"]
    names = ("policy_year", "uscc", "service", "uses", "quantity")
    return [dict(zip(names, (*cell, *sums), strict=True)) for cell, sums in sorted(found.items())]
