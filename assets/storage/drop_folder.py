"""What lies in the drop folder: files by source, their size and age, and their checksum.

Belongs here: walking the folder safely. Not here: opening a file to see what it holds; this module
stays with the standard library, because the planner reads it before anything heavy is imported.
"""

from __future__ import annotations

import difflib
import errno
import hashlib
import os
import signal
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

CONTROL_SUFFIX = ".control.json"
UNFINISHED = (".part", ".tmp")
NOTES = (".json", ".md")
"""Files beside the sources' folders that speak of the delivery and are none."""


class SourcesUnreachable(RuntimeError):
    """The sources cannot be asked: one sentence on what is wrong and what to do next."""


@dataclass(frozen=True)
class Arrival:
    """One file of one source; `name` is relative to the drop folder.

    Of a table of a database `name` says which, and `size` is how many rows there are to look at.
    `modified_ns` is that of a file or of its control file, whichever is younger.
    """

    source: str
    name: str
    size: int
    modified_ns: int
    path: Path
    """Where it lies; of what is still to be fetched its name."""

    @property
    def stamp(self) -> tuple[str, str, int, int]:
        """What tells, without reading it, that a file was seen before."""
        return (self.source, self.name, self.size, self.modified_ns)


def list_arrivals(folder: Path, source_names: Sequence[str]) -> tuple[list[Arrival], tuple[str, ...]]:
    """Every file of every source, sorted by name, and a sentence for each thing left out.

    Control files, hidden files and unfinished ones (`.part`, `.tmp`) are left out silently; a file that
    somebody has open for writing waits. A link that leads out of the drop folder is never followed: it
    could name any file of the machine.
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
            elif is_being_written(path):
                notes.append(f"{_name(path, root)} is still being written: it waits for the next run.")
            else:
                name = _name(path, root)
                arrivals.append(Arrival(source, name, path.stat().st_size, _newest(path), path))
    return sorted(arrivals, key=lambda arrival: arrival.name), tuple(sorted(notes))


def is_being_written(path: Path) -> bool:
    """Whether a process has the file open for writing.

    Linux grants a read lease on a local file only where nobody writes to it. Where it grants none at
    all (network drives, files of others), this says no, and a file that grows shows by its size. A
    writer who opens the file at that very moment breaks the lease, which must not end this process.
    """
    import fcntl

    try:
        with path.open("rb") as file:
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)  # which is ignored, unlike SIGIO
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def has_changed(arrival: Arrival) -> bool:
    """Whether the file is gone, or is not what it was when it was listed."""
    try:
        facts = (arrival.path.stat().st_size, _newest(arrival.path))
    except OSError:
        return True
    return facts != (arrival.size, arrival.modified_ns)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _newest(path: Path) -> int:
    """When a file or its control file was last modified: a corrected control file delivers it again."""
    control = path.with_name(path.name + CONTROL_SUFFIX)
    parts = [path, *([control] if control.is_file() else [])]
    return max(part.stat().st_mtime_ns for part in parts)


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
    found = sorted(entry.name for entry in root.iterdir())
    return [stranger(name, source_names) for name in found if is_strange(name, source_names)]


def is_strange(name: str, source_names: Sequence[str]) -> bool:
    """Whether an entry of the drop folder is visible, and neither a source's folder nor a note."""
    return name not in source_names and not name.startswith(".") and not name.endswith(NOTES)


def stranger(name: str, source_names: Sequence[str]) -> str:
    """The sentence on something that is no source's folder."""
    shown = name.encode(errors="backslashreplace").decode()
    near = difflib.get_close_matches(shown, source_names, n=1)
    hint = f"; did you mean {near[0]}?" if near else "."
    return f"{shown} was left out: it is no source's folder{hint}"


def _name(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()
