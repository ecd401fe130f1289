"""One MLflow run for each model and Dagster run, closed whatever happens. MLflow is loaded on use only."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg

from mediflow_assets.settings import Settings


@contextmanager
def tracked(context: dg.AssetExecutionContext, settings: Settings, model: str) -> Iterator[Any]:
    """The registry, with an MLflow run open that is tagged with the Dagster run and closed as FINISHED or FAILED.

    dagster-mlflow finds the MLflow run of a Dagster run by experiment, hence one experiment a model; it leaves closing
    to a hook of the job, which an asset has not.
    """
    from mediflow_assets.ml.registry import Registry, registry_errors

    registry = Registry(settings.tracking_uri, settings.artifacts_uri)
    registry.prepare(model, lambda run_id: _is_over(context.instance, run_id))
    warnings.simplefilter("ignore", dg.BetaWarning)
    from dagster_mlflow import mlflow_tracking

    config = {"experiment_name": model, "mlflow_tracking_uri": settings.tracking_uri}
    # a run left open in this process would be taken for the new one
    registry.mlflow.end_run("FAILED")
    with dg.build_resources(
        {"mlflow": mlflow_tracking.configured(config)},
        instance=context.instance,
        dagster_run=context.run,
        log_manager=context.log,
    ) as resources:
        with registry_errors():
            tracking = resources.mlflow
        try:
            tracking.set_tags({"asset": context.asset_key.to_user_string()})
            yield registry
        except BaseException:
            registry.mlflow.end_run("FAILED")
            raise
        with registry_errors():
            registry.mlflow.end_run("FINISHED")


def _is_over(instance: dg.DagsterInstance, run_id: str) -> bool:
    run = instance.get_run_by_id(run_id) if run_id else None
    return run is not None and run.is_finished
