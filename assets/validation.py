"""Contract → accepted and rejected: reads the text of a source's rows, in one pass.

Every field's form says how its text becomes a value and which reasons refuse it; the source's row
rules do the rest. Reasons are collected on the bad rows only, since over all rows they cost more
than everything else. A refused row keeps its text, to be judged again when codes or rules change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date

import polars as pl

from schemas.bad_bytes import ANY
from schemas.codes.countries import country_lookup
from schemas.codes.currencies import currency_lookup
from schemas.codes.districts import normalise_district
from schemas.codes.trade_modes import TRADE_MODES
from schemas.table import Field, Source

BLANKS = " \t\r\n\u3000\u00a0\ufeff"
_TEXT = ":text"
_BAD = ":bad"
_UPPER = ("uscc", "customs_code")
"""Codes whose letters may come in lower case."""
_EXCEL_EPOCH = -25569  # day 0 of the 1900 system, counted from 1970-01-01
_NO_REASONS = pl.lit([], dtype=pl.List(pl.String))


def judge(rows: pl.LazyFrame, source: Source, folds: Counter[str] | None = None) -> pl.DataFrame:
    """Type and judge text rows.

    `rows` has every field of the source as String, and `row` (Int64). The result has `row`, the
    typed fields, `reasons` (empty = accepted) and `raw` (the text as JSON where rejected). `folds`
    gains, a field, the cells in full width that are read as their half-width form.

    What repeats from row to row (`source.steady`) is read once a run of equal rows.
    """
    texts, reasons = rows.collect(), _reasons(source)
    of_runs = {name: bad for name, bad in reasons.items() if _fields_of(bad) <= {*source.steady}}
    of_rows = {name: bad for name, bad in reasons.items() if name not in of_runs}
    runs, run = _runs(texts, source.steady)
    steady = [field for field in source.fields if field.name in source.steady]
    others = [field for field in source.fields if field.name not in source.steady]
    plain = _plain(runs, steady) | _plain(texts, others)
    if folds is not None:
        folds.update(_folded(texts, [field for field in source.fields if field.name not in plain]))
    read = [_judged(runs, steady, of_runs, plain)[run], _judged(texts, others, of_rows, plain)]
    is_bad = read[0][_BAD] | read[1][_BAD]
    frame = pl.concat([texts.select("row"), *(part.drop(_BAD) for part in read)], how="horizontal")
    if not is_bad.any():
        return frame.select("row", *source.names, _NO_REASONS.alias("reasons"), raw=pl.lit(None, pl.String))
    refused = texts.filter(is_bad)
    bad_bytes = {f"bad_bytes:{f.name}": pl.col(f.name + _TEXT).str.contains(ANY) for f in source.fields}
    reasons = {**reasons, **bad_bytes}
    listed = pl.concat_list(pl.when(bad).then(pl.lit(name)) for name, bad in reasons.items())
    why = _read(refused, source.fields, plain).select("row", reasons=listed.list.drop_nulls().list.sort())
    raw = refused.lazy().select("row", raw=pl.struct(source.names).struct.json_encode())
    return (
        frame.lazy()
        .join(why.join(raw, on="row"), on="row", how="left", maintain_order="left")
        .select("row", *source.names, pl.col("reasons").fill_null(_NO_REASONS), "raw")
        .collect()
    )


def _runs(texts: pl.DataFrame, steady: Sequence[str]) -> tuple[pl.DataFrame, pl.Series]:
    """The first row of each run of rows that are equal in some columns, and of every row its run."""
    differs = texts.select(
        pl.any_horizontal(
            pl.int_range(pl.len()) == 0, *(pl.col(name).ne_missing(pl.col(name).shift()) for name in steady)
        )
    ).to_series()
    return texts.filter(differs), differs.cum_sum() - 1


def _judged(
    texts: pl.DataFrame, fields: Sequence[Field], reasons: Mapping[str, pl.Expr], plain: Collection[str]
) -> pl.DataFrame:
    """Some fields of text rows as values, and whether one of some reasons refuses the row."""
    is_bad = pl.any_horizontal(pl.lit(value=False), *(bad.fill_null(value=False) for bad in reasons.values()))
    values = [field.name for field in fields]
    read = _read(texts, fields, plain).select("row", *values, is_bad.alias(_BAD)).drop("row")
    return read.collect().rechunk()


def _fields_of(reason: pl.Expr) -> set[str]:
    return {name.removesuffix(_TEXT) for name in reason.meta.root_names()}


def judge_again(refused: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Judge rows that were refused before from their kept text (`row`, `raw`)."""
    layout = pl.Struct(dict.fromkeys(source.names, pl.String))
    rows = refused.lazy().select("row", pl.col("raw").str.json_decode(layout)).unnest("raw")
    return judge(rows, source)


