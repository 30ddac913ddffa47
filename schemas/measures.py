"""The measures of the annual statistics: each defined once, in words for readers and as expressions.

`assets.statistics.annual` computes what stands here and nothing else; dictionary, report and sheets
quote the same words. A measure sums `numerator` (and `denominator`) over the rows of its facts for
which `where` holds. A rate is the quotient of two sums, never a rate of rates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

import polars as pl

from schemas.codes.districts import DISTRICT_ORDER
from schemas.policies import CAUSES, CHANNELS, SERVICES

DIMENSIONS = (
    "total", "district", "size_band", "country", "hs_chapter", "channel", "take_up_month",
    "cause", "service",
)  # fmt: skip
SIZE_BANDS = ("≤100k", "≤500k", "≤1M", "≤3M", "≤8M")
BAND_LIMITS_USD = (100_000, 500_000, 1_000_000, 3_000_000, 8_000_000)
ABOVE = ">8M"
"""The band of an enterprise that is above the threshold today though its edition lists it."""
ALL = "all"
"""The one member of the dimension `total`."""
UNKNOWN = "unknown"
"""The member of what cannot be placed: a claim without an enterprise has no district."""
CLOSED_AFTER_MONTHS = 12
"""Months from the end of cover to the closing of the year: claims come late (a reading)."""

PUBLIC_FROM_MONTHS = (1, 7)
"""Months on whose first day the public copy is renewed; in between it stands (a reading)."""

MEMBERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "total": (ALL,),
        "district": DISTRICT_ORDER,
        "size_band": SIZE_BANDS,
        "channel": CHANNELS,
        "cause": CAUSES,
        "service": SERVICES,
    }
)
"""Members that are shown even where they are zero; countries, chapters and months only where seen."""

UNITS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "enterprises": ("家", "enterprises"),
        "ratio": ("比率", "ratio"),
        "USD": ("美元", "US dollars"),
        "claims": ("件", "claims"),
        "days": ("天", "days"),
        "uses": ("次", "uses"),
        "items": ("条", "items"),
    }
)

Facts = Literal["lines", "last_years_lines", "exports", "claims", "services", "pushes"]
FACTS: Mapping[Facts, tuple[str, str]] = MappingProxyType(
    {
        "lines": ("现行名单的每一行", "one row a line of the edition in force"),
        "last_years_lines": ("上年名单的每一行", "one row a line of last year's edition"),
        "exports": (
            "企业、国别、商品类章的承保出口与名单企业上一日历年出口",
            "one row an enterprise, country and HS chapter: insured exports, and exports of the export year",
        ),
        "claims": ("本年度保单的每件报损", "one row a claim of the year"),
        "services": ("每家企业使用的每项增值服务", "one row an enterprise and service"),
        "pushes": ("每条推送", "one row an item pushed"),
    }
)

_ENTERPRISE = ("total", "district", "size_band")
_INSURED = (*_ENTERPRISE, "channel", "take_up_month")
_CLAIM = (*_ENTERPRISE, "country", "channel", "cause")
_ONE = pl.lit(1)
_TAKEN_UP = pl.col("status") != "not_taken_up"
_PAID = pl.col("status") == "paid"


@dataclass(frozen=True, kw_only=True, eq=False)
class Measure:
    """One measure. A rate has a denominator; only the others add up over a dimension.

    `sources`: the tables its rows come from. `revised_by`: what changes it after the year, in both
    languages. `of`: measures that it would reveal, so that where one of those is suppressed it is,
    too. `part_of`: the measure that it is a part of, whose remainder a reader can work out.
    """

    name: str
    zh: str
    en: str
    formula_zh: str
    formula: str
    unit: str
    dimensions: tuple[str, ...]
    sources: tuple[str, ...]
    revised_by: tuple[str, str]
    facts: Facts
    numerator: pl.Expr = _ONE
    denominator: pl.Expr | None = None
    where: pl.Expr = field(default_factory=lambda: pl.lit(value=True))
    of: tuple[str, ...] = ()
    part_of: str | None = None
    needs_year_before: bool = False

    @property
    def is_rate(self) -> bool:
        """Whether it is a quotient of two sums."""
        return self.denominator is not None


_BY_EDITION = ("名单换版、补领或退保", "another edition of the roster, late take-up or cancellation")
_BY_EXPORTS = ("报关单修改、撤销或迟到，汇率更正", "declarations amended, withdrawn or late; corrected rates")
_BY_CLAIMS = ("迟到的报损、定损和赔付", "claims reported, decided or paid late")
_BY_SERVICES = ("迟到或更正的使用记录", "records of use that come late or are corrected")

MEASURES = (
    Measure(
        name="enterprises_eligible", zh="名单企业数", en="Enterprises eligible",
        formula_zh="现行名单的行数。",
        formula="Lines of the edition in force.",
        unit="enterprises", dimensions=_ENTERPRISE, sources=("take_up",),
        revised_by=("名单换版", "another edition of the roster"),
        facts="lines",
    ),
    Measure(
        name="enterprises_taken_up", zh="领取企业数", en="Enterprises taken up",
        formula_zh="现行名单中已领取（含逾期领取）的行数。",
        formula="Lines of the edition in force that were taken up, in time or late.",
        unit="enterprises", dimensions=_INSURED, sources=("take_up", "policy_reconciliation"),
        revised_by=_BY_EDITION,
        facts="lines", where=_TAKEN_UP,
        of=("enterprises_eligible",), part_of="enterprises_eligible",
    ),
    Measure(
        name="enterprises_taken_up_late", zh="其中：逾期领取企业数", en="Of these, taken up late",
        formula_zh="已领取企业中，领取日期晚于领取截止日期的企业数。",
        formula="Of those taken up: after the deadline.",
        unit="enterprises", dimensions=_INSURED, sources=("take_up", "policy_reconciliation"),
        revised_by=_BY_EDITION,
        facts="lines", where=pl.col("status") == "taken_up_late",
        of=("enterprises_taken_up",), part_of="enterprises_taken_up",
    ),
    Measure(
        name="take_up_rate", zh="领取率", en="Take-up rate",
        formula_zh="领取企业数 ÷ 名单企业数。",
        formula="Enterprises taken up / enterprises eligible.",
        unit="ratio", dimensions=_ENTERPRISE, sources=("take_up",),
        revised_by=_BY_EDITION,
        facts="lines", numerator=_TAKEN_UP.cast(pl.Int64), denominator=_ONE,
        of=("enterprises_taken_up", "enterprises_eligible"),
    ),
    Measure(
        name="insured_exports_usd", zh="承保出口额", en="Insured exports",
        formula_zh="申报日期在企业应有保障期内的报关单明细离岸价之和，不含不予承保的国别。",
        formula="FOB of ledger lines declared inside the enterprise's expected cover, excluded "
        "countries left out.",
        unit="USD", dimensions=(*_INSURED, "country", "hs_chapter"), sources=("insured_exports",),
        revised_by=_BY_EXPORTS,
        facts="exports", numerator=pl.col("insured_usd"),
    ),
    Measure(
        name="share_of_eligible_exports", zh="承保出口额与名单企业出口额之比",
        en="Insured exports to eligible exports",
        formula_zh="本年度承保出口额 ÷ 名单企业出口年度的出口额。两者期间不同，可能大于 1。",
        formula="Insured exports of the year / exports of the export year of the edition's enterprises. "
        "The two periods differ, so it may exceed 1.",
        unit="ratio", dimensions=(*_ENTERPRISE, "country", "hs_chapter"),
        sources=("insured_exports", "monthly_exports", "take_up"),
        revised_by=_BY_EXPORTS,
        facts="exports", numerator=pl.col("insured_usd"), denominator=pl.col("eligible_usd"),
        of=("insured_exports_usd",),
    ),
    Measure(
        name="claims_reported", zh="报损案件数", en="Claims reported",
        formula_zh="本年度保单项下的全部报损案件数，不论结果。",
        formula="Claims of the year, whatever became of them.",
        unit="claims", dimensions=_CLAIM, sources=("claim_audit",),
        revised_by=_BY_CLAIMS,
        facts="claims",
    ),
    Measure(
        name="claims_paid", zh="已赔付案件数", en="Claims paid",
        formula_zh="本年度报损案件中状态为已赔付的件数。",
        formula="Claims of the year with status paid.",
        unit="claims", dimensions=_CLAIM, sources=("claim_audit",),
        revised_by=_BY_CLAIMS,
        facts="claims", where=_PAID, of=("claims_reported",), part_of="claims_reported",
    ),
    Measure(
        name="loss_usd", zh="报损金额", en="Loss",
        formula_zh="本年度全部报损案件的损失金额之和。",
        formula="Loss of all claims of the year.",
        unit="USD", dimensions=_CLAIM, sources=("claim_audit",),
        revised_by=_BY_CLAIMS,
        facts="claims", numerator=pl.col("loss_usd"), of=("claims_reported",),
    ),
    Measure(
        name="indemnity_due_usd", zh="应赔金额", en="Indemnity due",
        formula_zh="按条款对本年度全部报损案件应赔金额之和，含未定损和拒赔的案件。",
        formula="Expected indemnity of all claims of the year, undecided and declined ones included.",
        unit="USD", dimensions=_CLAIM, sources=("claim_audit",),
        revised_by=_BY_CLAIMS,
        facts="claims", numerator=pl.col("expected_indemnity_usd"), of=("loss_usd",),
    ),
    Measure(
        name="indemnity_paid_usd", zh="已赔付金额", en="Indemnity paid",
        formula_zh="本年度报损案件已赔付金额之和。",
        formula="Paid on claims of the year.",
        unit="USD", dimensions=_CLAIM, sources=("claim_audit",),
        revised_by=_BY_CLAIMS,
        facts="claims", numerator=pl.col("paid_usd"), of=("indemnity_due_usd",),
        part_of="indemnity_due_usd",
    ),
    Measure(
        name="days_from_report_to_payment", zh="报损至赔付平均天数", en="Days from report to payment",
        formula_zh="报损日期与赔付日期齐全的已赔付案件，报损至赔付的天数之和 ÷ 案件数。",
        formula="Days from report to payment of paid claims with both dates / number of those claims.",
        unit="days", dimensions=_CLAIM, sources=("claim_audit",),
        revised_by=_BY_CLAIMS,
        facts="claims", where=_PAID & pl.col("days").is_not_null(), numerator=pl.col("days"),
        denominator=_ONE, of=("claims_paid",),
    ),
    Measure(
        name="services_used", zh="增值服务使用量", en="Services used",
        formula_zh="各项增值服务使用数量之和。",
        formula="Quantity of services used.",
        unit="uses", dimensions=(*_ENTERPRISE, "service"), sources=("service_use",),
        revised_by=_BY_SERVICES,
        facts="services", numerator=pl.col("quantity"),
    ),
    Measure(
        name="credit_reports_used_of_granted", zh="免费资信报告使用率", en="Free credit reports used",
        formula_zh="领取企业已使用的海外买家资信报告数（每家至多计免费数） ÷（每家免费数 × 领取企业数）。",
        formula="Buyer credit reports used by enterprises taken up, of each at most the number granted / "
        "the number granted × enterprises taken up.",
        unit="ratio", dimensions=(*_ENTERPRISE, "channel"),
        sources=("service_use", "take_up"),
        revised_by=_BY_SERVICES,
        facts="lines", where=_TAKEN_UP,
        numerator=pl.min_horizontal("reports", "reports_granted"),
        denominator=pl.col("reports_granted"),
        of=("enterprises_taken_up",),
    ),
    Measure(
        name="app_bindings", zh="信步天下 APP 绑定数", en="App bindings",
        formula_zh="绑定信步天下 APP 的次数之和。",
        formula="Quantity of app bindings.",
        unit="uses", dimensions=_ENTERPRISE, sources=("service_use",),
        revised_by=_BY_SERVICES,
        facts="services", where=pl.col("service") == "app_binding", numerator=pl.col("quantity"),
        of=("services_used",), part_of="services_used",
    ),
    Measure(
        name="pushes", zh="推送条数", en="Items pushed",
        formula_zh="保障期各月推送清单的条目数，含补充清单。",
        formula="Items of the push lists of the cover months, supplements included.",
        unit="items", dimensions=_ENTERPRISE, sources=("push_list",),
        revised_by=("补充推送", "supplements of the push lists"),
        facts="pushes",
    ),
    Measure(
        name="enterprises_renewed", zh="续领企业数", en="Enterprises renewed",
        formula_zh="本年度与上年度均领取的企业数。上年度未登记条款的，无此指标。",
        formula="Enterprises taken up this year and last year. Absent where last year is not registered.",
        unit="enterprises", dimensions=(*_ENTERPRISE, "channel"), sources=("take_up",),
        revised_by=_BY_EDITION,
        facts="lines", where=_TAKEN_UP & pl.col("had_last_year"),
        of=("enterprises_taken_up",), part_of="enterprises_taken_up", needs_year_before=True,
    ),
    Measure(
        name="enterprises_graduated", zh="出口增长超上限企业数", en="Enterprises grown above the threshold",
        formula_zh="上年名单企业中，本年度审定为超过上限的企业数，按上年所属区统计。上年度未登记条款的，无此指标。",
        formula="Enterprises of last year's edition that this year's decisions find above the threshold, "
        "by last year's district. Absent where last year is not registered.",
        unit="enterprises", dimensions=("total", "district"), sources=("take_up", "roster_decisions"),
        revised_by=_BY_EXPORTS,
        facts="last_years_lines", where=pl.col("decision") == "over_threshold", needs_year_before=True,
    ),
)  # fmt: skip
BY_NAME: Mapping[str, Measure] = MappingProxyType({measure.name: measure for measure in MEASURES})
