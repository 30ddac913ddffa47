"""Planted cases of eligibility: amounts at the threshold, identity, registry, editions, drift."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Final

from pipelines.sample_city import calendar, rates
from pipelines.sample_city.expectations import Firm, money, rate
from pipelines.sample_city.plan import make_uscc
from pipelines.sample_city.plants import Plants
from pipelines.sample_city.rosters import Listed

AFTER: Final = date(2025, 6, 20)
"""After the edition of 2025 was published and confirmed."""
IN_2023: Final = date(2023, 4, 10)


def plant(p: Plants) -> None:
    """Plant all cases of this module."""
    _amounts(p)
    _identity(p)
    _registry(p)
    _years(p)
    _drift(p)
    _drift_of_rates(p)
    _editions_of_2024(p)
    _objections(p)


def _amounts(p: Plants) -> None:
    firm = p.firm()
    p.declare(firm, "3999999.99")
    p.declare(firm, "4000000.01")
    p.expect_decision("exactly_8m", "8,000,000.00 is in.", firm, "eligible", "8000000.00")
    p.expect_listed("exactly_8m_listed", "It stands on the list.", firm)

    firm = p.firm()
    p.declare(firm, "4000000.00")
    p.declare(firm, "4000000.01")
    p.expect_decision("one_cent_over", "One cent is out.", firm, "over_threshold", "8000000.01")
    p.expect_listed("one_cent_over_listed", "It is not listed.", firm, listed=False)

    firm = p.firm()
    for _ in range(10):
        p.declare(firm, "800000.00")
    p.expect_decision(
        "ten_tenths", "Ten lines of 800,000.00: no float in sight.", firm, "eligible", "8000000.00"
    )

    firm = p.firm()
    p.declare(firm, "0.01")
    p.expect_decision("one_cent", "One cent is an export.", firm, "eligible", "0.01")

    firm = p.firm()
    p.declare(firm, "0.00")
    p.expect_decision("zero_exports", "0.00 is out.", firm, "no_exports", "0.00")
    p.expect_year("zero_exports_line", "The line counts all the same.", firm, "0.00", lines="1")

    firm = p.firm()
    row = p.declare(firm, "700.00")
    p.revise(row, date(2024, 4, 2), status="withdrawn")
    p.expect_decision("only_withdrawn", "Only withdrawn lines.", firm, "no_exports", "0.00")

    firm = p.firm()
    p.expect_decision("registry_only", "No exports.", firm, "no_exports", "0.00", source="enterprises")


def _identity(p: Plants) -> None:
    good = make_uscc(900_001, "TP")
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    firm = p.firm(uscc=bad)
    p.declare(firm, "1100.00")
    p.expect_decision(
        "invalid_check_digit",
        "The line is kept, the enterprise is not eligible.",
        firm,
        "invalid_identity",
        "1100.00",
    )
    firm = p.firm(uscc=good[:9] + "O" + good[10:], registered=False)
    p.declare(firm, "1101.00")
    p.expect_decision(
        "letter_outside_alphabet",
        "The letter O occurs in no code; invalid comes before not registered.",
        firm,
        "invalid_identity",
        "1101.00",
    )
    firm = p.firm(registered=False)
    p.declare(firm, "1200.00")
    p.expect_decision(
        "not_registered",
        "No registry row.",
        firm,
        "not_in_city",
        "1200.00",
        detail="not_registered",
    )
    firm = p.firm(city="441900", district=None)
    p.declare(firm, "1300.00")
    p.expect_decision(
        "registered_elsewhere",
        "Its code begins with 4403, but it is registered in another city.",
        firm,
        "not_in_city",
        "1300.00",
        detail="city:441900",
    )
    firm = p.firm(city="441900", district=None, deregistered_on="2020-05-01")
    p.expect_decision(
        "elsewhere_before_deregistered",
        "Not in the city comes before deregistered and no exports.",
        firm,
        "not_in_city",
        "0.00",
        detail="city:441900",
        source="enterprises",
    )
    firm = p.firm(customs_code="4453660ZZ1")
    p.declare(firm, "1400.00")
    p.expect_decision(
        "foreign_customs_code",
        "The region in the customs code says nothing: the registry does.",
        firm,
        "eligible",
        "1400.00",
    )


def _registry(p: Plants) -> None:
    gone = {"deregistered_on": "2024-11-05", "updated_at": "2024-11-06T12:00:00Z"}
    firm = p.firm()
    p.register(firm, city="440300", **gone)
    p.declare(firm, "1500.00")
    p.expect_decision("deregistered", "All its codes are struck off.", firm, "deregistered", "1500.00")

    firm = p.firm()
    second = replace(firm, customs_code="440366ZZZ6")
    p.register(second, updated_at="2021-06-01T12:00:00Z")
    p.register(firm, **gone)
    p.declare(second, "1600.00")
    p.expect_decision(
        "one_of_two_codes_deregistered",
        "One code is struck off, the other is in force.",
        firm,
        "eligible",
        "1600.00",
    )

    firm = p.firm()
    second = replace(firm, customs_code="440366ZZZ5")
    p.register(second, updated_at="2021-06-01T12:00:00Z")
    p.declare(firm, "5000000.00")
    p.declare(second, "3000000.01")
    p.expect_decision(
        "several_codes_one_sum",
        "Two customs codes, one enterprise, one sum.",
        firm,
        "over_threshold",
        "8000000.01",
    )

    one = p.firm(customs_code="440366ZZZ7")
    other = p.firm(customs_code="440366ZZZ7")
    for at, firm in enumerate((one, other)):
        p.declare(firm, f"170{at}.00")
        p.expect_decision(
            "shared_customs_code",
            "Two enterprises share a code: each is decided by its own identity.",
            firm,
            "eligible",
            f"170{at}.00",
        )

    firm = p.firm()
    renamed = replace(firm, name=firm.name.replace("号", "号新"))
    p.register(renamed, updated_at="2025-02-03T09:00:00Z")
    p.declare(firm, "1800.00")
    p.expect_listed("renamed", "Renamed before the roster date: the new name.", renamed)

    firm = p.firm()
    same = replace(firm, customs_code="440366ZZZ8", name=firm.name.replace("号", "号乙"))
    p.register(same)
    p.declare(firm, "1805.00")
    p.expect_listed("same_moment", "Two rows of one moment: the lower customs code names it.", firm)

    firm = p.firm(district="前海")
    p.declare(firm, "1807.00")
    whole = replace(firm, district="前海深港合作区")
    p.expect_listed("registry_alias", "A district's short name is the district.", whole)

    firm = p.firm()
    later = replace(firm, name=firm.name.replace("号", "号新"))
    p.register(later, updated_at="2025-08-01T09:00:00Z")
    p.declare(firm, "1810.00")
    p.expect_listed("renamed_later", "Renamed after publication: the list keeps its name.", firm)

    firm = p.firm()
    p.register(firm, city="440300", deregistered_on="2025-07-01", updated_at="2025-07-02T09:00:00Z")
    p.declare(firm, "1820.00")
    p.expect_decision(
        "deregistered_after_roster_date",
        "Struck off after the roster date: still eligible for that year.",
        firm,
        "eligible",
        "1820.00",
    )


def _years(p: Plants) -> None:
    firm = p.firm()
    p.declare(firm, "1900.00", on=date(2023, 12, 31), lag=3)
    p.expect_decision(
        "closed_3_january",
        "Declared 31 December 2023, closed 3 January 2024: the new year's export.",
        firm,
        "eligible",
        "1900.00",
    )
    p.expect_year(
        "closed_3_january_month",
        "Its only month is January.",
        firm,
        "1900.00",
        first_month="2024-01",
        last_month="2024-01",
    )
    firm = p.firm()
    p.declare(firm, "1910.00", on=date(2024, 12, 31), lag=3)
    p.expect_decision(
        "closed_next_january",
        "Declared 31 December 2024, closed in 2025: no export of 2024.",
        firm,
        "no_exports",
        "0.00",
    )
    p.expect_year("closed_next_january_year", "It is in 2025.", firm, "1910.00", year=2025)


def _drift(p: Plants) -> None:
    firm = p.firm()
    row = p.declare(firm, "7900000.00")
    p.revise(row, AFTER, revision="1", amount="8100000.00", stat_value_usd="8100000.00")
    p.expect_listed("amended_up_listed", "Listed: the amendment came after.", firm)
    p.expect_decision("amended_up", "Today it is over the threshold.", firm, "over_threshold", "8100000.00")
    p.expect_drift("amended_up_drift", "Listed, now over the threshold.", firm, "amended")

    firm = p.firm()
    row = p.declare(firm, "8100000.00")
    p.revise(row, AFTER, revision="1", amount="7900000.00", stat_value_usd="7900000.00")
    p.expect_listed("amended_down_listed", "Not listed: too large then.", firm, listed=False)
    p.expect_decision("amended_down", "Today eligible.", firm, "eligible", "7900000.00")
    p.expect_drift("amended_down_drift", "Not listed, now eligible.", firm, "amended")

    firm = p.firm()
    row = p.declare(firm, "2000.00")
    p.revise(row, AFTER, status="withdrawn")
    p.expect_listed("withdrawn_later_listed", "Listed before the withdrawal.", firm)
    p.expect_decision("withdrawn_later", "Nothing is left.", firm, "no_exports", "0.00")
    p.expect_drift("withdrawn_later_drift", "Listed, now without exports.", firm, "withdrawn")

    firm = p.firm()
    row = p.declare(
        firm,
        "2100.00",
        on=date(2024, 12, 20),
        status="released",
        closed_on=None,
        updated_at="2024-12-21T12:00:00Z",
    )
    p.revise(row, date(2025, 6, 11), status="closed", closed_on="2025-06-10")
    p.expect_listed("late_closing_listed", "Listed by the month of release.", firm)
    p.expect_decision("late_closing_decision", "Closed in 2025.", firm, "no_exports", "0.00")
    p.expect_drift("late_closing_drift", "The closing moved it to 2025.", firm, "late_closing")

    firm = p.firm(updated_at="2025-07-01T09:00:00Z")
    p.declare(firm, "2200.00")
    p.expect_listed("registered_later_listed", "Unknown to the registry then.", firm, listed=False)
    p.expect_decision(
        "registered_later",
        "No row by the roster date: the oldest one counts.",
        firm,
        "eligible",
        "2200.00",
    )
    p.expect_drift("registered_later_drift", "Now registered.", firm, "registry_change")


def _drift_of_rates(p: Plants) -> None:
    """A rate that was corrected, and one that came late; in currencies no other row uses then."""
    on = date(2024, 2, 14)
    before = rate("SEK", on)
    after = Fraction(int(before * 101 * rates.SCALE / 100), rates.SCALE)
    amount = f"{int(7_990_000 / before)}.00"
    firm = p.firm()
    p.declare(firm, amount, on=on, currency="SEK", stat_value_usd=None)
    _rate_row(p, "SEK", "ecb", after)
    fob = money(Fraction(amount) * after)
    p.expect_listed("rate_corrected_listed", "Eligible at the rate known then.", firm)
    p.expect_decision("rate_corrected", "Too large at the corrected rate.", firm, "over_threshold", fob)
    p.expect_drift("rate_corrected_drift", "Listed at the older rate.", firm, "rate_change")

    firm = p.firm()
    p.declare(firm, "5000.00", on=on, currency="DKK", stat_value_usd=None)
    _rate_row(p, "DKK", "customs", Fraction("0.145"))
    p.expect_listed("rate_came_late_listed", "Rejected then: no rate.", firm, listed=False)
    p.expect_decision("rate_came_late", "Judged again with the rate.", firm, "eligible", "725.00")


def _rate_row(p: Plants, currency: str, source: str, value: Fraction) -> None:
    scaled = int(value * rates.SCALE)
    p.add(
        "exchange_rates",
        {
            "month": "2024-02",
            "currency": currency,
            "source": source,
            "usd_per_unit": f"{scaled // rates.SCALE}.{scaled % rates.SCALE:010d}",
            "published_on": AFTER.isoformat(),
            "updated_at": calendar.stamp(AFTER),
        },
    )


def _editions_of_2024(p: Plants) -> None:
    """One enterprise leaves with the second edition, one comes in, one stays."""
    amended = date(2024, 8, 20)
    removed, added, stays = editions = (p.firm(), p.firm(), p.firm())
    row = p.declare(removed, "7990000.00", on=IN_2023)
    p.revise(row, amended, revision="1", amount="8010000.00", stat_value_usd="8010000.00")
    row = p.declare(added, "8010000.00", on=IN_2023)
    p.revise(row, amended, revision="1", amount="7990000.00", stat_value_usd="7990000.00")
    p.declare(stays, "10000.00", on=IN_2023)
    first, second = (removed, stays), (added, stays)
    p.listed[2024, 1] = [_line(firm) for firm in first]
    p.listed[2024, 2] = [_line(firm) for firm in second]
    for firm in editions:
        for edition, members in ((1, first), (2, second)):
            _expect_edition(p, firm, edition, listed=firm in members)
    for firm, change in ((removed, "removed"), (added, "added")):
        p.case(
            f"edition_2_{change}",
            f"The second edition of 2024: {change}.",
            "published_rosters",
            {"uscc": firm.uscc},
            table="roster_changes",
            key={
                "policy_year": "2024",
                "from_edition": "1",
                "to_edition": "2",
                "uscc": firm.uscc,
            },
            values={"change": change},
        )
    _policy_of_2024(p, removed, "removed_from_edition", "removed_from_edition")
    _policy_of_2024(p, added, "added_by_edition_2", "issued_before_confirmation")
    _policy_of_2024(p, stays, "stays_in_edition_2", "")
    p.expect_absent(
        "removed_from_edition_take_up",
        "The edition in force does not carry it.",
        "published_rosters",
        "take_up",
        {"uscc": removed.uscc},
        policy_year="2024",
        uscc=removed.uscc,
    )


def _expect_edition(p: Plants, firm: Firm, edition: int, *, listed: bool) -> None:
    key = {"policy_year": "2024", "edition": str(edition), "uscc": firm.uscc}
    about = f"Edition {edition} of 2024 as imported."
    slug = f"imported_edition_{edition}"
    if listed:
        p.case(
            slug,
            about,
            "published_rosters",
            {"uscc": firm.uscc},
            table="roster",
            key=key,
            values={"name": firm.name, "district": firm.district},
        )
    else:
        p.case(slug, about, "published_rosters", {"uscc": firm.uscc}, table="roster", absent=key)


def _policy_of_2024(p: Plants, firm: Firm, slug: str, discrepancies: str) -> None:
    row = p.policy(
        firm,
        policy_year="2024",
        taken_up_on="2024-06-12",
        issued_on="2024-06-14",
        cover_from="2024-07-01",
        cover_to="2025-06-30",
    )
    p.expect_policy(
        slug,
        "A policy issued under the first edition of 2024.",
        row,
        "discrepant" if discrepancies else "matched",
        firm,
        discrepancies=discrepancies,
    )


def _line(firm: Firm) -> Listed:
    return Listed(firm.uscc, firm.name, firm.district)


def _objections(p: Plants) -> None:
    """Objections of 2025, within the notice period, and two of 2024; the rulings are acts."""
    wanted = (
        (2025, "should_be_listed", date(2025, 5, 19), "出口额应低于限额（样例）"),
        (2025, "should_not_be_listed", date(2025, 5, 20), "该企业已不再经营（样例）"),
        (2025, "details_wrong", date(2025, 5, 21), "企业名称有误（样例）"),
        (2025, "should_be_listed", date(2025, 5, 22), "未在名单内（样例）"),
        (2024, "should_be_listed", date(2024, 5, 20), "报关单已修改（样例）"),
        (2024, "should_not_be_listed", date(2024, 5, 21), "出口额有误（样例）"),
    )
    for serial, (year, claim, on, grounds) in enumerate(wanted, start=1):
        firm = p.firm()
        p.declare(firm, "8000001.00" if claim == "should_be_listed" else "2300.00")
        p.add(
            "roster_objections",
            {
                "objection_no": f"YY{year}{serial:04d}",
                "policy_year": str(year),
                "uscc": firm.uscc,
                "enterprise_name": firm.name,
                "claim": claim,
                "submitted_on": on.isoformat(),
                "grounds": grounds,
                "updated_at": calendar.stamp(on),
            },
        )
