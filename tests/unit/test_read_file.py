"""Files in every form that is read, and the sentence for those that are not."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.arrivals.pieces import batches
from assets.storage.read_file import Control, read_control, read_file
from assets.storage.text_rows import FileRefused, number_text
from schemas.bad_bytes import FIRST, readable
from schemas.bad_bytes import count as bytes_in
from schemas.customs import DECLARATIONS, RATES
from schemas.eligibility import ENTERPRISES
from schemas.operations import CORRECTS, EXPLAINED
from schemas.policies import POLICIES
from schemas.table import Source

FIRM = {
    "uscc": "914403007109310121",
    "customs_code": "4403160001",
    "name": "深圳市𠮷祥进出口有限公司",
    "city": "440300",
    "district": "南山区",
    "registered_on": "2019-03-05",
    "deregistered_on": None,
    "updated_at": "2024-01-02T03:04:05Z",
}
LINE = {
    "declaration_no": "531620240000000017",
    "line_no": "1",
    "revision": "0",
    "status": "closed",
    "consignor_uscc": "914403007109310121",
    "consignor_customs_code": "4403160001",
    "consignor_name": "深圳",
    "trading_country": "USA",
    "arrival_country": "USA",
    "destination_country": "USA",
    "trade_mode": "0110",
    "hs_code": "0101210000",
    "delivery_terms": "3",
    "currency": "USD",
    "amount": "8000000.01",
    "declared_on": "2024-01-02",
    "closed_on": "2024-01-03",
    "updated_at": "2024-01-04T00:00:00Z",
}

Row = Mapping[str, object]


def _csv(
    rows: Sequence[Row], source: Source, *, zh: bool = False, end: str = "\n", more: bool = False
) -> str:
    names = list(rows[0])
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=end)
    writer.writerow(names if more else [source[name].zh if zh else name for name in names])
    writer.writerows([[row[name] for name in names] for row in rows])
    return out.getvalue()


def _file(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _rows(path: Path, source: Source = ENTERPRISES) -> list[dict[str, Any]]:
    return read_file(path, source, path.parent / "scratch").frame.collect().to_dicts()


def _refusal(path: Path, source: Source = ENTERPRISES) -> str:
    with pytest.raises(FileRefused) as refused:
        list(batches(read_file(path, source, path.parent / "scratch"), source, path.parent))
    sentence = str(refused.value)
    assert sentence.startswith(path.name)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


# ── CSV: encodings and headers ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("zh", [False, True])
@pytest.mark.parametrize(
    ("codec", "encoding"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-bom"), ("gb18030", "gb18030")],
)
def test_every_encoding_and_header_gives_the_same_rows(
    tmp_path: Path, codec: str, encoding: str, zh: bool
) -> None:
    path = _file(tmp_path, _csv([FIRM], ENTERPRISES, zh=zh).encode(codec))
    read = read_file(path, ENTERPRISES, tmp_path / "scratch")
    assert read.encoding == encoding
    assert read.notes == ()
    assert read.frame.collect().to_dicts() == [FIRM | {"row": 1}]
    assert read.frame.collect_schema() == {
        **dict.fromkeys(ENTERPRISES.names, pl.String),
        "row": pl.Int64,
    }


def test_columns_may_come_in_any_order_with_blanks_around_them(tmp_path: Path) -> None:
    content = _csv([dict(reversed(FIRM.items()))], ENTERPRISES)
    head, rest = content.split("\n", 1)
    head = ",".join(f" {name}\u3000" for name in head.split(","))
    assert _rows(_file(tmp_path, f"{head}\n{rest}")) == [FIRM | {"row": 1}]


def test_a_long_gb18030_file_is_decoded_across_chunks(tmp_path: Path) -> None:
    firms = [FIRM | {"name": f"𠮷{'x' * (i % 7)}祥"} for i in range(30_000)]
    rows = _rows(_file(tmp_path, _csv(firms, ENTERPRISES).encode("gb18030")))
    assert [row["name"] for row in rows] == [firm["name"] for firm in firms]


@pytest.mark.parametrize("codec", ["utf-8-sig", "gb18030"])
def test_a_csv_may_have_every_cell_in_quotation_marks(tmp_path: Path, codec: str) -> None:
    firm = FIRM | {"name": '"\n,""' * 50}
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([firm, *[firm.values()] * 9000])
    mark = "\ufeff" if codec == "gb18030" else ""
    rows = _rows(_file(tmp_path, (mark + out.getvalue()).encode(codec)))
    assert rows == [firm | {"row": n} for n in range(1, 9001)]


@pytest.mark.parametrize("rows", [3, 40_000])
def test_stray_quotation_marks_are_refused_although_they_pair_up(tmp_path: Path, rows: int) -> None:
    lines = _csv([FIRM] * (rows + 5), ENTERPRISES).split("\n")
    lines[rows] = lines[rows].replace("南山区", '南"山区')
    lines[rows + 2] = lines[rows + 2].replace("南山区", '南山区"')
    assert f"a stray or unclosed quotation mark in data row {rows}:" in _refusal(
        _file(tmp_path, "\n".join(lines))
    )


def test_crlf_quotes_newlines_and_zeros_are_kept(tmp_path: Path) -> None:
    name = '"甲", 乙\r\n丙'
    firm = FIRM | {"name": name, "customs_code": "0403160001"}
    path = _file(tmp_path, _csv([firm, FIRM], ENTERPRISES, end="\r\n"))
    assert _rows(path) == [firm | {"row": 1}, FIRM | {"row": 2}]


def test_the_last_line_needs_no_line_end(tmp_path: Path) -> None:
    assert _rows(_file(tmp_path, _csv([FIRM], ENTERPRISES).rstrip("\n"))) == [FIRM | {"row": 1}]


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_header_alone_is_no_rows(tmp_path: Path, end: str) -> None:
    assert _rows(_file(tmp_path, ",".join(ENTERPRISES.names) + end)) == []


def test_blank_lines_are_left_out_and_reported(tmp_path: Path) -> None:
    content = _csv([FIRM], ENTERPRISES)
    path = _file(tmp_path, f"{content}\n,,,,,,,\n{content.splitlines()[1]}\n")
    assert [row["row"] for row in _rows(path)] == [1, 4]
    assert read_file(path, ENTERPRISES, tmp_path).notes == (
        "a.csv: 2 rows without any content were left out.",
    )


def test_an_optional_column_may_be_missing(tmp_path: Path) -> None:
    firm = {name: value for name, value in FIRM.items() if name != "deregistered_on"}
    assert _rows(_file(tmp_path, _csv([firm], ENTERPRISES))) == [FIRM | {"row": 1}]


def test_an_unknown_column_is_left_out_and_reported(tmp_path: Path) -> None:
    read = read_file(
        _file(tmp_path, _csv([FIRM | {"电话": "x"}], ENTERPRISES, more=True)), ENTERPRISES, tmp_path
    )
    assert read.notes == ("a.csv: the unknown column 电话 was left out.",)
    assert read.frame.collect().to_dicts() == [FIRM | {"row": 1}]


@pytest.mark.parametrize("renamed", ["de-registered_on", "注销日"])
def test_a_renamed_optional_column_is_refused_with_the_nearest_name(tmp_path: Path, renamed: str) -> None:
    content = _csv([FIRM], ENTERPRISES).replace("deregistered_on", renamed)
    assert _refusal(_file(tmp_path, content)) == (
        f"a.csv has the unknown column {renamed} and lacks deregistered_on (注销日期): rename it where "
        "that is meant, else leave it out, or put deregistered_on in as well."
    )


def test_a_csv_is_read_lazily_and_keeps_its_order(tmp_path: Path) -> None:
    firms = [FIRM | {"name": str(n)} for n in range(100_000)]
    frame = read_file(_file(tmp_path, _csv(firms, ENTERPRISES)), ENTERPRISES, tmp_path).frame
    assert "CSV SCAN" in frame.explain().upper()
    read = frame.select("row", "name").collect(engine="streaming")
    assert read["row"].to_list() == list(range(1, 100_001))
    assert read["name"].to_list() == [str(n) for n in range(100_000)]


# ── CSV: refusals ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("content", ["", "\n", "\ufeff", " , ,\n"])
def test_an_empty_file_is_refused(tmp_path: Path, content: str) -> None:
    assert "is empty" in _refusal(_file(tmp_path, content))


def test_a_renamed_required_column_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    content = _csv([FIRM], ENTERPRISES, zh=True).replace("企业名称", "企业名")
    assert _refusal(_file(tmp_path, content)) == (
        "a.csv lacks the column name (企业名称) but has 企业名: rename that to name or 企业名称."
    )


def test_a_missing_required_column_is_refused(tmp_path: Path) -> None:
    firm = {name: value for name, value in FIRM.items() if name != "uscc"}
    assert "lacks the column uscc (统一社会信用代码)" in _refusal(_file(tmp_path, _csv([firm], ENTERPRISES)))


@pytest.mark.parametrize("doubled", ["city", "注册地", " CITY "])
def test_a_doubled_column_is_refused(tmp_path: Path, doubled: str) -> None:
    head, row, _ = _csv([FIRM], ENTERPRISES).split("\n")
    assert "the column city (注册地) twice" in _refusal(_file(tmp_path, f"{head},{doubled}\n{row},440300\n"))


def _damaged(tmp_path: Path, content: bytes) -> tuple[tuple[str, ...], list[str]]:
    """The notes on a file with bad bytes, and the names in it with those bytes written out."""
    read = read_file(_file(tmp_path, content), ENTERPRISES, tmp_path / "scratch")
    return tuple(read.notes), [readable(name) for name in read.frame.collect()["name"]]


def test_one_bad_byte_in_utf8_stays_in_its_row_and_is_not_taken_for_gb18030(tmp_path: Path) -> None:
    content = _csv([FIRM] * 3, ENTERPRISES).encode()
    at = content.index("祥".encode(), content.index("祥".encode()) + 1)
    notes, names = _damaged(tmp_path, content[: at + 1] + content[at + 2 :])
    assert notes == (
        "a.csv: 2 bytes are no UTF-8, the first in data row 2; the rows that have them are refused.",
    )
    assert names == [FIRM["name"], "深圳市𠮷\\xe7\\xa5进出口有限公司", FIRM["name"]]


def test_row_numbers_of_bad_bytes_count_quoted_line_ends_as_none(tmp_path: Path) -> None:
    content = _csv([FIRM | {"name": "深圳\n市"}, FIRM], ENTERPRISES).encode()
    at = content.rindex("祥".encode())
    notes, names = _damaged(tmp_path, content[:at] + b"\xff" + content[at:])
    assert "1 bytes are no UTF-8, the first in data row 2;" in notes[0]
    assert names == ["深圳\n市", "深圳市𠮷\\xff祥进出口有限公司"]


def test_a_zero_byte_is_a_bad_byte_of_its_row(tmp_path: Path) -> None:
    content = _csv([FIRM, FIRM], ENTERPRISES).encode()
    at = content.rindex("祥".encode())
    _, names = _damaged(tmp_path, content[:at] + b"\0" + content[at:])
    assert names == [FIRM["name"], "深圳市𠮷\\x00祥进出口有限公司"]


def test_lines_in_the_other_encoding_are_bad_bytes(tmp_path: Path) -> None:
    head, row, _ = _csv([FIRM | {"name": "深圳市光明进出口有限公司"}], ENTERPRISES).split("\n")
    gb, utf = f"{row}\n".encode("gb18030"), f"{row}\n".encode()
    for lines, encoding, bad in ((gb * 5 + utf, "gb18030", 45), (utf * 5 + gb, "utf-8", 30)):
        path = _file(tmp_path, f"{head}\n".encode() + lines)
        read = read_file(path, ENTERPRISES, tmp_path / "scratch")
        names = read.frame.collect()["name"].to_list()
        assert read.encoding == encoding
        assert names[:5] == ["深圳市光明进出口有限公司"] * 5
        assert bytes_in(names[5]) + bytes_in(read.frame.collect()["district"][5]) == bad
        assert f"{bad} bytes are no {encoding.upper()}, the first in data row 6" in read.notes[0]


@settings(deadline=None)
@given(st.binary(max_size=60), st.sampled_from(["utf-8", "gb18030"]))
def test_any_bytes_come_through_in_their_row(noise: bytes, codec: str) -> None:
    """Whatever stands in a cell, its neighbours are read, and no byte of it is lost."""
    noise = noise.translate(None, b'\r\n,"')
    with tempfile.TemporaryDirectory() as folder:
        before, after = (_csv([FIRM], ENTERPRISES).encode(codec).split(b"\n")[n] for n in (0, 1))
        cells = after.split(b",")
        content = b"\n".join(
            [before, *[after] * 3, b",".join([*cells[:2], b"x" + noise + b"x", *cells[3:]]), after]
        )
        rows = _rows(_file(Path(folder), content + b"\n"))
        encoding = read_file(Path(folder) / "a.csv", ENTERPRISES, Path(folder)).encoding.removesuffix("-bom")
    assert [row["row"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0]["name"] == rows[2]["name"] == rows[4]["name"] == FIRM["name"]
    back = b"".join(
        bytes([ord(character) - FIRST])
        if FIRST <= ord(character) < FIRST + 256
        else character.encode(encoding)
        for character in rows[3]["name"]
    )
    assert back == b"x" + noise + b"x"


@pytest.mark.parametrize("codec", ["utf-8", "gb18030"])
@pytest.mark.parametrize("kept", [1, 2, 3])
def test_a_file_cut_off_inside_a_character_is_refused(tmp_path: Path, codec: str, kept: int) -> None:
    content = _csv([FIRM, FIRM], ENTERPRISES).encode(codec)
    cut = content.rindex("𠮷".encode(codec)) + kept
    assert "data row 2" in _refusal(_file(tmp_path, content[:cut]))


def test_bytes_of_neither_encoding_are_counted_with_their_row(tmp_path: Path) -> None:
    content = _csv([FIRM, FIRM, FIRM], ENTERPRISES).encode("gb18030")
    at = content.rindex("祥".encode("gb18030"))
    notes, names = _damaged(tmp_path, content[:at] + b"\xff\xff" + content[at:])
    assert "2 bytes are no GB18030, the first in data row 3;" in notes[0]
    assert names[2] == "深圳市𠮷\\xff\\xff祥进出口有限公司"


def test_a_row_of_other_length_is_refused_with_its_number(tmp_path: Path) -> None:
    head, row, _ = _csv([FIRM], ENTERPRISES).split("\n")
    for broken, count in ((f"{row},x", 9), (row.rpartition(",")[0], 7), ("x", 1)):
        assert f"has {count} cells in data row 2 where its header has 8" in _refusal(
            _file(tmp_path, f"{head}\n{row}\n{broken}\n{row}\n")
        )


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ("uscc;name\n1;2\n", "is separated by ';'"),
        ("uscc\tname\n1\t2\n", r"is separated by '\t'"),
        ("uscc,name\n1,2\n".encode("utf-16"), "is UTF-16"),
        (b"PK\x03\x04" + b"x" * 90, "a workbook under the name of a CSV"),
        (b"PAR1" + b"x" * 90, "Parquet under the name of a CSV"),
        (",".join(ENTERPRISES.names) + '\n1,"2,3,4,5,6,7,8\n', "quotation mark"),
        (",".join(ENTERPRISES.names) + '\n1,"2" x,3,4,5,6,7,8\n', "quotation mark"),
        ("uscc,name\n1,2\n".encode("utf-16-le"), "is UTF-16"),
        (",".join(ENTERPRISES.names) + "\r1,2,3,4,5,6,7,8\r", "CR only"),
    ],
)
def test_other_files_are_refused_by_what_is_wrong(tmp_path: Path, content: str | bytes, wrong: str) -> None:
    assert wrong in _refusal(_file(tmp_path, content))


@pytest.mark.parametrize("name", ["a.txt", "a.xls", "a.csv.gz", "a"])
def test_other_kinds_are_refused(tmp_path: Path, name: str) -> None:
    assert "deliver it as .csv, .parquet or .xlsx" in _refusal(_file(tmp_path, "x", name))


def test_a_file_that_is_gone_or_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    _refusal(tmp_path / "folder.csv")
    _refusal(tmp_path / "gone.csv")


@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
@pytest.mark.parametrize("seed", range(5))
def test_noise_is_refused_with_a_sentence(tmp_path: Path, suffix: str, seed: int) -> None:
    start = {"csv": b"uscc,name\n", "parquet": b"PAR1", "xlsx": b"PK\x03\x04"}[suffix]
    noise = bytes((seed * 31 + n * n * 7) % 256 for n in range(500))
    _refusal(_file(tmp_path, start + noise, f"noise.{suffix}"))


# ── Parquet ───────────────────────────────────────────────────────────────────────────────────
def test_typed_parquet_columns_become_the_text_of_a_csv(tmp_path: Path) -> None:
    typed = {
        **LINE,
        "declaration_no": int(LINE["declaration_no"]),
        "line_no": 1,
        "amount": Decimal("8000000.01"),
        "stat_value_usd": 0.1,
        "declared_on": date(2024, 1, 2),
        "released_on": datetime.fromisoformat("2024-01-03"),
        "updated_at": datetime(2024, 1, 4, 8, 0, 0, 120_000, tzinfo=UTC),
    }
    frame = pl.DataFrame([typed]).with_columns(
        pl.col("status").cast(pl.Categorical),
        pl.col("updated_at").dt.convert_time_zone("Asia/Shanghai"),
    )
    frame.write_parquet(tmp_path / "a.parquet")
    (row,) = _rows(tmp_path / "a.parquet", DECLARATIONS)
    assert row == dict.fromkeys(DECLARATIONS.names) | LINE | {
        "stat_value_usd": "0.1",
        "released_on": "2024-01-03",
        "updated_at": "2024-01-04T08:00:00.12Z",
        "row": 1,
    }


def test_chinese_headers_text_and_empty_cells_of_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame([FIRM | {"district": ""}, FIRM], schema=dict.fromkeys(FIRM, pl.String))
    frame.rename({c.name: c.zh for c in ENTERPRISES.columns}).write_parquet(tmp_path / "a.parquet")
    assert _rows(tmp_path / "a.parquet") == [
        FIRM | {"district": None, "row": 1},
        FIRM | {"row": 2},
    ]


def test_parquet_is_read_lazily_without_reading_names_as_patterns(tmp_path: Path) -> None:
    folder = tmp_path / "uscc=1"
    folder.mkdir()
    path = folder / "a[1]*.parquet"
    pl.DataFrame([FIRM]).write_parquet(path)
    frame = read_file(path, ENTERPRISES, tmp_path).frame
    assert frame.collect()["uscc"].to_list() == [FIRM["uscc"]]


def test_parquet_columns_without_a_text_are_refused(tmp_path: Path) -> None:
    pl.DataFrame([FIRM | {"name": {"zh": "甲"}}]).write_parquet(tmp_path / "a.parquet")
    assert "in the column name" in _refusal(tmp_path / "a.parquet")


@pytest.mark.parametrize("cut", [4, 100, -1, -9, -200])
def test_a_parquet_file_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    pl.DataFrame([FIRM] * 1000).write_parquet(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    _refusal(_file(tmp_path, content[:cut], "b.parquet"))


def test_a_parquet_file_with_damaged_pages_is_refused(tmp_path: Path) -> None:
    pl.DataFrame([FIRM | {"name": str(n) * 9} for n in range(5000)]).write_parquet(tmp_path / "a.parquet")
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[200:4000] = bytes(n * n * 37 % 251 for n in range(3800))
    _refusal(_file(tmp_path, bytes(content), "b.parquet"))


# ── XLSX ──────────────────────────────────────────────────────────────────────────────────────
def _workbook(path: Path, rows: Sequence[Sequence[object]], *, top: int = 0) -> Path:
    with xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        book.add_worksheet("隐藏").hide()
        sheet = book.add_worksheet("数据")
        sheet.activate()
        sheet.set_first_sheet()
        for at, row in enumerate(rows, start=top):
            for column, value in enumerate(row):
                if isinstance(value, str) and not value.startswith("="):
                    sheet.write_string(at, column, value)
                elif isinstance(value, str):
                    sheet.write_formula(at, column, value, None, "#N/A")
                else:
                    sheet.write(at, column, value)
    return path


def test_text_cells_of_the_first_visible_sheet_are_kept(tmp_path: Path) -> None:
    names = [ENTERPRISES[name].zh for name in FIRM]
    path = _workbook(tmp_path / "a.xlsx", [names, list(FIRM.values()), [], list(FIRM.values())])
    assert _rows(path) == [FIRM | {"row": 1}, FIRM | {"row": 3}]
    assert read_file(path, ENTERPRISES, tmp_path).encoding == "xlsx"


def test_blank_rows_above_the_header_are_nothing(tmp_path: Path) -> None:
    path = _workbook(tmp_path / "a.xlsx", [list(FIRM), list(FIRM.values())], top=3)
    assert _rows(path) == [FIRM | {"row": 1}]


@pytest.mark.parametrize(
    ("field", "cell", "text"),
    [
        ("hs_code", 8471300000, "8471300000"),
        ("hs_code", 101210000, "101210000"),  # nine digits: its leading zero is gone
        ("hs_code", "0101210000", "0101210000"),
        ("declaration_no", 531620240000000017, "5.3162024E+17"),  # 15 digits at most in a number
        ("declaration_no", "531620240000000000", "531620240000000000"),
        ("trade_mode", 110, "110"),
        ("line_no", 1.0, "1"),
        ("revision", 0, "0"),
        ("amount", 8000000.01, "8000000.01"),
        ("amount", 0.1 + 0.2, "0.3"),
        ("amount", "8,000,000.010", "8,000,000.010"),
        ("declared_on", datetime.fromisoformat("2024-01-02"), "2024-01-02"),
        ("declared_on", 45293, "45293"),
        ("updated_at", datetime.fromisoformat("2024-01-04T05:06:07"), "2024-01-04T05:06:07Z"),
        ("updated_at", "2024-01-04T05:06:07+08:00", "2024-01-04T05:06:07+08:00"),
        ("stat_value_usd", "=NA()", "#N/A"),
        ("consignor_name", True, "true"),
        ("consignor_name", "true", "true"),
    ],
)
def test_cells_of_a_workbook_as_text(tmp_path: Path, field: str, cell: object, text: str) -> None:
    line = {**LINE, field: cell}
    path = _workbook(tmp_path / "a.xlsx", [list(line), list(line.values())])
    (row,) = _rows(path, DECLARATIONS)
    assert row == dict.fromkeys(DECLARATIONS.names) | LINE | {field: text, "row": 1}


def test_rates_keep_twelve_decimals(tmp_path: Path) -> None:
    rate = {"month": "2024-01", "currency": "JPY", "source": "customs",
            "usd_per_unit": 0.006912345678, "updated_at": "2024-01-01T00:00:00Z"}  # fmt: skip
    path = _workbook(tmp_path / "a.xlsx", [list(rate), list(rate.values())])
    assert _rows(path, RATES)[0]["usd_per_unit"] == "0.006912345678"


def test_a_number_in_a_code_of_unknown_length_is_reported(tmp_path: Path) -> None:
    required = {f.name: "x" for f in POLICIES.fields if f.required}
    rows = [list((required | {"policy_no": n}).values()) for n in (12345, 10**17, "007")]
    read = read_file(_workbook(tmp_path / "a.xlsx", [list(required), *rows]), POLICIES, tmp_path)
    assert read.frame.collect()["policy_no"].to_list() == ["12345", None, "007"]
    assert "2 cells of policy_no are numbers" in read.notes[0]


def test_workbooks_without_a_header_are_refused(tmp_path: Path) -> None:
    assert "has no cells" in _refusal(_workbook(tmp_path / "a.xlsx", []))
    assert "lacks the column uscc" in _refusal(_workbook(tmp_path / "b.xlsx", [["x"], ["1"]]))
    assert _rows(_workbook(tmp_path / "c.xlsx", [list(FIRM)])) == []


def _inside(folder: Path, sheet: str, name: str = "a.xlsx", **parts: str) -> Path:
    """A workbook made by hand: the XML of its sheet, and of other parts."""
    kinds = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    relation = f'<Relationship Id="{{}}" Type="{kinds}{{}}" Target="{{}}"/>'
    names = {"worksheet": "sheet.xml", "styles": "styles.xml", "sharedStrings": "texts.xml"}
    links = "".join(relation.format(kind, kind, part) for kind, part in names.items())
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("_rels/.rels", f"<R>{relation.format(1, 'officeDocument', 'x/book.xml')}</R>")
        book.writestr("x/_rels/book.xml.rels", f"<R>{links}</R>")
        book.writestr("x/book.xml", parts.get("book", '<w><sheet name="1" x:id="worksheet"/></w>'))
        book.writestr("x/styles.xml", parts.get("styles", "<s/>"))
        book.writestr("x/texts.xml", parts.get("texts", "<s/>"))
        book.writestr("x/sheet.xml", sheet)
    return folder / name


def _cells(*texts: str) -> str:
    return "".join(f'<c t="inlineStr"><is><t>{text}</t></is></c>' for text in texts)


HEADER = f"<row>{_cells(*FIRM)}</row>"
FIRST_ROW = f"<row>{_cells(*(value or '' for value in FIRM.values()))}</row>"


def test_a_sheet_without_addresses_is_read_in_order(tmp_path: Path) -> None:
    assert _rows(_inside(tmp_path, f"<s>{HEADER}{FIRST_ROW}</s>")) == [FIRM | {"row": 1}]


def test_shared_texts_are_whole_without_their_pronunciation(tmp_path: Path) -> None:
    text = "<s><si><r><t>深圳</t></r><r><t>市_x0009_场_xD800_</t></r><rPh><t>shenzhen</t></rPh></si></s>"
    cells = FIRST_ROW.replace(
        '<c t="inlineStr"><is><t>深圳市𠮷祥进出口有限公司</t></is></c>', '<c t="s"><v>0</v></c>'
    )
    path = _inside(tmp_path, f"<s>{HEADER}{cells}</s>", texts=text)
    assert _rows(path)[0]["name"] == "深圳市\t场_xD800_"


def test_two_cells_far_apart_are_two_cells(tmp_path: Path) -> None:
    far = '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    read = read_file(_inside(tmp_path, f"<s>{HEADER}{FIRST_ROW}{far}</s>"), ENTERPRISES, tmp_path)
    assert read.frame.collect().to_dicts() == [FIRM | {"row": 1}]
    assert read.notes == ("a.xlsx: 1048574 rows without any content were left out.",)


@pytest.mark.parametrize(
    ("sheet", "wrong"),
    [
        (f"<s>{HEADER}<row r='1'/></s>", "has row 1 of the sheet after row 1"),
        (f"<s>{HEADER}<row r='1048577'/></s>", "has row 1048577 of the sheet"),
        (f"<s>{HEADER}<row><c r='B2'/><c r='A2'/></row></s>", "cells out of order in row 2"),
        (f"<s>{HEADER}<row><c r='XFE2'/></row></s>", "cells out of order in row 2"),
        (f"<s>{HEADER}<row><c r='é2'/></row></s>", "has a cell at é2"),
        (f"<s>{HEADER}<row><c t='s'><v>7</v></c></row></s>", "names the shared text 7 of 0"),
        (f"<s>{HEADER}<row><c t='s'><v>x</v></c></row></s>", "has the shared text 'x'"),
        (f"<s>{HEADER}<row><c>", "is damaged (x/sheet.xml: no element found"),
        ("<!DOCTYPE s [<!ENTITY a 'aaaa'>]><s>&a;</s>", "declares a document type"),
        (f"<s>{HEADER}<row><c t='inlineStr'><is><t>{'x' * (17 << 20)}</t></is></c></row></s>",
         "a cell of more than 16,777,216 characters"),
        (f"<s>{HEADER}<row r='{'1' * (2 << 20)}'/></s>", "has an endless element"),
        (f"<s><row>{_cells('企业名单')}</row>{HEADER}{FIRST_ROW}</s>",
         "has its header in row 2 of the sheet"),
        (f"<s><row>{_cells('企业')}</row>{FIRST_ROW}<mergeCell ref='A1:H1'/></s>",
         "merged cells in its header (row 1 of the sheet)"),
    ],
)  # fmt: skip
def test_odd_sheets_are_refused_by_what_is_wrong(tmp_path: Path, sheet: str, wrong: str) -> None:
    assert wrong in _refusal(_inside(tmp_path, sheet))


def test_names_inside_a_workbook_do_not_break_a_sentence(tmp_path: Path) -> None:
    book = '<w><sheet name="1" x:id="worksheet"/><sheet name="a&#10;b" x:id="styles"/></w>'
    read = read_file(_inside(tmp_path, f"<s>{HEADER}{FIRST_ROW}</s>", book=book), ENTERPRISES, tmp_path)
    assert read.notes == ("a.xlsx: only its first visible sheet was read, not a b.",)


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    with patch("assets.storage.read_xlsx.LARGEST_PART", 1 << 20):
        path = _inside(tmp_path, f"<s>{HEADER}{' ' * (2 << 20)}</s>")
        assert "unpacks to more than 1," in _refusal(path)


def test_a_workbook_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    path = _inside(tmp_path, f"<s>{HEADER}{FIRST_ROW * 1000}</s>")
    content = path.read_bytes()
    with zipfile.ZipFile(path) as book:
        size = book.getinfo("x/sheet.xml").file_size
    lying = content.replace(size.to_bytes(4, "little"), (100).to_bytes(4, "little"))
    _refusal(_file(tmp_path, lying, "b.xlsx"))


def test_a_workbook_with_a_password_is_refused(tmp_path: Path) -> None:
    path = _file(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.xlsx")
    assert "is locked with a password" in _refusal(path)


def test_formulas_count_with_their_stored_result(tmp_path: Path) -> None:
    line = dict(LINE)
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(line))
        sheet.write_row(1, 0, list(line.values()))
        sheet.write_formula(1, list(line).index("amount"), "=4000000*2", None, 8000000)
    read = read_file(path, DECLARATIONS, tmp_path)
    assert read.frame.collect()["amount"].to_list() == ["8000000"]
    assert read.notes == ("a.xlsx: 1 cells are formulas, the results stored in the file were taken.",)


def test_dates_are_told_by_their_format(tmp_path: Path) -> None:
    formats = ["yyyy/m/d", 'yyyy"年"m"月"d"日"', "[$-804]aaaa, d mmm yy", "dd.mm.yy hh:mm"]
    path = tmp_path / "a.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(FIRM))
        for row, code in enumerate(formats, start=1):
            sheet.write_row(row, 0, list(FIRM.values()))
            sheet.write_number(row, 5, 43529, book.add_format({"num_format": code}))
        sheet.write_row(5, 0, list(FIRM.values()))
        sheet.write_number(5, 5, 43529, book.add_format({"num_format": '0.00" days";[Red]-0'}))
    assert [row["registered_on"] for row in _rows(path)] == ["2019-03-05"] * 4 + ["43529"]


def test_days_since_1904_need_a_dates_format(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(FIRM))
        sheet.write_row(1, 0, list(FIRM.values()))
        sheet.write_datetime(1, 5, datetime.fromisoformat("2019-03-05"), book.add_format({"num_format": 14}))
    assert _rows(tmp_path / "a.xlsx") == [FIRM | {"row": 1}]
    with xlsxwriter.Workbook(tmp_path / "b.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, list(FIRM))
        sheet.write_row(1, 0, [*list(FIRM.values())[:5], 42067])
    assert "counts days from 1904 and has plain numbers in registered_on" in _refusal(tmp_path / "b.xlsx")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1.0", "1"), ("1e-05", "0.00001"), ("-2.50", "-2.5"), ("100.0", "100"), ("0.0", "0"),
        ("999999999999999.0", "999999999999999"), ("1e15", "1E+15"),
        ("12345678901234.56", "12345678901234.56"), ("NaN", "NaN"), ("inf", "inf"),
    ],
)  # fmt: skip
def test_floating_point_numbers_as_plain_decimals(number: str, text: str) -> None:
    assert number_text(number) == text


# ── corrections ───────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("suffix", ["csv", "parquet", "xlsx"])
@pytest.mark.parametrize("zh", [False, True])
def test_rows_may_name_the_refused_rows_that_they_correct(tmp_path: Path, suffix: str, zh: bool) -> None:
    titles = {c.name: c.zh if zh else c.name for c in (CORRECTS, *EXPLAINED)}
    firms = [FIRM | {titles["corrects"]: name, titles["reasons"]: "x", titles["file"]: "y"}
             for name in ("1a2b3c4d5e6f#17", "", " 1a2b3c4d5e6f#9 ", "1a2b3c4d5e6f#17")]  # fmt: skip
    path = tmp_path / f"a.{suffix}"
    if suffix == "csv":
        _file(tmp_path, _csv(firms, ENTERPRISES, more=True))
    elif suffix == "parquet":
        pl.DataFrame(firms, schema=dict.fromkeys(firms[0], pl.String)).write_parquet(path)
    else:
        _workbook(path, [list(firms[0]), *(list(firm.values()) for firm in firms)])
    read = read_file(path, ENTERPRISES, tmp_path / "scratch")
    assert read.frame.collect().to_dicts() == [FIRM | {"row": n} for n in (1, 2, 3, 4)]
    assert sorted(read.corrects) == ["1a2b3c4d5e6f#17", "1a2b3c4d5e6f#9"]
    assert not [note for note in read.notes if "column" in note]


def test_the_column_of_corrections_may_not_come_twice(tmp_path: Path) -> None:
    firm = FIRM | {"corrects": "x", "更正原行": "y"}
    wrong = _refusal(_file(tmp_path, _csv([firm], ENTERPRISES, more=True)))
    assert "has the column corrects (更正原行) twice" in wrong


# ── control files ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("content", "control"),
    [
        ('{"rows": 3, "amount_sum": 0.30}', Control(3, Decimal("0.30"))),
        ('{"rows": 3, "amount_sum": "8,000,000.01"}', Control(3, Decimal("8000000.01"))),
        ('\ufeff{"amount_sum": 12, "by": "x"}', Control(None, Decimal(12))),
        ("{}", Control(None, None)),
    ],
)
def test_control_files(tmp_path: Path, content: str, control: Control) -> None:
    _file(tmp_path, content, "a.csv.control.json")
    assert read_control(tmp_path / "a.csv") == control


def test_no_control_file_is_none(tmp_path: Path) -> None:
    assert read_control(tmp_path / "a.csv") is None


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", '{"rows": "3"}', '{"rows": -1}', '{"rows": true}', '{"amount_sum": "x"}',
     '{"amount_sum": NaN}', '{"amount_sum": "Infinity"}', '{"amount_sum": []}', b"\xff",
     "[" * 100_000],
)  # fmt: skip
def test_a_control_file_that_says_nothing_is_refused(tmp_path: Path, content: str | bytes) -> None:
    _file(tmp_path, content, "a.csv.control.json")
    with pytest.raises(FileRefused, match=r"a\.csv\.control\.json cannot be read"):
        read_control(tmp_path / "a.csv")
