"""Bytes that are no character, carried through text: each as one character of a private plane.

A delivered row may hold bytes that its encoding does not know. They are neither dropped nor replaced:
byte N becomes the character U+10FE00+N, which no text uses, so that the row can be refused with that
reason, kept, shown, and judged again like any other.
"""

from __future__ import annotations

import re

FIRST = 0x10FE00
ANY = f"[\\x00{chr(FIRST)}-{chr(FIRST + 255)}]"
"""A regular expression for one such character, or for a zero, which no database takes in a text."""

_ANY = re.compile(ANY)


def carried(data: bytes) -> str:
    """Bytes as the characters that carry them."""
    return "".join(chr(FIRST + byte) for byte in data)


def readable(text: str) -> str:
    """Text for people: what carries a byte is written out, as in `深\\xf1圳`."""
    return _ANY.sub(lambda found: f"\\x{ord(found[0]) % FIRST:02x}", text)


def count(text: str) -> int:
    """How many bytes a text carries."""
    return sum(1 for _ in _ANY.finditer(text))


def position(text: str) -> int:
    """Where the first of them is; the text's length where there is none."""
    found = _ANY.search(text)
    return found.start() if found else len(text)
