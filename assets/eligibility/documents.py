"""Documents: a Typst template and its data become a PDF, the same bytes for the same data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path


def typeset(template: Path, data: Mapping[str, object]) -> bytes:
    """A PDF. The data reaches the template as text and never as markup; the one font is a package's."""
    import noto_cjk_sans_otc
    import typst

    return typst.compile(
        template,
        font_paths=[Path(noto_cjk_sans_otc.__file__ or "").parent],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        timestamp=0,
    )
