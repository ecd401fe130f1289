"""`mediflow sources`."""

from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(
        app, "sources", "What is accepted as a delivery, and how to map another header.", list=list_, suggest=suggest
    )


def list_() -> None:
    """Show the sources with their columns, and the feeds of sources.toml."""
    from mediflow_assets.sources import Feeds
    from mediflow_assets.sources.registry import sources

    feeds = Feeds.load(context.settings().sources_file).feeds
    rows = [(name, *source.told) for name, source in sources().items() if not source.contract.is_stream]
    output.table("sources", ("source", "required", "optional"), rows)
    output.table(
        "feeds of sources.toml",
        ("feed", "recognised by", "headers mapped"),
        [(feed.name, feed.match, len(feed.headers)) for feed in feeds],
    )


def suggest(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="a CSV file that is not recognised")],
) -> None:
    """Draft the section of sources.toml for a file. Shows its header, never its values."""
    from mediflow_assets import sources

    for text in sources.suggest(file).splitlines():
        output.line(text)
