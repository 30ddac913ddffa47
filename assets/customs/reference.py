"""What a declared month is worth, said once for every engine: the readable reference.

`lines_worth` values the rows of one declared month in narwhals, so the same function runs on Polars,
where the fast way (`worth.py`) is held to it, and on Spark (`spark.py`), for a month that outgrows a
machine. `month_worth_by` sums what it gives; `Engine` is all that differs. What must come out is
rules §1.

Whole numbers are Decimal(38,0): exact on either engine, and a product that does not fit is an error.
What might not fit is therefore found beforehand and done in Python's integers. Narwhals divides in
doubles on Spark, so only multiples are divided, whose quotient rounding then finds exactly.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any, Protocol, TypeAlias

import narwhals as nw
import polars as pl
from polars import selectors

from assets.customs.exports import CELL, dollars
from assets.customs.value import FEE_SCALE, PERCENT_SCALE, RATE_SCALE, WIDEST, Rates, exact_fob_cents
from assets.customs.worth import Worth
from schemas.codes.countries import CHINA
from schemas.codes.trade_modes import TRADE_MODES
from schemas.customs import CUBE, LINE_COUNTS
from schemas.operations import CORRECTED

Lines: TypeAlias = nw.LazyFrame[Any]
col, lit, when = nw.col, nw.lit, nw.when
WHOLE = nw.Decimal(38, 0)
LARGEST_QUOTIENT = 1e15
"""Cents above this are not left to a division in doubles, which hold 9e15 exactly."""
OF_DECLARATION = "declaration_no"
NO_SALE = [mode.code for mode in TRADE_MODES.values() if not mode.counts]
INCLUDED_IN = {"freight": ["1", "2"], "insurance": ["1", "4"]}
"""The delivery terms that include each fee."""
FACTS = (
    "amount", "rate", "percent", "freight_total", "freight_rate", "insurance_total", "insurance_rate",
    "weight_rate", "weights_whole", "weights_rest",
)  # fmt: skip
"""What the formula needs of a line: whole numbers, as `value.exact_fob_cents` has them."""
READ = (
    "declaration_no", "line_no", "revision", "status", "consignor_uscc", "trading_country",
    "arrival_country", "trade_mode", "hs_code", "delivery_terms", "currency", "amount", "freight_mark",
    "freight", "freight_currency", "insurance_mark", "insurance", "insurance_currency",
    "stat_value_usd", "declared_on", "released_on", "closed_on", "updated_at", "reasons",
)  # fmt: skip
"""The columns of the ledger that are looked at."""
NEWEST_CAN_BE = ("counted", "not_counted", "withdrawn", "rejected")


class Engine(Protocol):
    """What each engine does in its own way."""

    def keep(self, lines: Lines) -> Lines:
        """The same lines, computed once however often they are read."""

    def bring(self, small: pl.DataFrame) -> Lines:
        """A small table, to be joined with lines."""


class OnPolars:
    """Polars, on this machine and in memory."""

    def keep(self, lines: Lines) -> Lines:
        """The same lines, computed."""
        return lines.collect().lazy()

    def bring(self, small: pl.DataFrame) -> Lines:
        """The small table as it is."""
        return nw.from_native(small.lazy())

    def read(self, ledger: pl.LazyFrame) -> Lines:
        """The columns of READ of a ledger, with `place`, the row's number in it."""
        placed = ledger.with_row_index("place").select(pl.col("place").cast(pl.Int64), *READ)
        return nw.from_native(placed.with_columns(selectors.enum().cast(pl.String)))


