"""Gold: marts and features. Patient-level rows carry keys, never an identifier."""

from dataclasses import replace

from mediflow_assets.contracts.masks import age_band, drop, keep, year
from mediflow_assets.contracts.readmission_measure import MEASURE
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, SmallCells, TableContract, Type
from mediflow_assets.contracts.vitals import VITALS_LATEST

P, T = Privacy, Type
_E = "silver/encounters."


def _e(columns: str) -> tuple[str, ...]:
    return tuple(_E + column for column in columns.split())


PATIENT_KEY = Column("patient_key", T.STRING, "keyed pseudonym of the patient", P.PSEUDONYM, keep(), nullable=False,
                     derived_from=_e("patient_key"))  # fmt: skip
ENCOUNTER_KEY = Column("encounter_key", T.STRING, "keyed pseudonym of the encounter", P.PSEUDONYM, keep(),
                       nullable=False, derived_from=_e("encounter_key"))  # fmt: skip
DEPARTMENT = Column("department", T.STRING, "department", P.CLINICAL, keep(), nullable=False,
                    derived_from=_e("department"))  # fmt: skip
DIAGNOSIS = Column("diagnosis_code", T.STRING, "ICD-10 or SNOMED CT, UNKNOWN where absent", P.CLINICAL, keep(),
                   nullable=False, derived_from=_e("diagnosis_code"))  # fmt: skip
ENCOUNTER_CLASS = Column("encounter_class", T.STRING, "class, unknown where absent", P.CLINICAL, keep(),
                         nullable=False, derived_from=_e("encounter_class"))  # fmt: skip
GENDER = Column("gender", T.STRING, "M, F, O, U", P.QUASI, keep(), nullable=False, derived_from=_e("gender"))
AGE = Column("age_at_admission", T.INTEGER, "completed years", P.DATE, age_band(), unit="years",
             derived_from=_e("age_at_admission"))  # fmt: skip
ADMITTED = Column("admitted_at", T.TIMESTAMP, "start of the encounter, UTC", P.DATE, year(), nullable=False,
                  derived_from=_e("admitted_at"))  # fmt: skip
ADMITTED_ON = Column("admitted_on", T.DATE, "local day of the start", P.DATE, drop(), derived_from=_e("admitted_on"))
DISPOSITION = Column("discharge_disposition", T.STRING, "home, transferred, expired, …", P.CLINICAL, keep(),
                     derived_from=_e("discharge_disposition"))  # fmt: skip
ENCOUNTERS_COUNT = Column("encounters", T.LONG, "encounters, cancelled ones aside", P.CLINICAL, keep(),
                          nullable=False, derived_from=_e("encounter_key"))  # fmt: skip
PATIENTS_COUNT = Column("patients", T.LONG, "distinct people", P.CLINICAL, keep(), nullable=False,
                        derived_from=_e("patient_key"))  # fmt: skip
TOTAL_COST = Column("total_cost_usd", T.TOTAL, "sum of billed amounts", P.CLINICAL, keep(), unit="USD",
                    derived_from=_e("cost_usd"))  # fmt: skip


def _gold(
    table: str,
    description: str,
    columns: tuple[Column, ...],
    primary_key: tuple[str, ...],
    *,
    audience: Audience = Audience.PIPELINE,
    checks: tuple[RowCheck, ...] = (),
    small_cells: SmallCells | None = None,
    period: str | None = None,
) -> TableContract:
    return TableContract(("gold", table), description, audience, columns, primary_key, checks, small_cells, period)


_ILLNESS = (*_e("diagnosis_code diagnosis_system admitted_at discharged_at patient_key"),
            *(f"silver/conditions.{c}" for c in ("code", "system", "onset_date", "patient_key")))  # fmt: skip
