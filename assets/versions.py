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
_FATE = pl.Enum(FATES)


def classify(received: pl.LazyFrame, source: Source, now: datetime) -> pl.DataFrame:
    """What becomes of every row received, in order of key and version.

    `received` has the source's fields, `reasons`, `raw`, and where it came from: `delivery_sha256`,
    `row`. Adds `fate`: rows of an `updated_at` after `now` (UTC) wait, and of rows that are the
    same the first delivered is kept. Kept rows (accepted, rejected) are the ledger.
    """
    identity = [*source.key, *source.version]
    rows = received.collect().rechunk()
    versions = rows.select(identity).with_row_index("at").sort(identity, nulls_last=False)
    repeats = versions.select(pl.all_horizontal(pl.col(c).eq_missing(pl.col(c).shift(1)) for c in identity))
    repeated = repeats.to_series().fill_null(value=False)
    at, places = versions["at"], (repeated | repeated.shift(-1, fill_value=False)).arg_true()
    is_duplicate = pl.repeat(value=False, n=at.len(), eager=True)
    if places.len():
        shared = _conflicts(rows.with_row_index("at")[at.gather(places)], source)
        at = at.scatter(places, shared["at"])
        is_duplicate = is_duplicate.scatter(places, shared["is_duplicate"])
        is_conflict = shared["is_conflict"]
        refused = shared.filter(is_conflict).select(rows.columns)
        at = at.scatter(places.filter(is_conflict), range(rows.height, rows.height + refused.height))
        rows = pl.concat([rows, refused], rechunk=True) if refused.height else rows
    in_order = rows.height == at.len() and at.is_sorted()
    return (rows if in_order else rows[at]).select(
        *source.names,
        *("reasons", "raw", "delivery_sha256", "row"),
        fate=pl.when(pl.col("updated_at") > now)
        .then(pl.lit("waiting", _FATE))
        .when(is_duplicate)
        .then(pl.lit("duplicate", _FATE))
        .when(pl.col("reasons").list.len() > 0)
        .then(pl.lit("rejected", _FATE))
        .otherwise(pl.lit("accepted", _FATE)),
    )


def _conflicts(shared: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Rows that share key and version, in order: the same ones are duplicates, different ones conflict."""
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
