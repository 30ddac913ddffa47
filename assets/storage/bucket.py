"""A drop folder in an S3 bucket: what lies in it, and fetching one object of it.

The same rules as for a local folder (`drop_folder`). An object appears whole, so none is ever growing.
Where the bucket is and who asks comes from the usual AWS_… variables, which obstore reads; they are
never settings of this project.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from assets.storage.drop_folder import (
    CONTROL_SUFFIX,
    UNFINISHED,
    Arrival,
    SourcesUnreachable,
    is_strange,
    stranger,
)

if TYPE_CHECKING:
    from obstore.store import ObjectStore


@dataclass(frozen=True)
class Bucket:
    """The drop folder at `s3://bucket/path`."""

    url: str

    @cached_property
    def _store(self) -> ObjectStore:
        from obstore.store import from_url

        return from_url(self.url, retry_config={"max_retries": 3})

    def list_arrivals(self, source_names: Sequence[str]) -> tuple[list[Arrival], tuple[str, ...]]:
        """Every file of every source, sorted by name, and a sentence for each thing left out."""
        import obstore

        try:
            objects = {
                meta["path"]: (meta["size"], meta["last_modified"])
                for some in obstore.list(self._store)
                for meta in some
            }
        except Exception as error:
            raise self._unreachable(error) from error
        arrivals, notes = [], set[str]()
        for name, (size, modified) in sorted(objects.items()):
            path = PurePosixPath(name)
            if any(part.startswith((".", "~$")) for part in path.parts) or name.lower().endswith(UNFINISHED):
                continue
            if path.parts[0] not in source_names:
                if len(path.parts) > 1 or is_strange(name, source_names):
                    notes.add(stranger(path.parts[0], source_names))
            elif name.lower().endswith(CONTROL_SUFFIX):
                if name[: -len(CONTROL_SUFFIX)] not in objects:
                    notes.add(f"{name} waits for the file that it speaks of.")
            elif len(path.parts) > 1:
                stamp = int(modified.timestamp()) * 10**9 + modified.microsecond * 1000
                arrivals.append(Arrival(path.parts[0], name, size, stamp, Path(name)))
        return arrivals, tuple(sorted(notes))

    def fetch(self, name: str, folder: Path) -> Path:
        """Copy an object, and its control file where there is one, into a folder; the copy's path."""
        import obstore
        from obstore.exceptions import NotFoundError

        place = folder / PurePosixPath(name).name
        try:
            with place.open("wb") as file:
                for chunk in obstore.get(self._store, name).stream():
                    file.write(chunk)
            try:
                control = obstore.get(self._store, name + CONTROL_SUFFIX).bytes()
            except (NotFoundError, FileNotFoundError):
                return place
            place.with_name(place.name + CONTROL_SUFFIX).write_bytes(control)
        except Exception as error:
            raise self._unreachable(error) from error
        return place

    def _unreachable(self, error: Exception) -> SourcesUnreachable:
        told = " ".join(str(error).partition("Debug source")[0].split())[:300]
        return SourcesUnreachable(
            f"The drop folder {self.url} cannot be read ({told}): see to the bucket and the AWS_ variables, "
            "or correct TONGBAO_SOURCES, and run again."
        )
