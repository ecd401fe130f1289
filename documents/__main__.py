"""`python -m documents` writes docs/reference; with --check it says which pages are not as the code is."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs" / "reference"


def pages() -> dict[str, str]:
    """Every page by its file's name."""
    from dashboard.settings import DashboardSettings
    from documents.api import api_page, roles_of
    from documents.commands import commands_page
    from documents.markdown import GENERATED
    from documents.settings import settings_page
    from documents.tables import graph_of, tables_page
    from documents.triggers import triggers_page
    from documents.words import words_page
    from mediflow_assets.cli import build
    from mediflow_assets.contracts import TABLES
    from mediflow_assets.contracts.dictionary import dictionary
    from mediflow_assets.contracts.vocabulary import CODED
    from mediflow_assets.definitions import build_defs
    from mediflow_assets.settings import Settings
    from serving.main import routed, routers

    defs = build_defs(Settings())
    return {
        "api.md": api_page(routed().openapi(), roles_of(routers())),
        "commands.md": commands_page(build()),
        "data_dictionary.md": f"{GENERATED.format(source='`mediflow_assets/contracts/`')}\n\n{dictionary()}",
        "settings.md": settings_page({"command, runs, gateway": Settings, "dashboard": DashboardSettings}),
        "tables.md": tables_page(TABLES, graph_of(defs)),
        "triggers.md": triggers_page(defs),
        "words.md": words_page(CODED),
    }


def stale(folder: Path, written: Mapping[str, str]) -> list[str]:
    """The files of a folder that are not as they would be written, or that no page is written to."""
    kept = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in kept.keys() | written.keys() if kept.get(name) != written.get(name))


def write(folder: Path, written: Mapping[str, str]) -> None:
    """Write every page, and remove what no page is written to."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in stale(folder, written):
        if name not in written:
            (folder / name).unlink()
            continue
        (folder / name).write_text(written[name], encoding="utf-8")
        # the code location closes what its process writes to others; these pages are for all
        (folder / name).chmod(0o644)


def main(arguments: list[str], folder: Path = FOLDER) -> int:
    """Write the pages, or with --check say which of them are stale."""
    # a page says what holds for everybody, not what is set here
    for name in [name for name in os.environ if name.startswith(("MEDIFLOW_", "MLFLOW_"))]:
        del os.environ[name]
    written = pages()
    if "--check" not in arguments:
        write(folder, written)
        return 0
    old = stale(folder, written)
    for name in old:
        sys.stderr.write(f"docs/reference/{name} is not as the code is: run 'make docs' and commit what it writes.\n")
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
