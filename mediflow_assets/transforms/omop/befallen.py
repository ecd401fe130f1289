"""What befell people, of each Silver table in one shape: before codes are mapped, and dates moved."""

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
_MEASURED = ("vital-signs", "laboratory")


def conditions(told: DataFrame, encounters: DataFrame, hmac_pads: DataFrame) -> DataFrame:
    """Conditions, each with the encounter that it names."""
    place = F.concat_ws("\x1f", "id_namespace", "encounter_id")
    of = encounters.select(place.alias("_place"), F.col("encounter_key").alias("_encounter_key"))
    named = with_hmac_pads(told, hmac_pads).withColumn(
        KEY, pseudonym_of("condition", F.col("id_namespace"), F.col("condition_id"))
    )
    within = with_few(without_hmac_pads(named), of, F.col("_place") == place)
    onset, resolved = F.col("onset_date"), F.col("resolved_date")
    over = middle(resolved, F.col("resolved_precision"))
    begun = _within(onset, F.col("onset_precision"), over)
    return _shaped(
        within.withColumn("encounter_key", F.col("_encounter_key")),
        own_table="condition_occurrence",
        start=begun,
        start_told=F.col("onset_precision"),
        # over by the day it was written down
        end=F.greatest(over, F.when(over.isNotNull(), begun)),
        end_told=F.col("resolved_precision"),
        status=_status(F.col("diagnosis_rank")),
    )


def diagnoses(encounters: DataFrame, told: DataFrame) -> DataFrame:
    """Diagnoses of encounters that took place, but for those that a condition tells."""
    given = active(encounters).where(F.col("diagnosis_code").isNotNull())
    known = told.select(F.concat_ws("\x1f", "encounter_key", "code").alias("_known"))
    others = given.join(known, F.concat_ws("\x1f", "encounter_key", "diagnosis_code") == F.col("_known"), "left_anti")
    return _shaped(
        others.withColumns(
            {
                KEY: F.substring(F.sha2(F.concat("encounter_key", F.lit("|diagnosis")), 256), 1, 32),
                "code": F.col("diagnosis_code"),
                "system": F.col("diagnosis_system"),
            }
        ),
        own_table="condition_occurrence",
        start=F.col("admitted_on"),
        status=_status(F.coalesce("diagnosis_rank", F.lit(1))),
    )


def procedures(told: DataFrame, zone: str) -> DataFrame:
    """Procedures."""
    return _timed(told.withColumn(KEY, F.col("procedure_key")), "performed", "procedure_occurrence", zone)


def medications(told: DataFrame, zone: str) -> DataFrame:
    """Orders, administrations, dispenses and statements of medications, and immunizations."""
    kind = F.when(F.col("kind").isin(list(concepts.DRUG_TYPES)), mapped(F.col("kind"), concepts.DRUG_TYPES))
    named = told.withColumns({KEY: F.col("medication_key"), TYPE: F.coalesce(kind, F.lit(concepts.EHR))})
    return _timed(named, "started", "drug_exposure", zone)


def observations(told: DataFrame) -> DataFrame:
    """Observations, and each part of those that have parts. A number is a measurement, an answer is none."""
    telling = ("observation_key", "patient_key", "encounter_key", "observed_at", "observed_on", "observed_precision")
    parts = parts_of(told, *telling).withColumns(
        {
            KEY: F.substring(F.sha2(F.concat_ws("|", "observation_key", "code"), 256), 1, 32),
            "system": F.lit("loinc"),
            "comparator": F.lit(None).cast("string"),
            "category": F.lit(_MEASURED[0]),
        }
    )
    # a panel itself tells nothing that its parts do not
    is_panel = F.col("components").isNotNull() & F.col("value").isNull() & F.col("value_text").isNull()
    alone = told.where(~is_panel).withColumn(KEY, F.col("observation_key"))
    both = alone.select(*parts.columns).unionByName(parts)
    is_measured = F.coalesce(F.col("category").isin(list(_MEASURED)), F.lit(False)) | F.col("value").isNotNull()
    return _shaped(
        both,
        own_table=F.when(is_measured, "measurement").otherwise("observation"),
        start=middle(F.col("observed_on"), F.col("observed_precision")),
        start_told=F.col("observed_precision"),
        start_at=F.col("observed_at"),
    )


def _status(rank: Column) -> Column:
    primary, secondary = F.lit(concepts.PRIMARY), F.lit(concepts.SECONDARY)
    return F.when(rank == 1, primary).when(rank > 1, secondary)


def _timed(told: DataFrame, begun: str, own_table: str, zone: str) -> DataFrame:
    """Rows that begin and may end: the local day of the end is as many days after the begin's as its time is."""
    start, at, end = F.col(f"{begun}_on"), F.col(f"{begun}_at"), F.col("ended_at")
    precision, day = F.col(f"{begun}_precision"), Zones(zone).day
    days = F.datediff(day(end), F.coalesce(day(at), start))
    ended = F.when(end.isNotNull(), F.date_add(start, F.greatest(days, F.lit(0))))
    began = _within(start, precision, ended)
    return _shaped(told, own_table=own_table, start=began, start_told=precision, start_at=at, end=ended, end_at=end)


def _within(start: Column, precision: Column, end: Column) -> Column:
    """The middle of the month or year for which a start stands, or the end where that comes before."""
    return F.when(precision.isin("month", "year"), F.least(middle(start, precision), end)).otherwise(start)


def _shaped(
    told: DataFrame,
    own_table: str | Column,
    start: Column,
    start_at: Column | None = None,
    end: Column | None = None,
    end_at: Column | None = None,
    start_told: Column | None = None,
    end_told: Column | None = None,
    status: Column | None = None,
) -> DataFrame:
    given = {START: start, START_AT: start_at, END: end, END_AT: end_at, STATUS: status}
    given |= {START_TOLD: start_told, END_TOLD: end_told}
    given[OWN_TABLE] = F.lit(own_table) if isinstance(own_table, str) else own_table
    stored = {name: F.col(name) for name in told.columns}
    stored.setdefault(TYPE, F.lit(concepts.EHR))
    found = {name: given.get(name) if name in given else stored.get(name) for name in COLUMNS}
    cells = {name: F.lit(None) if cell is None else cell for name, cell in found.items()}
    return told.select(*(cells[name].cast(type_).alias(name) for name, type_ in COLUMNS.items()))
