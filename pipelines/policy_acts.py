"""The act of a review as a job: accept whom an unidentified policy insures.

Like the roster's acts: configuration without defaults, stored in the lake's register, run in process
by the command line.
"""

import dagster as dg

from assets.policies.reviews import accept
from pipelines.roster_acts import record


class AcceptConfig(dg.Config):
    """What accepting needs to be told."""

    policy_no: str
    uscc: str
    by: str


@dg.op(required_resource_keys={"house"})
def accept_identification(context: dg.OpExecutionContext, config: AcceptConfig) -> None:
    """Record whom a policy insures."""
    record(context, accept(context.resources.house, config.policy_no, config.uscc, config.by))


@dg.job(executor_def=dg.in_process_executor)
def policy_accept() -> None:
    """Accept the enterprise that an unidentified policy insures (核定)."""
    accept_identification()
