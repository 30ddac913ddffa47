"""The picture of the README: what `tongbao demo` ends with, drawn from the lake that it has just made.

    ./run demo && .venv/bin/python docs/picture.py

Fonts are those of whoever looks; nothing is fetched.
"""

from __future__ import annotations

import html
import io
import os
import re
from pathlib import Path

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from pipelines.demo import TODAY, summary
from pipelines.settings import PROJECT, Settings

PICTURE = PROJECT / "docs" / "images" / "demo.svg"
WIDTH = 80
CELL = 12.2
"""Width of a cell in the picture, as rich draws it."""
FONTS = "'Noto Sans Mono CJK SC', 'Sarasa Mono SC', 'Source Code Pro', Menlo, Consolas, monospace"


def main() -> None:
    """Draw the summary of the demo's lake, with paths as they are seen from the project."""
    os.chdir(PROJECT)
    out = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False)
    out.print("$ ./run demo")
    given = Settings(sources=Path("city/sources"), lake=Path("city/lake"), now=TODAY)  # type: ignore[arg-type,call-arg]
    summary(out, given)
    drawn = out.export_svg(title="统保 Tongbao", theme=DIMMED_MONOKAI, unique_id="demo")
    drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    drawn = drawn.replace("Fira Code, monospace", FONTS).replace("font-variant-east-asian: full-width;", "")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(re.sub(r'textLength="[\d.]+"([^>]*)>([^<]*)<', _as_wide_as_its_cells, drawn), "utf-8")


def _as_wide_as_its_cells(found: re.Match[str]) -> str:
    """A piece of text as wide as in a terminal, where a Chinese character takes two cells."""
    cells = cell_len(html.unescape(found[2]))
    return f'textLength="{cells * CELL:g}"{found[1]}>{found[2]}<'


if __name__ == "__main__":
    main()
