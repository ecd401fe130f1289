"""The command reference, from the typer app: each command with its arguments, options, defaults and help."""

import enum
from collections.abc import Iterator
from typing import Any

import typer

from documents.markdown import code, page, table

_SOURCE = "the commands in `mediflow_assets/cli/`"
_HEAD = """`mediflow COMMAND --help` shows the same. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a check failed.
On a terminal tables are drawn; in a pipe they are separated by tabs."""


def commands_page(app: typer.Typer) -> str:
    """Every command of an app."""
    found = [(name, command) for name, command in commands_of(typer.main.get_command(app))]
    overview = table(
        ("command", "does"), [(f"[`{name}`](#{_anchor(name)})", _summary(command)) for name, command in found]
    )
    return page(_SOURCE, "Commands", _HEAD, overview, *(_section(name, command) for name, command in found))


def commands_of(command: Any, path: str = "mediflow") -> Iterator[tuple[str, Any]]:
    """Each command below one, by its whole name."""
    if not hasattr(command, "commands"):
        yield path, command
        return
    for name, below in command.commands.items():
        yield from commands_of(below, f"{path} {name}")


def without_help(app: typer.Typer) -> list[str]:
    """Commands, arguments and options that say nothing of themselves."""
    found = []
    for name, command in commands_of(typer.main.get_command(app)):
        found += [] if command.help else [name]
        found += [f"{name} {parameter.name}" for parameter in command.params if not parameter.help]
    return found


def _anchor(name: str) -> str:
    return name.replace(" ", "-")


def _summary(command: Any) -> str:
    return str(command.help or "").split("\n\n")[0]


def _section(name: str, command: Any) -> str:
    usage = command.get_usage(typer.Context(command, info_name=name)).removeprefix("Usage: ")
    parameters = table(
        ("argument or option", "default", "means"),
        [(_names(each), _default(each), _meaning(each)) for each in command.params if not each.hidden],
    )
    return "\n\n".join(part for part in (f"## {name}", f"```\n{usage}\n```", command.help or "", parameters) if part)


def _names(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return code(parameter.metavar or parameter.name.upper())
    return " ".join(code(name) for name in (*parameter.opts, *parameter.secondary_opts))


def _default(parameter: Any) -> str:
    if parameter.required:
        return "needed"
    default = parameter.default.value if isinstance(parameter.default, enum.Enum) else parameter.default
    if default is None or default == "" or default is False or callable(default):
        return ""
    return "yes" if default is True else code(default)


def _meaning(parameter: Any) -> str:
    annotation = parameter.type_descriptor.annotation
    choices = annotation if isinstance(annotation, type) and issubclass(annotation, enum.Enum) else ()
    listed = ", ".join(code(choice.value) for choice in choices)
    return f"{parameter.help or ''}{f' ({listed})' if listed else ''}"
