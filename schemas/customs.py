"""What customs delivers and what is summed from it: declarations, rates, monthly and annual exports."""

from __future__ import annotations

import polars as pl

from schemas.table import (
    MONEY,
    ORIGIN,
    REASONS,
    SUM,
    TIMESTAMP,
    Column,
    Field,
    Rule,
    Source,
    Table,
)

UPDATED_AT = Field(
    "updated_at", "更新时间", TIMESTAMP, "When this version reached the source, UTC.",
    form="timestamp",
)  # fmt: skip
USCC_PATTERN = r"^[0-9A-Z]{18}$"
CUSTOMS_CODE_PATTERN = r"^[0-9]{6}[0-9A-Z]{4}$"
RATE = pl.Decimal(20, 12)
FEE = pl.Decimal(19, 4)

STATUSES = ("released", "closed", "withdrawn")
DELIVERY_TERMS = {"1": "CIF", "2": "C&F", "3": "FOB", "4": "C&I", "7": "EXW"}
FEE_MARKS = {"1": "percent of the amount", "2": "per tonne", "3": "total"}

LINE_STATES = ("counted", "not_counted", "superseded", "withdrawn", "rejected")

_statistical_date = pl.coalesce("closed_on", "released_on")
_in_force = pl.col("status") != "withdrawn"

DECLARATIONS = Source(
    name="customs_declarations",
    zh="报关单明细",
    about="Export declaration lines from the city's customs data exchange; one row is one version "
    "of one line.",
    key=("declaration_no", "line_no"),
    version=("revision", "updated_at"),
    amount="amount",
    steady=(
        "declaration_no", "revision", "status", "consignor_uscc", "consignor_customs_code", "consignor_name",
        "trading_country", "arrival_country", "trade_mode", "delivery_terms", "currency",
        "freight_mark", "freight", "freight_currency", "insurance_mark", "insurance", "insurance_currency",
        "declared_on", "exported_on", "released_on", "closed_on", "updated_at",
    ),
    ledger_name="customs_ledger",
    money="amount",
    partition="month",
    columns=(
        Field("declaration_no", "报关单号", pl.Int64, "Customs office 4, acceptance year 4, flag 0 "
              "export / 1 import, sequence 9: 18 digits, kept as a number.",
              form="integer", pattern=r"^[0-9]{18}$"),
        Field("line_no", "项号", pl.Int32, "Line of the declaration, from 1.", form="integer",
              pattern=r"^0*[1-9][0-9]{0,5}$"),
        Field("revision", "修改次数", pl.Int32, "Counts amendments.", form="integer",
              pattern=r"^[0-9]{1,6}$"),
        Field("status", "状态", pl.Enum(STATUSES), "Released, closed, or withdrawn (a tombstone).",
              form="choice", values=STATUSES),
        Field("consignor_uscc", "境内发货人统一社会信用代码", pl.String, "The exporter of record.",
              form="code", pattern=USCC_PATTERN),
        Field("consignor_customs_code", "境内发货人海关编码", pl.String,
              "The exporter's customs registration.", form="code", pattern=CUSTOMS_CODE_PATTERN),
        Field("consignor_name", "境内发货人名称", pl.String, "The exporter's name as declared."),
        Field("trading_country", "贸易国", pl.String, "The buyer's country: where credit risk sits.",
              form="country"),
        Field("arrival_country", "运抵国", pl.String, "Where the goods arrive; CHN = never left.",
              form="country"),
        Field("destination_country", "最终目的国", pl.String, "Final destination of the line.",
              form="country"),
        Field("trade_mode", "监管方式", pl.String, "Customs supervision mode.", form="trade_mode",
              pattern=r"^[0-9]{4}$"),
        Field("hs_code", "商品编号", pl.String, "Ten digits, leading zero kept.", form="code",
              pattern=r"^[0-9]{10}$"),
        Field("delivery_terms", "成交方式", pl.Enum(list(DELIVERY_TERMS)),
              "1 CIF, 2 C&F, 3 FOB, 4 C&I, 7 EXW.", form="choice", values=tuple(DELIVERY_TERMS)),
        Field("currency", "币制", pl.String, "Currency of the amount.", form="currency"),
        Field("amount", "总价", MONEY, "Amount of the line in its currency.", form="decimal"),
        Field("freight_mark", "运费标记", pl.Enum(list(FEE_MARKS)), "1 percent, 2 per tonne, 3 total.",
              required=False, form="choice", values=tuple(FEE_MARKS)),
        Field("freight", "运费", FEE, "Freight of the whole declaration, by its mark.",
              required=False, form="decimal"),
        Field("freight_currency", "运费币制", pl.String, "Currency of a total freight.",
              required=False, form="currency"),
        Field("insurance_mark", "保费标记", pl.Enum(["1", "3"]), "1 percent, 3 total.",
              required=False, form="choice", values=("1", "3")),
        Field("insurance", "保费", FEE, "Insurance of the whole declaration, by its mark.",
              required=False, form="decimal"),
        Field("insurance_currency", "保费币制", pl.String, "Currency of a total insurance.",
              required=False, form="currency"),
        Field("stat_value_usd", "统计美元值", MONEY, "Customs' own FOB value; it wins over any "
              "computation.", unit="USD", required=False, form="decimal"),
        Field("declared_on", "申报日期", pl.Date, "Declared on; the same for ever.", form="date",
              event=True),
        Field("exported_on", "出口日期", pl.Date, "Left the country on.", required=False,
              form="date", event=True),
        Field("released_on", "放行日期", pl.Date, "Released on.", required=False, form="date",
              event=True),
        Field("closed_on", "结关日期", pl.Date, "Closed on.", required=False, form="date",
              event=True),
        UPDATED_AT,
    ),
    rules=(
        Rule("not_an_export", pl.col("declaration_no") // 10**9 % 10 == 0,
             "the ninth digit of a declaration number is 0 for exports"),
        Rule("declaration_year",
             pl.col("declaration_no") // 10**10 % 10**4 == pl.col("declared_on").dt.year(),
             "digits 5 to 8 of the declaration number are the year of declared_on"),
        Rule("no_statistical_date",
             pl.when(pl.col("status") == "closed").then(pl.col("closed_on").is_not_null())
             .when(pl.col("status") == "released").then(pl.col("released_on").is_not_null())
             .otherwise(statement=True),
             "a released line has released_on, a closed one closed_on"),
        Rule("closed_before_declared",
             ~_in_force | (_statistical_date >= pl.col("declared_on")).fill_null(value=True),
             "a line is not released or closed before it is declared"),
    ),
)  # fmt: skip

