"""Applying roster_changes to the older edition gives the newer byte for byte, whatever the two are."""

from __future__ import annotations

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.eligibility.changes import Grounds, Snapshot, apply, change
from assets.eligibility.editions import canonical, in_order
from schemas.codes.districts import DISTRICT_ORDER
from schemas.eligibility import CHANGES, ROSTER
from tests.oracle.rows import make_uscc

NAMES = st.sampled_from(
    ["甲公司", '乙"公司"', "=cmd|'/C calc'!A0", "丙,公司", "𠮷野家\n", "ＡＢＣ\u202e有限公司"]
)
DISTRICTS = st.sampled_from([*DISTRICT_ORDER, None])
LINES = st.dictionaries(st.integers(1, 12), st.tuples(NAMES, DISTRICTS), max_size=12)
NOBODY = Grounds({}, {})


def edition(number: int, lines: dict[int, tuple[str, str | None]], swap: bool) -> pl.DataFrame:
    """The lines of an edition; of an imported one (`swap`) the first two may stand the other way round."""
    frame = pl.DataFrame(
        [(make_uscc(firm), name, district) for firm, (name, district) in lines.items()],
        schema={"uscc": pl.String, "name": pl.String, "district": pl.String},
        orient="row",
    )
    placed = in_order(frame).with_columns(
        policy_year=2025,
        edition=number,
        serial=pl.when(pl.lit(swap) & (pl.col("serial") <= 2) & (pl.len() > 1))
        .then(3 - pl.col("serial"))
        .otherwise("serial"),
    )
    return placed.select(pl.col(c).cast(t) for c, t in ROSTER.schema.items()).sort("uscc")


@settings(deadline=None)
@given(older=LINES, newer=LINES, swaps=st.tuples(st.booleans(), st.booleans()))
def test_older_and_changes_are_newer(
    older: dict[int, tuple[str, str | None]],
    newer: dict[int, tuple[str, str | None]],
    swaps: tuple[bool, bool],
) -> None:
    first, second = edition(1, older, swaps[0]), edition(2, newer, swaps[1])
    made = change(Snapshot(1, first, None), Snapshot(2, second, None), NOBODY)
    assert canonical(apply(first, made, 2025, 2)) == canonical(second)
    assert set(made["change"]) <= set(CHANGES)
    if not any(swaps):
        assert made.height == len(_touched(older, newer))


def _touched(older: dict[int, tuple[str, str | None]], newer: dict[int, tuple[str, str | None]]) -> set[int]:
    """The firms that are not the same in both: nobody else is named."""
    return {firm for firm in {*older, *newer} if older.get(firm) != newer.get(firm)}
