"""The words an operator types. Each starts the same jobs that Dagster shows and prints what came of it.

Exit status: 0 done, rejects and findings included; 1 a blocking check or a guard said no; 2 wrong
usage. Heavy modules are imported inside the commands that use them, so a night with nothing new
and `--help` cost nothing.
"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from assets.eligibility.register import ActRefused, RegisterBroken
from assets.flow import SOURCE_NAMES, Calendar
from assets.storage.deliveries import Deliveries
from assets.storage.drop_folder import SourcesUnreachable
from assets.storage.manifest import LakeBusy, NotMade, write_bytes
from pipelines.rebuild import NoSources, Outcome, RunFailed, state_of
from pipelines.rebuild import nightly as run_nightly
from pipelines.settings import CITY, Settings
from pipelines.telling import bars, progress, tell_act, tell_outcome, tell_plan
from pipelines.words import (
    WrongUsage,
    credit_code,
    day,
    moment,
    one_of,
    policy_years,
    push_month,
    settings,
    usd,
    years,
)
from schemas.terms.loader import UnregisteredYear, load_terms

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    help="统保 Tongbao: from customs export data to the roster of a free export-credit policy.\n\n"
    "Example: [bold]tongbao demo[/bold] makes a sample city and runs everything on it.\n\n"
    "Exit status: 0 done, 1 a check or a guard said no, 2 wrong usage.",
)
roster_app = typer.Typer(
    no_args_is_help=True,
    help="The roster's life: import, publish, object, decide, confirm; and why.\n\n"
    "Example: tongbao roster explain --policy-year 2025 91440300TB0000001F",
)
policies_app = typer.Typer(
    no_args_is_help=True,
    help="Policies that somebody must look at.\n\nExample: tongbao policies review --policy-year 2025",
)
push_app = typer.Typer(
    invoke_without_command=True,
    help="The monthly push: make it, send it, see what became of it.\n\n"
    "Example: tongbao push --month 2025-08",
)
app.add_typer(roster_app, name="roster")
app.add_typer(push_app, name="push")
app.add_typer(policies_app, name="policies")
out = Console(highlight=False)

Year = Annotated[int, typer.Option("--policy-year", help="The policy year, e.g. 2025.")]
By = Annotated[str, typer.Option(help="The role that acts, never a person, e.g. commerce-bureau.")]


def run(given: Settings, **what: object) -> Outcome:
    """Bring up to date with a progress bar, where there is anything to do."""
    return run_nightly(given, progress=progress, **what)  # type: ignore[arg-type]


def finish(given: Settings, outcome: Outcome) -> None:
    """Say what was done; a refused file is a guard's no."""
    tell_outcome(out, given, outcome)
    if outcome.refused:
        raise typer.Exit(1)


@app.command()
def nightly(
    dry_run: Annotated[bool, typer.Option(help="Only say what would be rebuilt.")] = False,
) -> None:
    """Pull what is new, rebuild only what that touches, reconcile, release.

    Example: tongbao nightly
    """
    if dry_run:
        show_plan()
    else:
        given = settings()
        finish(given, run(given, report=True))


@app.command("plan")
def show_plan() -> None:
    """What would be rebuilt and why, before anything is written.

    Example: tongbao plan
    """
    tell_plan(out, settings())


@app.command()
def backfill(
    policy_year: Annotated[str, typer.Option(help="A year or a range, e.g. 2022..2025.")],
    as_of: Annotated[
        str | None, typer.Option(help="As it was known then, e.g. 2025-05-01; a place of its own.")
    ] = None,
) -> None:
    """Prior years, with progress, resumable, in this process.

    With --as-of nothing here is touched: in a place of its own everything is made again from what had
    been received by then (in a time before the first delivery: from what the sources knew by then),
    and every edition published by then is rebuilt and compared with the register, byte by byte.

    Example: tongbao backfill --policy-year 2022..2025
    """
    years = policy_years(policy_year)
    given = settings()
    if as_of:
        rebuild_as_of(given, moment(as_of), years)
    else:
        finish(given, run(given, keys=keys_of(years), report=True))


def rebuild_as_of(given: Settings, instant: datetime, years: list[int]) -> None:
    """Rebuild as known then, with every edition of it; an edition that differs is a guard's no."""
    from pipelines.as_of import known_then, rebuild_editions

    then = known_then(given, instant)
    out.print(f"As known at {then.present:%Y-%m-%d %H:%M:%S} UTC, in {then.lake}", soft_wrap=True)
    finish(then, run(then, keys=keys_of(years), publish=False))
    differ = False
    for made in rebuild_editions(given, then, years):
        differ |= bool(made.differing)
        out.print(f"[red]{made.sentence()}[/red]" if made.differing else made.sentence(), soft_wrap=True)
    if differ:
        raise typer.Exit(1)


