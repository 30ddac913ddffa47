"""Trade modes (监管方式): dated, and whether an export under one counts.

Code, name and first day are facts of the official table; whether a mode counts is a reading, with
its reason in the data file. That goods never left (arrival in China) is the ledger's to see.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Literal, get_args

from schemas.codes.source import read_table

NotCounted = Literal["returned", "temporary", "domestic_transfer", "not_a_sale"]
_GROUP = {"counts", "reason", "basis", "note", "modes", "valid_from", "valid_to"}


@dataclass(frozen=True)
class TradeMode:
    """One trade mode. An empty date is open: no first day is known, or it still holds."""

    code: str
    zh: str
    counts: bool
    not_counted_reason: NotCounted | None
    valid_from: date | None
    valid_to: date | None
    basis: str
    note: str

    def in_force(self, on: date) -> bool:
        """Whether a declaration of that day may carry this mode."""
        started = self.valid_from is None or self.valid_from <= on
        return started and (self.valid_to is None or on <= self.valid_to)


def _modes(groups: list[dict[str, Any]]) -> Mapping[str, TradeMode]:
    modes: dict[str, TradeMode] = {}
    for group in groups:
        reason = group.get("reason")
        if set(group) - _GROUP or group["counts"] != (reason is None):
            raise ValueError("schemas/codes/data/trade_modes.toml: a group contradicts itself.")
        if reason is not None and reason not in get_args(NotCounted):
            raise ValueError(f"schemas/codes/data/trade_modes.toml: unknown reason {reason!r}.")
        since, until = group.get("valid_from", {}), group.get("valid_to", {})
        for code, zh in group["modes"].items():
            if code in modes:
                raise ValueError(f"schemas/codes/data/trade_modes.toml has {code} twice.")
            modes[code] = TradeMode(
                code=code,
                zh=zh,
                counts=group["counts"],
                not_counted_reason=reason,
                valid_from=since.get(code),
                valid_to=until.get(code),
                basis=group["basis"],
                note=group["note"],
            )
    return MappingProxyType(dict(sorted(modes.items())))


TRADE_MODES: Mapping[str, TradeMode] = _modes(read_table("trade_modes")["group"])


def in_force(code: str) -> str:
    """From when to when a mode is in force, in words, as `自 2020-07-01 起有效`; nothing where always."""
    mode = TRADE_MODES.get(code)
    since = f"自 {mode.valid_from} 起" if mode and mode.valid_from else ""
    until = f"至 {mode.valid_to} 止" if mode and mode.valid_to else ""
    return f"{since}{until}有效" if since or until else ""
