"""The `mediflow` command: one file per command group, each with its options and its words, and no logic.

What a command does stands in `operations` or in the package it belongs to. Everything heavy is imported inside the
functions, so that `mediflow --help` is quick.
"""

import importlib

import typer

GROUPS = (
    "home_commands",
    "ingest_command",
    "source_commands",
    "running",
    "demo_command",
    "up_command",
    "status_command",
    "health_command",
    "quarantine_commands",
    "vocabulary_commands",
    "patient_commands",
    "user_commands",
    "audit_commands",
    "erase_command",
    "key_commands",
    "reidentify_command",
    "export_command",
    "policy_command",
    "leak_scan_command",
    "lineage_command",
    "maintain_command",
    "upgrade_command",
    "models_commands",
    "backup_commands",
    "cluster_commands",
    "stream_commands",
    "hl7_command",
    "fhir_command",
    "bench_command",
)
"""The modules of this package that register commands, in the order of `mediflow --help`."""


def build() -> typer.Typer:
    """The whole command, its groups registered."""
    from mediflow_assets.cli.context import Guarded

    app = typer.Typer(
        name="mediflow",
        help="A healthcare lakehouse: deliveries in, governed tables and models out.",
        cls=Guarded,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for group in GROUPS:
        importlib.import_module(f"mediflow_assets.cli.{group}").register(app)
    return app


def main() -> None:
    """The console script."""
    from mediflow_assets.cli.context import leave

    try:
        build()()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))


__all__ = ["build", "main"]
