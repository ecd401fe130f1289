"""Observations, procedures, medications and claims given as texts → rows of Silver, whatever format they came in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.contracts.units import UNITS
from mediflow_assets.transforms import parsing
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.patients import PROVENANCE
from mediflow_assets.transforms.validation import UNREADABLE, codes

_LATER = ("id_namespace", "patient_key", "encounter_key", "claim_key")
_MEASURE = r"^[+-]?[0-9]{1,16}([.][0-9]{1,12})?\z"
_LONG_MEASURE = r"^[+-]?[0-9]{1,16}[.][0-9]{13,20}\z"
_DECIMAL = "decimal(28,12)"
_HAS_TIME = r"[0-9][T ][0-9]"
_COMPARED = r"^(<=|>=|<|>) *"
ID, PATIENT, ENCOUNTER = "id", "patient", "encounter"
"""How texts name a record, and whose and of which encounter it is."""


@dataclass(frozen=True)
class Begun:
    """The texts of when something began and ended, and how the columns of its begin are called."""

    stem: str
    begin: str
    end: str | None = None


def shaped(
    texts: DataFrame,
    feeds: FeedReader,
    contract: TableContract,
    begun: Begun,
    found: Mapping[str, Column],
    unreadable: Iterable[Column] = (),
    told_by: Iterable[str] = ("code",),
) -> DataFrame:
    """Rows in the shape of a table, each with what could not be read of it.

    `found` gives columns by their name in Silver; `told_by` names texts that, with patient, encounter and begin, tell
    one record from another where the source gives no id.
    """
    stem = begun.stem
    read = texts.withColumns({"_at": feeds.timestamp(begun.begin), "_on": feeds.local_date(begun.begin)})
    end = feeds.timestamp(begun.end) if begun.end else F.lit(None)
    read = read.withColumn("_ended", end.cast("timestamp"))
    when = parsing.precision(F.col(begun.begin), F.col("_on"))
    natural = F.concat_ws("|", PATIENT, ENCOUNTER, *told_by, begun.begin)
    known: dict[str, Column] = {
        contract.primary_key[-1]: F.coalesce(F.col(ID), natural),
        "patient_id": F.col(PATIENT),
        "encounter_id": F.col(ENCOUNTER),
        f"{stem}_at": F.when(F.col(begun.begin).rlike(_HAS_TIME), F.col("_at")),
        f"{stem}_on": F.col("_on"),
        f"{stem}_precision": when,
        "ended_at": F.col("_ended"),
        "updated_at": F.col("_ingested_at"),
        **found,
    }
    later = {contract.primary_key[-1].removesuffix("_id") + "_key", *_LATER, *PROVENANCE}
    columns = [
        known.get(column.name, F.lit(None)).cast(column.type.value).alias(column.name)
        for column in contract.columns
        if column.name in found or column.name not in later
    ]
    ends = [parsing.unreadable("ended_unreadable", F.col(begun.end), F.col("_ended"))] if begun.end else []
    against = codes(
        parsing.unreadable(f"{stem}_unreadable", F.col(begun.begin), F.col("_on")),
        *ends,
        feeds.after_arrival(f"{stem}_in_future", F.col("_on")),
        *unreadable,
    )
    is_end = found.get("is_end", F.lit(False)).alias("is_end")
    return read.select(*columns, is_end, against.alias(UNREADABLE), *PROVENANCE)


def coded(code: str, text: str, *systems: str) -> dict[str, Column]:
    """What a code, and the words beside it, tell where no system is named: the first of these whose form it has."""
    value = F.upper(code)
    system = F.when(F.lit(False), F.lit(None).cast("string"))
    for name in systems:
        system = system.when(value.rlike(clinical.FORMS[name]), name)
    return {
        "code": F.when(system.isNotNull(), of_system(value, system)),
        "system": system,
        "local_code": F.when(system.isNull(), F.col(code)),
        "text": F.col(text),
    }


def of_system(code: Column, system: Column) -> Column:
    """A code as its system writes it: CVX with two digits at least."""
    is_short = (system == clinical.CVX) & (F.char_length(code) == 1)
    return F.when(is_short, F.concat(F.lit("0"), code)).otherwise(code)


def measured(value: str, unit: str) -> dict[str, Column]:
    """A value as a number with its unit, or as the text that it is. `<0.5` is a number below which the true one is."""
    text = F.col(value)
    bare = F.regexp_replace(text, _COMPARED, "")
    rounded = F.round(bare.try_cast("decimal(38,20)"), 12).try_cast(_DECIMAL)
    number = F.when(bare.rlike(_MEASURE), bare.try_cast(_DECIMAL)).when(bare.rlike(_LONG_MEASURE), rounded)
    # what is nothing but rounded is no number here
    number = F.when((number != 0) | ~bare.rlike("[1-9]"), number)
    sign = F.regexp_extract(text, _COMPARED, 1)
    is_ucum = F.col(unit).isin(list(UNITS))
    return {
        "value": number,
        "comparator": F.when(number.isNotNull() & (sign != ""), sign),
        "unit": F.when(is_ucum, F.col(unit)),
        "unit_text": F.when(~is_ucum, F.col(unit)),
        # a number that had to be rounded stands beside it as it was told
        "value_text": F.when(number.isNull() | bare.rlike(_LONG_MEASURE), text),
    }


def with_patient(rows: DataFrame, patients: DataFrame) -> DataFrame:
    """Adds the patient's key, null where the patient has not arrived."""
    known = patients.select(
        F.col("id_namespace").alias("_known_namespace"), F.col("patient_id").alias("_known_id"), "patient_key"
    )
    is_of = (F.col("patient_id") == F.col("_known_id")) & (F.col("id_namespace") == F.col("_known_namespace"))
    return with_few(rows, known, is_of).select(*rows.columns, "patient_key")


def without_computed(rows: DataFrame) -> DataFrame:
    """Rows of which is still to be told what no single record tells."""
    return rows.withColumns({"left_at": F.lit(None).cast("timestamp"), "is_stretch": F.lit(None).cast("boolean")})
