"""Planted cases of single declaration rows: what is refused, what waits, which version counts."""

from __future__ import annotations

from datetime import date
from typing import Final

from pipelines.sample_city import calendar
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plants import Plants

LAST_FILE: Final = calendar.month(2026, 1)
LATER: Final = date(2024, 5, 20)
RELEASED_IN_JUNE: Final[Row] = {
    "status": "released",
    "closed_on": None,
    "updated_at": "2024-06-10T12:00:00Z",
}


def plant(p: Plants) -> None:
    """Plant all cases of this module."""
    _rejected(p)
    _rejected_for_codes(p)
    _rejected_for_dates(p)
    _versions(p)
    _deliveries(p)
    _newest_rejected(p)
    _workbook(p)


def _rejected(p: Plants) -> None:
    firm = p.firm()
    refuse = p.expect_rejected
    row = p.declare(firm, "100.00", declaration_no=p.declaration_no(2024, "1"))
    refuse("import_declaration", "The ninth digit says import.", row, "not_an_export")
    row = p.declare(firm, "101.00", declaration_no=p.declaration_no(2023))
    refuse("declaration_year", "Number of 2023, declared in 2024.", row, "declaration_year")
    row = p.declare(firm, "-5.00", stat_value_usd=None)
    refuse("negative_amount", "A negative amount.", row, "negative:amount")
    row = p.declare(firm, None, stat_value_usd=None)
    refuse("missing_amount", "No amount.", row, "missing:amount")
    row = p.declare(firm, "10.005", stat_value_usd="10.00")
    refuse("three_decimals", "More decimals than the amount has.", row, "unreadable:amount")
    row = p.declare(firm, "103.00", hs_code="851713000")
    refuse("short_hs_code", "Nine digits: a lost zero.", row, "unreadable:hs_code")
    row = p.declare(firm, "104.00", consignor_customs_code="44036Z0001")
    refuse(
        "customs_code_shape",
        "A letter before the seventh character.",
        row,
        "unreadable:consignor_customs_code",
    )
    row = p.declare(firm, "105.00", trade_mode="9999", currency="XQX")
    refuse(
        "two_reasons",
        "All reasons are kept.",
        row,
        "unknown:currency",
        "unknown:trade_mode",
    )
    p.expect_decision(
        "rejects_only",
        "Every line of the enterprise is rejected: it shows the count and no export.",
        firm,
        "no_exports",
        "0.00",
        rejected=8,
    )


def _rejected_for_codes(p: Plants) -> None:
    firm = p.firm()
    refuse = p.expect_rejected
    row = p.declare(firm, "110.00", trade_mode="9998")
    refuse("unknown_trade_mode", "No such trade mode.", row, "unknown:trade_mode")
    early = date(2020, 6, 15)
    row = p.declare(firm, "111.00", on=early, trade_mode="9710", arrives=calendar.month(2020, 12))
    refuse("expired_trade_mode", "9710 before July 2020.", row, "expired:trade_mode")
    row = p.declare(firm, "112.00", currency="XQX")
    refuse("unknown_currency", "No such currency.", row, "unknown:currency")
    row = p.declare(firm, "113.00", destination_country="QQQ")
    refuse("unknown_country", "No such country.", row, "unknown:destination_country")
    row = p.declare(firm, "114.00", trading_country="326")
    refuse("ambiguous_country", "326 names two countries.", row, "ambiguous:trading_country")
    row = p.declare(firm, "115.00", arrival_country="299")
    refuse("ambiguous_africa", "299 names several.", row, "ambiguous:arrival_country")
    row = p.declare(firm, "116.00", delivery_terms="9")
    refuse("unknown_delivery_terms", "No such terms.", row, "unknown:delivery_terms")


