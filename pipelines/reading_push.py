"""What the commands of the push print: packages and what became of them. Reads only; decides nothing."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from rich.console import Console

from assets.storage.lake import Lake
from pipelines.settings import Settings
from pipelines.terminal import show
from schemas.push import PUSH_OUTBOX, PUSH_RECEIPTS


def packages_of(lake: Path, month: str) -> pl.DataFrame:
    """The packages of a month in the outbox."""
    return Lake(lake).scan(PUSH_OUTBOX).filter(pl.col("push_month") == month).collect()


def show_sent(out: Console, given: Settings, month: str, before: pl.DataFrame) -> None:
    """The packages of a month, and which of them have come to those of `before`."""
    rows = packages_of(given.lake, month)
    new = rows.join(before, on=PUSH_OUTBOX.key, how="anti")["package"].to_list()
    out.print(f"Sent now: {', '.join(new)}." if new else "Nothing to send: the portal has it all.")
    shown = rows.select("package", "items", "enterprises", pl.col("identity").str.head(12), "sent_at")
    show(out, f"Packages of {month}", shown)
    for package in rows["package"]:
        out.print(f"[dim]{given.push_to}/{package}[/dim]", soft_wrap=True)


def show_receipts(out: Console, lake: Path, month: str) -> None:
    """Receipts by package and event, and those of enterprises that were sent nothing."""
    rows = Lake(lake).scan(PUSH_RECEIPTS).filter(pl.col("push_month") == month).collect()
    if rows.is_empty():
        out.print(f"No receipt of {month} has come in: they belong into the source portal_receipts.")
        return
    counts = rows.group_by("supplement", "event").agg(
        enterprises=pl.len(), unknown=(~pl.col("is_known")).sum()
    )
    show(out, f"Receipts of {month}", counts.sort("supplement", "event"))
    bounced = rows.filter(pl.col("event") == "bounced").select("supplement", "uscc", "first_at", "detail")
    if bounced.height:
        show(out, "Bounced, the first 20", bounced.head(20))
