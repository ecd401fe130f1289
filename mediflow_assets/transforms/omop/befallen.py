"""What befell people, of each Silver table in one shape: before codes are mapped, and dates moved."""

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.omop import concepts
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.omop.values import mapped, middle
from mediflow_assets.transforms.pseudonyms import pseudonym_of, with_hmac_pads, without_hmac_pads
from mediflow_assets.transforms.readmissions import active
from mediflow_assets.transforms.vitals import parts_of
from mediflow_assets.transforms.zones import Zones

KEY, OWN_TABLE, TYPE, STATUS = "_key", "_own_table", "_type", "_status"
"""What names the record, the table it stands in unless its concept says otherwise, and two concepts of it."""
START, START_AT, END, END_AT = "_start", "_start_at", "_end", "_end_at"
START_TOLD, END_TOLD = "_start_told", "_end_told"
"""Whether a day stands for a month or a year: then it is the middle of it, or the other end where that lies before."""
COLUMNS = {
    KEY: "string",
    "patient_key": "string",
    "encounter_key": "string",
    "system": "string",
    "code": "string",
    OWN_TABLE: "string",
    START: "date",
    START_AT: "timestamp",
    END: "date",
    END_AT: "timestamp",
    START_TOLD: "string",
    END_TOLD: "string",
    TYPE: "int",
    STATUS: "int",
    "dispenses": "int",
    "value": "decimal(28,12)",
    "comparator": "string",
    "unit": "string",
}
_STORED = (KEY, "patient_key", "encounter_key", "system", "code")
"""What is told by columns of these names."""
_FOUND = ("value", "comparator", "unit")
_OF_STAY = ("id_namespace", "encounter_id")
_MEASURED = ("vital-signs", "laboratory")


def conditions(told: DataFrame, encounters: DataFrame, hmac_pads: DataFrame) -> DataFrame:
    """Conditions, each with the encounter that it names."""
    place = F.concat_ws("\x1f", *_OF_STAY)
    of = encounters.select(place.alias("_place"), F.col("encounter_key").alias("_encounter_key"))
    named = with_hmac_pads(told, hmac_pads).withColumn(
        KEY, pseudonym_of("condition", F.col("id_namespace"), F.col("condition_id"))
    )
    within = with_few(without_hmac_pads(named), of, F.col("_place") == place)
    onset, resolved = F.col("onset_date"), F.col("resolved_date")
    over = middle(resolved, F.col("resolved_precision"))
    begun = _within(onset, F.col("onset_precision"), over)
    cells = {
        "encounter_key": F.col("_encounter_key"),
        OWN_TABLE: F.lit("condition_occurrence"),
        START: begun,
        START_TOLD: F.col("onset_precision"),
        # over by the day it was written down
        END: F.greatest(over, F.when(over.isNotNull(), begun)),
        END_TOLD: F.col("resolved_precision"),
        STATUS: _status(F.col("diagnosis_rank")),
    }
    return _shaped(within, cells)


def diagnoses(encounters: DataFrame, told: DataFrame) -> DataFrame:
    """Diagnoses of encounters that took place, but for those that a condition of Silver tells."""
    given = active(encounters).where(F.col("diagnosis_code").isNotNull())
    # by the encounter's own name, as conditions have it: to find its key for each is a join of its own
    of_stays = told.where(F.col("encounter_id").isNotNull())
    known = of_stays.select(F.concat_ws("\x1f", *_OF_STAY, "code").alias("_known"))
    others = given.join(known, F.concat_ws("\x1f", *_OF_STAY, "diagnosis_code") == F.col("_known"), "left_anti")
    cells = {
        KEY: F.substring(F.sha2(F.concat("encounter_key", F.lit("|diagnosis")), 256), 1, 32),
        "code": F.col("diagnosis_code"),
        "system": F.col("diagnosis_system"),
        OWN_TABLE: F.lit("condition_occurrence"),
        START: F.col("admitted_on"),
        STATUS: _status(F.coalesce("diagnosis_rank", F.lit(1))),
    }
    return _shaped(others, cells)


