"""Writing `sources.toml`: a new text takes the place of the old one only if it can be read."""

import os
from pathlib import Path

from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.sources import Feeds


def read(path: Path) -> str:
    """The text as it stands; none where there is no file."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def replace(path: Path, text: str) -> None:
    """Put a text in the place of what stands there. Raises SettingsInvalid, and changes nothing, if it is not valid."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        scratch.write_text(text, encoding="utf-8")
        Feeds.load(scratch)
        scratch.replace(path)
    except OSError as error:
        raise SettingsInvalid(f"sources.toml cannot be written ({type(error).__name__}).") from None
    finally:
        scratch.unlink(missing_ok=True)
