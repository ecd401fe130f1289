"""What the models are given: each input's type, unit, limits and words. Standard library only.

A feature's name is its column in `gold/admission_features`. Which categories a version knows is learned in training
and stands in its bundle.
"""

from dataclasses import dataclass
from enum import StrEnum

from mediflow_assets.contracts import vocabulary as v

_FIELDS = {"age_at_admission": "age", "admitting_diagnosis_code": "diagnosis_code"}
_CHAPTER = "_chapter"


def field_of(name: str) -> str:
    """The field of a request that carries a model's input."""
    return _FIELDS.get(name, name)


def code_of(name: str) -> str:
    """The column an input is read from: a chapter follows from its code."""
    return name.removesuffix(_CHAPTER) + "_code" if is_derived(name) else name


def is_derived(name: str) -> bool:
    """Whether an input follows from another one."""
    return name.endswith(_CHAPTER)


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


def category(name: str, label: str, description: str, *, optional: bool = True) -> Feature:
    """An input that holds words."""
    return Feature(name, label, FeatureType.CATEGORY, description, optional=optional)


def count(
    name: str,
    label: str,
    description: str,
    maximum: float,
    unit: str | None = None,
    *,
    optional: bool = True,
    fill: float | None = None,
) -> Feature:
    """An input that holds a whole number from 0 on."""
    return Feature(name, label, FeatureType.INTEGER, description, unit, (), 0, maximum, optional, fill)


CLASS = "encounter_class"
"""The input by which costs differ most: a cost is answered by class or not at all."""
NEVER_DAYS = 3650.0
"""Stands for "no earlier stay": the look-back of the history is ten years."""

AGE = count("age_at_admission", "age", "completed years at admission", v.AGE_LIMITS_YEARS[1], "years", optional=False)
GENDER = category("gender", "gender", "M, F, O, U")
DEPARTMENT = category("department", "department", "department of the encounter", optional=False)
HISTORY = (
    count(
        "prior_admissions_12m", "earlier admissions in 12 months", "inpatient stays in the 365 days before", 366, fill=0
    ),
    count("prior_emergency_6m", "emergency visits in 6 months", "emergency visits in the 182 days before", 366, fill=0),
    count(
        "days_since_last_discharge",
        "days since the last discharge",
        "since the last inpatient discharge",
        36_525,
        "days",
        fill=NEVER_DAYS,
    ),
    count("comorbidity_count", "comorbidities", "Charlson groups among the codes known before", 17, fill=0),
    Feature(
        "prior_mean_cost_usd",
        "mean cost of earlier encounters",
        FeatureType.NUMBER,
        "mean billed amount of the encounters before",
        "USD",
        minimum=0,
        maximum=1e9,
    ),
)
PRESSURE = (
    Feature(
        "systolic_mmhg",
        "systolic blood pressure",
        FeatureType.INTEGER,
        "at admission",
        "mmHg",
        minimum=v.SYSTOLIC_LIMITS_MMHG[0],
        maximum=v.SYSTOLIC_LIMITS_MMHG[1],
    ),
    Feature(
        "diastolic_mmhg",
        "diastolic blood pressure",
        FeatureType.INTEGER,
        "at admission",
        "mmHg",
        minimum=v.DIASTOLIC_LIMITS_MMHG[0],
        maximum=v.DIASTOLIC_LIMITS_MMHG[1],
    ),
)
MONTH = Feature("admission_month", "month of admission", FeatureType.INTEGER, "1 to 12", minimum=1, maximum=12)
ADMISSION_TYPE = category("admission_type", "admission type", "emergency, urgent, elective, newborn, trauma")
