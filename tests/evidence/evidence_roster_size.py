"""Sixty thousand enterprises over four policy years: how long acts, differences and the page take."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from pathlib import Path

from assets.eligibility.acts import confirm, publish
from assets.eligibility.changes import apply
from assets.eligibility.draft import diff, editions_now
from assets.eligibility.editions import canonical
from assets.eligibility.notice.act import notice_files, write_notice
from assets.flow import Calendar
from schemas.codes.districts import DISTRICT_ORDER
from schemas.terms.loader import load_terms
from tests.evidence.conftest import Record
from tests.oracle.rows import Text, declaration, enterprise
from tests.property.small_house import SmallHouse
from tests.unit.chromium import page_of

ENTERPRISES = 60_000
YEARS = (2022, 2023, 2024, 2025)
FRAGMENTS = 75
BUREAU = "commerce-bureau"
SIGNS = "华盛达安宏泰鑫源嘉力信恒创科通联美亚星瑞德昌隆兴旺顺发祥和光明远大新天海龙金银玉宝石山水木林𠮷"


class FourYears(Calendar):
    """The four policy years, and one declared month of each export year."""

    @cached_property
    def months(self) -> tuple[str, ...]:
        """The declared months."""
        return tuple(f"{year - 1}-06" for year in YEARS)


class Watch:
    """Seconds of the processor by what was done, and of the clock, the longest of each.

    The clock also counts what else the machine does meanwhile.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}

    @contextmanager
    def __call__(self, what: str) -> Iterator[None]:
        begun, worked = time.perf_counter(), time.process_time()
        yield
        took = time.process_time() - worked, time.perf_counter() - begun
        self.seconds[what] = max(took, self.seconds.get(what, (0.0, 0.0)))


def named(chance: random.Random, firm: int) -> Text:
    """An enterprise with a Chinese name of its own."""
    name = f"深圳市{''.join(chance.choices(SIGNS, k=chance.randint(2, 5)))}{firm % 977}有限公司"
    return enterprise(
        firm, name=name, customs_code=f"4403{firm:06d}", district=DISTRICT_ORDER[firm % len(DISTRICT_ORDER)]
    )


def exports(year: int, firms: range, **changes: str) -> list[Text]:
    """One declaration a firm in June of a year; every tenth firm is too large."""
    on = f"{year}-06-05"
    return [
        declaration(firm, firm=firm, consignor_customs_code=f"4403{firm:06d}",
                    declared_on=on, released_on=on, closed_on=on,
                    amount="9000000.00" if firm % 10 == 0 else f"{firm}.00", updated_at=f"{on}T12:00:00Z")
        | changes
        for firm in firms
    ]  # fmt: skip


def test_sixty_thousand_enterprises_in_seconds(tmp_path: Path, record: Record) -> None:
    chance, watch = random.Random(7), Watch()
    calendar = FourYears({year: load_terms(year) for year in YEARS})
    house = SmallHouse(tmp_path, "2022-01-10T09:00:00+08:00", calendar=calendar)
    firms = range(1, ENTERPRISES + 1)
    house.deliver({"enterprises": [named(chance, firm) for firm in firms]})
    listed = 0
    for year in YEARS:
        house.now = datetime.fromisoformat(f"{year}-05-16T09:00:00+08:00")
        house.deliver({"customs_declarations": exports(year - 1, firms)})
        house.bring_up()
        with watch("publish"):
            publish(house, year, BUREAU, False)
        with watch("the notice: workbook, CSV, PDF, page"):
            write_notice(house, year, 1, BUREAU)
        with watch("all tables of the roster after an act"):
            house.bring_up()
        later = {"revision": "1", "amount": "9000000.00", "updated_at": f"{year}-05-20T00:00:00Z"}
        house.now = datetime.fromisoformat(f"{year}-06-20T09:00:00+08:00")
        house.deliver({"customs_declarations": exports(year - 1, range(1, 3001), **later)})
        house.bring_up()
        with watch("confirm"):
            confirm(house, year, BUREAU)
        house.bring_up()
        with watch("difference to today's draft"):
            changes = diff(house.state(), year, "1", "draft")
        assert changes.height == 2700
        publish(house, year, BUREAU, False)
        house.bring_up()
        older, newer = editions_now(house.state(), year)
        with watch("difference of two editions"):
            made = diff(house.state(), year, "1", "2")
        with watch("apply it"):
            given = apply(older.lines, made, year, 2)
        assert canonical(given) == canonical(newer.lines)
        listed = older.lines.height
    lines = editions_now(house.state(), 2025)[0].lines.select("name", "uscc").rows()
    found = _search(house, chance, lines, watch)
    assert all(processor < 60 for processor, _ in watch.seconds.values())
    record(
        "roster-size",
        "Sixty thousand enterprises, each exporting in four years; four lists published, amended, confirmed "
        "and followed by a second edition. Seconds are the longest of the four years, and other work ran "
        "on the machine meanwhile.",
        {
            "enterprises": ENTERPRISES,
            "listed": listed,
            **{
                f"{what}, seconds of the processor (of the clock)": f"{processor:.1f} ({clock:.1f})"
                for what, (processor, clock) in watch.seconds.items()
            },
            "fragments of names and codes searched on the page": FRAGMENTS,
            "of these found, with the right number": found,
        },
    )


def _search(house: SmallHouse, chance: random.Random, lines: list[tuple[str, str]], watch: Watch) -> int:
    """Search the page for parts of names and codes; how many show as many lines as the list has."""
    name = "notice/policy_year=2025/edition=1/roster-2025-1.html"
    file = notice_files(house.state().register)[name][0]
    found = 0
    with page_of(file) as (page, requests, problems):
        for number in range(FRAGMENTS):
            text = chance.choice(lines)[1 if number % 5 == 0 else 0]
            begin = chance.randrange(len(text) - 2)
            part = text[begin : begin + chance.randint(2, 6)]
            expected = sum(part in of or part in code for of, code in lines)
            with watch("one search on the page"):
                page.fill("#search", part)
                shown = page.inner_text("#found").split("，")[0]
            found += shown == f"查到 {expected:,} 家" and page.locator("#lines tr").count() == min(
                expected, 200
            )
        assert (len(requests), problems) == (1, [])
    assert found == FRAGMENTS
    return found
