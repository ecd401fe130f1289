"""Lakes as older versions wrote them, each with the script that made it."""

import tarfile
from pathlib import Path

HERE = Path(__file__).parent


def unpack(format_: int, home: Path) -> None:
    """Put the lake of a format into a home."""
    with tarfile.open(HERE / f"format-{format_}.tar.gz") as packed:
        packed.extractall(home, filter="data")
