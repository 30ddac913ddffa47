"""What the product's tables and the oracle's have in common, and where they differ.

Belongs here: comparing. Not here: running either, and what to compare them for.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import polars as pl

from assets.customs.value import month_rates, value_lines
from assets.storage.lake import Lake
from assets.versions import current
from schemas.catalogue import TABLES
from schemas.customs import DECLARATIONS, RATES
from tests.integration.running import Row, rows_of
from tests.oracle.tables import Table, Tables

COMPARED = (
    "monthly_exports",
    "annual_exports",
    "roster_decisions",
    "policy_reconciliation",
    "take_up",
    "claim_audit",
    "service_use",
)
BESIDE_THE_CONTRACT: Mapping[str, frozenset[str]] = {
    "roster_decisions": frozenset({"name", "district"}),
    "take_up": frozenset({"taken_up_on"}),
}
"""Columns that the oracle shows for its own readers."""
RANKING = ("customs", "safe", "ecb")
LineStates = dict[tuple[str, int], tuple[str, list[str]]]


def disagreements(lake: Lake, oracle: Tables) -> list[str]:
    """Every row in which a table of the lake is not the oracle's, in words."""
    found: list[str] = []
    for table in COMPARED:
        expected = [
            {c: v for c, v in row.items() if c not in BESIDE_THE_CONTRACT.get(table, ())}
            for row in getattr(oracle, table)
        ]
        found += differences(table, TABLES[table].key, rows_of(lake, table), expected)
    return found


def differences(table: str, key: Sequence[str], rows: Iterable[Row], expected: Table) -> list[str]:
    """Rows that are missing, too many, or not equal in every column."""

    def by_key(of: Iterable[Row]) -> dict[tuple[str, ...], Row]:
        return {tuple(str(row[name]) for name in key): row for row in of}

    ours, theirs = by_key(rows), by_key(expected)
    found = [f"{table} {at}: only the oracle has it, {theirs[at]}" for at in theirs.keys() - ours]
    found += [f"{table} {at}: only the product has it, {ours[at]}" for at in ours.keys() - theirs]
    for at in ours.keys() & theirs.keys():
        unlike = {
            name: (ours[at].get(name), theirs[at].get(name))
            for name in ours[at].keys() | theirs[at].keys()
            if ours[at].get(name) != theirs[at].get(name)
        }
        if unlike:
            found.append(f"{table} {at}: (product, oracle) {unlike}")
    return sorted(found)


def line_states(lake: Lake, months: Iterable[str]) -> LineStates:
    """The state of every line with a readable key and version, and the reasons for it."""
    rates = current(lake.scan(RATES.ledger), RATES).collect()
    found: LineStates = {}
    for month in months:
        ledger = lake.scan(TABLES["customs_ledger"], [month])
        found |= states_of(value_lines(ledger, month_rates(rates, month, RANKING)))
    return found


def states_of(valued: pl.LazyFrame) -> LineStates:
    """The states of valued lines, in the oracle's words; of a conflict the reasons of all its rows."""
    version = [*DECLARATIONS.key, *DECLARATIONS.version]
    newest = valued.filter(pl.col("is_current").any().over(version)).select(
        pl.col("declaration_no").cast(pl.String).str.zfill(18),
        "line_no",
        "state",
        pl.when(pl.col("why_not").is_not_null())
        .then(pl.concat_list("why_not"))
        .otherwise("reasons")
        .alias("reasons"),
    )
    found: LineStates = {}
    for number, line, state, reasons in newest.collect().iter_rows():
        _, earlier = found.get((number, line), (state, []))
        found[number, line] = (state, sorted({*earlier, *reasons}))
    return found


def state_differences(lake: Lake, oracle: Tables) -> list[str]:
    """Lines in another state, or there for other reasons."""
    ours, theirs = line_states(lake, lake.read("customs_ledger")), oracle.line_states
    return [
        f"line {at}: (product, oracle) {ours.get(at)}, {theirs.get(at)}"
        for at in sorted(ours.keys() | theirs.keys())
        if ours.get(at) != theirs.get(at)
    ]


def reject_differences(lake: Lake, oracle: Tables) -> list[str]:
    """How often each source's rows are refused for which reasons, where the two differ."""
    sources = {source for source, *_ in oracle.rejected} | set(oracle.received)
    ours = Counter(
        (str(row["source"]), ",".join(row["reasons"]))  # type: ignore[arg-type]
        for row in rows_of(lake, "rejected_rows")
        if row["source"] in sources
    )
    theirs = Counter((source, ",".join(reasons)) for source, _, _, reasons in oracle.rejected)
    return [
        f"rejected {at}: product {ours[at]}, oracle {theirs[at]}"
        for at in sorted(ours.keys() | theirs.keys())
        if ours[at] != theirs[at]
    ]
