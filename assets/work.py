"""One piece of work: a table's key, what it may read, and what it hands back. No Dagster.

An asset body gets a `Work` and returns what it made. A `Work` reads exactly what flow.py says that
its key needs, so the planner, the drawing and the code cannot disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from assets.flow import NODES, upstream_of
from assets.staleness import State
from assets.storage.lake import Lake
from assets.storage.releases import Bounds
from assets.versions import accepted_versions, current
from schemas.catalogue import TABLES
from schemas.table import Source
from schemas.terms.loader import PolicyTerms


class House(Protocol):
    """What a run is given: where the lake is, what time it is, how rates are ranked."""

    root: Path
    now: datetime
    reporting: str
    bounds: Bounds

    def lock(self) -> AbstractContextManager[None]:
        """The lake's lock, for as long as something is written to it."""

    def state(self) -> State:
        """The lake as it is at this moment."""

    def report(self, table: str, key: str, done: int, of: int) -> None:
        """Show progress."""


@dataclass(frozen=True)
class Balance:
    """Two figures that must be equal before anything is written, and what they are."""

    name: str
    left: int | Decimal
    right: int | Decimal

    @property
    def holds(self) -> bool:
        """Whether they are equal."""
        return self.left == self.right


@dataclass(frozen=True)
class Made:
    """The rows of one key of one table, with what must hold of them."""

    frame: pl.LazyFrame
    balances: tuple[Balance, ...] = ()
    part: pl.Expr | None = None
    """The part of each row, where readers may want parts alone (flow.Need.part)."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Instead: part → what changes when its rows do, where that is known without reading them."""
    due_at: str | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)
    after: Callable[[], Mapping[str, Any]] = dict
    """Of rows that are made while they are written: the other fields, known once they are."""

    def settled(self) -> Made:
        """All there is to say, once the rows are written."""
        return replace(self, **self.after())


Maker = Callable[["Work"], "Mapping[str, Made] | Made | pl.LazyFrame"]


@dataclass(frozen=True)
class Work:
    """One key of the tables that an asset makes together."""

    tables: tuple[str, ...]
    key: str
    lake: Lake
    state: State

    @property
    def now(self) -> datetime:
        """The present of the run, UTC."""
        return self.state.now

    @property
    def today(self) -> date:
        """The present day in Shenzhen."""
        return self.state.today

    @property
    def terms(self) -> PolicyTerms:
        """The terms of the key's policy year."""
        year = self.key if len(self.key) == 4 else self.state.calendar.policy_year_of(self.key)
        return self.state.calendar.terms[int(year or self.key)]

    def keys(self, table: str) -> list[str]:
        """The keys of another table that this key reads."""
        if table not in {need.table for name in self.tables for need in NODES[name].needs}:
            raise LookupError(f"{self.tables[0]} does not say in flow.py that it needs {table}.")
        found = {
            upstream.key
            for name in self.tables
            for upstream in upstream_of(name, self.key, self.state.calendar, self.today)
            if upstream.table == table
        }
        return sorted(found)

    def contents(self, table: str) -> dict[str, str]:
        """Upstream table → a hash over all that this key reads of it, to tell later what changed."""
        read: dict[str, list[str]] = {}
        for upstream in upstream_of(table, self.key, self.state.calendar, self.today):
            entry = self.state.entries(upstream.table)[upstream.key]
            content = upstream.content(entry.sha256, entry.parts)
            read.setdefault(upstream.table, []).append(f"{upstream.key} {content}")
        return {name: sha256("\n".join(lines).encode()).hexdigest() for name, lines in read.items()}

    def scan(self, table: str, key: str | None = None) -> pl.LazyFrame:
        """The rows that this key reads of another table: of all its keys there, or of one."""
        keys = self.keys(table) if key is None else [k for k in self.keys(table) if k == key]
        if not keys:
            return TABLES[table].empty().lazy()
        return self.lake.scan(TABLES[table], keys)

    def file(self, table: str) -> Path:
        """The file of the one key that this key reads of a table, for an engine that opens it itself."""
        (key,) = self.keys(table)
        return self.lake.folder(table) / self.state.entries(table)[key].file

    def before(self, table: str) -> pl.LazyFrame:
        """The rows of this key as they were last committed, for a table that remembers, or whose word
        stands; none at first.
        """
        if not (NODES[table].remembers or NODES[table].stands):
            raise LookupError(f"{table} does not say in flow.py that it remembers, or that it stands.")
        keys = [self.key] if self.key in self.state.entries(table) else []
        return self.lake.scan(TABLES[table], keys)

    def versions(self, source: Source) -> pl.LazyFrame:
        """Every accepted version of a source."""
        return accepted_versions(self.scan(source.ledger.name), source)

    def current(self, source: Source) -> pl.LazyFrame:
        """The current rows of a source."""
        return current(self.scan(source.ledger.name), source)
