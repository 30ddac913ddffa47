"""The table of measures: what is measured, in which unit, how, and by which dimensions.

Every figure of the annual statistics is defined here once; `annual` computes them, `public` says
what may leave the house. Vocabularies that are emitted even where nothing happened stand here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.codes.districts import DISTRICT_ORDER
from schemas.policies import CAUSES, CHANNELS, SERVICES
from schemas.statistics import SIZE_BANDS

ALL = "all"
UNKNOWN = "unknown"
ABOVE = ">8M"
BAND_LIMITS_USD = (100_000, 500_000, 1_000_000, 3_000_000, 8_000_000)
CLOSED_AFTER_MONTHS = 12

MEMBERS: Mapping[str, tuple[str, ...]] = {
    "total": (ALL,),
    "district": DISTRICT_ORDER,
    "size_band": SIZE_BANDS,
    "channel": CHANNELS,
    "cause": CAUSES,
    "service": SERVICES,
}
"""Members emitted even where they are zero; countries, chapters and months only where seen."""

_ENTERPRISE = ("total", "district", "size_band")
_INSURED = (*_ENTERPRISE, "channel", "take_up_month")
_CLAIM = (*_ENTERPRISE, "country", "channel", "cause")


@dataclass(frozen=True)
class Measure:
    """One measure. A rate has numerator and denominator; only additive ones add up.

    `of` names the measures that it would reveal: where one of those is suppressed, so is this one.
    """

    name: str
    zh: str
    formula: str
    unit: str
    dimensions: tuple[str, ...]
    sources: tuple[str, ...]
    is_rate: bool = False
    of: tuple[str, ...] = ()

    @property
    def is_additive(self) -> bool:
        """Whether the members of a dimension add up to the total."""
        return not self.is_rate


MEASURES = (
    Measure(
        "enterprises_eligible", "名单企业数",
        "Lines of the edition in force.",
        "enterprises", _ENTERPRISE, ("take_up",),
    ),
    Measure(
        "enterprises_taken_up", "领取企业数",
        "Lines of the edition in force that were taken up, in time or late.",
        "enterprises", _INSURED, ("take_up", "policy_reconciliation"),
        of=("enterprises_eligible",),
    ),
    Measure(
        "enterprises_taken_up_late", "其中逾期领取企业数",
        "Of those taken up: after the deadline.",
        "enterprises", _INSURED, ("take_up", "policy_reconciliation"),
        of=("enterprises_taken_up",),
    ),
    Measure(
        "take_up_rate", "领取率",
        "Enterprises taken up / enterprises eligible.",
        "ratio", _ENTERPRISE, ("take_up",), is_rate=True,
        of=("enterprises_taken_up", "enterprises_eligible"),
    ),
    Measure(
        "insured_exports_usd", "承保出口额",
        "FOB of ledger lines declared inside the enterprise's expected cover, excluded countries "
        "left out.",
        "USD", (*_INSURED, "country", "hs_chapter"),
        ("customs_ledger", "policy_reconciliation"),
    ),
    Measure(
        "share_of_eligible_exports", "承保出口额与名单企业出口额之比",
        "Insured exports of the year / exports of the export year of the edition's enterprises. "
        "The two periods differ, so it may exceed 1.",
        "ratio", (*_ENTERPRISE, "country", "hs_chapter"),
        ("customs_ledger", "monthly_exports", "take_up"), is_rate=True,
        of=("insured_exports_usd",),
    ),
    Measure(
        "claims_reported", "报损案件数",
        "Claims of the year, whatever became of them.",
        "claims", _CLAIM, ("claim_audit",),
    ),
    Measure(
        "claims_paid", "已赔付案件数",
        "Claims of the year with status paid.",
        "claims", _CLAIM, ("claim_audit",), of=("claims_reported",),
    ),
    Measure(
        "loss_usd", "报损金额",
        "Loss of all claims of the year.",
        "USD", _CLAIM, ("claim_audit",), of=("claims_reported",),
    ),
    Measure(
        "indemnity_due_usd", "应赔金额",
        "Expected indemnity of all claims of the year, undecided and declined ones included.",
        "USD", _CLAIM, ("claim_audit",), of=("loss_usd",),
    ),
    Measure(
        "indemnity_paid_usd", "已赔付金额",
        "Paid on claims of the year.",
        "USD", _CLAIM, ("claim_audit",), of=("indemnity_due_usd",),
    ),
    Measure(
        "days_from_report_to_payment", "报损至赔付平均天数",
        "Days from report to payment of paid claims with both dates / number of those claims.",
        "days", _CLAIM, ("claim_audit", "claims"), is_rate=True, of=("claims_paid",),
    ),
    Measure(
        "services_used", "增值服务使用量",
        "Quantity of services used.",
        "uses", (*_ENTERPRISE, "service"), ("service_usage",),
    ),
    Measure(
        "credit_reports_used_of_granted", "免费资信报告使用率",
        "Buyer credit reports used by enterprises taken up, of each at most the number granted / "
        "the number granted × enterprises taken up.",
        "ratio", (*_ENTERPRISE, "channel"), ("service_usage", "take_up"), is_rate=True,
        of=("enterprises_taken_up",),
    ),
    Measure(
        "app_bindings", "信步天下 APP 绑定数",
        "Quantity of app bindings.",
        "uses", _ENTERPRISE, ("service_usage",),
    ),
    Measure(
        "pushes", "推送条数",
        "Items of the push lists of the cover months, supplements included.",
        "items", _ENTERPRISE, ("push_list",),
    ),
    Measure(
        "enterprises_renewed", "续领企业数",
        "Enterprises taken up this year and last year. Absent where last year is not registered.",
        "enterprises", (*_ENTERPRISE, "channel"), ("take_up",), of=("enterprises_taken_up",),
    ),
    Measure(
        "enterprises_graduated", "出口增长超上限企业数",
        "Enterprises of last year's edition that this year's decisions find above the threshold, "
        "by last year's district. Absent where last year is not registered.",
        "enterprises", ("total", "district"), ("take_up", "roster_decisions"),
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Measure] = {measure.name: measure for measure in MEASURES}
YEAR_ON_YEAR = ("enterprises_renewed", "enterprises_graduated")
"""Measures that exist only where the year before is registered."""