def procedures(told: DataFrame, zone: str) -> DataFrame:
    """Procedures."""
    cells = {KEY: F.col("procedure_key"), OWN_TABLE: F.lit("procedure_occurrence")}
    return _shaped(told, cells | _times("performed", zone))


def medications(told: DataFrame, zone: str) -> DataFrame:
    """Orders, administrations, dispenses and statements of medications, and immunizations."""
    kind = F.when(F.col("kind").isin(list(concepts.DRUG_TYPES)), mapped(F.col("kind"), concepts.DRUG_TYPES))
    cells = {
        KEY: F.col("medication_key"),
        OWN_TABLE: F.lit("drug_exposure"),
        TYPE: F.coalesce(kind, F.lit(concepts.EHR)),
        "dispenses": F.col("dispenses"),
    }
    return _shaped(told, cells | _times("started", zone))


def observations(told: DataFrame) -> DataFrame:
    """Observations, and each part of those that have parts. A number is a measurement, an answer is none."""
    telling = ("observation_key", "patient_key", "encounter_key", "observed_at", "observed_on", "observed_precision")
    # by its place: two parts of one code are two readings
    part = F.concat_ws("|", "observation_key", F.col("place").cast("string"))
    parts = parts_of(told, *telling).withColumns(
        {
            KEY: F.substring(F.sha2(part, 256), 1, 32),
            "system": F.lit("loinc"),
            "comparator": F.lit(None).cast("string"),
            "category": F.lit(_MEASURED[0]),
        }
    )
    # a panel itself tells nothing that its parts do not
    is_panel = F.col("components").isNotNull() & F.col("value").isNull() & F.col("value_text").isNull()
    alone = told.where(~is_panel).withColumn(KEY, F.col("observation_key"))
    names = (*telling, KEY, "system", "code", "category", *_FOUND)
    is_measured = F.coalesce(F.col("category").isin(list(_MEASURED)), F.lit(False)) | F.col("value").isNotNull()
    cells = {
        OWN_TABLE: F.when(is_measured, "measurement").otherwise("observation"),
        START: middle(F.col("observed_on"), F.col("observed_precision")),
        START_TOLD: F.col("observed_precision"),
        START_AT: F.col("observed_at"),
        **{name: F.col(name) for name in _FOUND},
    }
    return _shaped(alone.select(*names).unionByName(parts.select(*names)), cells)


def _status(rank: Column) -> Column:
    primary, secondary = F.lit(concepts.PRIMARY), F.lit(concepts.SECONDARY)
    return F.when(rank == 1, primary).when(rank > 1, secondary)


def _times(begun: str, zone: str) -> dict[str, Column]:
    """Of rows that begin and may end: the local day of the end is as many days after the begin's as its time is."""
    start, at, end = F.col(f"{begun}_on"), F.col(f"{begun}_at"), F.col("ended_at")
    precision, day = F.col(f"{begun}_precision"), Zones(zone).day
    days = F.datediff(day(end), F.coalesce(day(at), start))
    ended = F.when(end.isNotNull(), F.date_add(start, F.greatest(days, F.lit(0))))
    begin = _within(start, precision, ended)
    return {START: begin, START_TOLD: precision, START_AT: at, END: ended, END_AT: end}


def _within(start: Column, precision: Column, end: Column) -> Column:
    """The middle of the month or year for which a start stands, or the end where that comes before."""
    return F.when(precision.isin("month", "year"), F.least(middle(start, precision), end)).otherwise(start)


def _shaped(told: DataFrame, cells: Mapping[str, Column]) -> DataFrame:
    """The rows in the one shape: what neither a cell nor a column of that name tells is null."""
    own = {name: F.col(name) for name in _STORED if name not in cells} | {TYPE: F.lit(concepts.EHR)} | dict(cells)
    return told.select(*(own.get(name, F.lit(None)).cast(type_).alias(name) for name, type_ in COLUMNS.items()))
