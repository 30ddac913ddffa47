"""What is done with a month's push, as jobs: it is sent, and shown as pages.

Sending leaves the house, so it is an act and no asset: its configuration has no default, what was sent
is recorded in the outbox, and Dagster's event shows it.
"""

import dagster as dg

from assets.push.deliver import send
from assets.push.showing import show_month
from schemas.push import PUSH_OUTBOX


class SendConfig(dg.Config):
    """What sending needs to be told."""

    push_month: str


@dg.op(required_resource_keys={"house"})
def send_packages(context: dg.OpExecutionContext, config: SendConfig) -> None:
    """Send what the outbox does not have of a month."""
    house = context.resources.house
    with house.lock():
        done = send(house, config.push_month)
    for sent in done:
        what = "was there already" if sent.was_there else "sent"
        context.log.info(f"{sent.package.name} {sent.package.identity[:12]}: {what}")
    context.log_event(
        dg.AssetObservation(
            PUSH_OUTBOX.name,
            metadata={
                "push_month": config.push_month,
                "packages": len(done),
                "items": sum(sent.package.manifest["counts"]["items"] for sent in done),
            },
        )
    )


@dg.job(executor_def=dg.in_process_executor)
def push_send() -> None:
    """Send a month's list and its supplements to the portal, each once (推送)."""
    send_packages()


class PagesConfig(dg.Config):
    """What writing pages needs to be told; `usccs`: none = every enterprise."""

    push_month: str
    usccs: list[str]


@dg.op(required_resource_keys={"house"})
def write_pages(context: dg.OpExecutionContext, config: PagesConfig) -> None:
    """Write a page an enterprise and the managers' digest."""
    house = context.resources.house
    with house.lock():
        shown = show_month(house, config.push_month, config.usccs)
    context.add_output_metadata({"pages": shown.pages, "folder": dg.MetadataValue.path(str(shown.folder))})


@dg.job(executor_def=dg.in_process_executor)
def push_pages() -> None:
    """Preview pages of a month and the digest for the account managers (预览与简报)."""
    write_pages()
