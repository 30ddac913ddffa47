"""The customs files of a city, one or more an arrival month, made in bounded memory.

Chunks are generated and rendered by two threads and written in their order; versions that arrive
in a later month wait as numbers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pyarrow as pa

from pipelines.sample_city import calendar
from pipelines.sample_city.declarations import Batch, arriving, concat, make_stages
from pipelines.sample_city.layout import Row
from pipelines.sample_city.plan import City, Plan
from pipelines.sample_city.rendering import Renderer
from pipelines.sample_city.sums import KnownExports, Numbers, Part
from pipelines.sample_city.writers import Header, Kind, SourceFile

Layout = Literal["mixed", "parquet"]
Progress = Callable[[str, int, int], None]

SOURCE: Final = "customs_declarations"
THREADS: Final = 2
AHEAD: Final = 3
SUPPLEMENT_ROWS: Final = 120
MIXED_KINDS: Final[dict[int, tuple[Kind, Header]]] = {
    2: ("csv-gb18030", "zh"),
    5: ("parquet", "zh"),
    7: ("csv-utf-8", "en"),
    9: ("csv-utf-8-bom", "zh"),
}
SUPPLEMENT_MONTHS: Final = (calendar.month(2023, 6), calendar.month(2025, 3))


@dataclass(frozen=True)
class Made:
    """One chunk of one declared month, ready to write."""

    month: int
    now: Batch | None
    table: pa.Table | None
    later: dict[int, Batch]
    parts: list[Part]
    sellers: Numbers


def write_customs(
    city: City,
    plan: Plan,
    folder: Path,
    layout: Layout,
    planted: dict[int, list[Row]],
    progress: Progress | None = None,
) -> tuple[KnownExports, list[Path]]:
    """Write all customs files; returns the city's own sums and what was written."""
    known, renderer = KnownExports(city), Renderer(plan)
    first, last = calendar.month(city.first_year - 1, 12), calendar.month(city.last_year, 12)
    extra = sorted(m for m in planted if not first <= m <= last)
    months = [*(m for m in extra if m < first), *range(first, last + 1)]
    months += [m for m in extra if m > last] or [last + 1]
    if months[-1] == last:
        months.append(last + 1)
    made = _ahead(city, plan, renderer, known, range(first, last + 1))
    pending: dict[int, list[Batch]] = {}
    written: list[Path] = []
    upcoming = next(made, None)
    for done, month in enumerate(months, start=1):
        with ExitStack() as stack:
            file, supplement = _open(stack, folder, layout, month)
            if waiting := pending.pop(month, None):
                together = concat(waiting)
                _write(file, supplement, together, renderer.table(together))
            while upcoming is not None and upcoming.month == month:
                if upcoming.now is not None and upcoming.table is not None:
                    _write(file, None, upcoming.now, upcoming.table)
                for arrives, batch in upcoming.later.items():
                    pending.setdefault(arrives, []).append(batch)
                known.add(upcoming.parts)
                known.add_sellers(month, upcoming.sellers)
                upcoming = next(made, None)
            file.write_rows(planted.get(month, []))
        written += [f.path for f in (file, supplement) if f is not None]
        if progress is not None:
            progress("customs declarations", done, len(months))
    return known, written


def _open(stack: ExitStack, folder: Path, layout: Layout, month: int) -> tuple[SourceFile, SourceFile | None]:
    form: tuple[Kind, Header] = ("parquet", "en")
    if layout == "mixed":
        form = MIXED_KINDS.get(month % 12, form)
    control = month % 4 == 0
    name = calendar.month_name(month)
    file = SourceFile(folder, SOURCE, name, *form, control)
    supplement = None
    if layout == "mixed" and month in SUPPLEMENT_MONTHS:
        extra = SourceFile(folder, SOURCE, f"{name}-supplement", "xlsx", "zh")
        supplement = stack.enter_context(extra)
    return stack.enter_context(file), supplement


def _write(file: SourceFile, supplement: SourceFile | None, batch: Batch, table: pa.Table) -> None:
    """Write a batch; the first rows go to the supplement where the month has one."""
    apart = min(SUPPLEMENT_ROWS, batch.rows) if supplement is not None else 0
    if supplement is not None:
        supplement.write(table.slice(0, apart), int(batch.amount[:apart].sum()))
    file.write(table.slice(apart), int(batch.amount[apart:].sum()))


def _ahead(city: City, plan: Plan, renderer: Renderer, known: KnownExports, months: range) -> Iterator[Made]:
    """Chunks in order, a few of them made ahead by threads."""
    tasks = ((month, chunk) for month in months for chunk in range(len(plan.chunks)))
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for month, chunk in tasks:
            waiting.append(pool.submit(_make, city, plan, renderer, known, month, chunk))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _make(city: City, plan: Plan, renderer: Renderer, known: KnownExports, month: int, chunk: int) -> Made:
    stages = make_stages(city, plan, month, chunk)
    if stages is None:
        return Made(month, None, None, {}, [], np.zeros(0, np.int64))
    batch = arriving(city, stages, month, chunk)
    by_month = {int(m): batch.take(np.flatnonzero(batch.arrives == m)) for m in np.unique(batch.arrives)}
    now = by_month.pop(month, None)
    table = None if now is None else renderer.table(now)
    sellers = known.sellers(stages, plan.markets[:, 0])
    return Made(month, now, table, by_month, known.parts(stages, month), sellers)
