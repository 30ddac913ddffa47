"""Refusals of whole files: the one exception that every reader raises, and nothing else."""

from __future__ import annotations


class FileRefused(Exception):
    """A file that is not taken: which one, what is wrong with it, and what to do next."""

    def __init__(self, file: str, wrong: str, advice: str) -> None:
        """Make one sentence of the three."""
        super().__init__(f"{file} {wrong}: {advice}.")