RATES = Source(
    name="exchange_rates",
    zh="汇率",
    about="US dollars per unit of a currency for a month; customs' rates in production.",
    key=("month", "currency", "source"),
    columns=(
        Field("month", "月份", pl.String, "The month the rate is for.", form="month"),
        Field("currency", "币制", pl.String, "Three letters.", form="currency"),
        Field("source", "来源", pl.String, "Who published it: customs, safe, ecb, …"),
        Field("usd_per_unit", "折美元", RATE, "Dollars for one unit.", unit="USD", form="decimal"),
        Field("published_on", "公布日期", pl.Date, "Published on.", required=False, form="date",
              event=True),
        UPDATED_AT,
    ),
    rules=(Rule("not_positive:usd_per_unit", pl.col("usd_per_unit") > 0, "a rate is above zero"),),
)  # fmt: skip

# ── internal ──────────────────────────────────────────────────────────────────────────────────
_USCC = Column(
    "uscc", "统一社会信用代码", pl.String, "The enterprise.",
    comes_from=("customs_ledger.consignor_uscc",),
)  # fmt: skip
_COUNTRY = Column(
    "trading_country", "贸易国", pl.String, "The buyer's country, three letters.",
    comes_from=("customs_ledger.trading_country",),
)  # fmt: skip
_CHAPTER = Column(
    "hs_chapter", "商品章", pl.String, "First two digits of the HS code.",
    comes_from=("customs_ledger.hs_code",),
)  # fmt: skip
_STAT_MONTH = Column(
    "stat_month", "统计月份", pl.String, "Month of closing; where never closed, of release.",
    comes_from=("customs_ledger.closed_on", "customs_ledger.released_on"),
)  # fmt: skip
_LINES = Column("lines", "项数", pl.Int64, "Counted declaration lines.")
_DECLARATIONS = Column(
    "declarations", "报关单数", pl.Int64, "Declarations with a counted line in the cell, each once.",
    comes_from=("customs_ledger.declaration_no",),
)  # fmt: skip
_FOB = Column(
    "fob_usd", "出口额（美元，离岸价）", SUM, "FOB value.", unit="USD",
    comes_from=("customs_ledger.stat_value_usd", "customs_ledger.amount",
                "exchange_rates_ledger.usd_per_unit"),
)  # fmt: skip