def _rejected_for_dates(p: Plants) -> None:
    firm = p.firm()
    refuse = p.expect_rejected
    row = p.declare(firm, "120.00", updated_at="2024-03-06T10:00:00Z")
    refuse(
        "event_after_update",
        "Closed three days after the row claims to have been sent.",
        row,
        "event_after_update:closed_on",
    )
    row = p.declare(firm, "121.00", closed_on=None)
    refuse("closed_without_date", "Closed, but when?", row, "no_statistical_date")
    row = p.declare(firm, "122.00", status="released", released_on=None, closed_on=None)
    refuse("released_without_date", "Released, but when?", row, "no_statistical_date")
    row = p.declare(firm, "123.00", exported_on=None, released_on=None, closed_on="2024-03-01")
    refuse("closed_before_declared", "Closed too early.", row, "closed_before_declared")
    row = p.declare(firm, "124.00", updated_at="2024-03-08T15:59:00Z", closed_on="2024-03-08")
    p.expect_month(
        "closed_on_update_day",
        "23:59 in Shanghai is still the day of closing.",
        firm,
        "2024-03",
        "124.00",
    )
    row = p.declare(firm, "125.00", updated_at="2024-04-08T15:59:00Z", closed_on="2024-04-09")
    refuse(
        "closed_tomorrow_in_shanghai",
        "The date of closing begins a minute after the row was sent.",
        row,
        "event_after_update:closed_on",
    )


def _versions(p: Plants) -> None:
    firm = p.firm()
    row = p.declare(firm, "1000.00")
    p.revise(row, LATER, revision="1", amount="1500.00", stat_value_usd="1500.00")
    p.expect_year("amended", "The amendment counts.", firm, "1500.00", lines="1")

    firm = p.firm()
    row = p.declare(firm, "1000.00")
    p.revise(row, LATER, revision="2", amount="1700.00", stat_value_usd="1700.00")
    p.expect_year("revision_gap", "Revision 1 never came.", firm, "1700.00", lines="1")

    firm = p.firm()
    p.declare(firm, "1800.00", revision="1")
    p.expect_year("original_never_came", "Only the amendment arrived.", firm, "1800.00", lines="1")

    firm = p.firm()
    row = p.declare(firm, "1000.00")
    late = date(2024, 6, 3)
    p.revise(row, LATER, revision="1", amount="1900.00", stat_value_usd="1900.00")
    p.revise(row, late, amount="1100.00", stat_value_usd="1100.00")
    p.expect_year(
        "old_revision_arrives_last",
        "The revision ranks before the time of arrival.",
        firm,
        "1900.00",
        lines="1",
    )

    firm = p.firm()
    row = p.declare(firm, "2000.00", RELEASED_IN_JUNE, on=date(2024, 6, 9))
    p.revise(row, date(2024, 7, 2), status="closed", closed_on="2024-07-02")
    p.expect_month("released_then_closed", "Closing moves it to July.", firm, "2024-07", "2000.00")
    p.expect_absent(
        "released_then_closed_moved",
        "It has left the month of its release.",
        "customs_declarations",
        "monthly_exports",
        {"consignor_uscc": firm.uscc},
        uscc=firm.uscc,
        stat_month="2024-06",
    )

    firm = p.firm()
    p.declare(firm, "2100.00", RELEASED_IN_JUNE, on=date(2024, 6, 9))
    p.expect_month("never_closed", "Never closed: the month of release.", firm, "2024-06", "2100.00")

    firm = p.firm()
    p.declare(firm, "2200.00", on=date(2024, 2, 5), lag=210)
    p.expect_month("late_closing", "Seven months late, nothing is lost.", firm, "2024-09", "2200.00")

    firm = p.firm()
    p.declare(firm, "300.00")
    gone = p.declare(firm, "400.00")
    p.revise(gone, LATER, status="withdrawn")
    p.expect_year("withdrawn_one_of_two", "The other line stays.", firm, "300.00", lines="1")

    firm = p.firm()
    kept = p.declare(firm, "10.00", declaration_no=p.declaration_no(2024))
    second = p.declare(firm, "20.00", declaration_no=kept["declaration_no"], line_no="2")
    p.revise(second, LATER, revision="1", amount="25.00", stat_value_usd="25.00")
    p.expect_year(
        "one_line_amended",
        "Only the second line was sent again.",
        firm,
        "35.00",
        lines="2",
        declarations="1",
    )
    _moved(p)


