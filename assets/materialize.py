"""Shows a maker of tables to Dagster: one decorator for every stage's assets.py.

For each key of a run: is it stale; make it; write content-named files; hold them to contract and
balances; commit. A key whose checks fail is not committed and fails the run at its end, after the
good keys have landed. The check looks at the bytes that will be committed, so writing comes first
and the manifest's swap last.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import dagster as dg
import polars as pl
from polars import selectors

from assets.checks import Verdict, verify
from assets.flow import ALL, NODES
from assets.partitions import dependencies, partitions_of
from assets.staleness import State
from assets.storage.lake import Lake, Staged
from assets.storage.manifest import Entry
from assets.work import Made, Maker, Work
from schemas.catalogue import TABLES
from schemas.table import Table

CHECK = "contract_and_balances"
REGISTER = "roster_register"
"""The acts of the offices, as an asset that only those acts write."""
_ABOUT_CHECK = (
    "Types, nulls, vocabularies, unique key, row rules; rows and money against what they were made "
    "from. Nothing is written where it fails."
)
MAKERS: dict[str, tuple[tuple[str, ...], Maker]] = {}
"""Table → the tables that are made together with it, and what makes them."""
_SHOWN = 100
"""Rows shown in the table beside a check; the plain values cover all keys."""


def tables_asset(
    *tables: str, group: str, deps: Sequence[str] = ()
) -> Callable[[Maker], dg.AssetsDefinition]:
    """Make assets of a function that makes one key of a table, and of those made together with it."""

    def decorate(make: Maker) -> dg.AssetsDefinition:
        MAKERS.update(dict.fromkeys(tables, (tables, make)))

        @dg.multi_asset(
            name=make.__name__,
            specs=[_spec(TABLES[table], group, deps) for table in tables],
            check_specs=[
                dg.AssetCheckSpec(CHECK, asset=table, blocking=True, description=_ABOUT_CHECK)
                for table in tables
            ],
            partitions_def=partitions_of(tables[0]),
            backfill_policy=dg.BackfillPolicy.single_run(),
            required_resource_keys={"house"},
            description=make.__doc__,
        )
        def body(context: dg.AssetExecutionContext) -> Iterator[Any]:
            house = context.resources.house
            keys = context.partition_keys if context.has_partition_key_range else _one(context)
            verdicts = list[tuple[str, Verdict]]()
            with house.lock():
                state = house.state()
                for done, key in enumerate(keys, start=1):
                    verdicts += make_key(make, tables, key, state)
                    house.report(tables[0], key, done, len(keys))
            yield from _results(context, tables, keys, state, verdicts)

        return body

    return decorate


def _one(context: dg.AssetExecutionContext) -> Sequence[str]:
    return [context.partition_key] if context.has_partition_key else [ALL]


def make_key(make: Maker, tables: Sequence[str], key: str, state: State) -> list[tuple[str, Verdict]]:
    """Make one key of the asset's tables, where any of them is stale; commit what holds."""
    findings = [state.judge(table, key) for table in tables]
    if any(finding.verdict == "waiting" for finding in findings):
        raise dg.Failure(f"{tables[0]} {key} cannot be made: {findings[0].why}. Run `tongbao plan`.")
    if all(finding.verdict == "fresh" for finding in findings):
        return []
    inputs = {table: state.inputs(table, key) or "" for table in tables}
    lake = Lake(state.root)
    made = _by_table(make(Work(tuple(tables), key, lake, state)), tables)
    staged = {table: lake.stage(TABLES[table], key, made[table].frame) for table in tables}
    made = {table: made[table].settled() for table in tables}
    verdicts = [(t, verify(staged[t], TABLES[t], key, made[t])) for t in tables]
    if all(verdict.passed for _, verdict in verdicts):
        for table in tables:
            entry = staged[table].entry(
                inputs[table],
                parts={**made[table].parts, **_parts(staged[table], made[table].part)},
                due_at=made[table].due_at,
                notes=dict(made[table].notes),
            )
            lake.commit(table, {key: entry})
            state.forget(table)
    return verdicts


def _by_table(result: Mapping[str, Made] | Made | pl.LazyFrame, tables: Sequence[str]) -> dict[str, Made]:
    if isinstance(result, pl.LazyFrame):
        result = Made(result)
    return {tables[0]: result} if isinstance(result, Made) else dict(result)


def _parts(staged: Staged, part: pl.Expr | None) -> dict[str, str]:
    """The hash of each part's rows, in file order."""
    if part is None:
        return {}
    flat = selectors.by_dtype(pl.List(pl.String)).list.join(",")
    parts = staged.scan().with_columns(part.alias(":part"), flat).collect()
    return {
        str(name): hashlib.sha256(rows.write_csv().encode()).hexdigest()
        for (name,), rows in sorted(
            parts.partition_by(":part", as_dict=True, include_key=False).items(), key=str
        )
    }