CUBE = Table(
    name="export_cube",
    zh="出口立方（内部）",
    about="Counted exports by declared month, enterprise, buyer country, HS chapter and statistical month.",
    key=("uscc", "trading_country", "hs_chapter", "stat_month"),
    columns=(_USCC, _COUNTRY, _CHAPTER, _STAT_MONTH, _LINES, _DECLARATIONS, _FOB),
    partition="month",
    audience="internal",
    money="fob_usd",
)
LINE_COUNTS = Table(
    name="line_counts",
    zh="企业项数（内部）",
    about="What became of each enterprise's lines, by declared month and year: what annual exports "
    "need that cells cannot give (a declaration with two chapters counts once).",
    key=("uscc", "year"),
    columns=(
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise.",
               comes_from=("customs_ledger.consignor_uscc",)),
        Column("year", "年份", pl.Int32, "Year of closing, else of release, else of declaration."),
        Column("declarations", "报关单数", pl.Int64, "Declarations with a counted line."),
        Column("counted", "计入项数", pl.Int64, "Counted lines."),
        Column("not_counted", "不计入项数", pl.Int64, "Lines that are no sale abroad."),
        Column("withdrawn", "撤销项数", pl.Int64, "Withdrawn lines."),
        Column("rejected", "拒收项数", pl.Int64, "Lines whose newest row is rejected."),
    ),
    partition="month",
    audience="internal",
)  # fmt: skip
LEDGER_ORIGINS = Table(
    name="ledger_origins",
    zh="报关单行出处（内部）",
    about="Where each row of the ledger of the same month first came from, row by row. Beside the "
    "ledger and not in it, so that the ledger is the same however the deliveries were split.",
    key=(),
    columns=ORIGIN,
    partition="month",
    audience="internal",
)
LINE_REJECTS = Table(
    name="line_rejects",
    zh="拒收报关单行（内部）",
    about="Every rejected declaration row of a declared month with all its reasons, by delivery.",
    key=("delivery_sha256", "row"),
    columns=(
        *ORIGIN,
        REASONS,
        Column("raw", "原始行", pl.String, "The row as it came, as JSON."),
        Column("key", "主键", pl.String, "The key as read, fields joined by |; empty if unreadable."),
        Column("current", "为最新版本", pl.Boolean, "It is the newest version of its line."),
    ),
    partition="month",
    audience="internal",
)  # fmt: skip

# ── published ─────────────────────────────────────────────────────────────────────────────────
_positive = (Rule("no_lines", pl.col("lines") > 0, "a cell has at least one line"),)

MONTHLY_EXPORTS = Table(
    name="monthly_exports",
    zh="企业月度出口",
    about="Counted exports of each enterprise by buyer country, HS chapter and statistical month.",
    key=("uscc", "trading_country", "hs_chapter", "stat_month"),
    columns=tuple(
        Column(c.name, c.zh, c.dtype, c.about, c.unit, comes_from=(f"export_cube.{c.name}",))
        for c in (_USCC, _COUNTRY, _CHAPTER, _STAT_MONTH, _LINES, _DECLARATIONS, _FOB)
    ),
    partition="export_year",
    rules=_positive,
    money="fob_usd",
)
ANNUAL_EXPORTS = Table(
    name="annual_exports",
    zh="企业年度出口",
    about="Counted exports of each enterprise in a statistical year: what the threshold looks at.",
    key=("uscc", "export_year"),
    columns=(
        Column("uscc", "统一社会信用代码", pl.String, "The enterprise.",
               comes_from=("monthly_exports.uscc",)),
        Column("export_year", "出口年度", pl.Int32, "Statistical year.",
               comes_from=("monthly_exports.stat_month",)),
        Column("lines", "项数", pl.Int64, "Counted declaration lines.",
               comes_from=("monthly_exports.lines",)),
        Column("declarations", "报关单数", pl.Int64, "Declarations, each counted once.",
               comes_from=("line_counts.declarations",)),
        Column("fob_usd", "出口额（美元，离岸价）", SUM, "FOB value of the year.", unit="USD",
               comes_from=("monthly_exports.fob_usd",)),
        Column("first_month", "首月", pl.String, "First statistical month with exports.",
               comes_from=("monthly_exports.stat_month",)),
        Column("last_month", "末月", pl.String, "Last statistical month with exports.",
               comes_from=("monthly_exports.stat_month",)),
    ),
    partition="export_year",
    rules=_positive,
    money="fob_usd",
)  # fmt: skip
