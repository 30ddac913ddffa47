"""A `tongbao` that stops dead at a chosen moment, so that a test can look around and kill it.

Belongs here: the moments and the waiting. The process is a real one and is ended by SIGKILL from
outside; only the moment is arranged, by stopping it (SIGSTOP) when it comes to a certain call.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.architecture.modules import ROOT

STOPPING = """
import os, signal, sys
from importlib import import_module
module, owner, name, word, count, *words = sys.argv[1:]
place = import_module(module)
place = getattr(place, owner) if owner else place
call, left = getattr(place, name), int(count)

def stop(*args, **more):
    global left
    left -= any(word in str(arg) for arg in args)
    if left == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
    return call(*args, **more)

setattr(place, name, stop)
sys.argv = ["tongbao", *words]
from pipelines.cli import main
main()
"""


@dataclass(frozen=True)
class Moment:
    """The n-th time that a function is called with an argument that has a word in it."""

    function: str
    """module:owner.name, or module:name."""
    word: str
    count: int

    @property
    def words(self) -> list[str]:
        """As the stopping process takes it."""
        module, _, path = self.function.partition(":")
        owner, _, name = path.rpartition(".")
        return [module, owner, name, self.word, str(self.count)]


IN_THE_PULL = Moment("assets.arrivals.receive:Intake.receive", "", 9)
"""Eight files are stored, none is recorded."""
IN_A_MONTH = Moment("assets.storage.manifest:Manifests.commit", "ledger_origins", 6)
"""Five declared months are done, of the sixth one of two tables."""
BEFORE_A_COMMIT = Moment("assets.storage.manifest:Manifests.commit", "export_cube", 3)
"""Written and checked, but no manifest names it."""
IN_THE_RELEASE = Moment("pathlib:Path.rename", "releases", 1)
"""The reporting database is loaded, the folder is full, and not yet in its place."""


def environment(folder: Path, now: str, **more: str) -> dict[str, str]:
    """The settings of a city in `folder` for a process of its own."""
    mine = {key: value for key, value in os.environ.items() if not key.startswith(("TONGBAO_", "DAGSTER_"))}
    ours = {
        "TONGBAO_SOURCES": str(folder / "sources"),
        "TONGBAO_LAKE": str(folder / "lake"),
        "TONGBAO_NOW": now,
    }
    return mine | ours | more


def tongbao(words: Sequence[str], variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """The command line to its end."""
    command = [sys.executable, "-m", "pipelines.cli", *words]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


class Stopped:
    """A `tongbao` that has come to a moment and stands still there, until it is killed."""

    def __init__(self, moment: Moment, words: Sequence[str], variables: dict[str, str]) -> None:
        """Start it and wait until it stands; a process that ends before is an error."""
        command = [sys.executable, "-c", STOPPING, *moment.words, *words]
        self.process = subprocess.Popen(command, cwd=ROOT, env=variables, stderr=subprocess.DEVNULL)
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            self.process.returncode = os.waitstatus_to_exitcode(status)
            raise AssertionError(f"{moment} never came: exit {self.process.returncode}")

    def kill(self) -> None:
        """End it as a power cut would: no handler runs."""
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait() == -signal.SIGKILL
