"""The year's report: pages, workbook and printed page, made from a lived city and opened in Chromium.

Belongs here: what a reader finds and how it came about. What the figures are is tested in
`test_statistics_sql`. Chromium is the system's; without it the pages are not opened.
"""

from __future__ import annotations

import io
import os
import re
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Any

import fastexcel
import pypdf
import pytest

from assets.supply.report.due import Release, due_years, home, is_due, latest_release, reported_years
from assets.supply.report.grids import by_measure, words
from assets.supply.report.one_page import ROOM, SCALE, paper_widths
from assets.supply.report.pages import TITLES, names
from assets.supply.report.site import short_lines
from assets.supply.report.write import Report, contents, write_report
from assets.supply.report.year import Year
from schemas.codes.districts import DISTRICT_ORDER
from schemas.measures import DIMENSIONS, MEASURES
from tests.integration.running import lived_city

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

YEAR = 2025
TO_A_YEAR = re.compile(r"(\.\./)?\.\./(?P<year>\d{4})/(public/)?(?P<name>[a-z-]+(\.en)?\.html)")
CHROMIUM = which("chromium") or which("chromium-browser")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)


@pytest.fixture(scope="module")
def release(city: Path) -> Release:
    found = latest_release(city / "lake")
    assert found is not None
    return found


