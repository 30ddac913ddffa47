"""Small, hostile inputs: a handful of declarations, policies and claims that get everything wrong.

Belongs here: how inputs are drawn. Not here: what must hold of the results. Inputs stay inside what
the contract settles: a declaration keeps its declared_on, trade modes are those of the sample city.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

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

__all__ = ["NOW", "Sources", "customs_cities", "insured_cities", "shuffled", "write_sources"]

NOW = datetime(2026, 1, 15, 4, tzinfo=UTC)
Text = dict[str, str]
Sources = dict[str, list[Text]]
Draw = st.DrawFn

FIRMS = (1, 2, 3, 4)
DECLARED = ("2023-12-31", "2024-01-02", "2024-02-29", "2024-12-31", "2025-03-05")
AMOUNTS = ("0.00", "0.01", "0.05", "1.00", "33.33", "100.00", "7999999.99", "8000000.00")
SPELLED_AMOUNTS = ("1,000.00", "１００．５０", " 12 ", "7", "\u30008.10\u3000")
CURRENCIES = ("USD", "502", "EUR", "300", "hkd", "JPY", "GBP")
RATED = ("EUR", "HKD", "116")
COUNTRIES = ("USA", "502", "DEU", "ｇｂｒ", "ZAF", "244")
COUNTING = ("0110", "0615", "1039", "9810")
NOT_COUNTING = ("4561", "2600", "0654", "0255")
CHAPTERS = ("8517130000", "8517620000", "0901210000")
VERSIONS = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from((20, 21, 40, 400, 800))),
    min_size=1,
    max_size=3,
    unique=True,
)
"""(revision, days until updated_at) of a line; 800 days on lies after NOW for some."""
RATE_SOURCES = st.one_of(st.just({"customs"}), st.sets(st.sampled_from(("customs", "safe", "ecb", "bank"))))
FLAWS: tuple[Text, ...] = (
    {"trading_country": "326"},
    {"destination_country": "701"},
    {"trading_country": "XXX"},
    {"arrival_country": ""},
    {"trade_mode": "9999"},
    {"hs_code": "85171300"},
    {"amount": "-1.00"},
    {"amount": "about 5"},
    {"amount": "1.005"},
    {"amount": "", "currency": ""},
    {"currency": "XXX"},
    {"delivery_terms": "5"},
    {"freight_mark": "9", "insurance_mark": "2"},
    {"line_no": "0"},
    {"line_no": ""},
    {"revision": "first"},
    {"updated_at": "yesterday"},
    {"updated_at": ""},
    {"consignor_uscc": "91440300"},
    {"consignor_customs_code": "4403"},
    {"consignor_name": "\u3000"},
    {"status": "open"},
    {"status": "released", "released_on": "", "closed_on": ""},
    {"status": "closed", "closed_on": ""},
    {"closed_on": "2019-01-01"},
    {"closed_on": "2025-12-32"},
    {"exported_on": "2031-01-01"},
    {"declaration_no": "530120241{number:09d}"},
    {"declaration_no": "530120220{number:09d}"},
    {"declaration_no": "5301202"},
    {"declared_on": "2024-02-30"},
    {"declared_on": "", "closed_on": ""},
)


def some(draw: Draw, values: Sequence[Any]) -> Any:
    """One of these values."""
    return draw(st.sampled_from(values))


def rarely(draw: Draw, one_in: int = 8) -> bool:
    """True once in a while, and false when shrunk."""
    return bool(some(draw, [False] * (one_in - 1) + [True]))


def mostly(draw: Draw, right: str, *wrong: str) -> str:
    """The right value, or now and then one of the others."""
    return str(some(draw, wrong)) if rarely(draw, 5) else right


def money(draw: Draw, most: int = 10_000_000) -> str:
    """An amount: a telling one, an oddly spelled one, or any."""
    if rarely(draw, 3):
        return f"{draw(st.decimals(0, most, places=2))}"
    return str(some(draw, SPELLED_AMOUNTS if rarely(draw) else AMOUNTS))


def fees(draw: Draw) -> Text:
    """Delivery terms and the fees that go with them, or do not."""
    drawn: Text = {"delivery_terms": some(draw, ("3", "1", "2", "4", "7"))}
    for part, marks in (("freight", ("3", "1", "2", "")), ("insurance", ("3", "1", ""))):
        mark = mostly(draw, some(draw, ("3", "1")), *marks)
        value = mostly(draw, some(draw, ("0.3", "5", "12.3456")), "", "0", "250")
        drawn |= {f"{part}_mark": mark, part: value}
        drawn[f"{part}_currency"] = mostly(draw, some(draw, ("USD", "EUR")), "JPY", "GBP", "")
    return drawn


@st.composite
def declarations(draw: Draw, number: int) -> list[Text]:
    """Every row of one declaration: lines, versions, copies, conflicts, flaws."""
    declared = date.fromisoformat(some(draw, DECLARED))
    firm = some(draw, FIRMS)
    head: Text = {
        "declared_on": str(declared),
        "trading_country": some(draw, COUNTRIES),
        "trade_mode": some(draw, NOT_COUNTING if rarely(draw) else COUNTING),
        "consignor_uscc": make_uscc(firm, good=firm != 4),
        **fees(draw),
    }
    rows: list[Text] = []
    for line in range(1, draw(st.integers(1, 3)) + 1):
        for revision, days in sorted(draw(VERSIONS)):
            row = _version(draw, number, line, declared, head)
            updated = declared + timedelta(days=days)
            rows.append(row | {"revision": str(revision), "updated_at": f"{updated}T08:00:00Z"})
            if rarely(draw, 10):
                flaw = some(draw, FLAWS)
                rows[-1] |= {name: cell.format(number=number) for name, cell in flaw.items()}
            if rarely(draw):
                rows.append(dict(rows[-1]))
            if rarely(draw, 16):
                rows.append(rows[-1] | {"amount": "77.70"})
    return rows


def _version(draw: Draw, number: int, line: int, declared: date, head: Text) -> Text:
    released = declared + timedelta(days=some(draw, (0, 1)))
    closed = declared + timedelta(days=some(draw, (1, 3, 10)))
    status = mostly(draw, "closed", "released", "withdrawn")
    changes: dict[str, Any] = head | {
        "status": status,
        "released_on": str(released),
        "closed_on": "" if status == "released" else f"{closed:%Y%m%d}",
        "hs_code": some(draw, CHAPTERS),
        "currency": some(draw, CURRENCIES if rarely(draw, 3) else CURRENCIES[:3]),
        "amount": money(draw),
    }
    if rarely(draw):
        changes["arrival_country"] = "142"
    if rarely(draw, 5):
        changes["stat_value_usd"] = some(draw, AMOUNTS)
    if rarely(draw):
        changes |= fees(draw)
    return declaration(number, line, **changes)


@st.composite
def exchange_rates(draw: Draw) -> list[Text]:
    """Rates of the declared months, with gaps, rival sources, corrections and conflicts."""
    rows: list[Text] = []
    for month in sorted({day[:7] for day in DECLARED}):
        for currency in RATED:
            for source in sorted(draw(RATE_SOURCES)):
                value = f"{draw(st.decimals('0.000001', 2, places=12)):f}"
                rows.append(rate(month, currency, value, source=source))
                if rarely(draw, 10):
                    rows.append(rows[-1] | {"usd_per_unit": "1.5"})
                if rarely(draw, 10):
                    later = {"usd_per_unit": "0.5", "updated_at": "2025-06-01T00:00:00Z"}
                    rows.append(rows[-1] | later)
    return sorted(rows, key=lambda row: tuple(row.values()))


@st.composite
def enterprises(draw: Draw) -> list[Text]:
    """A registry with moves, strikings-off, second and shared customs codes."""
    rows: list[Text] = []
    for firm in FIRMS:
        if rarely(draw):
            continue
        rows.append(enterprise(firm, uscc=make_uscc(firm, good=firm != 4)))
        if rarely(draw, 4):
            rows.append(rows[-1] | {"customs_code": make_customs_code(some(draw, (7, 8)))})
        if rarely(draw, 4):
            day = some(draw, ("2025-05-12", "2025-05-13", "2025-06-30", "2025-07-01"))
            changes: Text = some(
                draw,
                (
                    {"city": "441900", "district": ""},
                    {"deregistered_on": "2025-05-01"},
                    {"district": "前海"},
                    {"name": "改名（深圳）有限公司"},
                ),
            )
            rows.append(rows[-1] | changes | {"updated_at": f"{day}T15:30:00Z"})
    return rows


@st.composite
def customs_cities(draw: Draw) -> Sources:
    """Declarations, rates and a registry: everything that roster decisions rest on."""
    rows: list[Text] = []
    for number in range(1, draw(st.integers(1, 5)) + 1):
        rows += draw(declarations(number))
    return {
        "customs_declarations": rows,
        "exchange_rates": draw(exchange_rates()),
        "enterprises": draw(enterprises()),
    }


@st.composite
def published_rosters(draw: Draw) -> list[Text]:
    """No list, one, or one and a supplement that adds and drops."""
    editions = some(draw, (1, 2, 0))
    rows: list[Text] = []
    for edition in range(1, editions + 1):
        days = ("2025-05-12", "2025-05-20") if edition == 1 else ("2025-07-20", "2025-08-01")
        listed = sorted(draw(st.sets(st.sampled_from((1, 2, 3)), min_size=1)))
        rows += [
            roster_line(
                firm,
                edition=str(edition),
                serial=str(serial),
                published_on=days[0],
                confirmed_on=days[1],
                updated_at=f"{days[1]}T12:00:00Z",
            )
            for serial, firm in enumerate(listed, start=1)
        ]
    return rows


@st.composite
def policies(draw: Draw) -> list[Text]:
    """Policies of listed, unlisted and unknown enterprises, right and wrong in every way."""
    rows: list[Text] = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        firm = int(mostly(draw, some(draw, "123"), "5", "6"))
        taken = date.fromisoformat(
            some(draw, ("2025-06-10", "2025-06-30", "2025-07-01", "2025-05-14", "2025-08-15"))
        )
        issued = taken + timedelta(days=some(draw, (0, 5, 7, 8)))
        july = date(2025, 7, 1)
        start = max(issued, july) if taken >= july else july
        changes: dict[str, Any] = {
            "policy_no": f"P{number}",
            "policy_year": mostly(draw, "2025", "2024", "2031"),
            "insured_uscc": mostly(draw, make_uscc(firm), "", make_uscc(firm, good=False)),
            "insured_customs_code": mostly(draw, make_customs_code(firm), "", "440316T007"),
            "insured_name": mostly(draw, f"测试{firm}号有限公司", f"測试{firm}号 有限公司", "", "另一家"),
            "district": mostly(draw, "南山区", "", "前海", "福田区"),
            "channel": mostly(draw, "online", "OFFLINE"),
            "taken_up_on": str(taken),
            "issued_on": str(issued),
            "cover_from": mostly(draw, str(start), "2025-07-01", "2025-06-30", str(issued)),
            "cover_to": mostly(draw, "2026-06-30", "2026-07-01"),
            "insured_percentage": mostly(draw, "0.80", "0.8", "0.8001"),
            "buyer_limit_usd": mostly(draw, "150000.00", "150,000", "150000.01"),
            "updated_at": "2025-09-01T00:00:00Z",
        }
        rows.append(policy(firm, **changes))
        if rarely(draw, 4):
            gone = {"status": "cancelled", "cancelled_on": "2025-09-15"}
            rows.append(rows[-1] | gone | {"updated_at": "2025-09-16T00:00:00Z"})
        if rarely(draw):
            rows.append(rows[-1] | {"buyer_limit_usd": "1"})
    return rows


@st.composite
def claims(draw: Draw) -> list[Text]:
    """Claims that share buyers, exceed limits, fall outside cover or name no policy."""
    rows: list[Text] = []
    for number in range(1, draw(st.integers(0, 6)) + 1):
        status = some(draw, ("accepted", "paid", "declined", "filed", "reported"))
        is_open = status in {"filed", "reported"}
        paid = some(draw, ("", "150000.00", "149999.99", "8.00", "0.00"))
        changes: dict[str, Any] = {
            "policy_no": mostly(draw, "P1", "P2", "P3", "P9"),
            "buyer_id": some(draw, ("B1", "B1", "B2")),
            "buyer_country": some(draw, COUNTRIES),
            "shipped_on": mostly(draw, "2025-09-01", "2025-07-01", "2025-06-30", "2025-09-15", "2021-03-01"),
            "loss_usd": some(draw, ("200000.00", "187500.00", "187499.99", "10.00", "0.01", "0")),
            "decided_on": "" if is_open else some(draw, ("2025-11-01", "2025-11-02")),
            "paid_usd": "" if is_open else paid,
            "status": status,
            "updated_at": "2025-12-01T00:00:00Z",
        }
        rows.append(claim(number, **changes))
        if rarely(draw):
            rows.append(rows[-1] | {"loss_usd": "1.00", "updated_at": "2025-12-02T00:00:00Z"})
        if rarely(draw):
            rows.append(rows[-1] | {"cause": "bad luck", "updated_at": "2025-12-03T00:00:00Z"})
    return rows


@st.composite
def insured_cities(draw: Draw) -> Sources:
    """A small roster with policies and claims, and the exports that a draft would rest on."""
    exports: list[Text] = [
        declaration(firm, 1, firm, amount=some(draw, ("100.00", "8000000.00", "8000000.01")))
        for firm in FIRMS[:3]
    ]
    return {
        "customs_declarations": exports,
        "enterprises": draw(enterprises()),
        "published_rosters": draw(published_rosters()),
        "policies": draw(policies()),
        "claims": draw(claims()),
    }


@st.composite
def shuffled(draw: Draw, sources: Mapping[str, list[Text]]) -> list[Sources]:
    """The same rows in another order, cut into several deliveries, some of them sent twice."""
    deliveries: list[Sources] = [{} for _ in range(draw(st.integers(1, 3)))]
    for source, rows in sources.items():
        for row in draw(st.permutations(rows)):
            for _ in range(2 if rarely(draw) else 1):
                some(draw, deliveries).setdefault(source, []).append(row)
    return deliveries