ADMISSION_FEATURES = _gold(
    "admission_features",
    "One row per encounter, with what was known when it began.",
    (
        ENCOUNTER_KEY, PATIENT_KEY, ADMITTED, ADMITTED_ON, DEPARTMENT, ENCOUNTER_CLASS,
        Column("admission_type", T.STRING, "as in Silver", P.CLINICAL, keep(), derived_from=_e("admission_type")),
        GENDER, AGE,
        Column("admitting_diagnosis_code", T.STRING, "the first known, UNKNOWN where absent", P.CLINICAL, keep(),
               nullable=False, derived_from=_e("admitting_diagnosis_code")),
        Column("admission_month", T.INTEGER, "1 to 12", P.CLINICAL, drop(), derived_from=_e("admitted_on")),
        Column("systolic_mmhg", T.INTEGER, "systolic", P.CLINICAL, keep(), unit="mmHg",
               derived_from=_e("systolic_mmhg")),
        Column("diastolic_mmhg", T.INTEGER, "diastolic", P.CLINICAL, keep(), unit="mmHg",
               derived_from=_e("diastolic_mmhg")),
        Column("prior_admissions_12m", T.INTEGER, "inpatient stays begun in the 365 days before", P.CLINICAL, keep(),
               nullable=False, derived_from=_e("admitted_at encounter_class patient_key")),
        Column("prior_emergency_6m", T.INTEGER, "emergency visits begun in the 182 days before", P.CLINICAL, keep(),
               nullable=False, derived_from=_e("admitted_at encounter_class patient_key")),
        Column("days_since_last_discharge", T.INTEGER, "since the last inpatient discharge before this admission",
               P.CLINICAL, keep(), unit="days",
               derived_from=_e("admitted_at discharged_at admitted_on discharged_on patient_key")),
        Column("comorbidity_count", T.INTEGER, "Charlson groups among the ICD codes, and common concepts, known before",
               P.CLINICAL, keep(), nullable=False, derived_from=_ILLNESS),
        Column("charlson_index", T.INTEGER, "weighted by Charlson", P.CLINICAL, drop(), derived_from=_ILLNESS),
        Column("elixhauser_score", T.INTEGER, "weighted by van Walraven", P.CLINICAL, drop(), derived_from=_ILLNESS),
        Column("prior_mean_cost_usd", T.MONEY, "mean billed amount of what had ended before", P.CLINICAL, keep(),
               unit="USD", derived_from=_e("cost_usd admitted_at discharged_at patient_key")),
        Column("cost_usd", T.MONEY, "billed amount: the target, not a feature", P.CLINICAL, keep(), unit="USD",
               derived_from=_e("cost_usd")),
    ),
    ("encounter_key",),
    checks=(
        RowCheck("prior_count_negative", "prior_admissions_12m < 0 OR prior_emergency_6m < 0"),
        RowCheck("discharge_after_admission", "days_since_last_discharge < 0"),
    ),
    period="admitted_on",
)  # fmt: skip

READMISSIONS = _gold(
    "readmissions",
    "One row per inpatient episode that ended, under its last stay's key: whether the next one is unplanned and began "
    f"within 30 days. After {MEASURE}.",
    (
        ENCOUNTER_KEY, PATIENT_KEY, DEPARTMENT, DIAGNOSIS, GENDER, AGE, DISPOSITION,
        replace(ADMITTED, description="start of the episode's first stay, UTC"),
        Column("discharged_at", T.TIMESTAMP, "end of the episode, UTC", P.DATE, year(), nullable=False,
               derived_from=_e("discharged_at")),
        replace(ADMITTED_ON, description="local day of that start"),
        Column("discharged_on", T.DATE, "local day of that end", P.DATE, drop(), derived_from=_e("discharged_on")),
        Column("length_of_stay_days", T.INTEGER, "nights of the episode", P.CLINICAL, keep(), unit="days",
               nullable=False, derived_from=_e("admitted_on discharged_on")),
        Column("next_admitted_on", T.DATE, "local day on which the next episode began, if unplanned", P.DATE, drop(),
               derived_from=_e("admitted_on admission_type diagnosis_code")),
        Column("days_to_readmission", T.INTEGER, "from discharge to it", P.CLINICAL, keep(), unit="days",
               derived_from=_e("admitted_on discharged_on admission_type diagnosis_code")),
        Column("excluded_because", T.STRING,
               "died, transferred_out, left_against_advice, psychiatric, rehabilitation, cancer, died_after_discharge "
               "(within 30 days, not readmitted), no_follow_up; null for an index stay", P.CLINICAL, keep(),
               derived_from=(*_e("discharge_disposition discharged_on admitted_on diagnosis_code department"),
                             "silver/patients.death_date")),
        Column("is_readmitted", T.BOOLEAN, "whether within 30 days; null where excluded", P.CLINICAL, keep(),
               derived_from=(*_e("admitted_on discharged_on admission_type discharge_disposition diagnosis_code"),
                             "silver/patients.death_date")),
    ),
    ("encounter_key",),
    checks=(
        RowCheck("readmitted_before_discharge", "days_to_readmission < 0"),
        RowCheck("label_off", "is_readmitted <> coalesce(days_to_readmission <= 30, false)"),
        RowCheck("label_of_excluded", "(excluded_because IS NULL) <> (is_readmitted IS NOT NULL)"),
    ),
    period="admitted_on",
)  # fmt: skip

