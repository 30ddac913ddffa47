"""Inputs for the readers that nobody would think of: files as bytes, good ones and broken in every way.

Belongs here: strategies, and what must hold of any input. The quick tests draw a few, the evidence
run (`./run evidence -k fuzz`) draws 100,000.
"""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random

import polars as pl
from hypothesis import strategies as st

from assets.storage.read_file import read_file
from assets.storage.text_rows import FileRefused
from assets.validation import judge
from schemas.eligibility import ENTERPRISES

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where inputs lie for the moment: a disk would only cost time."""
NAMES = tuple(ENTERPRISES.names)
CELLS = st.one_of(
    st.sampled_from([
        "914403007109310121", "4403160001", "深圳市甲公司", "440304", "南山区", "2019-03-05", "45293",
        "20190305", "2024-01-02T03:04:05Z", "", " ", "\u3000", "甲\n乙", 'a"b', "a,b", "=1+1", "#N/A", "0012",
        "１２", "1e5", "\ufeff", "\x00", "𠮷", "NULL", "'", "\r", "\t",
    ]),
    st.text(max_size=12),
)  # fmt: skip
GOOD = (
    "914403007109310121", "4403160001", "深圳市甲公司", "440304", "南山区", "2019-03-05", "",
    "2024-01-02T03:04:05Z",
)  # fmt: skip
ODD_HEADERS = st.lists(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), max_size=10).map(tuple)
HEADERS = st.one_of(
    st.just(NAMES),
    st.just(NAMES),
    st.just(tuple(column.zh for column in ENTERPRISES.columns)),
    st.permutations(NAMES).map(tuple),
    ODD_HEADERS,
)
CODECS = st.sampled_from(["utf-8", "gb18030"] * 3 + ["utf-8-sig", "utf-16", "big5", "latin-1"])
TOKENS = (
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b"\xe6",
    b"\x81",
    b"\xef\xbb\xbf",
    b"\x1a",
    b"<",
    b">",
    b"&#0;",
)


def _texts(width: int) -> st.SearchStrategy[Sequence[str]]:
    """The cells of a row: good ones, or any."""
    return st.one_of(st.just(GOOD), st.lists(CELLS, min_size=width, max_size=width))


@st.composite
def csv_files(draw: st.DrawFn) -> bytes:
    """A table written as CSV, in some encoding."""
    out = io.StringIO(newline="")
    end = draw(st.sampled_from(["\n", "\r\n", "\n", "\r\n", "\n", "\r"]))
    everywhere = draw(st.booleans())
    writer = csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL if everywhere else csv.QUOTE_MINIMAL)
    header = draw(HEADERS)
    writer.writerow(header)
    for _ in range(draw(st.integers(0, 4))):
        writer.writerow(draw(_texts(len(header))))
    return out.getvalue().encode(draw(CODECS), errors="ignore")


def damaged(data: bytes, chance: Random) -> bytes:
    """The bytes with one to three changes: bytes put in, taken out, cut off or exchanged."""
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        at = chance.randint(0, len(data))
        match chance.choice(["put"] * 3 + ["take"] * 2 + ["other"] * 4 + ["cut"]):
            case "put":
                data = data[:at] + chance.choice([*TOKENS, chance.randbytes(3)]) + data[at:]
            case "take":
                data = data[:at] + data[at + chance.randint(1, 5) :]
            case "cut":
                data = data[:at]
            case _:
                data = data[:at] + chance.randbytes(1) + data[at + 1 :]
    return data


def csv_variants(data: bytes, seed: int, count: int) -> Iterator[bytes]:
    """The file, and damaged ones of it, `count` in all."""
    chance = Random(seed)
    yield data
    for _ in range(count - 1):
        yield damaged(data, chance)


def xlsx_variants(parts: Mapping[str, bytes], seed: int, count: int) -> Iterator[bytes]:
    """The workbook, and ones with a part damaged or missing or the archive itself damaged."""
    chance = Random(seed)
    yield _zipped(parts, chance)
    for _ in range(count - 1):
        hurt = chance.choice([*parts, *["xl/sheet.xml"] * 8])
        match chance.randint(0, 9):
            case 0:
                yield damaged(_zipped(parts, chance), chance)
            case 1:
                yield _zipped({name: text for name, text in parts.items() if name != hurt}, chance)
            case 2 | 3:
                yield _zipped({**parts, hurt: damaged(parts[hurt], chance)}, chance)
            case _:
                yield _zipped({**parts, hurt: _other_values(parts[hurt], chance)}, chance)


def _other_values(part: bytes, chance: Random) -> bytes:
    """A part that is well-formed still, with up to three attributes or texts exchanged."""
    for _ in range(chance.randint(1, 3)):
        found = chance.choice([*_VALUE.finditer(part), None])
        if found:
            part = part[: found.start(1)] + chance.choice(ODD_VALUES) + part[found.end(1) :]
    return part


def _zipped(parts: Mapping[str, bytes], chance: Random) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", chance.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])) as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return out.getvalue()


MOSTLY = st.sampled_from([True, True, True, True, False])
KINDS = st.sampled_from(["inlineStr", "s", "n", "b", "e", "str", "d", ""])
VALUES = st.one_of(
    st.sampled_from(
        ["0", "1", "45293", "45293.5", "-1", "1e400", "NaN", "999999999", "8000000.01", "true", "_x0000_"]
    ),
    CELLS,
)
_VALUE = re.compile(rb'(?<=["\'>])([^<>"\']+)(?=["\'<])')
ODD_VALUES = (
    b"", b"0", b"1", b"2", b"-1", b"x", b"s", b"b", b"d", b"e", b"n", b"str", b"inlineStr", b"A1", b"C1",
    b"XFD1", b"XFE1", b"A1048576", b"1048577", b"999999999", b"9999999999", b"1e400", b"45293.7", b"NaN",
    b"hidden", b"yyyy", b"[h]:mm", b"../x", b"/etc/passwd", b"&#10;", b"_x0000_", b"_xD800_", "甲".encode(),
    b" ", b"uscc",
)  # fmt: skip
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@st.composite
def xlsx_parts(draw: st.DrawFn) -> dict[str, bytes]:
    """The parts of a workbook made by hand: cells of all kinds, odd addresses and styles."""
    header = draw(HEADERS)
    rows = [_row(draw, [("inlineStr", name) for name in header], plain=draw(MOSTLY))]
    for _ in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            cells = [("inlineStr", text) for text in GOOD]
        else:
            cells = [(draw(KINDS), draw(VALUES)) for _ in range(draw(st.integers(0, len(header))))]
        rows.append(_row(draw, cells, plain=draw(MOSTLY)))
    merged = draw(
        st.sampled_from(["", '<mergeCells><mergeCell ref="A1:C1"/></mergeCells>', '<mergeCell ref="x"/>'])
    )
    system, state = draw(st.sampled_from("001x")), "visible" if draw(MOSTLY) else "hidden"
    code = draw(st.sampled_from(["yyyy-mm-dd", "0.0", "[h]:mm"]))
    parts = {
        "_rels/.rels": _relations({"1": ("officeDocument", "xl/workbook.xml")}),
        "xl/_rels/workbook.xml.rels": _relations({
            "1": ("worksheet", draw(st.sampled_from(["sheet.xml", "/xl/sheet.xml", "./sheet.xml"]))),
            "2": ("sharedStrings", "texts.xml"), "3": ("styles", "styles.xml"),
        }),
        "xl/workbook.xml": (
            f'<w xmlns:r="r"><workbookPr date1904="{system}"/><sheets>'
            f'<sheet name="数据" r:id="1" state="{state}"/></sheets></w>'
        ),
        "xl/texts.xml": f"<s>{''.join(f'<si><t>{_xml(draw(CELLS))}</t></si>' for _ in range(2))}</s>",
        "xl/styles.xml": (
            f'<s><numFmts><numFmt numFmtId="170" formatCode="{code}"/>'
            '</numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/></cellXfs></s>'
        ),
        "xl/sheet.xml": f"<s><sheetData>{''.join(rows)}</sheetData>{merged}</s>",
    }  # fmt: skip
    return {name: text.encode() for name, text in parts.items()}


def _row(draw: st.DrawFn, cells: list[tuple[str, str]], *, plain: bool) -> str:
    address = (
        "" if plain else draw(st.sampled_from(["", ' r="1"', ' r="2"', ' r="9"', ' r="1048576"', ' r="x"']))
    )
    return f"<row{address}>{''.join(_cell(draw, kind, text, plain=plain) for kind, text in cells)}</row>"


def _cell(draw: st.DrawFn, kind: str, text: str, *, plain: bool) -> str:
    more = (
        ""
        if plain
        else draw(st.sampled_from(["", "", "", ' s="1"', ' s="2"', ' s="9"', ' r="C1"', ' r="XFD1"']))
    )
    attributes = f' t="{kind}"{more}' if kind else more
    inner = f"<is><t>{_xml(text)}</t></is>" if kind == "inlineStr" else f"<v>{_xml(text)}</v>"
    formula = "" if plain else draw(st.sampled_from(["", "", "<f>1+1</f>"]))
    return f"<c{attributes}>{formula}{inner}</c>"


def _relations(targets: dict[str, tuple[str, str]]) -> str:
    links = (
        f'<Relationship Id="{at}" Type="t/{kind}" Target="{part}"/>' for at, (kind, part) in targets.items()
    )
    return f"<R>{''.join(links)}</R>"


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class Seen(Counter[str]):
    """What became of the inputs: how many were read or refused, and of every tenth the rows."""

    def take(self, data: bytes, suffix: str) -> None:
        """Read a file, and judge every tenth: it is refused with one sentence, or every row has a fate."""
        self["inputs"] += 1
        with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
            path = Path(folder) / f"a{suffix}"
            path.write_bytes(data)
            try:
                rows = read_file(path, ENTERPRISES, Path(folder) / "scratch").frame.collect()
            except FileRefused as refused:
                self._hold_sentence(str(refused))
                return
        self["files read"] += 1
        self["rows read"] += rows.height
        assert rows.columns == [*NAMES, "row"]
        assert rows["row"].is_sorted()
        assert rows["row"].is_unique().all()
        if self["files read"] % 10 == 1:
            self._hold_rows(rows)

    def _hold_rows(self, rows: pl.DataFrame) -> None:
        judged = judge(rows.lazy(), ENTERPRISES)
        assert judged["row"].to_list() == rows["row"].to_list(), "every row has a fate"
        refused = judged.filter(judged["reasons"].list.len() > 0)
        assert refused["raw"].null_count() == 0, "a refused row keeps its text"
        self["rows judged"] += judged.height
        self["rows judged and refused"] += refused.height

    def _hold_sentence(self, sentence: str) -> None:
        assert sentence.startswith("a.")
        assert sentence.endswith(".")
        assert "\n" not in sentence
        self["files refused"] += 1
        self["files refused by a library's own words"] += "cannot be read as" in sentence
