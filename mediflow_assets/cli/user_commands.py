"""`mediflow users`."""

from dataclasses import asdict
from typing import Annotated

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(
        app, "users", "Who may log in, and in which roles.", add=add, list=list_, disable=disable, sign_out=sign_out
    )


def add(
    name: Annotated[str, typer.Argument(help="the new user's name")],
    role: Annotated[list[str], typer.Option(help="a role, such as analyst; may be given several times")],
) -> None:
    """Add a user. The password is asked for, or read from what is piped in."""
    from mediflow_assets.cli import officer
    from mediflow_assets.identity.users import Users

    settings = context.settings()
    with officer.recorded(settings, "users add") as who:
        user = Users(settings.ops_url).create(name, context.new_password(), role)
        who.detail = f"{user.name}; {' '.join(user.roles)}"
    output.line(f"Added {user.name}: {', '.join(user.roles)}")


def list_(as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False) -> None:
    """Show all users."""
    from mediflow_assets.identity.users import Users

    users = Users(context.settings().ops_url).list()
    if as_json:
        output.as_json([asdict(user) for user in users])
        return
    rows = [(user.name, user.roles, "disabled" if user.is_disabled else "active", user.created_at) for user in users]
    output.table("users", ("name", "roles", "state", "created_at"), rows)


def disable(name: Annotated[str, typer.Argument(help="whose account is closed")]) -> None:
    """Close an account."""
    from mediflow_assets.cli import officer
    from mediflow_assets.identity.users import Users

    settings = context.settings()
    with officer.recorded(settings, "users disable") as who:
        Users(settings.ops_url).disable(name)
        who.detail = name.strip().lower()
    output.line(f"Disabled {name}.")


def sign_out(
    name: Annotated[str | None, typer.Argument(help="whose tokens are refused")] = None,
    token_id: Annotated[str | None, typer.Option(help="refuse this one token only, by its 'jti'")] = None,
) -> None:
    """Refuse every token the user was given until now, or one token; the account stays open."""
    from mediflow_assets.cli import officer
    from mediflow_assets.identity.revoked_tokens import Revoked

    if (name is None) == (token_id is None):
        context.usage("name a user, or a token by --token-id")
    settings = context.settings()
    with officer.recorded(settings, "users sign-out") as who:
        if token_id is not None:
            Revoked(settings.ops_url).token(token_id.strip())
            who.detail = f"token {token_id.strip()}"
            output.line("That token is refused.")
        elif name is not None:
            user = name.strip().lower()
            Revoked(settings.ops_url).user(user)
            who.detail = user
            output.line(f"Tokens of {user} that were issued until now are refused.")
