"""What several clinical tables check of a row, as SQL: days in their order, codes of a system."""

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.code_systems import ICD9, ICD10, NOT_TOLD, SNOMED, UNKNOWN_SYSTEM, not_of
from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.table import Column, Privacy, RowCheck, Severity, Type

Q = Severity.QUARANTINE
CLAIMED_IN_FUTURE = RowCheck(
    "version_claimed_in_future",
    "claimed_at > updated_at + INTERVAL 5 MINUTES",
    Severity.WARN,
    "its source dates it more than five minutes after it came",
)
"""A version is as old as it says, and no younger than its arrival: what it claims beyond that still stands beside."""

ENDED = RowCheck(
    "in_progress_with_an_end",
    "status = 'in-progress' AND discharged_at IS NOT NULL",
    Severity.WARN,
    "its status and its discharge contradict; it counts as over",
)

DEPARTMENT_MALFORMED = (
    f"NOT (department RLIKE r'{v.DEPARTMENT_PATTERN}' AND char_length(department) <= {v.LONGEST_DEPARTMENT})"
)

IS_SHIFTED = Column("is_shifted", Type.BOOLEAN, "true where its feed says that dates were moved to hide whose they are",
                    Privacy.TECHNICAL, drop(), derived_from=("bronze/deliveries.feed",))  # fmt: skip
OF_FEED = (
    IS_SHIFTED,
    Column("cleared", Type.STRING, "columns that its newest version takes back", Privacy.TECHNICAL, drop(),
           derived_from=("bronze/deliveries.feed",)),
)  # fmt: skip
"""What a feed says of all that a version tells."""


def before(day: str, precision: str, other: str) -> str:
    """A day that is before another one for sure, though its month or day may not be known."""
    return f"{day} < {other} AND ({precision} IS NULL OR {precision} = 'day' OR year({day}) < year({other}))"


def after_arrival(day: str) -> str:
    """A day that is after a record's arrival wherever that was: no zone is further than 14 hours ahead of UTC."""
    return unless_shifted(f"{day} > to_date(_ingested_at + INTERVAL 14 HOURS)")


def unless_shifted(violation: str) -> str:
    """What is wrong unless dates were moved: moved ones do not tell what is in the future, or how old one is."""
    return f"is_shifted IS NULL AND ({violation})"


def diagnosis_checks(code: str, system: str, or_else: str = "") -> tuple[RowCheck, ...]:
    """What was read as a code of no system, and why: it has no code's form, or one that its system does not know."""
    is_icd10, is_snomed = f"{code} RLIKE r'{v.ICD10_PATTERN}'", f"{code} RLIKE r'{v.SNOMED_PATTERN}'"
    is_not = {name: f"coalesce({system} = '{not_of(name)}', false)" for name in (ICD9, ICD10, SNOMED)}
    return (
        RowCheck(
            "diagnosis_malformed",
            f"{or_else}{system} IS NULL AND NOT {is_icd10} AND NOT {is_snomed}",
            Q,
        ),
        RowCheck("diagnosis_not_in_icd10", f"({system} IS NULL AND {is_icd10}) OR {is_not[ICD10]}", Q),
        RowCheck("diagnosis_not_in_icd9", is_not[ICD9], Q),
        RowCheck("diagnosis_not_in_snomed", f"({system} IS NULL AND {is_snomed}) OR {is_not[SNOMED]}", Q),
        RowCheck(
            "diagnosis_system_unknown",
            f"{system} = '{UNKNOWN_SYSTEM}'",
            Q,
            "the word beside the code names no code system that is known",
        ),
        RowCheck(
            "diagnosis_system_not_told",
            f"{system} = '{NOT_TOLD}'",
            Q,
            "the code may be of ICD-9-CM, and neither the record nor its delivery tells",
        ),
    )
