"""The ledger of a source: every version received, judged by today's codes. Used by every stage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

import polars as pl

from assets.arrivals.pieces import place, read_pieces
from assets.validation import judge_again
from assets.versions import classify
from assets.work import Balance, Made, Work
from schemas.calendar import SHANGHAI
from schemas.operations import CORRECTED
from schemas.table import Source

KEPT = pl.col("fate").is_in(["accepted", "rejected"])


def ledger(work: Work, source: Source, part: pl.Expr | None = None) -> Made:
    """One key of a source's ledger, with the balance of what was received for it."""
    rows, balances = received(work, source)
    return Made(
        rows.filter(KEPT).lazy(),
        balances=balances,
        part=part,
        due_at=due_at(rows),
        notes=notes(rows),
    )


def received(work: Work, source: Source, key: str | None = None) -> tuple[pl.DataFrame, tuple[Balance, ...]]:
    """Every row received for a key with its fate, and receipt's conservation (rules §4)."""
    root, key = work.lake.root, key or work.key
    record = work.state.deliveries
    pieces = read_pieces(root, record, source, key).collect()
    rows = _judged_today(pieces, source)
    classified = _set_aside(classify(rows.lazy(), source, work.now), record.corrected(source.name))
    recorded = sum(p.rows for _, _, p in record.pieces(source.name, key))
    placed = pieces.filter(place() == key) if source.partition else pieces
    by_record = Balance("rows recorded at receipt = rows read", recorded, placed.height)
    by_rows = Balance(
        "rows received = accepted + rejected + duplicate + waiting",
        pieces.height,
        sum(count for _, count in classified["fate"].value_counts().rows()),
    )
    before, after = _amounts(rows, source), _amounts(classified, source)
    by_amount = (
        Balance(f"amount received {currency or ''}".strip(), before[currency], after.get(currency, 0))
        for currency in sorted(before, key=str)
    )
    return classified, (by_record, by_rows, *by_amount)


def _judged_today(rows: pl.DataFrame, source: Source) -> pl.DataFrame:
    """The rows received; those refused before are judged again by today's codes and rules."""
    refused = rows.filter(pl.col("raw").is_not_null())
    if refused.is_empty():
        return rows
    texts = refused.select("raw").with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
    again = judge_again(texts, source).drop("row")
    judged = refused.select("delivery_sha256", "row").hstack(again)
    return pl.concat([rows.filter(pl.col("raw").is_null()), judged.select(rows.columns)])


def _set_aside(rows: pl.DataFrame, corrected: Collection[str]) -> pl.DataFrame:
    """Marks the refused rows that a delivered row corrects; they are no newest version any more."""
    if not corrected:
        return rows
    origin = pl.format("{}#{}", pl.col("delivery_sha256").str.head(12), "row")
    is_corrected = (pl.col("fate") == "rejected") & origin.is_in(list(corrected))
    marked = pl.concat_list("reasons", pl.lit(CORRECTED)).list.sort()
    return rows.with_columns(reasons=pl.when(is_corrected).then(marked).otherwise("reasons"))


def _amounts(rows: pl.DataFrame, source: Source) -> dict[str | None, int]:
    """The sum of the source's amount per currency, in units of its last decimal."""
    if source.amount is None:
        return {}
    currency = pl.col("currency") if "currency" in source.names else pl.lit(None, pl.String)
    amount = (pl.col(source.amount).cast(pl.Decimal(38, 2)) * 100).cast(pl.Int128)
    sums = rows.group_by(currency.alias("of")).agg(amount.sum().alias("sum"))
    return dict(sums.rows())


def due_at(rows: pl.DataFrame) -> str | None:
    """The moment at which the first waiting row arrives."""
    first = rows.filter(pl.col("fate") == "waiting")["updated_at"].min()
    return first.isoformat() if isinstance(first, datetime) else None


def notes(rows: pl.DataFrame) -> dict[str, Any]:
    """What the manifest remembers: the newest version kept, of each delivery fate → rows, and, of
    sources that have them, policy year → rows."""
    newest = rows.filter(KEPT)["updated_at"].max()
    years = rows.filter(KEPT)["policy_year"].drop_nulls() if "policy_year" in rows.columns else pl.Series()
    return {
        "newest": newest.isoformat() if isinstance(newest, datetime) else "",
        "fates": _fates(rows),
        "policy_years": {str(year): count for year, count in sorted(Counter(years.to_list()).items())},
    }


def by_update(rows: pl.DataFrame, corrected: Mapping[str, Collection[str]]) -> dict[str, str]:
    """Month of update, as in Shenzhen → a hash that changes when what was kept of it does.

    Which rows a delivery brought for a key is fixed by its bytes, so that deliveries, how many of
    their rows were kept, and which of those others correct, say all: a later update changes no
    earlier month. What codes make of the rows is for readers to depend on.
    """
    month = pl.col("updated_at").dt.convert_time_zone(SHANGHAI.key).dt.strftime("%Y-%m")
    counted = (
        rows.lazy().filter(KEPT).group_by(month.alias("month"), "delivery_sha256").len().sort(pl.all())
    ).collect()
    found: dict[str, list[str]] = {}
    for at, delivery, count in counted.drop_nulls("month").iter_rows():
        since = " ".join(corrected.get(delivery[:12], ()))
        found.setdefault(at, []).append(f"{delivery} {count} {since}")
    return {at: sha256("\n".join(lines).encode()).hexdigest() for at, lines in found.items()}


def _fates(rows: pl.DataFrame) -> dict[str, dict[str, int]]:
    counted = rows.group_by("delivery_sha256", "fate").len().sort("delivery_sha256", "fate")
    found: dict[str, dict[str, int]] = {}
    for delivery, fate, count in counted.iter_rows():
        found.setdefault(delivery, {})[fate] = count
    return found
