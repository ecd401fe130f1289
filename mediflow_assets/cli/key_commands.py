"""`mediflow keys`."""

import datetime as dt
from typing import Annotated

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(
        app,
        "keys",
        "The key of the pseudonyms: which one it is, and a new one.",
        show=show,
        rotate=rotate,
        rotate_tokens=rotate_tokens,
    )


def show(as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False) -> None:
    """Name the key in use and say since when it is; the key itself is shown nowhere."""
    from mediflow_assets.secrets.key_change import unfinished
    from mediflow_assets.secrets.pseudonym_key import FILE_NAME

    settings = context.settings()
    key = settings.pseudonym_key()
    made = dt.datetime.fromtimestamp((settings.secrets / FILE_NAME).stat().st_mtime, dt.UTC)
    told = {
        "key_id": key.key_id,
        "made_at": f"{made:%Y-%m-%dT%H:%M:%SZ}",
        "age_days": (dt.datetime.now(dt.UTC) - made).days,
        "is_changing": unfinished(settings.secrets) is not None,
    }
    if as_json:
        output.as_json(told)
        return
    output.line(f"Key {told['key_id']}, made {told['made_at']}, {told['age_days']} days old.")
    if told["is_changing"]:
        output.warn("A change of the key was cut short. Run 'mediflow keys rotate' to finish it.")


def rotate(
    user: Annotated[str | None, typer.Option(help="your MediFlow name; asked for if not given")] = None,
) -> None:
    """Change the key: every pseudonym again, in all tables and logs. Cut short, it is finished by running it again."""
    from mediflow_assets.cli import officer
    from mediflow_assets.privacy.key_rotation import rotate as change_key

    settings = context.settings()
    settings.pseudonym_key()
    with officer.acting(settings, user, "keys rotate", "", ("privacy_officer", "admin")) as who:
        rotated = change_key(
            settings.root,
            context.lake(settings),
            settings.ops_url,
            _refresh,
            lambda stage: output.warn(f"keys rotate: {stage}"),
            settings.lease_wait_seconds,
        )
        who.detail = f"key {rotated.old_id} to {rotated.new_id}"
    output.line(f"Key {rotated.new_id} took the place of {rotated.old_id}, which is destroyed.")
    output.line(f"Logged rows named again: {rotated.logged}. The gateway reads the new key by itself.")


def rotate_tokens() -> None:
    """Sign access tokens with a new key from now on; those given out stay valid until they expire."""
    from mediflow_assets.cli import officer
    from mediflow_assets.identity.token_keys import add_key

    settings = context.settings()
    with officer.recorded(settings, "keys rotate-tokens") as who:
        who.detail = add_key(settings.secrets)
    output.line(f"Key {who.detail} signs from now on. A gateway that runs takes it up within seconds.")


def _refresh() -> None:
    from mediflow_assets.cli import running
    from mediflow_assets.errors import EngineFailed

    if running.launch("refresh", wait=context.settings().lease_wait_seconds, has_all_made=True):
        raise EngineFailed("The tables could not be made again. Run 'mediflow run', then 'mediflow keys rotate' again.")
