"""The oracle itself, held to the golden answers of rules §3 with the arithmetic written out."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.oracle.facts import TERMS
from tests.oracle.policies import normal_name
from tests.oracle.read import CHINESE
from tests.oracle.roster import Edition, has_valid_check_digit
from tests.oracle.rows import (
    claim,
    declaration,
    enterprise,
    make_customs_code,
    make_uscc,
    policy,
    rate,
    roster_line,
    write_sources,
)
from tests.oracle.tables import Tables, run
from tests.property.strategies import customs_cities, insured_cities, shuffled

NOW = datetime(2026, 1, 15, 4, tzinfo=UTC)
Cells = dict[str, Any]
Sources = Mapping[str, Sequence[Mapping[str, str]]]


@pytest.fixture
def ask(tmp_path: Path) -> Any:
    """Run the oracle on sources given as rows."""

    def run_on(
        published: dict[int, list[Edition]] | None = None,
        now: datetime = NOW,
        **sources: Sequence[Mapping[str, str]],
    ) -> Tables:
        return run(write_sources(tmp_path, sources), now, [2025], published)

    return run_on


def state(tables: Tables, number: int = 1, line: int = 1) -> tuple[str, list[str]]:
    return tables.line_states[f"530120240{number:09d}", line]


# ── exports ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("amounts", "decision", "headroom"),
    [
        (["7999999.99", "0.01"], "eligible", "0.00"),
        (["7999999.99", "0.02"], "over_threshold", "-0.01"),
        (["0.00"], "no_exports", "8000000.00"),
        ([], "no_exports", "8000000.00"),
    ],
)
def test_threshold_is_inclusive(ask: Any, amounts: list[str], decision: str, headroom: str) -> None:
    lines = [declaration(i, amount=amount) for i, amount in enumerate(amounts)]
    [row] = ask(customs_declarations=lines, enterprises=[enterprise()]).roster_decisions
    assert (row["decision"], row["headroom_usd"]) == (decision, Decimal(headroom))


def test_only_withdrawn_lines_are_no_exports(ask: Any) -> None:
    gone = declaration(status="withdrawn", updated_at="2024-04-01T00:00:00Z")
    tables = ask(customs_declarations=[declaration(), gone], enterprises=[enterprise()])
    assert tables.roster_decisions[0]["decision"] == "no_exports"
    assert state(tables) == ("withdrawn", [])


def test_first_decision_that_applies_wins(ask: Any) -> None:
    bad = make_uscc(1, good=False)
    tables = ask(
        customs_declarations=[declaration(consignor_uscc=bad), declaration(2, firm=2)],
        enterprises=[
            enterprise(3, city="441900", district="", deregistered_on="2019-01-01"),
            enterprise(4, deregistered_on="2019-01-01"),
        ],
    )
    decisions = {r["uscc"]: (r["decision"], r["detail"]) for r in tables.roster_decisions}
    assert decisions == {
        bad: ("invalid_identity", None),
        make_uscc(2): ("not_in_city", "not_registered"),
        make_uscc(3): ("not_in_city", "city:441900"),
        make_uscc(4): ("deregistered", None),
    }


def test_real_credit_codes_pass() -> None:
    real = "914403001922038216 91440300192317458F 91440300192185379H 91440300687582405X"
    assert all(has_valid_check_digit(uscc) for uscc in real.split())
    assert not has_valid_check_digit("914403001922038217")
    assert not has_valid_check_digit("91440300192317458I")


def test_shared_freight_is_borne_by_amount(ask: Any) -> None:
    fees: Cells = {
        "delivery_terms": "1",
        "currency": "EUR",
        "freight_mark": "3",
        "freight": "50",
        "freight_currency": "USD",
        "insurance_mark": "1",
        "insurance": "0.3",
    }
    tables = ask(
        customs_declarations=[
            declaration(line=1, amount="100.00", **fees),
            declaration(line=2, amount="300.00", hs_code="6109100000", **fees),
        ],
        exchange_rates=[rate("2024-03", "EUR", "1.0855")],
    )
    # 100 x 1.0855 = 108.55, less freight 50 x 100/400 = 12.50 and insurance 0.30 EUR = 0.32565
    # 300 x 1.0855 = 325.65, less freight 50 x 300/400 = 37.50 and insurance 0.90 EUR = 0.97695
    values = {r["hs_chapter"]: r["fob_usd"] for r in tables.monthly_exports}
    assert values == {"85": Decimal("95.72"), "61": Decimal("287.17")}
    assert tables.annual_exports == [
        {
            "uscc": make_uscc(1),
            "export_year": 2024,
            "lines": 2,
            "declarations": 1,
            "fob_usd": Decimal("382.89"),
            "first_month": "2024-03",
            "last_month": "2024-03",
        }
    ]


def test_mixed_currencies_share_by_dollar_value(ask: Any) -> None:
    fees: Cells = {
        "delivery_terms": "2",
        "freight_mark": "3",
        "freight": "40",
        "freight_currency": "HKD",
    }
    tables = ask(
        customs_declarations=[
            declaration(line=1, amount="100.00", **fees),
            declaration(line=2, amount="150.00", currency="EUR", hs_code="6109100000", **fees),
            declaration(line=3, amount="400.00", trade_mode="4561", **fees),
        ],
        exchange_rates=[rate("2024-03", "300", "2"), rate("2024-03", "HKD", "0.125")],
    )
    # weights in dollars 100 + 300 + 400 = 800: the returned line bears its part of 40 HKD = 5 USD
    # 100 - 5 x 100/800 = 99.375 -> 99.38; 300 - 5 x 300/800 = 298.125 -> 298.13
    values = {r["hs_chapter"]: r["fob_usd"] for r in tables.monthly_exports}
    assert values == {"85": Decimal("99.38"), "61": Decimal("298.13")}
    assert state(tables, line=3) == ("not_counted", ["returned"])


def test_withdrawn_and_rejected_lines_bear_no_freight(ask: Any) -> None:
    fees: Cells = {
        "delivery_terms": "2",
        "freight_mark": "3",
        "freight": "8",
        "freight_currency": "USD",
    }
    tables = ask(
        customs_declarations=[
            declaration(line=1, amount="100.00", **fees),
            declaration(line=2, amount="100.00", status="withdrawn", **fees),
            declaration(line=3, amount="100.00", trading_country="XXX", **fees),
            declaration(line=4, amount="300.00", **(fees | {"freight_mark": "2"})),
        ],
    )
    # the fourth is rejected only by valuing and still bears its part: 100 - 8 x 100/400 = 98.00
    assert tables.annual_exports[0]["fob_usd"] == Decimal("98.00")
    assert state(tables, line=3) == ("rejected", ["unknown:trading_country"])
    assert state(tables, line=4) == ("rejected", ["fee_per_tonne"])


@pytest.mark.parametrize(
    ("changes", "reasons"),
    [
        ({"delivery_terms": "2", "freight_mark": "2", "freight": "5"}, ["fee_per_tonne"]),
        ({"delivery_terms": "1", "freight": "5"}, ["missing_freight", "missing_insurance"]),
        ({"delivery_terms": "4", "insurance_mark": "3", "insurance": "5"}, ["missing_insurance"]),
        ({"currency": "EUR"}, ["missing_rate"]),
        ({"delivery_terms": "2", "freight_mark": "1", "freight": "100.01"}, ["negative_fob"]),
        ({"trading_country": "326"}, ["ambiguous:trading_country"]),
        ({"trade_mode": "9999"}, ["unknown:trade_mode"]),
        ({"hs_code": "851713000"}, ["unreadable:hs_code"]),
        ({"amount": "1.005"}, ["unreadable:amount"]),
        ({"amount": "-1"}, ["negative:amount"]),
        ({"amount": "", "currency": ""}, ["missing:amount", "missing:currency"]),
        ({"status": "released", "released_on": "", "closed_on": ""}, ["no_statistical_date"]),
        ({"closed_on": "2024-03-04", "updated_at": "2024-03-06"}, ["closed_before_declared"]),
        ({"closed_on": "2024-03-07", "updated_at": "2024-03-06T15:00:00Z"},
         ["event_after_update:closed_on"]),
        ({"declaration_no": "530120241000000001"}, ["not_an_export"]),
        ({"declaration_no": "530120230000000001"}, ["declaration_year"]),
    ],
)  # fmt: skip
def test_a_bad_line_is_rejected_with_every_reason(ask: Any, changes: Cells, reasons: list[str]) -> None:
    tables = ask(customs_declarations=[declaration(**changes)])
    assert tables.rejected == [("customs_declarations", "rows.csv", 1, reasons)]
    assert tables.monthly_exports == []


def test_an_event_on_the_shanghai_day_of_the_update_is_in_time(ask: Any) -> None:
    line = declaration(closed_on="2024-03-07", updated_at="2024-03-06T16:00:00Z")
    assert state(ask(customs_declarations=[line])) == ("counted", [])


def test_stated_value_wins_and_needs_no_rate(ask: Any) -> None:
    line = declaration(stat_value_usd="12.34", currency="EUR", delivery_terms="1")
    assert ask(customs_declarations=[line]).annual_exports[0]["fob_usd"] == Decimal("12.34")


def test_closed_in_january_counts_in_the_new_year(ask: Any) -> None:
    released = declaration(
        declared_on="2023-12-31", status="released", closed_on="", updated_at="2023-12-31T01:00:00Z"
    )
    closed = declaration(declared_on="2023-12-31", closed_on="2024-01-03")
    assert ask(customs_declarations=[released]).annual_exports[0]["export_year"] == 2023
    assert ask(customs_declarations=[released, closed]).annual_exports[0]["export_year"] == 2024


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"arrival_country": "142", "trade_mode": "2600"}, "never_left"),
        ({"trade_mode": "2600"}, "temporary"),
        ({"trade_mode": "0654"}, "domestic_transfer"),
    ],
)
def test_some_lines_do_not_count(ask: Any, changes: Cells, reason: str) -> None:
    tables = ask(customs_declarations=[declaration(**changes)])
    assert state(tables) == ("not_counted", [reason])
    assert tables.monthly_exports == []


def test_a_rejected_newest_row_takes_the_line_out(ask: Any) -> None:
    worse = declaration(revision="1", amount="x", updated_at="2024-04-01T00:00:00Z")
    tables = ask(customs_declarations=[declaration(), worse], enterprises=[enterprise()])
    assert state(tables) == ("rejected", ["unreadable:amount"])
    [row] = tables.roster_decisions
    assert (row["rejected_lines"], row["decision"]) == (1, "no_exports")


def test_an_unreadable_version_displaces_nothing(ask: Any) -> None:
    worse = declaration(revision="one", updated_at="2024-04-01T00:00:00Z")
    tables = ask(customs_declarations=[declaration(), worse])
    assert state(tables) == ("counted", [])
    assert len(tables.rejected) == 1


@pytest.mark.parametrize("turn", [1, -1])
def test_two_contents_of_one_version_are_a_conflict(ask: Any, turn: int) -> None:
    rows = [declaration(amount="1.00"), declaration(amount="2.00")][::turn]
    assert state(ask(customs_declarations=rows)) == ("rejected", ["version_conflict"])
    amended = declaration(revision="1", amount="3.00")
    tables = ask(customs_declarations=[*rows, amended])
    assert state(tables) == ("counted", [])
    assert len(tables.rejected) == 2


def test_the_same_row_again_changes_nothing(ask: Any) -> None:
    again = declaration(amount="1,000", trading_country="502", updated_at="2024-03-05 20:00+08:00")
    tables = ask(customs_declarations=[declaration(), again])
    assert state(tables) == ("counted", [])
    assert tables.received["customs_declarations"] == {"rows": 2, "waiting": 0, "duplicate": 1}


def test_rows_from_the_future_wait(ask: Any) -> None:
    later = declaration(revision="1", amount="x", updated_at="2026-01-15T04:00:01Z")
    tables = ask(customs_declarations=[declaration(), later])
    assert state(tables) == ("counted", [])
    assert tables.received["customs_declarations"]["waiting"] == 1


def test_every_form_of_a_file_gives_the_same_rows(tmp_path: Path) -> None:
    chinese = {name: header for header, name in CHINESE["customs_declarations"].items()}
    titled = {chinese.get(name, name): cell for name, cell in declaration().items()}
    place = tmp_path / "customs_declarations"
    write_sources(tmp_path, {"customs_declarations": [declaration()]}, "utf8.csv")
    text = ",".join(titled) + "\r\n" + ",".join(titled.values()) + "\r\n"
    (place / "gb.csv").write_bytes(text.encode("gb18030"))
    (place / "bom.csv").write_bytes(text.encode("utf-8-sig"))
    typed: dict[str, Any] = dict(declaration())
    typed |= {"amount": Decimal("1000.00"), "line_no": 1, "declared_on": date(2024, 3, 5)}
    typed |= {"updated_at": datetime(2024, 3, 5, 12, tzinfo=UTC)}
    pq.write_table(pa.Table.from_pylist([typed]), place / "typed.parquet")
    with xlsxwriter.Workbook(place / "book.xlsx") as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, list(titled))
        for column, (name, cell) in enumerate(declaration().items()):
            if name == "closed_on":
                sheet.write_datetime(1, column, datetime(2024, 3, 5), day)  # noqa: DTZ001
            else:
                sheet.write_string(1, column, cell)
    tables = run(tmp_path, NOW, [2025])
    assert tables.received["customs_declarations"] == {"rows": 5, "waiting": 0, "duplicate": 4}
    assert state(tables) == ("counted", [])


@pytest.mark.parametrize(("amount_sum", "refused"), [("1000.00", 0), ("1000.01", 1)])
def test_a_control_file_that_does_not_match_refuses_the_file(
    tmp_path: Path, amount_sum: str, refused: int
) -> None:
    write_sources(tmp_path, {"customs_declarations": [declaration()]})
    control = tmp_path / "customs_declarations" / "rows.csv.control.json"
    control.write_text(json.dumps({"rows": 1, "amount_sum": amount_sum}))
    tables = run(tmp_path, NOW, [2025])
    assert len(tables.refused) == refused
    assert len(tables.monthly_exports) == 1 - refused


def test_the_best_source_of_a_rate_is_taken(ask: Any) -> None:
    rates = [
        rate("2024-03", "EUR", "9", source="bank"),
        rate("2024-03", "EUR", "3", source="ecb"),
        rate("2024-03", "EUR", "2", source="safe"),
        rate("2024-03", "EUR", "1.5", source="safe", updated_at="2024-03-02T00:00:00Z"),
    ]
    line = declaration(currency="EUR", amount="10.00")
    tables = ask(customs_declarations=[line], exchange_rates=rates)
    assert tables.annual_exports[0]["fob_usd"] == Decimal("15.00")


# ── registry and roster ───────────────────────────────────────────────────────────────────────
def test_registry_facts_are_those_of_the_roster_date(ask: Any) -> None:
    moved = enterprise(city="441900", district="", updated_at="2025-05-13T00:00:00Z")
    sources = {"customs_declarations": [declaration()], "enterprises": [enterprise(), moved]}
    [row] = ask(**sources, published_rosters=[roster_line()]).roster_decisions
    assert (row["decision"], row["district"]) == ("eligible", "南山区")


def test_without_an_edition_the_roster_date_is_the_deadline_at_the_latest(ask: Any) -> None:
    moved = enterprise(city="441900", district="", updated_at="2025-06-30T15:59:59Z")
    sources = {"customs_declarations": [declaration()], "enterprises": [enterprise(), moved]}
    assert ask(**sources).roster_decisions[0]["detail"] == "city:441900"


def test_deregistered_only_when_every_customs_code_is(ask: Any) -> None:
    gone = enterprise(deregistered_on="2024-01-01", updated_at="2024-02-01T00:00:00Z")
    other = enterprise(customs_code=make_customs_code(99))
    lines = [declaration()]
    [row] = ask(customs_declarations=lines, enterprises=[gone]).roster_decisions
    assert row["decision"] == "deregistered"
    [row] = ask(customs_declarations=lines, enterprises=[gone, other]).roster_decisions
    assert row["decision"] == "eligible"


# ── policies ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("taken_up_on", "issued_on", "expected"),
    [
        ("2025-06-30", "2025-07-05", date(2025, 7, 1)),
        ("2025-07-01", "2025-07-08", date(2025, 7, 8)),
    ],
)
def test_cover_starts_by_the_day_of_take_up(
    ask: Any, taken_up_on: str, issued_on: str, expected: date
) -> None:
    row = policy(taken_up_on=taken_up_on, issued_on=issued_on, cover_from=str(expected))
    tables = ask(policies=[row], published_rosters=[roster_line()])
    [line] = tables.policy_reconciliation
    assert line["expected_cover_from"] == expected
    assert line["expected_cover_to"] == date(2026, 6, 30)
    assert (line["status"], line["observations"]) == ("matched", [])
    late = (expected - date(2025, 7, 1)).days > 0
    [taken] = tables.take_up
    assert (taken["status"], taken["days_late"]) == (("taken_up_late", 1) if late else ("taken_up", 0))


def test_policy_statuses(ask: Any) -> None:
    gone: Cells = {"status": "cancelled", "cancelled_on": "2025-08-01"}
    tables = ask(
        published_rosters=[roster_line(1), roster_line(2), roster_line(3)],
        enterprises=[enterprise(3), enterprise(4)],
        policies=[
            policy(1, policy_no="A", issued_on="2025-06-10", **gone),
            policy(1, policy_no="B", issued_on="2025-06-12"),
            policy(1, policy_no="C", issued_on="2025-06-11"),
            policy(2, policy_no="D", **gone),
            policy(3, policy_no="E", buyer_limit_usd="150000.01", insured_uscc=""),
            policy(5, policy_no="F"),
            policy(6, policy_no="G", insured_uscc=make_uscc(6, good=False)),
            policy(8, policy_no="H", insured_uscc="", insured_name="測試４号 有限公司"),
            policy(1, policy_no="I", policy_year="2031"),
        ],
    )
    found = {r["policy_no"]: (r["status"], r["matched_by"]) for r in tables.policy_reconciliation}
    assert found == {
        "A": ("cancelled", "uscc"),
        "B": ("duplicate", "uscc"),
        "C": ("matched", "uscc"),
        "D": ("cancelled", "uscc"),
        "E": ("discrepant", "customs_code"),
        "F": ("not_on_roster", "uscc"),
        "G": ("unidentified", None),
        "H": ("not_on_roster", "name"),
    }
    taken = {r["uscc"]: (r["status"], r["policy_no"]) for r in tables.take_up}
    assert taken == {
        make_uscc(1): ("taken_up", "C"),
        make_uscc(2): ("not_taken_up", None),
        make_uscc(3): ("taken_up", "E"),
    }


def test_every_discrepancy_and_observation(ask: Any) -> None:
    shared = make_customs_code(9)
    odd = policy(
        1,
        insured_customs_code=shared,
        insured_name="另一家",
        district="前海",
        channel="offline",
        taken_up_on="2025-05-10",
        issued_on="2025-05-18",
        cover_from="2024-07-01",
        cover_to="2026-06-29",
        insured_percentage="0.90",
        buyer_limit_usd="100000",
    )
    tables = ask(
        published_rosters=[roster_line(1), roster_line(2), roster_line(2, edition="2")],
        enterprises=[enterprise(7, customs_code=shared), enterprise(8, customs_code=shared)],
        policies=[odd],
    )
    [line] = tables.policy_reconciliation
    assert line["discrepancies"] == [
        "cover_from",
        "cover_to",
        "insured_percentage",
        "buyer_limit",
        "policy_year",
        "issued_before_confirmation",
        "removed_from_edition",
    ]
    assert line["observations"] == [
        "issued_over_7_days_after_take_up",
        "name_differs",
        "district_differs",
        "channel_not_in_notice",
        "shared_customs_code",
    ]
    assert line["district"] == "南山区"


def test_aliases_and_other_spellings_are_no_difference(ask: Any) -> None:
    row = policy(district="深汕合作区", insured_name="深圳市华发國際（集團） 有限公司")
    line = roster_line(district="深汕特别合作区", enterprise_name="深圳市华发国际(集团)有限公司")
    tables = ask(policies=[row], published_rosters=[line])
    assert tables.policy_reconciliation[0]["observations"] == []
    assert normal_name("ａｂ　（c）有限責任公司") == "ABC有限公司"


def test_a_later_edition_that_adds_the_insured(ask: Any) -> None:
    second = [
        roster_line(n, edition="2", confirmed_on="2025-08-01", updated_at="2025-08-01T00:00:00Z")
        for n in (1, 2)
    ]
    tables = ask(published_rosters=[roster_line(1), *second], policies=[policy(2)])
    [line] = tables.policy_reconciliation
    assert (line["status"], line["discrepancies"]) == (
        "discrepant",
        ["issued_before_confirmation"],
    )
    assert {r["uscc"]: r["status"] for r in tables.take_up} == {
        make_uscc(1): "not_taken_up",
        make_uscc(2): "taken_up",
    }


def test_without_a_confirmed_edition_the_basis_is_a_draft(ask: Any) -> None:
    sources = {
        "customs_declarations": [declaration(1, firm=1), declaration(2, firm=2)],
        "enterprises": [enterprise(1), enterprise(2)],
        "policies": [policy(1), policy(2)],
    }
    first = ask(**sources)
    assert [r["status"] for r in first.policy_reconciliation] == ["matched", "matched"]
    edition = Edition(1, date(2025, 5, 12), None, [(1, make_uscc(1), "测试1号有限公司", "南山区")])
    then = ask(**sources, published={2025: [edition]})
    assert [r["status"] for r in then.policy_reconciliation] == ["matched", "not_on_roster"]
    assert {r["roster_basis"] for r in then.policy_reconciliation} == {"draft"}
    assert len(then.take_up) == 1


# ── claims ────────────────────────────────────────────────────────────────────────────────────
def audit(ask: Any, *claims: Mapping[str, str], **changes: Any) -> list[dict[str, Any]]:
    """The audit of claims on one policy, but for what the next test holds."""
    return but_for_exports(
        ask(published_rosters=[roster_line()], policies=[policy(**changes)], claims=claims)
    )


def but_for_exports(tables: Tables) -> list[dict[str, Any]]:
    """The audit without the finding that no export matches: these claims come without any."""
    rows: list[dict[str, Any]] = [dict(row) for row in tables.claim_audit]
    for row in rows:
        row["findings"] = [name for name in row["findings"] if name != "loss_without_matching_export"]
    return rows


@pytest.mark.parametrize(
    ("declared_on", "country", "findings"),
    [
        ("2025-08-31", "ARE", []),
        ("2025-07-01", "ARE", []),
        ("2025-09-30", "ARE", []),
        ("2025-06-30", "ARE", ["loss_without_matching_export"]),
        ("2025-10-01", "ARE", ["loss_without_matching_export"]),
        ("2025-08-31", "USA", ["loss_without_matching_export"]),
    ],
)
def test_a_loss_of_august_needs_an_export_to_there_within_a_month(
    ask: Any, declared_on: str, country: str, findings: list[str]
) -> None:
    sold = declaration(declared_on=declared_on, trading_country=country, arrival_country=country)
    [row] = ask(
        customs_declarations=[sold], published_rosters=[roster_line()], policies=[policy()],
        claims=[claim(status="paid", paid_usd="150000.00")],
    ).claim_audit  # fmt: skip
    assert row["findings"] == findings


@pytest.mark.parametrize(
    ("loss", "due"),
    [
        ("200000.00", "150000.00"),  # 0.80 x 200,000 = 160,000, above the limit of 150,000
        ("187500.00", "150000.00"),  # 0.80 x 187,500 = 150,000, just the limit
        ("187499.99", "149999.99"),  # 0.80 x 187,499.99 = 149,999.992
        ("0.02", "0.02"),  # 0.80 x 0.02 = 0.016
        ("0.00", "0.00"),
    ],
)
def test_indemnity_due(ask: Any, loss: str, due: str) -> None:
    [row] = audit(ask, claim(loss_usd=loss))
    assert row["expected_indemnity_usd"] == Decimal(due)


def test_limit_is_used_up_in_order_of_decision(ask: Any) -> None:
    rows = audit(
        ask,
        claim(1, decided_on="2025-11-20"),
        claim(2, decided_on="2025-11-10", loss_usd="100000.00"),
        claim(3, decided_on="2025-11-01", status="declined"),
        claim(4, decided_on="", status="filed", loss_usd="10.00"),
        claim(5, decided_on="2025-11-30", buyer_id="B2", loss_usd="10.00"),
    )
    # declined first: 150,000 but uses nothing; 80,000; 150,000 - 80,000 = 70,000; then nothing
    due = [str(row["expected_indemnity_usd"]) for row in rows]
    assert due == ["70000.00", "80000.00", "150000.00", "0.00", "8.00"]
    assert rows[2]["findings"] == ["declined_but_covered"]


def test_limit_is_shared_by_all_policies_of_an_enterprise(ask: Any) -> None:
    second = policy(policy_no="P2", issued_on="2025-06-20")
    tables = ask(
        published_rosters=[roster_line()],
        policies=[policy(), second],
        claims=[claim(1), claim(2, policy_no="P2", paid_usd="1.00")],
    )
    assert [r["expected_indemnity_usd"] for r in tables.claim_audit] == [150000, 0]
    assert but_for_exports(tables)[1]["findings"] == ["overpaid"]


@pytest.mark.parametrize(
    ("changes", "covered"),
    [
        ({"shipped_on": "2025-06-30"}, False),
        ({"shipped_on": "2025-07-01"}, True),
        ({"shipped_on": "2026-06-30"}, True),
        ({"shipped_on": "2026-07-01"}, False),
    ],
)
def test_cover_includes_both_of_its_days(ask: Any, changes: Cells, covered: bool) -> None:
    later: Cells = {
        "decided_on": "2026-08-01",
        "updated_at": "2026-09-01T00:00:00Z",
        "paid_usd": "5",
    }
    tables = ask(
        now=datetime(2026, 10, 1, tzinfo=UTC),
        published_rosters=[roster_line()],
        policies=[policy()],
        claims=[claim(**later, **changes)],
    )
    [row] = but_for_exports(tables)
    assert row["covered"] is covered
    assert row["expected_indemnity_usd"] == (150000 if covered else 0)
    assert row["findings"] == ([] if covered else ["paid_outside_cover"])
    if not covered:
        assert row["difference_usd"] == Decimal("5.00")


def test_findings(ask: Any) -> None:
    gone: Cells = {"status": "cancelled", "cancelled_on": "2025-08-01"}
    rows = audit(
        ask,
        claim(1, status="paid", paid_usd="149999.99", shipped_on="2025-07-31"),
        claim(2, status="paid", paid_usd="7.00", shipped_on="2025-08-01"),
        claim(3, policy_no="none", paid_usd="7.00"),
        claim(4, policy_no="none", shipped_on="2021-01-01"),
        **gone,
    )
    assert [row["findings"] for row in rows] == [
        ["underpaid"],
        ["after_cancellation"],
        ["no_policy"],
    ]
    assert (rows[2]["uscc"], rows[2]["policy_year"], rows[2]["covered"]) == (None, 2025, False)


def test_an_excluded_country_is_not_covered_but_counts(tmp_path: Path) -> None:
    terms = {**TERMS, 2025: replace(TERMS[2025], excluded_countries=frozenset({"ARE"}))}
    sources: Sources = {
        "customs_declarations": [declaration(trading_country="138")],
        "published_rosters": [roster_line()],
        "enterprises": [enterprise()],
        "policies": [policy()],
        "claims": [claim()],
    }
    tables = run(write_sources(tmp_path, sources), NOW, [2025], terms=terms)
    assert tables.roster_decisions[0]["decision"] == "eligible"
    assert but_for_exports(tables)[0]["findings"] == ["excluded_country"]
    assert tables.claim_audit[0]["expected_indemnity_usd"] == 0


# ── the oracle on hostile inputs ──────────────────────────────────────────────────────────────
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), sources=st.one_of(customs_cities(), insured_cities()))
def test_order_files_and_copies_change_nothing(
    data: st.DataObject, sources: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    once = run(write_sources(tmp_path_factory.mktemp("once"), sources), NOW, [2024, 2025])
    folder = tmp_path_factory.mktemp("again")
    for number, delivery in enumerate(data.draw(shuffled(sources))):
        write_sources(folder, delivery, f"{number}.csv")
    again = run(folder, NOW, [2024, 2025])
    for name in ("monthly_exports", "annual_exports", "roster_decisions", "line_states",
                 "policy_reconciliation", "take_up", "claim_audit"):  # fmt: skip
        assert getattr(again, name) == getattr(once, name), name
    reasons = sorted((source, why) for source, _, _, why in once.rejected)
    assert sorted((source, why) for source, _, _, why in again.rejected) == reasons


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(sources=customs_cities())
def test_no_line_and_no_cent_is_lost(sources: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    tables = run(write_sources(tmp_path_factory.mktemp("city"), sources), NOW, [2024, 2025])
    counted = sum(state == "counted" for state, _ in tables.line_states.values())
    monthly: list[Any] = tables.monthly_exports
    annual: list[Any] = tables.annual_exports
    assert sum(row["lines"] for row in monthly) == counted
    assert sum(row["lines"] for row in annual) == counted
    assert sum(row["fob_usd"] for row in monthly) == sum(row["fob_usd"] for row in annual)
