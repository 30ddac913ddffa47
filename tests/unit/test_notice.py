"""The public notice: the same bytes, nothing internal, and hostile names that stay nothing but text."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from xml.etree import ElementTree

import fastexcel
import polars as pl
import pypdf
import pytest

from assets.eligibility.acts import confirm, publish, submit
from assets.eligibility.editions import Edition, in_order
from assets.eligibility.notice.act import notice_files, write_notice
from assets.eligibility.notice.content import TITLES, Notice, notice_of
from assets.eligibility.notice.files import as_csv, as_page, as_pdf, as_xlsx, files_of
from assets.eligibility.register import ActRefused
from assets.supply.publish import publish_release
from assets.supply.verify import verify_lake
from schemas.codes.districts import DISTRICT_ORDER
from schemas.eligibility import ROSTER
from schemas.terms.loader import load_terms
from tests.oracle.rows import declaration, enterprise, make_uscc, roster_line
from tests.property.small_house import SmallHouse
from tests.unit.chromium import page_of

HOSTILE = [
    "=cmd|'/C calc'!A0", "@SUM(1+1)*cmd|' /C calc'!A0", "+1+1", "-2+3", "＝1+1", "＠SUM(A1)", "'=1+1", "''@x",
    "<script>document.title='x'</script>", "</script><img src=x onerror=\"document.title='x'\">", "a&b&amp;c",
    "\u202e公司限有\u202c深圳", "\u200f有限公司", "𠮷野家（深圳）有限公司", "ＡＢＣ电子　有限公司",
    '乙"公司",丙;丁', "多行\n公司", "{{ 7 * 7 }}", "#set page(width: 1pt)", "http://example.invalid/x",
]  # fmt: skip
FIGURES = ["1E5", "00012", "TRUE"]
"""Texts that only the workbook can say are no figures."""
TERMS = load_terms(2025)


def edition_of(names: list[str], number: int = 1) -> Edition:
    """A published edition with these names, spread over the districts."""
    rows = [(make_uscc(at), name, DISTRICT_ORDER[at % len(DISTRICT_ORDER)]) for at, name in enumerate(names)]
    frame = pl.DataFrame(rows, schema=["uscc", "name", "district"], orient="row")
    lines = in_order(frame).with_columns(policy_year=2025, edition=number)
    exact = lines.select(pl.col(c).cast(t) for c, t in ROSTER.schema.items())
    moment = datetime(2025, 5, 15, 1, tzinfo=UTC)
    return Edition(number, date(2025, 5, 15), date(2025, 5, 22), None, moment, exact)


@pytest.fixture(scope="module")
def hostile() -> Notice:
    return notice_of(edition_of(HOSTILE + FIGURES), TERMS)


def texts(notice: Notice) -> list[list[str]]:
    """What a reader must get back: titles, then every line as text."""
    return [list(TITLES), *([str(value) for value in line] for line in notice.lines)]


def unguarded(text: str) -> str:
    """A text of the CSV without the apostrophe that keeps a spreadsheet from calculating."""
    return text[1:] if re.match(r"'+[=+\-@\t\r＝＋－＠]", text) else text


def test_the_same_notice_is_the_same_bytes(hostile: Notice) -> None:
    assert files_of(hostile) == files_of(notice_of(edition_of(HOSTILE + FIGURES), TERMS))


def test_the_workbook_has_the_text_and_no_formula_or_link(hostile: Notice) -> None:
    content = as_xlsx(hostile)
    sheet = fastexcel.read_excel(content).load_sheet(0, header_row=None, dtypes="string").to_polars()
    assert [list(row) for row in sheet.rows()] == texts(hostile)
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert {info.date_time for info in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        sheets = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheets
    assert "hyperlink" not in sheets


def test_the_csv_has_the_text_and_nothing_that_is_calculated(hostile: Notice) -> None:
    content = as_csv(hostile)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content[3:].decode(), newline="")))
    assert [[unguarded(text) for text in row] for row in rows] == texts(hostile)
    assert [text for row in rows for text in row if text[:1] in tuple("=+-@\t\r＝＋－＠")] == []


def test_the_document_says_what_a_notice_says() -> None:
    notice = notice_of(edition_of(["甲公司", "乙公司"], number=2), TERMS)
    pages = pypdf.PdfReader(io.BytesIO(as_pdf(notice, {"roster-2025-2.xlsx": "a" * 64}))).pages
    said = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
    for words in (
        "深圳市2025年度出口信用保险统保企业名单公示（第2版，增补）", TERMS.citation.title_zh, "一；二(一)",
        "2024年出口额高于0.00美元、不超过8,000,000.00美元（含）", "共2家",
        "2025年5月15日至2025年5月22日（5个工作日）", "83165355", "异议受理", notice.sha256, "a" * 64,
    ):  # fmt: skip
        assert re.sub(r"\s", "", words) in said, words
    assert len(pages) == 1


def test_a_sample_year_is_marked_wherever_it_shows() -> None:
    lines = edition_of(["甲公司"])
    notice = notice_of(lines, load_terms(2024))
    assert "样例" in as_page(notice).decode().split("</h1>")[0]
    text = pypdf.PdfReader(io.BytesIO(as_pdf(notice, {}))).pages[0].extract_text()
    assert "样例" in text
    with zipfile.ZipFile(io.BytesIO(as_xlsx(notice))) as book:
        assert "样例" in book.read("xl/worksheets/sheet1.xml").decode()


def test_the_page_finds_any_part_and_runs_nothing(hostile: Notice, tmp_path: Path) -> None:
    file = tmp_path / "roster.html"
    file.write_bytes(as_page(hostile))
    with page_of(file) as (page, requests, problems):
        shown = page.eval_on_selector_all(
            "#lines tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
        )
        assert shown == texts(hostile)[1:]
        assert page.title() == hostile.title
        for part, count in (
            ("𠮷野", 1),
            ("abc电子有限", 1),
            ("限有深", 1),
            (make_uscc(3)[5:], 1),
            ("甲乙丙", 0),
        ):
            page.fill("#search", part)
            assert page.inner_text("#found") == f"查到 {count} 家", part
        page.fill("#search", "onerror")
        page.wait_for_timeout(50)
        assert (page.title(), requests, problems) == (hostile.title, [file.as_uri()], [])


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_libreoffice_calculates_nothing_and_gives_the_text_back(
    hostile: Notice, tmp_path: Path, suffix: str
) -> None:
    office = shutil.which("soffice")
    if not office:
        pytest.skip("No LibreOffice: install libreoffice-calc-nogui.")
    notice = hostile if suffix == "xlsx" else notice_of(edition_of(HOSTILE), TERMS)
    made = {"xlsx": as_xlsx, "csv": as_csv}[suffix](notice)
    (tmp_path / f"roster.{suffix}").write_bytes(made)
    words = [
        office,
        "--headless",
        f"-env:UserInstallation={(tmp_path / 'home').as_uri()}",
        "--convert-to",
        "fods",
    ]
    more = ["--infilter=CSV:44,34,76,1"] if suffix == "csv" else []
    subprocess.run([*words, *more, "--outdir", str(tmp_path), f"roster.{suffix}"], cwd=tmp_path,
                   check=True, capture_output=True, timeout=180)  # fmt: skip
    sheet = (tmp_path / "roster.fods").read_text("utf-8")
    assert "table:formula" not in sheet
    found = [unguarded(text) if suffix == "csv" else text for row in _cells(sheet) for text in row]
    assert found == [text for row in texts(notice) for text in row]


def _cells(sheet: str) -> list[list[str]]:
    """The texts of the rows of a flat ODS document; lines of a cell by a line feed."""
    names = {"t": "urn:oasis:names:tc:opendocument:xmlns:table:1.0",
             "x": "urn:oasis:names:tc:opendocument:xmlns:text:1.0"}  # fmt: skip
    rows = ElementTree.fromstring(sheet).findall(".//t:table-row", names)
    cells = [[cell for cell in row.findall("t:table-cell", names) if cell.find("x:p", names) is not None]
             for row in rows]  # fmt: skip
    return [["\n".join("".join(p.itertext()) for p in cell.findall("x:p", names)) for cell in row]
            for row in cells if row]  # fmt: skip


CANARIES = (
    "1234567.89",
    "1,234,567.89",
    "1234567",
    "440316T001",
    "CANARY",
    "P-77",
    "原因写在这里",
    "0000000001",
)
"""Amounts, customs codes, contacts, objections and reasons, as the internal columns have them."""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> SmallHouse:
    """A released city in which every internal column that a notice could show has a canary."""
    house = SmallHouse(tmp_path_factory.mktemp("canaries"), "2025-05-15T09:00:00+08:00")
    lines = [declaration(1, firm=1, amount="1234567.89", consignor_name="CANARY-CONSIGNOR"),
             declaration(2, firm=2), declaration(3, firm=2, delivery_terms="2")]  # fmt: skip
    days = {"policy_year": "2024", "published_on": "2024-05-13", "confirmed_on": "2024-05-21"}
    house.deliver(
        {
            "enterprises": [enterprise(1), enterprise(2), enterprise(3, city="441900", district="")],
            "customs_declarations": lines,
            "published_rosters": [roster_line(2, **days, updated_at="2025-01-01T00:00:00Z")],
        }
    )
    house.bring_up()
    publish(house, 2025, "commerce-bureau", True)
    write_notice(house, 2025, 1, "canary-office")
    submit(house, 2025, "canary-office", "P-77", make_uscc(2), "details_wrong", "原因写在这里 CANARY-GROUNDS")
    house.bring_up()
    publish_release(house, "run")
    return house


def _plain(path: Path) -> str:
    """Everything that can be read in a published file."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return "".join(book.read(name).decode() for name in book.namelist())
    if path.suffix == ".pdf":
        return "".join(page.extract_text() for page in pypdf.PdfReader(path).pages)
    if path.suffix == ".parquet":
        return str(pl.read_parquet(path).rows())
    return path.read_text("utf-8")


