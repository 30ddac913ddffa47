"""Preview pages and the managers' digest: what is on them, and that nothing else can be."""

from __future__ import annotations

import base64
import hashlib
import re
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import fastexcel
import polars as pl
import pytest

from assets.push.digest import TOTAL, Digest, digest, digest_page, write_digest
from assets.push.pages import percent
from assets.push.preview import previews, trend
from schemas.push import PUSH_RECEIPTS
from schemas.terms.loader import load_terms
from tests.unit.push_examples import MONTH, enterprise, enterprises, item, items

TERMS = load_terms(2025)
WHO = pl.DataFrame(
    {"uscc": ["A", "B"], "name": ["样城电子有限公司", None], "district": ["宝安区", None]},
    schema=dict.fromkeys(("uscc", "name", "district"), pl.String),
)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


class Page(HTMLParser):
    """A page's tags, attributes and words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.words += data


def pages_of(*rows: dict[str, Any], **changed: Any) -> dict[str, str]:
    firms = enterprises(enterprise(), enterprise("B", items=0))
    terms = replace(TERMS, **changed)
    return dict(previews(MONTH, items(*rows).lazy(), firms.lazy(), WHO, terms))


def a_digest(*rows: dict[str, Any]) -> Digest:
    firms = enterprises(enterprise(items_left_out=3), enterprise("B"))
    moment = datetime(2025, 8, 2, tzinfo=UTC)
    bounced = pl.DataFrame([(MONTH, 0, "B", "bounced", moment, 1, None, True)], PUSH_RECEIPTS.schema,
                           orient="row")  # fmt: skip
    return digest(MONTH, items(*rows).lazy(), firms.lazy(), bounced.lazy(), WHO, TERMS)


ALERT = item(
    item="B7", topic="risk_alert", reason="risk_alert_bulletin_new", change=None, steps=None,
    severity=4, sentence_zh="风险提示：港口罢工。", priority=600,
)  # fmt: skip
SINOSURE = item(
    item="sinosure", change="unchanged", rating_before="2", rating_now="2", reason="rating_unchanged",
    sentence_zh="未变。", priority=60,
)  # fmt: skip


def test_a_page_shows_the_enterprise_what_is_urgent_first() -> None:
    words = Page(pages_of(item(), ALERT, SINOSURE)["A"]).words
    assert "样城电子有限公司" in words
    assert "2025 年 8 月" in words
    assert words.index("本月须留意") < words.index("升为 5 类") < words.index("港口罢工")
    table = words.index("国别风险评级", words.index("港口罢工"))
    assert table < words.index("评级未变、未评级或无数据的 1 条")
    assert "3 类 → 5 类" in words
    assert "风险上升 2 级" in words
    assert "新市场" in words
    assert "95387" in words
    assert "以上信息仅供参考" in words


def test_an_enterprise_without_items_has_a_page_too() -> None:
    words = Page(pages_of(item())["B"]).words
    assert "本月没有评级上升或新的风险提示" in words
    assert "名单中无名称" in words


def test_a_supplement_shows_the_newest_and_says_so() -> None:
    words = Page(pages_of(item(), item(rating_now="6", sentence_zh="更正。", supplement=1))["A"]).words
    assert "含第 1 次补充" in words
    assert "3 类 → 6 类" in words
    assert "上升 2 级。" not in words


def test_what_a_source_says_is_text() -> None:
    pages = pages_of(item(source=EVIL, sentence_zh=EVIL, item=EVIL))
    for page in (pages["A"], digest_page(a_digest(item(sentence_zh=EVIL, item=EVIL)))):
        found = Page(page)
        assert not {"script", "img", "link", "iframe", "object", "form"} & set(found.tags)
        assert not [name for name, _ in found.attributes if name.startswith("on") or name == "style"]
        assert "alert(1)" in found.words


@pytest.mark.parametrize("page", ["enterprise", "digest"])
def test_a_page_is_self_contained_under_a_strict_policy(page: str) -> None:
    text = pages_of(item())["A"] if page == "enterprise" else digest_page(a_digest(item()))
    found = Page(text)
    assert not [value for name, value in found.attributes if name in ("src", "href")]
    (policy,) = (v for n, v in found.attributes if n == "content" and "default-src" in str(v))
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest_of_style = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest_of_style}'; base-uri 'none'; form-action 'none'"
    )


def test_the_same_month_gives_the_same_pages(tmp_path: Path) -> None:
    assert pages_of(item(), ALERT) == pages_of(ALERT, item())
    write_digest(tmp_path / "a.xlsx", a_digest(item(), ALERT))
    write_digest(tmp_path / "b.xlsx", a_digest(ALERT, item()))
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_the_digest_counts_by_district_and_adds_up() -> None:
    found = a_digest(item(exposure_usd=Decimal("10.00")), ALERT | {"exposure_usd": Decimal("10.00")},
                     item("B", exposure_usd=Decimal("5.00"))).districts  # fmt: skip
    rows = {row["district"]: row for row in found.iter_rows(named=True)}
    assert (rows["宝安区"]["urgent"], rows["宝安区"]["exposure_usd"]) == (1, 10), "a market counts once"
    assert (rows["未登记所属区"]["urgent"], rows["未登记所属区"]["bounced"]) == (1, 1)
    assert rows[TOTAL]["items_left_out"] == 3
    for column in found.columns[1:]:
        assert rows[TOTAL][column] == sum(row[column] for name, row in rows.items() if name != TOTAL)


def test_the_digest_names_office_lines_and_reads_as_a_workbook(tmp_path: Path) -> None:
    found = a_digest(item(), ALERT)
    words = Page(digest_page(found)).words
    assert "88325713" in words
    assert "经合组织评级 3 → 5，上升 2 级" in words
    assert not re.search(r"\b1[3-9]\d{9}\b", words), "no mobile number"
    write_digest(tmp_path / "digest.xlsx", found)
    book = fastexcel.read_excel(tmp_path / "digest.xlsx")
    assert book.sheet_names == ["各区概况", "须留意"]
    assert book.load_sheet("须留意").to_polars()["国家（地区）"].to_list() == ["美国", "美国"]


def test_a_rating_is_in_the_column_of_its_scheme() -> None:
    words = Page(pages_of(item(), SINOSURE)["A"]).words
    assert "经合组织评级中国信保评级" in words
    assert "3 类 → 5 类 风险上升 2 级2 类 未变" in words


@pytest.mark.parametrize(
    ("now", "before", "shown"),
    [("10", "0", "前期无出口"), ("10", "10.05", "大致持平"), ("5", "10", "−50%"), ("150", "10", "+1,400%")],
)
def test_trends(now: str, before: str, shown: str) -> None:
    assert trend(Decimal(now), Decimal(before)) == shown


def test_shares_are_rounded_half_up() -> None:
    shares = ("0.123500", "0.000499", "0.000500", "1")
    assert [percent(Decimal(s)) for s in shares] == ["12.4%", "不足 0.1%", "0.1%", "100.0%"]
    assert percent(None) == "—"


@pytest.mark.skipif(
    not shutil.which("chromium"), reason="Chromium is not installed: apt-get install chromium."
)
def test_a_browser_shows_it_without_a_complaint(tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    file = tmp_path / "a.html"
    file.write_text(pages_of(item(sentence_zh=EVIL), ALERT, item("A", "HKG", valid_to=date(2025, 9, 1)))["A"])
    with sync_playwright() as started:
        browser = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 390, "height": 844})
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(file.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(31, 78, 121)"
        assert said == []
        browser.close()
