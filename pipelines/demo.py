"""The demo: a sample city lived through in three moments, from pull to release.

The list of 2025 is published in May, confirmed after its notice period, and everything is made once
more in the following January; the earlier years come in as imported lists.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
from rich.cells import set_cell_size
from rich.console import Console

from assets.push.package import package_name
from assets.push.showing import folder_of
from assets.storage.lake import Lake
from assets.supply.report.due import home
from assets.versions import current
from pipelines.cli import act
from pipelines.rebuild import nightly, run_act, state_of
from pipelines.sample_city.city import City, write_city
from pipelines.settings import CITY, Settings
from pipelines.telling import bars, latest_folder, progress
from pipelines.terminal import show
from schemas.catalogue import TABLES
from schemas.eligibility import OBJECTIONS, ROSTER, ROSTER_DRIFT
from schemas.terms.loader import all_terms

PUBLISHED_AT = "2025-05-15T09:00:00+08:00"
CONFIRMED_AT = "2025-05-26T09:00:00+08:00"
TODAY = "2026-01-15T08:00:00+08:00"
YEAR = 2025
PUSH_MONTH = "2026-01"
UNTIL_DECISIONS = ("references", "declared_months", "export_years", "policy_years")


def run_demo(out: Console, enterprises: int, seed: int, declarations: int, folder: Path) -> None:
    """Make the city, live its three moments, and show what came of it."""
    started = time.monotonic()
    sources, lake = folder / "sources", folder / "lake"
    with step(out, f"A sample city of {enterprises:,} enterprises"), bars() as report:
        write_city(
            City(enterprises, seed, declarations_per_enterprise=declarations),
            sources,
            progress=lambda what, done, of: report(what, "", done, of),
        )
    first, second, today = (
        Settings(sources=sources, lake=lake, now=moment)  # type: ignore[call-arg, arg-type]
        for moment in (PUBLISHED_AT, CONFIRMED_AT, TODAY)
    )
    if not state_of(first).register.of(YEAR):
        with step(out, "15 May 2025: pull, decide, publish the list (公示)"):
            bring_up(out, first, jobs=UNTIL_DECISIONS, publish=False)
            act("roster_publish", "publish_edition", first, policy_year=YEAR, by="commerce-bureau",
                edition=1, acknowledge_rejects=True)  # fmt: skip
        with step(out, "26 May 2025: rule on objections, confirm (确认)"):
            bring_up(out, second, jobs=UNTIL_DECISIONS, publish=False)
            rule(second)
            act("roster_confirm", "confirm_edition", second, policy_year=YEAR, by="commerce-bureau",
                edition=1, acknowledge_rejects=False)  # fmt: skip
    with step(out, "15 January 2026: a night, from pull to release"):
        bring_up(out, today, report=True)
    with step(out, f"The push of {PUSH_MONTH}: sent to the portal, a page an enterprise (推送)"):
        hand_over(today)
    summary(out, today)
    out.print(f"\nDone in {time.monotonic() - started:,.0f} s.")


def bring_up(out: Console, given: Settings, **what: object) -> None:
    """A nightly with a progress bar, and what it did."""
    with progress():
        outcome = nightly(given, **what)  # type: ignore[arg-type]
    out.print(f"  {outcome.sentence()}", soft_wrap=True)


def hand_over(given: Settings) -> None:
    """Send the newest month and write its pages and digest."""
    with progress():
        run_act(given, "push_send", "send_packages", {"push_month": PUSH_MONTH}, touches=())
        run_act(given, "push_pages", "write_pages", {"push_month": PUSH_MONTH, "usccs": []}, touches=())


def rule(given: Settings) -> None:
    """Reject every objection: what the sample's objectors claim, its data does not bear out."""
    objections = current(Lake(given.lake).scan(OBJECTIONS.ledger), OBJECTIONS)
    for number in objections.filter(pl.col("policy_year") == YEAR).collect()["objection_no"]:
        act("roster_decide", "decide_objection", given, policy_year=YEAR, by="commerce-bureau",
            objection_no=number, ruling="rejected", decision="")  # fmt: skip


@contextmanager
def step(out: Console, title: str) -> Iterator[None]:
    """Say what is done, and how long it took."""
    started = time.monotonic()
    out.print(f"[bold]{title}[/bold]")
    yield
    out.print(f"  [dim]{time.monotonic() - started:,.1f} s[/dim]")