def lines_worth(ledger: Lines, rates: Rates, engine: Engine) -> Lines:
    """What became of every row of a declared month: its cell, `is_current`, `state`, `cents`, `refused`.

    `ledger` has the columns of READ, and `place`, the row's number in the ledger. `refused` holds
    the reasons that valuing adds, separated by spaces, and is empty for what is not refused.
    """
    # The newest row of a line is its last by revision and moment; what a correction repaired is none.
    known = nw.all_horizontal(
        [~col(c).is_null() for c in ("declaration_no", "line_no", "revision", "updated_at")],
        ignore_nulls=False,
    )
    newest = col("line_no").is_last_distinct()
    newest = newest.over(OF_DECLARATION, "is_ranked", order_by=["revision", "updated_at", "place"])
    lines = (
        ledger.with_columns(is_ranked=known & ~col("reasons").list.contains(CORRECTED))
        .with_columns(is_current=col("is_ranked") & newest)
        .with_columns(state=_state(), amount=_whole("amount", 100), given=_whole("stat_value_usd", 100))
        .with_columns(
            bears=col("is_current") & col("state").is_in(["counted", "not_counted"]),
            is_computed=(col("state") == "counted") & col("given").is_null(),
        )
    )
    # Every part is converted at its own currency's rate of the month.
    table = engine.bring(_table(rates))
    lines = lines.join(table, on="currency", how="left")
    for fee in INCLUDED_IN:
        of_fee = table.select(col("currency").alias(f"{fee}_currency"), col("rate").alias(f"{fee}_rate"))
        lines = lines.join(of_fee, on=f"{fee}_currency", how="left").with_columns(**_fee(fee))
    # A declaration's totals are borne in proportion to amounts: in several currencies, of dollars.
    paid_in = when("bears").then("currency")
    unrated = when(col("bears") & col("rate").is_null()).then(lit(1)).otherwise(lit(0))
    lines = (
        lines.with_columns(
            in_one=paid_in.min().over(OF_DECLARATION) == paid_in.max().over(OF_DECLARATION),
            unrated=unrated.sum().over(OF_DECLARATION),
        )
        .with_columns(
            weight_rate=when("in_one").then(lit(1)).when(col("unrated") == 0).then("rate").cast(WHOLE),
            whole=when("bears").then(when("in_one").then(lit(0)).otherwise("whole") * col("amount")),
            rest=when("bears").then(when("in_one").then(lit(1)).otherwise("rest") * col("amount")),
        )
        .with_columns(
            weights_whole=col("whole").sum().over(OF_DECLARATION),
            weights_rest=col("rest").sum().over(OF_DECLARATION),
        )
    )
    # Customs' own value where it gives one, else the formula: rounded half-up once, a line.
    lines = lines.with_columns(refused=_refused()).with_columns(**_facts()).with_columns(is_quick=_fits())
    lines = lines.with_columns(**_formula()).with_columns(
        cents=when(col("state") == "counted").then(nw.coalesce("given", _half_up())),
        refused=when(col("top") < 0).then(lit("negative_fob")).otherwise("refused"),
    )
    is_wide = ~col("is_quick").fill_null(value=True)
    lines = engine.keep(lines.select("place", *FACTS, is_wide=is_wide, **_outcome()))
    lines = _exactly(lines, engine)
    return lines.with_columns(state=when(col("refused") != "").then(lit("rejected")).otherwise("state"))


def month_worth_by(engine: Engine, lines: Lines, ledger: pl.LazyFrame, rates: Rates) -> Worth:
    """What `worth.month_worth` gives for a month's ledger, by the reference; `lines` are it on the engine."""
    valued = lines_worth(lines, rates, engine)
    of_state = valued.with_columns(cents=when(col("state") == "counted").then("cents")).group_by("state")
    states = _local(of_state.agg(nw.len().alias("rows"), col("cents").sum()))
    refused = _local(valued.filter(col("state") == "rejected").select("place", "is_current", "refused"))
    return Worth(
        cells=_cells(valued),
        counts=_counts(valued),
        refused=_refused_rows(ledger, refused),
        rows=int(states["rows"].sum()),
        states=Counter(dict(states.select("state", "rows").iter_rows())),
        dollars=Decimal(int(states["cents"].sum())) / 100,
    )


def _local(lines: Lines) -> pl.DataFrame:
    """A small result, on this machine."""
    local: pl.DataFrame = lines.collect("polars").to_native()
    return local


def _cells(valued: Lines) -> pl.DataFrame:
    counted = valued.filter(col("state") == "counted").group_by(CELL)
    cells = counted.agg(
        nw.len().alias("lines"), col("declaration_no").n_unique().alias("declarations"), col("cents").sum()
    )
    return (
        _local(cells)
        .with_columns(fob_usd=dollars(pl.col("cents")))
        .select(pl.col(name).cast(dtype) for name, dtype in CUBE.schema.items())
        .sort(CELL)
    )


