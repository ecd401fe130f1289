"""The first steps do what the documents say: the blocks marked there run as they stand, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MARKED = re.compile(r"<!-- run by a test -->\s*```bash\n(.*?)^```", re.DOTALL | re.MULTILINE)
NOT_HERE = ("make", "mediflow up")
"""Sets up the environment that the tests already have; and does not end by itself."""


def blocks() -> list[str]:
    """The marked blocks, without the lines that are not for a test."""
    return [
        "\n".join(line for line in block.splitlines() if not line.strip().startswith(NOT_HERE))
        for page in PAGES
        for block in MARKED.findall(page.read_text(encoding="utf-8"))
    ]


def test_a_block_is_marked() -> None:
    assert blocks()


@pytest.mark.slow
def test_the_first_steps_run(tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEDIFLOW_", "DAGSTER_"))}
    environment = kept | {
        "MEDIFLOW_HOME": str(tmp_path / "home"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "RUST_LOG": "error",
    }
    folder = tmp_path / "work"
    folder.mkdir()
    for block in blocks():
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert ended.returncode == 0, f"{block}\n{ended.stdout[-2000:]}\n{ended.stderr[-2000:]}"