def keys_of(policy_years: list[int]) -> set[str]:
    """The keys of every kind that these policy years are made of."""
    calendar = Calendar.registered()
    cover = {month for year in policy_years for month in calendar.cover_months(str(year))}
    last_export_year = max(calendar.terms[year].export_year for year in policy_years)
    months = {m for m in calendar.months if m <= max(cover) or int(m[:4]) <= last_export_year}
    return months | {m[:4] for m in months} | {str(year) for year in policy_years} | {"all"}


@app.command()
def sample(
    out_folder: Annotated[Path, typer.Option("--out", help="Where to write it.")] = CITY / "sources",
    enterprises: Annotated[int, typer.Option(min=1)] = 2000,
    seed: Annotated[int, typer.Option()] = 1,
    export_years: Annotated[
        str, typer.Option("--years", help="Export years, e.g. 2021..2025.")
    ] = "2021..2025",
    declarations: Annotated[int, typer.Option(help="Mean declarations a trader-year.")] = 126,
    database: Annotated[str | None, typer.Option(help="Also load it into this database.")] = None,
    parquet: Annotated[bool, typer.Option(help="Only Parquet, for volume.")] = False,
    refused: Annotated[bool, typer.Option(help="Also files that a night refuses whole.")] = False,
    oecd_history: Annotated[bool, typer.Option(help="The OECD's real ratings of 1999-2022.")] = False,
    plants: Annotated[
        int, typer.Option(min=1, help="How often each status, code and finding is planted.")
    ] = 1,
) -> None:
    """Write a sample city of a given size and seed.

    Example: tongbao sample --enterprises 200 --seed 7 --out /tmp/city
    """
    from pipelines.sample_city.city import City, write_city
    from pipelines.sample_city.database import write_city_database

    span = years(export_years, "--years")
    city = City(
        enterprises, seed, span[0], span[-1], declarations,
        refused=refused, oecd_history=oecd_history, plants=plants,
    )  # fmt: skip
    with bars() as report:
        write_city(
            city, out_folder, layout="parquet" if parquet else "mixed",
            progress=lambda what, done, of: report(what, "", done, of),
        )  # fmt: skip
    if database:
        write_city_database(out_folder, database)
    out.print(f"A sample city of {enterprises:,} enterprises is in {out_folder}")


@app.command()
def demo(
    enterprises: Annotated[int, typer.Option(min=1)] = 2000,
    seed: Annotated[int, typer.Option()] = 1,
    declarations: Annotated[int, typer.Option(help="Mean declarations a trader-year.")] = 126,
    folder: Annotated[Path, typer.Option(help="Where everything goes.")] = CITY,
) -> None:
    """Make the sample city and run everything on it, from pull to report.

    Example: tongbao demo --enterprises 200
    """
    from pipelines.demo import run_demo

    run_demo(out, enterprises, seed, declarations, folder)


@roster_app.command("import")
def import_(
    policy_year: Year,
    edition: Annotated[int, typer.Option(min=1, help="The edition that published_rosters has.")] = 1,
    acknowledge_rejects: Annotated[bool, typer.Option(help="Missing lines were looked at.")] = False,
    by: By = "commerce-bureau",
) -> None:
    """Take a list published before this system ran into the register; from then on it never changes.

    Example: tongbao roster import --policy-year 2024 --edition 1
    """
    act("roster_import", "register_import", policy_year=policy_year, by=by, edition=edition,
        acknowledge_rejects=acknowledge_rejects)  # fmt: skip


@roster_app.command()
def publish(
    policy_year: Year,
    edition: Annotated[int, typer.Option(min=0, help="Its number; 0 is the next.")] = 0,
    acknowledge_rejects: Annotated[bool, typer.Option(help="Refused lines were looked at.")] = False,
    by: By = "commerce-bureau",
) -> None:
    """Publish today's decisions as the next edition, for objection.

    Example: tongbao roster publish --policy-year 2025 --acknowledge-rejects
    """
    act("roster_publish", "publish_edition", policy_year=policy_year, by=by, edition=edition,
        acknowledge_rejects=acknowledge_rejects)  # fmt: skip


