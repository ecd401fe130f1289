"""Schemathesis, over the document that the process itself serves: all checks, all phases, no endpoint left out."""

import subprocess
import sys
from pathlib import Path

import pytest

from mediflow_assets.identity.token_keys import load_keys
from mediflow_assets.identity.users import ROLES
from mediflow_assets.settings import Settings
from serving.tokens import issue

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]

# what a batch that is too long is told: 413 where it is over 2 MB as well
EXPECTED = ["400", "401", "403", "404", "405", "406", "413", "415", "422", "429"]
CONFIG = f"[checks.negative_data_rejection]\nexpected-statuses = {EXPECTED}\n".replace("'", '"')
EXAMPLES = 10
"""Cases of each endpoint in each phase, at most."""


def test_schemathesis_finds_no_flaw(url: str, home: Settings, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    token = issue(load_keys(home.secrets)[-1], "everything", ROLES)
    shown = subprocess.run(
        [Path(sys.executable).with_name("schemathesis"), "--config-file", "schemathesis.toml", "run",
         f"{url}/openapi.json", "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
         "--max-examples", str(EXAMPLES), "--seed", "1", "--generation-database", "none", "--no-color",
         "--continue-on-failure", "--header", f"Authorization: Bearer {token}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stdout[-6000:] + shown.stderr[-2000:]
    assert "Operations:       20 selected / 20 total" in shown.stdout and "Tested: 20" in shown.stdout
