"""The lake: tables as content-named Parquet files, read lazily, written so that bytes repeat."""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.storage.manifest import Entry, Manifests, NotMade, sync_folder
from schemas.table import Table

ROW_GROUP = 131_072  # fixed, or the same rows give other bytes in another run


@dataclass(frozen=True)
class Staged:
    """A file that is written and synced but that no manifest names yet."""

    path: Path
    sha256: str
    rows: int
    money: str | None

    def scan(self) -> pl.LazyFrame:
        """The rows as they will be read."""
        return pl.scan_parquet(self.path, glob=False)

    def entry(self, inputs: str, **more: object) -> Entry:
        """The manifest entry that makes it count."""
        return Entry(self.path.name, self.sha256, self.rows, self.money, inputs, **more)  # type: ignore[arg-type]


class Lake(Manifests):
    """Reads and writes tables; `commit` (inherited) is what makes a write count."""

    def scan(self, table: Table, keys: Iterable[str] | None = None) -> pl.LazyFrame:
        """The rows of the given keys (of all where None); a key never made is an error."""
        entries = self.read(table.name)
        wanted = sorted(entries) if keys is None else list(keys)
        missing = [key for key in wanted if key not in entries]
        if missing:
            of = "" if missing == ["all"] else f" of {', '.join(missing)}"
            raise NotMade(
                f"The lake {self.root} has no {table.name}{of} yet: run `tongbao nightly`, or set "
                "TONGBAO_LAKE to where the lake is."
            )
        files = [self.folder(table.name) / entries[key].file for key in wanted]
        if not files:
            return table.empty().lazy()
        return pl.scan_parquet(files, glob=False, hive_partitioning=False)

    def stage(self, table: Table, key: str, frame: pl.LazyFrame) -> Staged:
        """Write one key's rows, with the contract's columns in its order, to a content-named file."""
        exact = frame.select(pl.col(name).cast(dtype) for name, dtype in table.schema.items())
        path, sha256 = write_parquet(self.folder(table.name), key, exact)
        totals = pl.scan_parquet(path, glob=False).select(
            rows=pl.len(),
            money=pl.col(table.money).cast(pl.Decimal(38, 4)).sum() if table.money else None,
        )
        rows, money = totals.collect().row(0)
        return Staged(path, sha256, rows, str(money) if table.money else None)


def write_parquet(folder: Path, name: str, frame: pl.LazyFrame) -> tuple[Path, str]:
    """Write `<name>-<hash>.parquet`, synced; the same rows give the same bytes and name."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{uuid.uuid4().hex}.parquet"
    frame.sink_parquet(
        draft, compression="zstd", compression_level=3, row_group_size=ROW_GROUP,
        maintain_order=True,
    )  # fmt: skip
    with draft.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    path = folder / f"{name}-{sha256[:16]}.parquet"
    draft.replace(path)
    sync_folder(folder)
    return path, sha256
