"""FHIR R4 resources as texts under Synthea's column names: from there both formats take one way.

Fields of https://hl7.org/fhir/R4/patient.html, encounter.html and condition.html. Of a list its first entry counts.
"""

from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import fhir
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.transforms import conditions, encounters, parsing, patients
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.versions import version_time

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
_VERIFIED = ("", ".text", *(f".coding[{n}].code" for n in range(3)))
"""Where a condition may say whether it is one: as older releases of FHIR do, in words, or coded."""
CONDITION = {
    "id": "$.id",
    **{f"verification{n}": f"$.verificationStatus{path}" for n, path in enumerate(_VERIFIED)},
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
_NO_CONDITION = ("refuted", "entered-in-error")
_REFERENCES = {"patient": "Patient", "encounter": "Encounter"}


def patients_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Patient resources as patients."""
    absent = ("race", "ethnicity", "ssn", "drivers", "passport")
    more = {"source_system": F.lit(SYSTEM), "phone": F.col("phone"), "is_ended": F.col("is_deleted")}
    return patients.from_synthea(_texts(bronze, PATIENT, absent), feeds, more | _version(), feeds.spelling(SYSTEM))


def encounters_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Encounter resources as encounters; FHIR R4 encounters carry no cost."""
    absent = ("total_claim_cost", "base_encounter_cost", "extra")
    status = F.when(F.col("is_deleted"), F.lit("cancelled")).otherwise(parsing.coded(F.col("status"), v.STATUSES))
    return encounters.from_synthea(
        _texts(bronze, ENCOUNTER, absent),
        feeds,
        {
            "source_system": F.lit(SYSTEM),
            "status": status,
            "discharge_disposition": parsing.coded(F.col("disposition"), v.DISPOSITIONS),
            # one that never took place has no period to tell
            "is_end": F.col("is_deleted") | F.coalesce((status == "cancelled") & F.col("start").isNull(), F.lit(False)),
            **_version(),
        },
        feeds.spelling(SYSTEM),
    )


def conditions_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Condition resources as conditions: the onset as a day, a period or an age, else the day of recording."""
    texts = _texts(bronze, CONDITION, ())
    onset = F.coalesce("start", "onset_period")
    years = F.when(onset.isNull() & (F.col("onset_unit") == "a"), F.col("onset_age").try_cast("int"))
    is_recorded = onset.isNull() & years.isNull() & F.col("recorded").isNotNull()
    verified = [F.translate(F.lower(f"verification{n}"), " ", "-") for n in range(len(_VERIFIED))]
    is_none = reduce(or_, (F.coalesce(each.isin(list(_NO_CONDITION)), F.lit(False)) for each in verified))
    dated = texts.withColumns(
        {
            "_is_recorded": is_recorded,
            "onset_age": years,
            "start": F.when(is_recorded, F.col("recorded")).otherwise(onset),
        }
    )
    return conditions.from_synthea(
        dated,
        feeds,
        {
            "condition_id": parsing.given(F.col("id")),
            "onset_precision": F.when(F.col("_is_recorded"), "recorded"),
            "onset_age": F.col("onset_age"),
            "source_system": F.lit(SYSTEM),
            "is_end": F.col("is_deleted") | is_none,
            **_version(),
        },
        feeds.spelling(SYSTEM),
    )


def _version() -> dict[str, Column]:
    """What a resource says of its version."""
    return version_time(parsing.timestamp(F.col("last_updated")), F.col("_ingested_at")) | {
        "version_number": parsing.integer(F.col("version_id"))
    }


def last_updated() -> Column:
    """When a version came to be: as the resource says, else its entry, which also tells when one was deleted."""
    # an entry that deletes is kept whole, and older releases kept nothing beside it
    of_entry = F.when(_is_deleted(), _given("$.response.lastModified"))
    return F.coalesce(_given("$.meta.lastUpdated"), parsing.given(F.col("last_modified")), of_entry)


def version_id() -> Column:
    """Which version it is: as the resource says, else the tag of its entry, such as `W/"3"`."""
    tagged = F.regexp_extract("etag", r'^(?:W/)?"([^"]+)"\z', 1)
    return F.coalesce(_given("$.meta.versionId"), parsing.given(tagged))


def _is_deleted() -> Column:
    """What stands for a deleted record is the entry that says so, and no resource."""
    return F.get_json_object("resource", "$.resourceType").isNull()


def _given(path: str) -> Column:
    return parsing.given(F.get_json_object("resource", path))


def _texts(bronze: DataFrame, fields: dict[str, str], absent: tuple[str, ...]) -> DataFrame:
    found = {name: _text(name, path) for name, path in fields.items()}
    found |= {
        "is_deleted": _is_deleted(),
        "id": F.when(_is_deleted(), F.col("resource_id")).otherwise(found["id"]),
        "last_updated": last_updated(),
        "version_id": version_id(),
    }
    return bronze.withColumns(found | {name: F.lit(None).cast("string") for name in absent})


def _text(name: str, path: str) -> Column:
    text = F.get_json_object("resource", path)
    if name not in _REFERENCES:
        return text
    named, type_ = (F.regexp_extract(text, each, 1) for each in (fhir.ID_OF_REFERENCE, fhir.TYPE_OF_REFERENCE))
    return F.when((named != "") & type_.isin("", _REFERENCES[name]), named)
