"""The tables of a report, each with where it came from; site and workbook draw the same ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal

import polars as pl

from assets.supply.report.year import Figure, Words, Year
from schemas.catalogue import PUBLISHED, SOURCES, TABLES
from schemas.codes.chapters import chapter_title
from schemas.codes.countries import COUNTRIES, country_name
from schemas.codes.districts import DISTRICTS
from schemas.codes.labels import label, reason_label
from schemas.measures import ALL, BY_NAME, FACTS, MEASURES, UNITS, UNKNOWN, Measure
from schemas.policies import CLAIM_STATUSES, DISCREPANCIES, FINDINGS, OBSERVATIONS, RECONCILIATION_STATUSES
from schemas.terms.loader import load_terms
from schemas.terms.wording import term_lines

SHOWN_POINTS = 500
"""Open points listed on a page; the table in the release has all."""
Cell = Words | str | int | Decimal | Figure | Measure | None


@dataclass(frozen=True)
class Origin:
    """How something shown came about: table, filter, file and its hash."""

    name: str
    title: Words
    table: str
    where: str
    file: str
    sha256: str

    @property
    def query(self) -> str:
        """The rows it is drawn from, to be asked of the reporting database or the Parquet files."""
        return f"SELECT * FROM {self.table}" + (f" WHERE {self.where}" if self.where else "")


@dataclass(frozen=True)
class Head:
    """A column's title; the measure that it shows, where it shows one; the unit of its figures."""

    title: Words
    unit: str | None = None
    measure: str | None = None


@dataclass(frozen=True)
class Grid:
    """A table as readers see it. Where `total` is set, its last row is one."""

    origin: Origin
    heads: Sequence[Head]
    rows: Sequence[Sequence[Cell]]
    note: Words = ("", "")
    total: bool = False
    about: Words = ("", "")


def pick(words: Words, lang: str) -> str:
    """The word of a language, `zh` or `en`."""
    return words[0] if lang == "zh" else words[1]


def words(kind: str, code: str) -> Words:
    """A code of a vocabulary in both languages."""
    return label(kind, code), label(kind, code, "en")


def member_words(dimension: str, member: str) -> Words:
    """What a member of a dimension is called."""
    if member == UNKNOWN:
        return "未知", "unknown"
    if member == ALL:
        return "全市", "total"
    match dimension:
        case "district" if member in DISTRICTS:
            return member, DISTRICTS[member].en
        case "country" if member in COUNTRIES:
            return country_name(member), country_name(member, "en")
        case "hs_chapter":
            return f"{member} {chapter_title(member)}", f"{member} {chapter_title(member, 'en')}"
        case "channel":
            return words("channel", member)
        case "cause":
            return words("claim_cause", member)
        case "service":
            return words("service", member)
    return member, member


def by_measure(year: Year, dimension: str, measures: Sequence[str], title: Words) -> Grid:
    """Members of a dimension against measures, the total last; rows of nothing are left out."""
    known = {measure.name for measure in year.measures}
    shown = [m for m in measures if m in known and dimension in BY_NAME[m].dimensions]
    rows: list[list[Cell]] = []
    for member in year.members(dimension, shown[0]):
        figures = [year.figure(m, dimension, member) for m in shown]
        is_fixed = dimension not in ("country", "hs_chapter", "take_up_month")
        if (is_fixed and member != UNKNOWN) or any(f.value or f.previous or f.is_suppressed for f in figures):
            rows.append([member_words(dimension, member), *figures])
    rows.append([member_words("total", ALL), *(year.figure(m) for m in shown)])
    heads = [Head(words("dimension", dimension)), *map(measure_head, shown)]
    return Grid(_of_statistics(year, dimension, title), heads, rows, _suppression(year), total=True)


def totals(year: Year) -> Grid:
    """Every measure of the year, last year's beside it."""
    rows: list[list[Cell]] = []
    for measure in year.measures:
        figure = year.figure(measure.name)
        rows.append([measure, figure, _before(figure), UNITS[measure.unit]])
    title = ("全部指标", "All measures")
    heads = [
        Head(("指标", "Measure")),
        Head(("本年度", "This year")),
        Head(("上年度", "Year before")),
        Head(("单位", "Unit")),
    ]
    return Grid(_of_statistics(year, "total", title), heads, rows, _suppression(year))


