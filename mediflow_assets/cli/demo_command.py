"""`mediflow demo`: the main job on the sample hospital."""

import typer

SAMPLE_ROWS, SAMPLE_SEED = 50_000, 7


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo() -> None:
    """Set up a home, generate the sample hospital, ingest it, run everything, and say what was made."""
    from mediflow_assets.cli import summary

    raise typer.Exit(summary.demo(SAMPLE_ROWS, SAMPLE_SEED))
