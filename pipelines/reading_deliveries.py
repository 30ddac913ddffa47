"""The record of deliveries as people read it: what came, what became of it, and each one's details."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from rich.console import Console

from assets.storage.deliveries import Deliveries, Delivery
from pipelines.terminal import show
from schemas.calendar import SHANGHAI
from schemas.catalogue import TABLES
from schemas.codes.labels import reason_label


@dataclass(frozen=True)
class Wanted:
    """Which deliveries are asked for; None and False: all."""

    source: str | None = None
    name: str | None = None
    refused: bool = False

    def of(self, record: Deliveries) -> list[Delivery]:
        """Those deliveries, the newest first."""
        return [
            delivery
            for delivery in reversed(record.all)
            if self.source in (None, delivery.source)
            and (self.name or "") in delivery.name
            and (delivery.refused or not self.refused)
        ]


def show_deliveries(out: Console, found: Sequence[Delivery], limit: int) -> None:
    """One line a delivery, the newest first, and why files were refused."""
    shown = found[:limit]
    title = f"{len(found):,} deliver{'y' if len(found) == 1 else 'ies'}"
    if len(found) > limit:
        title += f", the newest {limit} (--limit {len(found)} for all)"
    frame = pl.DataFrame(
        {
            "received": [_at(delivery) for delivery in shown],
            "rows": pl.Series([delivery.rows for delivery in shown], dtype=pl.UInt64),
            "rejected": pl.Series([delivery.rejected for delivery in shown], dtype=pl.UInt64),
            "encoding": [delivery.encoding or _standing(delivery) for delivery in shown],
            "file": [delivery.name for delivery in shown],
        }
    )
    show(out, title, frame)
    for delivery in shown:
        if delivery.refused:
            out.print(f"[red]Refused[/red]: {delivery.refused}", soft_wrap=True)
    if shown:
        out.print("[dim]Everything on one: tongbao deliveries --file NAME --details[/dim]")


def show_details(out: Console, found: Sequence[Delivery], limit: int) -> None:
    """Everything that the record holds of each delivery."""
    for delivery in found[:limit]:
        titles = {column.name: column.zh for column in TABLES[delivery.source].columns}
        reasons = [f"{code} {reason_label(code, titles)} {rows:,}" for code, rows in delivery.reasons.items()]
        values = {
            "source 来源": f"{delivery.source} {TABLES[delivery.source].zh}",
            "received 收件": _at(delivery),
            "sha256": delivery.sha256,
            "bytes 字节": f"{delivery.size:,}",
            "encoding 编码": delivery.encoding,
            "rows 行": f"{delivery.rows:,}",
            "accepted 接收": f"{delivery.accepted:,}",
            "rejected 拒收": f"{delivery.rejected:,}",
            "reasons 原因": "\n".join(reasons),
            "sum 金额合计": delivery.amount_sum or "",
            "months 申报月": ", ".join(key for key in delivery.pieces if key != "all"),
            "known 已知": f"{delivery.known:,}" if delivery.known else "",
            "read to 读至": delivery.read_to or "",
            "same as 同": delivery.same_as or "",
            "refused 拒绝": delivery.refused or "",
            "notes 说明": "\n".join(delivery.notes),
        }
        kept = {name: [value] for name, value in values.items() if value}
        show(out, delivery.name, pl.DataFrame(kept))
    if len(found) > limit:
        out.print(f"and {len(found) - limit:,} more (--limit {len(found)} for all)")


def _standing(delivery: Delivery) -> str:
    return "refused" if delivery.refused else "same"


def _at(delivery: Delivery) -> str:
    moment = datetime.fromisoformat(delivery.received_at)
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
