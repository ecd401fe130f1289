"""`mediflow backup` and `mediflow restore`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mediflow_assets.cli import context, output

if TYPE_CHECKING:
    from mediflow_assets.backup.backup import Kept
    from mediflow_assets.settings import Settings

Databases = Annotated[
    list[str] | None,
    typer.Option("--database", help="NAME=URL of a further PostgreSQL database (MLflow's in the cluster); repeatable"),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="a new folder; it will hold personal data and secrets")],
    database: Databases = None,
    wait: Annotated[float, typer.Option(help="seconds to wait for the lake")] = 600,
) -> None:
    """Copy the home, the lake and the databases, all as of one moment, into a folder."""
    from mediflow_assets.backup.backup import back_up
    from mediflow_assets.cli import officer

    settings = context.settings()
    settings.require_home()
    settings.pseudonym_key()
    with officer.recorded(settings, "backup") as who:
        made = back_up(_kept(settings, database), to.absolute(), wait)
        who.detail = f"{len(made.files)} files; {made.bytes} bytes"
    output.line(f"{len(made.files):,} files, {made.bytes:,} bytes, {len(made.tables)} tables: {to}")
    output.line("It holds personal data and the secrets: guard it as you guard the home.")


def restore(
    source: Annotated[
        Path,
        typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="a folder that 'mediflow backup' wrote"),
    ],
    database: Databases = None,
    tombstones: Annotated[
        Path | None,
        typer.Option(exists=True, file_okay=False, help="a folder with newer 'tombstones' and 'tombstone.key'"),
    ] = None,
) -> None:
    """Put a backup into an empty home and lake; patients erased since then are erased again."""
    from mediflow_assets.backup import databases
    from mediflow_assets.backup import restore as steps
    from mediflow_assets.cli import officer
    from mediflow_assets.cli.erase_command import premises, refresh

    settings = context.settings()
    if settings.ops_url.startswith("postgresql"):
        # by the role that uses them: made by the superuser, they would be closed to it
        databases.make_own(settings.ops_url)
    made = steps.restore(source.absolute(), _kept(settings, database), tombstones)
    output.line(f"Restored: {len(made.tables)} tables, as of {made.begun_at}.")
    with officer.recorded(settings, "restore", f"backup of {made.begun_at}") as who:
        proof = steps.erase_again(premises(settings), who.name, refresh, lambda stage: output.warn(f"erase: {stage}"))
        again = proof.patients if proof else 0
        who.detail += f"; {again} patients erased again"
    output.line(f"Erased since then, and erased again: {again} patients.")
    output.line("Next: 'mediflow doctor', 'mediflow status', then 'mediflow run'.")


def _kept(settings: "Settings", more: list[str] | None) -> "Kept":
    from mediflow_assets.backup.backup import Kept

    urls = {"ops": settings.ops_url, "dagster": os.environ.get("DAGSTER_DATABASE_URL", "")}
    for each in more or []:
        name, equals, url = each.partition("=")
        if not equals or not name.isalnum():
            context.usage("--database is NAME=URL")
        urls[name] = url
    remote = {name: url for name, url in urls.items() if url.startswith("postgresql")}
    return Kept(settings.root, context.lake(settings), settings.lock, remote)
