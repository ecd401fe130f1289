"""What the models leave: scores of people, and the figures and drift of each version."""

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.masks import keep
from mediflow_assets.contracts.model import Amount, ModelContract, Probability
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, Severity, TableContract, Type

P, T = Privacy, Type


def _scored(name: str, type_: Type, description: str, *sources: str, unit: str | None = None) -> Column:
    return Column(name, type_, description, P.CLINICAL, keep(), unit=unit, derived_from=sources)


def _scores_of(model: ModelContract) -> tuple[Column, ...]:
    """The columns that hold a model's answers and who gave them."""
    answer, sources = model.answer, model.derived_from
    version, run = model.version_columns
    if isinstance(answer, Probability):
        value, status = answer.columns
        scores = [
            _scored(value, T.RATIO, answer.described, *sources),
            _scored(status, T.STRING, "Low, Moderate or High", *sources),
        ]
    else:
        told = (answer.described, "lower end of the 90 % interval", "upper end of it")
        scores = [
            _scored(name, T.MONEY, text, *sources, unit=answer.unit)
            for name, text in zip(answer.columns, told, strict=True)
        ]
    return (
        *scores,
        _scored(version, T.STRING, f"version of {model.name}"),
        _scored(run, T.STRING, "the MLflow run that made it"),
    )


STORED = tuple(model for model in MODELS.values() if model.derived_from)
"""The models whose scores `gold/risk_scores` holds."""
SCORED_FROM = tuple(dict.fromkeys(table for model in STORED for table in model.scored_from))
"""The tables that its rows come from."""
_RISKS = [model.answer.field for model in STORED if model.answer.is_probability]
_ENDS = [model.answer.columns[1:] for model in STORED if isinstance(model.answer, Amount)]
RISK_SCORES = TableContract(
    ("gold", "risk_scores"),
    "Encounters of the last 30 days, scored by the champions: expected cost; for stays that ended, the risk of "
    "readmission. Empty where no model was promoted yet.",
    Audience.PIPELINE,
    (
        gold.ENCOUNTER_KEY,
        gold.PATIENT_KEY,
        gold.DEPARTMENT,
        gold.ADMITTED,
        gold.ADMITTED_ON,
        *(column for model in STORED for column in _scores_of(model)),
    ),
    ("encounter_key",),
    (
        RowCheck("risk_out_of_range", " OR ".join(f"{risk} < 0 OR {risk} > 1" for risk in _RISKS)),
        RowCheck("interval_reversed", " OR ".join(f"{lower} > {upper}" for lower, upper in _ENDS)),
        RowCheck("nothing_scored", " AND ".join(f"{model.answer.columns[0]} IS NULL" for model in STORED)),
    ),
)


def _figure(name: str, type_: Type, description: str, nullable: bool = False) -> Column:
    return Column(name, type_, description, P.TECHNICAL, keep(), nullable=nullable)


MODEL_METRICS = TableContract(
    ("gold", "model_metrics"),
    "Each version's figures on held-out rows, with its baselines and by group; groups of under 50 rows are left out.",
    Audience.ANALYST,
    (
        _figure("trained_at", T.TIMESTAMP, "when"),
        _figure("model", T.STRING, " or ".join(MODELS)),
        _figure("version", T.STRING, "its version in the registry"),
        _figure("run_id", T.STRING, "the MLflow run"),
        _figure("estimator", T.STRING, "the served random_forest, or what it is compared with"),
        _figure("group", T.STRING, "all, with_anomalies, or column=value"),
        _figure("metric", T.STRING, "auc, r2, brier, mae, …; calibration_01 to _10: mean answer and share observed"),
        _figure("value", T.RATIO, "the figure; amounts in USD"),
        _figure("lower", T.RATIO, "lower end of its 95 % interval; of a calibration bin, the mean answer", True),
        _figure("upper", T.RATIO, "upper end of its 95 % interval", True),
        _figure("rows", T.LONG, "held-out rows"),
        _figure("is_promoted", T.BOOLEAN, "whether the gate made it champion"),
        _figure("reason", T.STRING, "why, or why not"),
    ),
    ("model", "version", "estimator", "group", "metric"),
)

DRIFT = TableContract(
    ("gold", "drift"),
    "Each champion's inputs and answers over the last 30 days against training, and its calibration on labels that "
    "came later.",
    Audience.ANALYST,
    (
        _figure("model", T.STRING, "the model"),
        _figure("version", T.STRING, "its champion's version"),
        _figure(
            "input",
            T.STRING,
            "the input; prediction for its answers; outcome for labels that came later; after gateway/ what the "
            "gateway was asked",
        ),
        _figure("measure", T.STRING, "wasserstein in standard deviations, jensen_shannon (0 to 1), calibration_error"),
        _figure("value", T.RATIO, "how far"),
        _figure("limit", T.RATIO, "above it, it has drifted"),
        _figure("has_drifted", T.BOOLEAN, "whether it is above"),
        _figure("rows", T.LONG, "rows looked at"),
    ),
    ("model", "input"),
    (RowCheck("drifted", "has_drifted", Severity.WARN),),
)

PEOPLE = (RISK_SCORES,)
HOUSE = (MODEL_METRICS, DRIFT)
TABLES = (*PEOPLE, *HOUSE)
