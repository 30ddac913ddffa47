"""What each declaration line is and is worth: its state, and its FOB value in US dollars.

FOB = 统计美元值 where customs gives one; else the amount less the freight and insurance that the
delivery terms include, each part at its own currency's rate of the month of declaration, rounded
half-up to the cent once, a line (rules §1). All arithmetic is on integers: cents, rates in
1e-12 dollars, fees in 1e-4, percentages in 1e-4 percent. Polars' Int128 wraps round in silence, so
nothing is multiplied before it is known to fit; what may not fit is done in Python's integers.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from schemas.codes.countries import CHINA
from schemas.codes.trade_modes import TRADE_MODES
from schemas.operations import CORRECTED

RATE_SCALE = 10**12
FEE_SCALE = 10**4
PERCENT_SCALE = 10**6  # a percentage in 1e-4 percent is this part of one
WIDEST = 1e37  # Int128 holds 1.7e38: beyond this estimate, Python's integers do the sum
LARGEST_CENTS = 10**19  # what Decimal(19,2) holds

Rates = Mapping[str, int]
"""Currency → dollars per unit in 1e-12, for one month; USD is always there."""

REASONS = pl.List(pl.String)
_LINE = ["declaration_no", "line_no"]


def month_rates(rates: pl.DataFrame, month: str, ranking: tuple[str, ...]) -> dict[str, int]:
    """The best-ranked rate of each currency for a month (`rates`: current exchange_rates)."""
    rank = {source: place for place, source in enumerate(ranking)}
    chosen: dict[str, tuple[tuple[int, str], int]] = {}
    for currency, source, rate in (
        rates.filter(pl.col("month") == month)
        .select("currency", "source", (pl.col("usd_per_unit") * RATE_SCALE).cast(pl.Int128))
        .iter_rows()
    ):
        better = (rank.get(source, len(ranking)), source)
        if currency not in chosen or better < chosen[currency][0]:
            chosen[currency] = (better, rate)
    return {currency: rate for currency, (_, rate) in chosen.items()} | {"USD": RATE_SCALE}


def value_lines(ledger: pl.LazyFrame, rates: Rates) -> pl.LazyFrame:
    """The ledger of one declared month with what became of every row.

    Adds `is_current` (newest version of its line), `state` (schemas.customs.LINE_STATES), `why_not`
    (for not_counted) and `fob_cents` (counted rows only); `reasons` gains those of valuing.
    Rows keep the ledger's order, which must be that of declaration, line, revision, updated_at.
    """
    rows = _with_states(ledger.with_row_index("at"))
    candidates = rows.filter(pl.col("state") == "counted")
    given = candidates.filter(pl.col("stat_value_usd").is_not_null()).select(
        "at",
        fob_cents=_cents("stat_value_usd"),
        refused=pl.lit(None, REASONS),
    )
    computed = _compute(candidates.filter(pl.col("stat_value_usd").is_null()), rows, rates)
    return (
        rows.join(pl.concat([given, computed]), on="at", how="left", maintain_order="left")
        .with_columns(
            reasons=pl.coalesce("refused", "reasons"),
            state=pl.when(pl.col("refused").is_null()).then("state").otherwise(pl.lit("rejected")),
        )
        .drop("at", "refused")
    )


def not_counted_reason() -> pl.Expr:
    """Why a line is no sale abroad (rules §1); null for one that is."""
    modes = {m.code: m.not_counted_reason for m in TRADE_MODES.values() if not m.counts}
    return (
        pl.when(pl.col("arrival_country") == CHINA)
        .then(pl.lit("never_left"))
        .otherwise(pl.col("trade_mode").replace_strict(modes, default=None, return_dtype=pl.String))
    )


def _with_states(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Newest versions and states, before any value is known."""
    given = pl.all_horizontal(pl.col(c).is_not_null() for c in [*_LINE, "revision", "updated_at"])
    ranked = given & ~pl.col("reasons").list.contains(CORRECTED)
    last = pl.any_horizontal(pl.col(c).ne_missing(pl.col(c).shift(-1)) for c in _LINE)
    newest = rows.filter(ranked).select("at", *_LINE).filter(last).select("at", is_current=pl.lit(value=True))
    rows = rows.join(newest, on="at", how="left", maintain_order="left").with_columns(
        pl.col("is_current").fill_null(value=False)
    )
    why_not = not_counted_reason()
    state = (
        pl.when(pl.col("reasons").list.len() > 0)
        .then(pl.lit("rejected"))
        .when(~pl.col("is_current"))
        .then(pl.lit("superseded"))
        .when(pl.col("status").cast(pl.String) == "withdrawn")
        .then(pl.lit("withdrawn"))
        .when(why_not.is_not_null())
        .then(pl.lit("not_counted"))
        .otherwise(pl.lit("counted"))
    )
    return rows.with_columns(state=state, why_not=pl.when(state == "not_counted").then(why_not))


