"""The registry of models: MLflow's experiments, versions and aliases. Loaded only where models are trained or moved."""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mediflow_assets.errors import MediFlowError, RegistryUnreachable, TrainingRefused

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


@contextlib.contextmanager
def registry_errors() -> Iterator[None]:
    """Tell what MLflow raises in our own words: its texts may hold anything."""
    try:
        yield
    except MediFlowError:
        raise
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("mlflow", "requests", "urllib3", "sqlalchemy", "alembic"):
            raise
        raise RegistryUnreachable(
            f"The model registry does not answer as it should ({type(error).__name__}). Check MLFLOW_TRACKING_URI, or "
            "the folder 'mlflow' of the home. The champions stay as they are; run again."
        ) from None


class Registry:
    """One MLflow store. `artifacts`: where a new experiment keeps its files; None leaves it to the server."""

    def __init__(self, uri: str, artifacts: str | None = None) -> None:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        if uri.startswith("sqlite:///"):
            Path(uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        with registry_errors():
            import mlflow

            mlflow.set_tracking_uri(uri)
            mlflow.set_registry_uri(uri)
            self.mlflow = mlflow
            self.client = mlflow.MlflowClient(uri, uri)
        self.artifacts = artifacts

    def prepare(self, model: str, is_over: Callable[[str], bool]) -> None:
        """The model's experiment; runs that a killed training left open are closed as FAILED.

        `is_over` tells of a Dagster run whether it is one of this home's and has ended: another home's training may
        be at work in the same store.
        """
        with registry_errors():
            experiment = self.client.get_experiment_by_name(model)
            if experiment is None:
                place = f"{self.artifacts.rstrip('/')}/{model}" if self.artifacts else None
                self.client.create_experiment(model, place)
                return
            for run in self.client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
                if is_over(run.data.tags.get("dagster_run_id", "")):
                    self.client.set_terminated(run.info.run_id, "FAILED")

    def register(self, model: str, graph: bytes, example: Any, tags: dict[str, str]) -> str:
        """Log the graph to the active run, with signature and input example, as the model's next version."""
        import onnx
        from mlflow.models import infer_signature
        from mlflow.onnx import log_model

        with registry_errors():
            loaded = onnx.load_from_string(graph)
            info = log_model(
                loaded,
                name="model",
                signature=infer_signature(example),
                input_example=example,
                pip_requirements=["onnxruntime"],
            )
            if not self.client.search_registered_models(f"name = '{model}'"):
                self.client.create_registered_model(model)
            run_id = self.mlflow.active_run().info.run_id
            made = self.client.create_model_version(
                model, info.model_uri, run_id, await_creation_for=0, model_id=info.model_id
            )
            version = str(made.version)
            for name, value in tags.items():
                self.client.set_model_version_tag(model, version, name, value)
            return version

    def aliases(self, model: str) -> dict[str, str]:
        """Alias → version; empty where the model is unknown."""
        with registry_errors():
            found = self.client.search_registered_models(f"name = '{model}'")
            return {str(k): str(v) for k, v in found[0].aliases.items()} if found else {}

    def versions(self, model: str) -> list[Any]:
        """MLflow's versions of a model, oldest first."""
        with registry_errors():
            found = self.client.search_model_versions(f"name = '{model}'")
            return sorted(found, key=lambda version: int(version.version))

    def point(self, model: str, alias: str, version: str) -> None:
        """Move an alias."""
        with registry_errors():
            self.client.set_registered_model_alias(model, alias, version)

    def promote(self, model: str, version: str) -> None:
        """Make a version champion; the one before becomes `previous`."""
        now = self.aliases(model)
        if version not in {str(each.version) for each in self.versions(model)}:
            raise TrainingRefused(f"{model} has no version {version}. 'mediflow models list' shows what there is.")
        if now.get(CHAMPION) not in (None, version):
            self.point(model, PREVIOUS, now[CHAMPION])
        self.point(model, CHAMPION, version)
        if now.get(CHALLENGER) == version:
            with registry_errors():
                self.client.delete_registered_model_alias(model, CHALLENGER)
