"""`mediflow up`: everything that people use, on localhost, from one terminal."""

from typing import Annotated

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("up")(up)


def up(
    port: Annotated[int, typer.Option(help="port of the Dagster UI")] = 3000,
    gateway_port: Annotated[int, typer.Option(help="port of the gateway")] = 8000,
    dashboard_port: Annotated[int, typer.Option(help="port of the dashboard")] = 8501,
    mlflow_port: Annotated[int, typer.Option(help="port of MLflow's UI; not started where a server is set")] = 5000,
) -> None:
    """Dagster's UI and daemon, the gateway, the dashboard and MLflow's UI on localhost, until Ctrl-C."""
    from mediflow_assets.defs.launching import install_dagster_home, make_storage
    from mediflow_assets.operations import local_services

    settings = context.settings()
    settings.pseudonym_key()
    services = local_services.services(settings, port, gateway_port, dashboard_port, mlflow_port)
    local_services.refuse_taken_ports(services)
    install_dagster_home(settings)
    # two processes that make the same databases at once: one of them fails
    make_storage()
    raise typer.Exit(local_services.run_until_signalled(services, settings.logs, output.line, output.warn))
