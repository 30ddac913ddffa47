"""Words for the codes that tables carry, in Chinese and English.

The vocabularies themselves are the tables'; a test holds the two in the same order. Column titles
belong to `schemas.table`, sentences to the reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from schemas.codes.source import read_table

LABELS: Mapping[str, Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        kind: MappingProxyType({code: (zh, en) for code, (zh, en) in rows.items()})
        for kind, rows in read_table("labels").items()
    }
)


def codes(kind: str) -> tuple[str, ...]:
    """The codes of one kind, in the order of the contract."""
    return tuple(LABELS[kind])


def label(kind: str, code: str, lang: str = "zh") -> str:
    """The word for a code of a kind, as in `label("decision", "eligible")`."""
    found = LABELS.get(kind, {}).get(code)
    if found is None:
        raise LookupError(f"No label for {kind} {code!r}: add it to schemas/codes/data/labels.toml.")
    return found[0] if lang == "zh" else found[1]


def labels(kind: str, lang: str = "zh") -> dict[str, str]:
    """Code → word for one kind, for a replacement in a column."""
    return {code: label(kind, code, lang) for code in codes(kind)}


def reason_label(reason: str, titles: Mapping[str, str] | None = None, lang: str = "zh") -> str:
    """The sentence for a reject reason such as `missing:hs_code`.

    `titles` gives the field's title (its name otherwise). A reason without words is shown as it is:
    a list of rejects must come out whatever is in it.
    """
    code, _, field = reason.partition(":")
    found = LABELS["reject_reason"].get(code)
    if found is None:
        return reason
    title = (titles or {}).get(field, field)
    return (found[0] if lang == "zh" else found[1]).replace("{field}", title)