COST_BASELINES = _gold(
    "cost_baselines",
    "Robust location and scale of log cost per department, diagnosis and class, with fall-backs for small groups.",
    (
        Column("department", T.STRING, "department, * for all", P.CLINICAL, keep(), nullable=False,
               derived_from=_e("department")),
        Column("diagnosis_code", T.STRING, "diagnosis, * for all", P.CLINICAL, keep(), nullable=False,
               derived_from=_e("diagnosis_code")),
        Column("encounter_class", T.STRING, "class, unknown where absent, * for all", P.CLINICAL, keep(),
               nullable=False, derived_from=_e("encounter_class")),
        ENCOUNTERS_COUNT,
        Column("median_cost_usd", T.MONEY, "median", P.CLINICAL, keep(), unit="USD", nullable=False,
               derived_from=_e("cost_usd")),
        Column("spread_ratio", T.RATIO, "median of max(cost/median, median/cost): exp of the MAD of log cost",
               P.CLINICAL, keep(), nullable=False, derived_from=_e("cost_usd")),
        Column("limit_usd", T.MONEY, "costs above it are anomalies", P.CLINICAL, keep(), unit="USD", nullable=False,
               derived_from=_e("cost_usd")),
    ),
    ("department", "diagnosis_code", "encounter_class"),
    audience=Audience.GATEWAY,
    checks=(RowCheck("limit_below_median", "limit_usd < median_cost_usd"),),
)  # fmt: skip

COST_ANOMALIES = _gold(
    "cost_anomalies",
    "Encounters whose cost is above the limit of their peer group.",
    (
        ENCOUNTER_KEY, PATIENT_KEY, ADMITTED, ADMITTED_ON, DEPARTMENT, DIAGNOSIS, ENCOUNTER_CLASS,
        Column("cost_usd", T.MONEY, "billed amount", P.CLINICAL, keep(), unit="USD", nullable=False,
               derived_from=_e("cost_usd")),
        Column("expected_cost_usd", T.MONEY, "median of the peer group", P.CLINICAL, keep(), unit="USD",
               nullable=False, derived_from=("gold/cost_baselines.median_cost_usd",)),
        Column("limit_usd", T.MONEY, "limit of the peer group", P.CLINICAL, keep(), unit="USD", nullable=False,
               derived_from=("gold/cost_baselines.limit_usd",)),
        Column("peer_group", T.STRING, "department_diagnosis_class, department_class, class or all", P.CLINICAL,
               keep(), nullable=False,
               derived_from=("gold/cost_baselines.department", "gold/cost_baselines.diagnosis_code")),
        Column("baselines_version", T.STRING, "which baselines told the limit: twelve hex digits of their content",
               P.TECHNICAL, keep(), derived_from=("gold/cost_baselines.limit_usd",)),
    ),
    ("encounter_key",),
    checks=(RowCheck("cost_within_limit", "cost_usd <= limit_usd"),),
    period="admitted_on",
)  # fmt: skip

