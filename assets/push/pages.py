"""HTML pages of the push: self-contained, without scripts, under a policy that lets nothing else in.

Whatever a source says is text: Jinja escapes it, and the page's own policy would refuse it. What is on
a page is decided in the modules that ask for it.
"""

from __future__ import annotations

import base64
import hashlib
from decimal import Decimal
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"


def render(template: str, values: dict[str, object]) -> str:
    """A page: the same values give the same bytes."""
    return _environment().get_template(template).render(values)


def month_zh(month: str) -> str:
    """`2025 年 8 月`."""
    return f"{month[:4]} 年 {int(month[5:])} 月"


def usd(amount: Decimal) -> str:
    """`1,234,567.89`."""
    return f"{amount:,.2f}"


def percent(share: Decimal | None) -> str:
    """`12.3%`, half-up; a dash where there is none."""
    if share is None:
        return "—"
    tenths = int(share * 2000 + 1) // 2
    return f"{tenths // 10}.{tenths % 10}%" if tenths else "不足 0.1%"


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style = (TEMPLATES / "style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    made.globals["style"] = Markup(style)
    made.globals["policy"] = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    made.filters |= {"usd": usd, "percent": percent}
    return made