def _results(
    context: dg.AssetExecutionContext,
    tables: Sequence[str],
    keys: Sequence[str],
    state: State,
    verdicts: Sequence[tuple[str, Verdict]],
) -> Iterator[Any]:
    """The checks' results; then the materializations, or the failure after those of the good keys."""
    for table in tables:
        yield check_result(table, [verdict for name, verdict in verdicts if name == table])
    failed = [verdict.sentence(table) for table, verdict in verdicts if not verdict.passed]
    bad = {verdict.key for _, verdict in verdicts if not verdict.passed}
    for table in tables:
        for key in keys:
            partition = None if key == ALL else key
            seen = _seen(table, state.entries(table).get(key))
            if not failed:
                context.add_asset_metadata(seen, asset_key=table, partition_key=partition)
            elif key not in bad:
                context.log_event(dg.AssetMaterialization(table, partition=partition, metadata=seen))
    if failed:
        raise dg.Failure(
            f"Not written, since it does not balance: {failed[0]}"
            + (f" (and {len(failed) - 1} more)" if len(failed) > 1 else "")
            + ". The last good files stay; correct the source and run `tongbao nightly` again."
        )
    for table in tables:
        made = sum(name == table for name, _ in verdicts)
        yield dg.MaterializeResult(
            asset_key=table,
            metadata={"keys_made": made, "keys_up_to_date": len(keys) - made},
            data_version=_version(state.entries(table).get(ALL)),
        )


def _version(entry: Entry | None) -> dg.DataVersion | None:
    """The content of a table without partitions, so that the same rows make nothing look out of date."""
    return dg.DataVersion(entry.sha256) if entry else None


def _seen(table: str, entry: Entry | None) -> dict[str, Any]:
    """What the manifest says of a key: rows, money total, file."""
    if entry is None:
        return {}
    seen: dict[str, Any] = {"dagster/row_count": entry.rows}
    if entry.money is not None:
        seen[f"{TABLES[table].money}_total"] = dg.MetadataValue.text(f"{Decimal(entry.money):,.2f}")
    return seen | {"file": dg.MetadataValue.text(entry.file), "sha256": dg.MetadataValue.text(entry.sha256)}


def check_result(table: str, verdicts: Sequence[Verdict]) -> dg.AssetCheckResult:
    """One table's check: a sentence, the worst key in plain values, and every key beside it."""
    failed = [verdict for verdict in verdicts if not verdict.passed]
    worst = max(failed, key=lambda verdict: verdict.fault, default=None)
    shown = [*failed, *(verdict for verdict in verdicts if verdict.passed)][:_SHOWN]
    plain: dict[str, Any] = {
        "keys_checked": len(verdicts),
        "keys_failed": len(failed),
        "rows_checked": sum(verdict.rows for verdict in verdicts),
        "balances_checked": sum(len(verdict.balances) for verdict in verdicts),
    }
    if worst is not None:
        plain |= {
            "worst_key": worst.key,
            "worst_difference": dg.MetadataValue.text(f"{worst.difference:,f}"),
            "worst_count": worst.broken_rows,
        }
    if shown:
        plain["by_key"] = dg.MetadataValue.table([_record(verdict) for verdict in shown])
    return dg.AssetCheckResult(
        asset_key=table,
        check_name=CHECK,
        passed=not failed,
        description=_check_sentence(table, verdicts, worst),
        metadata=plain,
    )


def _check_sentence(table: str, verdicts: Sequence[Verdict], worst: Verdict | None) -> str:
    if worst is not None:
        return f"Worst of {len(verdicts)} keys: {worst.sentence(table)}"
    if not verdicts:
        return "Every key was up to date: nothing was made."
    rows = sum(verdict.rows for verdict in verdicts)
    return f"{rows:,} rows of {len(verdicts)} keys keep the contract and balance."


def _record(verdict: Verdict) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "key": verdict.key,
            "passed": verdict.passed,
            "rows": verdict.rows,
            "money": f"{Decimal(verdict.money):,.2f}" if verdict.money else "",
            "broken_rules": ", ".join(f"{name}: {count}" for name, count in verdict.broken.items()),
            "balances": "; ".join(
                f"{b.name}: {b.left:,} {'=' if b.holds else '≠'} {b.right:,}" for b in verdict.balances
            ),
        }
    )


def _spec(table: Table, group: str, deps: Sequence[str]) -> dg.AssetSpec:
    node = NODES[table.name]
    return dg.AssetSpec(
        table.name,
        group_name=group,
        deps=[*dependencies(node), *deps, *([REGISTER] if {"register", "reviews"} & {*node.uses} else [])],
        description=f"{table.zh}\n\n{table.about}",
        owners=list(table.owners),
        kinds={"polars", "parquet"},
        code_version=node.version,
        tags={"audience": table.audience},
        metadata={
            "dagster/column_schema": column_schema(table),
            "dagster/column_lineage": _lineage(table),
            "grain": ", ".join(table.key) or "one row a version",
            "partitioned_by": node.kind,
        },
    )


def column_schema(table: Table) -> dg.TableSchema:
    """The columns as Dagster shows them: type, both titles, unit, null or not, vocabulary."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                str(column.dtype),
                description=f"{column.zh} · {column.about}" + (f" [{column.unit}]" if column.unit else ""),
                constraints=dg.TableColumnConstraints(
                    nullable=not column.required,
                    other=[f"one of {', '.join(column.values)}"] if column.values else [],
                ),
            )
            for column in table.columns
        ],
        constraints=dg.TableConstraints(other=[f"unique: {', '.join(table.key)}"]),
    )


def _lineage(table: Table) -> dg.TableColumnLineage:
    return dg.TableColumnLineage(
        {
            column.name: [
                dg.TableColumnDep(asset_key=dg.AssetKey(name.split(".")[0]), column_name=name.split(".")[1])
                for name in column.comes_from
            ]
            for column in table.columns
            if column.comes_from
        }
    )