@roster_app.command()
def notice(
    policy_year: Year,
    edition: Annotated[int, typer.Option(min=1, help="An edition that was published here.")] = 1,
    out_folder: Annotated[Path | None, typer.Option("--out", help="Copy the files there.")] = None,
    by: By = "commerce-bureau",
) -> None:
    """The public notice of an edition: XLSX, CSV, PDF and a page to search. Publishing makes it.

    Example: tongbao roster notice --policy-year 2025 --edition 1 --out /tmp/notice
    """
    import shutil

    from assets.eligibility.notice.act import notice_files

    given = settings()
    load_terms(policy_year)
    if not any(a.edition == edition for a in state_of(given).register.of(policy_year, "notice")):
        act("roster_notice", "make_notice", policy_year=policy_year, by=by, edition=edition)
    for name, (path, sha256) in notice_files(state_of(given).register, policy_year).items():
        if f"/edition={edition}/" in name:
            if out_folder:
                out_folder.mkdir(parents=True, exist_ok=True)
                path = Path(shutil.copyfile(path, out_folder / Path(name).name))
            out.print(f"  {sha256[:12]}  {path}", soft_wrap=True)


@roster_app.command("object")
def object_(
    policy_year: Year,
    objection_no: Annotated[str, typer.Option()],
    uscc: Annotated[str, typer.Option()],
    claim: Annotated[str, typer.Option(help="should_be_listed, should_not_be_listed or details_wrong")],
    grounds: Annotated[str, typer.Option()] = "",
    by: By = "commerce-bureau",
) -> None:
    """Enter an objection that did not come through the source.

    Example: tongbao roster object --policy-year 2025 --objection-no P-1 \\
    --uscc 91440300TB0000001F --claim should_be_listed
    """
    act("roster_object", "submit_objection", policy_year=policy_year, by=by, objection_no=objection_no,
        uscc=uscc, claim=claim, grounds=grounds)  # fmt: skip


@roster_app.command()
def decide(
    policy_year: Year,
    objection_no: Annotated[str, typer.Option()],
    ruling: Annotated[str, typer.Option(help="upheld or rejected")],
    decision: Annotated[str, typer.Option(help="The decision that holds instead.")] = "",
    by: By = "commerce-bureau",
) -> None:
    """Rule on an objection; the next edition carries an upheld one.

    Example: tongbao roster decide --policy-year 2025 --objection-no P-1 --ruling upheld
    """
    act("roster_decide", "decide_objection", policy_year=policy_year, by=by, objection_no=objection_no,
        ruling=ruling, decision=decision)  # fmt: skip


@roster_app.command()
def confirm(
    policy_year: Year,
    edition: Annotated[int, typer.Option(min=0, help="Its number; 0 is the one that is open.")] = 0,
    acknowledge_rejects: Annotated[bool, typer.Option(help="Later refused lines were looked at.")] = False,
    by: By = "commerce-bureau",
) -> None:
    """Confirm a published edition once its notice period is over and nothing stands against it.

    Example: tongbao roster confirm --policy-year 2025 --edition 1
    """
    act("roster_confirm", "confirm_edition", policy_year=policy_year, by=by, edition=edition,
        acknowledge_rejects=acknowledge_rejects)  # fmt: skip


def act(job: str, op: str, given: Settings | None = None, **config: object) -> None:
    """Run one of the roster's acts as its Dagster job, then bring up to date what it touches."""
    from pipelines.rebuild import run_act

    given = given or settings()
    load_terms(int(str(config["policy_year"])))
    before = len(state_of(given).register.acts)
    run_act(given, job, op, config)
    for done in state_of(given).register.acts[before:]:
        tell_act(out, done)


@roster_app.command()
def explain(
    policy_year: Year,
    uscc: Annotated[str, typer.Argument(help="Unified social credit code.")],
    lines: Annotated[int, typer.Option(help="How many lines to show.")] = 40,
    json_: Annotated[bool, typer.Option("--json", help="Print it as JSON, with every line.")] = False,
    pdf: Annotated[Path | None, typer.Option(help="Write it as a page that an answer can cite.")] = None,
) -> None:
    """The decision on one enterprise, down to lines, rates and clause: listed, not listed or unknown.

    Example: tongbao roster explain --policy-year 2025 91440300TB0000001F --pdf /tmp/answer.pdf
    """
    from assets.eligibility.answer import as_json, as_pdf
    from assets.eligibility.explain import explain as find
    from pipelines.reading_roster import show_explanation

    load_terms(policy_year)
    found = find(state_of(settings()), policy_year, credit_code(uscc))
    if json_:
        typer.echo(as_json(found), nl=False)
    elif not pdf:
        show_explanation(out, found, lines)
    if pdf:
        pdf.write_bytes(as_pdf(found))
        Console(stderr=True).print(f"Written to {pdf}", soft_wrap=True)


