"""Planted cases of refused rows in the sources beside customs, and of services over the grant."""

from __future__ import annotations

from typing import Final

from pipelines.sample_city import calendar
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plants import SPRING, Plants

MOMENT: Final = "2025-07-08T02:00:00Z"


def plant(p: Plants) -> None:
    """Plant all cases of this module."""
    _enterprises(p)
    _claims(p)
    _policies(p)
    _small_sources(p)
    _reports_over_the_grant(p)


def _refuse(p: Plants, source: str, slug: str, about: str, row: Row, *reasons: str) -> None:
    p.add(source, row)
    p.expect_rejected(slug, about, row, *reasons, source=source)


def _enterprises(p: Plants) -> None:
    firm = p.firm(registered=False)
    row: Row = {
        "uscc": firm.uscc,
        "customs_code": "44036Z00A1",
        "name": firm.name,
        "city": "440304",
        "district": firm.district,
        "registered_on": "2019-05-06",
        "deregistered_on": None,
        "updated_at": "2020-06-01T12:00:00Z",
    }
    reason = "unreadable:customs_code"
    _refuse(p, "enterprises", "registry_code_shape", "No customs code has this shape.", row, reason)
    p.declare(firm, "2400.00")
    p.expect_decision(
        "registry_row_rejected",
        "Its only registry row is refused: it is not registered.",
        firm,
        "not_in_city",
        "2400.00",
        detail="not_registered",
    )
    kept = p.firm()
    p.declare(kept, "2410.00")
    changes: tuple[tuple[str, str, Row, str], ...] = (
        ("registry_district", "No such district.", {"district": "无名区"}, "unknown:district"),
        (
            "registry_event",
            "Registered after the row was sent.",
            {"registered_on": "2025-02-01"},
            "event_after_update:registered_on",
        ),
    )
    for serial, (slug, about, change, reason) in enumerate(changes):
        version = row | {"uscc": kept.uscc, "customs_code": kept.customs_code, "name": kept.name}
        version |= {"updated_at": f"2021-03-0{serial + 1}T12:00:00Z"} | change
        _refuse(p, "enterprises", slug, about, version, reason)
    p.expect_decision(
        "registry_falls_back",
        "Newer rows are refused: the older accepted one stays current.",
        kept,
        "eligible",
        "2410.00",
    )


def _claims(p: Plants) -> None:
    _, policy = p.insured()
    changes: tuple[tuple[str, str, Row, str], ...] = (
        ("claim_cause", "No such cause.", {"cause": "bad_weather"}, "unknown:cause"),
        ("claim_negative", "A negative loss.", {"loss_usd": "-1.00"}, "negative:loss_usd"),
        (
            "claim_paid_tomorrow",
            "Paid after the row was sent.",
            {"paid_on": "2025-11-22"},
            "event_after_update:paid_on",
        ),
    )
    for slug, about, change, reason in changes:
        row = p.claim(policy, "100.00", change, paid_usd="80.00")
        p.expect_rejected(slug, about, row, reason, source="claims")


def _policies(p: Plants) -> None:
    _, policy = p.insured(taken_up_on="2025-06-14")
    p.expect_rejected(
        "policy_taken_up_tomorrow",
        "Taken up two days after the row was sent.",
        policy,
        "event_after_update:taken_up_on",
        source="policies",
    )


def _small_sources(p: Plants) -> None:
    _refuse(
        p,
        "exchange_rates",
        "rate_of_unknown_currency",
        "No such currency.",
        {
            "month": "2024-02",
            "currency": "XQX",
            "source": "customs",
            "usd_per_unit": "1.1300000000",
            "published_on": SPRING.isoformat(),
            "updated_at": calendar.stamp(SPRING),
        },
        "unknown:currency",
    )
    firm = p.firm()
    _refuse(
        p,
        "roster_objections",
        "unknown_claim",
        "No such claim.",
        {
            "objection_no": "YY20259001",
            "policy_year": "2025",
            "uscc": firm.uscc,
            "enterprise_name": firm.name,
            "claim": "please_list",
            "submitted_on": "2025-05-21",
            "grounds": "样例",
            "updated_at": MOMENT,
        },
        "unknown:claim",
    )
    _refuse(
        p,
        "service_usage",
        "unknown_service",
        "No such service.",
        {
            "usage_no": "UPLANT0001",
            "uscc": firm.uscc,
            "policy_year": "2025",
            "service": "weather_report",
            "used_on": "2025-07-07",
            "quantity": "1",
            "updated_at": MOMENT,
        },
        "unknown:service",
    )
    _refuse(
        p,
        "country_risk",
        "rating_of_unknown_country",
        "No such country.",
        {
            "country": "QQQ",
            "scheme": "sinosure",
            "rating": "5",
            "effective_on": "2025-07-01",
            "source": "sample city",
            "updated_at": MOMENT,
        },
        "unknown:country",
    )
    _refuse(
        p,
        "risk_bulletins",
        "unknown_kind",
        "No such kind of bulletin.",
        {
            "bulletin_no": "P009",
            "kind": "rumour",
            "countries": "USA",
            "hs_chapters": None,
            "severity": "1",
            "title": "样例",
            "body": "样例",
            "valid_from": "2025-07-07",
            "valid_to": None,
            "published_at": MOMENT,
            "status": "active",
            "source": "sample city",
            "updated_at": MOMENT,
        },
        "unknown:kind",
    )


def _reports_over_the_grant(p: Plants) -> None:
    """Five buyer reports where three are free: used, and no error."""
    firm, policy = p.insured()
    for serial in range(5):
        p.add(
            "service_usage",
            {
                "usage_no": f"UPLANT1{serial:03d}",
                "uscc": firm.uscc,
                "policy_year": policy["policy_year"],
                "service": "credit_report",
                "used_on": f"2025-08-1{serial}",
                "quantity": "1",
                "updated_at": f"2025-08-1{serial}T10:00:00Z",
            },
        )
    p.case(
        "reports_over_the_grant",
        "The fourth on the fourth day.",
        "service_usage",
        {"uscc": firm.uscc},
        table="credit_report_audit",
        key={"policy_year": "2025", "uscc": firm.uscc},
        values={"used": "5", "beyond": "2", "beyond_since": "2025-08-13", "findings": "fourth_credit_report"},
    )
