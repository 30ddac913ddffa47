"""What must hold of a table before it counts: its contract and its balances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import polars as pl

from assets.storage.lake import Staged
from assets.work import Balance, Made
from schemas.table import Table


@dataclass(frozen=True)
class Verdict:
    """What one key's checks found: the broken rules with their counts, and all balances."""

    key: str
    rows: int
    money: str | None
    broken: dict[str, int]
    balances: tuple[Balance, ...]

    @property
    def passed(self) -> bool:
        """Whether the key may be committed."""
        return not self.broken and all(balance.holds for balance in self.balances)

    @property
    def difference(self) -> Decimal:
        """The largest difference of a balance."""
        return max((abs(Decimal(b.left) - Decimal(b.right)) for b in self.balances), default=Decimal(0))

    @property
    def broken_rows(self) -> int:
        """How often a rule is broken; a row that breaks two counts twice."""
        return sum(self.broken.values())

    @property
    def fault(self) -> tuple[Decimal, int]:
        """How bad it is: the difference first, then the broken rows."""
        return self.difference, self.broken_rows

    def sentence(self, table: str) -> str:
        """What does not hold, in one sentence."""
        rules = [f"{count} rows break {name}" for name, count in self.broken.items()]
        sums = [f"{b.name}: {b.left} is not {b.right}" for b in self.balances if not b.holds]
        return f"{table} {self.key}: {'; '.join([*rules, *sums])}"


def verify(staged: Staged, table: Table, key: str, made: Made) -> Verdict:
    """Hold a staged file to its contract (nulls, vocabularies, rules, key) and its balances."""
    counts = staged.scan().select(
        *((~rule.good).fill_null(value=False).sum().alias(rule.name) for rule in table.all_rules)
    )
    found = {name: count for name, count in counts.collect().row(0, named=True).items() if count}
    repeated = _repeated_keys(staged, table)
    if repeated:
        found[f"unique:{','.join(table.key)}"] = repeated
    return Verdict(key, staged.rows, staged.money, found, made.balances)


def _repeated_keys(staged: Staged, table: Table) -> int:
    """How many keys occur more than once; of rows in ascending order of the key none does."""
    keys = staged.scan().select(table.key)
    if not table.key or keys.select(_ascends(table.key).all()).collect().item():
        return 0
    groups = keys.group_by(table.key).len().filter(pl.col("len") > 1)
    return int(groups.select(pl.len()).collect().item())


def _ascends(key: Sequence[str]) -> pl.Expr:
    """Whether a row's key is above that of the row before."""
    above = pl.lit(value=False)
    for name in reversed(key):
        own, before = pl.col(name), pl.col(name).shift()
        above = (own > before) | ((own == before) & above)
    return above | (pl.int_range(pl.len()) == 0)
