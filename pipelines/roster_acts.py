"""The acts of the roster's life as jobs: import, publish, notice, object, decide, confirm.

An act is a decision of an office, so its configuration has no defaults and "materialize all" cannot
reach it. The act is stored in the lake's register; Dagster's event is the record of it. The command
line runs these same jobs in process.
"""

import dagster as dg

from assets.eligibility.acts import confirm, decide, import_edition, publish, submit
from assets.eligibility.notice.act import write_notice
from assets.eligibility.register import Act
from assets.materialize import REGISTER

ROSTER = dg.AssetKey(REGISTER)

roster_register = dg.AssetSpec(
    ROSTER,
    group_name="eligibility",
    description="名单登记簿\n\nThe append-only record of what was published, objected to, decided "
    "and confirmed, by the jobs roster_import, roster_publish, roster_object, roster_decide and "
    "roster_confirm, and of the identifications accepted by policy_accept.",
    owners=["team:commerce-bureau"],
    kinds={"json"},
)


class EditionConfig(dg.Config):
    """What importing, publishing and confirming an edition need to be told.

    `edition`: its number; 0 = the next one to publish, or the open one to confirm.
    """

    policy_year: int
    by: str
    edition: int
    acknowledge_rejects: bool


class NoticeConfig(dg.Config):
    """Which edition's notice is made."""

    policy_year: int
    by: str
    edition: int


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
def register_import(context: dg.OpExecutionContext, config: EditionConfig) -> None:
    """Take an imported edition into the register."""
    act = import_edition(
        context.resources.house, config.policy_year, config.by, config.edition, config.acknowledge_rejects
    )
    record(context, act)


@dg.op(required_resource_keys={"house"})
def publish_edition(context: dg.OpExecutionContext, config: EditionConfig) -> None:
    """Publish today's decisions as the next edition, and make its notice."""
    house = context.resources.house
    act = publish(house, config.policy_year, config.by, config.acknowledge_rejects, config.edition)
    record(context, act)
    record(context, write_notice(house, act.policy_year, act.edition, act.by))


@dg.op(required_resource_keys={"house"})
def make_notice(context: dg.OpExecutionContext, config: NoticeConfig) -> None:
    """Make the notice of an edition whose publication was killed before it."""
    record(context, write_notice(context.resources.house, config.policy_year, config.edition, config.by))


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
def confirm_edition(context: dg.OpExecutionContext, config: EditionConfig) -> None:
    """Confirm a published edition."""
    act = confirm(
        context.resources.house, config.policy_year, config.by, config.edition, config.acknowledge_rejects
    )
    record(context, act)


@dg.job(executor_def=dg.in_process_executor)
def roster_import() -> None:
    """Take a list published before this system ran into the register (导入)."""
    register_import()


@dg.job(executor_def=dg.in_process_executor)
def roster_publish() -> None:
    """Publish an edition for objection (公示)."""
    publish_edition()


@dg.job(executor_def=dg.in_process_executor)
def roster_notice() -> None:
    """Make the notice of a published edition (公示文件), where publishing did not come to it."""
    make_notice()


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
