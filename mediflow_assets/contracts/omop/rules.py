"""The rules of OHDSI's Data Quality Dashboard that need no vocabulary, for the tables of the OMOP CDM.

Each is named as there: https://github.com/OHDSI/DataQualityDashboard, inst/csv/OMOP_CDM_Check_Descriptions.csv. A table
is judged beside its persons, deaths and visits, in columns that begin with an underscore. That keys are unique, and
required columns filled and of their types, is checked of every table.
"""

from collections.abc import Mapping

from mediflow_assets.contracts.table import RowCheck, Severity

BORN, DIED, IS_PERSON = "_born", "_died", "_is_person"
VISIT_BEGAN, VISIT_ENDED, IS_VISIT, IS_SITE = "_visit_began", "_visit_ended", "_is_visit", "_is_site"
DAYS_AFTER_DEATH = 60
"""plausibleDuringLife of the dashboard: https://ohdsi.github.io/DataQualityDashboard/articles/checks/."""
DAYS_BESIDE_VISIT = 7
"""withinVisitDates of the dashboard."""
EARLIEST_BIRTH = 1850
EARLIEST_EVENT = "1950-01-01"
"""plausibleValueLow of the dashboard for years of birth and for the days of events."""
VISIT_DAYS = ("visit_start_date", "visit_end_date")
DAYS: Mapping[str, tuple[str, str | None]] = {
    "condition_occurrence": ("condition_start_date", "condition_end_date"),
    "drug_exposure": ("drug_exposure_start_date", "drug_exposure_end_date"),
    "procedure_occurrence": ("procedure_date", "procedure_end_date"),
    "measurement": ("measurement_date", None),
    "observation": ("observation_date", None),
}
"""First and last day of an event, by table."""
CONCEPT = {
    "condition_occurrence": "condition",
    "drug_exposure": "drug",
    "procedure_occurrence": "procedure",
    "measurement": "measurement",
    "observation": "observation",
}
"""By table how its columns of concepts begin."""
UNMAPPED = ("concept_unmapped", "source_concept_unmapped", "gender_unmapped")
"""Rules whose broken rows are told as a share."""
W = Severity.WARN

_OF_PERSON = RowCheck(
    "person_unknown", f"{IS_PERSON} IS NULL", meaning="isForeignKey: a person of no row of omop/person"
)


def _ends_before(start: str, end: str) -> RowCheck:
    return RowCheck("ends_before_start", f"{end} < {start}", meaning="plausibleStartBeforeEnd: it ends before it began")


def _in_life(start: str) -> tuple[RowCheck, ...]:
    return (
        RowCheck("before_birth", f"{start} < {BORN}", W, "plausibleAfterBirth: before the person's birth"),
        RowCheck("after_death", f"{start} > date_add({DIED}, {DAYS_AFTER_DEATH})", W,
                 f"plausibleDuringLife: more than {DAYS_AFTER_DEATH} days after the person's death"),
        RowCheck("day_implausible", f"{start} < DATE'{EARLIEST_EVENT}'", W,
                 f"plausibleValueLow: before {EARLIEST_EVENT}"),
    )  # fmt: skip


PERSON = (
    RowCheck("birth_implausible", f"year_of_birth < {EARLIEST_BIRTH} OR month_of_birth NOT BETWEEN 1 AND 12 "
             "OR day_of_birth NOT BETWEEN 1 AND 31", meaning="plausibleValueLow, plausibleValueHigh: no such birth"),
    RowCheck("gender_unmapped", "gender_concept_id = 0", W,
             "standardConceptRecordCompleteness: a gender that is neither male nor female"),
)  # fmt: skip
OBSERVATION_PERIOD = (
    _OF_PERSON,
    _ends_before("observation_period_start_date", "observation_period_end_date"),
    *_in_life("observation_period_start_date"),
)
DEATH = (
    _OF_PERSON,
    RowCheck("before_birth", f"death_date < {BORN}", W, "plausibleAfterBirth: before the person's birth"),
)
VISIT_OCCURRENCE = (
    _OF_PERSON,
    RowCheck("care_site_unknown", f"care_site_id IS NOT NULL AND {IS_SITE} IS NULL",
             meaning="isForeignKey: a department of no row of omop/care_site"),
    _ends_before(*VISIT_DAYS),
    *_in_life("visit_start_date"),
    RowCheck("concept_unmapped", "visit_concept_id = 0", W, "standardConceptRecordCompleteness: no standard concept"),
)  # fmt: skip


def of_events(table: str) -> tuple[RowCheck, ...]:
    """The rules of a table of events."""
    start, end = DAYS[table]
    kind = CONCEPT[table]
    beside = (f"{start} < date_sub({VISIT_BEGAN}, {DAYS_BESIDE_VISIT}) "
              f"OR {start} > date_add({VISIT_ENDED}, {DAYS_BESIDE_VISIT})")  # fmt: skip
    return (
        _OF_PERSON,
        RowCheck("visit_unknown", f"visit_occurrence_id IS NOT NULL AND {IS_VISIT} IS NULL",
                 meaning="isForeignKey: a visit of no row of omop/visit_occurrence"),
        *((_ends_before(start, end),) if end else ()),
        *_in_life(start),
        RowCheck("outside_visit", beside, W, f"withinVisitDates: more than {DAYS_BESIDE_VISIT} days outside its visit"),
        RowCheck("concept_unmapped", f"{kind}_concept_id = 0", W,
                 "standardConceptRecordCompleteness: no standard concept"),
        RowCheck("source_concept_unmapped", f"{kind}_source_concept_id = 0", W,
                 "sourceConceptRecordCompleteness: the code has no concept"),
    )  # fmt: skip