def years(year: Year) -> Grid:
    """The totals of every registered year up to this one, a year a column."""
    of_years = year.totals_of_years
    heads = [
        Head(("指标", "Measure")),
        Head(("单位", "Unit")),
        *(Head(_year_words(year, y)) for y in of_years),
    ]
    rows: list[list[Cell]] = [
        [m, UNITS[m.unit], *(of_years[y].get(m.name) for y in of_years)] for m in MEASURES
    ]
    where = f"policy_year <= {year.year} AND dimension = 'total'"
    origin = Origin("years", ("历年对比", "Year on year"), year.statistics_table, where,
                    *_file(year, year.statistics_table))  # fmt: skip
    return Grid(origin, heads, rows, _suppression(year))


def revisions(year: Year) -> Grid:
    """What was changed after the year was closed."""
    rows: list[list[Cell]] = [
        [
            row["revision"],
            BY_NAME[row["measure"]],
            member_words(row["dimension"], row["member"]),
            _bare(row["value_before"], row["measure"]),
            _bare(row["value_after"], row["measure"]),
            _titles(row["causes"]),
            row["revised_on"].isoformat(),
        ]
        for row in year.rows("statistics_revisions").iter_rows(named=True)
    ]
    heads = [
        Head(("修订号", "Revision")), Head(("指标", "Measure")), Head(("成员", "Member")),
        Head(("修订前", "Before")), Head(("修订后", "After")), Head(("原因", "Cause")),
        Head(("修订日期", "Revised on")),
    ]  # fmt: skip
    note = ("", "")
    if not rows and year.status == "final":
        note = ("年度结束后未作修订。", "Nothing was revised after closing.")
    elif not rows:
        note = ("年度尚未结束，数据逐夜更新。", "The year is open: its figures are renewed every night.")
    return Grid(_of(year, "revisions", ("修订记录", "Revisions"), "statistics_revisions"), heads, rows, note)


def statuses(year: Year) -> Grid:
    """Policies by what the reconciliation says of them."""
    counts = Counter(year.rows("policy_reconciliation")["status"])
    rows: list[list[Cell]] = [[words("policy_status", s), counts[s]] for s in RECONCILIATION_STATUSES]
    rows.append([("合计", "Total"), sum(counts.values())])
    origin = _of(year, "statuses", ("保单核对结果", "Policies by result"), "policy_reconciliation")
    heads = [Head(("核对结果", "Result")), Head(("保单数", "Policies"))]
    return Grid(origin, heads, rows, total=True)


def reasons(year: Year) -> Grid:
    """How often each discrepancy, observation and finding occurs."""
    policies, claims = year.rows("policy_reconciliation"), year.rows("claim_audit")
    kinds = (
        ("discrepancy", DISCREPANCIES, policies["discrepancies"], ("差异", "discrepancy")),
        ("observation", OBSERVATIONS, policies["observations"], ("提示", "observation")),
        ("finding", FINDINGS, claims["findings"], ("赔付发现", "claim finding")),
    )
    rows: list[list[Cell]] = []
    for kind, codes, column, title in kinds:
        counts = Counter(column.explode().drop_nulls().to_list())
        rows += [[title, words(kind, code), counts[code]] for code in codes if counts[code]]
    origin = _of(year, "reasons", ("差异、提示与发现", "Discrepancies, observations, findings"),
                 "policy_reconciliation")  # fmt: skip
    heads = [Head(("类别", "Kind")), Head(("内容", "What")), Head(("次数", "Times"))]
    return Grid(origin, heads, rows, ("赔付发现出自 claim_audit。", "Findings are those of claim_audit."))


