"""Country risk and bulletins as delivered; the monthly push list made from them."""

from __future__ import annotations

import polars as pl

from schemas.customs import UPDATED_AT
from schemas.table import SUM, TIMESTAMP, Column, Field, Rule, Source, Table

KINDS = ("country_risk", "market_info", "risk_alert")
TOPICS = ("country_risk", "risk_alert", "market_info")
RECEIPT_EVENTS = ("delivered", "bounced", "opened")
RATING_CHANGES = ("up", "down", "unchanged", "not_classified", "no_data")

COUNTRY_RISK = Source(
    name="country_risk",
    zh="国别风险评级",
    about="Country risk ratings of several schemes, each from its effective date.",
    key=("country", "scheme", "effective_on"),
    columns=(
        Field("country", "国别", pl.String, "Three letters.", form="country"),
        Field("scheme", "评级体系", pl.String, "sinosure 1–9, oecd 0–7, …"),
        Field("rating", "评级", pl.String, "The class; - = not classified, never low risk.",
              form="code", pattern=r"^(-|[0-9]{1,2})$"),
        Field("effective_on", "生效日期", pl.Date, "In force from.", form="date"),
        Field("source", "来源", pl.String, "Who published it."),
        UPDATED_AT,
    ),
)  # fmt: skip
RISK_BULLETINS = Source(
    name="risk_bulletins",
    zh="风险提示",
    about="Bulletins on countries and goods.",
    key=("bulletin_no",),
    columns=(
        Field("bulletin_no", "编号", pl.String, "Number of the bulletin.", form="code"),
        Field("kind", "类别", pl.String, "What it speaks of.", form="choice", values=KINDS),
        Field("countries", "国别", pl.List(pl.String), "Countries, separated by ; or ,.",
              form="countries"),
        Field("hs_chapters", "商品章", pl.List(pl.String), "HS chapters; empty = all.",
              required=False, form="chapters"),
        Field("severity", "等级", pl.Int32, "1–5.", form="integer", pattern=r"^[1-5]$"),
        Field("title", "标题", pl.String, "Title."),
        Field("body", "正文", pl.String, "Text.", required=False),
        Field("valid_from", "有效期起", pl.Date, "Valid from.", form="date"),
        Field("valid_to", "有效期止", pl.Date, "Valid to; empty = until withdrawn.",
              required=False, form="date"),
        Field("published_at", "发布时间", pl.Datetime("us", "UTC"), "Published at.",
              form="timestamp"),
        Field("status", "状态", pl.String, "Active or withdrawn.", form="choice",
              values=("active", "withdrawn")),
        Field("source", "来源", pl.String, "Who published it."),
        UPDATED_AT,
    ),
)  # fmt: skip
PORTAL_RECEIPTS = Source(
    name="portal_receipts",
    zh="推送回执",
    about="What the portal says became of what it was sent for an enterprise.",
    key=("push_month", "supplement", "uscc", "event", "occurred_at"),
    columns=(
        Field("push_month", "推送月份", pl.String, "The month of the push.", form="month"),
        Field("supplement", "补充序号", pl.Int32, "0 = the month's list.", form="integer",
              pattern=r"^[0-9]{1,4}$"),
        Field("uscc", "统一社会信用代码", pl.String, "The enterprise.", form="code",
              pattern=r"^[0-9A-Z]{18}$"),
        Field("event", "事件", pl.String, "What happened.", form="choice", values=RECEIPT_EVENTS),
        Field("occurred_at", "发生时间", TIMESTAMP, "When.", form="timestamp"),
        Field("detail", "说明", pl.String, "Why it bounced.", required=False),
        UPDATED_AT,
    ),
    rules=(
        Rule("event_after_update:occurred_at", pl.col("occurred_at") <= pl.col("updated_at"),
             "what has happened cannot have happened after the row's own updated_at"),
    ),
)  # fmt: skip

PUSH_LIST = Table(
    name="push_list",
    zh="每月推送清单",
    about="What each insured enterprise is told in a month about the countries it sells to.",
    key=("push_month", "uscc", "trading_country", "topic", "item", "supplement"),
    columns=(
        Column("push_month", "推送月份", pl.String, "The month of the push."),
        Column("uscc", "统一社会信用代码", pl.String, "The insured enterprise.",
               comes_from=("policy_reconciliation.uscc",)),
        Column("trading_country", "国别", pl.String, "A country it sells to.",
               comes_from=("export_cube.trading_country",)),
        Column("topic", "主题", pl.String, "What the item is about.", values=TOPICS),
        Column("item", "条目", pl.String, "Rating scheme, bulletin number or HS chapter."),
        Column("rating_before", "原评级", pl.String, "On the first of the month before.",
               required=False, comes_from=("country_risk_ledger.rating",)),
        Column("rating_now", "现评级", pl.String, "On the first of the push month.",
               required=False, comes_from=("country_risk_ledger.rating",)),
        Column("change", "变化", pl.String, "Up = a worse class (a higher number).",
               required=False, values=RATING_CHANGES),
        Column("steps", "升降级数", pl.Int32, "Classes risen; negative: fallen; null unless both "
               "ratings are classes.", required=False),
        Column("effective_on", "生效日期", pl.Date, "Since when.", required=False),
        Column("severity", "等级", pl.Int32, "Of a bulletin, 1–5.", required=False,
               comes_from=("risk_bulletins_ledger.severity",)),
        Column("valid_to", "有效期止", pl.Date, "Of a bulletin; null = until withdrawn.",
               required=False, comes_from=("risk_bulletins_ledger.valid_to",)),
        Column("reason", "推送原因", pl.String, "Why this enterprise gets it."),
        Column("source", "来源", pl.String, "Who says so."),
        Column("exposure_usd", "近十二个月出口（美元）", SUM, "Its exports there in the twelve "
               "statistical months before.", unit="USD", comes_from=("export_cube.fob_usd",)),
        Column("previous_usd", "前十二个月出口（美元）", SUM, "Its exports there in the twelve "
               "months before those.", unit="USD", comes_from=("export_cube.fob_usd",)),
        Column("share", "占比", pl.Decimal(7, 6), "Of its exports of those months."),
        Column("is_new_market", "新市场", pl.Boolean, "It exports there now and did not in the "
               "twelve months before."),
        Column("priority", "优先级", pl.Int32, "Higher first."),
        Column("is_excluded", "不予承保国别", pl.Boolean, "Excluded by the year's terms."),
        Column("sentence_zh", "提示语", pl.String, "The sentence the enterprise reads."),
        Column("supplement", "补充序号", pl.Int32, "0 = the month's list; later ones count up."),
    ),
    partition="push_month",
    money="exposure_usd",
    rules=(Rule("share_range", pl.col("share").is_between(0, 1), "a share is between 0 and 1"),),
)  # fmt: skip