def summary(out: Console, given: Settings) -> None:
    """What was made, year by year, where each result is, and what to look at next."""
    lake = Lake(given.lake)
    years = [(terms, _year(lake, terms.policy_year)) for terms in all_terms()]
    names = {"": list(years[0][1])}
    figures = {f"{t.policy_year}{' 样例' if t.sample else ''}": list(of.values()) for t, of in years}
    out.print()
    show(out, "保单年度 · policy years (样例: sample terms)", pl.DataFrame(names | figures))
    places = {
        "名单 roster": f"roster/policy_year={YEAR}.parquet",
        "核对 reconciliation": f"policy_reconciliation/policy_year={YEAR}.parquet",
        "赔案 claims": f"claim_audit/policy_year={YEAR}.parquet",
        "推送 push list": f"push_list/push_month={PUSH_MONTH}.parquet",
        "统计 statistics": f"annual_statistics/policy_year={YEAR}.parquet",
        "拒收 refused rows": "rejected_rows.parquet",
        "索引 index": "index.json",
    }
    out.print("\n[bold]Where each result is[/bold]")
    out.print(f"{latest_folder(given.lake)}/", soft_wrap=True)
    for name, place in places.items():
        out.print(f"  {set_cell_size(name, 20)} {place}", soft_wrap=True)
    out.print(f"报表库 reporting database\n  {given.reporting}", soft_wrap=True)
    out.print("推送数据包 push package, and its pages to open")
    out.print(f"  {given.push_to}/{package_name(PUSH_MONTH, 0)}/", soft_wrap=True)
    out.print(f"  {folder_of(given.lake, PUSH_MONTH) / 'digest.html'}", soft_wrap=True)
    out.print("年度报告 report, pages to open")
    for terms in all_terms():
        out.print(f"  {home(given.lake, terms.policy_year) / 'index.html'}", soft_wrap=True)
    out.print("\n[bold]Next[/bold]")
    if lake.root.resolve() != CITY / "lake":
        out.print(f"  export TONGBAO_SOURCES={given.sources} TONGBAO_LAKE={given.lake}", soft_wrap=True)
    for words, about in _next(lake).items():
        out.print(f"  {words}\n    [dim]{about}[/dim]", soft_wrap=True)


def _next(lake: Lake) -> dict[str, str]:
    """What to type next → what for; the enterprise is one whose line on the list has drifted."""
    drifted = lake.scan(ROSTER_DRIFT, [str(YEAR)]).select("uscc").collect()["uscc"]
    listed = lake.scan(ROSTER, [str(YEAR)]).select("uscc").collect()["uscc"]
    uscc = next(iter([*drifted, *listed]), "USCC")
    return {
        f"./run tongbao roster explain --policy-year {YEAR} {uscc}": "why one enterprise is (not) listed",
        "./run tongbao rejects": "what was refused, and why",
        f"./run tongbao statistics --policy-year {YEAR}": "the year in figures",
        "./run dagster dev": "the same as assets, in a browser",
    }


def _year(lake: Lake, policy_year: int) -> dict[str, str]:
    def rows(table: str, **where: str) -> str:
        frame = lake.scan(TABLES[table], [str(policy_year)])
        for column, value in where.items():
            frame = frame.filter(pl.col(column) == value)
        return f"{frame.select(pl.len()).collect().item():,}"

    claims = lake.scan(TABLES["claim_audit"], [str(policy_year)])
    due, paid = claims.select(pl.col("expected_indemnity_usd", "paid_usd").sum()).collect().row(0)
    return {
        "名单 listed": rows("take_up"),
        "已领取 taken up": rows("take_up", status="taken_up"),
        "逾期领取 taken up late": rows("take_up", status="taken_up_late"),
        "保单 policies": rows("policy_reconciliation"),
        "  相符 matched": rows("policy_reconciliation", status="matched"),
        "  不符 discrepant": rows("policy_reconciliation", status="discrepant"),
        "  不在名单 not on roster": rows("policy_reconciliation", status="not_on_roster"),
        "  重复 duplicate": rows("policy_reconciliation", status="duplicate"),
        "  未识别 unidentified": rows("policy_reconciliation", status="unidentified"),
        "  已退保 cancelled": rows("policy_reconciliation", status="cancelled"),
        "赔案 claims": rows("claim_audit"),
        "  应赔 due, USD": f"{due or 0:,}",
        "  已赔 paid, USD": f"{paid or 0:,}",
        "名单漂移 drift": rows("roster_drift"),
    }
