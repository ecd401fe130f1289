"""What the models leave: scores of people, and the figures and drift of each version."""

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.masks import keep
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, Severity, TableContract, Type

P, T = Privacy, Type
_ADMITTED = gold.ADMISSION_FEATURES


def _scored(name: str, type_: Type, description: str, *sources: str, unit: str | None = None) -> Column:
    return Column(name, type_, description, P.CLINICAL, keep(), unit=unit, derived_from=sources)


_COST = tuple(f"{_ADMITTED.name}.{column.name}" for column in _ADMITTED.columns if column.name not in (
    "encounter_key", "patient_key", "admitted_at", "cost_usd"))  # fmt: skip
_STAY = (
    *(f"{gold.READMISSIONS.name}.{name}" for name in
      ("department", "diagnosis_code", "gender", "age_at_admission", "length_of_stay_days", "discharge_disposition")),
    *(f"{_ADMITTED.name}.{name}" for name in
      ("admission_type", "prior_admissions_12m", "prior_emergency_6m", "days_since_last_discharge",
       "comorbidity_count", "prior_mean_cost_usd", "systolic_mmhg", "diastolic_mmhg", "admission_month")),
)  # fmt: skip

RISK_SCORES = TableContract(
    ("gold", "risk_scores"),
    "Encounters of the last 30 days, scored by the champions: expected cost; for stays that ended, the risk of "
    "readmission. Empty where no model was promoted yet.",
    Audience.PIPELINE,
    (
        gold.ENCOUNTER_KEY, gold.PATIENT_KEY, gold.DEPARTMENT, gold.ADMITTED,
        _scored("predicted_cost_usd", T.MONEY, "expected billed amount", *_COST, unit="USD"),
        _scored("cost_lower_usd", T.MONEY, "lower end of the 90 % interval", *_COST, unit="USD"),
        _scored("cost_upper_usd", T.MONEY, "upper end of it", *_COST, unit="USD"),
        _scored("cost_model_version", T.STRING, "version of treatment-cost"),
        _scored("cost_run_id", T.STRING, "the MLflow run that made it"),
        _scored("readmission_risk", T.RATIO, "probability of an unplanned admission within 30 days", *_STAY),
        _scored("readmission_status", T.STRING, "Low, Moderate or High", *_STAY),
        _scored("readmission_model_version", T.STRING, "version of readmission-risk"),
        _scored("readmission_run_id", T.STRING, "the MLflow run that made it"),
    ),
    ("encounter_key",),
    (
        RowCheck("risk_out_of_range", "readmission_risk < 0 OR readmission_risk > 1"),
        RowCheck("interval_reversed", "cost_lower_usd > cost_upper_usd"),
        RowCheck("nothing_scored", "predicted_cost_usd IS NULL AND readmission_risk IS NULL"),
    ),
)  # fmt: skip


def _figure(name: str, type_: Type, description: str, nullable: bool = False) -> Column:
    return Column(name, type_, description, P.TECHNICAL, keep(), nullable=nullable)


MODEL_METRICS = TableContract(
    ("gold", "model_metrics"),
    "Each version's figures on held-out rows, with its baselines and by group; groups of under 50 rows are left out.",
    Audience.ANALYST,
    (
        _figure("trained_at", T.TIMESTAMP, "when"),
        _figure("model", T.STRING, "treatment-cost or readmission-risk"),
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
