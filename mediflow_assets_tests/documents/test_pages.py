"""What the pages written by hand name is there: links, files, commands with their options, settings, layers."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from dashboard.settings import DashboardSettings
from documents.commands import commands_of
from documents.settings import fields_of
from mediflow_assets.cli import build
from mediflow_assets.settings import Settings

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "docs" / "adr").glob("*.md")),
]
PLACES = (ROOT, ROOT / "mediflow_assets")
GROUPS = re.compile(r"`([^`\n]+)`|^((?:mediflow|docker compose) .*)$", re.MULTILINE)
COMMAND = re.compile(r"(?:^|\s)(?:mediflow|python -m mediflow_assets\.cli) ([^#|&`]+)")
OF_COMPOSE = {"MEDIFLOW_TAG", "MEDIFLOW_DATA_INTERNAL", "MEDIFLOW_S3_ENDPOINT", "MEDIFLOW_S3_REGION"}
"""Settings of docker-compose.yml alone."""
OF_TESTS = {"MEDIFLOW_UPDATE_SNAPSHOTS", "MEDIFLOW_PASSWORD"}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def leads_nowhere(page: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    return not target.exists() or bool(anchor and anchor not in anchors(target))


def codes(page: Path) -> Iterator[str]:
    """What stands as code in a page: between backticks, and lines of blocks."""
    text = page.read_text(encoding="utf-8")
    for inline, line in GROUPS.findall(text.replace("\\\n", " ")):
        yield inline or line


def unknown_in(words: list[str], commands: dict[str, Any]) -> list[str]:
    """What of a line after `mediflow` is no command, or no option of it."""
    said = [word for word in words if re.fullmatch(r"[a-z][a-z0-9-]*", word)]
    name = next((n for n in (" ".join(said[:2]), "".join(said[:1])) if n in commands), None)
    if name is None:
        is_group = any(each.startswith(f"{said[0]} ") for each in commands) if said else True
        return [] if is_group else [" ".join(words)]
    known = {"--help"} | {opt for each in commands[name].params for opt in (*each.opts, *each.secondary_opts)}
    options = {word.split("=")[0] for word in words if word.startswith("--")}
    return [f"{name} {option}" for option in sorted(options - known)]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not link.startswith("http") and leads_nowhere(page, link)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    named = {code for code in codes(page) if re.fullmatch(r"[\w./-]+/[\w.-]+\.(?:py|toml|md|yml|conf|xml)", code)}
    gone = [each for each in named if not any((place / each).exists() for place in PLACES)]
    assert gone == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_that_is_named_is_there(page: Path) -> None:
    commands = {
        name.removeprefix("mediflow "): command for name, command in commands_of(typer.main.get_command(build()))
    }
    lines = [found for code in codes(page) for found in COMMAND.findall(code)]
    assert [unknown for line in lines for unknown in unknown_in(line.split(), commands)] == []


def test_a_command_and_an_option_that_are_not_there_are_found() -> None:
    commands = {
        name.removeprefix("mediflow "): command for name, command in commands_of(typer.main.get_command(build()))
    }
    assert unknown_in(["cluster", "secrets", "/run", "--again"], commands) == ["cluster secrets --again"]
    assert unknown_in(["judge"], commands) == ["judge"]
    assert unknown_in(["run", "--job", "rebuild"], commands) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_that_is_named_is_read(page: Path) -> None:
    known = {name for model in (Settings, DashboardSettings) for name, _ in fields_of(model)}
    named = set(re.findall(r"\bMEDIFLOW_[A-Z_]*[A-Z]\b", page.read_text(encoding="utf-8")))
    missing = {each for each in named if not any(name.startswith(each) for name in known)}
    assert missing <= OF_COMPOSE | OF_TESTS


def test_the_layers_are_those_that_are_held() -> None:
    held = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = held["tool"]["importlinter"]["contracts"][0]["layers"]
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").partition("| layer |")[2]
    told = [set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in text.splitlines() if row.startswith("| `")]
    assert told == [{part.strip().removeprefix("mediflow_assets.") for part in layer.split("|")} for layer in layers]


def test_the_first_page_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 130
