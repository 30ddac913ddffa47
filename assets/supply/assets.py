"""Supply: what readers get: refused rows, the record of runs, and the release."""

import dagster as dg
import polars as pl

from assets.flow import NODES, RECORDS, RELEASED
from assets.ledgers import KEPT, received
from assets.materialize import tables_asset
from assets.storage.deliveries import UNPLACED
from assets.supply.publish import publish_release
from assets.supply.rejected import rejected_rows as all_rejected
from assets.work import Work
from schemas.catalogue import SOURCES
from schemas.customs import DECLARATIONS

GROUP = "supply"


@tables_asset("rejected_rows", group=GROUP)
def rejected_rows(work: Work) -> pl.LazyFrame:
    """Every row that was refused, with all reasons and the row as it came."""
    unplaced, _ = received(work, DECLARATIONS, UNPLACED)
    ledgers = {s: work.scan(s.ledger.name) for s in SOURCES if s is not DECLARATIONS}
    return all_rejected(work.scan("line_rejects"), ledgers, unplaced.filter(KEPT).lazy())


@dg.asset(
    group_name=GROUP,
    deps=[*RELEASED, *(table for table in RECORDS if table in NODES)],
    required_resource_keys={"house"},
    owners=["team:data-engineering"],
    kinds={"parquet", "sql"},
    description="**发布**\n\nWhat readers see: a folder of plain names with an index of hashes, `latest` "
    "swapped last, and the reporting database loaded in one transaction. A guard that says no "
    "leaves the last release standing.",
)
def release(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
    """Publish what was made."""
    house = context.resources.house
    with house.lock():
        done = publish_release(house, context.run.run_id)
    return dg.MaterializeResult(
        metadata={
            "release": done.name,
            "folder": dg.MetadataValue.path(str(done.folder)),
            "files": done.files,
            "rows": done.rows,
            "tables_loaded": dg.MetadataValue.json(done.loaded),
        }
    )
