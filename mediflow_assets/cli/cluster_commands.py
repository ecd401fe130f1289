"""`mediflow cluster secrets` and `cluster init`: what the services of docker-compose.yml start from."""

import os
from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Set up what the services of docker-compose.yml start from.", no_args_is_help=True)
    group.command("secrets")(make_secrets)
    group.command("init")(init)
    app.add_typer(group, name="cluster")


def make_secrets(
    folder: Annotated[Path, typer.Argument(help="where they are written, a folder for each service")],
    is_anew: Annotated[bool, typer.Option("--anew", help="make all of them again; then run 'cluster init'")] = False,
    store_key: Annotated[
        typer.FileText | None,
        typer.Option(
            help="the key of a store of your own: a file with the id and the secret on two lines, '-' for stdin"
        ),
    ] = None,
) -> None:
    """Make the passwords of the databases and the key of the object store, each once."""
    from mediflow_assets.cluster import secret_files

    key = tuple(store_key.read().split()) if store_key else None
    if key is not None and len(key) != 2:
        context.usage("the store's key is its id and its secret, on two lines")
    made = secret_files.make(folder, is_anew, key)
    output.line(f"Made: {', '.join(made) or 'nothing, all are there'}")


def init(
    secrets: Annotated[Path, typer.Option(help="the folder of the administrator's secrets")],
    admin_url: Annotated[str, typer.Option(help="URL of PostgreSQL, as the superuser")],
    password_file: Annotated[
        Path, typer.Option(help="the file that the first admin's password is written to, mode 0600")
    ],
    admin: Annotated[str, typer.Option(help="name of the first admin")] = "admin",
) -> None:
    """Make databases, buckets, topics, the home with its keys, Dagster's storage and the first admin."""
    from mediflow_assets.cluster import secret_files, stores
    from mediflow_assets.defs.launching import install_dagster_home, make_storage
    from mediflow_assets.operations import home
    from mediflow_assets.secrets.secret_files import write_closed

    settings = context.settings()
    stores.make_databases(admin_url, secrets, secret_files.ROLES)
    output.line("Databases: " + ", ".join(secret_files.ROLES))
    uris = [uri for uri in (settings.lake, settings.inbox_uri) if uri and "://" in uri]
    stores.make_buckets(uris)
    output.line(f"Buckets of: {', '.join(uris) or 'none'}")
    if servers := os.environ.get("MEDIFLOW_KAFKA"):
        stores.make_topics(servers)
        output.line("Topics: " + ", ".join(stores.TOPICS))
    made = home.set_up(settings, admin)
    if made.password:
        password_file.unlink(missing_ok=True)
        write_closed(password_file, f"{made.password}\n".encode())
        output.line(f"Password of {admin}: in {password_file}")
    install_dagster_home(settings)
    make_storage()
    output.line(f"Home: {settings.root}")
