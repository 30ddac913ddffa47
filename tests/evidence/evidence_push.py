"""The push at size: a month of 50,000 insured, every pair of dates of the OECD's history, a year backfilled
against single runs, and many more attacks on its market figures than the quick tests try."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import polars as pl

from assets.push.deliver import send
from assets.push.package import Package
from assets.push.push_list import Known, push_of
from assets.storage.lake import Lake
from assets.versions import current
from pipelines.resources import SettingsHouse
from pipelines.sample_city.city import City, write_city
from schemas.calendar import first_day, months, shift
from schemas.catalogue import TABLES
from schemas.push import COUNTRY_RISK, RISK_BULLETINS
from schemas.terms.loader import load_terms
from tests.evidence.conftest import Record
from tests.integration.running import TO_POLICIES, run_night, settings_of
from tests.unit import test_push_attacks as attacks
from tests.unit import test_push_oecd as oecd

YEAR = tuple(months("2024-07", "2025-06"))
FIRMS = 50_000


def test_every_pair_of_dates_of_the_oecd_history(record: Record) -> None:
    pairs = list(itertools.combinations(oecd.days(), 2))
    told = dict.fromkeys(sorted(oecd.MOVED), 0)
    for earlier, later in pairs:
        found = oecd.by_change(oecd.between(earlier, later))
        before, now = (oecd.classes_before(day + timedelta(days=1)) for day in (earlier, later))
        assert found == oecd.expected(before, now), (earlier, later)
        for change, countries in found.items():
            told[change] += len(countries)
    record(
        "push-oecd-dates",
        "Every pair of dates of the OECD's classification 1999-2022: the countries told up or down are "
        "exactly those whose class changed; not one of the unclassified is up, down or unchanged.",
        {"pairs of dates": len(pairs), **{f"countries told {name}": count for name, count in told.items()},
         "pairs that differ from the table": 0},
    )  # fmt: skip


def test_a_city_lives_through_the_oecd_history(record: Record, tmp_path: Path) -> None:
    """A sample city with the history as its country_risk, pushed in every month of 1999-2022.

    The city's exports and policies are moved back in time as they are; the ratings keep their dates.
    """
    city = City(300, 3, declarations_per_enterprise=10, plant=False, oecd_history=True)
    write_city(city, tmp_path / "sources")
    run_night(tmp_path, jobs=TO_POLICIES)
    lake, terms = Lake(tmp_path / "lake"), load_terms(2025)
    exports = lake.scan(TABLES["export_cube"]).collect()
    insured = lake.scan(TABLES["policy_reconciliation"], ["2025"]).drop_nulls("uscc").collect()
    ratings = current(lake.scan(COUNTRY_RISK.ledger), COUNTRY_RISK).collect().filter(scheme="oecd")
    assert ratings.height == 628
    bulletins = RISK_BULLETINS.empty().lazy()
    items = changed = 0
    for month in oecd.MONTHS:
        back = (int(month[:4]) - 2025) * 12 + int(month[5:]) - 8
        moved = {at: shift(at, back) for at in exports["stat_month"].unique()}
        sold = exports.with_columns(pl.col("stat_month").replace_strict(moved)).lazy()
        cover = insured.with_columns(pl.col("^expected_cover_.*$").dt.offset_by(f"{back}mo")).lazy()
        known = Known(sold, ratings.lazy(), bulletins)
        rated = push_of(month, cover, known, known, terms).items.filter(pl.col("item") == "oecd")
        before, now = (oecd.classes_before(first_day(at)) for at in (shift(month, -1), month))
        everything = oecd.expected(before, now)
        for change, countries in oecd.by_change(rated).items():
            if change != "no_data":
                assert countries <= everything[change], (month, change)
            else:
                assert countries.isdisjoint(now), month
        reached = set(rated["trading_country"])
        told = set(rated.filter(pl.col("change").is_in(["up", "down"]))["trading_country"])
        assert told == reached & (everything["up"] | everything["down"]), month
        items, changed = items + rated.height, changed + len(told)
    record(
        "push-oecd-city",
        "A sample city of 300 with the OECD's history as its country_risk, pushed in every month from March "
        "1999 to April 2022.",
        {"months": len(oecd.MONTHS), "insured enterprises": insured["uscc"].n_unique(),
         "rating items": items, "changed countries told": changed, "told and not changed, or the reverse": 0},
    )  # fmt: skip


def test_a_year_backfilled_and_in_single_runs(record: Record, tmp_path: Path) -> None:
    write_city(City(150, 5, declarations_per_enterprise=10), tmp_path / "sources")
    run_night(tmp_path, jobs=TO_POLICIES)
    homes = [tmp_path / name for name in ("backfilled", "single")]
    for home in homes:
        home.mkdir()
        subprocess.run(["cp", "-a", str(tmp_path / "lake"), str(home / "lake")], check=True)
        (home / "sources").symlink_to(tmp_path / "sources")
    run_night(homes[0], jobs=["push_months"], keys=YEAR)
    for month in random.Random(1).sample(YEAR, len(YEAR)):
        run_night(homes[1], jobs=["push_months"], keys=[month])
    sent = [[one for month in YEAR for one in _send(home, month)] for home in homes]
    files = rows = size = 0
    for ours, theirs in zip(*sent, strict=True):
        assert ours.name == theirs.name
        for file in ours.files:
            content = (ours.folder / file).read_bytes()
            assert content == (theirs.folder / file).read_bytes(), (ours.name, file)
            files, size = files + 1, size + len(content)
        rows += ours.manifest["counts"]["items"]
    record(
        "push-backfill",
        "A year backfilled in one run against twelve single runs in another order, packages byte for byte.",
        {"packages": len(sent[0]), "files": files, "items": rows, "bytes": size, "files that differ": 0},
    )


def _send(home: Path, month: str) -> list[Package]:
    return [one.package for one in send(SettingsHouse(settings_of(home)), month)]


def test_many_attacks(record: Record) -> None:
    markets = attacks.some_markets(99, 6_000)
    figures = attacks.told(markets)
    sums, silent = (attacks.with_sums_known(markets, is_told=told) for told in (True, False))
    few = {name: market for name, market in markets.items() if len(market) <= 9}
    months_apart = attacks.with_what_is_told(few)
    assert (sums.worked, months_apart.worked) == (0, 0)
    record(
        "push-attacks",
        "Attempts to work out an exporter's amount to within a tenth, in random markets of 4 to 14.",
        {"markets": len(markets), "markets told": sum(bool(seen) for seen in figures.values()),
         "attempts, the exact sums known": sums.tried, "that worked": sums.worked,
         "attempts with two months' figures": months_apart.tried, "that worked too": months_apart.worked,
         "the first attack where nothing is told: attempts": silent.tried, "of which worked": silent.worked},
    )  # fmt: skip


def test_a_month_of_50_000_insured(record: Record, tmp_path: Path) -> None:
    """In a process of its own, so that the memory is its own."""
    script = Path(__file__).with_name("push_at_size.py")
    done = subprocess.run(
        [sys.executable, str(script), str(FIRMS), str(tmp_path)], check=True, capture_output=True, text=True
    )
    figures = dict(line.split("\t") for line in done.stdout.splitlines())
    record("push-month", f"A month's push of {FIRMS:,} insured enterprises and its package.", figures)
