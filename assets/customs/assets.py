"""Customs: every declaration line received, what it is worth, and each enterprise's exports."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from assets.customs.conserve import cube_balances, state_balances, totals
from assets.customs.exports import annual_exports as sum_year
from assets.customs.exports import monthly_exports as sum_months
from assets.customs.lines import current_rates
from assets.customs.rejects import line_rejects
from assets.customs.value import Rates, month_rates
from assets.customs.worth import Worth, month_worth
from assets.ledgers import Received, ledger
from assets.materialize import tables_asset
from assets.work import Made, Work
from schemas.customs import DECLARATIONS, RATES

GROUP = "customs"


@tables_asset("exchange_rates_ledger", group=GROUP, deps=["deliveries"])
def exchange_rates_ledger(work: Work) -> Made:
    """Every version of every exchange rate."""
    return ledger(work, RATES, part=pl.col("month"))


@tables_asset("customs_ledger", "ledger_origins", group=GROUP, deps=["deliveries"])
def customs_ledger(work: Work) -> Mapping[str, Made]:
    """Every version of every declaration line of a declared month, once, typed and sorted."""
    received = Received(work, DECLARATIONS)
    return {
        "customs_ledger": Made(received.kept(), after=received.told),
        "ledger_origins": Made(received.origins()),
    }


@tables_asset("export_cube", "line_counts", "line_rejects", group=GROUP)
def valued_lines(work: Work) -> Mapping[str, Made]:
    """What the lines of a declared month are worth in US dollars, and which are refused."""
    rates = month_rates(current_rates(work), work.key, work.state.rates_ranking)
    worth = _worth(work, rates)
    summed = cube_balances(worth.states["counted"], worth.dollars, worth.cells.lazy())
    states = state_balances(worth.rows, worth.refused.height, worth.states)
    return {
        "export_cube": Made(worth.cells.lazy(), summed, part=pl.col("stat_month").str.head(4)),
        "line_counts": Made(worth.counts.lazy(), states, part=pl.col("year")),
        "line_rejects": Made(line_rejects(worth.refused, work.scan("ledger_origins"))),
    }


def _worth(work: Work, rates: Rates) -> Worth:
    """The month's worth, from the engine of the settings; all give the same bytes."""
    if work.state.spark_master is None:
        return month_worth(work.scan("customs_ledger"), rates)
    from assets.customs.spark import month_worth_on_spark

    return month_worth_on_spark(work.file("customs_ledger"), rates, work.state.spark_master)


@tables_asset("monthly_exports", group=GROUP)
def monthly_exports(work: Work) -> pl.LazyFrame:
    """Exports of each enterprise by buyer country, HS chapter and statistical month."""
    return sum_months(work.scan("export_cube"), work.key)


@tables_asset("annual_exports", group=GROUP)
def annual_exports(work: Work) -> Made:
    """Exports of each enterprise in a statistical year."""
    monthly = work.scan("monthly_exports")
    year = sum_year(monthly, work.scan("line_counts"), work.key).collect()
    return Made(year.lazy(), cube_balances(*totals(monthly), year.lazy()))
