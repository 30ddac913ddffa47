"""What is stale, and why: fingerprints of inputs against what the manifests recorded.

Pure reading of small JSON files; standard library only, so that a night with nothing new costs
nothing. The state is the lake's, never the event log's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import Literal

from assets.eligibility.register import ROSTER_ACTS, Register
from assets.flow import ALL, NODES, Calendar, fingerprint, upstream_of
from assets.storage.deliveries import UNDATED, Deliveries
from assets.storage.manifest import Entry, Manifests
from schemas.calendar import local_date
from schemas.codes.source import codes_version, wording_version

Verdict = Literal["fresh", "stale", "waiting"]


@dataclass(frozen=True)
class Finding:
    """Whether one key must be made, and why in a few words."""

    table: str
    key: str
    verdict: Verdict
    why: str = ""


class State:
    """The lake as the planner sees it at one moment (`now`, UTC)."""

    def __init__(
        self,
        root: Path,
        calendar: Calendar,
        now: datetime,
        rates_ranking: tuple[str, ...],
        spark_master: str | None = None,
    ) -> None:
        """Read nothing yet; manifests are read once each, when first asked for."""
        self.root, self.calendar, self.now = root, calendar, now
        self.today: date = local_date(now)
        self.rates_ranking = rates_ranking
        self.spark_master = spark_master
        """Who values months instead of this process; in no fingerprint, since the bytes are the same."""
        self.register = Register(root)
        self._manifests = Manifests(root)
        self.deliveries = Deliveries(root)
        self._entries: dict[str, dict[str, Entry]] = {}
        self._pieces: dict[str, dict[str, str]] | None = None

    def entries(self, table: str) -> dict[str, Entry]:
        """The manifest of a table."""
        if table not in self._entries:
            self._entries[table] = self._manifests.read(table)
        return self._entries[table]

    def forget(self, table: str) -> None:
        """Read a table's manifest again when it is next asked for."""
        self._entries.pop(table, None)

    def keys(self, table: str) -> tuple[str, ...]:
        """The keys of a table that have begun by now."""
        kind = NODES[table].kind
        begun = ((key, self.calendar.begins(kind, key)) for key in self.calendar.keys(kind))
        return tuple(key for key, day in begun if day is None or day <= self.today)

    def inputs(self, table: str, key: str) -> str | None:
        """The fingerprint of what a key would be made from now; None while an input is not there."""
        found: list[object] = []
        for upstream in upstream_of(table, key, self.calendar, self.today):
            made = self.entries(upstream.table).get(upstream.key)
            if made is None:
                return None
            content = upstream.content(made.sha256, made.parts)
            found.append([upstream.table, upstream.key, upstream.part, content])
        node = NODES[table]
        return fingerprint(node.version, found, {use: self._external(use, key) for use in node.uses})

    def judge(self, table: str, key: str) -> Finding:
        """Whether a key is fresh, stale, or waits for something upstream."""
        inputs = self.inputs(table, key)
        if inputs is None:
            return Finding(table, key, "waiting", "waits for what it is made from")
        made = self.entries(table).get(key)
        if made is None:
            return Finding(table, key, "stale", "not made yet")
        if made.inputs != inputs:
            return Finding(table, key, "stale", "its inputs changed")
        if made.due_at and datetime.fromisoformat(made.due_at) <= self.now:
            return Finding(table, key, "stale", "due since " + made.due_at)
        return Finding(table, key, "fresh")

    def stale(self, tables: Iterable[str]) -> list[Finding]:
        """The stale keys of some tables, in the flow's order."""
        judged = (self.judge(table, key) for table in tables for key in self.keys(table))
        return [finding for finding in judged if finding.verdict == "stale"]

    def unready(self, table: str, key: str) -> list[Finding]:
        """What is not fresh of a key and of all that it is made from, upstream first.

        A key whose check failed was not written: it stays stale until what it is made from is right.
        """
        judged: dict[tuple[str, str], Finding] = {}

        def walk(name: str, of: str) -> None:
            if (name, of) not in judged:
                for upstream in upstream_of(name, of, self.calendar, self.today):
                    walk(upstream.table, upstream.key)
                judged[name, of] = self.judge(name, of)

        walk(table, key)
        return [finding for finding in judged.values() if finding.verdict != "fresh"]

    def awaiting_terms(self) -> dict[int, int]:
        """Policy year without terms → received rows that wait for them, uncounted.

        Of declarations: those declared outside the registered months; of other sources: the rows
        of policy years without a file.
        """
        found: dict[int, int] = {}
        for delivery in self.deliveries.all:
            for key, piece in delivery.pieces.items():
                year = self.calendar.lacking(key)
                if year is not None and delivery.source == "customs_declarations":
                    found[year] = found.get(year, 0) + piece.rows
        for node in NODES.values():
            made = self.entries(node.table).get(ALL) if node.table.endswith("_ledger") else None
            for text, rows in (made.notes.get("policy_years", {}) if made else {}).items():
                if int(text) not in self.calendar.terms:
                    found[int(text)] = found.get(int(text), 0) + rows
        return dict(sorted(found.items()))

    @cached_property
    def _codes(self) -> str:
        return codes_version()

    @cached_property
    def _wording(self) -> str:
        return wording_version()

    def _external(self, use: str, key: str) -> str:
        """The version of something that is no table: codes, terms, register, received rows."""
        if use == "codes":
            return self._codes
        if use == "wording":
            return self._wording
        if use == "rates":
            return ",".join(self.rates_ranking)
        if use == "terms":
            year = self.calendar.policy_year_of(key) if len(key) == 7 else key
            return self.calendar.terms[int(year)].sha256 if year else ""
        if use == "register":
            return self.register.head(int(key), *ROSTER_ACTS)
        if use == "reviews":
            return self.register.head(int(key), "accept")
        return self._received_for(use.removeprefix("received:"), key)

    def _received_for(self, source: str, key: str) -> str:
        """A hash over what was received for a key, as `read_pieces` reads it."""
        keys = self._received().get(source, {})
        year = key[:4]
        if year + UNDATED not in keys:
            return keys.get(key, "")
        mine = [key, year + UNDATED]
        if key.endswith("-01"):
            mine = sorted(at for at in keys if at[:4] == year)
        return " ".join(keys.get(at, "") for at in mine)

    def _received(self) -> Mapping[str, Mapping[str, str]]:
        """Source → key → a hash over the pieces received for it (source `*`: over everything)."""
        if self._pieces is None:
            pieces: dict[str, dict[str, list[str]]] = {}
            corrected = self.deliveries.corrected_rows()
            for delivery in self.deliveries.all:
                since = " ".join(corrected.get(delivery.sha256[:12], ()))
                for key, piece in delivery.pieces.items():
                    pieces.setdefault(delivery.source, {}).setdefault(key, []).append(piece.sha256 + since)
                    pieces.setdefault("*", {}).setdefault("all", []).append(piece.sha256)
            self._pieces = {
                source: {
                    key: hashlib.sha256(" ".join(sorted(hashes)).encode()).hexdigest()
                    for key, hashes in keys.items()
                }
                for source, keys in pieces.items()
            }
        return self._pieces
