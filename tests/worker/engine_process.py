"""A server of ours in a process with a folder: started and killed, and gone with what it kept."""

import tempfile
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import subprocess

PATIENCE = 60.0
"""Seconds that anything may take: a machine may be slow, but nothing may hang."""


class EngineProcess(ABC):
    """What engines have in common; each knows how its own is started.

    Args:
        prefix: what the name of the folder begins with.
    """

    def __init__(self, prefix: str | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix=prefix)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._folder.cleanup()

    @abstractmethod
    def start(self) -> None:
        """Start it, with what is in its folder; return when it answers."""

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(PATIENCE)
            self._process = None
