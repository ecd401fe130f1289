"""Requests and replies. Units stand in the descriptions; limits are those of the contracts."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.inputs import COST_MODEL

MOST_PATIENTS = 10_000
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Patient(BaseModel):
    """One patient as a model is asked about them. Four fields are needed; each further one sharpens the answer."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={
        "examples": [{"age": 67, "gender": "F", "department": "CARDIOLOGY", "diagnosis_code": "I50.9"}]})  # fmt: skip

    age: int = Field(ge=v.AGE_LIMITS_YEARS[0], le=v.AGE_LIMITS_YEARS[1], description="completed years at admission")
    gender: Word = Field(description="M, F, O or U")
    department: Word = Field(description="department of the encounter, as in the data")
    diagnosis_code: Word = Field(description="ICD-10 or SNOMED CT: at admission for cost, at discharge for the risk")
    encounter_class: Word | None = Field(None, description="inpatient, emergency, outpatient, …")
    admission_type: Word | None = Field(None, description="emergency, urgent, elective, newborn, trauma")
    systolic_mmhg: int | None = Field(
        None, ge=v.SYSTOLIC_LIMITS_MMHG[0], le=v.SYSTOLIC_LIMITS_MMHG[1], description="mmHg"
    )
    diastolic_mmhg: int | None = Field(None, ge=v.DIASTOLIC_LIMITS_MMHG[0], le=v.DIASTOLIC_LIMITS_MMHG[1],
                                       description="mmHg")  # fmt: skip
    prior_admissions_12m: int | None = Field(None, ge=0, le=366, description="inpatient stays in the 365 days before")
    prior_emergency_6m: int | None = Field(None, ge=0, le=366, description="emergency visits in the 182 days before")
    days_since_last_discharge: int | None = Field(None, ge=0, le=36_525, description="days")
    comorbidity_count: int | None = Field(None, ge=0, le=17, description="Charlson groups known before")
    prior_mean_cost_usd: float | None = Field(None, ge=0, le=1e9, description="USD, of the encounters before")
    admission_month: int | None = Field(None, ge=1, le=12, description="1 to 12")
    length_of_stay_days: int | None = Field(None, ge=0, le=36_525, description="nights; for the risk")
    discharge_disposition: Word | None = Field(None, description="home, skilled nursing, …; for the risk")

    def as_row(self, model: str) -> dict[str, Any]:
        """The inputs of a model, by their names in Gold."""
        row = self.model_dump(exclude={"age", "diagnosis_code"}, exclude_none=True)
        code = self.diagnosis_code.strip().upper()
        named = "admitting_diagnosis_code" if model == COST_MODEL else "diagnosis_code"
        return row | {"age_at_admission": self.age, named: code, "gender": self.gender.strip().upper(),
                      "department": self.department.strip().upper()}  # fmt: skip


class Batch(BaseModel):
    """Many patients, answered in their order."""

    model_config = ConfigDict(strict=True, extra="forbid")
    patients: list[Patient] = Field(min_length=1, max_length=MOST_PATIENTS)


class Driver(BaseModel):
    """How far one input moved the answer away from an average patient's, in the answer's unit."""

    feature: str
    label: str
    contribution: float


class Interval(BaseModel):
    """Within these ends, in USD, 90 % of costs lie."""

    lower: float
    upper: float
    coverage: float


class Peer(BaseModel):
    """What the same department and diagnosis cost, USD; from `masked/cost_peers`."""

    patients: int
    lower_quartile: float
    median: float
    upper_quartile: float


class CostReply(BaseModel):
    """Expected cost."""

    predicted_cost: float = Field(description="USD")
    unit: Literal["USD"] = "USD"
    interval: Interval
    peer: Peer | None = Field(None, description="null where fewer than 11 people, or nobody, is known")
    warnings: list[str] = []
    drivers: list[Driver] | None = None
    model: str
    model_version: str
    request_id: str


class RiskReply(BaseModel):
    """Risk of an unplanned admission within 30 days of discharge."""

    readmission_risk: float = Field(ge=0, le=1)
    status: Literal["Low", "Moderate", "High"]
    cutoffs: dict[str, float] = Field(description="from which risk on it is Moderate, and High")
    warnings: list[str] = []
    drivers: list[Driver] | None = None
    model: str
    model_version: str
    request_id: str


class CostAnswer(BaseModel):
    """One of a batch."""

    predicted_cost: float
    interval: Interval


class RiskAnswer(BaseModel):
    """One of a batch."""

    readmission_risk: float
    status: Literal["Low", "Moderate", "High"]


class CostBatch(BaseModel):
    """Answers in the order of the patients."""

    predictions: list[CostAnswer]
    unit: Literal["USD"] = "USD"
    model: str
    model_version: str
    request_id: str


class RiskBatch(BaseModel):
    """Answers in the order of the patients."""

    predictions: list[RiskAnswer]
    cutoffs: dict[str, float]
    model: str
    model_version: str
    request_id: str


class Token(BaseModel):
    """An access token."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int = Field(description="seconds")
