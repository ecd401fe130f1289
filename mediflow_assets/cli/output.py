"""How commands show things: a table on a terminal, plain lines in a pipe, JSON where it is asked for."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import typer


class StepEnd(Protocol):
    """A step's end, as a run tells it."""

    @property
    def done(self) -> int:
        """How many steps have ended."""

    @property
    def total(self) -> int:
        """Of how many."""

    @property
    def step(self) -> str:
        """Which one it was."""

    @property
    def is_success(self) -> bool:
        """Whether it succeeded."""


def plain(value: object) -> str:
    """A value as one line of text: nothing in it may steer the terminal."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(plain(item) for item in value)
    text = str(value).encode("utf-8", "replace").decode()
    return "".join(c if c.isprintable() else "?" for c in text)


def line(text: object = "") -> None:
    """A line on stdout."""
    typer.echo(plain(text))


def warn(text: object) -> None:
    """A line on stderr."""
    typer.echo(plain(text), err=True)


def as_json(value: object) -> None:
    """One JSON document on stdout."""
    typer.echo(json.dumps(value, indent=2, default=str))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Rows under a title; nothing where there are none. In a pipe: tab-separated, the title as a line of its own."""
    if not rows:
        return
    if not sys.stdout.isatty():
        typer.echo(f"# {title}\t" + "\t".join(columns))
        for row in rows:
            typer.echo("\t".join(plain(value) for value in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(*columns, title=title, title_justify="left", box=None, pad_edge=False)
    for row in rows:
        shown.add_row(*(Text(_figure(value), justify=_side(value)) for value in row))
    Console().print(shown)


@contextlib.contextmanager
def progress(title: str) -> Iterator[Callable[[StepEnd], None]]:
    """Tells how far a run is: a bar on a terminal, a line per step on stderr in a pipe."""
    with counting(title) as count:

        def tell(event: StepEnd) -> None:
            count(event.step if event.is_success else f"{event.step}: FAILED", event.done, event.total)

        yield tell


@contextlib.contextmanager
def counting(title: str) -> Iterator[Callable[[str, int, int], None]]:
    """Tells the step, how much is done, and of how much."""
    if not sys.stderr.isatty():
        yield lambda step, done, total: warn(f"{title}: {step} {done:,} of {total:,}")
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    parts = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*parts, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=None)

        def count(step: str, done: int, total: int) -> None:
            bar.update(task, description=escape(f"{title}: {plain(step)}"), completed=done, total=total)

        yield count


def _figure(value: object) -> str:
    return f"{value:,}" if _is_number(value) else plain(value)


def _side(value: object) -> Any:
    return "right" if _is_number(value) else "left"


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
