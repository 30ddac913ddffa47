"""What the public notice of an edition says: its lines, and sentences made of the year's terms.

Nothing else goes in: no amount of an enterprise, no contact, no code beyond the credit code, no reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from assets.eligibility.editions import Edition
from schemas.eligibility import ROSTER
from schemas.terms.loader import PolicyTerms

COLUMNS = ("serial", "uscc", "name", "district")
TITLES = tuple(ROSTER[name].zh for name in COLUMNS)
Line = tuple[int, str, str, str]
BLANK = "＿＿＿＿"
"""Where an office has to write something that the year's notice does not say."""


@dataclass(frozen=True)
class Notice:
    """The notice of one edition."""

    name: str
    """What its files are called, without suffix."""
    title: str
    is_sample: bool
    paragraphs: Sequence[str]
    window: str
    """From the day of publication to the last day for objections."""
    contacts: Mapping[str, str]
    districts: Mapping[str, int]
    """District → enterprises, in the order of the list."""
    lines: Sequence[Line]
    sha256: str
    """Of the edition's lines, as the register has it."""
    published_on: date


def notice_of(edition: Edition, terms: PolicyTerms) -> Notice:
    """The notice of a published edition under the year's terms."""
    rows = edition.lines.sort("serial").select(COLUMNS).rows()
    lines = [(serial, uscc, name, district or "") for serial, uscc, name, district in rows]
    until = edition.objections_until or edition.published_on
    window = f"{_zh(edition.published_on)}至 {_zh(until)}（{terms.public_notice_working_days} 个工作日）"
    return Notice(
        name=f"roster-{terms.policy_year}-{edition.number}",
        title=f"深圳市 {terms.policy_year} 年度出口信用保险统保企业名单公示"
        + (f"（第 {edition.number} 版，增补）" if edition.number > 1 else ""),
        is_sample=terms.sample,
        paragraphs=_paragraphs(terms, len(lines)),
        window=window,
        contacts=_contacts(terms),
        districts=Counter(district or "（未填）" for *_, district in lines),
        lines=lines,
        sha256=edition.sha256,
        published_on=edition.published_on,
    )


def _paragraphs(terms: PolicyTerms, count: int) -> list[str]:
    office = terms.citation.authorities[0]
    clause = terms.basis["threshold_usd"].clause
    within = "不超过" if terms.threshold_inclusive else "低于"
    included = "（含）" if terms.threshold_inclusive else ""
    return [
        f"根据《{terms.citation.title_zh}》" + (f"（{clause}）" if clause else "") + f"，{office}审定了 "
        f"{terms.export_year} 年出口额高于 {terms.exports_above_usd:,} 美元、{within} "
        f"{terms.threshold_usd:,} 美元{included}的企业名单，共 {count:,} 家，现予公示，接受公众监督。",
        "名单按所属区和统一社会信用代码排列。",
        f"对名单有异议的，请于公示期内向{office}提出，写明企业名称、统一社会信用代码、诉求（应列入、不应列入"
        "或信息有误）和理由。公示期满且异议处理完毕后，确认名单。",
    ]


def _contacts(terms: PolicyTerms) -> dict[str, str]:
    office = terms.citation.authorities[0]
    lines = {hotline.zh: hotline.phone for hotline in terms.hotlines}
    return {
        "异议受理": f"{office}　处室 {BLANK}　电话 {BLANK}　邮箱 {BLANK}",
        **lines,
        "单一窗口": terms.single_window_url,
    }


def _zh(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"