def open_policies(year: Year) -> Grid:
    """Policies that somebody must look at: unidentified, not listed, doubled or discrepant."""
    is_open = pl.col("status").is_in(["unidentified", "not_on_roster", "duplicate", "discrepant"])
    found = year.rows("policy_reconciliation").filter(is_open).sort("status", "policy_no")
    rows: list[list[Cell]] = [
        [
            row["policy_no"], row["uscc"] or "", row["district"] or "",
            words("policy_status", row["status"]), row["issued_on"].isoformat(),
            _list("discrepancy", row["discrepancies"]), _list("observation", row["observations"]),
        ]
        for row in found.head(SHOWN_POINTS).iter_rows(named=True)
    ]  # fmt: skip
    where = (
        f"policy_year = {year.year} AND status IN "
        "('unidentified', 'not_on_roster', 'duplicate', 'discrepant')"
    )
    origin = _of(year, "open-policies", ("待处理保单", "Policies to look at"), "policy_reconciliation", where)
    heads = [
        Head(("保单号", "Policy")), Head(("统一社会信用代码", "Credit code")), Head(("所属区", "District")),
        Head(("核对结果", "Result")), Head(("签发日期", "Issued on")), Head(("差异", "Discrepancies")),
        Head(("提示", "Observations")),
    ]  # fmt: skip
    return Grid(origin, heads, rows, _first(found.height))


def open_claims(year: Year) -> Grid:
    """Claims with findings."""
    found = year.rows("claim_audit").filter(pl.col("findings").list.len() > 0).sort("claim_no")
    rows: list[list[Cell]] = [
        [
            row["claim_no"], row["uscc"] or "", member_words("country", row["buyer_country"]),
            words("claim_status", row["status"]), row["expected_indemnity_usd"], row["paid_usd"],
            row["difference_usd"], _list("finding", row["findings"]),
        ]
        for row in found.head(SHOWN_POINTS).iter_rows(named=True)
    ]  # fmt: skip
    origin = _of(year, "open-claims", ("有发现的赔案", "Claims with findings"), "claim_audit")
    heads = [
        Head(("赔案号", "Claim")), Head(("统一社会信用代码", "Credit code")), Head(("买方国别", "Country")),
        Head(("状态", "Status")), Head(("应赔（美元）", "Due (USD)"), "USD"),
        Head(("已赔（美元）", "Paid (USD)"), "USD"), Head(("差额（美元）", "Difference (USD)"), "USD"),
        Head(("发现", "Findings")),
    ]  # fmt: skip
    return Grid(origin, heads, rows, _first(found.height))


def claim_states(year: Year) -> Grid:
    """Where the year's claims stand, with what is due and paid."""
    claims = year.rows("claim_audit")
    sums: dict[object, list[Cell]] = {
        status: [rows.height, *(_sum(rows[c]) for c in ("loss_usd", "expected_indemnity_usd", "paid_usd"))]
        for (status,), rows in claims.partition_by("status", as_dict=True).items()
    }
    nothing: list[Cell] = [0, Decimal(0), Decimal(0), Decimal(0)]
    rows: list[list[Cell]] = [[words("claim_status", s), *sums.get(s, nothing)] for s in CLAIM_STATUSES]
    columns = [claims[c] for c in ("loss_usd", "expected_indemnity_usd", "paid_usd")]
    rows.append([("合计", "Total"), claims.height, *map(_sum, columns)])
    origin = _of(year, "claim-states", ("赔案状态", "Claims by status"), "claim_audit")
    heads = [
        Head(("状态", "Status")), Head(("件数", "Claims")), Head(("报损（美元）", "Loss (USD)"), "USD"),
        Head(("应赔（美元）", "Due (USD)"), "USD"), Head(("已赔（美元）", "Paid (USD)"), "USD"),
    ]  # fmt: skip
    return Grid(origin, heads, rows, total=True)


def roster_origin(year: Year) -> Origin:
    """Where the lines of the lookup come from."""
    where = f"policy_year = {year.year} AND edition = {year.edition or 0}"
    return _of(year, "roster", ("名单", "Roster"), "roster", where)