def _moved(p: Plants) -> None:
    """An amendment names another consignor: the line is the other one's, and the first has nothing left."""
    first, second = p.firm(), p.firm()
    row = p.declare(first, "3100.00")
    p.revise(
        row,
        LATER,
        revision="1",
        consignor_uscc=second.uscc,
        consignor_customs_code=second.customs_code,
        consignor_name=second.name,
    )
    p.expect_decision(
        "moved_away", "Amended to another consignor: nothing is left.", first, "no_exports", "0.00"
    )
    p.expect_year("moved_to", "The line counts for the consignor of its newest version.", second, "3100.00")

    firm = p.firm()
    early = date(2019, 12, 30)
    row = p.declare(firm, "3200.00", on=early, arrives=calendar.month(2020, 12))
    p.declare(firm, "32.00")
    p.expect_decision(
        "declared_before_registered_months",
        "Declared in a month of no registered year: the row waits, uncounted.",
        firm,
        "eligible",
        "32.00",
    )
    p.expect_absent(
        "declared_before_registered_months_sum",
        "It enters no sum.",
        "customs_declarations",
        "annual_exports",
        {"declaration_no": row["declaration_no"]},
        uscc=firm.uscc,
        export_year="2020",
    )


def _deliveries(p: Plants) -> None:
    firm = p.firm()
    row = p.declare(firm, "500.00")
    p.deliver(row)
    p.expect_year("duplicate_same_file", "Twice in one file.", firm, "500.00", lines="1")

    firm = p.firm()
    row = p.declare(firm, "510.00")
    p.deliver(row, calendar.month(2024, 5))
    p.expect_year("duplicate_other_file", "Delivered again later.", firm, "510.00", lines="1")

    firm = p.firm()
    row = p.declare(firm, "520.00")
    waiting = row | {"revision": "1", "amount": "999.00", "updated_at": "2027-01-05T02:00:00Z"}
    p.deliver(waiting, LAST_FILE)
    p.expect_year("waiting_row", "A row of the future displaces nothing yet.", firm, "520.00", lines="1")

    firm = p.firm()
    row = p.declare(firm, "530.00")
    other = p.deliver(row | {"amount": "531.00", "stat_value_usd": "531.00"})
    p.expect_rejected("version_conflict", "Same version, other content.", row, "version_conflict")
    p.expect_rejected("version_conflict_other", "Neither of the two counts.", other, "version_conflict")
    p.expect_decision(
        "version_conflict_line",
        "The line counts nowhere.",
        firm,
        "no_exports",
        "0.00",
        rejected=1,
    )

    firm = p.firm()
    row = p.declare(firm, "540.00")
    p.revise(row, LATER, revision="1", amount="541.00", stat_value_usd="541.00")
    p.revise(row, LATER, revision="1", amount="542.00", stat_value_usd="542.00")
    p.expect_decision(
        "conflict_of_newest",
        "The newest version is in conflict: never at the older amount.",
        firm,
        "no_exports",
        "0.00",
        rejected=1,
    )


def _newest_rejected(p: Plants) -> None:
    firm = p.firm()
    row = p.declare(firm, "600.00")
    newest = p.revise(row, LATER, revision="1", amount="650.00", currency="XQX")
    p.declare(firm, "60.00")
    p.expect_rejected("newest_row_rejected", "The amendment is unreadable.", newest, "unknown:currency")
    p.expect_decision(
        "newest_row_rejected_line",
        "The line counts nowhere, the other line of the enterprise does.",
        firm,
        "eligible",
        "60.00",
        rejected=1,
    )

    firm = p.firm()
    row = p.declare(firm, "610.00")
    p.revise(row, LATER, revision="1", currency="XQX")
    p.revise(row, date(2024, 6, 3), revision="2", amount="615.00", stat_value_usd="615.00")
    p.expect_decision(
        "rejected_then_accepted",
        "A later accepted version counts again; nothing is left rejected of the line.",
        firm,
        "eligible",
        "615.00",
    )


def _workbook(p: Plants) -> None:
    """Commodity codes that a spreadsheet holds as numbers: taken at full length only."""
    firm = p.firm()
    p.declare(firm, "700.00", in_workbook=True)
    lost = p.declare(firm, "701.00", hs_code="901210000", in_workbook=True)
    p.expect_year("code_as_number", "Ten digits as a number are ten digits.", firm, "700.00", lines="1")
    p.expect_rejected(
        "code_as_short_number", "A number has lost its leading zero.", lost, "unreadable:hs_code"
    )
