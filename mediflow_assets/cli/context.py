"""What every command shares: settings, the home folder, passwords, and the boundary that errors do not cross.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check failed.
"""

import atexit
import contextlib
import errno
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from typer.core import TyperGroup

from mediflow_assets.errors import ContractViolated, MediFlowError, NothingToDo
from mediflow_assets.modes import close_to_others

if TYPE_CHECKING:
    from pydantic import ValidationError

    from mediflow_assets.identity.users import User
    from mediflow_assets.settings import Settings
    from mediflow_assets.storage.delta import Lake

FAILED, WRONG_USAGE, CHECK_FAILED = 1, 2, 3
_DISK_FULL = ("No space left", "File too large", "disk is full", "disk I/O error")
"""As the system, the lake and SQLite say it."""
_OF_VALIDATORS = ("value_error", "assertion_error")
"""Texts of these kinds are a validator's own, and may repeat the value."""


class Guarded(TyperGroup):
    """The group of all commands: what they raise ends here, as one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        close_to_others()
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, EOFError):
            raise
        except Exception as error:
            if _is_of_the_frame(error):
                raise
            raise typer.Exit(tell(error)) from None


def group(app: typer.Typer, name: str, about: str, **commands: Callable[..., None]) -> None:
    """Add a group of commands, `mediflow NAME COMMAND`."""
    made = typer.Typer(help=about, no_args_is_help=True)
    # a group of one command would else become that command
    made.callback()(lambda: None)
    for each, function in commands.items():
        made.command(each.replace("_", "-"))(function)
    app.add_typer(made, name=name)


def tell(error: Exception) -> int:
    """Say on stderr what went wrong; returns the exit code. Of what is not ours only the class is told."""
    if isinstance(error, MediFlowError):
        typer.echo(f"Error: {error}", err=True)
        return CHECK_FAILED if isinstance(error, ContractViolated) else FAILED
    if type(error).__name__ == "ValidationError" and hasattr(error, "errors"):
        return _tell_settings(error)  # type: ignore[arg-type]
    if any(sign in str(error) for sign in _DISK_FULL):
        typer.echo(
            "Error: the disk is full, or a quota is used up. Make room and run again; nothing is lost.", err=True
        )
        return FAILED
    typer.echo(f"internal error: {type(error).__name__}", err=True)
    typer.echo("This is a defect of MediFlow. 'mediflow doctor' checks what it stands on.", err=True)
    return FAILED


def settings() -> "Settings":
    """The settings, from the environment."""
    from mediflow_assets.settings import Settings

    return Settings()


def lake(of: "Settings") -> "Lake":
    """The tables' storage."""
    from mediflow_assets.storage.delta import Lake

    return Lake(of.lake_root)


def new_password() -> str:
    """A password typed twice, unseen; or the first line of what is piped in."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return _line()


def login(users_url: str, name: str | None, roles: tuple[str, ...]) -> "User":
    """A MediFlow login with one of these roles. Raises LoginRefused."""
    from mediflow_assets.errors import LoginRefused
    from mediflow_assets.identity.users import Users

    name = name or ask("MediFlow user")
    typed = sys.stdin.isatty()
    password = str(typer.prompt("Password", hide_input=True, err=True)) if typed else _line()
    user = Users(users_url).verify(name, password)
    if not set(roles) & set(user.roles):
        raise LoginRefused(f"This needs the role {' or '.join(roles)}.")
    return user


def ask(question: str) -> str:
    """A line typed, or read from what is piped in."""
    return str(typer.prompt(question, err=True)) if sys.stdin.isatty() else _line()


def usage(sentence: str) -> NoReturn:
    """End the command: it was used wrongly."""
    raise typer.BadParameter(sentence)


def leave(code: int) -> NoReturn:
    """End the process now that all is done and said.

    Not by the interpreter's own end: an I/O thread of Arrow that still closes a file through Python meanwhile aborts
    the process, with exit code 134 (25 reads of a small table: 16 aborts).
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise NothingToDo("Something is asked for here, and nothing was typed or piped in.")
    return line.rstrip("\r\n")


def _is_of_the_frame(error: Exception) -> bool:
    """Whether the frame deals with it: wrong usage, and a reader that closed the pipe."""
    return hasattr(error, "format_message") or (isinstance(error, OSError) and error.errno == errno.EPIPE)


def _tell_settings(error: "ValidationError") -> int:
    for found in error.errors(include_input=False, include_context=False, include_url=False):
        name = "MEDIFLOW_" + "_".join(str(part) for part in found["loc"]).upper()
        why = "the value is not usable" if found["type"] in _OF_VALIDATORS else found["msg"]
        typer.echo(f"Error: the setting {name}: {why}.", err=True)
    return WRONG_USAGE
