"""What the models are given: each input's type, unit, limits and words. Standard library only.

A feature's name is its column in `gold/admission_features`. Which categories a version knows is learned in training
and stands in its bundle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mediflow_assets.contracts import vocabulary as v

COST_MODEL = "treatment-cost"
READMISSION_MODEL = "readmission-risk"
MODELS = (COST_MODEL, READMISSION_MODEL)


class FeatureType(StrEnum):
    """What an input may hold."""

    CATEGORY = "category"
    INTEGER = "integer"
    NUMBER = "number"


@dataclass(frozen=True)
class Feature:
    """One input of a model. `allowed` are the categories a version has learned; none are known before training.

    `fill` stands in for a number that is absent; None means the median of the training rows.
    """

    name: str
    label: str
    type: FeatureType
    description: str
    unit: str | None = None
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    optional: bool = True
    fill: float | None = None

    @property
    def is_category(self) -> bool:
        """Whether it holds words."""
        return self.type is FeatureType.CATEGORY


def _category(name: str, label: str, description: str, *, optional: bool = True) -> Feature:
    return Feature(name, label, FeatureType.CATEGORY, description, optional=optional)


def _count(name: str, label: str, description: str, maximum: float, unit: str | None = None, *,
           optional: bool = True, fill: float | None = None) -> Feature:  # fmt: skip
    return Feature(name, label, FeatureType.INTEGER, description, unit, (), 0, maximum, optional, fill)


CLASS = "encounter_class"
"""The input by which costs differ most: a cost is answered by class or not at all."""
NEVER_DAYS = 3650.0
"""Stands for "no earlier stay": the look-back of the history is ten years."""

AGE = _count("age_at_admission", "age", "completed years at admission", v.AGE_LIMITS_YEARS[1], "years", optional=False)
GENDER = _category("gender", "gender", "M, F, O, U")
DEPARTMENT = _category("department", "department", "department of the encounter", optional=False)
HISTORY = (
    _count("prior_admissions_12m", "earlier admissions in 12 months", "inpatient stays in the 365 days before", 366,
           fill=0),
    _count("prior_emergency_6m", "emergency visits in 6 months", "emergency visits in the 182 days before", 366,
           fill=0),
    _count("days_since_last_discharge", "days since the last discharge", "since the last inpatient discharge", 36_525,
           "days", fill=NEVER_DAYS),
    _count("comorbidity_count", "comorbidities", "Charlson groups among the codes known before", 17, fill=0),
    Feature("prior_mean_cost_usd", "mean cost of earlier encounters", FeatureType.NUMBER,
            "mean billed amount of the encounters before", "USD", minimum=0, maximum=1e9),
)  # fmt: skip
PRESSURE = (
    Feature("systolic_mmhg", "systolic blood pressure", FeatureType.INTEGER, "at admission", "mmHg",
            minimum=v.SYSTOLIC_LIMITS_MMHG[0], maximum=v.SYSTOLIC_LIMITS_MMHG[1]),
    Feature("diastolic_mmhg", "diastolic blood pressure", FeatureType.INTEGER, "at admission", "mmHg",
            minimum=v.DIASTOLIC_LIMITS_MMHG[0], maximum=v.DIASTOLIC_LIMITS_MMHG[1]),
)  # fmt: skip
MONTH = Feature("admission_month", "month of admission", FeatureType.INTEGER, "1 to 12", minimum=1, maximum=12)
ADMISSION_TYPE = _category("admission_type", "admission type", "emergency, urgent, elective, newborn, trauma")

COST_FEATURES = (
    AGE, GENDER, DEPARTMENT,
    _category(CLASS, "encounter class", "inpatient, emergency, outpatient, …", optional=False),
    ADMISSION_TYPE,
    _category("admitting_diagnosis_code", "admitting diagnosis", "ICD-10 or SNOMED CT, the first known",
              optional=False),
    _category("admitting_diagnosis_chapter", "admitting diagnosis chapter", "its ICD-10 chapter"),
    *HISTORY, *PRESSURE, MONTH,
)  # fmt: skip
"""Known when the encounter begins."""

READMISSION_FEATURES = (
    AGE, GENDER, DEPARTMENT, ADMISSION_TYPE,
    _category("diagnosis_code", "discharge diagnosis", "ICD-10 or SNOMED CT", optional=False),
    _category("diagnosis_chapter", "discharge diagnosis chapter", "its ICD-10 chapter"),
    _count("length_of_stay_days", "length of stay", "nights between admission and discharge", 36_525, "days",
           optional=False),
    _category("discharge_disposition", "discharged to", "home, skilled nursing, rehab, …"),
    *HISTORY, *PRESSURE, MONTH,
)  # fmt: skip
"""Known when the patient leaves."""

FEATURES: dict[str, Sequence[Feature]] = {COST_MODEL: COST_FEATURES, READMISSION_MODEL: READMISSION_FEATURES}
