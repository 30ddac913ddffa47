"""What a declared month is worth: its cells, its counts and its refused lines, the fast way.

Most declarations are clean: nothing refused, and customs' own value on every line. A line of those
is judged by comparing it with the next row; all others are judged by `value.value_lines`, the
readable way that holds for any line. Summing looks at a header once a run of equal rows, and at a
cell as one integer whose order is the table's. `exports.cube` and `exports.line_counts` say the
same in a few lines each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import polars as pl

from assets.customs.exports import dollars, statistical_date
from assets.customs.value import Rates, not_counted_reason, value_lines
from assets.storage.runs import Runs
from schemas.customs import CUBE, LINE_COUNTS, LINE_STATES
from schemas.table import Table

_LINE = ("declaration_no", "line_no")
_HEAD = (
    "declaration_no",
    "declared_on",
    "consignor_uscc",
    "trading_country",
    "arrival_country",
    "trade_mode",
    "released_on",
    "closed_on",
)  # fmt: skip
_LOOKED_AT = (
    *_LINE,
    *_HEAD[1:],
    *("status", "hs_code", "stat_value_usd", "reasons"),
    *("revision", "updated_at", "delivery_terms", "currency", "amount"),
    *("freight_mark", "freight", "freight_currency"),
    *("insurance_mark", "insurance", "insurance_currency"),
)
_STATE = pl.Enum(LINE_STATES)
_CHAPTERS = 100
STRETCH_ROWS = 500_000
"""Rows of a stretch, about; those of one declaration are never parted."""
AT_ONCE = 2
"""Stretches that are in memory at once."""


@dataclass(frozen=True)
class Worth:
    """A declared month valued.

    `cells` are rows of export_cube, `counts` of line_counts; `refused` are ledger rows with their
    `place` in it. Of the lines they were summed from: how many `rows`, how many in each of
    LINE_STATES, and the `dollars` of those that count.
    """

    cells: pl.DataFrame
    counts: pl.DataFrame
    refused: pl.DataFrame
    rows: int
    states: Mapping[str, int]
    dollars: Decimal


def month_worth(ledger: pl.LazyFrame, rates: Rates) -> Worth:
    """Value the ledger of one declared month, in ledger order, a stretch of it at a time."""
    numbers = ledger.select("declaration_no").collect().to_series()
    if numbers.is_empty():
        nothing = value_lines(ledger.with_row_index("place"), rates).collect()
        return Worth(CUBE.empty(), LINE_COUNTS.empty(), nothing, 0, Counter(), Decimal(0))
    cuts = numbers.search_sorted(numbers.gather_every(STRETCH_ROWS, offset=STRETCH_ROWS)).unique()
    starts = [0, *cuts.filter(cuts > 0)]
    ends = [*starts[1:], numbers.len()]

    def worth_of(start: int, end: int) -> Worth:
        return _stretch_worth(ledger.slice(start, end - start), start, rates)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        worths = list(threads.map(worth_of, starts, ends))
    return Worth(
        cells=_summed(CUBE, [worth.cells for worth in worths]),
        counts=_summed(LINE_COUNTS, [worth.counts for worth in worths]),
        refused=pl.concat([worth.refused for worth in worths]),
        rows=numbers.len(),
        states=sum((Counter(worth.states) for worth in worths), Counter[str]()),
        dollars=sum((worth.dollars for worth in worths), Decimal(0)),
    )


def _summed(table: Table, parts: list[pl.DataFrame]) -> pl.DataFrame:
    """The sums of several stretches; a declaration lies in one of them, so that counts add up too."""
    if len(parts) == 1:
        return parts[0]
    sums = pl.concat(parts).group_by(table.key).agg(pl.exclude(table.key).sum())
    return sums.select(pl.col(name).cast(kind) for name, kind in table.schema.items()).sort(table.key)


def _stretch_worth(ledger: pl.LazyFrame, start: int, rates: Rates) -> Worth:
    rows = ledger.select(_LOOKED_AT).with_row_index("place").collect().rechunk()
    odd = (pl.col("reasons").list.len() > 0) | pl.col("stat_value_usd").is_null()
    numbers = rows.filter(odd)["declaration_no"].unique().implode()
    is_odd = pl.col("declaration_no").is_in(numbers).fill_null(value=True)
    valued = value_lines(rows.lazy().filter(is_odd), rates).collect().rechunk()
    runs, lines = _judged(rows, valued)
    counted = lines.filter(pl.col("state") == "counted")
    return Worth(
        cells=_cells(runs, counted),
        counts=_counts(runs, lines),
        refused=_whole(valued.filter(pl.col("reasons").list.len() > 0), ledger, start),
        rows=rows.height,
        states=Counter({str(state): count for state, count in lines["state"].value_counts().rows()}),
        dollars=Decimal(int(counted["cents"].sum())) / 100,
    )


def _whole(refused: pl.DataFrame, ledger: pl.LazyFrame, start: int) -> pl.DataFrame:
    """Refused rows with the columns that valuing does not look at, and their place in the whole ledger."""
    others = ledger.select(pl.exclude(_LOOKED_AT)).with_row_index("place")
    if refused.height:
        others = others.filter(pl.col("place").is_in(refused["place"].implode()))
    else:
        others = others.clear()
    both = pl.concat([refused, others.drop("place").collect()], how="horizontal")
    return both.with_columns(place=(pl.col("place") + start).cast(pl.UInt32))


def _judged(rows: pl.DataFrame, valued: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Runs of equal headers; and of every row its run, chapter, cents, state, and if it is newest."""
    parted = Runs.of(rows, _HEAD)
    runs = parted.heads.select(
        *("declaration_no", "trading_country"),
        uscc="consignor_uscc",
        year=pl.coalesce(statistical_date(), "declared_on").dt.year(),
        month=statistical_date().dt.year().cast(pl.Int64) * 12 + statistical_date().dt.month() - 1,
        sale=not_counted_reason().is_null(),
    )
    lines = rows.select(
        run=parted.run.cast(pl.Int64),
        chapter=pl.col("hs_code").str.head(2).cast(pl.Int64),
        cents=pl.col("stat_value_usd").to_physical(),
        newest=_is_newest(),
        state=pl.when(~_is_newest())
        .then(pl.lit("superseded", _STATE))
        .when(pl.col("status") == "withdrawn")
        .then(pl.lit("withdrawn", _STATE))
        .when(runs["sale"].gather(parted.run))
        .then(pl.lit("counted", _STATE))
        .otherwise(pl.lit("not_counted", _STATE)),
    )
    place = valued["place"]
    return runs, lines.with_columns(
        lines["cents"].scatter(place, valued["fob_cents"]),
        lines["newest"].scatter(place, valued["is_current"]),
        lines["state"].scatter(place, valued["state"].cast(_STATE)),
    )