def drift(year: Year) -> Grid:
    """Where the confirmed list and today's data differ."""
    found = year.rows("roster_drift").sort("cause", "uscc")
    rows: list[list[Cell]] = [
        [
            row["uscc"], ("在", "listed") if row["is_listed"] else ("不在", "not listed"),
            words("decision", row["decision_now"]), row["fob_usd_then"], row["fob_usd_now"],
            words("drift_cause", row["cause"]),
        ]
        for row in found.head(SHOWN_POINTS).iter_rows(named=True)
    ]  # fmt: skip
    heads = [
        Head(("统一社会信用代码", "Credit code")), Head(("名单内", "On the list")),
        Head(("现结论", "Decision today")), Head(("公示时出口额", "Exports then"), "USD"),
        Head(("现出口额", "Exports now"), "USD"), Head(("原因", "Cause")),
    ]  # fmt: skip
    return Grid(_of(year, "drift", ("名单漂移", "Drift of the list"), "roster_drift"), heads, rows,
                _first(found.height))  # fmt: skip


def rejects(year: Year) -> Grid:
    """Refused rows by source and reason, of all years."""
    found = year.rows("rejected_rows", "all").explode("reasons")
    counts = found.group_by("source", "reasons", "status").len().sort("source", "reasons", "status")
    rows: list[list[Cell]] = []
    for source, reason, status, count in counts.iter_rows():
        titles = TABLES[source]
        said = (
            reason_label(reason, {c.name: c.zh for c in titles.columns}),
            reason_label(reason, lang="en"),
        )
        rows.append([_titles([source]), said, words("reject_status", status), count])
    origin = _of(year, "rejects", ("拒收行", "Refused rows"), "rejected_rows", "", "all")
    heads = [
        Head(("来源", "Source")), Head(("原因", "Reason")), Head(("状态", "Status")), Head(("次数", "Times")),
    ]  # fmt: skip
    note = ("全部年度；一行可有多个原因。", "Of all years; a row may have several reasons.")
    return Grid(origin, heads, rows, note)


def freshness(year: Year) -> Grid:
    """When each source last brought something, as the record of runs has it."""
    files: Counter[str] = Counter()
    received: Counter[str] = Counter()
    newest: dict[str, str] = {}
    for source, count, moment in year.deliveries():
        files[source] += 1
        received[source] += count
        newest[source] = max(moment, newest.get(source, ""))
    rows: list[list[Cell]] = [
        [(s.zh, s.name), files[s.name], received[s.name], newest.get(s.name, "—")[:10]] for s in SOURCES
    ]
    origin = Origin("freshness", ("来源新鲜度", "Freshness of sources"), "runs", "", "runs.parquet", "")
    heads = [
        Head(("来源", "Source")), Head(("文件数", "Files")), Head(("行数", "Rows")),
        Head(("最近到达的发布", "Last came with the release of")),
    ]  # fmt: skip
    return Grid(origin, heads, rows)


def terms(year: Year) -> Grid:
    """The year's terms, each with what it rests on."""
    lines = zip(term_lines(year.terms), term_lines(year.terms, "en"), strict=True)
    rows: list[list[Cell]] = [[(a.title, b.title), (a.value, b.value), (a.basis, b.basis)] for a, b in lines]
    file = f"schemas/terms/{year.year}.toml"
    origin = Origin("terms", ("保单年度条款", "Terms of the year"), "terms", "", file, year.terms.sha256)
    heads = [Head(("条款", "Term")), Head(("内容", "Value")), Head(("依据", "Basis"))]
    return Grid(origin, heads, rows)


def definitions() -> list[list[Cell]]:
    """The measures: code, name, formula, unit, facts, sources, revision rule."""
    return [
        [
            m.name,
            (m.zh, m.en),
            (m.formula_zh, m.formula),
            UNITS[m.unit],
            FACTS[m.facts],
            ", ".join(m.sources),
            m.revised_by,
        ]
        for m in MEASURES
    ]


def dictionary(year: Year) -> list[Grid]:
    """Every published table of this audience with its columns."""
    shown = [t for t in PUBLISHED if year.audience == "internal" or t.audience == "public"]
    heads = [
        Head(("列", "Column")),
        Head(("中文", "中文")),
        Head(("含义", "Meaning")),
        Head(("单位", "Unit")),
    ]
    return [
        Grid(
            Origin(f"table-{t.name}", (f"{t.zh} {t.name}", f"{t.name} {t.zh}"), t.name, "", "", ""),
            heads,
            [[c.name, c.zh, c.about, c.unit or ""] for c in t.columns],
            about=(t.about, t.about),
        )
        for t in shown
    ]


