"""A month's push of a few enterprises in a lake of its own, for the tests of packages and pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import polars as pl

from assets.flow import Calendar
from assets.staleness import Finding, State
from assets.storage.drop_folder import Arrival
from assets.storage.lake import Lake
from assets.storage.releases import Bounds
from schemas.push import PUSH_ENTERPRISES, PUSH_LIST

MONTH = "2025-08"
NOW = datetime(2025, 8, 1, 1, tzinfo=UTC)


@dataclass
class SmallHouse:
    """A house around a lake whose push is always up to date."""

    root: Path
    portal: str
    now: datetime = NOW
    bounds: Bounds = field(default_factory=lambda: Bounds(0.5, 20, 200))
    verdict: str = "fresh"
    reporting: str = ""

    def __post_init__(self) -> None:
        self.reporting = f"sqlite:///{self.root}/reporting.sqlite"

    @contextmanager
    def lock(self) -> Iterator[None]:
        yield

    def state(self) -> State:
        return cast("State", self)

    @property
    def calendar(self) -> Calendar:
        return Calendar.registered()

    def judge(self, table: str, key: str) -> Finding:
        return Finding(table, key, cast("Any", self.verdict))

    def arrivals(self) -> list[Arrival]:
        return []

    def report(self, table: str, key: str, done: int, of: int) -> None:
        """Nobody looks."""


def item(uscc: str = "A", country: str = "USA", **changed: Any) -> dict[str, Any]:
    return {
        "push_month": MONTH, "uscc": uscc, "trading_country": country, "topic": "country_risk",
        "item": "oecd", "rating_before": "3", "rating_now": "5", "change": "up", "steps": 2,
        "effective_on": date(2025, 7, 15), "reason": "rating_up", "source": "=OECD",
        "exposure_usd": Decimal("9007199254740993.01"), "previous_usd": Decimal("0.00"),
        "share": Decimal("0.123456"), "is_new_market": True, "priority": 700, "is_excluded": False,
        "sentence_zh": "美国国别风险（经合组织评级）由 3 类升为 5 类，“风险”上升 2 级。", "supplement": 0,
    } | changed  # fmt: skip


def enterprise(uscc: str = "A", **changed: Any) -> dict[str, Any]:
    return {
        "push_month": MONTH, "uscc": uscc, "countries": 1, "new_markets": 1,
        "exposure_usd": Decimal("9007199254740993.01"), "previous_usd": Decimal("0.00"),
        "largest_country": "USA", "largest_share": Decimal("1.000000"),
        "top_three_share": Decimal("1.000000"), "concentration": 10_000, "items": 1,
        "items_left_out": 0, "sentence_zh": "贵企业近十二个月出口 1 个国家（地区）。", "supplement": 0,
    } | changed  # fmt: skip


def items(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=PUSH_LIST.schema).sort(PUSH_LIST.key)


def enterprises(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=PUSH_ENTERPRISES.schema).sort(PUSH_ENTERPRISES.key)


def put_push(root: Path, listed: pl.DataFrame, firms: pl.DataFrame) -> None:
    """The month's tables as the lake has them."""
    lake = Lake(root)
    for table, rows in ((PUSH_LIST, listed), (PUSH_ENTERPRISES, firms)):
        lake.commit(table.name, {MONTH: lake.stage(table, MONTH, rows.lazy()).entry("")})
