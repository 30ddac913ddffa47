"""Simulation: the same decisions under other terms, sums to the cent, and a mark on everything."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from assets.eligibility.acts import publish
from assets.statistics.simulate import MARK, Simulation, other_terms, simulate
from assets.statistics.simulation_files import as_chart, as_table, title_of
from schemas.terms.loader import load_terms
from tests.oracle.rows import declaration, enterprise, make_uscc
from tests.property.small_house import SmallHouse

AMOUNTS = {1: "0.01", 2: "99999.99", 3: "8000000.00", 4: "8000000.01", 5: "10000000.00", 6: "10000000.01"}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> SmallHouse:
    """Firms around two thresholds; the last one has a hostile name."""
    house = SmallHouse(tmp_path_factory.mktemp("simulated"), "2025-05-15T09:00:00+08:00")
    names = {5: "=cmd|'/C calc'!A0"}
    house.deliver(
        {
            "enterprises": [
                enterprise(firm, district="福田区" if firm % 2 else "宝安区",
                           name=names.get(firm, f"测试{firm}号")) for firm in AMOUNTS
            ],
            "customs_declarations": [
                *(declaration(firm, firm=firm, amount=amount) for firm, amount in AMOUNTS.items()),
                declaration(9, firm=6, amount="5.00", declared_on="2023-06-01"),
            ],
        }
    )  # fmt: skip
    house.bring_up()
    return house


def moved(found: Simulation) -> dict[int, str]:
    """Firm → movement, of who is in either list."""
    firms = {make_uscc(firm): firm for firm in AMOUNTS}
    return {firms[uscc]: movement for uscc, movement in found.firms.select("uscc", "movement").rows()}


def test_the_same_terms_move_nobody(house: SmallHouse) -> None:
    found = simulate(house.state(), *other_terms(2025))
    assert moved(found) == {1: "stays", 2: "stays", 3: "stays"}


def test_a_higher_threshold_brings_in_up_to_itself(house: SmallHouse) -> None:
    found = simulate(house.state(), *other_terms(2025, Decimal(10_000_000)))
    assert moved(found) == {1: "stays", 2: "stays", 3: "stays", 4: "comes_in", 5: "comes_in"}
    rows = {(r["district"], r["movement"]): r for r in found.by("district").to_dicts()}
    assert rows["福田区", "comes_in"]["exports_usd"] == Decimal("10000000.00")
    # 80 % of 8,000,000.01 is 6,400,000.008.
    assert rows["宝安区", "comes_in"]["exposure_usd"] == Decimal("6400000.01")
    assert rows["南山区", "comes_in"]["enterprises"] == 0
    bands = {(r["size_band"], r["movement"]): r["enterprises"] for r in found.by("size_band").to_dicts()}
    assert (bands[">8M", "comes_in"], bands["≤100k", "stays"], bands["≤8M", "stays"]) == (2, 2, 1)


def test_bounds_are_exact(house: SmallHouse) -> None:
    out = simulate(house.state(), *other_terms(2025, inclusive=False, above_usd=Decimal("0.01")))
    assert moved(out) == {1: "goes_out", 2: "stays", 3: "goes_out"}
    decisions = dict(out.firms.select("uscc", "decision_after").rows())
    assert (decisions[make_uscc(1)], decisions[make_uscc(3)]) == ("no_exports", "over_threshold")


def test_another_year_of_exports(house: SmallHouse) -> None:
    found = simulate(house.state(), *other_terms(2025, export_year=2023))
    assert moved(found) == {1: "goes_out", 2: "goes_out", 3: "goes_out", 6: "comes_in"}


def test_a_year_without_terms_is_compared_with_the_last_that_has_some() -> None:
    before, after = other_terms(2031, Decimal(10_000_000))
    assert before == load_terms(2025)
    assert (after.policy_year, after.export_year, after.threshold_usd) == (2031, 2030, Decimal(10_000_000))


def test_exports_that_are_not_there_are_said(house: SmallHouse) -> None:
    with pytest.raises(LookupError, match="no exports of 2030 to simulate with, but those of 2023, 2024"):
        simulate(house.state(), *other_terms(2031))


def test_nothing_of_it_can_be_taken_for_an_edition(house: SmallHouse) -> None:
    found = simulate(house.state(), *other_terms(2025, Decimal(10_000_000)))
    rows = list(csv.DictReader(io.StringIO(as_table(found).decode("utf-8-sig"), newline="")))
    assert {row["测算标记"] for row in rows} == {MARK}
    assert "序号" not in rows[0]
    assert [row["企业名称"] for row in rows if "cmd" in row["企业名称"]] == ["'=cmd|'/C calc'!A0"]
    svg, png = as_chart(found)
    assert MARK in svg
    assert "不是公示或确认的名单" in svg
    assert png.startswith(b"\x89PNG")
    assert as_chart(found) == (svg, png)
    assert title_of(found).startswith("测算，非名单：2025 年度 2024 年出口额 > 0.00 且 ≤ 10,000,000.00 美元")


def test_nothing_is_written_to_the_lake(house: SmallHouse) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in house.root.rglob("*"))
    simulate(house.state(), *other_terms(2025, Decimal(1)))
    assert sorted((path, path.stat().st_mtime_ns) for path in house.root.rglob("*")) == before


def test_rulings_are_aside_and_the_first_publication_still_dates_the_registry(house: SmallHouse) -> None:
    publish(house, 2025, "commerce-bureau", False)
    found = simulate(house.state(), *other_terms(2025))
    assert moved(found) == {1: "stays", 2: "stays", 3: "stays"}
