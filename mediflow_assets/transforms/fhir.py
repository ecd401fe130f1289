"""FHIR R4 resources as texts under Synthea's column names: from there both formats take one way.

Fields of https://hl7.org/fhir/R4/patient.html, encounter.html and condition.html. Of a list its first entry counts.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import fhir
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.transforms import conditions, encounters, parsing, patients
from mediflow_assets.transforms.feeds import FeedReader

SYSTEM = fhir.SOURCE.system
PATIENT = {
    "id": "$.id",
    "birthdate": "$.birthDate",
    "deathdate": "$.deceasedDateTime",
    "first": "$.name[0].given[0]",
    "last": "$.name[0].family",
    "gender": "$.gender",
    "marital": "$.maritalStatus.coding[0].code",
    "address": "$.address[0].line[0]",
    "city": "$.address[0].city",
    "state": "$.address[0].state",
    "zip": "$.address[0].postalCode",
    "phone": "$.telecom[0].value",
}
ENCOUNTER = {
    "id": "$.id",
    "patient": "$.subject.reference",
    "start": "$.period.start",
    "stop": "$.period.end",
    "encounterclass": "$.class.code",
    "status": "$.status",
    "reasoncode": "$.reasonCode[0].coding[0].code",
    "reasondescription": "$.reasonCode[0].coding[0].display",
    "disposition": "$.hospitalization.dischargeDisposition.coding[0].code",
}
CONDITION = {
    "id": "$.id",
    "patient": "$.subject.reference",
    "encounter": "$.encounter.reference",
    "code": "$.code.coding[0].code",
    "description": "$.code.text",
    "start": "$.onsetDateTime",
    "onset_period": "$.onsetPeriod.start",
    "onset_age": "$.onsetAge.value",
    "onset_unit": "$.onsetAge.code",
    "recorded": "$.recordedDate",
    "stop": "$.abatementDateTime",
}
_REFERENCES = ("patient", "encounter")
_ID_OF_REFERENCE = r"([^/:|]+)\z"
"""`Patient/1`, `urn:uuid:1` and `Patient?identifier=system|1` all name 1."""


def patients_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Patient resources as patients."""
    absent = ("race", "ethnicity", "ssn", "drivers", "passport")
    return patients.from_synthea(
        _texts(bronze, PATIENT, absent),
        feeds,
        {"source_system": F.lit(SYSTEM), "phone": F.col("phone")},
        feeds.spelling(SYSTEM),
    )


def encounters_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Encounter resources as encounters; FHIR R4 encounters carry no cost."""
    absent = ("total_claim_cost", "base_encounter_cost", "extra")
    ended = F.when(F.col("_discharged").isNull(), "in-progress").otherwise("finished")
    return encounters.from_synthea(
        _texts(bronze, ENCOUNTER, absent),
        feeds,
        {
            "source_system": F.lit(SYSTEM),
            "status": F.coalesce(parsing.coded(F.col("status"), v.STATUSES), ended),
            "discharge_disposition": parsing.coded(F.col("disposition"), v.DISPOSITIONS),
        },
        feeds.spelling(SYSTEM),
    )


def conditions_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Condition resources as conditions: the onset as a day, a period or an age, else the day of recording."""
    texts = _texts(bronze, CONDITION, ())
    onset, recorded = F.coalesce("start", "onset_period"), F.col("recorded")
    years = F.when(onset.isNull() & (F.col("onset_unit") == "a"), F.col("onset_age").try_cast("int"))
    dated = texts.withColumns(
        {
            "_by_recording": onset.isNull() & years.isNull(),
            "_years": years,
            "start": F.coalesce(onset, F.when(years.isNull(), recorded)),
        }
    )
    return conditions.from_synthea(
        dated,
        feeds,
        parsing.given(F.col("id")),
        feeds.spelling(SYSTEM),
        onset_age=F.col("_years"),
        is_recorded=F.col("_by_recording"),
    )


def _texts(bronze: DataFrame, fields: dict[str, str], absent: tuple[str, ...]) -> DataFrame:
    found = {name: _text(name, path) for name, path in fields.items()}
    return bronze.withColumns(found | {name: F.lit(None).cast("string") for name in absent})


def _text(name: str, path: str) -> Column:
    text = F.get_json_object("resource", path)
    if name not in _REFERENCES:
        return text
    named = F.regexp_extract(text, _ID_OF_REFERENCE, 1)
    return F.when(text.isNotNull() & (named != ""), named)
