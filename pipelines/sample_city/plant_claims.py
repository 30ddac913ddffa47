"""Planted cases of claims: what is due, what is covered, and every finding of the audit."""

from __future__ import annotations

from pipelines.sample_city.layout import Row
from pipelines.sample_city.plants import Plants

UNPAID: Row = {"paid_on": None, "paid_usd": None}
DECLINED: Row = UNPAID | {"status": "declined"}
UNDECIDED: Row = UNPAID | {"status": "filed", "decided_on": None}


def plant(p: Plants) -> None:
    """Plant all cases of this module."""
    _due(p)
    _limit(p)
    _findings(p)
    _cover(p)


def _due(p: Plants) -> None:
    worth = (
        ("200000", "200000.00", "150000.00", "80 % is 160,000.00, the limit 150,000.00"),
        ("187500", "187500.00", "150000.00", "80 % is exactly the limit"),
        ("187499_99", "187499.99", "149999.99", "80 % is 149,999.992"),
        ("one_cent", "0.01", "0.01", "80 % of a cent is 0.008, half-up a cent"),
        ("nothing", "0.00", "0.00", "no loss, nothing due"),
    )
    for slug, loss, due, about in worth:
        _, policy = p.insured()
        row = p.claim(policy, loss, paid_usd=due)
        p.expect_claim(f"claim_{slug}", f"Loss {loss}: {about}.", row, due)


def _limit(p: Plants) -> None:
    firm, policy = p.insured()
    first = p.claim(policy, "200000.00", paid_usd="150000.00")
    buyer = first["buyer_id"]
    second = p.claim(
        policy, "50000.00", UNPAID | {"status": "accepted"}, buyer_id=buyer, decided_on="2025-11-15"
    )
    other = p.claim(policy, "50000.00", paid_usd="40000.00")
    p.expect_claim("limit_first", "The first loss takes the limit.", first, "150000.00")
    p.expect_claim("limit_used_up", "A second loss on that buyer: 0.00.", second, "0.00")
    p.expect_claim("limit_of_another_buyer", "Another buyer, another limit.", other, "40000.00")

    _, policy = p.insured()
    first = p.claim(policy, "100000.00", paid_usd="80000.00")
    second = p.claim(
        policy,
        "100000.00",
        buyer_id=first["buyer_id"],
        decided_on="2025-11-12",
        paid_usd="70000.00",
    )
    p.expect_claim("limit_partly_used", "What is left is 70,000.00.", second, "70000.00")

    _, policy = p.insured()
    later = p.claim(policy, "100000.00", paid_usd="70000.00", decided_on="2025-11-14")
    sooner = p.claim(
        policy,
        "100000.00",
        buyer_id=later["buyer_id"],
        decided_on="2025-11-11",
        paid_usd="80000.00",
    )
    p.expect_claim("limit_by_decision", "Decided first, though numbered later.", sooner, "80000.00")
    p.expect_claim("limit_by_decision_rest", "Gets what is left.", later, "70000.00")

    _, policy = p.insured()
    first = p.claim(policy, "100000.00", paid_usd="80000.00")
    second = p.claim(policy, "100000.00", buyer_id=first["buyer_id"], paid_usd="70000.00")
    p.expect_claim("limit_same_day", "Decided the same day: by number.", second, "70000.00")

    firm, policy = p.insured()
    twin = p.policy(firm, issued_on="2025-06-13")
    first = p.claim(policy, "150000.00", paid_usd="120000.00")
    second = p.claim(
        twin,
        "150000.00",
        buyer_id=first["buyer_id"],
        decided_on="2025-11-12",
        paid_usd="30000.00",
    )
    p.expect_policy("limit_over_two_policies_twin", "Issued later.", twin, "duplicate", firm)
    p.expect_claim("limit_over_two_policies", "One limit over both.", second, "30000.00")

    _, policy = p.insured()
    declined = p.claim(policy, "200000.00", DECLINED)
    waiting = p.claim(policy, "200000.00", UNDECIDED, buyer_id=declined["buyer_id"])
    paid = p.claim(
        policy,
        "200000.00",
        buyer_id=declined["buyer_id"],
        decided_on="2025-11-18",
        paid_usd="150000.00",
    )
    p.expect_claim("declined_all_the_same", "It was covered.", declined, "150000.00",
                   findings="declined_but_covered")  # fmt: skip
    p.expect_claim("declined_uses_nothing", "A declined claim uses up nothing.", paid, "150000.00")
    p.expect_claim("undecided_comes_last", "By then the limit is used up.", waiting, "0.00")


