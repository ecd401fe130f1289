"""docs/api.md: its examples run against a gateway, and its table holds every endpoint and no other."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mediflow_assets.settings import Settings
from serving.tests.conftest import PASSWORD

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
PLACE = "http://127.0.0.1:8000"


def examples(language: str, url: str) -> list[str]:
    return [found.replace(PLACE, url) for found in re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)]


@pytest.mark.slow
def test_the_examples_of_curl_run(url: str, home: Settings) -> None:
    (example,) = examples("bash", url)
    environment = os.environ | {"MEDIFLOW_PASSWORD": PASSWORD, "MEDIFLOW_HOME": str(home.root)}
    shown = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example], env=environment, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stdout[-2000:] + shown.stderr
    for word in (
        "predicted_cost",
        "readmission_risk",
        "drivers",
        "masked/department_costs",
        "is_intact",
        '"ready"',
        "mediflow_champion",
        "masked/risk_scores",
        '"kty":"OKP"',
    ):
        assert word in shown.stdout, word


@pytest.mark.slow
def test_the_example_of_python_runs(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (example,) = examples("python", url)
    monkeypatch.setenv("MEDIFLOW_PASSWORD", PASSWORD)
    exec(example, {})
    cost, risk, batch, refused = capsys.readouterr().out.splitlines()
    assert "USD" in cost and risk.split()[-1] in ("Low", "Moderate", "High")
    assert batch.split() == ["70", "1"] and refused.startswith("422") and "'age'" in refused


def test_the_table_holds_every_endpoint(client: TestClient) -> None:
    table = TEXT.split("| endpoint |")[1].split("\n\n")[0]
    told = set(re.findall(r"`(GET|POST) (/[^`]*)`", table))
    paths = client.get("/openapi.json").json()["paths"]
    assert told == {(method.upper(), path) for path, methods in paths.items() for method in methods}
