"""The front door: write a whole sample city to a folder.

The same parameters always give the same bytes. What is in the files is decided by the other
modules of this package; loading them into a database is `database`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final

from pipelines.sample_city import calendar, insurance, oecd, rates, registry, risk, rosters
from pipelines.sample_city.customs import SOURCE, Layout, Progress, write_customs
from pipelines.sample_city.database import write_city_database
from pipelines.sample_city.layout import SOURCES, Row
from pipelines.sample_city.plan import City, make_plan
from pipelines.sample_city.plant_files import refused_files
from pipelines.sample_city.planted import plant_all
from pipelines.sample_city.plants import Plants
from pipelines.sample_city.writers import Header, Kind, SourceFile, write_text

__all__ = ["City", "write_city", "write_city_database"]

NOTE: Final = "A sample city: every enterprise, amount, rate and rating in it is invented."
FORMS: Final[dict[str, tuple[tuple[Kind, Header], ...]]] = {
    "enterprises": (("csv-gb18030", "zh"), ("csv-utf-8-bom", "en")),
    "published_rosters": (("xlsx", "en"), ("csv-utf-8-bom", "en")),
    "roster_objections": (("csv-utf-8-bom", "en"),),
    "policies": (("csv-utf-8-bom", "zh"), ("parquet", "en"), ("csv-gb18030", "zh")),
    "claims": (("csv-utf-8", "zh"), ("csv-utf-8", "en")),
    "service_usage": (("csv-utf-8", "en"),),
    "country_risk": (("csv-utf-8", "en"),),
    "risk_bulletins": (("csv-gb18030", "en"), ("csv-utf-8", "en")),
    "exchange_rates": (("csv-utf-8", "en"),),
}


def write_city(
    city: City, folder: Path, *, layout: Layout = "mixed", progress: Progress | None = None
) -> Path:
    """Write every source of a city below a folder, and `planted.json` and `city.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    plan = make_plan(city)
    plants = plant_all(city.plants) if city.plant else Plants()
    known, written = write_customs(city, plan, folder, layout, plants.customs_files(), progress)
    written += _write_workbook(folder, plants.workbook, layout)
    if city.refused:
        refused, cases = refused_files(folder)
        written += refused
        plants.cases += cases
    eligible = rosters.eligible_by_year(plan, known)
    policies = insurance.make_insurance(city, plan, eligible, known)
    last_year = city.last_year
    rows: dict[str, list[Row]] = {
        "enterprises": registry.registry_rows(city, plan),
        "published_rosters": rosters.published_rows(eligible, plants.listed),
        "roster_objections": [],
        "policies": policies.policies,
        "claims": policies.claims,
        "service_usage": policies.service_usage,
        "country_risk": _ratings(city, last_year),
        "risk_bulletins": risk.risk_bulletins(city.first_year, last_year),
        "exchange_rates": rates.exchange_rates(
            calendar.month(city.first_year - 1, 11), calendar.month(last_year, 12)
        ),
    }
    for done, (source, made) in enumerate(rows.items(), start=1):
        written += _write_source(folder, source, made + plants.rows.get(source, []), layout)
        if progress is not None:
            progress("reference sources", done, len(rows))
    write_text(folder / "planted.json", _json([case.as_json() for case in plants.cases]))
    _replace_index(city, folder, layout, written)
    return folder


def _ratings(city: City, last_year: int) -> list[Row]:
    invented = risk.country_risk(city.first_year, last_year)
    if not city.oecd_history:
        return invented
    return [row for row in invented if row["scheme"] != oecd.SCHEME] + oecd.oecd_history()


def _write_source(folder: Path, source: str, rows: Sequence[Row], layout: Layout) -> list[Path]:
    """One file a year of arrival, in turn in each form that the source comes in."""
    (folder / source).mkdir(exist_ok=True)
    ordered = sorted(rows, key=lambda row: (row["updated_at"] or "")[:4])
    written = []
    years = groupby(ordered, key=lambda row: (row["updated_at"] or "")[:4])
    for at, (year, of_year) in enumerate(years):
        kind, header = FORMS[source][at % len(FORMS[source])]
        if layout == "parquet":
            kind, header = "parquet", "en"
        with SourceFile(folder, source, year, kind, header, control=at % 2 == 0) as file:
            file.write_rows(list(of_year))
        written.append(file.path)
    return written


def _write_workbook(folder: Path, rows: Sequence[Row], layout: Layout) -> list[Path]:
    """Declarations whose commodity codes are numbers, in a spreadsheet."""
    if not rows:
        return []
    kind: Kind = "parquet" if layout == "parquet" else "xlsx"
    with SourceFile(folder, SOURCE, "2024-03-workbook", kind, numbers=("hs_code",)) as file:
        file.write_rows(rows)
    return [file.path]


def _replace_index(city: City, folder: Path, layout: Layout, written: list[Path]) -> None:
    """Write `city.json`, and remove what an earlier city left in the same folder."""
    index = folder / "city.json"
    names = sorted(path.relative_to(folder).as_posix() for path in written)
    controls = [f"{name}.control.json" for name in names]
    names += [name for name in controls if (folder / name).exists()]
    before = json.loads(index.read_text("utf-8"))["files"] if index.exists() else []
    for name in set(before) - set(names):
        if name.partition("/")[0] in SOURCES:
            (folder / name).unlink(missing_ok=True)
    text = {"note": NOTE, **city.parameters(), "layout": layout, "files": sorted(names)}
    write_text(index, _json(text))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
