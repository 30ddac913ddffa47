"""Contract → accepted and rejected: reads the text of a source's rows, in one pass.

Every field's form says how its text becomes a value and which reasons refuse it; the source's row
rules do the rest. Reasons are collected on the bad rows only, since over all rows they cost more
than everything else. A refused row keeps its text, to be judged again when codes or rules change.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from assets.storage.runs import Runs
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
_REASONS = pl.List(pl.String)
_NO_REASONS = pl.lit([], dtype=_REASONS)


def judged_schema(source: Source) -> pl.Schema:
    """The columns of judged rows."""
    return pl.Schema({"row": pl.Int64(), **source.schema, "reasons": _REASONS, "raw": pl.String()})


def judge(rows: pl.LazyFrame, source: Source) -> pl.DataFrame:
    """Type and judge text rows.

    `rows` has every field of the source as String, and `row` (Int64). The result has `row`, the
    typed fields, `reasons` (empty = accepted) and `raw` (the text as JSON where rejected).
    """
    judged = judge_runs(Runs.of(rows.collect(), source.steady), source)
    return judged.whole().select(judged_schema(source).names())


def judge_runs(texts: Runs, source: Source, folds: Counter[str] | None = None) -> Runs:
    """The same of rows in runs: what repeats from row to row is read once a run of equal rows.

    `folds` gains, a field, the cells in full width that are read as their half-width form.
    """
    reasons = _reasons(source)
    of_runs = {name: bad for name, bad in reasons.items() if _fields_of(bad) <= {*source.steady}}
    of_rows = {name: bad for name, bad in reasons.items() if name not in of_runs}
    steady = [field for field in source.fields if field.name in source.steady]
    others = [field for field in source.fields if field.name not in source.steady]
    heads, untidy_heads = _judged(texts.heads, steady, of_runs)
    lines, untidy_lines = _judged(texts.lines, others, of_rows)
    if folds is not None:
        folds.update(_folded(texts, [name for name in source.names if name in untidy_heads | untidy_lines]))
    is_bad = heads[_BAD].gather(texts.run) | lines[_BAD]
    lines = texts.lines.select("row").hstack(lines.drop(_BAD))
    if is_bad.any():
        told = _told(texts.filter(is_bad).whole(), source, reasons)
        lines = lines.join(told, on="row", how="left", maintain_order="left")
        lines = lines.with_columns(pl.col("reasons").fill_null(_NO_REASONS))
    else:
        lines = lines.with_columns(_NO_REASONS.alias("reasons"), raw=pl.lit(None, pl.String))
    return Runs(heads.drop(_BAD), lines, texts.run)


def _told(refused: pl.DataFrame, source: Source, reasons: Mapping[str, pl.Expr]) -> pl.DataFrame:
    """Of refused rows all `reasons`, and their text as JSON, `raw`."""
    bad_bytes = {f"bad_bytes:{f.name}": pl.col(f.name + _TEXT).str.contains(ANY) for f in source.fields}
    every = {**reasons, **bad_bytes}
    listed = pl.concat_list(pl.when(bad).then(pl.lit(name)) for name, bad in every.items())
    read, _ = _read(refused, source.fields)
    return (
        refused.select("row", raw=pl.struct(source.names).struct.json_encode())
        .with_columns(read.select(reasons=listed.list.drop_nulls().list.sort()))
        .select("row", "reasons", "raw")
    )


def _judged(
    texts: pl.DataFrame, fields: Sequence[Field], reasons: Mapping[str, pl.Expr]
) -> tuple[pl.DataFrame, set[str]]:
    """Some fields of text rows as values, and whether one of some reasons refuses it; else as `_read`."""
    is_bad = pl.any_horizontal(pl.lit(value=False), *(bad.fill_null(value=False) for bad in reasons.values()))
    read, untidy = _read(texts, fields)
    return read.select(*(field.name for field in fields), is_bad.alias(_BAD)), untidy


def _fields_of(reason: pl.Expr) -> set[str]:
    return {name.removesuffix(_TEXT) for name in reason.meta.root_names()}


def judge_again(refused: pl.DataFrame, source: Source) -> pl.DataFrame:
    """Judge rows that were refused before from their kept text (`row`, `raw`)."""
    layout = pl.Struct(dict.fromkeys(source.names, pl.String))
    rows = refused.lazy().select("row", pl.col("raw").str.json_decode(layout)).unnest("raw")
    return judge(rows, source)


def _folded(texts: Runs, names: Sequence[str]) -> dict[str, int]:
    """Field → cells that stand in full width and are read as their half-width form."""
    counts: dict[str, int] = {}
    for name in names:
        text = pl.col(name)
        wide = texts.column(name).to_frame().filter(text.str.len_bytes() != text.str.len_chars())
        if count := int(wide.select(_is_folded(text).sum()).item()):
            counts[name] = count
    return counts


def _is_folded(text: pl.Expr) -> pl.Expr:
    own, half = text.str.strip_chars(BLANKS), text.str.normalize("NFKC").str.strip_chars(BLANKS)
    return (own != half) & (half.str.len_bytes() == half.str.len_chars())


def typed(rows: pl.LazyFrame, source: Source) -> pl.DataFrame:
    """The typed fields of text rows (`row` and every field), unjudged: null where unreadable."""
    texts = rows.collect()
    return texts.select("row").hstack(_read(texts, source.fields)[0].select(source.names))


def _read(texts: pl.DataFrame, fields: Sequence[Field]) -> tuple[pl.DataFrame, set[str]]:
    """The tidied text beside the value of every field; and the fields of which texts were folded.

    A text that is read as it stands is tidy: only others are tidied, and read again.
    """
    folded = {f.name for f in fields if not _is_exact(f) and f.form not in ("text", "district")}
    read = _with_values(texts, {f.name: pl.col(f.name) if _is_exact(f) else _text(f) for f in fields}, fields)
    for field in filter(_is_exact, fields):
        places = (read[field.name + _TEXT].is_not_null() & read[field.name].is_null()).arg_true()
        if places.len():
            folded.add(field.name)
            again = _with_values(texts.select(field.name)[places], {field.name: _text(field)}, [field])
            read = read.with_columns(read[name].scatter(places, again[name]) for name in again.columns)
    applying = (
        pl.when(f.applies).then(f.name).otherwise(f.name + _TEXT).alias(f.name)
        for f in fields
        if f.applies is not None
    )
    return read.with_columns(applying), folded


def _with_values(texts: pl.DataFrame, text: Mapping[str, pl.Expr], fields: Sequence[Field]) -> pl.DataFrame:
    """Texts as they are to be read, and their values."""
    values = [_value(field).alias(field.name) for field in fields]
    read = texts.lazy().select(expr.alias(name + _TEXT) for name, expr in text.items())
    return read.with_columns(values).collect().rechunk()


def _is_exact(field: Field) -> bool:
    """Whether only a tidy text of the field has a value at all."""
    return field.form not in ("text", "district", "countries", "chapters") and (
        field.form != "code" or field.pattern is not None
    )


def _text(field: Field) -> pl.Expr:
    """The trimmed text; codes, numbers and dates folded to half width; empty is null."""
    text = pl.col(field.name).str.strip_chars(BLANKS)
    if field.form not in ("text", "district"):
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
