"""Who may have a policy: registry, imported rosters, objections; decisions, editions, changes, drift."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from schemas.customs import CUSTOMS_CODE_PATTERN, UPDATED_AT, USCC_PATTERN
from schemas.table import SUM, Column, Field, Rule, Source, Table

DECISIONS = (
    "invalid_identity", "not_in_city", "deregistered", "no_exports", "over_threshold", "eligible",
)  # fmt: skip
CLAIMS_OF_OBJECTIONS = ("should_be_listed", "should_not_be_listed", "details_wrong")
EDITION_STATUSES = ("draft", "published", "confirmed", "superseded")
CHANGES = ("added", "removed", "changed")
DRIFT_CAUSES = (
    "amended", "withdrawn", "late_closing", "rejected", "registry_change", "rate_change",
    "new_declarations", "late_delivery", "differs_from_import",
)  # fmt: skip

POLICY_YEAR = Field(
    "policy_year", "保单年度", pl.Int32, "The policy year, named after the July it starts in.",
    form="integer", pattern=r"^20[0-9]{2}$",
)  # fmt: skip
USCC = Field("uscc", "统一社会信用代码", pl.String, "The enterprise.", form="code", pattern=USCC_PATTERN)
DISTRICT = Field(
    "district", "所属区", pl.String, "District of Shenzhen; may be empty elsewhere.",
    required=False, form="district",
)  # fmt: skip

_IN_SHENZHEN = pl.col("city").str.starts_with("4403")

ENTERPRISES = Source(
    name="enterprises",
    zh="企业备案",
    about="The registry of consignors: one enterprise (USCC) may hold several customs codes.",
    key=("uscc", "customs_code"),
    columns=(
        USCC,
        Field("customs_code", "海关编码", pl.String, "Customs registration code.", form="code",
              pattern=CUSTOMS_CODE_PATTERN),
        Field("name", "企业名称", pl.String, "Registered name."),
        Field("city", "注册地", pl.String, "GB code of the place; 4403xx = Shenzhen.", form="code",
              pattern=r"^[0-9]{6}$"),
        replace(DISTRICT, applies=_IN_SHENZHEN),
        Field("registered_on", "备案日期", pl.Date, "Registered on.", required=False, form="date",
              event=True),
        Field("deregistered_on", "注销日期", pl.Date, "Deregistered on.", required=False,
              form="date", event=True),
        UPDATED_AT,
    ),
    rules=(
        Rule("missing:district",
             ~_IN_SHENZHEN | pl.col("district").is_not_null(),
             "an enterprise of Shenzhen has a district"),
    ),
)  # fmt: skip
PUBLISHED_ROSTERS = Source(
    name="published_rosters",
    zh="已公布名单",
    about="Lists that the bureau published before this system ran; imported as confirmed editions.",
    key=("policy_year", "edition", "uscc"),
    columns=(
        POLICY_YEAR,
        Field("edition", "版次", pl.Int32, "Edition of the year, from 1.", form="integer",
              pattern=r"^[1-9][0-9]{0,3}$"),
        Field("serial", "序号", pl.Int32, "Serial in the published list.", form="integer",
              pattern=r"^[1-9][0-9]{0,6}$"),
        USCC,
        Field("enterprise_name", "企业名称", pl.String, "Name as published."),
        DISTRICT,
        Field("published_on", "公示日期", pl.Date, "Published on.", form="date", event=True),
        Field("confirmed_on", "确认日期", pl.Date, "Confirmed on.", form="date", event=True),
        UPDATED_AT,
    ),
)  # fmt: skip
OBJECTIONS = Source(
    name="roster_objections",
    zh="异议",
    about="Objections to a published list; the ruling is an act in the register.",
    key=("objection_no",),
    columns=(
        Field("objection_no", "异议编号", pl.String, "Number of the objection.", form="code"),
        POLICY_YEAR,
        USCC,
        Field("enterprise_name", "企业名称", pl.String, "Name as stated.", required=False),
        Field("claim", "诉求", pl.String, "What the objector asks for.", form="choice",
              values=CLAIMS_OF_OBJECTIONS),
        Field("submitted_on", "提交日期", pl.Date, "Submitted on.", form="date", event=True),
        Field("grounds", "理由", pl.String, "Grounds stated.", required=False),
        UPDATED_AT,
    ),
)  # fmt: skip

ROSTER_DECISIONS = Table(
    name="roster_decisions",
    zh="名单审定（内部）",
    about="What today's data and the year's terms decide for every enterprise with an export or a "
    "registration; the first decision that applies.",
    key=("policy_year", "uscc"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise.",
               comes_from=("annual_exports.uscc", "enterprises_ledger.uscc")),
        Column("fob_usd", "上年出口额（美元）", SUM, "Exports of the export year.", unit="USD",
               comes_from=("annual_exports.fob_usd",)),
        Column("headroom_usd", "距限额（美元）", SUM, "Threshold less exports; negative = above.",
               unit="USD", comes_from=("annual_exports.fob_usd",)),
        Column("decision", "结论", pl.String, "The first rule that applies.", values=DECISIONS,
               comes_from=("annual_exports.fob_usd", "enterprises_ledger.city",
                           "enterprises_ledger.deregistered_on")),
        Column("detail", "说明", pl.String, "Detail of the decision.", required=False),
        Column("rejected_lines", "拒收项数", pl.Int64, "Lines of the export year whose newest row is "
               "rejected: they count nowhere.", comes_from=("line_counts.rejected",)),
        Column("overridden_by", "异议改定", pl.String, "The upheld objection that overrides the "
               "decision.", required=False, comes_from=("roster_objections_ledger.objection_no",)),
    ),
    partition="policy_year",
    money="fob_usd",
)  # fmt: skip
ROSTER = Table(
    name="roster",
    zh="统保企业名单",
    about="The public list: every line of every edition that was published or confirmed.",
    key=("policy_year", "edition", "uscc"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("edition", "版次", pl.Int32, "Edition of the year, from 1."),
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise."),
        Column("serial", "序号", pl.Int32, "By district in the notice's order, then USCC."),
        Column("name", "企业名称", pl.String, "Name on the roster date."),
        Column("district", "所属区", pl.String, "District.", required=False),
    ),
    partition="policy_year",
    audience="public",
)  # fmt: skip
ROSTER_EDITIONS = Table(
    name="roster_editions",
    zh="名单版次",
    about="The editions of a policy year's roster and where each stands.",
    key=("policy_year", "edition"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("edition", "版次", pl.Int32, "Edition, from 1."),
        Column("status", "状态", pl.String, "Where it stands.", values=EDITION_STATUSES),
        Column("published_on", "公示日期", pl.Date, "Published on.", required=False),
        Column("objections_until", "公示期满", pl.Date, "Last day for objections.", required=False),
        Column("confirmed_on", "确认日期", pl.Date, "Confirmed on.", required=False),
        Column("lines", "企业数", pl.Int64, "Enterprises listed."),
        Column("sha256", "校验值", pl.String, "SHA-256 of the edition's lines as CSV in UTF-8."),
    ),
    partition="policy_year",
)  # fmt: skip
ROSTER_CHANGES = Table(
    name="roster_changes",
    zh="名单变动",
    about="From one edition to the next: applying it to the older gives the newer.",
    key=("policy_year", "from_edition", "to_edition", "uscc"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("from_edition", "原版次", pl.Int32, "The older edition."),
        Column("to_edition", "新版次", pl.Int32, "The newer edition."),
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise."),
        Column("change", "变动", pl.String, "Added, removed or changed.", values=CHANGES),
        Column("serial", "新序号", pl.Int32, "Serial in the newer edition.", required=False),
        Column("name", "新名称", pl.String, "Name in the newer edition.", required=False),
        Column("district", "新所属区", pl.String, "District in the newer edition.", required=False),
        Column("reason", "原因", pl.String, "Number of the objection, else amended_declarations, registry, "
               "or as_published (an imported list says so, and nothing says why)."),
    ),
    partition="policy_year",
)  # fmt: skip
ROSTER_DRIFT = Table(
    name="roster_drift",
    zh="名单漂移",
    about="Where the confirmed roster and today's data differ. The roster itself never changes.",
    key=("policy_year", "uscc"),
    columns=(
        Column("policy_year", "保单年度", pl.Int32, "Policy year."),
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise."),
        Column("edition", "版次", pl.Int32, "The edition in force."),
        Column("is_listed", "在名单内", pl.Boolean, "The edition in force lists it."),
        Column("decision_then", "公示时结论", pl.String, "What was decided at publication; empty for an "
               "imported edition.", required=False, values=DECISIONS),
        Column("decision_now", "现结论", pl.String, "What today's data would decide.",
               values=DECISIONS, comes_from=("roster_decisions.decision",)),
        Column("fob_usd_then", "公示时出口额（美元）", SUM, "Exports as the edition's decisions had them; "
               "of an imported edition, as their sources had them by then.", unit="USD"),
        Column("fob_usd_now", "现出口额（美元）", SUM, "Exports as known today.", unit="USD",
               comes_from=("roster_decisions.fob_usd",)),
        Column("cause", "原因", pl.String, "Why they differ.", values=DRIFT_CAUSES),
    ),
    partition="policy_year",
)  # fmt: skip
