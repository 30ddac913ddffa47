"""HS chapters: short titles for sentences and tables. What a chapter contains is the tariff's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas.codes.source import read_table


@dataclass(frozen=True)
class Chapter:
    """One chapter with its short titles."""

    code: str
    zh: str
    en: str


CHAPTERS: Mapping[str, Chapter] = MappingProxyType(
    {code: Chapter(code, *row) for code, row in read_table("hs_chapters")["chapters"].items()}
)


def chapter_title(code: str, lang: str = "zh") -> str:
    """The short title; chapters without one (77, 98, 99) are named by their number."""
    chapter = CHAPTERS.get(code)
    if chapter is None:
        return f"第 {code} 章" if lang == "zh" else f"Chapter {code}"
    return chapter.zh if lang == "zh" else chapter.en
