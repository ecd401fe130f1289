"""`mediflow policy`."""

from enum import StrEnum
from typing import Annotated

import typer

from mediflow_assets.cli import output


class Form(StrEnum):
    """How the policy is printed."""

    MARKDOWN = "md"
    JSON = "json"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("policy")(policy)


def policy(form: Annotated[Form, typer.Option("--format", help="a page to read, or data")] = Form.MARKDOWN) -> None:
    """Print what becomes of every column of every table: its class, and the verb that masks it."""
    from mediflow_assets.contracts import TABLES
    from mediflow_assets.contracts.policy import as_data, as_markdown

    if form is Form.JSON:
        output.as_json(as_data(TABLES))
    else:
        typer.echo(as_markdown(TABLES), nl=False)