def _counts(valued: Lines) -> pl.DataFrame:
    """A declaration with lines in several cells counts once."""
    newest = valued.filter(col("is_current") & ~col("uscc").is_null())
    of_state = {state: (col("state") == state).cast(nw.Int64).sum() for state in NEWEST_CAN_BE}
    declarations = (
        newest.filter(col("state") == "counted")
        .group_by("uscc", "year")
        .agg(declarations=col("declaration_no").n_unique())
    )
    counts = _local(
        newest.group_by("uscc", "year").agg(**of_state).join(declarations, on=["uscc", "year"], how="left")
    )
    return (
        counts.with_columns(pl.col("declarations").fill_null(0))
        .select(pl.col(name).cast(dtype) for name, dtype in LINE_COUNTS.schema.items())
        .sort("uscc", "year")
    )


def _refused_rows(ledger: pl.LazyFrame, refused: pl.DataFrame) -> pl.DataFrame:
    """The refused rows of the ledger as a whole, with the reasons that valuing added."""
    found = pl.col("refused").str.split(" ").list.unique().list.sort()
    return (
        ledger.with_row_index("place")
        .join(refused.lazy().cast({"place": pl.UInt32}), on="place", maintain_order="left")
        .with_columns(reasons=pl.when(pl.col("refused") == "").then("reasons").otherwise(found))
        .drop("refused")
        .collect()
    )


def _state() -> nw.Expr:
    """What a row is before its value is known (schemas.customs.LINE_STATES)."""
    is_sale = (col("arrival_country") != CHINA) & ~col("trade_mode").is_in(NO_SALE)
    return (
        when(col("reasons").list.len() > 0)
        .then(lit("rejected"))
        .when(~col("is_current"))
        .then(lit("superseded"))
        .when(col("status") == "withdrawn")
        .then(lit("withdrawn"))
        .when(~is_sale)
        .then(lit("not_counted"))
        .otherwise(lit("counted"))
    )


def _whole(name: str, scale: int) -> nw.Expr:
    """A Decimal column as a whole number of its smallest unit."""
    return (col(name) * scale).cast(WHOLE)


def _table(rates: Rates) -> pl.DataFrame:
    """Currency, its rate in 1e-12 dollars, and that as whole · RATE_SCALE + rest."""
    rows = [(currency, rate, *divmod(rate, RATE_SCALE)) for currency, rate in rates.items()]
    whole = pl.Decimal(38, 0)
    return pl.DataFrame(
        rows, {"currency": pl.String, "rate": whole, "whole": whole, "rest": whole}, orient="row"
    )


def _fee(fee: str) -> dict[str, nw.Expr]:
    """A fee that the terms include as a percentage or as a total, or why it cannot be had."""
    mark, rate = col(f"{fee}_mark"), col(f"{fee}_rate")
    lacking = mark.is_null() | col(fee).is_null() | ((mark == "3") & col(f"{fee}_currency").is_null())
    due = when(col("is_computed") & col("delivery_terms").is_in(INCLUDED_IN[fee]))
    refused = (
        when(mark == "2").then(lit("fee_per_tonne"))
        .when(lacking).then(lit(f"missing_{fee}"))
        .when((mark == "3") & rate.is_null()).then(lit("missing_rate"))
    )  # fmt: skip
    return {
        f"{fee}_refused": due.then(refused),
        f"{fee}_percent": due.then(when(mark == "1").then(_whole(fee, FEE_SCALE))),
        f"{fee}_total": due.then(when((mark == "3") & ~lacking).then(_whole(fee, FEE_SCALE))),
    }


def _has_total() -> nw.Expr:
    return ~(col("freight_total").is_null() & col("insurance_total").is_null())


def _refused() -> nw.Expr:
    lacking = col("rate").is_null() | (_has_total() & col("weight_rate").is_null())
    no_rate = when(col("is_computed") & lacking).then(lit("missing_rate"))
    return nw.concat_str("freight_refused", "insurance_refused", no_rate, separator=" ", ignore_nulls=True)


