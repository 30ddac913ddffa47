"""A month for the account managers: district by district, and whom to call first.

Internal: it carries amounts of enterprises. Managers are groups of districts with office lines, as in
the year's terms; nobody is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from assets.push.pages import month_zh, render, usd
from assets.push.preview import newest
from assets.push.sentences import REMINDED, SCHEMES
from assets.push.workbook import Heading, Sheet, write_sheets
from schemas.calendar import first_day
from schemas.codes.countries import country_name
from schemas.codes.districts import DISTRICT_ORDER, district_rank
from schemas.push import PUSH_ENTERPRISES, PUSH_LIST
from schemas.terms.loader import PolicyTerms

ROWS_A_DISTRICT = 30
"""Rows of a district on the page; the workbook has all."""
UNKNOWN = "未登记所属区"
TOTAL = "全市"
TITLES = (
    "所属区",
    "企业",
    "有条目企业",
    "条目",
    "未列条目",
    "须留意企业",
    "须留意出口额（美元）",
    "退回企业",
)


@dataclass(frozen=True)
class Digest:
    """The figures of each district, and the items that somebody should look at, in order."""

    month: str
    terms: PolicyTerms
    districts: pl.DataFrame
    attention: pl.DataFrame


def digest(
    month: str,
    items: pl.LazyFrame,
    enterprises: pl.LazyFrame,
    receipts: pl.LazyFrame,
    who: pl.DataFrame,
    terms: PolicyTerms,
) -> Digest:
    """`receipts`: PUSH_RECEIPTS of the month; `who`: uscc, name, district."""
    listed, firms = newest(PUSH_LIST, items), newest(PUSH_ENTERPRISES, enterprises)
    told = listed.filter(pl.col("reason").is_in(REMINDED)).join(who, on="uscc", how="left")
    attention = told.with_columns(_district()).sort(
        _rank(), "exposure_usd", "uscc", "trading_country", "topic", "item",
        descending=[False, True, False, False, False, False],
    )  # fmt: skip
    bounced = receipts.filter(pl.col("event") == "bounced", "is_known").select("uscc").unique().collect()
    by_firm = firms.join(who, on="uscc", how="left").with_columns(
        _district(),
        pl.col("uscc").is_in(bounced["uscc"].implode()).alias("is_bounced"),
        pl.col("uscc").is_in(attention["uscc"].implode()).alias("is_urgent"),
    )
    exposed = attention.unique(["uscc", "trading_country"], maintain_order=True)
    return Digest(month, terms, _by_district(by_firm, exposed), attention)


def _by_district(firms: pl.DataFrame, exposed: pl.DataFrame) -> pl.DataFrame:
    """A row a district in the notices' order, then the whole city."""
    every = pl.DataFrame({"district": [*DISTRICT_ORDER, UNKNOWN]})
    whole = pl.lit(TOTAL).alias("district")
    counts = pl.concat([firms, firms.with_columns(whole)]).group_by("district").agg(
        pl.len().alias("enterprises"),
        (pl.col("items") > 0).sum().alias("told"),
        pl.col("items", "items_left_out").sum(),
        pl.col("is_urgent").sum().alias("urgent"),
        pl.col("is_bounced").sum().alias("bounced"),
    )  # fmt: skip
    sums = pl.concat([exposed, exposed.with_columns(whole)]).group_by("district").agg(
        pl.col("exposure_usd").sum()
    )  # fmt: skip
    rows = pl.concat([every, pl.DataFrame({"district": [TOTAL]})])
    found = rows.join(counts, on="district", how="left", maintain_order="left")
    return (
        found.join(sums, on="district", how="left", maintain_order="left")
        .with_columns(pl.exclude("district").fill_null(0))
        .filter((pl.col("district") != UNKNOWN) | (pl.col("enterprises") > 0))
        .select(
            "district", "enterprises", "told", "items", "items_left_out", "urgent", "exposure_usd", "bounced"
        )
    )


def digest_page(found: Digest) -> str:
    """The digest as a page: the figures, then each district's first rows."""
    return render(
        "digest.html",
        {
            "month_zh": month_zh(found.month),
            "as_of": first_day(found.month).isoformat(),
            "terms": found.terms,
            "titles": TITLES,
            "districts": [_figures(row, found.terms) for row in found.districts.iter_rows(named=True)],
            "groups": [
                _group(str(row["district"]), row["urgent"], found.attention)
                for row in found.districts.iter_rows(named=True)
                if row["district"] != TOTAL and row["urgent"]
            ],
        },
    )


def write_digest(path: Path, found: Digest) -> None:
    """The digest as a workbook: both tables, every row."""
    figures = [
        Heading(title, 26 if "美元" in title else 16, "money" if "美元" in title else "text")
        for title in TITLES
    ]
    names = (("企业名称", 34), ("统一社会信用代码", 22), ("所属区", 16), ("国家（地区）", 16),
             ("近十二个月出口（美元）", 24), ("占比", 10), ("事由", 30), ("提示语", 90))  # fmt: skip
    forms: Mapping[str, Any] = {"近十二个月出口（美元）": "money", "占比": "share", "提示语": "long"}
    headings = [Heading(title, width, forms.get(title, "text")) for title, width in names]
    rows = (
        (row["name"], row["uscc"], row["district"], country_name(row["trading_country"]),
         row["exposure_usd"], row["share"], cause(row), row["sentence_zh"])
        for row in found.attention.iter_rows(named=True)
    )  # fmt: skip
    write_sheets(
        path,
        f"统保推送客户经理简报 {found.month}",
        [Sheet("各区概况", figures, found.districts.iter_rows()), Sheet("须留意", headings, rows)],
    )


def cause(row: Mapping[str, Any]) -> str:
    """Why somebody should look, in a few words."""
    if row["reason"] == "rating_up":
        scheme = SCHEMES.get(row["item"], row["item"])
        return f"{scheme}评级 {row['rating_before']} → {row['rating_now']}，上升 {row['steps']} 级"
    return f"风险提示 {row['item']}（{row['severity']} 级）" + (
        "更新" if row["reason"].endswith("_changed") else ""
    )


def _group(district: str, enterprises: int, attention: pl.DataFrame) -> dict[str, Any]:
    rows = attention.filter(pl.col("district") == district)
    shown = [
        {**row, "country": country_name(row["trading_country"]), "cause": cause(row)}
        for row in rows.head(ROWS_A_DISTRICT).iter_rows(named=True)
    ]
    more = max(rows.height - ROWS_A_DISTRICT, 0)
    return {"district": district, "enterprises": enterprises, "rows": shown, "more": more}


def _figures(row: Mapping[str, Any], terms: PolicyTerms) -> dict[str, Any]:
    phones = [
        phone
        for group in terms.manager_groups
        if row["district"] in group.districts
        for phone in group.phones
    ]
    figures = [
        usd(value) if name == "exposure_usd" else f"{value:,}"
        for name, value in row.items()
        if name != "district"
    ]
    return {
        "district": row["district"], "figures": figures, "phones": "、".join(phones) or "—",
        "is_total": row["district"] == TOTAL,
    }  # fmt: skip


def _district() -> pl.Expr:
    return pl.col("district").fill_null(UNKNOWN)


def _rank() -> pl.Expr:
    ranks = {name: district_rank(name) for name in DISTRICT_ORDER}
    return pl.col("district").replace_strict(ranks, default=len(ranks), return_dtype=pl.Int32)
