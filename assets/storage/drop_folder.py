"""What lies in the drop folder: files by source, their size and age, and their checksum.

Belongs here: walking the folder safely. Not here: opening a file to see what it holds; this module
stays with the standard library, because the planner reads it before anything heavy is imported.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CONTROL_SUFFIX = ".control.json"
UNFINISHED = (".part", ".tmp")
NOTES = (".json", ".md")
"""Files beside the sources' folders that speak of the delivery and are none."""


@dataclass(frozen=True)
class Arrival:
    """One file of one source, as it lies in the drop folder; `name` is relative to that folder.

    `modified_ns` is that of the file or of its control file, whichever is younger.
    """

    source: str
    name: str
    size: int
    modified_ns: int
    path: Path


def list_arrivals(folder: Path, source_names: Sequence[str]) -> tuple[list[Arrival], tuple[str, ...]]:
    """Every file of every source, sorted by name, and a sentence for each thing left out.

    Control files, hidden files and unfinished ones (`.part`, `.tmp`) are left out silently. A link
    that leads out of the drop folder is never followed: it could name any file of the machine.
    """
    if not folder.is_dir():
        return [], ()
    root = folder.resolve()
    arrivals: list[Arrival] = []
    notes = _strangers(root, source_names)
    for source in source_names:
        place = root / source
        if not os.path.lexists(place):
            continue
        refusal = _refusal(place, root, wanted=stat.S_ISDIR, kind="folder")
        if refusal:
            notes.append(refusal)
            continue
        for path in _files(place):
            refusal = _refusal(path, root, wanted=stat.S_ISREG, kind="file")
            if refusal:
                notes.append(refusal)
            elif path.name.lower().endswith(CONTROL_SUFFIX):
                if not os.path.lexists(str(path)[: -len(CONTROL_SUFFIX)]):
                    notes.append(f"{_name(path, root)} waits for the file that it speaks of.")
            else:
                name = _name(path, root)
                arrivals.append(Arrival(source, name, path.stat().st_size, _newest(path), path))
    return sorted(arrivals, key=lambda arrival: arrival.name), tuple(sorted(notes))


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _newest(path: Path) -> int:
    """When a file or its control file was last modified: a corrected control file delivers it again."""
    control = path.with_name(path.name + CONTROL_SUFFIX)
    return max(part.stat().st_mtime_ns for part in (path, control) if part.is_file())


def _files(place: Path) -> Iterator[Path]:
    """All entries that are no real folders, at any depth; linked folders are not entered."""
    for parent, folders, files in os.walk(place, followlinks=False):
        linked = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in (*files, *linked):
            if not name.startswith((".", "~$")) and not name.lower().endswith(UNFINISHED):
                yield Path(parent, name)


def _refusal(path: Path, root: Path, *, wanted: Callable[[int], bool], kind: str) -> str | None:
    name = _name(path, root)
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = name.encode(errors="backslashreplace").decode()
        return f"{shown} was left out: its name is not UTF-8, rename it."
    try:
        target = path.resolve(strict=True)
        mode = target.stat().st_mode
    except (OSError, RuntimeError):
        return f"{name} was left out: it cannot be opened, or is a link to nothing."
    if not target.is_relative_to(root):
        return f"{name} was left out: the link leads out of the drop folder, copy the file in."
    if not wanted(mode):
        return f"{name} was left out: it is no ordinary {kind}."
    return None


def _strangers(root: Path, source_names: Sequence[str]) -> list[str]:
    """A sentence for each visible entry of the drop folder that is no source's folder."""
    notes = []
    for entry in root.iterdir():
        if entry.name in source_names or entry.name.startswith(".") or entry.suffix in NOTES:
            continue
        shown = entry.name.encode(errors="backslashreplace").decode()
        near = difflib.get_close_matches(shown, source_names, n=1)
        hint = f"; did you mean {near[0]}?" if near else "."
        notes.append(f"{shown} was left out: it is no source's folder{hint}")
    return notes


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