def _is_newest() -> pl.Expr:
    """Whether a row is the last of its line: it differs from the next one, or there is none."""
    differ = pl.any_horizontal(pl.col(c).ne_missing(pl.col(c).shift(-1)) for c in _LINE)
    return differ | (pl.int_range(pl.len()) == pl.len() - 1)


def _cells(runs: pl.DataFrame, counted: pl.DataFrame) -> pl.DataFrame:
    """Sums of counted lines by cell, a cell being one integer in the table's order."""
    if counted.is_empty():
        return CUBE.empty()
    usccs, countries = (runs[name].drop_nulls().unique().sort() for name in ("uscc", "trading_country"))
    first, last = runs["month"].min(), runs["month"].max()
    months = _integer(last) - _integer(first) + 1
    by_chapter = (_rank("uscc", usccs) * len(countries) + _rank("trading_country", countries)) * _CHAPTERS
    head = runs.select(
        declaration=pl.col("declaration_no").rle_id().cast(pl.Int64),
        cell=(by_chapter * months + (pl.col("month") - first)).fill_null(0),
    )
    of_line = head[counted["run"]]
    cell = of_line["cell"] + counted["chapter"] * months
    sums = (
        pl.DataFrame({"cell": cell, "cents": counted["cents"]})
        .group_by("cell")
        .agg(lines=pl.len().cast(pl.Int64), cents=pl.col("cents").sum())
        .join(_declarations(of_line["declaration"], cell), on="cell")
        .sort("cell")
    )
    month = pl.col("cell") % months + first
    chapter = pl.col("cell") // months
    country = chapter // _CHAPTERS
    return sums.select(
        uscc=usccs.gather(sums.select(country // len(countries)).to_series()),
        trading_country=countries.gather(sums.select(country % len(countries)).to_series()),
        hs_chapter=(chapter % _CHAPTERS).cast(pl.String).str.zfill(2),
        stat_month=pl.format(
            "{}-{}", (month // 12).cast(pl.String).str.zfill(4), (month % 12 + 1).cast(pl.String).str.zfill(2)
        ),
        lines="lines",
        declarations="declarations",
        fob_usd=dollars(pl.col("cents")),
    )


def _rank(name: str, values: pl.Series) -> pl.Expr:
    """The place of each value among the sorted ones."""
    return pl.col(name).cast(pl.Enum(values)).to_physical().cast(pl.Int64)


def _declarations(declaration: pl.Series, cell: pl.Series) -> pl.DataFrame:
    """How many declarations each cell has; a declaration's rows are adjacent, so sorting is cheap."""
    cells = _integer(cell.max()) + 1
    if _integer(declaration.max()) * cells < 1 << 62:
        pairs = np.sort((declaration * cells + cell).to_numpy(), kind="stable")
        once = pl.Series("cell", pairs[np.diff(pairs, prepend=-1) != 0] % cells)
    else:
        once = pl.DataFrame({"declaration": declaration, "cell": cell}).unique()["cell"]
    return once.value_counts(name="declarations").cast({"declarations": pl.Int64})


def _integer(value: object) -> int:
    return value if isinstance(value, int) else 0


def _counts(runs: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """What became of each enterprise's newest lines, by year; a declaration counts once."""
    run, newest, state = (lines[name] for name in ("run", "newest", "state"))
    by_run = {
        of: np.bincount(run.filter(newest & (state == of)).to_numpy(), minlength=runs.height)
        for of in ("counted", "not_counted", "withdrawn", "rejected")
    }
    runs = runs.with_columns(pl.Series(of, counts) for of, counts in by_run.items())
    named = runs.filter(pl.col("uscc").is_not_null())
    declarations = (
        named.filter(pl.col("counted") > 0)
        .select("declaration_no", "uscc", "year")
        .unique()
        .group_by("uscc", "year")
        .agg(declarations=pl.len().cast(pl.Int64))
    )
    return (
        named.group_by("uscc", "year")
        .agg(pl.col(*by_run).sum())
        .filter(pl.sum_horizontal(*by_run) > 0)
        .join(declarations, on=["uscc", "year"], how="left")
        .with_columns(pl.col("declarations").fill_null(0))
        .select(LINE_COUNTS.names)
        .sort("uscc", "year")
    )
