"""Changes to files as chance makes them: one bit turned, or the end cut off; put right afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Change:
    """A file cut to `keep` bytes, or with one bit of byte `keep` turned."""

    file: Path
    keep: int
    bit: int | None

    def apply(self, content: bytes) -> bytes:
        """The changed content."""
        if self.bit is None:
            return content[: self.keep]
        turned = bytes([content[self.keep] ^ (1 << self.bit)])
        return content[: self.keep] + turned + content[self.keep + 1 :]


def register_and_editions(root: Path) -> list[Path]:
    """The register, what it keeps of editions, and their tables and notices in lake and release."""
    found = [path for path in (root / "register").rglob("*") if path.is_file()]
    tables = [path for name in ("roster", "roster_editions", "roster_changes")
              for path in (root / "tables" / name).glob("*.parquet")]  # fmt: skip
    latest = root / "releases" / "latest"
    released = [path for part in ("roster", "roster_editions", "roster_changes", "notice")
                for path in (latest.resolve() / part).rglob("*.*") if path.is_file()]  # fmt: skip
    return sorted({*found, *tables, *released})


def changes(files: Sequence[Path], count: int, seed: int) -> Iterator[Change]:
    """Random changes, spread over the files; every other one a cut."""
    chance = random.Random(seed)
    for number in range(count):
        file = files[number % len(files)]
        size = file.stat().st_size
        yield Change(file, chance.randrange(size), None if number % 2 else chance.randrange(8))


@contextmanager
def tampered(change: Change) -> Iterator[None]:
    """A changed file for as long as the block lasts; links to it in a release see the change, too."""
    content = change.file.read_bytes()
    change.file.write_bytes(change.apply(content))
    try:
        yield
    finally:
        change.file.write_bytes(content)
