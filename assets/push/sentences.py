"""The sentence that an enterprise reads: plain Chinese from templates, with figures and source.

A sentence says what its source says and no more. What is told to whom is decided elsewhere; each
template reads the columns of an item and nothing else.
"""

from __future__ import annotations

import polars as pl

from assets.push.figures import percent_text, usd_text
from assets.push.ratings import NOT_CLASSIFIED
from schemas.codes.chapters import chapter_title
from schemas.codes.countries import COUNTRIES
from schemas.terms.loader import PolicyTerms

SCHEMES = {"sinosure": "中国信保", "oecd": "经合组织"}
CITY_SOURCE = "本市出口统计汇总"
GUIDANCE_ONLY = "以上信息仅供参考。"
REMINDED = ("rating_up", "risk_alert_bulletin_new", "risk_alert_bulletin_changed")
_TAKING_UP = "单一窗口"
_MOST_GROWTH = 1000


def sentence(terms: PolicyTerms) -> pl.Expr:
    """sentence_zh of an item: what, its own figures, source, reminder, guidance only."""
    reminded = pl.col("reason").is_in(REMINDED)
    return pl.concat_str(
        pl.lit("「样例」" if terms.sample else ""),
        _headline(),
        pl.when(pl.col("exposure_usd") > 0).then(_own_figures()).otherwise(pl.lit("")),
        pl.when("is_excluded").then(pl.lit("该国（地区）本年度不予承保。")).otherwise(pl.lit("")),
        pl.format("来源：{}。", "source"),
        pl.when(reminded).then(pl.lit(reminder(terms))).otherwise(pl.lit("")),
        pl.lit(GUIDANCE_ONLY),
    )


def reminder(terms: PolicyTerms) -> str:
    """The notices' reminder to report at once, with the office lines that are not for taking up."""
    lines = [line for line in terms.hotlines if not line.zh.startswith(_TAKING_UP)]
    shown = "、".join(f"{line.zh} {line.phone}" for line in lines or terms.hotlines)
    return f"{terms.report_at_once_zh}电话：{shown}。"


def scheme_name(scheme: pl.Expr) -> pl.Expr:
    """The scheme's Chinese name; one without a name is called by its code."""
    return scheme.replace(SCHEMES)


def rating_text(rating: pl.Expr) -> pl.Expr:
    """`5 类`, `未评级` for not classified, `无数据` for none."""
    classed = pl.format("{} 类", rating)
    return pl.when(rating == NOT_CLASSIFIED).then(pl.lit("未评级")).otherwise(classed).fill_null("无数据")


def _country(column: str = "trading_country") -> pl.Expr:
    return pl.col(column).replace_strict(
        {country.code: country.zh for country in COUNTRIES.values()}, return_dtype=pl.String
    )


def _chapter() -> pl.Expr:
    titles = {code: chapter_title(code) for code in (f"{n:02d}" for n in range(100))}
    return pl.col("item").replace_strict(titles, default=pl.col("item"), return_dtype=pl.String)


def _headline() -> pl.Expr:
    return (
        pl.when(pl.col("reason") == "market_growing")
        .then(_market())
        .when(pl.col("reason").str.contains("_bulletin_", literal=True))
        .then(_bulletin())
        .otherwise(_rating())
    )


def _rating() -> pl.Expr:
    now, before = rating_text(pl.col("rating_now")), rating_text(pl.col("rating_before"))
    subject = pl.format("{}国别风险（{}评级）", _country(), scheme_name(pl.col("item")))
    since = pl.format("，自 {} 起生效。", "effective_on")
    steps = pl.col("steps").abs()
    told = {
        "up": pl.format("由 {}升为 {}，风险上升 {} 级{}", before, now, steps, since),
        "down": pl.format("由 {}降为 {}，风险下降 {} 级{}", before, now, steps, since),
        "unchanged": pl.format("未变，仍为 {}{}", now, since),
        "not_classified": pl.format("现为{}，一个月前为{}。未评级不等于低风险。", now, before),
        "no_data": pl.format("现为{}，一个月前为{}，无法比较变化。无数据不等于低风险。", now, before),
    }
    return pl.concat_str(
        subject, pl.coalesce(pl.when(pl.col("change") == c).then(t) for c, t in told.items())
    )


def _bulletin() -> pl.Expr:
    kinds = {
        "risk_alert": "风险提示",
        "market_info": "海外市场信息",
        "country_risk": "国别风险信息",
    }
    kind = pl.col("topic").replace_strict(kinds, return_dtype=pl.String)
    ends = pl.col("reason").str.ends_with
    mark = pl.when(ends("_changed")).then(pl.lit("更新")).otherwise(pl.lit(""))
    until = pl.coalesce(pl.format("有效期至 {}", "valid_to"), pl.lit("撤销前有效"))
    gone = pl.format(
        "此前推送的{}：{}（{}）已于 {} 撤销或不再适用。", kind, "title", _country(), "effective_on"
    )
    told = pl.format("{}{}：{}（{}，{} 级，{}）。", kind, mark, "title", _country(), "severity", until)
    return pl.when(ends("_withdrawn")).then(gone).otherwise(told)


def _market() -> pl.Expr:
    return pl.format(
        "海外市场信息：本市 {} 家以上企业向{}出口{}（第 {} 章），"
        "近十二个月合计较前十二个月增长 {}% 以上。该国（地区）国别风险：{}。",
        "exporters", _country(), _chapter(), "item", "growth", "market_ratings",
    )  # fmt: skip


def concentration_sentence(terms: PolicyTerms) -> pl.Expr:
    """sentence_zh of an enterprise: how its exports spread over countries, and what is not listed."""
    spread = pl.format(
        "贵企业近十二个月出口 {} 个国家（地区），其中新市场 {} 个；最大市场为{}，占出口总额 {}，"
        "前三大市场合计占 {}；市场集中度指数 {}（满值 10000）。来源：贵企业报关数据汇总。",
        "countries", "new_markets", _country("largest_country"), percent_text(pl.col("largest_share")),
        percent_text(pl.col("top_three_share")), "concentration",
    )  # fmt: skip
    rest = pl.when(pl.col("items_left_out") > 0).then(
        pl.format("本月另有 {} 条因条数上限未列出。", "items_left_out")
    )
    return pl.concat_str(
        pl.lit("「样例」" if terms.sample else ""),
        spread.fill_null("贵企业近十二个月没有对境外买方的出口记录。"),
        rest.fill_null(""),
        pl.lit(GUIDANCE_ONLY),
    )


def _own_figures() -> pl.Expr:
    amount, share = usd_text(pl.col("exposure_usd")), percent_text(pl.col("share"))
    return pl.format("贵企业近十二个月对其出口 {}，占出口总额 {}，{}。", amount, share, _trend())


def _trend() -> pl.Expr:
    """Against the twelve months before, in whole percent towards zero; a new market is called one."""
    now, past = (pl.col(c).cast(pl.Decimal(38, 2)).to_physical() for c in ("exposure_usd", "previous_usd"))
    rise = pl.when(past > 0).then((now - past).abs() * 100 // past).cast(pl.Int64)
    return (
        pl.when("is_new_market")
        .then(pl.lit("前十二个月无出口，为新市场"))
        .when(rise < 1)
        .then(pl.lit("与前十二个月大致持平"))
        .when((now > past) & (rise >= _MOST_GROWTH))
        .then(pl.lit("为前十二个月的 10 倍以上"))
        .when(now > past)
        .then(pl.format("较前十二个月增长 {}%", rise))
        .otherwise(pl.format("较前十二个月下降 {}%", rise))
    )
