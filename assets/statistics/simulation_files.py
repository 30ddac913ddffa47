"""A simulation as a table and a chart. Every row and picture says that it is one."""

from __future__ import annotations

from typing import Any

import polars as pl

from assets.eligibility.notice.files import guarded
from assets.statistics.simulate import MARK, MOVEMENTS, Simulation
from schemas.terms.loader import PolicyTerms

TITLES = {
    "mark": "测算标记", "movement": "变动", "uscc": "统一社会信用代码", "name": "企业名称",
    "district": "所属区", "size_band": "出口规模", "decision_before": "原条件结论",
    "decision_after": "测算结论", "exports_usd": "出口额（美元）", "exposure_usd": "承保金额（美元）",
}  # fmt: skip
COLOURS = {"comes_in": "#1f5a8c", "goes_out": "#c2571a"}


def title_of(found: Simulation) -> str:
    """What was simulated, in a sentence."""
    return f"{MARK}：{_terms(found.after)}，对比 {_terms(found.before)}"


def _terms(terms: PolicyTerms) -> str:
    bound = "≤" if terms.threshold_inclusive else "<"
    sample = "（样例条件）" if terms.sample else ""
    within = f"> {terms.exports_above_usd:,.2f} 且 {bound} {terms.threshold_usd:,.2f} 美元"
    return f"{terms.policy_year} 年度{sample} {terms.export_year} 年出口额 {within}"


def as_table(found: Simulation) -> bytes:
    """Everybody who is in either list, as CSV in UTF-8 with BOM: no serial, and a mark in every row."""
    texts = found.firms.with_columns(
        pl.col("movement").replace_strict(MOVEMENTS),
        pl.col("name").map_elements(guarded, return_dtype=pl.String),
    )
    return b"\xef\xbb\xbf" + texts.rename(TITLES).write_csv(line_terminator="\r\n").encode()


def as_chart(found: Simulation) -> tuple[str, bytes]:
    """Who would come in (up) and go out (down) by district and size band: SVG and PNG, the same drawing."""
    import noto_cjk_sans_otc
    import vl_convert

    vl_convert.register_font_directory(str(noto_cjk_sans_otc.FONT_PATH.parent))
    described = _described(found)
    version = vl_convert.get_vegalite_versions()[-1]
    return (
        vl_convert.vegalite_to_svg(described, vl_version=version),
        vl_convert.vegalite_to_png(described, vl_version=version, scale=1.5),
    )


def _described(found: Simulation) -> dict[str, Any]:
    import altair as alt

    dimensions = {"district": "所属区", "size_band": "出口规模（美元）"}
    values = {"enterprises": ("企业数（家）", 1), "exports_usd": ("出口额（百万美元）", 1_000_000),
              "exposure_usd": ("承保金额（百万美元）", 1_000_000)}  # fmt: skip
    rows = [
        alt.hconcat(
            *(_panel(found, dimension, of, value, *values[value]) for dimension, of in dimensions.items())
        )
        for value in values
    ]
    title = alt.Title(
        title_of(found),
        subtitle="本图为测算结果，不是公示或确认的名单",
        fontSize=15,
        color="#a02020",
        anchor="start",
    )
    drawn = alt.vconcat(*rows).properties(title=title).configure(font="Noto Sans CJK SC", background="white")
    described: dict[str, Any] = drawn.configure_title(fontWeight="normal").to_dict()
    return described


def _panel(found: Simulation, dimension: str, of: str, value: str, unit: str, by: int) -> Any:
    import altair as alt

    moved = found.by(dimension).filter(pl.col("movement") != "stays")
    signs = {"comes_in": 1, "goes_out": -1}
    bars = [
        {"member": row[dimension], "movement": MOVEMENTS[row["movement"]],
         "y": signs[row["movement"]] * float(row[value]) / by}
        for row in moved.iter_rows(named=True)
    ]  # fmt: skip
    members = list(dict.fromkeys(moved[dimension]))
    scale = alt.Scale(domain=[MOVEMENTS[name] for name in COLOURS], range=list(COLOURS.values()))
    return (
        alt.Chart({"values": bars})
        .mark_bar()
        .encode(
            x=alt.X("member:N", title=of, sort=members, axis=alt.Axis(labelAngle=-40)),
            y=alt.Y("y:Q", title=unit, axis=alt.Axis(tickCount=5)),
            color=alt.Color("movement:N", title=None, scale=scale),
        )
        .properties(width=420 if dimension == "district" else 240, height=170)
    )
