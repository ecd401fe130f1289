"""Every documented endpoint keeps its own document, whatever it is sent that fits it, and whatever does not."""

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from mediflow_assets.governance.token_keys import load_keys
from mediflow_assets.governance.users import ROLES
from mediflow_assets.settings import Settings
from serving.main import create_app
from serving.tokens import issue

EACH = 20
"""Requests of either mode to each endpoint."""


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does not fit"])
def test_every_endpoint_keeps_its_document(home: Settings, mode: GenerationMode) -> None:
    # an app of its own: schemathesis starts and ends the one it is given
    app = create_app(home)
    token = issue(load_keys(home.secrets)[-1], "everything", ROLES)
    documented: Any = schemathesis.openapi.from_asgi("/openapi.json", app).get_all_operations()
    operations = [found.ok() for found in documented]
    assert len(operations) >= 19 and len(CHECKS.get_all()) > 5
    flaws = {op.label: flaw for op in operations if (flaw := first_flaw(op, f"Bearer {token}", mode))}
    assert not flaws, "\n".join(f"{label}: {flaw}" for label, flaw in flaws.items())


def first_flaw(operation: Any, bearer: str, mode: GenerationMode) -> str | None:
    """What is wrong with an endpoint, in schemathesis's words."""
    has_inputs = operation.body or operation.query
    if mode is GenerationMode.NEGATIVE and not has_inputs:
        return None

    @settings(max_examples=EACH, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True,
              database=None)  # fmt: skip
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        case.call_and_validate(headers={"authorization": bearer})

    try:
        ask()
    except BaseException as flaw:
        return f"{type(flaw).__name__}: {str(flaw)[:1500]}"
    return None