def _facts() -> dict[str, nw.Expr]:
    """FACTS of the lines that the formula values; a declaration without weights bears no totals."""
    valued = when(col("is_computed") & (col("refused") == ""))
    weighs = _has_total() & ((col("weights_whole") > 0) | (col("weights_rest") > 0))
    percent = col("freight_percent").fill_null(0) + col("insurance_percent").fill_null(0)
    facts = {
        "amount": col("amount"),
        "rate": col("rate"),
        # More than all of an amount is as negative as a little more than all of it.
        "percent": when(percent > PERCENT_SCALE).then(lit(PERCENT_SCALE + 1)).otherwise(percent),
        **{f"{fee}_total": col(f"{fee}_total").fill_null(0) for fee in INCLUDED_IN},
        **{
            f"{fee}_rate": when(~col(f"{fee}_total").is_null()).then(f"{fee}_rate").otherwise(lit(0))
            for fee in INCLUDED_IN
        },
        "weight_rate": when(weighs).then("weight_rate").otherwise(lit(0)),
        "weights_whole": when(weighs).then("weights_whole").otherwise(lit(0)),
        "weights_rest": when(weighs).then("weights_rest").otherwise(lit(1)),
    }
    return {name: valued.then(fact).cast(WHOLE) for name, fact in facts.items()}


def _fits() -> nw.Expr:
    """Whether no product on the way can be too wide: null for what the formula does not value."""
    fact = {name: col(name).cast(nw.Float64) for name in FACTS}
    weights = fact["weights_whole"] * RATE_SCALE + fact["weights_rest"]
    fees = sum((fact[f"{fee}_total"] * fact[f"{fee}_rate"] for fee in INCLUDED_IN), lit(0.0))
    gross, weight = fact["amount"] * fact["rate"], fact["amount"] * fact["weight_rate"]
    products = [
        gross * PERCENT_SCALE * weights,
        weights * (RATE_SCALE * PERCENT_SCALE),
        fees,
        weight,
        fees * weight * FEE_SCALE,
    ]
    return (nw.max_horizontal(*products) < WIDEST) & (gross / RATE_SCALE < LARGEST_QUOTIENT)


def _formula() -> dict[str, nw.Expr]:
    """cents = top / bottom = (amount·rate·(1 − percent) − fees·weight/weights) / 1e12, where it fits."""
    fact = {name: when("is_quick").then(name) for name in FACTS}
    weights = fact["weights_whole"] * RATE_SCALE + fact["weights_rest"]
    fees = fact["freight_total"] * fact["freight_rate"] + fact["insurance_total"] * fact["insurance_rate"]
    net = fact["amount"] * fact["rate"] * (PERCENT_SCALE - fact["percent"]) * weights
    return {
        "top": net - fees * (fact["amount"] * fact["weight_rate"]) * FEE_SCALE,
        "bottom": weights * (RATE_SCALE * PERCENT_SCALE),
    }


def _half_up() -> nw.Expr:
    """top / bottom to the cent, without doubling either; null for what is negative."""
    top, bottom = when(col("top") >= 0).then("top"), col("bottom")
    rest = top % bottom
    up = when(rest >= bottom - rest).then(lit(1)).otherwise(lit(0))
    return ((top - rest) / bottom).round().cast(WHOLE) + up


def _outcome() -> dict[str, nw.Expr]:
    """Where a row counts, and what is known of it."""
    placed = nw.coalesce("closed_on", "released_on")
    return {
        "declaration_no": col("declaration_no"),
        "uscc": col("consignor_uscc"),
        "trading_country": col("trading_country"),
        "hs_chapter": col("hs_code").str.head(2),
        "stat_month": placed.dt.to_string("%Y-%m"),
        "year": nw.coalesce(placed, "declared_on").dt.year(),
        **{name: col(name) for name in ("is_current", "state", "cents", "refused")},
    }


def _exactly(lines: Lines, engine: Engine) -> Lines:
    """The lines with those whose products may not fit done in Python's integers, of which there are few."""
    wide = _local(lines.filter(col("is_wide")).select("place", *FACTS))
    rows = [
        (row["place"], *exact_fob_cents({name: int(row[name]) for name in FACTS}))
        for row in wide.iter_rows(named=True)
    ]
    done = pl.DataFrame(
        [(place, cents, " ".join(why or [])) for place, cents, why in rows],
        {"place": pl.Int64, "exact": pl.Decimal(38, 0), "why": pl.String},
        orient="row",
    )
    lines = lines.join(engine.bring(done), on="place", how="left")
    return lines.with_columns(cents=nw.coalesce("cents", "exact"), refused=nw.coalesce("why", "refused"))
