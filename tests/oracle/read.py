"""From a drop folder to rows of text under English field names.

Belongs here: file forms, encodings, headers, control files. Not here: what a cell means.
"""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import fastexcel
import pyarrow.parquet as pq

SOURCES = (
    "customs_declarations",
    "enterprises",
    "published_rosters",
    "policies",
    "claims",
    "service_usage",
    "exchange_rates",
)
"""The sources that the oracle's tables are made of."""

CONTROLLED = {"customs_declarations": "amount", "claims": "loss_usd"}
"""The field whose sum a control file states."""

CHINESE: dict[str, dict[str, str]] = {
    "customs_declarations": {
        "报关单号": "declaration_no",
        "项号": "line_no",
        "修改次数": "revision",
        "状态": "status",
        "境内发货人统一社会信用代码": "consignor_uscc",
        "境内发货人海关编码": "consignor_customs_code",
        "境内发货人名称": "consignor_name",
        "贸易国": "trading_country",
        "运抵国": "arrival_country",
        "最终目的国": "destination_country",
        "监管方式": "trade_mode",
        "商品编号": "hs_code",
        "成交方式": "delivery_terms",
        "币制": "currency",
        "总价": "amount",
        "运费标记": "freight_mark",
        "运费": "freight",
        "运费币制": "freight_currency",
        "保费标记": "insurance_mark",
        "保费": "insurance",
        "保费币制": "insurance_currency",
        "统计美元值": "stat_value_usd",
        "申报日期": "declared_on",
        "出口日期": "exported_on",
        "放行日期": "released_on",
        "结关日期": "closed_on",
    },
    "enterprises": {
        "统一社会信用代码": "uscc",
        "海关编码": "customs_code",
        "企业名称": "name",
        "注册地": "city",
        "所属区": "district",
        "备案日期": "registered_on",
        "注销日期": "deregistered_on",
    },
    "policies": {
        "保单年度": "policy_year",
        "被保险人": "insured_name",
        "渠道": "channel",
        "领取日期": "taken_up_on",
        "签发日期": "issued_on",
        "赔付比例": "insured_percentage",
        "单一买方责任限额": "buyer_limit_usd",
    },
    "claims": {
        "买方代码": "buyer_id",
        "致损原因": "cause",
        "出运日期": "shipped_on",
        "损失金额": "loss_usd",
        "报损日期": "reported_on",
        "索赔日期": "filed_on",
        "赔付金额": "paid_usd",
    },
}


@dataclass(frozen=True)
class Raw:
    """One data row as delivered; `number` counts data rows from 1."""

    source: str
    file: str
    number: int
    cells: dict[str, str | None]


def read_folder(folder: Path) -> tuple[list[Raw], list[str]]:
    """Every row of every source, and the files that their control file refuses."""
    rows: list[Raw] = []
    refused: list[str] = []
    for source in SOURCES:
        place = folder / source
        for path in sorted(place.iterdir()) if place.is_dir() else []:
            if path.suffix.lower() not in {".csv", ".parquet", ".xlsx"}:
                continue
            found = [
                Raw(source, path.name, number, _english(source, cells))
                for number, cells in enumerate(_read(path), start=1)
            ]
            if _control_holds(path, found):
                rows += found
            else:
                refused.append(f"{source}/{path.name}")
    return rows, refused


def _read(path: Path) -> list[dict[str, Any]]:
    kind = path.suffix.lower()
    if kind == ".parquet":
        return list(pq.ParquetFile(path).read().to_pylist())
    if kind == ".xlsx":
        sheet = fastexcel.read_excel(path).load_sheet(0, dtypes="string")
        return list(sheet.to_arrow().to_pylist())
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _english(source: str, cells: dict[str, Any]) -> dict[str, str | None]:
    names = CHINESE.get(source, {})
    return {names.get(header.strip(), header.strip()): _text(v) for header, v in cells.items()}


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _control_holds(path: Path, rows: list[Raw]) -> bool:
    control = path.with_name(path.name + ".control.json")
    if not control.exists():
        return True
    stated = json.loads(control.read_text("utf-8"), parse_float=Decimal)
    if "rows" in stated and int(stated["rows"]) != len(rows):
        return False
    if stated.get("amount_sum") is None:
        return True
    total = Decimal(0)
    for row in rows:
        try:
            total += Decimal((row.cells.get(CONTROLLED.get(row.source, "")) or "0").strip().replace(",", ""))
        except ArithmeticError:
            continue
    return total == Decimal(str(stated["amount_sum"]))
