"""The enterprise registry of a city, and what it said on a given day.

Most enterprises have one code for good; a few hold two, were renamed, moved or were struck off.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pipelines.sample_city import calendar, codes
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plan import City, Plan, make_customs_code

REGISTERED: Final = date(2016, 3, 1)
SECOND_CODE_EVERY, RENAMED_EVERY, DEREGISTERED_EVERY, MOVED_EVERY = 37, 53, 89, 71


@dataclass(frozen=True)
class Facts:
    """What the registry said of an enterprise on a day."""

    name: str
    district: str
    in_city: bool
    deregistered: bool


def registry_rows(city: City, plan: Plan) -> list[Row]:
    """All rows of `enterprises` for the enterprises of a plan."""
    rows: list[Row] = []
    for firm in range(city.enterprises):
        rows += _rows_of(plan, firm)
    return rows


def facts(plan: Plan, firm: int, on: date) -> Facts:
    """The newest rows known on a day decide; the same rows as `registry_rows`."""
    known = [r for r in _rows_of(plan, firm) if (r["updated_at"] or "") < _end_of(on)]
    current = {r["customs_code"]: r for r in sorted(known, key=lambda r: r["updated_at"] or "")}
    newest = min(
        (r for r in current.values()),
        key=lambda r: (_descending(r["updated_at"] or ""), r["customs_code"] or ""),
    )
    gone = [r["deregistered_on"] for r in current.values()]
    return Facts(
        name=newest["name"] or "",
        district=_full_name(newest["district"] or ""),
        in_city=(newest["city"] or "").startswith("4403"),
        deregistered=all(g is not None and g <= on.isoformat() for g in gone),
    )


def _rows_of(plan: Plan, firm: int) -> list[Row]:
    registered = REGISTERED + timedelta(days=firm * 37 % 1500)
    district = codes.DISTRICTS[int(plan.district[firm])]
    away = int(plan.elsewhere[firm])
    base: Row = {
        "uscc": plan.uscc[firm],
        "customs_code": plan.customs_code[firm],
        "name": plan.name[firm],
        "city": codes.ELSEWHERE[away - 1] if away else district.city,
        "district": None if away else _as_written(firm, district.name),
        "registered_on": registered.isoformat(),
        "deregistered_on": None,
        "updated_at": calendar.stamp(registered + timedelta(days=1)),
    }
    rows = [base]
    if firm % SECOND_CODE_EVERY == 5:
        second = make_customs_code(firm, zone="96")
        later = calendar.stamp(registered + timedelta(days=200))
        rows.append(base | {"customs_code": second, "updated_at": later})
    if firm % RENAMED_EVERY == 11:
        name = plan.name[firm].replace("样城", "样城新")
        rows.append(base | {"name": name, "updated_at": calendar.stamp(_spread_day(firm))})
    if firm % MOVED_EVERY == 20 and not away:
        to = codes.DISTRICTS[(int(plan.district[firm]) + 3) % len(codes.DISTRICTS)]
        moved = {"city": to.city, "district": to.name}
        rows.append(rows[-1] | moved | {"updated_at": calendar.stamp(_spread_day(firm + 7), 21)})
    if firm % DEREGISTERED_EVERY == 40:
        gone = _spread_day(firm + 400)
        rows.append(
            rows[-1]
            | {
                "deregistered_on": gone.isoformat(),
                "updated_at": calendar.stamp(gone + timedelta(days=3), 22),
            }
        )
    return rows


def _spread_day(firm: int) -> date:
    return date(2021, 2, 1) + timedelta(days=firm * 101 % 1500)


def _as_written(firm: int, district: str) -> str:
    return codes.DISTRICT_ALIASES.get(district, district) if firm % 3 == 0 else district


def _full_name(district: str) -> str:
    names = {alias: name for name, alias in codes.DISTRICT_ALIASES.items()}
    return names.get(district, district)


def _end_of(on: date) -> str:
    return calendar.moment(calendar.shanghai_end(on))


def _descending(text: str) -> tuple[int, ...]:
    return tuple(-ord(c) for c in text)
