"""Where packages go: a folder or an S3 bucket, behind two verbs. The next place is one more class.

An outlet knows files under plain names and nothing of what they hold. A file that can be read is whole.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Protocol

from assets.storage.manifest import sync_folder


class OutletError(RuntimeError):
    """One sentence on what is wrong with the place and what to do next."""


class Outlet(Protocol):
    """A place that files are handed to."""

    def put(self, name: str, file: Path) -> None:
        """Put a file there under a name such as `package/items.csv`; a file of that name is replaced."""

    def get(self, name: str) -> bytes | None:
        """The content of a file there; None where there is none."""


def outlet(url: str) -> Outlet:
    """The outlet that an address names: `s3://bucket/folder`, or a folder."""
    return S3(url) if url.startswith("s3://") else Folder(Path(url.removeprefix("file://")))


class Folder:
    """A folder that another program picks up from."""

    def __init__(self, root: Path) -> None:
        """Nothing is made before the first file."""
        self._root = root

    def put(self, name: str, file: Path) -> None:
        """Copy beside its place, sync, and move it there."""
        target = self._root / name
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, beside)
            with beside.open("rb+") as copy:
                os.fsync(copy.fileno())
            beside.replace(target)
            sync_folder(target.parent)
        except OSError as error:
            raise OutletError(_sentence(f"{target} cannot be written", error)) from None

    def get(self, name: str) -> bytes | None:
        """Read a file."""
        try:
            return (self._root / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OutletError(_sentence(f"{self._root / name} cannot be read", error)) from None


class S3:
    """A bucket, or a folder in one; who may write there is in the environment (AWS_…)."""

    def __init__(self, url: str) -> None:
        """Connect at the first file."""
        from obstore.store import S3Store

        self._url = url
        plain = os.environ.get("AWS_ENDPOINT_URL", os.environ.get("AWS_ENDPOINT", "")).startswith("http://")
        self._store = S3Store.from_url(url, client_options={"allow_http": plain})

    def put(self, name: str, file: Path) -> None:
        """Upload; an object is there when all of it is."""
        import obstore
        from obstore.exceptions import BaseError

        try:
            obstore.put(self._store, name, file)
        except (BaseError, OSError) as error:
            raise OutletError(_sentence(f"{self._url}/{name} cannot be written", error)) from None

    def get(self, name: str) -> bytes | None:
        """Download."""
        import obstore
        from obstore.exceptions import BaseError

        try:
            return bytes(obstore.get(self._store, name).bytes())
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise OutletError(_sentence(f"{self._url}/{name} cannot be read", error)) from None


def _sentence(what: str, error: Exception) -> str:
    why = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(" .")
    return f"{what} ({why}): put TONGBAO_PORTAL or the rights there right, then send again."
