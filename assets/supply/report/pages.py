"""Which page shows what: titles, sentences, figures, pictures and tables in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from assets.supply.report import charts, grids
from assets.supply.report.grids import Grid, Origin
from assets.supply.report.year import Words, Year
from schemas.measures import BY_NAME


@dataclass(frozen=True)
class Picture:
    """A drawing, what it shows, and where its figures stand."""

    title: Words
    svg: str
    origin: str


@dataclass(frozen=True)
class Headline:
    """A figure in large print."""

    measure: str
    text: str
    beside: Words
    origin: str = "by-total"


@dataclass(frozen=True)
class Page:
    """One page: `name` is its file, `kind` the part that only it has."""

    name: str
    title: Words
    lead: Words
    headlines: Sequence[Headline] = ()
    pictures: Sequence[Picture] = ()
    tables: Sequence[Grid] = ()
    kind: str = ""
    origins: Sequence[Origin] = field(default_factory=list)


TITLES: dict[str, Words] = {
    "index": ("概况", "At a glance"),
    "take-up": ("领取情况", "Take-up"),
    "exports": ("承保出口", "Insured exports"),
    "claims": ("报损与赔付", "Claims"),
    "services": ("增值服务", "Services"),
    "years": ("历年对比", "Year on year"),
    "reconciliation": ("核对待办", "Open points"),
    "roster": ("名单查询", "Roster lookup"),
    "quality": ("数据质量", "Data quality"),
    "methods": ("指标与词典", "Methods"),
    "origins": ("数据来历", "Where it comes from"),
}
INTERNAL_ONLY = ("reconciliation", "quality")
FIVE = (
    "enterprises_taken_up", "take_up_rate", "insured_exports_usd", "indemnity_paid_usd", "services_used",
)  # fmt: skip
"""The year's five figures."""
COMPARED = ("take_up_rate", "enterprises_taken_up", "insured_exports_usd", "indemnity_paid_usd")


def names(year: Year) -> list[str]:
    """The pages of an audience, in order."""
    return [name for name in TITLES if year.audience == "internal" or name not in INTERNAL_ONLY]


def pages(year: Year, lang: str) -> list[Page]:
    """Every page of an audience in one language."""
    made = [_PAGES[name](year, lang) for name in names(year) if name != "origins"]
    origins = {grid.origin.name: grid.origin for page in made for grid in page.tables}
    origins |= {origin.name: origin for page in made for origin in page.origins}
    lead = (
        "每张表、每幅图、每个数字所依据的表、筛选条件和文件。查询语句可在报表库或 DuckDB 中直接运行。",
        "The table, filter and file behind every table, picture and figure. "
        "The queries run as they stand in the reporting database or in DuckDB.",
    )
    shown = [origin for origin in origins.values() if not origin.name.startswith("table-")]
    return [*made, Page("origins", TITLES["origins"], lead, kind="origins", origins=shown)]


def headlines(year: Year, lang: str) -> list[Headline]:
    """The five figures, each with what stands beside it."""
    found = []
    for name in FIVE:
        figure, unit = year.figure(name), BY_NAME[name].unit
        text = grids.millions(figure.value, lang) if unit == "USD" else grids.shown(figure.value, unit, lang)
        if figure.is_suppressed:
            text = "※"
        before = grids.shown(figure.previous, unit, lang)
        if unit == "USD":
            before = grids.millions(figure.previous, lang)
        if figure.denominator is not None:
            ratio = f"{figure.numerator:,.0f} ÷ {figure.denominator:,.0f}"
            beside = (f"{ratio}；上年 {before}", f"{ratio}; year before {before}")
        else:
            beside = (f"上年 {before}", f"year before {before}")
        found.append(Headline(name, text, beside))
    return found