def test_nothing_internal_is_in_a_published_file(released: SmallHouse) -> None:
    public = released.root / "releases" / "latest"
    files = [*(public / "notice").rglob("*.*"), public / "roster" / "policy_year=2025.parquet"]
    assert {path.suffix for path in files} == {".xlsx", ".csv", ".pdf", ".html", ".parquet"}
    for path in files:
        text = _plain(path)
        assert (make_uscc(1) in text) == (path.suffix != ".pdf"), path
        assert [canary for canary in CANARIES if canary in text.replace(make_uscc(1), "")] == [], path


def test_a_notice_is_made_once_and_only_of_what_was_published_here(released: SmallHouse) -> None:
    for year, edition, why in ((2025, 1, "never changes"), (2025, 2, "no edition 2"), (2024, 1, "imported")):
        with pytest.raises(ActRefused, match=why):
            write_notice(released, year, edition, "commerce-bureau")
    assert len(notice_files(released.state().register, 2025)) == 4
    assert notice_files(released.state().register, 2024) == {}


def test_a_notice_makes_no_decision_stale_and_a_changed_one_is_found(released: SmallHouse) -> None:
    assert released.state().unready("roster_decisions", "2025") == []
    assert verify_lake(released.root, released.reporting).faults == []
    (path, _) = notice_files(released.state().register)[
        "notice/policy_year=2025/edition=1/roster-2025-1.html"
    ]
    content = path.read_bytes()
    path.write_bytes(content.replace("公示".encode(), "公告".encode(), 1))
    assert len(verify_lake(released.root, released.reporting).faults) == 2
    path.write_bytes(content)
    with pytest.raises(ActRefused, match="the notice period ends on 2025-05-22"):
        confirm(released, 2025, "commerce-bureau")