@roster_app.command()
def status(policy_year: Year) -> None:
    """Where a year's list stands: its editions, and its objections open, upheld or rejected.

    Example: tongbao roster status --policy-year 2025
    """
    from pipelines.reading_roster import show_status

    load_terms(policy_year)
    show_status(out, state_of(settings()), policy_year)


@roster_app.command()
def drift(
    policy_year: Year,
    limit: Annotated[int, typer.Option(help="How many enterprises to show.")] = 40,
) -> None:
    """What the confirmed list says against today's data: by cause, with amounts, and who crossed.

    Example: tongbao roster drift --policy-year 2025
    """
    from pipelines.reading_roster import show_drift

    load_terms(policy_year)
    show_drift(out, settings().lake, policy_year, limit)


@roster_app.command()
def diff(
    policy_year: Year,
    older: Annotated[str | None, typer.Argument(help="An edition's number.")] = None,
    newer: Annotated[str, typer.Argument(help="Another one, or draft for today's list.")] = "draft",
    limit: Annotated[int, typer.Option(help="How many lines to show.")] = 40,
) -> None:
    """What one edition changed of another, with the reason of each line; without two, of each one before.

    Example: tongbao roster diff --policy-year 2024 1 2
    """
    from assets.eligibility.draft import diff as find
    from pipelines.reading_roster import show_changes, show_diff

    load_terms(policy_year)
    if older is None:
        show_changes(out, settings().lake, policy_year, limit)
    else:
        show_diff(out, find(state_of(settings()), policy_year, older, newer), limit)


@app.command()
def deliveries(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    file: Annotated[str | None, typer.Option(help="Only those with this in their name.")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only files refused whole.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Everything on each of them.")] = False,
    limit: Annotated[int, typer.Option(help="How many to show.")] = 20,
) -> None:
    """What was received, the newest first: rows, rejected rows, encoding, and what was refused.

    Example: tongbao deliveries --source customs_declarations --refused
    """
    from pipelines.reading_deliveries import Wanted, show_deliveries, show_details

    if source is not None:
        one_of(source, SOURCE_NAMES, "source")
    found = Wanted(source, file, refused).of(Deliveries(settings().lake))
    (show_details if details else show_deliveries)(out, found, limit)


@app.command()
def rejects(
    source: Annotated[str | None, typer.Option(help="Only of this source.")] = None,
    reason: Annotated[
        str | None, typer.Option(help="Only with this reason: unknown:currency, or unknown for any field.")
    ] = None,
    file: Annotated[str | None, typer.Option(help="Only of files with this in their name.")] = None,
    enterprise: Annotated[str | None, typer.Option(help="Only of this credit code.")] = None,
    repaired: Annotated[bool, typer.Option("--repaired", help="Those repaired since, instead.")] = False,
    limit: Annotated[int, typer.Option(help="How many rows to show.")] = 20,
    export: Annotated[
        Path | None, typer.Option(help="Write them for correction: .xlsx, .csv or .parquet.")
    ] = None,
) -> None:
    """Open refused rows, with all their reasons; or the file in which they are corrected.

    Example: tongbao rejects --source customs_declarations --export /tmp/corrections.xlsx
    """
    from pipelines.rejects import Asked, export_rejects, find_rejects, show_rejects

    given, asked = settings(), Asked(source, reason, file, enterprise, repaired)
    rows = find_rejects(given.lake, asked)
    if export:
        export_rejects(out, given, rows, export)
    else:
        show_rejects(out, given.lake, rows, asked, limit)


@policies_app.command()
def review(
    policy_year: Year,
    limit: Annotated[int, typer.Option(help="How many policies to show.")] = 20,
) -> None:
    """Policies whose insured is not identified, with suggestions and the evidence for each.

    Example: tongbao policies review --policy-year 2025
    """
    from pipelines.reading_policies import show_review

    load_terms(policy_year)
    show_review(out, settings().lake, policy_year, limit)


@policies_app.command()
def accept(
    policy_no: Annotated[str, typer.Argument(help="The policy that nothing identifies.")],
    uscc: Annotated[str, typer.Argument(help="Unified social credit code of the enterprise it insures.")],
    by: Annotated[str, typer.Option(help="The role that acts, never a person, e.g. insurer-branch.")],
) -> None:
    """Record whom an unidentified policy insures; later runs hold to it.

    Example: tongbao policies accept SCHYZ20250000017 91440300TB0000001F --by insurer-branch
    """
    from pipelines.rebuild import run_act

    given = settings()
    config = {"policy_no": policy_no, "uscc": credit_code(uscc), "by": by}
    run_act(given, "policy_accept", "accept_identification", config)
    tell_act(out, state_of(given).register.acts[-1])


@policies_app.command()
def differences(
    policy_year: Annotated[int | None, typer.Option(help="Only of this year.")] = None,
    since: Annotated[
        str | None, typer.Option(help="Changes after this day, e.g. 2026-01-14; yesterday unless given.")
    ] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="Write the work list as XLSX.")] = None,
    limit: Annotated[int, typer.Option(help="How many changes to show.")] = 20,
) -> None:
    """What is open, how old it is, what is new and resolved; the insurer's work list as XLSX.

    Example: tongbao policies differences --policy-year 2025 --out work-list.xlsx
    """
    from pipelines.policy_lists import WorkList
    from pipelines.reading_policies import show_differences

    given = settings()
    state = state_of(given)
    years = [load_terms(policy_year).policy_year] if policy_year else sorted(state.calendar.terms)
    found = WorkList.read(given.lake, years, state.today, day(since, "--since") if since else None)
    show_differences(out, found, limit)
    if out_file:
        write_bytes(out_file, found.xlsx())
        out.print(f"\nThe work list is in {out_file}", soft_wrap=True)


