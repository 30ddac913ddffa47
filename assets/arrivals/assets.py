"""Arrivals: the sources as the world delivers them, and the record of what was received."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from assets.arrivals.pull import pull
from assets.materialize import column_schema
from assets.storage.deliveries import Deliveries, Delivery
from assets.storage.drop_folder import SourcesUnreachable
from schemas.catalogue import SOURCES

GROUP = "arrivals"
AGREES = "agrees_with_the_database"
_ABOUT_CHECK = (
    "Once a month: of every declared month, keys and amounts received against those that the database has. "
    "A drop folder has nothing to compare with."
)


def _source_spec(name: str) -> dg.AssetSpec:
    source = next(s for s in SOURCES if s.name == name)
    return dg.AssetSpec(
        name,
        group_name=GROUP,
        description=f"{source.zh}\n\n{source.about}",
        owners=["team:data-exchange"],
        kinds={"file"},
        metadata={"dagster/column_schema": column_schema(source)},
    )


source_specs = [_source_spec(source.name) for source in SOURCES]


def content_of(root: Path) -> str:
    """A hash over all that was received: the same bytes delivered again are nothing new."""
    pieces = sorted(piece.sha256 for d in Deliveries(root).all for piece in d.pieces.values())
    return hashlib.sha256(" ".join(pieces).encode()).hexdigest()


@dg.asset(
    group_name=GROUP,
    deps=[spec.key for spec in source_specs],
    required_resource_keys={"house"},
    owners=["team:data-engineering"],
    kinds={"polars", "parquet"},
    check_specs=[dg.AssetCheckSpec(AGREES, asset="deliveries", blocking=True, description=_ABOUT_CHECK)],
    description="收件记录\n\nPulls what is new: each file is read as text, typed and judged once, "
    "and kept in pieces by declared month. A file that cannot be taken is refused whole, with the "
    "sentence that says why.",
)
def deliveries(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Receive what is new in the sources."""
    house = context.resources.house
    try:
        with house.lock():
            new = pull(house.root, house.sources, house.now, house.report)
            differing = house.sources.disagreements(house.root, house.now)
    except SourcesUnreachable as unreachable:
        raise dg.Failure(str(unreachable)) from None
    context.log.info("\n".join(d.refused or f"{d.name}: {d.rows} rows" for d in new) or "Nothing new.")
    yield dg.AssetCheckResult(check_name=AGREES, passed=not differing, description=" ".join(differing))
    if differing:
        raise dg.Failure(differing[0])
    yield dg.MaterializeResult(metadata=_seen(new), data_version=dg.DataVersion(content_of(house.root)))


def _seen(new: Sequence[Delivery]) -> dict[str, Any]:
    """What a pull brought, for people."""
    refused = [delivery.refused for delivery in new if delivery.refused]
    return {
        "new_deliveries": len(new),
        "rows_received": sum(delivery.rows for delivery in new),
        "rows_rejected": sum(delivery.rejected for delivery in new),
        "refused": dg.MetadataValue.md("\n".join(f"- {why}" for why in refused) or "none"),
    }
