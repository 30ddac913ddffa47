"""Planted cases of policies: every status, discrepancy, observation and way of matching."""

from __future__ import annotations

from datetime import date

from pipelines.sample_city import calendar, codes
from pipelines.sample_city.expectations import Firm
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plan import make_uscc
from pipelines.sample_city.plants import Plants


def plant(p: Plants) -> None:
    """Plant all cases of this module."""
    _dates(p)
    _discrepancies(p)
    _statuses(p)
    _cancellations(p)
    _matching(p)
    _observations(p)
    _versions(p)


def _dates(p: Plants) -> None:
    firm, row = p.insured()
    p.expect_policy("policy_matched", "All as the terms want it.", row, "matched", firm)
    p.expect_take_up("taken_up", "Taken up in time.", firm, row)

    firm = p.firm()
    p.declare(firm, "10001.00")
    p.expect_take_up("not_taken_up", "Listed, no policy.", firm, None)

    firm, row = p.insured(taken_up_on="2025-06-30", issued_on="2025-07-05")
    p.expect_policy("taken_up_30_june", "Issued 5 July: cover from 1 July.", row, "matched", firm)
    p.expect_take_up("taken_up_30_june_take_up", "The deadline's day is in.", firm, row)

    firm, row = p.insured(taken_up_on="2025-07-01", issued_on="2025-07-08", cover_from="2025-07-08")
    p.expect_policy(
        "taken_up_1_july",
        "Issued 8 July: cover from 8 July; seven days are a week.",
        row,
        "matched",
        firm,
        cover_from="2025-07-08",
    )
    p.expect_take_up("taken_up_1_july_take_up", "A day late.", firm, row, days_late=1)


def _discrepancies(p: Plants) -> None:
    late: Row = {"taken_up_on": "2025-07-10", "issued_on": "2025-07-12"}
    wrong: tuple[tuple[str, str, Row], ...] = (
        ("cover_from", "cover_from", late),
        ("cover_to", "cover_to", {"cover_to": "2026-07-31"}),
        ("insured_percentage", "insured_percentage", {"insured_percentage": "0.90"}),
        ("buyer_limit", "buyer_limit", {"buyer_limit_usd": "200000.00"}),
        (
            "policy_year",
            "cover_from,cover_to,policy_year",
            {"cover_from": "2024-07-01", "cover_to": "2025-06-30"},
        ),
        (
            "issued_before_confirmation",
            "issued_before_confirmation",
            {"taken_up_on": "2025-05-20", "issued_on": "2025-05-22"},
        ),
        (
            "everything_wrong",
            "cover_from,cover_to,insured_percentage,buyer_limit",
            {
                "cover_from": "2025-08-01",
                "cover_to": "2026-07-31",
                "insured_percentage": "0.70",
                "buyer_limit_usd": "100000.00",
            },
        ),
    )
    for slug, discrepancies, changes in wrong:
        firm, row = p.insured(changes=changes)
        p.expect_policy(
            f"discrepant_{slug}",
            f"Against the terms: {discrepancies}.",
            row,
            "discrepant",
            firm,
            discrepancies=discrepancies,
            cover_from="2025-07-12" if changes is late else None,
        )


def _statuses(p: Plants) -> None:
    firm, row = p.insured("9000000.00")
    p.expect_policy("not_on_roster", "Exports above the threshold.", row, "not_on_roster", firm)

    firm, row = p.insured("9000001.00", insured_percentage="0.75")
    p.expect_policy(
        "not_on_roster_and_discrepant",
        "Discrepancies are shown with any status.",
        row,
        "not_on_roster",
        firm,
        discrepancies="insured_percentage",
    )

    firm, first = p.insured()
    second = p.policy(firm, issued_on="2025-06-13")
    p.expect_policy("duplicate_original", "The earlier one.", first, "matched", firm)
    p.expect_policy("duplicate", "Issued a day later.", second, "duplicate", firm)
    p.expect_take_up("duplicate_take_up", "The original counts.", firm, first)

    firm, first = p.insured()
    second = p.policy(firm)
    p.expect_policy("duplicate_same_day", "The lower number wins.", first, "matched", firm)
    p.expect_policy("duplicate_same_day_second", "The higher one.", second, "duplicate", firm)

    firm = p.firm()
    p.declare(firm, "10002.00")
    stranger = Firm(_broken(910_001), "", "深圳市样例无此企业有限公司", firm.district)
    row = p.policy(stranger, insured_customs_code=None)
    p.expect_policy(
        "unidentified",
        "Neither code nor name is known.",
        row,
        "unidentified",
        None,
        matched_by=None,
        observations="invalid_check_digit",
    )

    firm, row = p.insured(policy_year="2031", cover_from="2031-07-01", cover_to="2032-06-30")
    p.expect_absent(
        "unregistered_policy_year",
        "A year without terms waits.",
        "policies",
        "policy_reconciliation",
        {"policy_no": row["policy_no"]},
        policy_no=row["policy_no"],
    )


def _cancel(p: Plants, policy: Row, on: date) -> Row:
    changes = {"status": "cancelled", "cancelled_on": on.isoformat()}
    return p.add("policies", policy | changes | {"updated_at": calendar.stamp(on)})