@policies_app.command()
def reminders(
    policy_year: Year,
    folder: Annotated[Path, typer.Option("--out", help="Where to write the lists.")],
) -> None:
    """Who has not taken up before the deadline: a list a district and channel, CSV and XLSX.

    Example: tongbao policies reminders --policy-year 2025 --out reminders
    """
    from pipelines.policy_lists import reminders as waiting
    from pipelines.policy_lists import write_reminders

    given, terms = settings(), load_terms(policy_year)
    today = state_of(given).today
    rows = waiting(given.lake, terms, today)
    written = write_reminders(folder, rows, terms, today)
    days = (terms.take_up_deadline - today).days
    out.print(
        f"{rows.height:,} enterprises have not taken up {policy_year}, {days} days before "
        f"{terms.take_up_deadline}: {len(written)} files in {folder}",
        soft_wrap=True,
    )


Month = Annotated[str, typer.Option("--month", help="The push month, e.g. 2025-08.")]


@push_app.callback()
def push(
    context: typer.Context,
    month: Annotated[str | None, typer.Option(help="The push month, e.g. 2025-08.")] = None,
) -> None:
    """Make (or bring up to date) a month's push list; with a word behind it, send it or look at it.

    Example: tongbao push --month 2025-08
    """
    if context.invoked_subcommand is not None:
        return
    if month is None:
        raise typer.BadParameter("Name the month, as in: tongbao push --month 2025-08")
    from pipelines.reading import show_push

    given = settings()
    make_push(given, month)
    show_push(out, given.lake, month)


def make_push(given: Settings, month: str) -> None:
    """Bring a month's push up to date; a month outside every registered cover is refused."""
    calendar = Calendar.registered()
    finish(given, run(given, keys=keys_of([push_month(month, calendar)]) | {month}))


@push_app.command("send")
def push_send(month: Month) -> None:
    """Send a month's list and its supplements to the portal, each once.

    Example: tongbao push send --month 2025-08
    """
    from pipelines.reading_push import packages_of, show_sent
    from pipelines.rebuild import run_act

    given = settings()
    make_push(given, month)
    before = packages_of(given.lake, month)
    run_act(given, "push_send", "send_packages", {"push_month": month}, touches=())
    show_sent(out, given, month, before)


@push_app.command("pages")
def push_pages(
    month: Month,
    uscc: Annotated[list[str] | None, typer.Argument(help="Only of these enterprises.")] = None,
) -> None:
    """Write a preview page an enterprise, and the digest for the account managers (HTML, XLSX).

    Example: tongbao push pages --month 2025-08
    """
    from assets.push.showing import folder_of
    from pipelines.rebuild import run_act

    given = settings()
    make_push(given, month)
    only = [credit_code(one) for one in uscc or ()]
    with progress():
        run_act(given, "push_pages", "write_pages", {"push_month": month, "usccs": only}, touches=())
    folder = folder_of(given.lake, month)
    out.print(
        f"Pages: {folder}/<USCC>.html\nDigest: {folder}/digest.html, {folder}/digest.xlsx", soft_wrap=True
    )