def _cents(column: str) -> pl.Expr:
    return (pl.col(column).cast(pl.Decimal(38, 2)) * 100).cast(pl.Int128)


def _rate(column: str, rates: Rates) -> pl.Expr:
    return pl.col(column).replace_strict(
        pl.Series(list(rates), dtype=pl.String),
        pl.Series(list(rates.values()), dtype=pl.Int128),
        default=None,
        return_dtype=pl.Int128,
    )


def _compute(lines: pl.LazyFrame, rows: pl.LazyFrame, rates: Rates) -> pl.LazyFrame:
    """`at`, `fob_cents`, `refused` of the lines that customs gave no value for."""
    terms = pl.col("delivery_terms").cast(pl.String)
    facts = lines.select(
        "at",
        "declaration_no",
        amount=_cents("amount"),
        rate=_rate("currency", rates),
        **_fee("freight", terms.is_in(["1", "2"]), rates),
        **_fee("insurance", terms.is_in(["1", "4"]), rates),
    ).with_columns(
        percent=pl.sum_horizontal("freight_percent", "insurance_percent"),
        needs_share=pl.any_horizontal(
            pl.col("freight_total").is_not_null(), pl.col("insurance_total").is_not_null()
        ),
    )
    weights = _weights(rows, facts, rates)
    facts = facts.join(weights, on=["at", "declaration_no"], how="left", maintain_order="left")
    lacking = pl.col("needs_share") & pl.col("weight_rate").is_null()
    no_rate = pl.when(pl.col("rate").is_null() | lacking).then(pl.lit("missing_rate"))
    return (
        facts.with_columns(rate_refused=no_rate)
        .map_batches(_evaluate, schema=_EVALUATED)
        .select("at", "fob_cents", "refused")
    )


_EVALUATED: dict[str, pl.DataType | type[pl.DataType]] = {
    "at": pl.UInt32,
    "fob_cents": pl.Int128,
    "refused": REASONS,
}


def _fee(name: str, due: pl.Expr, rates: Rates) -> dict[str, pl.Expr]:
    """A fee as percentage (1e-4 percent), or total (1e-4) with its rate, or why it cannot be had."""
    mark = pl.col(f"{name}_mark").cast(pl.String)
    scaled = (pl.col(name).cast(pl.Decimal(38, 4)) * FEE_SCALE).cast(pl.Int128)
    rate = _rate(f"{name}_currency", rates)
    lacking = mark.is_null() | pl.col(name).is_null()
    lacking |= (mark == "3") & pl.col(f"{name}_currency").is_null()
    refused = (
        pl.when(mark == "2")
        .then(pl.lit("fee_per_tonne"))
        .when(lacking)
        .then(pl.lit(f"missing_{name}"))
        .when((mark == "3") & rate.is_null())
        .then(pl.lit("missing_rate"))
    )
    return {
        f"{name}_refused": pl.when(due).then(refused),
        f"{name}_percent": pl.when(due & (mark == "1")).then(scaled),
        f"{name}_total": pl.when(due & (mark == "3") & ~lacking).then(scaled),
        f"{name}_rate": pl.when(due & (mark == "3")).then(rate),
    }


