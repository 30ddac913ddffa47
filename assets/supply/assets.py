"""Supply: what readers get: refused rows, the record of runs, and the release."""

import dagster as dg
import polars as pl

from assets.flow import NODES, RECORDS, RELEASED
from assets.ledgers import KEPT, Received
from assets.materialize import tables_asset
from assets.partitions import DEFINITIONS
from assets.storage.deliveries import UNPLACED
from assets.supply.publish import publish_release
from assets.supply.rejected import rejected_rows as all_rejected
from assets.supply.report.due import home, is_due, latest_release
from assets.work import Work
from schemas.catalogue import SOURCES
from schemas.customs import DECLARATIONS

GROUP = "supply"


@tables_asset("rejected_rows", group=GROUP)
def rejected_rows(work: Work) -> pl.LazyFrame:
    """Every row that was refused, with all reasons and the row as it came."""
    unplaced = Received(work, DECLARATIONS, UNPLACED).rows()
    ledgers = {s: work.scan(s.ledger.name) for s in SOURCES if s is not DECLARATIONS}
    return all_rejected(work.scan("line_rejects"), ledgers, unplaced.filter(KEPT).lazy())


@dg.asset(
    group_name=GROUP,
    deps=[*RELEASED, *(table for table in RECORDS if table in NODES)],
    required_resource_keys={"house"},
    owners=["team:data-engineering"],
    kinds={"parquet", "sql"},
    description="发布\n\nWhat readers see: a folder of plain names with an index of hashes, `latest` "
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


@dg.asset(
    group_name=GROUP,
    deps=["release"],
    partitions_def=DEFINITIONS["policy_year"],
    required_resource_keys={"house"},
    owners=["team:data-engineering"],
    kinds={"html", "excel", "pdf"},
    description="年度报告\n\nA policy year as pages, workbook and one printed page, for the house and "
    "for the public, from the latest release. Made again only where what it shows has changed.",
)
def report(context: dg.AssetExecutionContext) -> None:
    """Write the reports of some years."""
    from assets.supply.report.write import write_report  # altair and typst: where they are needed

    house = context.resources.house
    keys = context.partition_keys
    with house.lock():
        release = latest_release(house.root)
        if release is None:
            raise dg.Failure("There is no release to report on: run `tongbao nightly` first.")
        for done, key in enumerate(keys, start=1):
            if is_due(house.root, int(key)):
                written = write_report(house.root, release, int(key))
                context.add_asset_metadata(
                    {"files": written.files, "largest_page_bytes": written.largest_page},
                    partition_key=key,
                )
            context.add_asset_metadata(
                {"page": dg.MetadataValue.path(str(home(house.root, int(key)) / "index.html"))},
                partition_key=key,
            )
            house.report("report", key, done, len(keys))
