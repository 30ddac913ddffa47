"""Policies, claims and services as delivered; what the audit says of each policy, line and claim."""

from __future__ import annotations

import polars as pl

from schemas.customs import UPDATED_AT
from schemas.eligibility import POLICY_YEAR, USCC
from schemas.table import CODES, MONEY, SUM, Column, Field, Source, Table

CHANNELS = ("online", "offline")
POLICY_STATUSES = ("active", "cancelled")
CAUSES = (
    "insolvency", "protracted_default", "repudiation", "bank_insolvency", "bank_default",
    "bank_non_acceptance", "war_or_unrest", "trade_control", "transfer_restriction",
)  # fmt: skip
CLAIM_STATUSES = ("reported", "filed", "accepted", "declined", "paid")
SERVICES = (
    "credit_report", "bill_of_lading_report", "online_underwriting", "online_claim",
    "online_credit", "online_consultation", "app_binding",
)  # fmt: skip
RECONCILIATION_STATUSES = (
    "cancelled", "unidentified", "not_on_roster", "duplicate", "discrepant", "matched",
)  # fmt: skip
DISCREPANCIES = (
    "cover_from", "cover_to", "insured_percentage", "buyer_limit", "policy_year",
    "issued_before_confirmation", "removed_from_edition",
)  # fmt: skip
OBSERVATIONS = (
    "issued_over_7_days_after_take_up", "name_differs", "district_differs",
    "channel_not_in_notice", "shared_customs_code", "invalid_check_digit",
)  # fmt: skip
MATCHED_BY = ("uscc", "customs_code", "name", "review")
EVIDENCE = (
    "same_name", "former_name", "similar_name", "near_uscc", "customs_code", "same_district",
    "on_roster",
)  # fmt: skip
TAKE_UP_STATUSES = ("taken_up", "taken_up_late", "not_taken_up")
FINDINGS = (
    "no_policy", "excluded_country", "after_cancellation", "paid_outside_cover", "overpaid",
    "underpaid", "declined_but_covered", "loss_without_matching_export",
)  # fmt: skip
SERVICE_FINDINGS = ("fourth_credit_report",)
DIFFERING_STATUSES = ("unidentified", "not_on_roster", "duplicate")
"""Statuses that are a difference by themselves; a discrepant policy has its discrepancies."""
DIFFERENCE_KINDS = ("status", "discrepancy", "observation")
SUBJECTS = ("policy", "claim", "credit_report")
THREAD_CHANGES = ("insured_again", "renamed", "moved", "merged")
CHANGES_OF_WORK = ("new", "resolved")