def _findings(p: Plants) -> None:
    _, policy = p.insured()
    row = p.claim(policy, "10000.00", paid_usd="9000.00")
    p.expect_claim("overpaid", "8,000.00 was due.", row, "8000.00", findings="overpaid")
    row = p.claim(policy, "10000.00", paid_usd="7000.00")
    p.expect_claim("underpaid", "8,000.00 was due.", row, "8000.00", findings="underpaid")
    row = p.claim(policy, "10000.00", DECLINED)
    p.expect_claim("declined_but_covered", "Declined.", row, "8000.00", findings="declined_but_covered")
    row = p.claim(policy, "10000.00", UNDECIDED)
    p.expect_claim("undecided", "An expected value all the same.", row, "8000.00")
    row = p.claim({"policy_no": "SCNONE000001"}, "10000.00", UNDECIDED, shipped_on="2025-08-10")
    p.expect_claim("no_policy", "No such policy.", row, "0.00", covered=False, findings="no_policy")


def _cover(p: Plants) -> None:
    _, policy = p.insured()
    row = p.claim(policy, "10000.00", paid_usd="8000.00", shipped_on="2025-06-30")
    p.expect_claim(
        "paid_outside_cover",
        "Shipped a day before the cover.",
        row,
        "0.00",
        covered=False,
        findings="paid_outside_cover",
    )
    row = p.claim(policy, "10000.00", paid_usd="8000.00", shipped_on="2025-07-01")
    p.expect_claim("first_day_of_cover", "The first day is in.", row, "8000.00")
    row = p.claim(policy, "10000.00", DECLINED, shipped_on="2025-06-01")
    p.expect_claim("declined_outside_cover", "Rightly declined.", row, "0.00", covered=False)

    firm, late = p.insured(taken_up_on="2025-07-03", issued_on="2025-07-08", cover_from="2025-07-01")
    p.expect_policy("expected_cover_of_policy", "Late, and says otherwise.", late, "discrepant", firm,
                    discrepancies="cover_from", cover_from="2025-07-08")  # fmt: skip
    row = p.claim(late, "10000.00", paid_usd="8000.00", shipped_on="2025-07-05")
    p.expect_claim(
        "expected_cover_decides",
        "The policy says 1 July; it was taken up late, so the cover began on 8 July.",
        row,
        "0.00",
        covered=False,
        findings="paid_outside_cover",
    )

    _, policy = p.insured()
    p.add(
        "policies",
        policy
        | {
            "status": "cancelled",
            "cancelled_on": "2025-09-01",
            "updated_at": "2025-09-01T10:00:00Z",
        },
    )
    row = p.claim(policy, "10000.00", paid_usd="8000.00", shipped_on="2025-09-10")
    p.expect_claim(
        "after_cancellation",
        "Shipped after the policy was cancelled.",
        row,
        "0.00",
        covered=False,
        findings="after_cancellation",
    )
    row = p.claim(policy, "10000.00", paid_usd="8000.00", shipped_on="2025-08-31")
    p.expect_claim("before_cancellation", "Shipped the day before.", row, "8000.00")

    firm, policy = p.insured("9000002.00")
    p.expect_policy("policy_of_unlisted", "Above the threshold.", policy, "not_on_roster", firm)
    row = p.claim(policy, "10000.00", paid_usd="8000.00")
    p.expect_claim(
        "claim_of_unlisted",
        "The policy is not on the roster; the loss is judged by its cover all the same.",
        row,
        "8000.00",
    )