def _index(year: Year, lang: str) -> Page:
    closing = grids.closing_day(year)
    is_final = year.status == "final"
    lead = (
        f"{year.terms.label_zh}统保政策执行情况。"
        + ("数据为最终数据。" if is_final else f"数据为初步数据，{closing} 起为最终数据。"),
        f"The free export-credit policy in {year.terms.label_en}. "
        + ("Figures are final." if is_final else f"Figures are provisional; they are final from {closing}."),
    )
    if year.audience == "public":
        lead = (
            f"{lead[0]}公开数据截至 {year.as_of}，每年 1 月 1 日、7 月 1 日更新，其间不变。",
            f"{lead[1]} The public figures are as of {year.as_of}; they are renewed on 1 January and "
            "1 July and stand in between.",
        )
    pictures = [
        Picture(("各区领取情况", "Take-up by district"), charts.take_up_by_district(year, lang),
                "by-district"),
        Picture(("承保出口额前十国别（地区）", "Insured exports: ten largest countries"),
                charts.top(year, "insured_exports_usd", "country", lang), "by-country"),
        Picture(("各致损原因应赔与已赔", "Indemnity due and paid by cause"),
                charts.due_and_paid(year, "cause", lang), "by-cause"),
    ]  # fmt: skip
    tables = [grids.totals(year), grids.revisions(year), grids.terms(year)]
    if year.audience == "public":
        tables.pop(1)
    return Page("index", TITLES["index"], lead, headlines(year, lang), pictures, tables)


def _take_up(year: Year, lang: str) -> Page:
    measures = (
        "enterprises_eligible", "enterprises_taken_up", "enterprises_taken_up_late", "take_up_rate",
        "enterprises_renewed", "enterprises_graduated",
    )  # fmt: skip
    lead = (
        f"名单企业不晚于 {year.terms.take_up_deadline} 领取的，保障期自 {year.terms.cover_from} 起；"
        "逾期领取的，自保单签发日起。",
        f"Taken up by {year.terms.take_up_deadline}: covered from {year.terms.cover_from}; "
        "later: from the day the policy was issued.",
    )
    pictures = [
        Picture(("各月领取企业数", "Take-up by month"), charts.take_up_by_month(year, lang),
                "by-take_up_month"),
        Picture(("各区领取情况", "Take-up by district"), charts.take_up_by_district(year, lang),
                "by-district"),
    ]  # fmt: skip
    tables = [
        grids.by_measure(year, "take_up_month", measures, ("按领取月份", "By month of take-up")),
        grids.by_measure(year, "district", measures, ("按所属区", "By district")),
        grids.by_measure(year, "size_band", measures, ("按出口规模", "By size band")),
        grids.by_measure(year, "channel", measures, ("按领取渠道", "By channel")),
    ]
    return Page("take-up", TITLES["take-up"], lead, (), pictures, tables)


def _exports(year: Year, lang: str) -> Page:
    measures = ("insured_exports_usd", "share_of_eligible_exports")
    lead = (
        "申报日期在企业应有保障期内的出口额。与名单企业出口年度出口额之比，两者期间不同，可能大于 1。",
        "Exports declared inside each enterprise's expected cover. Their ratio to the exports of the "
        "export year may exceed 1: the two periods differ.",
    )
    pictures = [
        Picture(("承保出口额前十国别（地区）", "Ten largest countries"),
                charts.top(year, "insured_exports_usd", "country", lang), "by-country"),
        Picture(("承保出口额前十商品类章", "Ten largest HS chapters"),
                charts.top(year, "insured_exports_usd", "hs_chapter", lang), "by-hs_chapter"),
    ]  # fmt: skip
    tables = [
        grids.by_measure(year, "country", measures, ("按国别（地区）", "By country")),
        grids.by_measure(year, "hs_chapter", measures, ("按商品类章", "By HS chapter")),
        grids.by_measure(year, "district", measures, ("按所属区", "By district")),
        grids.by_measure(year, "size_band", measures, ("按出口规模", "By size band")),
    ]
    return Page("exports", TITLES["exports"], lead, (), pictures, tables)


def _claims(year: Year, lang: str) -> Page:
    measures = (
        "claims_reported", "claims_paid", "loss_usd", "indemnity_due_usd", "indemnity_paid_usd",
        "days_from_report_to_payment",
    )  # fmt: skip
    percent = grids.shown(year.terms.insured_percentage, "ratio", lang)
    lead = (
        f"赔付比例 {percent}，单一买方（开证行）责任限额 {year.terms.buyer_limit_usd:,.2f} 美元。"
        f"{year.terms.report_at_once_zh}",
        f"{percent} of a loss, at most USD {year.terms.buyer_limit_usd:,.2f} a buyer or issuing bank. "
        f"{year.terms.report_at_once_en}",
    )
    pictures = [
        Picture(("各致损原因应赔与已赔", "Due and paid by cause"),
                charts.due_and_paid(year, "cause", lang), "by-cause"),
        Picture(("报损金额前十国别（地区）", "Loss: ten largest countries"),
                charts.top(year, "loss_usd", "country", lang), "by-country"),
    ]  # fmt: skip
    tables = [
        grids.by_measure(year, "cause", measures, ("按致损原因", "By cause of loss")),
        grids.by_measure(year, "country", measures, ("按国别（地区）", "By country")),
        grids.by_measure(year, "district", measures, ("按所属区", "By district")),
        grids.by_measure(year, "size_band", measures, ("按出口规模", "By size band")),
        grids.by_measure(year, "channel", measures, ("按领取渠道", "By channel")),
    ]
    if year.audience == "internal":
        tables.insert(0, grids.claim_states(year))
    return Page("claims", TITLES["claims"], lead, (), pictures, tables)