DEPARTMENT_COSTS = _gold(
    "department_costs",
    "Encounters, people and cost by department, gender and diagnosis.",
    (
        DEPARTMENT, GENDER, DIAGNOSIS, ENCOUNTERS_COUNT, PATIENTS_COUNT,
        Column("average_age_years", T.RATIO, "mean age at admission", P.CLINICAL, keep(), unit="years",
               derived_from=_e("age_at_admission")),
        TOTAL_COST,
        Column("average_cost_usd", T.MONEY, "mean billed amount", P.CLINICAL, keep(), unit="USD",
               derived_from=_e("cost_usd")),
        Column("first_admitted_at", T.TIMESTAMP, "earliest admission", P.DATE, year(), derived_from=_e("admitted_at")),
        Column("last_admitted_at", T.TIMESTAMP, "latest admission", P.DATE, year(), derived_from=_e("admitted_at")),
        Column("first_admitted_on", T.DATE, "its local day", P.DATE, drop(), derived_from=_e("admitted_on")),
        Column("last_admitted_on", T.DATE, "its local day", P.DATE, drop(), derived_from=_e("admitted_on")),
    ),
    ("department", "gender", "diagnosis_code"),
    checks=(RowCheck("more_people_than_encounters", "patients > encounters"),),
    small_cells=SmallCells("patients", ("encounters", "average_age_years", "total_cost_usd", "average_cost_usd",
                                        "first_admitted_year", "last_admitted_year"),
                           margins=(("department", "diagnosis_code"), ("department",), ())),
)  # fmt: skip

DAILY_CENSUS = _gold(
    "daily_census",
    "People in the hospital by day and department: admitted on or before the day and not discharged before it.",
    (
        Column("date", T.DATE, "the day", P.DATE, drop(), nullable=False, derived_from=_e("admitted_on discharged_on")),
        DEPARTMENT,
        Column("census", T.LONG, "inpatient encounters present", P.CLINICAL, keep(), nullable=False,
               derived_from=_e("admitted_on discharged_on")),
        Column("admissions", T.LONG, "inpatient encounters begun", P.CLINICAL, keep(), nullable=False,
               derived_from=_e("admitted_on discharged_on")),
        Column("discharges", T.LONG, "inpatient encounters ended", P.CLINICAL, keep(), nullable=False,
               derived_from=_e("admitted_on discharged_on")),
    ),
    ("date", "department"),
    checks=(RowCheck("census_below_admissions", "census < admissions OR census < discharges"),),
)  # fmt: skip

MONTHLY_ACTIVITY = _gold(
    "monthly_activity",
    "Encounters, people, cost, readmissions and anomalies by month, department and class.",
    (
        Column("month", T.DATE, "first day of the month of admission", P.PERIOD, keep(), nullable=False,
               derived_from=_e("admitted_on")),
        DEPARTMENT, ENCOUNTER_CLASS, ENCOUNTERS_COUNT, PATIENTS_COUNT,
        Column("cost_usd", T.TOTAL, "sum of billed amounts", P.CLINICAL, keep(), unit="USD",
               derived_from=_e("cost_usd")),
        Column("index_stays", T.LONG, "stays at risk of readmission", P.CLINICAL, keep(), nullable=False,
               derived_from=("gold/readmissions.encounter_key",)),
        Column("readmitted", T.LONG, "of these, readmitted within 30 days", P.CLINICAL, keep(), nullable=False,
               derived_from=("gold/readmissions.is_readmitted",)),
        Column("anomalies", T.LONG, "cost anomalies; null where no encounter has a cost", P.CLINICAL, keep(),
               derived_from=("gold/cost_anomalies.encounter_key",)),
    ),
    ("month", "department", "encounter_class"),
    checks=(
        RowCheck("more_people_than_encounters", "patients > encounters"),
        RowCheck("more_readmitted_than_stays", "readmitted > index_stays"),
    ),
    small_cells=SmallCells("patients", ("encounters", "cost_usd", "index_stays", "readmitted", "anomalies"),
                           counts=("index_stays", "readmitted", "anomalies"),
                           margins=(("month", "department"), ("department",), ())),
)  # fmt: skip

TABLES = (
    ADMISSION_FEATURES, READMISSIONS, COST_BASELINES, COST_ANOMALIES, DEPARTMENT_COSTS, DAILY_CENSUS,
    MONTHLY_ACTIVITY, VITALS_LATEST,
)  # fmt: skip
