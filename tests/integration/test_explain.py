"""`tongbao roster explain` on the planted city: every state of a line is told; the counted ones add up."""

import io
import json
import os
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from rich.console import Console

from assets.eligibility.explain import Explanation, explain
from pipelines.reading_roster import show_explanation
from pipelines.rebuild import state_of
from tests.integration.running import lived_city, settings_of

WIDTH = 80


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.getbasetemp()
    return lived_city(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)


def of_case(lived: Path, case: str) -> Explanation:
    """The explanation of the enterprise of a planted case, in the policy year of 2025."""
    cases = json.loads((lived / "sources" / "planted.json").read_text("utf-8"))
    uscc = next(c["expect"]["key"]["uscc"] for c in cases if c["case"] == case)
    return explain(state_of(settings_of(lived)), 2025, uscc)


def printed(found: Explanation) -> str:
    """What an operator reads in a terminal of eighty columns."""
    out = Console(file=io.StringIO(), width=WIDTH, highlight=False)
    show_explanation(out, found, limit=40)
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert max(map(len, text.splitlines())) <= WIDTH
    return str(text)


@pytest.mark.parametrize(
    ("case", "states", "told"),
    [
        ("exactly_8m", {"counted"}, ("eligible", "headroom   USD 0.00", "confirmed")),
        ("one_cent_over", {"counted"}, ("over_threshold", "headroom   USD -0.01", "No edition lists it")),
        ("amended", {"counted", "superseded"}, ("1,500.00", "superseded 已被新版本取代: 1")),
        ("withdrawn_one_of_two", {"counted", "withdrawn", "superseded"}, ("withdrawn 已撤销: 1",)),
        ("rejects_only", {"rejected"}, ("8 lines count nowhere", "negative:amount", "not_an_export")),
        ("version_conflict_line", {"rejected"}, ("version_conflict",)),
        ("mode_4561_decision", {"not_counted"}, ("no_exports", "returned")),
        ("moved_away", {"superseded"}, ("of_another_enterprise 改列其他企业: 1", "now of")),
        ("late_closing_decision", {"counted", "superseded"}, ("counted_elsewhere 计入其他年度",)),
        ("currency_eur", {"counted"}, ("Rates used", "EUR 1.")),
    ],
)
def test_an_enterprise_is_explained(lived: Path, case: str, states: set[str], told: tuple[str, ...]) -> None:
    found = of_case(lived, case)
    text = printed(found)
    assert set(found.lines["state"]) == states
    assert [words for words in told if words not in text] == []
    assert "clause     出口额上限（美元）: 8,000,000.00 (通知条款 一；二(一))" in text


@pytest.mark.parametrize("case", ["exactly_8m", "ten_tenths", "half_cent_up", "terms_cif", "rate_corrected"])
def test_the_counted_lines_are_the_sum(lived: Path, case: str) -> None:
    found = of_case(lived, case)
    counted = found.lines.filter(
        pl.col("state") == "counted", pl.col("counted_on").dt.year() == found.terms.export_year
    )
    assert found.decision is not None
    assert sum(counted["fob_usd"], Decimal(0)) == found.decision["fob_usd"]