def _weights(rows: pl.LazyFrame, facts: pl.LazyFrame, rates: Rates) -> pl.LazyFrame:
    """Each line's part of its declaration, for the declarations whose totals must be shared.

    By the amounts of the declaration's current lines; where they are in several currencies, by
    those amounts in dollars. A line weighs amount · weight_rate, its declaration
    weights_whole · RATE_SCALE + weights_rest, in two parts since the sum may not fit in one.
    """
    sharing = facts.filter("needs_share").select("declaration_no").unique()
    current = rows.filter(pl.col("is_current") & pl.col("state").is_in(["counted", "not_counted"])).select(
        "at",
        "declaration_no",
        "currency",
        amount=_cents("amount"),
        rate=_rate("currency", rates),
    )
    one_currency = pl.col("currency").n_unique().over("declaration_no") == 1
    all_rated = pl.col("rate").is_not_null().all().over("declaration_no")
    rate = pl.col("weight_rate")
    return (
        current.join(sharing, on="declaration_no", how="semi")
        .with_columns(
            weight_rate=pl.when(one_currency).then(pl.lit(1, pl.Int128)).when(all_rated).then("rate")
        )
        .with_columns(
            weights_whole=(pl.col("amount") * (rate // RATE_SCALE)).sum().over("declaration_no"),
            weights_rest=(pl.col("amount") * (rate % RATE_SCALE)).sum().over("declaration_no"),
        )
        .select("at", "declaration_no", "weight_rate", "weights_whole", "weights_rest")
    )


_FEES = (("freight_total", "freight_rate"), ("insurance_total", "insurance_rate"))


def _evaluate(facts: pl.DataFrame) -> pl.DataFrame:
    """The one formula, in Int128 where it surely fits and in Python's integers where it may not."""
    shares = pl.col("needs_share") & (
        (pl.col("weights_whole").fill_null(0) > 0) | (pl.col("weights_rest").fill_null(0) > 0)
    )
    facts = facts.with_columns(
        pl.when(shares).then("weight_rate").otherwise(0).alias("weight_rate"),
        pl.when(shares).then("weights_whole").otherwise(0).alias("weights_whole"),
        pl.when(shares).then("weights_rest").otherwise(1).alias("weights_rest"),
        *(pl.col(name).fill_null(0) for fee in _FEES for name in fee),
    )
    fits = (_largest_product() < WIDEST) & (pl.col("percent") <= 100 * PERCENT_SCALE)
    reasons = ["freight_refused", "insurance_refused", "rate_refused"]
    is_refused = pl.any_horizontal(pl.col(reasons).is_not_null())
    ready = facts.filter(~is_refused)
    totals = pl.sum_horizontal(pl.col(total) * pl.col(rate) for total, rate in _FEES)
    weights = pl.col("weights_whole") * RATE_SCALE + pl.col("weights_rest")
    net = pl.col("amount") * pl.col("rate") * (PERCENT_SCALE - pl.col("percent")) * weights
    top = net - totals * (pl.col("amount") * pl.col("weight_rate")) * FEE_SCALE
    bottom = weights * (RATE_SCALE * PERCENT_SCALE)
    quick = ready.filter(fits).select(
        "at",
        fob_cents=pl.when(top >= 0).then(_half_up(top, bottom)),
        refused=pl.when(top < 0).then(pl.lit(["negative_fob"])),
    )
    exact = pl.DataFrame(
        [(row["at"], *exact_fob_cents(row)) for row in ready.filter(~fits).iter_rows(named=True)],
        schema=_EVALUATED,
        orient="row",
    )
    kept = facts.filter(is_refused).select(
        "at",
        fob_cents=pl.lit(None, pl.Int128),
        refused=pl.concat_list(reasons).list.drop_nulls().list.unique().list.sort(),
    )
    return pl.concat([quick, exact, kept])


def _largest_product() -> pl.Expr:
    """An estimate of the widest product on the way."""

    def size(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Float64)

    weight = size("amount") * size("weight_rate")
    weights = size("weights_whole") * RATE_SCALE + size("weights_rest")
    fees = pl.sum_horizontal(size(total) * size(rate) for total, rate in _FEES)
    gross = size("amount") * size("rate") * PERCENT_SCALE
    return pl.max_horizontal(
        gross, gross * weights, weights * RATE_SCALE * PERCENT_SCALE, fees, weight, fees * weight * FEE_SCALE
    )


def _half_up(top: pl.Expr, bottom: pl.Expr) -> pl.Expr:
    """top / bottom rounded half-up, without doubling either."""
    rest = top % bottom
    return top // bottom + (rest >= bottom - rest).cast(pl.Int128)


def exact_fob_cents(row: Mapping[str, int]) -> tuple[int | None, list[str] | None]:
    """The formula for one line in Python's integers: cents, or the reason why there are none.

    cents = (amount·rate·(1 − percent) − fees·weight/weights) / 1e12, over a common denominator.
    """
    weight = row["amount"] * row["weight_rate"]
    weights = row["weights_whole"] * RATE_SCALE + row["weights_rest"]
    fees = sum(row[total] * row[rate] for total, rate in _FEES)
    gross = row["amount"] * row["rate"] * (PERCENT_SCALE - row["percent"]) * weights
    top = gross - fees * weight * FEE_SCALE
    bottom = weights * RATE_SCALE * PERCENT_SCALE
    if top < 0:
        return None, ["negative_fob"]
    cents = (2 * top + bottom) // (2 * bottom)
    return (cents, None) if cents < LARGEST_CENTS else (None, ["overflow"])
