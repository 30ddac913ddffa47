"""Versions of keys: rows received → one ledger, and the row that holds now.

A ledger has every version once, in order of key and version, whatever the order, the split and the
number of the deliveries (rules §1). Two versions that claim to be the same and differ are a
conflict: both are refused.
"""

from __future__ import annotations

from datetime import datetime

import polars as pl

from schemas.table import Source

CONFLICT = "version_conflict"
FATES = ("accepted", "rejected", "duplicate", "waiting")


def classify(received: pl.LazyFrame, source: Source, now: datetime) -> pl.DataFrame:
    """What becomes of every row received, in order of key and version.

    `received` has the source's fields, `reasons`, `raw`, and where it came from: `delivery_sha256`,
    `row`. Adds `fate`: rows of an `updated_at` after `now` (UTC) wait, and of rows that are the
    same the first delivered is kept. Kept rows (accepted, rejected) are the ledger.
    """
    identity = [*source.key, *source.version]
    ordered = received.sort(identity, nulls_last=False).collect()
    same = pl.all_horizontal(pl.col(c).eq_missing(pl.col(c).shift(1)) for c in identity)
    marked = ordered.with_columns(repeats=same.fill_null(value=False)).with_columns(
        is_shared=pl.col("repeats") | pl.col("repeats").shift(-1, fill_value=False)
    )
    single = marked.filter(~pl.col("is_shared")).with_columns(is_duplicate=pl.lit(value=False))
    shared = _conflicts(marked.filter("is_shared"), source)
    is_waiting = (pl.col("updated_at") > now).fill_null(value=False)
    return (
        pl.concat([single, shared], how="diagonal")
        .with_columns(
            fate=pl.when(is_waiting)
            .then(pl.lit("waiting"))
            .when("is_duplicate")
            .then(pl.lit("duplicate"))
            .when(pl.col("reasons").list.len() > 0)
            .then(pl.lit("rejected"))
            .otherwise(pl.lit("accepted"))
        )
        .sort([*identity, "fingerprint", "delivery_sha256", "row"], nulls_last=False)
        .select(*source.names, "reasons", "raw", "delivery_sha256", "row", "fate")
    )


def _conflicts(shared: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Rows that share key and version: the same ones are duplicates, different ones conflict."""
    identity = [*source.key, *source.version]
    known = pl.all_horizontal(pl.col(c).is_not_null() for c in identity)
    text = pl.when(pl.col("raw").is_null()).then(rendered(source)).otherwise("raw")
    return (
        shared.with_columns(
            fingerprint=pl.concat_str(pl.col("raw").is_null().cast(pl.String), text, separator=" ")
        )
        .sort([*identity, "fingerprint", "delivery_sha256", "row"], nulls_last=False)
        .with_columns(
            is_duplicate=~pl.struct(*identity, "fingerprint").is_first_distinct(),
            is_conflict=known & (pl.col("fingerprint").n_unique().over(identity) > 1),
        )
        .with_columns(
            reasons=pl.when("is_conflict")
            .then(pl.concat_list("reasons", pl.lit(CONFLICT)).list.unique().list.sort())
            .otherwise("reasons"),
            raw=pl.when("is_conflict").then(text).otherwise("raw"),
        )
    )


def rendered(source: Source) -> pl.Expr:
    """A typed row as the JSON text that a refused row is kept as: what is not needed is left out.

    Of decimals zeros beyond the second place, of times empty fractions of a second.
    """
    return pl.struct(_plain(f.name, f.form) for f in source.fields).struct.json_encode()


def _plain(name: str, form: str) -> pl.Expr:
    column = pl.col(name)
    if form in ("countries", "chapters"):
        return column.list.join(";")
    text = column.cast(pl.String)
    if form == "timestamp":
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ")
    if form == "decimal":
        return text.str.replace(r"^(-?\d+\.\d{2}\d*?)0+$", "${1}")
    return text.str.zfill(18) if name == "declaration_no" else text


def current(ledger: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """The newest accepted version of each key, in key order."""
    return _newest(accepted_versions(ledger, source), source)


def newest_before(versions: pl.LazyFrame, source: Source, instant: datetime) -> pl.LazyFrame:
    """Of accepted versions the newest of each key that had reached the source before an instant."""
    return _newest(versions.filter(pl.col("updated_at") < instant), source)


def _newest(versions: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    return versions.sort([*source.key, *source.version]).unique(
        subset=list(source.key), keep="last", maintain_order=True
    )


def accepted_versions(ledger: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """Every accepted version, with the source's own fields."""
    return ledger.filter(pl.col("reasons").list.len() == 0).select(source.names)
