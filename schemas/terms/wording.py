"""Terms as a reader sees them: a Chinese title, a value and its basis for each line.

For pages and reports. Values that decide anything are read from `PolicyTerms`, never from here.
`docs/terms.md` is `page()`, and a test says so: `python -m schemas.terms.wording` prints it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from schemas.codes.countries import country_name
from schemas.codes.labels import label
from schemas.terms.loader import Basis, Hotline, ManagerGroup, PolicyTerms, all_terms

TITLES = {
    "export_year": ("出口年度", "export year"),
    "threshold_usd": ("出口额上限（美元）", "threshold in USD"),
    "threshold_inclusive": ("上限含本数", "threshold is inclusive"),
    "exports_above_usd": ("出口额下限（美元，不含）", "exports above, in USD"),
    "take_up_deadline": ("领取截止日期", "take-up deadline"),
    "cover_from": ("保障起期", "cover from"),
    "cover_to": ("保障止期", "cover to"),
    "late_cover_from": ("逾期领取的保障起期", "late take-up: cover from"),
    "usual_issue_days": ("通常签发天数", "usual days to issue"),
    "insured_percentage": ("赔付比例", "insured percentage"),
    "buyer_limit_usd": ("单一买方／开证行责任限额（美元）", "limit per buyer or bank in USD"),
    "free_credit_reports": ("免费海外买家资信报告（个）", "free buyer credit reports"),
    "excluded_countries": ("不予承保的国别", "excluded countries"),
    "risk_causes": ("保障风险种类", "risks covered"),
    "channels": ("领取渠道", "channels"),
    "single_window_url": ("单一窗口网址", "Single Window"),
    "hotlines": ("服务电话", "hotlines"),
    "manager_groups": ("保单咨询（分区）", "enquiries by district"),
    "report_at_once_zh": ("报案提示", "reminder in Chinese"),
    "report_at_once_en": ("报案提示（英文）", "reminder in English"),
    "public_notice_working_days": ("公示期（工作日）", "public notice in working days"),
    "push_items_limit": ("每月推送上限（条）", "most push items a month"),
}
BASES = {
    "clause": ("通知条款", "clause"),
    "reading": ("条款解读", "reading"),
    "assumption": ("假设", "assumption"),
}


@dataclass(frozen=True)
class TermLine:
    """One term as shown: the field, its title, its value, and what it rests on."""

    field: str
    title: str
    value: str
    basis: str


def term_lines(terms: PolicyTerms, lang: str = "zh") -> tuple[TermLine, ...]:
    """Every term of a year in order, for a table."""
    at = 0 if lang == "zh" else 1
    return tuple(
        TermLine(field, titles[at], _value(getattr(terms, field), field, lang), _basis(terms, field, at))
        for field, titles in TITLES.items()
    )


def _basis(terms: PolicyTerms, field: str, at: int) -> str:
    basis: Basis = terms.basis[field]
    if terms.sample:
        return ("样例", "sample")[at]
    return " ".join(part for part in (BASES[basis.kind][at], basis.clause) if part)


def _value(value: object, field: str, lang: str) -> str:
    zh = lang == "zh"
    match value:
        case bool():
            return ("是" if value else "否") if zh else ("yes" if value else "no")
        case Decimal():
            share = f"{(value * 100).normalize():f}%"
            return share if field == "insured_percentage" else f"{value:,.2f}"
        case date():
            return value.isoformat()
        case () if field == "excluded_countries":
            return "未列明，以保单约定为准" if zh else "none listed; the policy's wording rules"
        case tuple():
            shown = [_member(one, field, lang) for one in value]
            return ("；" if zh else "; ").join(shown) or ("无" if zh else "none")
        case "issued_on":
            return "保单签发日期" if zh else "day of issue"
        case _:
            return str(value)


def _member(one: object, field: str, lang: str) -> str:
    zh = lang == "zh"
    match one:
        case Hotline():
            return f"{one.zh if zh else one.en} {one.phone}"
        case ManagerGroup():
            return " ".join(("、".join(one.districts), *one.phones))
        case _ if field == "excluded_countries":
            return country_name(str(one), lang)
        case _:
            return label("claim_cause" if field == "risk_causes" else "channel", str(one), lang)


INTRODUCTION = """\
# 统保条款 · Policy terms

Made from `schemas/terms/*.toml` by `python -m schemas.terms.wording`; change them there. A year
without a file has no terms and cannot run. Every value rests on a clause of the year's notice, on our
reading of one, or on an assumption where the notice is silent; sample years (样例) rest on nothing but
assumptions and are marked wherever they show.
"""


def page() -> str:
    """The terms of every registered year as Markdown: title, value, basis and note of each."""
    return "\n".join([INTRODUCTION, *map(_year, all_terms())])


def _year(terms: PolicyTerms) -> str:
    rows = [
        (line.title, line.value, line.basis, terms.basis[line.field].note or "") for line in term_lines(terms)
    ]
    lines = [("条款 term", "值 value", "依据 basis", "说明 note"), ("---",) * 4, *rows]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    notice = f"{terms.citation.title_zh}（{'、'.join(terms.citation.authorities)}）"
    return f"## {terms.label_zh}\n\n{notice}\n\n{table}"


if __name__ == "__main__":
    sys.stdout.write(page())
