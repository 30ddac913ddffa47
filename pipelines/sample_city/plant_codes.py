"""Every status, code and finding of policies and claims once a round, on enterprises of their own.

A city with many rounds is what the confusion table of docs/reconciliation.md is made from; the special
cases of each rule are in `plant_policies` and `plant_claims`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from pipelines.sample_city import calendar
from pipelines.sample_city.expectations import Firm
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plan import make_customs_code, make_uscc
from pipelines.sample_city.plant_claims import DECLINED, UNDECIDED
from pipelines.sample_city.plants import Plants
from pipelines.sample_city.rosters import Listed

IN_2023: Final = date(2023, 5, 8)
EXCLUDED: Final = "SDN"
"""The country that the sample terms of 2024 exclude."""
OF_2024: Final[Row] = {
    "policy_year": "2024", "taken_up_on": "2024-06-12", "issued_on": "2024-06-14",
    "cover_from": "2024-07-01", "cover_to": "2025-06-30",
}  # fmt: skip


def plant(p: Plants) -> None:
    """Plant one round."""
    _statuses(p)
    _discrepancies(p)
    _observations(p)
    _ways(p)
    _take_up(p)
    _findings(p)
    _reports(p)
    _threads(p)


def _statuses(p: Plants) -> None:
    firm, row = p.insured()
    p.expect_policy("round_matched", "As the terms want it.", row, "matched", firm)
    firm, row = p.insured()
    gone: Row = {"status": "cancelled", "cancelled_on": "2025-07-15", "updated_at": "2025-07-15T12:00:00Z"}
    p.add("policies", row | gone)
    p.expect_policy("round_cancelled", "Cancelled in July.", row, "cancelled", firm)
    serial = 920_000 + p.number("stranger")
    stranger = Firm(_broken(serial), "", f"深圳市样例无名{serial}企业有限公司", "福田区")
    row = p.policy(stranger, insured_customs_code=None)
    p.expect_policy("round_unidentified", "Nobody is known by code or name.", row, "unidentified", None,
                    matched_by=None, observations="invalid_check_digit")  # fmt: skip
    firm, row = p.insured("8000000.01")
    p.expect_policy("round_not_on_roster", "A cent above the threshold.", row, "not_on_roster", firm)
    firm, first = p.insured()
    second = p.policy(firm, issued_on="2025-06-13")
    p.expect_policy("round_original", "Issued first.", first, "matched", firm)
    p.expect_policy("round_duplicate", "Issued a day later.", second, "duplicate", firm)


def _discrepancies(p: Plants) -> None:
    wrong: dict[str, Row] = {
        "cover_from": {"cover_from": "2025-07-02"},
        "cover_to": {"cover_to": "2026-07-01"},
        "insured_percentage": {"insured_percentage": "0.79"},
        "buyer_limit": {"buyer_limit_usd": "150000.01"},
        "cover_from,cover_to,policy_year": {"cover_from": "2024-07-01", "cover_to": "2025-06-30"},
        "issued_before_confirmation": {"taken_up_on": "2025-05-20", "issued_on": "2025-05-25"},
    }
    for codes, changes in wrong.items():
        firm, row = p.insured(changes=changes)
        slug = f"round_{codes.split(',')[-1]}"
        p.expect_policy(slug, f"Against the terms: {codes}.", row, "discrepant", firm, discrepancies=codes)
    firm = p.firm()
    p.declare(firm, "12000.00", on=IN_2023)
    p.listed.setdefault((2024, 1), []).append(_line(firm))
    row = p.policy(firm, OF_2024)
    p.expect_policy("round_removed_from_edition", "Not on the second edition of 2024.", row, "discrepant",
                    firm, discrepancies="removed_from_edition")  # fmt: skip


def _observations(p: Plants) -> None:
    seen: dict[str, Row] = {
        "issued_over_7_days_after_take_up": {"issued_on": "2025-06-18"},
        "name_differs": {"insured_name": "深圳市样例又一名称有限公司"},
        "channel_not_in_notice": {"channel": "offline"},
    }
    for code, changes in seen.items():
        firm, row = p.insured(changes=changes)
        p.expect_policy(f"round_{code}", "Worth seeing.", row, "matched", firm, observations=code)
    firm = p.firm(district="盐田区")
    p.declare(firm, "12001.00")
    row = p.policy(firm, district="坪山区")
    p.expect_policy("round_district_differs", "Another district.", row, "matched", firm,
                    observations="district_differs")  # fmt: skip
    code = make_customs_code(p.number("shared"), zone="67")
    for _ in range(2):
        firm = p.firm(customs_code=code)
        p.declare(firm, "12002.00")
        row = p.policy(firm)
        p.expect_policy("round_shared_customs_code", "The code belongs to two.", row, "matched", firm,
                        observations="shared_customs_code")  # fmt: skip


def _ways(p: Plants) -> None:
    firm = p.firm()
    p.declare(firm, "12003.00")
    row = p.policy(firm, insured_uscc=_broken(930_000 + p.number("mistyped")))
    p.expect_policy("round_by_customs_code", "Its credit code is mistyped.", row, "matched", firm,
                    matched_by="customs_code", observations="invalid_check_digit")  # fmt: skip
    firm = p.firm()
    p.declare(firm, "12004.00")
    written = firm.name.replace("有限公司", "有限責任公司")
    row = p.policy(firm, insured_uscc=None, insured_customs_code=None, insured_name=written)
    p.expect_policy("round_by_name", "Another word for the legal form.", row, "matched", firm,
                    matched_by="name")  # fmt: skip
    firm = p.firm()
    p.declare(firm, "12005.00")
    renamed = firm.name.replace("样例", "样例新")
    p.register(firm, name=renamed, updated_at=calendar.stamp(date(2024, 11, 4)))
    row = p.policy(firm, insured_uscc=None, insured_customs_code=None)
    p.expect_policy("round_by_former_name", "The policy carries the former name.", row, "matched", firm,
                    matched_by="name", observations="name_differs")  # fmt: skip


def _take_up(p: Plants) -> None:
    firm, row = p.insured()
    p.expect_take_up("round_taken_up", "In time.", firm, row)
    late: Row = {"taken_up_on": "2025-07-03", "issued_on": "2025-07-08", "cover_from": "2025-07-08"}
    firm, row = p.insured(changes=late)
    p.expect_take_up("round_taken_up_late", "Three days late.", firm, row, days_late=3)
    firm = p.firm()
    p.declare(firm, "12006.00")
    p.expect_take_up("round_not_taken_up", "Listed, no policy.", firm, None)


def _findings(p: Plants) -> None:
    _, policy = p.insured()
    row = p.claim(policy, "10000.00", paid_usd="8000.01")
    p.expect_claim("round_overpaid", "A cent too much.", row, "8000.00", findings="overpaid")
    row = p.claim(policy, "10000.00", paid_usd="7999.99")
    p.expect_claim("round_underpaid", "A cent too little.", row, "8000.00", findings="underpaid")
    row = p.claim(policy, "10000.00", DECLINED)
    p.expect_claim("round_declined_but_covered", "Declined.", row, "8000.00", findings="declined_but_covered")
    row = p.claim(policy, "10000.00", paid_usd="8000.00", shipped_on="2025-06-30")
    p.expect_claim("round_paid_outside_cover", "A day early.", row, "0.00", covered=False,
                   findings="paid_outside_cover")  # fmt: skip
    unknown: Row = {"policy_no": f"SCNONE{p.number('no policy'):06d}R"}
    row = p.claim(unknown, "10000.00", UNDECIDED, shipped_on="2025-08-10")
    p.expect_claim("round_no_policy", "No such policy.", row, "0.00", covered=False, findings="no_policy")
    row = p.unshipped_claim(policy, "10000.00", paid_usd="8000.00", shipped_on="2025-10-10",
                            buyer_country="CHL")  # fmt: skip
    p.expect_claim("round_loss_without_matching_export", "Nothing was declared to there.", row, "8000.00",
                   findings="loss_without_matching_export")  # fmt: skip
    _, policy = p.insured()
    gone: Row = {"status": "cancelled", "cancelled_on": "2025-09-01", "updated_at": "2025-09-01T10:00:00Z"}
    p.add("policies", policy | gone)
    row = p.claim(policy, "10000.00", paid_usd="8000.00", shipped_on="2025-09-01")
    p.expect_claim("round_after_cancellation", "Shipped on the day of cancellation.", row, "0.00",
                   covered=False, findings="after_cancellation")  # fmt: skip
    _excluded(p)


def _excluded(p: Plants) -> None:
    firm = p.firm()
    p.declare(firm, "12007.00", on=IN_2023)
    for edition in (1, 2):
        p.listed.setdefault((2024, edition), []).append(_line(firm))
    policy = p.policy(firm, OF_2024)
    row = p.claim(
        policy, "10000.00", paid_usd="8000.00", buyer_country=EXCLUDED, shipped_on="2024-09-10",
        reported_on="2024-11-25", filed_on="2024-12-08", decided_on="2025-01-10", paid_on="2025-01-20",
    )  # fmt: skip
    p.expect_claim("round_excluded_country", "The sample terms of 2024 exclude it.", row, "0.00",
                   covered=False, findings="excluded_country", year=2024)  # fmt: skip


def _reports(p: Plants) -> None:
    firm, policy = p.insured()
    for day in range(4):
        p.add(
            "service_usage",
            {
                "usage_no": f"UROUND{p.number('report'):06d}",
                "uscc": firm.uscc,
                "policy_year": policy["policy_year"],
                "service": "credit_report",
                "used_on": f"2025-08-2{day}",
                "quantity": "1",
                "updated_at": f"2025-08-2{day}T10:00:00Z",
            },
        )
    p.case(
        "round_fourth_credit_report",
        "Four reports where three are free.",
        "service_usage",
        {"uscc": firm.uscc},
        table="credit_report_audit",
        key={"policy_year": "2025", "uscc": firm.uscc},
        values={"granted": "3", "used": "4", "beyond": "1", "beyond_since": "2025-08-23",
                "findings": "fourth_credit_report"},
    )  # fmt: skip


def _threads(p: Plants) -> None:
    """Insured in 2024 and in 2025: once renamed and moved, once after a merger."""
    firm = p.firm(district="盐田区")
    _insured_in_2024(p, firm)
    renamed = Firm(firm.uscc, firm.customs_code, firm.name.replace("样例", "样例再"), "坪山区")
    p.register(renamed, updated_at=calendar.stamp(date(2024, 10, 8)))
    _insured_in_2025(p, renamed, "insured_again,renamed,moved", thread=firm)

    gone, heir = p.firm(district="盐田区"), p.firm(district="盐田区")
    _insured_in_2024(p, gone)
    p.register(gone, deregistered_on="2024-08-30", updated_at=calendar.stamp(date(2024, 9, 2)))
    taken_over = Firm(heir.uscc, gone.customs_code, heir.name, heir.district)
    p.register(taken_over, updated_at=calendar.stamp(date(2024, 9, 20)))
    _insured_in_2025(p, heir, "insured_again,renamed,merged", thread=heir)


def _insured_in_2024(p: Plants, firm: Firm) -> None:
    p.declare(firm, "12008.00", on=IN_2023)
    for edition in (1, 2):
        p.listed.setdefault((2024, edition), []).append(_line(firm))
    p.policy(firm, OF_2024)


def _insured_in_2025(p: Plants, firm: Firm, changes: str, thread: Firm) -> None:
    p.declare(firm, "12009.00")
    p.policy(firm)
    p.case(
        f"round_thread_{changes.split(',')[-1]}",
        "One thread from 2024 to 2025.",
        "policies",
        {"insured_uscc": firm.uscc},
        table="policy_threads",
        key={"policy_year": "2025", "uscc": firm.uscc},
        values={"thread": thread.uscc, "changes": changes, "years_insured": "2"},
    )


def _line(firm: Firm) -> Listed:
    return Listed(firm.uscc, firm.name, firm.district)


def _broken(serial: int) -> str:
    """A code nobody holds, with a wrong check digit."""
    good = make_uscc(serial, "TP")
    return good[:-1] + ("0" if good[-1] != "0" else "1")
