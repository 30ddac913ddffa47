"""Writes what people look at of a month: a page an enterprise, and the digest for the managers.

These are views of the published tables and no part of a release or a package: the pages are what the
portal may show, the digest is internal. Written again, they are the same.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.flow import ALL
from assets.push.digest import digest, digest_page, write_digest
from assets.push.preview import previews
from assets.storage.lake import Lake
from assets.storage.manifest import write_bytes
from assets.work import House
from schemas.catalogue import TABLES
from schemas.push import PUSH_ENTERPRISES, PUSH_LIST, PUSH_RECEIPTS
from schemas.terms.loader import PolicyTerms


@dataclass(frozen=True)
class Shown:
    """Where the files of a month are, and how many pages were written."""

    folder: Path
    pages: int


def show_month(house: House, month: str, usccs: Collection[str] = ()) -> Shown:
    """Write the digest, and the pages of all enterprises of a month, or of some."""
    lake, terms = Lake(house.root), _terms(house, month)
    who = enterprises_known(lake, terms)
    items, firms = (lake.scan(table, [month]) for table in (PUSH_LIST, PUSH_ENTERPRISES))
    folder = folder_of(house.root, month)
    folder.mkdir(parents=True, exist_ok=True)
    receipts = lake.scan(PUSH_RECEIPTS, [ALL]).filter(pl.col("push_month") == month)
    found = digest(month, items, firms, receipts, who, terms)
    write_bytes(folder / "digest.html", digest_page(found).encode())
    write_digest(folder / "digest.xlsx", found)
    if usccs:
        items, firms = (frame.filter(pl.col("uscc").is_in(list(usccs))) for frame in (items, firms))
    of = firms.select(pl.col("uscc").n_unique()).collect().item()
    done = 0
    for uscc, page in previews(month, items, firms, who, terms):
        (folder / f"{uscc}.html").write_text(page, "utf-8")
        done += 1
        house.report("pages", uscc, done, of)
    if missing := set(usccs) - {path.stem for path in folder.glob("*.html")}:
        raise LookupError(f"{min(missing)} is not in the push of {month}: its cover is not in force then.")
    return Shown(folder, done)


def folder_of(root: Path, month: str) -> Path:
    """Where a month's pages are, in the lake at `root`."""
    return root / "previews" / f"push_month={month}"


def enterprises_known(lake: Lake, terms: PolicyTerms) -> pl.DataFrame:
    """uscc, name, district of a policy year: as on its roster, else the district of the policy."""
    year = [str(terms.policy_year)]
    listed = (
        lake.scan(TABLES["roster"], year).sort("edition", "uscc").unique("uscc", keep="last").select(
            "uscc", "name", "district")
    )  # fmt: skip
    insured = (
        lake.scan(TABLES["policy_reconciliation"], year)
        .drop_nulls("uscc")
        .sort("policy_no")
        .unique("uscc", keep="first", maintain_order=True)
        .select("uscc", pl.col("district").alias("insured_in"))
    )
    return (
        listed.join(insured, on="uscc", how="full", coalesce=True)
        .select("uscc", "name", pl.coalesce("district", "insured_in").alias("district"))
        .sort("uscc")
        .collect()
    )


def _terms(house: House, month: str) -> PolicyTerms:
    calendar = house.state().calendar
    return calendar.terms[int(calendar.policy_year_of(month) or 0)]
