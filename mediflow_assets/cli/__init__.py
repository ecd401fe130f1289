"""The `mediflow` command: one file per command group, each with its options and its words, and no logic.

What a command does stands in a module beside it (`home`, `delivering`, `standing`, `health`, `quarantined`) or in the
package it belongs to. Everything heavy is imported inside the functions, so that `mediflow --help` is quick.
"""

import typer


def build() -> typer.Typer:
    """The whole command, its groups registered."""
    from mediflow_assets.cli import (
        audit_commands,
        benchmark,
        erase_command,
        export_command,
        health_command,
        home_commands,
        ingest_command,
        key_commands,
        leak_scan_command,
        lineage_command,
        maintain_command,
        models_commands,
        policy_command,
        quarantine_commands,
        reidentify_command,
        running,
        source_commands,
        status_command,
        user_commands,
    )
    from mediflow_assets.cli.context import Guarded

    app = typer.Typer(
        name="mediflow",
        help="A healthcare lakehouse: deliveries in, governed tables and models out.",
        cls=Guarded,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for group in (
        home_commands,
        ingest_command,
        source_commands,
        running,
        status_command,
        health_command,
        quarantine_commands,
        user_commands,
        audit_commands,
        erase_command,
        key_commands,
        reidentify_command,
        export_command,
        policy_command,
        leak_scan_command,
        lineage_command,
        maintain_command,
        models_commands,
        benchmark,
    ):
        group.register(app)
    return app


def main() -> None:
    """The console script."""
    from mediflow_assets.cli.context import leave

    try:
        build()()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))


__all__ = ["build", "main"]
