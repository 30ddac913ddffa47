"""Planted customs files that are refused whole: none of their rows counts, and a night says why.

They are apart from the other cases, since a night over them ends with a no.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from pipelines.sample_city.expectations import Case
from pipelines.sample_city.layout import FIELDS, Row
from pipelines.sample_city.plants import Plants
from pipelines.sample_city.writers import write_text

SOURCE: Final = "customs_declarations"
NAMES: Final = list(FIELDS[SOURCE])


def refused_files(folder: Path) -> tuple[list[Path], list[Case]]:
    """Write the files below a city's folder; what is written, and the words of each refusal."""
    plants = Plants(firms=990, sequence=900_000)
    firm = plants.firm(registered=False)
    row = plants.declare(firm, "10.00")
    second = row | {"line_no": "2", "declared_on": "2024-04-04", "updated_at": "2024-04-20T12:00:00Z"}
    home = folder / SOURCE
    home.mkdir(parents=True, exist_ok=True)
    files: tuple[tuple[str, str, bytes, dict[str, object] | None, str], ...] = (
        ("control_rows", "The control file counts another row.", _csv(row),
         {"rows": 2, "amount_sum": "10.00"}, "rows"),
        ("control_sum", "The control file has another sum.", _csv(row),
         {"rows": 1, "amount_sum": "10.01"}, "amount"),
        ("second_month", "A declaration is declared in a second month.", _csv(row, second), None, "declared"),
        ("lost_column", "The amount is not there at all.", _csv(row).replace(b",amount,", b",sum,", 1),
         None, "amount"),
    )  # fmt: skip
    written, cases = [], []
    for slug, about, content, control, words in files:
        path = home / f"refused-{slug}.csv"
        path.write_bytes(content)
        if control is not None:
            write_text(path.with_name(f"{path.name}.control.json"), json.dumps(control) + "\n")
        written.append(path)
        expect: dict[str, object] = {"table": "deliveries", "refused": words}
        cases.append(Case(f"file_{slug}", about, SOURCE, {"file": f"{SOURCE}/{path.name}"}, expect))
    return written, cases


def _csv(*rows: Row) -> bytes:
    """Rows as a CSV file in UTF-8 with English names."""
    lines = [NAMES, *([row.get(name) or "" for name in NAMES] for row in rows)]
    return ("\n".join(",".join(line) for line in lines) + "\n").encode()
