"""Shows a maker of tables to Dagster: one decorator for every stage's assets.py.

For each key of a run: is it stale; make it; write content-named files; hold them to contract and
balances; commit. A key whose checks fail is not committed and fails the run at its end, after the
good keys have landed. The check looks at the bytes that will be committed, so writing comes first
and the manifest's swap last.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import dagster as dg
import polars as pl
from polars import selectors

from assets.checks import Verdict, verify
from assets.flow import ALL, NODES
from assets.partitions import dependencies, partitions_of
from assets.staleness import State
from assets.storage.lake import Lake, Staged
from assets.work import Made, Maker, Work
from schemas.catalogue import TABLES
from schemas.table import Table

CHECK = "contract_and_balances"
_ABOUT_CHECK = (
    "Types, nulls, vocabularies, unique key, row rules; rows and money against what they were made "
    "from. Nothing is written where it fails."
)
_SHOWN = 100
"""Rows shown in the table beside a check; the plain values cover all keys."""


def tables_asset(
    *tables: str, group: str, deps: Sequence[str] = ()
) -> Callable[[Maker], dg.AssetsDefinition]:
    """Make an asset of a function that makes one key of a table (and of those made beside it)."""
    main = tables[0]

    def decorate(make: Maker) -> dg.AssetsDefinition:
        @dg.multi_asset(
            name=make.__name__,
            specs=[_spec(TABLES[main], group, deps)],
            check_specs=[dg.AssetCheckSpec(CHECK, asset=main, blocking=True, description=_ABOUT_CHECK)],
            partitions_def=partitions_of(main),
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
                    found = _make(make, tables, key, state)
                    if found:
                        _describe(context, main, key, found[0][1])
                    verdicts += found
                    house.report(main, key, done, len(keys))
            yield from _results(main, verdicts)

        return body

    return decorate


def _one(context: dg.AssetExecutionContext) -> Sequence[str]:
    return [context.partition_key] if context.has_partition_key else [ALL]


def _make(make: Maker, tables: Sequence[str], key: str, state: State) -> list[tuple[str, Verdict]]:
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
    verdicts = [(t, verify(staged[t], TABLES[t], key, made[t])) for t in tables]
    if all(verdict.passed for _, verdict in verdicts):
        for table in tables:
            entry = staged[table].entry(
                inputs[table],
                parts=_parts(staged[table], made[table].part),
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


def _describe(context: dg.AssetExecutionContext, table: str, key: str, verdict: Verdict) -> None:
    """Row count and money total of the key, on its own partition."""
    metadata: dict[str, Any] = {"dagster/row_count": verdict.rows}
    if verdict.money is not None:
        metadata[f"{TABLES[table].money}_total"] = dg.MetadataValue.text(verdict.money)
    partition = None if key == ALL else key
    context.add_asset_metadata(metadata, asset_key=table, partition_key=partition)


def _results(main: str, verdicts: Sequence[tuple[str, Verdict]]) -> Iterator[Any]:
    """The check's result; then the failure, or the materialization."""
    failed = [verdict.sentence(table) for table, verdict in verdicts if not verdict.passed]
    yield dg.AssetCheckResult(
        asset_key=main,
        check_name=CHECK,
        passed=not failed,
        metadata=_check_metadata(verdicts),
    )
    if failed:
        raise dg.Failure(
            f"Not written, since it does not balance: {failed[0]}"
            + (f" (and {len(failed) - 1} more)" if len(failed) > 1 else "")
            + ". The last good files stay; correct the source and run `tongbao nightly` again."
        )
    keys = len({verdict.key for _, verdict in verdicts})
    yield dg.MaterializeResult(asset_key=main, metadata={"keys_made": keys})


def _check_metadata(verdicts: Sequence[tuple[str, Verdict]]) -> dict[str, Any]:
    worst = next((v.key for _, v in verdicts if not v.passed), "none")
    rows = [
        dg.TableRecord(
            {
                "table": table,
                "key": verdict.key,
                "rows": verdict.rows,
                "money": verdict.money or "",
                "broken_rules": ", ".join(verdict.broken),
                "balances": "; ".join(f"{b.name}: {b.left} = {b.right}" for b in verdict.balances),
                "passed": verdict.passed,
            }
        )
        for table, verdict in verdicts[:_SHOWN]
    ]
    return {
        "keys": len({verdict.key for _, verdict in verdicts}),
        "failed": sum(not verdict.passed for _, verdict in verdicts),
        "worst_key": worst,
        "balances_checked": sum(len(verdict.balances) for _, verdict in verdicts),
        **({"by_key": dg.MetadataValue.table(rows)} if rows else {}),
    }


def _spec(table: Table, group: str, deps: Sequence[str]) -> dg.AssetSpec:
    node = NODES[table.name]
    return dg.AssetSpec(
        table.name,
        group_name=group,
        deps=[*dependencies(node), *deps],
        description=f"**{table.zh}**\n\n{table.about}",
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