def _services(year: Year, lang: str) -> Page:
    measures = ("services_used", "app_bindings", "credit_reports_used_of_granted", "pushes")
    free = year.terms.free_credit_reports
    lead = (
        f"随保单附送的增值服务；每家企业免费海外买家资信报告 {free} 份。",
        f"Services of the package; {free} buyer credit reports are free for each enterprise.",
    )
    pictures = [Picture(("各项服务使用量", "Use by service"), charts.services(year, lang), "by-service")]
    tables = [
        grids.by_measure(year, "service", measures, ("按服务", "By service")),
        grids.by_measure(year, "district", measures, ("按所属区", "By district")),
        grids.by_measure(year, "size_band", measures, ("按出口规模", "By size band")),
        grids.by_measure(year, "channel", measures, ("按领取渠道", "By channel")),
    ]
    return Page("services", TITLES["services"], lead, (), pictures, tables)


def _years(year: Year, lang: str) -> Page:
    lead = (
        "已登记条款的各保单年度。标有「样例」的年度，条款为样例，并非通知。",
        "Every policy year with registered terms. Where a year is marked sample, its terms are no notice's.",
    )
    pictures = [
        Picture((BY_NAME[name].zh, BY_NAME[name].en), svg, "years")
        for name, svg in charts.over_years(year, COMPARED, lang)
    ]
    return Page("years", TITLES["years"], lead, (), pictures, [grids.years(year)])


def _reconciliation(year: Year, lang: str) -> Page:
    lead = (
        "逐张核对保单与名单、条款，逐件核对赔付；此处列出需要人工处理的。",
        "Every policy against list and terms, every claim against what is due; here is what needs a look.",
    )
    pictures = [Picture(("保单核对结果", "Policies by result"), charts.results(year, lang), "statuses")]
    tables = [
        grids.statuses(year), grids.reasons(year), grids.open_policies(year), grids.open_claims(year),
    ]  # fmt: skip
    return Page("reconciliation", TITLES["reconciliation"], lead, (), pictures, tables)


def _roster(year: Year, lang: str) -> Page:
    edition = year.edition
    lead = (
        "尚无名单。"
        if edition is None
        else f"第 {edition} 版名单，共 {year.roster.height:,} 家。"
        "输入企业名称、统一社会信用代码或其中一部分。",
        "No list yet."
        if edition is None
        else f"Edition {edition}: {year.roster.height:,} enterprises. "
        "Type a name, a credit code or a part of one.",
    )
    return Page("roster", TITLES["roster"], lead, kind="roster", origins=[grids.roster_origin(year)])


def _quality(year: Year, lang: str) -> Page:
    lead = (
        "拒收的行、名单公布后数据的变动，以及各来源最近的数据。拒收行不计入任何数字。",
        "Refused rows, what moved since the list was published, and how fresh each source is. "
        "A refused row counts nowhere.",
    )
    tables = [grids.freshness(year), grids.rejects(year), grids.drift(year)]
    return Page("quality", TITLES["quality"], lead, (), (), tables)


def _methods(year: Year, lang: str) -> Page:
    lead = (
        "每个指标只定义一次：公式、单位、来源与修订规则。比率为两个合计数之商，不对比率再求比率。",
        "Each measure is defined once: formula, unit, sources, revisions. "
        "A rate is the quotient of two sums, never a rate of rates.",
    )
    return Page("methods", TITLES["methods"], lead, tables=grids.dictionary(year), kind="methods")


_PAGES = {
    "index": _index, "take-up": _take_up, "exports": _exports, "claims": _claims,
    "services": _services, "years": _years, "reconciliation": _reconciliation, "roster": _roster,
    "quality": _quality, "methods": _methods,
}  # fmt: skip
