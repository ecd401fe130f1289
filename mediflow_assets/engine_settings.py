"""What can be set of the engine: which one answers, and how much memory the embedded one may take."""

import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

_UNITS = {"m": 1 << 20, "g": 1 << 30}
_LIMIT_OF_CONTAINER = Path("/sys/fs/cgroup/memory.max")


class EngineSettings(BaseSettings):
    """The part of the settings that tells of the engine."""

    spark_remote: str | None = Field(
        None, description="a Spark Connect URL, sc://host:port; default the embedded engine"
    )
    memory: str | None = Field(
        None,
        pattern=r"^[1-9][0-9]*[mg]$",
        description="memory for a run with the embedded engine, such as 3g: it decides in how many parts a large load "
        "is worked through; default half of the machine's, or of its container's",
    )

    @property
    def memory_bytes(self) -> int:
        """`memory` as a number."""
        if self.memory is None:
            return _of_machine() // 2
        return int(self.memory[:-1]) * _UNITS[self.memory[-1]]


def _of_machine() -> int:
    """Bytes of the machine, or of the container where that may take less."""
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(whole, int(_LIMIT_OF_CONTAINER.read_text()))
    except (OSError, ValueError):
        # no container, or one without a limit ("max")
        return whole