def _folded(texts: pl.DataFrame, fields: Sequence[Field]) -> dict[str, int]:
    """Field → cells that stand in full width and are read as their half-width form."""
    names = [f.name for f in fields if f.form not in ("text", "district")]
    counts = texts.select(_is_folded(pl.col(name)).sum().alias(name) for name in names)
    return {name: count for name, count in counts.row(0, named=True).items() if count} if names else {}


def _is_folded(text: pl.Expr) -> pl.Expr:
    own, half = text.str.strip_chars(BLANKS), text.str.normalize("NFKC").str.strip_chars(BLANKS)
    return (own != half) & (half.str.len_bytes() == half.str.len_chars())


def typed(rows: pl.LazyFrame, source: Source) -> pl.LazyFrame:
    """The typed fields of text rows (`row` and every field), unjudged: null where unreadable."""
    texts = rows.collect()
    return _read(texts, source.fields, _plain(texts, source.fields)).select("row", *source.names)


def _plain(texts: pl.DataFrame, fields: Sequence[Field]) -> set[str]:
    """The fields of which every text is ASCII, which needs no folding to half width."""
    names = [field.name for field in fields]
    is_plain = texts.select((pl.col(names).str.len_bytes() == pl.col(names).str.len_chars()).all())
    return {name for name, found in is_plain.row(0, named=True).items() if found} if names else set()


def _read(texts: pl.DataFrame, fields: Sequence[Field], plain: Collection[str]) -> pl.LazyFrame:
    """The folded text beside the value of every field."""
    folded = [_text(field, field.name in plain).alias(field.name + _TEXT) for field in fields]
    values = [_value(field).alias(field.name) for field in fields]
    read = texts.lazy().select("row", *folded).with_columns(values)
    return read.with_columns(
        pl.when(f.applies).then(f.name).otherwise(f.name + _TEXT).alias(f.name)
        for f in fields
        if f.applies is not None
    )


def _text(field: Field, is_plain: bool) -> pl.Expr:
    """The trimmed text; codes, numbers and dates folded to half width; empty is null."""
    text = pl.col(field.name).str.strip_chars(BLANKS)
    if field.form not in ("text", "district") and not is_plain:
        text = text.str.normalize("NFKC")
    if field.form in ("country", "currency", "countries") or field.name.endswith(_UPPER):
        text = text.str.to_uppercase()
    elif field.form == "choice":
        text = text.str.to_lowercase()
    if field.form in ("integer", "decimal"):
        text = text.str.replace_all(",", "", literal=True)
    return pl.when(text.str.len_bytes() > 0).then(text)


def _value(field: Field) -> pl.Expr:
    """The value of a field's folded text; null where it cannot be read."""
    text = pl.col(field.name + _TEXT)
    fits = text.str.contains(field.pattern) if field.pattern else text.is_not_null()
    match field.form:
        case "text":
            return text
        case "code":
            return pl.when(fits).then(text)
        case "choice":
            return text.cast(pl.Enum(field.values), strict=False).cast(field.dtype)
        case "country":
            return _looked_up(text, country_lookup()[0])
        case "currency":
            return _looked_up(text, currency_lookup())
        case "trade_mode":
            return pl.when(text.is_in(list(TRADE_MODES))).then(text)
        case "district":
            return text.map_batches(_districts, return_dtype=pl.String, is_elementwise=True)
        case "countries":
            return _split(text).list.eval(_looked_up(pl.element(), country_lookup()[0]))
        case "chapters":
            return _split(text).list.eval(pl.element().str.extract(r"^([0-9]{2})$"))
        case "integer":
            return pl.when(fits).then(text).cast(field.dtype, strict=False)
        case "decimal":
            readable = text.str.contains(_decimal_pattern(field))
            return pl.when(readable).then(text).cast(field.dtype, strict=False)
        case "date":
            return _date(text)
        case "month":
            return text.str.extract(r"^([0-9]{4}-(?:0[1-9]|1[0-2]))$")
        case "timestamp":
            return _timestamp(text)


def _reasons(source: Source) -> Mapping[str, pl.Expr]:
    """Reason → the expression that is true for the rows it refuses, over `_read`'s columns."""
    reasons: dict[str, pl.Expr] = {}
    for field in source.fields:
        text, value = pl.col(field.name + _TEXT), pl.col(field.name)
        if field.required:
            reasons[f"missing:{field.name}"] = text.is_null()
        given = text.is_not_null() if field.applies is None else text.is_not_null() & field.applies
        reasons |= _refusals(field, given, text, value)
        if field.event:
            shanghai = pl.col("updated_at").dt.offset_by("8h").dt.date()
            reasons[f"event_after_update:{field.name}"] = value > shanghai
    reasons |= {rule.name: ~rule.good for rule in source.rules if rule.name not in reasons}
    for rule in source.rules:
        if rule.name.startswith("missing:"):
            name = rule.name.removeprefix("missing:")
            reasons[rule.name] = ~rule.good & pl.col(name + _TEXT).is_null()
    return dict(sorted(reasons.items()))


