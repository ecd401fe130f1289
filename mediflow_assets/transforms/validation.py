"""Results: every reason a record breaks, from its contract's rules and from what could not be read."""

from functools import reduce
from operator import add

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import RowCheck, Severity, TableContract
from mediflow_assets.contracts.versions import END
from mediflow_assets.transforms.messages import BROKEN

REASONS = "_reasons"
UNREADABLE = "_unreadable"
UNREAD = "_unread"
"""Why nothing at all was read of a record; null where something was."""
UNREAD_RESOURCE, UNREAD_MESSAGE = "resource_unreadable", "message_unreadable"
_NO_RECORD = (*BROKEN, UNREAD_RESOURCE, UNREAD_MESSAGE)
WAITING = "patient_not_arrived"
NOT_ADMITTED = "encounter_not_arrived"
"""A discharge or cancellation whose encounter nobody has told of yet."""
NOT_NAMED_YET = "medication_not_arrived"
"""A medication whose code another resource tells, which nobody has sent yet."""
AWAITED = (WAITING, NOT_ADMITTED, NOT_NAMED_YET)
"""Reasons that time may undo."""
AWAITS = "_awaits_encounter"
"""Of a record that tells of an encounter which another record begins."""
SPEAKS = "_speaks"
"""Of such a record whether it says something of that encounter by itself, and not only if its diagnosis ranks first."""


def of_another_patient(contract: TableContract) -> str:
    """The reason against an id of a table, such as an encounter's, that an earlier record gave to somebody else."""
    return contract.primary_key[-1].removesuffix("_id") + "_of_another_patient"


def validate(frame: DataFrame, contract: TableContract) -> DataFrame:
    """Adds `_reasons`: the codes of all QUARANTINE rules the row breaks, after its `_unreadable` ones.

    A rule whose columns could not be read is null, and so does not count a second time; what is no record at all
    breaks no rule of records.
    """
    broken = [_broken(check) for check in contract.checks if check.severity is Severity.QUARANTINE]
    every = reasons(F.col(UNREADABLE), *broken)
    is_no_record = F.size(F.array_intersect(F.col(UNREADABLE), F.array(*map(F.lit, _NO_RECORD)))) > 0
    return frame.withColumn(REASONS, F.when(is_no_record, F.col(UNREADABLE)).otherwise(every)).drop(UNREADABLE)


def with_ends(validated: DataFrame, contract: TableContract) -> DataFrame:
    """The validated records; against one that only ends what it names stands at most what is wrong with that name."""
    if contract.name not in silver.VERSIONS:
        return validated
    of_key = [check.code for check in contract.checks if check.code.startswith(contract.primary_key)]
    left = F.array_intersect(REASONS, F.array(*map(F.lit, of_key)).cast("array<string>"))
    return validated.withColumn(REASONS, F.when(F.col(END.name), left).otherwise(F.col(REASONS)))


def _broken(check: RowCheck) -> Column:
    """The rule's code where it is broken; what was given but not read is not missing as well."""
    violation = F.expr(check.violation)
    if check.code.endswith("_missing"):
        unread = F.lit(check.code.removesuffix("_missing") + "_unreadable")
        violation = violation & ~F.array_contains(UNREADABLE, unread)
    return F.when(violation, F.lit(check.code))


def reasons(already: Column, *codes: Column) -> Column:
    """One array of the codes that are not null, each once."""
    return F.array_distinct(F.concat(already, F.array_compact(F.array(*codes))))


def both(first: Column, second: Column) -> Column:
    """The codes of two arrays."""
    return F.concat(first, second)


def codes(*found: Column) -> Column:
    """An array of those codes that are not null."""
    return F.array_compact(F.array(*found))


def is_waiting() -> Column:
    """Whether nothing stands against a row but that something else has not come yet."""
    awaited = reduce(add, (F.array_contains(REASONS, reason).cast("int") for reason in AWAITED))
    return (awaited > 0) & (F.size(F.col(REASONS)) == awaited)


def is_accepted() -> Column:
    """Whether a validated row has no reason against it."""
    return F.size(F.col(REASONS)) == 0