POLICIES = Source(
    name="policies",
    zh="保单",
    about="Policies issued by the insurer.",
    key=("policy_no",),
    columns=(
        Field("policy_no", "保单号", pl.String, "Unique across years.", form="code"),
        POLICY_YEAR,
        Field("insured_uscc", "被保险人统一社会信用代码", pl.String, "As stated; may be wrong.",
              required=False, form="code"),
        Field("insured_customs_code", "被保险人海关编码", pl.String, "As stated.", required=False,
              form="code"),
        Field("insured_name", "被保险人", pl.String, "As stated.", required=False),
        Field("district", "所属区", pl.String, "As stated.", required=False),
        Field("channel", "渠道", pl.String, "单一窗口 or 客户经理.", form="choice", values=CHANNELS),
        Field("taken_up_on", "领取日期", pl.Date, "Taken up on.", form="date", event=True),
        Field("issued_on", "签发日期", pl.Date, "Issued on.", form="date", event=True),
        Field("cover_from", "保障起", pl.Date, "First day of cover.", form="date"),
        Field("cover_to", "保障止", pl.Date, "Last day of cover.", form="date"),
        Field("insured_percentage", "赔付比例", pl.Decimal(5, 4), "Part of a loss, 0.80 = 80 %.",
              form="decimal"),
        Field("buyer_limit_usd", "单一买方责任限额", MONEY, "Limit per buyer or issuing bank.",
              unit="USD", form="decimal"),
        Field("status", "状态", pl.String, "Active or cancelled.", form="choice",
              values=POLICY_STATUSES),
        Field("cancelled_on", "注销日期", pl.Date, "Cancelled on.", required=False, form="date",
              event=True),
        UPDATED_AT,
    ),
)  # fmt: skip
CLAIMS = Source(
    name="claims",
    zh="报损索赔",
    about="Losses reported and claims filed under policies.",
    key=("claim_no",),
    amount="loss_usd",
    money="loss_usd",
    columns=(
        Field("claim_no", "赔案号", pl.String, "Number of the claim.", form="code"),
        Field("policy_no", "保单号", pl.String, "The policy.", form="code"),
        Field("buyer_id", "买方代码", pl.String, "Buyer or issuing bank.", form="code"),
        Field("buyer_name", "买方名称", pl.String, "Buyer or issuing bank.", required=False),
        Field("buyer_country", "买方国别", pl.String, "Country of the buyer.", form="country"),
        Field("cause", "致损原因", pl.String, "Cause of the loss.", form="choice", values=CAUSES),
        Field("shipped_on", "出运日期", pl.Date, "Shipped on.", form="date", event=True),
        Field("invoice_usd", "发票金额", MONEY, "Invoice.", unit="USD", required=False,
              form="decimal"),
        Field("loss_usd", "损失金额", MONEY, "Loss.", unit="USD", form="decimal"),
        Field("reported_on", "报损日期", pl.Date, "Loss reported on.", required=False, form="date",
              event=True),
        Field("filed_on", "索赔日期", pl.Date, "Claim filed on.", required=False, form="date",
              event=True),
        Field("decided_on", "定损日期", pl.Date, "Decided on.", required=False, form="date",
              event=True),
        Field("paid_usd", "赔付金额", MONEY, "Paid.", unit="USD", required=False, form="decimal"),
        Field("paid_on", "赔付日期", pl.Date, "Paid on.", required=False, form="date", event=True),
        Field("recovered_usd", "追偿金额", MONEY, "Recovered from the buyer.", unit="USD",
              required=False, form="decimal"),
        Field("status", "状态", pl.String, "Where the claim stands.", form="choice",
              values=CLAIM_STATUSES),
        UPDATED_AT,
    ),
)  # fmt: skip
SERVICE_USAGE = Source(
    name="service_usage",
    zh="增值服务",
    about="Services of the package that an enterprise used.",
    key=("usage_no",),
    columns=(
        Field("usage_no", "使用编号", pl.String, "Number of the use.", form="code"),
        USCC,
        POLICY_YEAR,
        Field("service", "服务", pl.String, "Which service.", form="choice", values=SERVICES),
        Field("used_on", "使用日期", pl.Date, "Used on.", form="date", event=True),
        Field("quantity", "数量", pl.Int32, "How many.", form="integer", pattern=r"^[0-9]{1,6}$"),
        UPDATED_AT,
    ),
)  # fmt: skip

