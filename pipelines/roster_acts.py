"""The acts of the roster's life as jobs: publish, object, decide, confirm.

An act is a decision of an office, so its configuration has no defaults and "materialize all" cannot
reach it. The act is stored in the lake's register; Dagster's event is the record of it. The command
line runs these same jobs in process.
"""

import dagster as dg

from assets.eligibility.acts import confirm, decide, publish, submit
from assets.eligibility.register import Act
from assets.materialize import REGISTER

ROSTER = dg.AssetKey(REGISTER)

roster_register = dg.AssetSpec(
    ROSTER,
    group_name="eligibility",
    description="**名单登记簿**\n\nThe append-only record of what was published, objected to, decided "
    "and confirmed, by the jobs roster_publish, roster_object, roster_decide and roster_confirm, and of "
    "the identifications accepted by policy_accept.",
    owners=["team:commerce-bureau"],
    kinds={"json"},
)


class PublishConfig(dg.Config):
    """What publishing needs to be told."""

    policy_year: int
    by: str
    acknowledge_rejects: bool


class ObjectConfig(dg.Config):
    """An objection that did not come through the source."""

    policy_year: int
    by: str
    objection_no: str
    uscc: str
    claim: str
    grounds: str


class DecideConfig(dg.Config):
    """The ruling on an objection."""

    policy_year: int
    by: str
    objection_no: str
    ruling: str
    decision: str


class ConfirmConfig(dg.Config):
    """What confirming needs to be told."""

    policy_year: int
    by: str
    edition: int


def record(context: dg.OpExecutionContext, act: Act) -> None:
    """Show an act that is in the register to Dagster."""
    context.log_event(
        dg.AssetObservation(
            ROSTER,
            metadata={
                "act": act.act,
                "policy_year": act.policy_year,
                "edition": act.edition,
                "by": act.by,
                "sha256": act.sha256,
            },
        )
    )


@dg.op(required_resource_keys={"house"})
def publish_edition(context: dg.OpExecutionContext, config: PublishConfig) -> None:
    """Publish today's decisions as the next edition."""
    house = context.resources.house
    record(context, publish(house, config.policy_year, config.by, config.acknowledge_rejects))


@dg.op(required_resource_keys={"house"})
def submit_objection(context: dg.OpExecutionContext, config: ObjectConfig) -> None:
    """Enter an objection."""
    house = context.resources.house
    act = submit(
        house, config.policy_year, config.by, config.objection_no, config.uscc, config.claim,
        config.grounds,
    )  # fmt: skip
    record(context, act)


@dg.op(required_resource_keys={"house"})
def decide_objection(context: dg.OpExecutionContext, config: DecideConfig) -> None:
    """Rule on an objection."""
    house = context.resources.house
    act = decide(house, config.policy_year, config.by, config.objection_no, config.ruling, config.decision)
    record(context, act)


@dg.op(required_resource_keys={"house"})
def confirm_edition(context: dg.OpExecutionContext, config: ConfirmConfig) -> None:
    """Confirm a published edition."""
    house = context.resources.house
    record(context, confirm(house, config.policy_year, config.by, config.edition))


@dg.job(executor_def=dg.in_process_executor)
def roster_publish() -> None:
    """Publish an edition for objection (公示)."""
    publish_edition()


@dg.job(executor_def=dg.in_process_executor)
def roster_object() -> None:
    """Enter an objection (异议)."""
    submit_objection()


@dg.job(executor_def=dg.in_process_executor)
def roster_decide() -> None:
    """Rule on an objection."""
    decide_objection()


@dg.job(executor_def=dg.in_process_executor)
def roster_confirm() -> None:
    """Confirm a published edition (确认)."""
    confirm_edition()