@push_app.command("receipts")
def push_receipts(month: Month) -> None:
    """What the portal says became of a month's push.

    Example: tongbao push receipts --month 2025-08
    """
    from pipelines.reading_push import show_receipts

    given = settings()
    make_push(given, month)
    show_receipts(out, given.lake, month)


@app.command()
def statistics(policy_year: Year) -> None:
    """The year's report: figures here; pages, workbook and one printed page to open.

    Example: tongbao statistics --policy-year 2025
    """
    from pipelines.reading import show_statistics

    terms = load_terms(policy_year)
    given = settings()
    finish(given, run(given, keys=keys_of([policy_year]), report=True))
    show_statistics(out, given.lake, terms)


@app.command()
def simulate(
    policy_year: Annotated[int, typer.Option("--policy-year", help="Any year whose exports are there.")],
    threshold: Annotated[str | None, typer.Option(help="Another threshold, USD.")] = None,
    above: Annotated[str | None, typer.Option(help="Another lower bound, USD, itself out.")] = None,
    inclusive: Annotated[
        bool | None, typer.Option("--inclusive/--exclusive", help="Whether the threshold itself is in.")
    ] = None,
    export_year: Annotated[int | None, typer.Option(help="Exports of another year.")] = None,
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="Write the table and the chart there.")
    ] = None,
) -> None:
    """What other terms would have meant (测算): who would come in and go out. It makes no edition.

    A year without terms is compared with the last registered one.

    Example: tongbao simulate --policy-year 2026 --threshold 10000000
    """
    from assets.statistics.simulate import other_terms
    from assets.statistics.simulate import simulate as run_simulation
    from assets.statistics.simulation_files import as_chart, as_table
    from pipelines.reading_roster import show_simulation

    at, over = (None if text is None else usd(text) for text in (threshold, above))
    before, after = other_terms(policy_year, at, over, inclusive, export_year)
    if after.exports_above_usd >= after.threshold_usd:
        raise WrongUsage("Nobody can be above --above and within --threshold: make the threshold larger.")
    found = run_simulation(state_of(settings()), before, after)
    show_simulation(out, found)
    if out_folder:
        out_folder.mkdir(parents=True, exist_ok=True)
        svg, png = as_chart(found)
        made = {"csv": as_table(found), "svg": svg.encode(), "png": png}
        for suffix, content in made.items():
            path = out_folder / f"simulation-{policy_year}.{suffix}"
            path.write_bytes(content)
            out.print(f"  {path}", soft_wrap=True)


@app.command()
def verify() -> None:
    """Recompute checksums and control totals of everything published, and the register's chain.

    Example: tongbao verify
    """
    from assets.supply.verify import verify_lake
    from pipelines.reading_roster import show_verification

    given = settings()
    found = verify_lake(given.lake, given.reporting)
    if not found.files:
        raise NotMade(f"The lake {given.lake} holds nothing to verify: run `tongbao nightly`, or set "
                      "TONGBAO_LAKE to where the lake is.")  # fmt: skip
    show_verification(out, found)
    if found.faults:
        raise typer.Exit(1)


def main() -> None:
    """Run the command; what is refused is one sentence."""
    os.umask(0o022)
    try:
        sys.exit(app(prog_name="tongbao", standalone_mode=False) or 0)
    except typer.TyperException as typed:
        if type(typed).__name__ == "NoArgsIsHelpError":  # it has shown the help already
            sys.exit(2)
        _refuse(_usage(typed), 2)
    except (UnregisteredYear, WrongUsage, NotMade, NoSources) as wrong:
        _refuse(str(wrong.args[0]), 2)
    except (RunFailed, LakeBusy, SourcesUnreachable, ActRefused, RegisterBroken) as refused:
        _refuse(str(refused.args[0]), 1)
    except OSError as failed:
        if failed.filename is None:
            raise
        _refuse(f"{failed.filename}: {failed.strerror}. Correct the path or its rights, then run again.", 1)


def _usage(typed: typer.TyperException) -> str:
    """What is wrong with the words, and where the right ones are."""
    context = getattr(typed, "ctx", None)
    words = context.command_path if context else "tongbao"
    return f"{typed.format_message().rstrip('.')}: see `{words} --help`."


def _refuse(sentence: str, status: int) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(f"[red]{escape(sentence)}[/red]")
    sys.exit(status)


if __name__ == "__main__":
    main()