def measure_head(name: str) -> Head:
    """The head of a measure's column."""
    measure = BY_NAME[name]
    return Head((measure.zh, measure.en), measure.unit, name)


def shown(value: Decimal | None, unit: str, lang: str) -> str:
    """A figure as people read it; a rate in percent, half-up to one decimal."""
    if value is None:
        return "—"
    if unit == "ratio":
        return f"{_rounded(value * 100, 1):,} %"
    if unit == "days":
        return f"{_rounded(value, 1):,}"
    return f"{_rounded(value, 2):,}" if unit == "USD" else f"{_rounded(value, 0):,}"


def millions(value: Decimal | None, lang: str) -> str:
    """US dollars for a headline: in 万 or, from a hundred million, 亿 in Chinese; in millions in English."""
    if value is None:
        return "—"
    if lang == "zh" and value >= 100_000_000:
        return f"{_rounded(value / 100_000_000, 2):,} 亿"
    if lang == "zh":
        return f"{_rounded(value / 10_000, 1):,} 万"
    return f"{_rounded(value / 1_000_000, 2):,} m"


def closing_day(year: Year) -> str:
    """The day on which the year's figures become final."""
    from assets.statistics.annual import closes_on

    return (closes_on(year.terms) + timedelta(days=1)).isoformat()


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _before(figure: Figure) -> Figure:
    hidden = figure.is_suppressed and figure.previous is None
    return Figure(figure.previous, None, None, None, figure.unit, is_suppressed=hidden)


def _bare(value: Decimal | None, measure: str) -> Figure:
    return Figure(value, None, None, None, BY_NAME[measure].unit, is_suppressed=False)


def _sum(column: pl.Series) -> Decimal:
    return Decimal(column.sum() or 0)


def _year_words(year: Year, of: int) -> Words:
    """A year's label, and that its figures are provisional where they are."""
    known, status = load_terms(of), words("statistics_status", "provisional")
    if not year.is_provisional(of):
        return known.label_zh, known.label_en
    return f"{known.label_zh}（{status[0]}）", f"{known.label_en} ({status[1]})"


def _list(kind: str, codes: Iterable[str]) -> Words:
    found = [words(kind, code) for code in codes]
    return "；".join(zh for zh, _ in found), "; ".join(en for _, en in found)


def _titles(tables: Iterable[str]) -> Words:
    """Tables (or `terms`, `definition`) by their titles."""
    others = {"terms": ("条款", "terms"), "definition": ("指标定义", "definition")}
    found = [others.get(t) or (TABLES[t].zh, t) for t in tables]
    return "；".join(zh for zh, _ in found), "; ".join(en for _, en in found)


def _first(count: int) -> Words:
    if count <= SHOWN_POINTS:
        return "", ""
    return (
        f"共 {count:,} 条，此处列前 {SHOWN_POINTS} 条。",
        f"{count:,} in all, the first {SHOWN_POINTS} here.",
    )


def _suppression(year: Year) -> Words:
    if year.audience == "internal":
        return "", ""
    return (
        "※ 为保护企业信息不予公开（少于 5 家、单家占比过高，或可由相减推得）。",
        "※ Not told, to protect enterprises: fewer than five, dominated by one, or to be had by subtraction.",
    )


def _of_statistics(year: Year, dimension: str, title: Words) -> Origin:
    where = f"policy_year = {year.year} AND revision = {year.revision} AND dimension = '{dimension}'"
    return _of(year, f"by-{dimension}", title, year.statistics_table, where)


def _of(
    year: Year, name: str, title: Words, table: str, where: str | None = None, key: str | None = None
) -> Origin:
    asked = f"policy_year = {year.year}" if where is None else where
    return Origin(name, title, table, asked, *_file(year, table, key))


def _file(year: Year, table: str, key: str | None = None) -> tuple[str, str]:
    item = year.release.items.get((table, key or str(year.year)), {})
    return item.get("file", ""), item.get("sha256", "")
