"""What was measured, kept size by size in docs/benchmarks.json, as page and picture.

Belongs here: how figures are kept and shown. Not here: how they are measured.
"""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import polars as pl

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, KEPT, PICTURE = DOCS / "benchmarks.md", DOCS / "benchmarks.json", DOCS / "images" / "benchmarks.svg"
MEASURED = "<!-- measured -->"
RATIOS = (
    ("rebuild ÷ limit", "rebuild", "limit"),
    ("receipt and rebuild ÷ DuckDB", "receipt_and_rebuild", "duckdb"),
    ("rebuild ÷ DuckDB", "rebuild", "duckdb"),
    ("pandas ÷ rebuild", "pandas", "rebuild"),
    ("PySpark ÷ rebuild", "pyspark", "rebuild"),
)
"""What is compared, in CPU seconds."""


@dataclass(frozen=True)
class Cost:
    """What one run of a way cost: seconds of all processors, seconds of the clock, MiB at the peak."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True)
class Size:
    """One size, measured in one go: its lines, runs of each way, their costs, and cells that differ."""

    lines: int
    runs: int
    costs: Mapping[str, list[Cost]]
    differing: dict[str, int] = field(default_factory=dict)
    machine: str = f"{os.cpu_count()} cores, Python {platform.python_version()}"

    def median(self, way: str, figure: str) -> float:
        """The middle of a figure over the runs of a way."""
        return float(statistics.median(getattr(cost, figure) for cost in self.costs[way]))


def rendered(size: Size) -> str:
    """A size as Markdown: what was run on, a row a way, a row a ratio."""
    rows = [
        f"| {way} | {size.median(way, 'cpu'):,.1f} | {size.median(way, 'wall'):,.1f} "
        f"| {size.median(way, 'memory'):,.0f} | {size.median(way, 'cpu') / size.lines * 1e9:,.0f} |"
        for way in size.costs
    ]
    if {"receipt_and_rebuild", "rebuild"} <= {*size.costs}:
        receipt = size.median("receipt_and_rebuild", "cpu") - size.median("rebuild", "cpu")
        rows.append(f"| receipt, their difference | {receipt:,.1f} | | | {receipt / size.lines * 1e9:,.0f} |")
    ratios = [
        f"| {name} | {size.median(a, 'cpu') / size.median(b, 'cpu'):,.2f} |"
        for name, a, b in RATIOS
        if a in size.costs and b in size.costs
    ]
    agree = ", ".join(f"{count} with {way}" for way, count in sorted(size.differing.items()))
    return "\n".join(
        (
            f"{size.lines:,} lines, {size.runs} {'run' if size.runs == 1 else 'runs'} of each way in turn"
            f"{', medians' if size.runs > 1 else ''}; {size.machine}. "
            f"Cells that differ: {agree or 'none compared'}.",
            "",
            "| way | CPU s | wall s | peak MiB | CPU ns a line |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            *(["", "| ratio of CPU seconds | |", "| --- | --- |", *ratios] if ratios else []),
        )
    )


def keep(size: Size) -> None:
    """Keep a size in place of what was measured at about that size, and write page and picture anew."""
    sizes = {_about(kept.lines): kept for kept in kept_sizes()} | {_about(size.lines): size}
    found = [sizes[about] for about in sorted(sizes)]
    KEPT.write_text(json.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False) + "\n", "utf-8")
    sections = [f"## {_about(one.lines) // 10**6:,} million lines\n\n{rendered(one)}" for one in found]
    head = PAGE.read_text("utf-8").partition(MEASURED)[0]
    PAGE.write_text("\n\n".join((f"{head}{MEASURED}", *sections, growth(found))) + "\n", "utf-8")
    _draw(found)


def kept_sizes() -> list[Size]:
    """What was measured before."""
    if not KEPT.exists():
        return []
    return [
        Size(**{**one, "costs": {way: [Cost(**cost) for cost in runs] for way, runs in one["costs"].items()}})
        for one in json.loads(KEPT.read_text("utf-8"))
    ]


def growth(sizes: Sequence[Size]) -> str:
    """How cost grows from size to size: the exponent of CPU seconds, 1 where twice the lines cost twice."""
    rows = [
        f"| {_about(small.lines) // 10**6:,} → {_about(large.lines) // 10**6:,} million | {way} "
        f"| {math.log(dearer) / math.log(large.lines / small.lines):.2f} |"
        for small, large in pairwise(sizes)
        for way in large.costs
        if way in small.costs
        for dearer in [large.median(way, "cpu") / small.median(way, "cpu")]
    ]
    if not rows:
        return ""
    return "\n".join(("## Growth", "", "| lines | way | exponent |", "| --- | --- | --- |", *rows))


def _about(lines: int) -> int:
    """A size to its first digit, in millions: sizes that differ by a hair are one."""
    return max(round(lines, 1 - len(str(lines))), 10**6)


def _draw(sizes: Sequence[Size]) -> None:
    import altair as alt
    import vl_convert

    rows = [
        {
            "size": f"{_about(size.lines) // 10**6:,} million lines",
            "way": way,
            "ns": round(size.median(way, "cpu") / size.lines * 1e9),
        }
        for size in sizes
        for way in size.costs
    ]
    cost = alt.X("ns:Q", title="CPU nanoseconds a line (logarithmic)", scale=alt.Scale(type="log"))
    way = alt.Y("way:N", title=None, sort=alt.EncodingSortField("ns", op="min"), axis=alt.Axis(grid=True))
    dots = (
        alt.Chart(pl.DataFrame(rows), title="What a declaration line costs")
        .mark_point(filled=True, size=70)
        .encode(cost, way, alt.YOffset("size:N", sort=None), alt.Color("size:N", title=None, sort=None))
    )
    figures = dots.mark_text(dx=8, align="left", fontSize=10).encode(text=alt.Text("ns:Q", format=","))
    chart = (dots + figures).properties(width=560, height=44 * len({row["way"] for row in rows}))
    chart = chart.configure(background="white")
    PICTURE.write_text(vl_convert.vegalite_to_svg(chart.to_dict(format="vega-lite")), "utf-8")
