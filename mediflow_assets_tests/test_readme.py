"""The README's commands do what it says: the blocks marked there run as they stand, in an empty folder."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parents[1] / "README.md"
MARKED = re.compile(r"<!-- run by a test -->\s*```bash\n(.*?)^```", re.DOTALL | re.MULTILINE)
NOT_HERE = ("make", "mediflow up")
"""Sets up the environment that the tests already have; and does not end by itself."""


def blocks() -> list[str]:
    """The marked blocks, without the lines that are not for a test."""
    text = README.read_text(encoding="utf-8") if README.exists() else ""
    return [
        "\n".join(line for line in block.splitlines() if not line.strip().startswith(NOT_HERE))
        for block in MARKED.findall(text)
    ]


@pytest.mark.slow
@pytest.mark.skipif(not blocks(), reason="README.md has no block marked '<!-- run by a test -->'")
def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
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