POLICY_RECONCILIATION = Table(
    name="policy_reconciliation",
    zh="保单核对",
    about="Every policy against the roster and the terms of its year: exactly one status, all "
    "discrepancies and observations.",
    key=("policy_no",),
    columns=(
        Column("policy_no", "保单号", pl.String, "The policy.",
               comes_from=("policies_ledger.policy_no",)),
        Column("policy_year", "保单年度", pl.Int32, "As stated on the policy."),
        Column("uscc", "统一社会信用代码", pl.String, "The insured, as identified.", required=False),
        Column("district", "所属区", pl.String, "District of the insured.", required=False),
        Column("channel", "渠道", pl.String, "How it was taken up.", values=CHANNELS),
        Column("taken_up_on", "领取日期", pl.Date, "Taken up on."),
        Column("issued_on", "签发日期", pl.Date, "Issued on."),
        Column("status", "核对结果", pl.String, "The first that applies.",
               values=RECONCILIATION_STATUSES),
        Column("discrepancies", "差异", CODES, "What differs from terms or roster.",
               values=DISCREPANCIES),
        Column("observations", "提示", CODES, "Worth seeing, no difference.", values=OBSERVATIONS),
        Column("matched_by", "识别方式", pl.String, "What identified the insured.", required=False,
               values=MATCHED_BY),
        Column("expected_cover_from", "应有保障起", pl.Date, "By the year's terms.",
               comes_from=("policies_ledger.taken_up_on", "policies_ledger.issued_on")),
        Column("expected_cover_to", "应有保障止", pl.Date, "By the year's terms."),
        Column("roster_basis", "名单依据", pl.String, "Checked against a confirmed roster or a "
               "draft.", values=("confirmed", "draft")),
    ),
    partition="policy_year",
)  # fmt: skip
_EXPECTED = Column(
    "expected", "应为", pl.String, "What was to be expected; empty where it has no value.", required=False
)
_FOUND = Column("found", "实为", pl.String, "What was found.", required=False)
POLICY_DIFFERENCES = Table(
    name="policy_differences",
    zh="保单差异",
    about="Every status, discrepancy and observation that a policy shows, each with what was expected "
    "and what was found.",
    key=("policy_no", "code"),
    columns=(
        Column("policy_no", "保单号", pl.String, "The policy.",
               comes_from=("policies_ledger.policy_no",)),
        Column("code", "代码", pl.String, "What differs.",
               values=(*DIFFERING_STATUSES, *DISCREPANCIES, *OBSERVATIONS)),
        Column("kind", "类别", pl.String, "A status, a discrepancy, or an observation, which is none.",
               values=DIFFERENCE_KINDS),
        Column("policy_year", "保单年度", pl.Int32, "As stated on the policy."),
        Column("uscc", "统一社会信用代码", pl.String, "The insured, as identified.", required=False),
        Column("status", "核对结果", pl.String, "The policy's status.", values=RECONCILIATION_STATUSES),
        _EXPECTED,
        _FOUND,
    ),
    partition="policy_year",
)  # fmt: skip
POLICY_SUGGESTIONS = Table(
    name="policy_suggestions",
    zh="待核企业建议",
    about="For every unidentified policy the enterprises it may insure, best first, with the "
    "evidence. A suggestion decides nothing: an office accepts one.",
    key=("policy_no", "rank"),
    columns=(
        Column("policy_no", "保单号", pl.String, "The policy.",
               comes_from=("policy_reconciliation.policy_no",)),
        Column("rank", "顺序", pl.Int32, "From 1, the best."),
        Column("policy_year", "保单年度", pl.Int32, "As stated on the policy."),
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise suggested.",
               comes_from=("enterprises_ledger.uscc",)),
        Column("name", "企业名称", pl.String, "Its name in the registry."),
        Column("district", "所属区", pl.String, "Its district.", required=False),
        Column("score", "得分", pl.Int32, "Likeness of the names, 0 … 100, and what other evidence "
               "is worth.", unit="points"),
        Column("name_alike", "名称相似度", pl.Int32, "Likeness of the names, 0 … 100.", unit="%"),
        Column("evidence", "依据", CODES, "What speaks for it.", values=EVIDENCE),
    ),
    partition="policy_year",
)  # fmt: skip
TAKE_UP = Table(
    name="take_up",
    zh="领取情况",
    about="Every line of the edition in force: taken up, late, or not.",
    key=("policy_year", "uscc"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise.", comes_from=("roster.uscc",)),
        Column("status", "领取状态", pl.String, "Taken up, late, or not.",
               values=TAKE_UP_STATUSES),
        Column("policy_no", "保单号", pl.String, "The policy, where taken up.", required=False,
               comes_from=("policy_reconciliation.policy_no",)),
        Column("district", "所属区", pl.String, "District on the roster.", required=False),
        Column("channel", "渠道", pl.String, "How, where taken up.", required=False,
               values=CHANNELS),
        Column("days_late", "逾期天数", pl.Int32, "Days after the deadline; 0 if in time or not "
               "taken up.", unit="days"),
    ),
    partition="policy_year",
)  # fmt: skip
CLAIM_AUDIT = Table(
    name="claim_audit",
    zh="赔付核对",
    about="Every claim: covered or not, what the terms make due, what was paid, and findings.",
    key=("claim_no",),
    columns=(
        Column("claim_no", "赔案号", pl.String, "The claim.", comes_from=("claims_ledger.claim_no",)),
        Column("policy_no", "保单号", pl.String, "The policy."),
        Column("policy_year", "保单年度", pl.Int32, "Of its policy."),
        Column("uscc", "统一社会信用代码", pl.String, "The insured, as identified.", required=False),
        Column("buyer_id", "买方代码", pl.String, "Buyer or issuing bank."),
        Column("buyer_country", "买方国别", pl.String, "Country of the buyer."),
        Column("cause", "致损原因", pl.String, "Cause of the loss.", values=CAUSES),
        Column("status", "状态", pl.String, "Where the claim stands.", values=CLAIM_STATUSES),
        Column("shipped_on", "出运日期", pl.Date, "Shipped on."),
        Column("reported_on", "报损日期", pl.Date, "Loss reported on.", required=False,
               comes_from=("claims_ledger.reported_on",)),
        Column("decided_on", "定损日期", pl.Date, "Decided on.", required=False),
        Column("paid_on", "赔付日期", pl.Date, "Paid on.", required=False),
        Column("loss_usd", "损失金额", MONEY, "Loss.", unit="USD"),
        Column("covered", "在保障内", pl.Boolean, "Shipped within the expected cover, country not "
               "excluded."),
        Column("expected_indemnity_usd", "应赔金额", MONEY, "min(percentage × loss, what is left of "
               "the buyer's limit), half-up.", unit="USD", comes_from=("claims_ledger.loss_usd",)),
        Column("paid_usd", "赔付金额", MONEY, "Paid; 0.00 if nothing.", unit="USD"),
        Column("difference_usd", "差额", MONEY, "Paid less expected.", unit="USD"),
        Column("findings", "发现", CODES, "What the audit found.", values=FINDINGS),
    ),
    partition="policy_year",
    money="paid_usd",
)  # fmt: skip
CLAIM_DIFFERENCES = Table(
    name="claim_differences",
    zh="赔付差异",
    about="Every finding on a claim, with what was expected and what was found.",
    key=("claim_no", "code"),
    columns=(
        Column("claim_no", "赔案号", pl.String, "The claim.", comes_from=("claims_ledger.claim_no",)),
        Column("code", "代码", pl.String, "What the audit found.", values=FINDINGS),
        Column("policy_year", "保单年度", pl.Int32, "Of its policy."),
        Column("policy_no", "保单号", pl.String, "The policy."),
        Column("uscc", "统一社会信用代码", pl.String, "The insured, as identified.", required=False),
        _EXPECTED,
        _FOUND,
    ),
    partition="policy_year",
)  # fmt: skip
BUYER_EXPOSURE = Table(
    name="buyer_exposure",
    zh="买方限额余额",
    about="What is left of the limit of each insured, buyer and policy year, over all its policies.",
    key=("policy_year", "insured", "buyer_id"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("insured", "被保险人", pl.String, "USCC; the policy number where not identified."),
        Column("buyer_id", "买方代码", pl.String, "Buyer or issuing bank.",
               comes_from=("claims_ledger.buyer_id",)),
        Column("buyer_country", "买方国别", pl.String, "Country of the buyer, of its last claim."),
        Column("claims", "赔案数", pl.Int64, "Claims on this buyer."),
        Column("loss_usd", "损失金额", SUM, "Losses of these claims.", unit="USD"),
        Column("limit_usd", "责任限额", MONEY, "The year's limit per buyer.", unit="USD"),
        Column("used_usd", "已用限额", SUM, "Due on accepted and paid claims.", unit="USD",
               comes_from=("claims_ledger.loss_usd",)),
        Column("pending_usd", "未决金额", SUM, "What undecided claims would use next.", unit="USD"),
        Column("left_usd", "限额余额", SUM, "Limit less what is used.", unit="USD"),
        Column("paid_usd", "赔付金额", SUM, "Paid.", unit="USD"),
    ),
    partition="policy_year",
    money="used_usd",
)  # fmt: skip
CREDIT_REPORT_AUDIT = Table(
    name="credit_report_audit",
    zh="资信报告核对",
    about="Buyer credit reports that each enterprise used of those that the year's notice gives free.",
    key=("policy_year", "uscc"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise.",
               comes_from=("service_usage_ledger.uscc",)),
        Column("granted", "免费份数", pl.Int64, "Reports free of charge.", unit="reports"),
        Column("used", "已用份数", pl.Int64, "Reports used.", unit="reports",
               comes_from=("service_usage_ledger.quantity",)),
        Column("beyond", "超出份数", pl.Int64, "Used beyond those granted.", unit="reports"),
        Column("beyond_since", "超出日期", pl.Date, "The day on which the grant was exceeded.",
               required=False),
        Column("findings", "发现", CODES, "What the audit found.", values=SERVICE_FINDINGS),
    ),
    partition="policy_year",
)  # fmt: skip
SERVICE_USE = Table(
    name="service_use",
    zh="增值服务使用汇总",
    about="What each enterprise used of each service of the package in a policy year.",
    key=("policy_year", "uscc", "service"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise.",
               comes_from=("service_usage_ledger.uscc",)),
        Column("service", "服务", pl.String, "Which service.", values=SERVICES),
        Column("uses", "使用记录数", pl.Int64, "Records of use.", unit="records"),
        Column("quantity", "数量", pl.Int64, "How many, over these records.", unit="uses",
               comes_from=("service_usage_ledger.quantity",)),
    ),
    partition="policy_year",
)  # fmt: skip
_WORK = (
    Column("policy_year", "保单年度", pl.Int32, "Policy year."),
    Column("subject", "对象", pl.String, "What it is about.", values=SUBJECTS),
    Column("number", "编号", pl.String, "Policy or claim number; of credit reports the USCC."),
    Column("code", "差异代码", pl.String, "Status, discrepancy or finding.",
           values=(*DIFFERING_STATUSES, *DISCREPANCIES, *FINDINGS, *SERVICE_FINDINGS)),
)  # fmt: skip
_SINCE = Column("since_on", "首次发现", pl.Date, "The day of the run that saw it first.")
WORK_LIST = Table(
    name="work_list",
    zh="待办差异",
    about="Every open difference that somebody can act on: differing policies that are not cancelled, "
    "findings on claims and services; observations are none.",
    key=("policy_year", "subject", "number", "code"),
    columns=(
        *_WORK,
        Column("policy_no", "保单号", pl.String, "The policy.", required=False),
        Column("uscc", "统一社会信用代码", pl.String, "The insured, as identified.", required=False),
        Column("name", "企业名称", pl.String, "By the registry, else as stated.", required=False),
        Column("district", "所属区", pl.String, "By the registry.", required=False),
        _EXPECTED,
        _FOUND,
        _SINCE,
        Column("action_zh", "处理办法", pl.String, "What to do about it."),
    ),
    partition="policy_year",
)  # fmt: skip
WORK_LIST_CHANGES = Table(
    name="work_list_changes",
    zh="待办变化",
    about="What each run found new on the work list and what was resolved, with its age; differences "
    "neither new nor resolved grow older.",
    key=("policy_year", "changed_on", "subject", "number", "code"),
    columns=(
        *_WORK,
        Column("changed_on", "变化日期", pl.Date, "The day of the run that saw the change."),
        Column("change", "变化", pl.String, "New or resolved.", values=CHANGES_OF_WORK),
        _SINCE,
        Column("age_days", "历时", pl.Int32, "Days from first seen to this change.", unit="days"),
    ),
    partition="policy_year",
)  # fmt: skip
POLICY_THREADS = Table(
    name="policy_threads",
    zh="历年投保脉络",
    about="Every insured enterprise over the years: insured again, renamed, moved or merged, it keeps one "
    "thread, named by the enterprise that is left of it.",
    key=("policy_year", "uscc"),
    columns=(
        Column("thread", "脉络", pl.String, "USCC of the enterprise that carries it on today."),
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("uscc", "统一社会信用代码", pl.String, "The insured of that year.",
               comes_from=("policy_reconciliation.uscc",)),
        Column("policy_no", "保单号", pl.String, "Its original policy of that year.",
               comes_from=("policy_reconciliation.policy_no",)),
        Column("name", "企业名称", pl.String, "By the registry, on the day of issue.", required=False,
               comes_from=("enterprises_ledger.name",)),
        Column("district", "所属区", pl.String, "District of that year.", required=False),
        Column("years_insured", "累计投保年数", pl.Int32, "Years of the thread up to this one.",
               unit="years"),
        Column("changes", "变化", CODES, "Since the thread's year before: insured again, and under another "
               "name, in another district, after a merger.", values=THREAD_CHANGES),
    ),
)  # fmt: skip
