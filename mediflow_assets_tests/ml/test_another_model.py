"""A third model is one contract and one specification: trained, judged, served and listed with no change elsewhere."""

from collections.abc import Iterator

import dagster as dg
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from mediflow_assets.cli import build
from mediflow_assets.contracts import gold, masked, models
from mediflow_assets.definitions import build_defs
from mediflow_assets.defs.assets.models import asset_key
from mediflow_assets.defs.resources import EngineResource
from mediflow_assets.identity.users import Users
from mediflow_assets.ml import drift_table
from mediflow_assets.operations import model_registry
from mediflow_assets.scoring import load_champion, models_uri
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.rehearsal import fill
from mediflow_assets_tests.toy_model import CONTRACT, registered
from serving.main import create_app
from serving.schemas import PATIENT

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A home whose Gold has stays that differ by comorbidity, in which the model was trained by Dagster."""
    home = tmp_path_factory.mktemp("third")
    with registered(), pytest.MonkeyPatch.context() as patched, dg.DagsterInstance.ephemeral() as instance:
        patched.setenv("MEDIFLOW_HOME", str(home))
        patched.setattr(EngineResource, "close", lambda self: None)
        assert CliRunner().invoke(build(), ["init"]).exit_code == 0
        settings = Settings(home=home)
        lake = fill(Lake(settings.lake_root))
        whole, history = lake.read(gold.READMISSIONS), lake.read(gold.ADMISSION_FEATURES)["comorbidity_count"]
        nights = pc.cast(pc.add(1, pc.add(pc.multiply(history, 3), np.arange(len(whole)) % 4)), pa.int32())
        at = whole.column_names.index("length_of_stay_days")
        lake.ensure(masked.COST_PEERS)
        lake.overwrite(gold.READMISSIONS, whole.set_column(at, "length_of_stay_days", nights))
        made = (
            build_defs(settings)
            .resolve_job_def("train")
            .execute_in_process(instance=instance, asset_selection=[asset_key(CONTRACT.name)])
        )
        assert made.success
        yield settings


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    Users(settings.ops_url).create("scorer", PASSWORD, ["scorer"])
    with TestClient(create_app(settings)) as client:
        form = {"username": "scorer", "password": PASSWORD}
        client.headers["authorization"] = f"Bearer {client.post('/token', data=form).json()['access_token']}"
        yield client


def test_it_passes_the_gate_and_becomes_champion(settings: Settings) -> None:
    bundle = load_champion(models_uri(settings.lake_root), CONTRACT.name)
    assert bundle is not None and bundle.unit == "days" and "Plan beds." in bundle.card
    (told,) = model_registry.read_status(Lake(settings.lake_root))
    assert told == {"name": CONTRACT.name, "champion": "1", "challenger": None}
    figures = Lake(settings.lake_root).read(models.MODEL_METRICS).to_pylist()
    assert {row["estimator"] for row in figures} == {"random_forest", "linear", "mean"}


def test_it_answers_over_the_api_and_is_listed(client: TestClient) -> None:
    asked = PATIENT | {"comorbidity_count": 4, "escorts": 2}
    few, many = (client.post(CONTRACT.path, json=asked | {"comorbidity_count": n}).json() for n in (0, 4))
    assert few["predicted_stay"] < many["predicted_stay"] and many["unit"] == "days"
    assert many["interval"]["lower"] < many["predicted_stay"] < many["interval"]["upper"]
    assert "diagnosis_code: not an input of this model; it changes nothing." in many["warnings"]
    assert "peer" not in many
    told = client.post(f"{CONTRACT.path}?explain=true", json=asked).json()
    assert "comorbidity_count" in {driver["feature"] for driver in told["drivers"]}
    batch = client.post(f"{CONTRACT.path}/batch", json={"patients": [asked, asked]}).json()
    assert [each["predicted_stay"] for each in batch["predictions"]] == [told["predicted_stay"]] * 2
    assert client.post(CONTRACT.path, json=asked | {"escorts": 10}).status_code == 422
    assert client.post("/predict", json=PATIENT | {"escorts": 2}).status_code == 422
    assert client.get("/health/ready").json()["states"][CONTRACT.name] == "champion"
    assert CONTRACT.name in [model["name"] for model in client.get("/models").json()["models"]]
    inputs = client.get(f"/models/{CONTRACT.name}").json()["inputs"]
    assert ("escorts", 9) in [(each["field"], each["maximum"]) for each in inputs]


def test_its_routes_stand_in_the_document(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert {CONTRACT.path, f"{CONTRACT.path}/batch"} <= set(document["paths"])
    assert document["components"]["schemas"]["StayReply"]["properties"]["unit"]["const"] == "days"


def test_its_drift_is_judged(settings: Settings) -> None:
    rows = drift_table.drift_rows(Lake(settings.lake_root))
    assert {"comorbidity_count", "prediction"} <= {row["input"] for row in rows if row["model"] == CONTRACT.name}