@pytest.fixture(scope="module")
def root(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of its own with the same release, and the report of 2025 written into it."""
    root = tmp_path_factory.mktemp("reported")
    (root / "releases").mkdir()
    (root / "releases" / release.name).symlink_to(release.folder)
    (root / "releases" / "latest").symlink_to(release.name)
    return root


@pytest.fixture(scope="module")
def written(root: Path, release: Release) -> Report:
    assert list(due_years(root)) == [2022, 2023, 2024, 2025]
    return write_report(root, release, YEAR)


@pytest.fixture(scope="module")
def folder(written: Report) -> Path:
    return written.page.parent


@pytest.fixture(scope="module")
def past(root: Path, written: Report, release: Release) -> Path:
    """The folder of a past year's report."""
    assert written.files
    return write_report(root, release, 2022).page.parent.resolve()


class Read(HTMLParser):
    """What a page holds: anchors, links by the table they stand above, cells of figures."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.addresses: list[str] = []
        self.styled = 0
        self.tables: list[dict[str, Any]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids |= {given["id"] or ""} if "id" in given else set()
        self.styled += "style" in given
        self.addresses += [given[name] or "" for name in ("src", "srcset", "action", "data") if name in given]
        if tag == "table":
            self.tables.append({"id": given.get("id", ""), "figures": 0, "links": []})
        if tag in ("td", "th") and "data-v" in given:
            self.tables[-1]["figures"] += 1
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")
            if self.tables:
                self.tables[-1]["links"].append(given["href"])


@pytest.fixture(scope="module")
def read(folder: Path) -> dict[str, Read]:
    return {
        path.relative_to(folder).as_posix(): Read(path.read_text("utf-8"))
        for path in sorted(folder.rglob("*.html"))
    }


def test_every_page_is_there_in_both_languages(folder: Path, release: Release, read: dict[str, Read]) -> None:
    public = [name for name in TITLES if name not in ("reconciliation", "quality")]
    assert names(Year.of(release, YEAR, "public")) == public
    expected = {f"{at}{name}{tongue}.html" for tongue in ("", ".en")
                for at, pages in (("", TITLES), ("public/", public)) for name in pages}  # fmt: skip
    assert set(read) == expected
    assert {p.name for p in folder.iterdir() if p.suffix in (".xlsx", ".pdf")} == {
        "statistics.xlsx", "one-page.pdf",
    }  # fmt: skip


def test_every_link_leads_somewhere(folder: Path, read: dict[str, Read]) -> None:
    lost = []
    for name, page in read.items():
        for link in page.links:
            if TO_A_YEAR.fullmatch(link):
                continue
            file, _, anchor = link.partition("#")
            at = (folder / name).parent / file if file else folder / name
            target = at.relative_to(folder).as_posix()
            there = (target in read and (not anchor or anchor in read[target].ids)) or at.suffix != ".html"
            if not (at.exists() and there):
                lost.append((name, link))
    assert lost == []


def test_every_page_links_to_itself_in_every_year(
    read: dict[str, Read], folder: Path, past: Path, release: Release
) -> None:
    years = [str(year) for year in reported_years(release)]
    assert years == ["2022", "2023", "2024", "2025"]
    for name, page in read.items():
        to = [match for link in page.links if (match := TO_A_YEAR.fullmatch(link))]
        assert [match["year"] for match in to] == years
        assert {match["name"] for match in to} == {Path(name).name}
        assert (past / name).exists()
        links = Read((past / name).read_text("utf-8")).links
        assert [link for link in links if TO_A_YEAR.fullmatch(link)] == [match[0] for match in to]


def test_every_table_of_figures_says_how_it_came_about(read: dict[str, Read]) -> None:
    figures = 0
    for name, page in read.items():
        for table in page.tables:
            if table["figures"]:
                figures += table["figures"]
                assert any("origins" in link for link in table["links"]), (name, table)
                if table["id"].startswith("t-by-"):
                    assert any("#m-" in link for link in table["links"]), (name, table)
    assert figures > 2000


def test_no_page_asks_for_anything_else(folder: Path, read: dict[str, Read]) -> None:
    assert {name: page.addresses for name, page in read.items() if page.addresses} == {}
    assert sum(page.styled for page in read.values()) == 0
    outside = [link for page in read.values() for link in page.links if re.match("[a-z]+:|//", link)]
    assert outside == []
    for path in folder.rglob("*.html"):
        assert "default-src &#39;none&#39;" in path.read_text("utf-8")


def test_the_query_of_a_table_gives_its_figures(city: Path, release: Release) -> None:
    """What the page of origins says is asked of the reporting database."""
    checked = 0
    year = Year.of(release, YEAR, "internal")
    with sqlite3.connect(city / "lake" / "reporting.sqlite") as database:
        database.row_factory = sqlite3.Row
        for dimension in DIMENSIONS[1:]:
            measures = [m.name for m in year.measures if dimension in m.dimensions]
            grid = by_measure(year, dimension, measures, words("dimension", dimension))
            rows = database.execute(grid.origin.query).fetchall()
            assert rows, grid.origin.query
            for row in rows:
                figure = year.figure(row["measure"], dimension, row["member"])
                value = None if row["value"] is None else Decimal(row["value"])
                assert figure.value == value
                checked += 1
    assert checked > 300


def test_the_public_pages_name_no_enterprise_but_the_listed(folder: Path) -> None:
    for path in (folder / "public").glob("*.html"):
        codes = re.findall(r"\b9144[0-9A-Z]{14}\b", path.read_text("utf-8"))
        assert not codes or path.name.startswith("roster"), path
    assert not (folder / "public" / "reconciliation.html").exists()


def test_the_public_pages_tell_nothing_suppressed(release: Release, folder: Path) -> None:
    inside, public = (Year.of(release, YEAR, audience) for audience in ("internal", "public"))
    hidden = [cell for cell, figure in public.figures.items() if figure.is_suppressed]
    assert hidden
    assert all(public.figures[cell].value is None for cell in hidden)
    amounts = {inside.figures[cell].value for cell in hidden if cell[2].endswith("_usd")}
    told = {figure.value for figure in public.figures.values()} | {public.terms.buyer_limit_usd}
    secret = {f"{amount:,.2f}" for amount in amounts - told if amount}
    assert secret
    for path in (folder / "public").glob("*.html"):
        text = path.read_text("utf-8")
        found = set(re.findall(r"[\d,]+\.\d\d", text))
        assert found & secret == set(), path.name
    sheets = workbook_cells(folder / "public" / "statistics.xlsx")
    assert not {float(amount.replace(",", "")) for amount in secret} & sheets


def workbook_cells(path: Path) -> set[object]:
    book = fastexcel.read_excel(path)
    return {
        value
        for name in book.sheet_names
        for column in book.load_sheet(name, header_row=None).to_polars().get_columns()
        for value in column.to_list()
    }


def test_the_workbook_has_the_same_figures_and_its_definitions(folder: Path, release: Release) -> None:
    book = fastexcel.read_excel(folder / "statistics.xlsx")
    assert [name.split()[-1] for name in book.sheet_names] == [
        "Summary", *DIMENSIONS[1:], "Revisions", "Terms", "指标定义",
    ]  # fmt: skip
    year = Year.of(release, YEAR, "internal")
    summary = book.load_sheet(0, header_row=None).to_polars()
    figures = {str(row[0]).split(" ")[0]: row[1] for row in summary.iter_rows()}
    for measure in year.measures:
        value = year.figure(measure.name).value
        assert float(figures[measure.zh.split(" ")[0]]) == pytest.approx(float(value or 0), abs=1e-6)
    definitions = book.load_sheet("指标定义", header_row=None).to_polars()
    assert {m.name for m in MEASURES} <= set(definitions.to_series(0).to_list())


def test_the_printed_page_is_one_of_a4_with_the_five_figures(folder: Path, release: Release) -> None:
    for audience in ("", "public/"):
        pdf = pypdf.PdfReader(io.BytesIO((folder / f"{audience}one-page.pdf").read_bytes()))
        assert len(pdf.pages) == 1
        assert [round(float(side)) for side in pdf.pages[0].mediabox[2:]] == [595, 842]
        assert "/CreationDate" not in (pdf.metadata or {})
    text = "".join(pypdf.PdfReader(folder / "one-page.pdf").pages[0].extract_text().split())
    for measure in ("领取企业数", "领取率", "承保出口额", "已赔付金额", "增值服务使用量"):
        assert measure in text


def test_higher_pictures_are_drawn_smaller_and_all_alike() -> None:
    svgs = [f'<svg class="c" width="500" height="{height}">' for height in (300, 600, 900)]
    assert paper_widths([svgs[0], ""]) == [500 * SCALE, 0]
    widths = paper_widths(svgs)
    assert len(set(widths)) == 1
    assert widths[0] / 500 * (300 + 600 + 900) <= ROOM + 1


def test_a_past_years_report_comes_out_the_same(root: Path, past: Path, release: Release) -> None:
    assert not is_due(root, 2022)
    for name, content in contents(release, 2022):
        assert (past / name).read_bytes() == content, name
    assert home(root, 2022).resolve() == past


def test_what_a_release_changes_makes_a_report_due(root: Path, written: Report, release: Release) -> None:
    assert YEAR not in due_years(root)
    items = {key: dict(item) for key, item in release.items.items()}
    items["take_up", "2025"]["sha256"] = "other"
    from assets.supply.report.due import inputs_of

    changed = Release(release.folder, "next", release.made_at, items)
    assert inputs_of(changed, YEAR) != inputs_of(release, YEAR)
    assert inputs_of(changed, 2024) == inputs_of(release, 2024)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("No Chromium: install it to have the pages opened.")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails the test on any word in its console and any request that leaves it."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda request: wrong.append(request.url) if request.url[:7] != "file://" else None)
    yield opened
    context.close()
    assert wrong == []


def open_page(page: Page, folder: Path, name: str) -> None:
    page.goto((folder / f"{name}.html").as_uri())


@pytest.mark.parametrize("audience", ["", "public/"])
def test_every_page_opens_without_a_word_of_complaint_and_for_everyone(
    page: Page, folder: Path, audience: str
) -> None:
    """Console, requests and overflow on every page, wide and narrow; axe-core on every page."""
    from axe_playwright_python.sync_playwright import Axe

    axe = Axe()
    for path in sorted((folder / audience).glob("*.html")):
        page.goto(path.as_uri())
        found = axe.run(page).response["violations"]
        serious = [v["id"] for v in found if v["impact"] in ("serious", "critical")]
        assert serious == [], (path.name, serious)
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path.name
        page.set_viewport_size({"width": 1280, "height": 900})


def test_the_roster_search_finds(page: Page, folder: Path, release: Release) -> None:
    roster = Year.of(release, YEAR, "internal").roster
    uscc, name = roster.select("uscc", "name").row(3)
    open_page(page, folder, "roster")
    assert f"{roster.height}" in (page.text_content("#found") or "")
    for words_ in (uscc, uscc[-6:].lower(), f"{name[:4]} {uscc[-4:]}"):
        page.fill("#query", words_)
        assert uscc in (page.text_content("#lines") or "")
    page.fill("#query", "没有这一家")
    assert page.text_content("#found") == "名单内没有"
    assert page.locator("#lines tr").count() == 0


def test_every_line_of_the_roster_is_read_back(page: Page, folder: Path, release: Release) -> None:
    """Lines are written short; what the page shows for each code is what the table has."""
    roster = Year.of(release, YEAR, "internal").roster
    open_page(page, folder, "roster")
    for row in roster.sample(30, seed=1).select("serial", "uscc", "name", "district").iter_rows():
        page.fill("#query", row[1])
        cells = page.locator("#lines td").all_text_contents()
        assert cells == ["" if value is None else str(value) for value in row]


def test_short_lines_survive_any_name() -> None:
    roster = [
        (7, "A1", "甲𠀀乙", "福田区"), (8, "A2", "甲𠀀丙", "福田区"), (8, "A2", "甲𠀀丙", None),
        (1, "B" * 40, "", "宝安区"), (2, "B" * 40 + "C", "<b>", "宝安区"),
    ]  # fmt: skip
    serial, uscc, name, district, read_back = 0, "", "", "", []
    for line in short_lines(roster):
        number, code, title, place = line.split("\t")
        serial = int(number) if number else serial + 1
        uscc = uscc[: int(code[0], 36)] + code[1:]
        name = name[: int(title[0], 36)] + title[1:]
        district = place or district
        known = dict(enumerate(DISTRICT_ORDER))
        read_back.append((serial, uscc, name, known.get(int(district)) if district != "-" else None))
    assert read_back == roster


def test_the_language_switches_and_back(page: Page, folder: Path) -> None:
    open_page(page, folder, "claims")
    assert page.get_attribute("html", "lang") == "zh-CN"
    page.click("a.switch")
    assert page.get_attribute("html", "lang") == "en"
    assert page.text_content("h1") == "Claims"
    assert page.url.endswith("claims.en.html")
    page.click("a.switch")
    assert page.text_content("h1") == "报损与赔付"


def test_the_year_switches_to_the_same_page(page: Page, root: Path, past: Path) -> None:
    assert past.name.startswith("2022")
    page.goto((home(root, YEAR) / "public" / "claims.en.html").as_uri())
    page.click(".years a:text-is('2022')")
    assert page.url.endswith("/2022/public/claims.en.html")
    assert page.text_content("h1") == "Claims"
    assert page.text_content(".years [aria-current]") == "2022"


def test_a_table_sorts_by_keyboard_and_its_total_stays_last(page: Page, folder: Path) -> None:
    open_page(page, folder, "exports")
    table = page.locator("#t-by-country")
    head = table.locator("thead th").nth(1)
    head.locator("button").focus()
    for order in ("descending", "ascending"):
        page.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == order
        shown = table.locator("tbody tr").evaluate_all("rows => rows.map(r => Number(r.cells[1].dataset.v))")
        assert shown[:-1] == sorted(shown[:-1], reverse=order == "descending")
        assert len(shown) > 3
        assert table.locator("tbody tr.total").text_content() == table.locator("tr").last.text_content()


def test_it_prints_without_what_only_a_screen_needs(page: Page, folder: Path) -> None:
    open_page(page, folder, "index")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert not page.locator("#print").is_visible()
    assert page.locator("table").first.is_visible()
    assert len(pypdf.PdfReader(io.BytesIO(page.pdf(format="A4"))).pages) <= 4
