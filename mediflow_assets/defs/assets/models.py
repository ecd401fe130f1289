"""The models as assets: trained by the job `train`, not by `refresh`; what they leave in Gold."""

import dagster as dg

from mediflow_assets.contracts import models
from mediflow_assets.contracts.model import ModelContract
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.defs.specs import check_specs_of, materialized, spec_of
from mediflow_assets.errors import TooLittleData
from mediflow_assets.pipeline.damage import naming_damage

GROUP = "models"
ENOUGH = "enough_to_learn"
"""The check of a model: it warns where there is too little data, and the model is left out."""


def asset_key(model: str) -> dg.AssetKey:
    """`models/treatment_cost` of `treatment-cost`."""
    return dg.AssetKey([GROUP, model.replace("-", "_")])


def trained() -> list[dg.AssetsDefinition]:
    """An asset for each model."""
    return [_asset(model) for model in MODELS.values()]


def _asset(model: ModelContract) -> dg.AssetsDefinition:
    key = asset_key(model.name)

    @dg.asset(
        key=key,
        deps=[list(table.key) for table in model.trained_from],
        check_specs=[dg.AssetCheckSpec(ENOUGH, asset=key, description="Whether there is enough to learn.")],
        group_name=GROUP,
        kinds={"scikitlearn", "mlflow", "onnx"},
        description=model.description,
    )
    def trained(context: dg.AssetExecutionContext, lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        from mediflow_assets.defs.tracking import tracked
        from mediflow_assets.ml.specs import SPECS
        from mediflow_assets.ml.training_step import lesson, train_model
        from mediflow_assets.pipeline.code import code_version

        try:
            given = lesson(lakehouse.context.lake, SPECS[model.name])
        except TooLittleData as reason:
            context.log.warning(str(reason))
            return _left_out(str(reason))
        with tracked(context, lakehouse.settings, model.name) as registry:
            made = train_model(lakehouse.context, given, registry, {"code_version": code_version("mediflow_assets.ml")})
        return dg.MaterializeResult(
            metadata={
                "trained": True,
                "version": made.version,
                "mlflow_run": made.run_id,
                "promoted": made.is_promoted,
                "provisional": made.is_provisional,
                "reason": made.reason,
                "held_out_rows": made.rows,
                **{name: dg.MetadataValue.float(value) for name, value in made.metrics.items()},
            },
            check_results=[dg.AssetCheckResult(passed=True, check_name=ENOUGH)],
        )

    return trained


def _left_out(reason: str) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Nothing was trained, and nothing failed: a step that is skipped would keep the tables below from being made."""
    told = dg.AssetCheckResult(passed=False, check_name=ENOUGH, severity=dg.AssetCheckSeverity.WARN, description=reason)
    return dg.MaterializeResult(metadata={"trained": False, "reason": reason}, check_results=[told])


@dg.multi_asset(
    name="gold_risk_scores",
    specs=[
        spec_of(models.RISK_SCORES, models.SCORED_FROM).merge_attributes(
            deps=[asset_key(model.name) for model in models.STORED]
        )
    ],
    check_specs=check_specs_of(models.RISK_SCORES),
)
def risk_scores(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Scores by the champions."""
    from mediflow_assets.ml import risk_scores as step

    with naming_damage(lakehouse.context.lake, models.RISK_SCORES.name, (models.RISK_SCORES, *models.SCORED_FROM)):
        return materialized(step.make(lakehouse.context), lakehouse.context)


MODEL_METRICS = spec_of(models.MODEL_METRICS).merge_attributes(deps=[asset_key(name) for name in MODELS])
"""Appended to by each training."""