PUSH_ENTERPRISES = Table(
    name="push_enterprises",
    zh="每月推送企业概况",
    about="Each insured enterprise of a month: how its exports spread over countries, and how many "
    "items it was sent of those found.",
    key=("push_month", "uscc", "supplement"),
    columns=(
        Column("push_month", "推送月份", pl.String, "The month of the push."),
        Column("uscc", "统一社会信用代码", pl.String, "The insured enterprise.",
               comes_from=("policy_reconciliation.uscc",)),
        Column("countries", "出口国别数", pl.Int32, "Buyer countries of the twelve statistical "
               "months before; China is none."),
        Column("new_markets", "新市场数", pl.Int32, "Of them, without exports in the twelve months before."),
        Column("exposure_usd", "近十二个月出口（美元）", SUM, "Its exports to those countries.",
               unit="USD", comes_from=("export_cube.fob_usd",)),
        Column("previous_usd", "前十二个月出口（美元）", SUM, "To the same countries in the twelve "
               "months before.", unit="USD", comes_from=("export_cube.fob_usd",)),
        Column("largest_country", "最大市场", pl.String, "The country with most exports.", required=False),
        Column("largest_share", "最大市场占比", pl.Decimal(7, 6), "Of the exports to all countries.",
               required=False),
        Column("top_three_share", "前三大市场占比", pl.Decimal(7, 6), "Of the exports to all countries.",
               required=False),
        Column("concentration", "市场集中度", pl.Int32, "Herfindahl-Hirschman index: the sum of "
               "squared shares, 0–10000.", required=False),
        Column("items", "条数", pl.Int32, "Items in the month's list."),
        Column("items_left_out", "未列条数", pl.Int32, "Items found beyond the terms' number."),
        Column("sentence_zh", "提示语", pl.String, "The sentence the enterprise reads."),
        Column("supplement", "补充序号", pl.Int32, "0 = the month's list; later ones count up."),
    ),
    partition="push_month",
    money="exposure_usd",
    rules=(
        Rule("shares_range", pl.col("largest_share") <= pl.col("top_three_share"),
             "the largest is among the three largest"),
        Rule("concentration_range", pl.col("concentration").is_between(0, 10_000),
             "the index is between 0 and 10000"),
    ),
)  # fmt: skip
PUSH_OUTBOX = Table(
    name="push_outbox",
    zh="推送发件记录",
    about="Every package that was put at the portal's place: the month's list and its supplements.",
    key=("push_month", "supplement"),
    columns=(
        Column("push_month", "推送月份", pl.String, "The month of the push."),
        Column("supplement", "补充序号", pl.Int32, "0 = the month's list."),
        Column("package", "数据包", pl.String, "Name of the package."),
        Column("identity", "数据包校验值", pl.String, "SHA-256 over the names and hashes of its files."),
        Column("sent_at", "发送时间", TIMESTAMP, "The run's present (TONGBAO_NOW), UTC."),
        Column("place", "发送位置", pl.String, "The portal's place (TONGBAO_PORTAL)."),
        Column("files", "文件数", pl.Int32, "Files, the manifest included."),
        Column("items", "条数", pl.Int64, "Items in it."),
        Column("enterprises", "企业数", pl.Int64, "Enterprises in it."),
        Column("exposure_usd", "出口（美元）", SUM, "Control total over its items.", unit="USD"),
    ),
    money="exposure_usd",
)  # fmt: skip
PUSH_RECEIPTS = Table(
    name="push_receipts",
    zh="推送送达情况",
    about="What became of each enterprise's push: the first moment of each event.",
    key=("push_month", "supplement", "uscc", "event"),
    columns=(
        Column("push_month", "推送月份", pl.String, "The month of the push.",
               comes_from=("portal_receipts_ledger.push_month",)),
        Column("supplement", "补充序号", pl.Int32, "0 = the month's list."),
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise.",
               comes_from=("portal_receipts_ledger.uscc",)),
        Column("event", "事件", pl.String, "What happened.", values=RECEIPT_EVENTS),
        Column("first_at", "首次时间", TIMESTAMP, "When first."),
        Column("times", "次数", pl.Int32, "How often the portal said so."),
        Column("detail", "说明", pl.String, "Why it bounced.", required=False),
        Column("is_known", "已推送企业", pl.Boolean, "The enterprise was in that month's push; "
               "false: nothing was sent to it.", comes_from=("push_enterprises.uscc",)),
    ),
)  # fmt: skip