def _refusals(field: Field, given: pl.Expr, text: pl.Expr, value: pl.Expr) -> dict[str, pl.Expr]:
    """What a field's form can find wrong with a given text."""
    unread = given & value.is_null()
    match field.form:
        case "text":
            return {f"bad_bytes:{field.name}": text.str.contains(ANY)}
        case "code" if field.pattern is None:
            return {f"bad_bytes:{field.name}": text.str.contains(ANY)}
        case "choice" | "currency" | "district":
            return {f"unknown:{field.name}": unread}
        case "country":
            ambiguous = text.is_in(sorted(country_lookup()[1]))
            return {
                f"ambiguous:{field.name}": ambiguous,
                f"unknown:{field.name}": unread & ~ambiguous,
            }
        case "countries" | "chapters":
            return {f"unknown:{field.name}": given & value.list.eval(pl.element().is_null()).list.any()}
        case "trade_mode":
            well_formed = text.str.contains(field.pattern or "")
            since = {m.code: m.valid_from for m in TRADE_MODES.values() if m.valid_from}
            until = {m.code: m.valid_to for m in TRADE_MODES.values() if m.valid_to}
            day = pl.col("declared_on")
            expired = (day < _dates(text, since)) | (day > _dates(text, until))
            return {
                f"unreadable:{field.name}": given & ~well_formed,
                f"unknown:{field.name}": unread & well_formed,
                f"expired:{field.name}": expired,
            }
        case "decimal":
            return {f"unreadable:{field.name}": unread, f"negative:{field.name}": value < 0}
        case _:
            return {f"unreadable:{field.name}": unread}


def _looked_up(text: pl.Expr, table: Mapping[str, str]) -> pl.Expr:
    return text.replace_strict(dict(table), default=None, return_dtype=pl.String)


def _dates(text: pl.Expr, table: Mapping[str, date]) -> pl.Expr:
    if not table:
        return pl.lit(None, pl.Date)
    return text.replace_strict(dict(table), default=None, return_dtype=pl.Date)


def _split(text: pl.Expr) -> pl.Expr:
    parts = text.str.replace_all(r"[;,，；、|\s]+", " ").str.strip_chars(" ").str.split(" ")
    return pl.when(text.is_not_null()).then(parts)


def _districts(texts: pl.Series) -> pl.Series:
    names = {text: normalise_district(text) for text in texts.unique().drop_nulls()}
    return texts.replace_strict(names, default=None, return_dtype=pl.String)


def _decimal_pattern(field: Field) -> str:
    assert isinstance(field.dtype, pl.Decimal)
    whole = (field.dtype.precision or 38) - field.dtype.scale
    return rf"^-?[0-9]{{1,{whole}}}(\.[0-9]{{1,{field.dtype.scale}}})?$"


def _date(text: pl.Expr) -> pl.Expr:
    """`yyyy-mm-dd`, `yyyymmdd` or an Excel serial of five digits."""
    dashed = pl.when(text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")).then(text)
    plain = pl.when(text.str.contains(r"^[0-9]{8}$")).then(text)
    serial = pl.when(text.str.contains(r"^[1-9][0-9]{4}$")).then(text).cast(pl.Int32)
    return pl.coalesce(
        dashed.str.to_date("%Y-%m-%d", strict=False),
        plain.str.to_date("%Y%m%d", strict=False),
        (serial + _EXCEL_EPOCH).cast(pl.Date),
    )


def _timestamp(text: pl.Expr) -> pl.Expr:
    """ISO 8601 with Z or an offset; without either it is UTC."""
    utc = text.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
    quick = (
        pl.when(utc)
        .then(text.str.head(19))
        .str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    )
    other = pl.when(~utc).then(text)
    spaced = other.str.replace(r"^([0-9-]{10})[ ]", "${1}T").str.replace(r"[Zz]$", "+00:00")
    has_offset = spaced.str.contains(r"[+-][0-9]{2}:?[0-9]{2}$") & (spaced.str.len_bytes() > 10)
    full = pl.when(has_offset).then(spaced).otherwise(spaced + "+00:00")
    read = full.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%z", time_unit="us", time_zone="UTC", strict=False)
    return pl.coalesce(quick.dt.replace_time_zone("UTC"), read)
