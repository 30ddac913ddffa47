"""What the sources look like: their fields, both headers, and which fields are money or dates.

Only names live here. How a value is made is the business of the other modules, how a file is
written that of `writers`.
"""

from __future__ import annotations

from typing import Final

FIELDS: Final[dict[str, dict[str, str]]] = {
    "customs_declarations": {
        "declaration_no": "报关单号",
        "line_no": "项号",
        "revision": "修改次数",
        "status": "状态",
        "consignor_uscc": "境内发货人统一社会信用代码",
        "consignor_customs_code": "境内发货人海关编码",
        "consignor_name": "境内发货人名称",
        "trading_country": "贸易国",
        "arrival_country": "运抵国",
        "destination_country": "最终目的国",
        "trade_mode": "监管方式",
        "hs_code": "商品编号",
        "delivery_terms": "成交方式",
        "currency": "币制",
        "amount": "总价",
        "freight_mark": "运费标记",
        "freight": "运费",
        "freight_currency": "运费币制",
        "insurance_mark": "保费标记",
        "insurance": "保费",
        "insurance_currency": "保费币制",
        "stat_value_usd": "统计美元值",
        "declared_on": "申报日期",
        "exported_on": "出口日期",
        "released_on": "放行日期",
        "closed_on": "结关日期",
        "updated_at": "updated_at",
    },
    "enterprises": {
        "uscc": "统一社会信用代码",
        "customs_code": "海关编码",
        "name": "企业名称",
        "city": "注册地",
        "district": "所属区",
        "registered_on": "备案日期",
        "deregistered_on": "注销日期",
        "updated_at": "updated_at",
    },
    "published_rosters": {
        "policy_year": "policy_year",
        "edition": "edition",
        "serial": "serial",
        "uscc": "uscc",
        "enterprise_name": "enterprise_name",
        "district": "district",
        "published_on": "published_on",
        "confirmed_on": "confirmed_on",
        "updated_at": "updated_at",
    },
    "roster_objections": {
        "objection_no": "objection_no",
        "policy_year": "policy_year",
        "uscc": "uscc",
        "enterprise_name": "enterprise_name",
        "claim": "claim",
        "submitted_on": "submitted_on",
        "grounds": "grounds",
        "updated_at": "updated_at",
    },
    "policies": {
        "policy_no": "policy_no",
        "policy_year": "保单年度",
        "insured_uscc": "insured_uscc",
        "insured_customs_code": "insured_customs_code",
        "insured_name": "被保险人",
        "district": "district",
        "channel": "渠道",
        "taken_up_on": "领取日期",
        "issued_on": "签发日期",
        "cover_from": "cover_from",
        "cover_to": "cover_to",
        "insured_percentage": "赔付比例",
        "buyer_limit_usd": "单一买方责任限额",
        "status": "status",
        "cancelled_on": "cancelled_on",
        "updated_at": "updated_at",
    },
    "claims": {
        "claim_no": "claim_no",
        "policy_no": "policy_no",
        "buyer_id": "买方代码",
        "buyer_name": "buyer_name",
        "buyer_country": "buyer_country",
        "cause": "致损原因",
        "shipped_on": "出运日期",
        "invoice_usd": "invoice_usd",
        "loss_usd": "损失金额",
        "reported_on": "报损日期",
        "filed_on": "索赔日期",
        "decided_on": "decided_on",
        "paid_usd": "赔付金额",
        "paid_on": "paid_on",
        "recovered_usd": "recovered_usd",
        "status": "status",
        "updated_at": "updated_at",
    },
    "service_usage": {
        "usage_no": "usage_no",
        "uscc": "uscc",
        "policy_year": "policy_year",
        "service": "service",
        "used_on": "used_on",
        "quantity": "quantity",
        "updated_at": "updated_at",
    },
    "country_risk": {
        "country": "country",
        "scheme": "scheme",
        "rating": "rating",
        "effective_on": "effective_on",
        "source": "source",
        "updated_at": "updated_at",
    },
    "risk_bulletins": {
        "bulletin_no": "bulletin_no",
        "kind": "kind",
        "countries": "countries",
        "hs_chapters": "hs_chapters",
        "severity": "severity",
        "title": "title",
        "body": "body",
        "valid_from": "valid_from",
        "valid_to": "valid_to",
        "published_at": "published_at",
        "status": "status",
        "source": "source",
        "updated_at": "updated_at",
    },
    "exchange_rates": {
        "month": "month",
        "currency": "currency",
        "source": "source",
        "usd_per_unit": "usd_per_unit",
        "published_on": "published_on",
        "updated_at": "updated_at",
    },
}

SOURCES: Final = tuple(FIELDS)

MONEY: Final = {
    "amount", "freight", "insurance", "stat_value_usd", "insured_percentage", "buyer_limit_usd",
    "invoice_usd", "loss_usd", "paid_usd", "recovered_usd", "usd_per_unit",
}  # fmt: skip
INTEGERS: Final = {
    "line_no", "revision", "policy_year", "edition", "serial", "quantity", "severity",
}  # fmt: skip
DATES: Final = {
    "declared_on", "exported_on", "released_on", "closed_on", "registered_on", "deregistered_on",
    "published_on", "confirmed_on", "submitted_on", "taken_up_on", "issued_on", "cover_from",
    "cover_to", "cancelled_on", "shipped_on", "reported_on", "filed_on", "decided_on", "paid_on",
    "used_on", "effective_on", "valid_from", "valid_to",
}  # fmt: skip
TIMESTAMPS: Final = {"updated_at", "published_at"}

CONTROL_SUM: Final = {"customs_declarations": "amount", "claims": "loss_usd"}

Row = dict[str, str | None]
"""One source row as text; a missing field is an empty cell."""
