"""An explanation as evidence: JSON with everything, and one page in Chinese that an answer can cite.

Same lake, same bytes: what is in them comes from the data, the terms and the editions alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import polars as pl

from assets.eligibility.documents import typeset
from assets.eligibility.explain import Explanation
from schemas.calendar import SHANGHAI
from schemas.codes.labels import label
from schemas.terms.wording import term_lines

CLAUSES = ("export_year", "threshold_usd", "threshold_inclusive", "exports_above_usd")
"""The terms that a decision rests on."""
UNKNOWN = {
    "zh": "企业备案和出口年度报关单中均无此统一社会信用代码，请核对其 18 位字符。",
    "en": "Nobody knows this code: no registration and no export of the year carries it.",
}
_LINES_SHOWN = 14
"""Lines on the page: the largest; all are in the JSON."""
_EDITIONS_SHOWN = 6


def as_json(found: Explanation) -> str:
    """Everything that the decision rests on; amounts as text, so that no reader rounds them."""
    content = {
        "policy_year": found.terms.policy_year,
        "is_sample": found.terms.sample,
        "uscc": found.uscc,
        "name": found.name,
        "is_known": found.decision is not None,
        "decision": dict(found.decision or {}),
        "conclusion": conclusion(found),
        "terms": [
            {"term": line.field, "title": line.title, "value": line.value, "basis": line.basis}
            for line in term_lines(found.terms, "zh")
            if line.field in CLAUSES
        ],
        "terms_sha256": found.terms.sha256,
        "data_as_of": {"received": found.data_as_of, "newest_version": _newest(found)},
        "editions": found.editions.to_dicts(),
        "lines": found.lines.to_dicts(),
        "rates": found.rates.to_dicts(),
    }
    return json.dumps(content, ensure_ascii=False, indent=1, default=_text) + "\n"


def as_pdf(found: Explanation) -> bytes:
    """The explanation on one page: sum, largest lines, clause, the data's date, the editions' hashes."""
    decision = found.decision or {}
    counted = found.lines.filter(
        pl.col("state") == "counted", pl.col("counted_on").dt.year() == found.terms.export_year
    ).sort("fob_usd", "declaration_no", "line_no", descending=[True, False, False])
    rows = [
        [f"{number}/{line}", str(on), country, f"{currency} {amount:,}", f"{fob:,}"]
        for number, line, on, country, currency, amount, fob in counted.head(_LINES_SHOWN)
        .select("declaration_no", "line_no", "counted_on", "trading_country", "currency", "amount", "fob_usd")
        .iter_rows()
    ]
    data = {
        "title": f"统保名单审定说明（{found.terms.label_zh}）",
        "sample": found.terms.sample,
        "firm": [["统一社会信用代码", found.uscc], ["企业名称", found.name or "—"]],
        "conclusion": conclusion(found),
        "sums": [
            [f"{found.terms.export_year} 年出口额（美元）", f"{decision.get('fob_usd', Decimal(0)):,}"],
            ["距上限（美元）", f"{decision['headroom_usd']:,}" if decision else "—"],
            ["拒收项数（不计入）", str(decision.get("rejected_lines", 0))],
            ["异议改定", str(decision.get("overridden_by") or "—")],
        ],
        "clauses": [
            [line.title, line.value, line.basis]
            for line in term_lines(found.terms, "zh")
            if line.field in CLAUSES
        ],
        "editions": [_edition(row) for row in found.editions.tail(_EDITIONS_SHOWN).iter_rows(named=True)],
        "lines": rows,
        "more": counted.height - len(rows),
        "not_counted": found.lines.height - counted.height,
        "received": _minute(found.data_as_of),
        "newest": _minute(_newest(found)),
        "terms_sha256": found.terms.sha256,
    }
    return typeset(Path(__file__).parent / "answer.typ", data)


def conclusion(found: Explanation) -> str:
    """What was decided and where it stands, in a sentence."""
    if found.decision is None:
        return UNKNOWN["zh"]
    said = label("decision", str(found.decision["decision"]))
    detail = f"（{_detail(str(found.decision['detail']))}）" if found.decision["detail"] else ""
    standing = found.editions.filter(pl.col("status") == "confirmed").to_dicts()
    if not standing:
        return f"现审定结论：{said}{detail}。本年度尚无已确认的名单。"
    edition = standing[-1]
    listed = f"列入，序号 {edition['serial']}" if edition["is_listed"] else "未列入"
    return f"现审定结论：{said}{detail}。现行名单（第 {edition['edition']} 版）：{listed}。"


def _detail(detail: str) -> str:
    return "未备案" if detail == "not_registered" else f"注册地代码 {detail.removeprefix('city:')}"


def _edition(row: Mapping[str, object]) -> list[str]:
    then = label("decision", str(row["decision_then"])) if row["decision_then"] else "—"
    fob = row["fob_usd_then"]
    return [
        f"第 {row['edition']} 版",
        label("edition_status", str(row["status"])),
        str(row["published_on"]),
        f"列入，序号 {row['serial']}" if row["is_listed"] else "未列入",
        then if fob is None else f"{then}，{fob:,}",
        str(row["sha256"]),
    ]


def _newest(found: Explanation) -> datetime | None:
    """When the newest of its lines' versions reached the source."""
    newest = found.lines["updated_at"].max()
    return newest if isinstance(newest, datetime) else None


def _minute(moment: datetime | None) -> str:
    return "—" if moment is None else f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no text.")