def _cancellations(p: Plants) -> None:
    firm, row = p.insured()
    _cancel(p, row, date(2025, 7, 15))
    p.expect_policy("cancelled", "Cancelled comes first.", row, "cancelled", firm)
    p.expect_take_up("cancelled_only", "Cancelled only: not taken up.", firm, None)

    firm, first = p.insured()
    _cancel(p, first, date(2025, 6, 20))
    again = p.policy(firm, taken_up_on="2025-06-20", issued_on="2025-06-24")
    p.expect_policy("cancelled_and_reissued", "The new one is no duplicate.", again, "matched", firm)
    p.expect_policy("cancelled_before_reissue", "The old one.", first, "cancelled", firm)
    p.expect_take_up("reissued_take_up", "Taken up with the new policy.", firm, again)


def _matching(p: Plants) -> None:
    firm = p.firm()
    p.declare(firm, "10003.00")
    row = p.policy(firm, insured_uscc=_broken(910_002))
    p.expect_policy(
        "matched_by_customs_code",
        "A mistyped code: the customs code tells.",
        row,
        "matched",
        firm,
        matched_by="customs_code",
        observations="invalid_check_digit",
    )
    firm = p.firm()
    p.declare(firm, "10004.00")
    row = p.policy(firm, insured_uscc=None)
    p.expect_policy(
        "matched_without_uscc",
        "No USCC on the policy.",
        row,
        "matched",
        firm,
        matched_by="customs_code",
    )
    name = "深圳市样例华达电子（深圳）有限公司"
    firm = p.firm(name=name)
    p.declare(firm, "10005.00")
    written = " ".join(name.translate(codes.TRADITIONAL)).replace("（", "(").replace("）", ")")
    row = p.policy(firm, insured_uscc=None, insured_customs_code=None, insured_name=written)
    p.expect_policy(
        "matched_by_name",
        "Traditional characters, spaces, narrow brackets: the same name.",
        row,
        "matched",
        firm,
        matched_by="name",
    )
    one, other = p.firm(customs_code="440366ZZZ8"), p.firm(customs_code="440366ZZZ8")
    for firm in (one, other):
        p.declare(firm, "10006.00")
    row = p.policy(one, insured_uscc=None)
    p.expect_policy(
        "shared_code_never_matches",
        "The code belongs to two: the name decides.",
        row,
        "matched",
        one,
        matched_by="name",
        observations="shared_customs_code",
    )
    unknown = p.firm(registered=False)
    row = p.policy(unknown, insured_customs_code=None)
    p.expect_policy(
        "valid_but_unknown_uscc",
        "A valid code that nobody has seen is an identity, but on no roster.",
        row,
        "not_on_roster",
        unknown,
    )


def _observations(p: Plants) -> None:
    seen: tuple[tuple[str, Row], ...] = (
        ("issued_over_7_days_after_take_up", {"issued_on": "2025-06-18"}),
        ("name_differs", {"insured_name": "深圳市样例另一名称有限公司"}),
        ("channel_not_in_notice", {"channel": "offline"}),
    )
    for observation, changes in seen:
        firm, row = p.insured(changes=changes)
        p.expect_policy(
            f"observed_{observation}",
            "An observation alone leaves it matched.",
            row,
            "matched",
            firm,
            observations=observation,
        )
    firm = p.firm()
    p.declare(firm, "10007.00")
    elsewhere = next(d.name for d in codes.DISTRICTS if d.name != firm.district)
    row = p.policy(firm, district=elsewhere)
    p.expect_policy(
        "observed_district_differs",
        "Another district than on the roster.",
        row,
        "matched",
        firm,
        observations="district_differs",
    )
    shenshan = p.firm(district="深汕特别合作区")
    p.declare(shenshan, "10008.00")
    row = p.policy(shenshan, district="深汕合作区")
    p.expect_policy("district_alias", "Two names of one district.", row, "matched", shenshan)

    one, other = p.firm(customs_code="440366ZZZ9"), p.firm(customs_code="440366ZZZ9")
    for firm in (one, other):
        p.declare(firm, "10009.00")
        row = p.policy(firm)
        p.expect_policy(
            "observed_shared_customs_code",
            "Identified by its USCC; the code is shared.",
            row,
            "matched",
            firm,
            observations="shared_customs_code",
        )
    bad = p.firm(uscc=_broken(910_003))
    p.declare(bad, "10010.00")
    row = p.policy(bad)
    p.expect_policy(
        "known_invalid_uscc",
        "A known enterprise whose code fails its check digit is on no roster.",
        row,
        "not_on_roster",
        bad,
        observations="invalid_check_digit",
    )


def _versions(p: Plants) -> None:
    firm, row = p.insured()
    later = row | {"updated_at": "2025-06-14T02:00:00Z", "insured_percentage": "0.85"}
    other = later | {"insured_percentage": "0.95"}
    for version in (later, other):
        p.add("policies", version)
        p.expect_rejected(
            "policy_version_conflict",
            "Two versions of one moment differ: both are rejected.",
            version,
            "version_conflict",
            source="policies",
        )
    p.expect_policy("policy_before_conflict", "The version before stays current.", row, "matched", firm)
    firm, row = p.insured()
    p.add("policies", row | {"updated_at": "2027-02-01T02:00:00Z", "status": "cancelled"})
    p.expect_policy("policy_waiting", "A cancellation of the future waits.", row, "matched", firm)
    firm, row = p.insured()
    bad = p.add("policies", row | {"updated_at": "2025-07-14T02:00:00Z", "channel": "post"})
    p.expect_rejected("policy_unknown_channel", "No such channel.", bad, "unknown:channel", source="policies")


def _broken(serial: int) -> str:
    """A code nobody holds, with a wrong check digit."""
    good = make_uscc(serial, "TP")
    return good[:-1] + ("0" if good[-1] != "0" else "1")
