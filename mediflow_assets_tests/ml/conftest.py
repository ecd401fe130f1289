"""Examples of the made-up hospital, and one trained model of each kind for all tests."""

import pytest

from mediflow_assets.contracts.served.readmission_risk import READMISSION_MODEL
from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.reading import read_examples
from mediflow_assets.ml.specs.readmission_risk import SPEC as READMISSION
from mediflow_assets.ml.specs.treatment_cost import SPEC as COST
from mediflow_assets.ml.training import Trained
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.rehearsal import fill, trained


@pytest.fixture(scope="session")
def gold_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with the made-up hospital's Gold tables; to be read only."""
    return fill(Lake(str(tmp_path_factory.mktemp("gold") / "lake")))


@pytest.fixture(scope="session")
def stays(gold_lake: Lake) -> Examples:
    """Stays and whether the patient came back."""
    return read_examples(gold_lake, READMISSION)


@pytest.fixture(scope="session")
def bills(gold_lake: Lake) -> Examples:
    """Encounters and their cost."""
    return read_examples(gold_lake, COST)


@pytest.fixture(scope="session")
def models() -> dict[str, Trained]:
    """Both models, trained once."""
    return {name: trained(name) for name in (COST_MODEL, READMISSION_MODEL)}


@pytest.fixture(params=[COST_MODEL, READMISSION_MODEL])
def model(request: pytest.FixtureRequest, models: dict[str, Trained]) -> Trained:
    """Each model in turn."""
    return models[request.param]
