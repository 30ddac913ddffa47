"""The jobs: one a kind of key, the pull, the release, the nightly, and the roster's acts.

A job cannot mix kinds of keys. `nightly` is one op that calls the same `rebuild` as the command
line, so a schedule, a click and a command do the same work in the same order.
"""

import hashlib
import json
import warnings

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition,
)

from assets.storage.drop_folder import SourcesUnreachable
from assets.storage.manifest import LakeBusy, lake_lock
from pipelines.planner import JOBS
from pipelines.policy_acts import policy_accept
from pipelines.push_acts import push_pages, push_send
from pipelines.rebuild import NoSources, news_of
from pipelines.roster_acts import (
    roster_confirm,
    roster_decide,
    roster_import,
    roster_notice,
    roster_object,
    roster_publish,
)
from pipelines.settings import Settings

# Dagster warns its own code of a beta parameter of sensors that nobody here passes.
warnings.filterwarnings("ignore", message="Parameter `owners`", category=dg.BetaWarning)

_ABOUT = {
    "references": "Ledgers of rates, registry, lists, policies, claims, ratings and bulletins.",
    "declared_months": "Ledger and value of declaration lines, by declared month.",
    "export_years": "Monthly and annual exports, by statistical year.",
    "policy_years": "Decisions, editions, reconciliation, take-up and claims, by policy year.",
    "threads": "Insured enterprises over all policy years.",
    "push_months": "The monthly push lists.",
    "receipts": "What became of the pushes at the portal.",
    "statistics": "The annual statistics, by policy year.",
    "rejects": "The table of refused rows.",
}

pull_job = dg.define_asset_job(
    "pull", selection=["deliveries"], executor_def=dg.in_process_executor,
    description="Receive what is new in the sources.",
)  # fmt: skip
release_job = dg.define_asset_job(
    "publish_release", selection=["release"], executor_def=dg.in_process_executor,
    description="Publish what was made: a release folder, `latest`, the reporting database.",
)  # fmt: skip
report_job = dg.define_asset_job(
    "year_reports", selection=["report"], executor_def=dg.in_process_executor,
    description="Write the years' reports from the latest release: pages, workbook, one printed page.",
)  # fmt: skip
table_jobs = [
    dg.define_asset_job(
        job, selection=list(tables), executor_def=dg.in_process_executor, description=_ABOUT[job]
    )
    for job, tables in JOBS.items()
]


@dg.op(required_resource_keys={"house"})
def bring_up_to_date(context: dg.OpExecutionContext) -> None:
    """Pull, rebuild what is stale, release: what `tongbao nightly` does."""
    from pipelines.rebuild import RunFailed
    from pipelines.rebuild import nightly as run_nightly

    settings = context.resources.house.settings
    try:
        outcome = run_nightly(settings, instance=context.instance, report=True, say=context.log.info)
    except (RunFailed, LakeBusy) as refused:
        raise dg.Failure(str(refused)) from None
    for sentence in (outcome.sentence(), *outcome.waiting()):
        context.log.info(sentence)
    context.add_output_metadata(
        {
            "outcome": outcome.sentence(),
            "deliveries": outcome.deliveries,
            "rows_received": outcome.rows,
            "runs": len(outcome.runs),
            "keys_rebuilt": sum(run.keys for run in outcome.runs),
            "release": outcome.release or "none",
            "reports": ", ".join(map(str, outcome.reports)) or "none",
        }
    )
    if outcome.refused:
        raise dg.Failure("; ".join(outcome.refused))


@dg.job(executor_def=dg.in_process_executor)
def nightly() -> None:
    """Everything that is new: pulled, rebuilt, reconciled, released. Its steps are runs of their own."""
    bring_up_to_date()


nightly_schedule = dg.ScheduleDefinition(
    name="every_night",
    job=nightly,
    cron_schedule="30 2 * * *",
    execution_timezone="Asia/Shanghai",
    description="Half past two in Shenzhen: the job `nightly`, which does what `tongbao nightly` does.",
)


@dg.sensor(
    job=nightly,
    minimum_interval_seconds=60,
    description="Every minute: what is new in the sources and stands still starts the job `nightly`.",
)
def drop_folder(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Start `nightly` when something new has come and stands still from one look to the next."""
    settings = Settings()  # type: ignore[call-arg]
    try:
        arrivals = news_of(settings).arrivals
        with lake_lock(settings.lake):
            pass
    except (SourcesUnreachable, NoSources, LakeBusy) as refused:
        return dg.SkipReason(str(refused))
    if not arrivals:
        return dg.SkipReason("Nothing new.")
    stamps = json.dumps([arrival.stamp for arrival in arrivals])
    seen = hashlib.sha256(stamps.encode()).hexdigest()
    if seen != context.cursor:
        context.update_cursor(seen)
        return dg.SkipReason(f"{len(arrivals)} new, the first {arrivals[0].name}: taken at the next look.")
    return dg.RunRequest(run_key=seen)


jobs: list[dg.JobDefinition | UnresolvedAssetJobDefinition] = [
    pull_job, *table_jobs, release_job, report_job, nightly,
    roster_import, roster_publish, roster_notice, roster_object, roster_decide, roster_confirm,
    policy_accept, push_send, push_pages,
]  # fmt: skip
