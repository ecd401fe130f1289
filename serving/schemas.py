"""Requests and replies. Units stand in the descriptions; limits are those of the contracts."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mediflow_assets.contracts import vocabulary as v

MOST_PATIENTS = 10_000
PATIENT: dict[str, Any] = {
    "age": 67,
    "gender": "F",
    "department": "CARDIOLOGY",
    "diagnosis_code": "I50.9",
    "encounter_class": "inpatient",
}
Word = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Patient(BaseModel):
    """One patient as a model is asked about them. Four fields are needed, and for the cost the class of encounter; each
    further one sharpens the answer."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [PATIENT, PATIENT | {"length_of_stay_days": 6, "prior_admissions_12m": 2}]},
    )

    age: int = Field(ge=v.AGE_LIMITS_YEARS[0], le=v.AGE_LIMITS_YEARS[1], description="completed years at admission")
    gender: Word = Field(description="M, F, O or U")
    department: Word = Field(description="department of the encounter, as in the data")
    diagnosis_code: Word = Field(description="ICD-10 or SNOMED CT: at admission for cost, at discharge for the risk")
    encounter_class: Word | None = Field(
        None, description="inpatient, emergency, outpatient, …; needed for the cost where the model has learned classes"
    )
    admission_type: Word | None = Field(None, description="emergency, urgent, elective, newborn, trauma")
    systolic_mmhg: int | None = Field(
        None, ge=v.SYSTOLIC_LIMITS_MMHG[0], le=v.SYSTOLIC_LIMITS_MMHG[1], description="mmHg"
    )
    diastolic_mmhg: int | None = Field(
        None, ge=v.DIASTOLIC_LIMITS_MMHG[0], le=v.DIASTOLIC_LIMITS_MMHG[1], description="mmHg"
    )
    prior_admissions_12m: int | None = Field(None, ge=0, le=366, description="inpatient stays in the 365 days before")
    prior_emergency_6m: int | None = Field(None, ge=0, le=366, description="emergency visits in the 182 days before")
    days_since_last_discharge: int | None = Field(None, ge=0, le=36_525, description="days")
    comorbidity_count: int | None = Field(None, ge=0, le=17, description="Charlson groups known before")
    prior_mean_cost_usd: float | None = Field(None, ge=0, le=1e9, description="USD, of the encounters before")
    admission_month: int | None = Field(None, ge=1, le=12, description="1 to 12")
    length_of_stay_days: int | None = Field(None, ge=0, le=36_525, description="nights; for the risk")
    discharge_disposition: Word | None = Field(None, description="home, skilled nursing, …; for the risk")

    @model_validator(mode="before")
    @classmethod
    def _take_whole_numbers(cls, given: Any) -> Any:
        """JSON has one kind of number: 67.0 is the integer 67."""
        if not isinstance(given, dict):
            return given
        return {n: int(v) if isinstance(v, float) and v.is_integer() else v for n, v in given.items()}


class Batch(BaseModel):
    """Many patients, answered in their order."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"patients": [PATIENT]}]})
    patients: list[Patient] = Field(min_length=1, max_length=MOST_PATIENTS, description="1 to 10,000 of them")


class Driver(BaseModel):
    """How far one input moved the answer away from an average patient's."""

    feature: str = Field(description="the model's input, as `/models/{name}` lists it")
    label: str = Field(description="the input in words")
    contribution: float = Field(description="in the answer's unit: USD, or probability")


class Peer(BaseModel):
    """What the same department and diagnosis cost; from `masked/cost_peers`."""

    patients: int = Field(description="people that this was computed from")
    lower_quartile: float = Field(description="USD")
    median: float = Field(description="USD")
    upper_quartile: float = Field(description="USD")


class Cutoffs(BaseModel):
    """From which risk on the status is Moderate, and High."""

    moderate: float = Field(description="probability, 0 to 1")
    high: float = Field(description="probability, 0 to 1")


class Answered(BaseModel):
    """Which version of which model answered, and in which request."""

    model: str = Field(description="the model's name")
    model_version: str = Field(description="its version in the registry")
    provisional: bool = Field(
        False,
        description="whether that version is better than its baselines perhaps by chance "
        "only; it answers until one passes the gate",
    )
    request_id: str = Field(description="as in the header `x-request-id`, and on the audit log")


class Credentials(BaseModel):
    """OAuth2's password form, RFC 6749 section 4.3."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"grant_type": "password", "username": "scorer", "password": "correct horse battery"}]
        }
    )
    username: str = Field(min_length=1, max_length=1024, description="the user's name")
    password: str = Field(
        min_length=1, max_length=1024, description="the user's password", json_schema_extra={"format": "password"}
    )
    grant_type: Literal["password"] | None = Field(None, description="password, where it is given")
    scope: str = Field("", description="not used: the user's roles decide")
    client_id: str | None = Field(None, description="not used")
    client_secret: str | None = Field(None, description="not used")


class Token(BaseModel):
    """An access token."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"access_token": "eyJhbGciOiJFZERTQSIs...", "token_type": "bearer", "expires_in": 900}]
        }
    )
    access_token: str = Field(description="goes into the header `authorization: Bearer ...`")
    token_type: Literal["bearer"] = Field("bearer", description="always bearer")
    expires_in: int = Field(description="seconds")
