"""What the images hold: the applications' ones no engine, no orchestrator, no JVM; each as large as docs say."""

import re

import pytest

from mediflow_assets_tests.cluster import images
from mediflow_assets_tests.cluster.compose import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

OF_THE_PIPELINE = {"pyspark", "pysail", "py4j", "delta-spark", "mlflow", "mlflow-skinny", "scikit-learn", "skl2onnx"}
MOST_MEGABYTES = {"serving": 700, "dashboard": 1_100, "spark": 1_600, "pipeline": 2_000}
"""Of `/venv`. docs/cluster.md says what was measured."""


@pytest.mark.parametrize("role", ["serving", "dashboard"])
def test_the_applications_images_hold_no_spark_no_dagster_and_no_jvm(role: str) -> None:
    venv = images.environment(role)
    found = images.installed(venv)
    assert {"mediflow", "deltalake"} <= found
    assert found & OF_THE_PIPELINE == set()
    assert [name for name in found if name.startswith("dagster")] == []
    assert list(venv.rglob("*.jar")) == []


def test_the_pipelines_image_holds_sparks_client_without_its_jvm_part() -> None:
    venv = images.environment("pipeline")
    assert {"pyspark", "dagster", "mlflow"} <= images.installed(venv)
    assert list(venv.rglob("pyspark/jars/*.jar")) == []


@pytest.mark.parametrize("role", images.ROLES)
def test_every_package_is_of_the_lock_file(role: str) -> None:
    lock = (ROOT / "requirements.lock").read_text()
    locked = {re.sub(r"[-_.]+", "-", name).lower() for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert images.installed(images.environment(role)) - locked == {"mediflow"}


@pytest.mark.parametrize("role", images.ROLES)
def test_an_image_is_no_larger_than_it_has_to_be(role: str) -> None:
    assert images.megabytes(images.environment(role)) <= MOST_MEGABYTES[role]
