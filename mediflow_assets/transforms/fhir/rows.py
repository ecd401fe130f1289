"""FHIR resources as rows of Silver, by way of Synthea's column names: from there both formats take one way."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import fhir
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.transforms import conditions, encounters, parsing, patients
from mediflow_assets.transforms.clearing import WHOLE
from mediflow_assets.transforms.diagnoses import NAMED
from mediflow_assets.transforms.feed_words import OTHERS, meant
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.fhir import condition, encounter, patient
from mediflow_assets.transforms.fhir.resources import texts_of
from mediflow_assets.transforms.validation import UNREAD, codes
from mediflow_assets.transforms.versions import version_time

SYSTEM = fhir.SOURCE.system
_CODED = {"admission_type": v.ADMISSION_TYPES, "discharge_disposition": v.DISPOSITIONS}


def patients_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Patient resources as patients."""
    parts = F.concat_ws(" ", *(parsing.undamaged(F.col(name)) for name in ("first", "last")))
    died = F.col("is_deceased")
    more = {
        "source_system": F.lit(SYSTEM),
        "full_name": F.coalesce(parsing.given(parts), parsing.undamaged(parsing.given(F.col("full")))),
        "is_deceased": F.when(died == "true", True).when(died == "false", False),
        "phone": parsing.given(F.col("phone")),
        "email": parsing.given(F.col("email")),
        "is_ended": F.col("is_deleted"),
        "cleared": _whole(),
    }
    texts = _meant(texts_of(bronze, patient.COLUMNS, patient.read), feeds, "gender", "gender")
    return patients.from_synthea(texts, feeds, more | version(), feeds.spelling(SYSTEM), codes(F.col(UNREAD)))


def encounters_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Encounter resources as encounters; of who provides them the nearest counts: service, place, organisation."""
    status = F.when(F.col("is_deleted"), F.lit("cancelled")).otherwise(parsing.coded(F.col("status"), v.STATUSES))
    never_was = F.coalesce((status == "cancelled") & F.col("start").isNull(), F.lit(False))
    texts = _meant(texts_of(bronze, encounter.COLUMNS, encounter.read), feeds, "encounterclass", "encounter_class")
    return encounters.from_synthea(
        texts.withColumns({NAMED: F.upper("reasonsystem"), "start": _begin(status)}),
        feeds,
        {
            "source_system": F.lit(SYSTEM),
            "status": status,
            "department": F.coalesce(*map(department, ("service", "location", "provider"))),
            "admission_type": _or_mapped(feeds, "admission_type", "admission_type"),
            "discharge_disposition": _or_mapped(feeds, "disposition", "discharge_disposition"),
            "named_conditions": F.col("named_conditions"),
            "named_places": F.col("named_places"),
            # what never was has no diagnosis either, and tells nothing else
            "cleared": F.when(never_was, F.lit(" named_conditions ")).otherwise(_whole()),
            # one that never took place has no period to tell
            "is_end": F.col("is_deleted") | never_was,
            **version(),
        },
        feeds.spelling(SYSTEM),
        (NAMED,),
        codes(F.col(UNREAD)),
    )


def _whole() -> Column:
    """A version of a resource is whole, unless it says that it is a part of one: https://hl7.org/fhir/R4/http.html#update."""
    return F.when(~F.col("is_deleted") & F.col("is_part").isNull(), F.lit(WHOLE))


def _begin(status: Column) -> Column:
    """When an encounter begins. What is planned has not begun: one that is still to come is as of its version."""
    arrived = F.col("_ingested_at")
    is_to_come = (status == "planned") & (parsing.timestamp(F.col("start")) > arrived)
    is_before = parsing.timestamp(F.col("last_updated")) <= arrived
    at = F.when(is_before, F.col("last_updated")).otherwise(F.date_format(arrived, "yyyy-MM-dd'T'HH:mm:ss'Z'"))
    return F.when(is_to_come, at).otherwise(F.col("start"))


def _meant(texts: DataFrame, feeds: FeedReader, name: str, column: str) -> DataFrame:
    """Texts in which a word of a coded column is as `sources.toml` says that FHIR's servers mean it."""
    values = feeds.values.get(column)
    return texts.withColumn(name, meant(F.col(name), values)) if values else texts


def _or_mapped(feeds: FeedReader, name: str, column: str) -> Column:
    """A word as it was read, else what `sources.toml` says that the one means which stands there."""
    values = feeds.values.get(column)
    if not values:
        return F.col(name)
    said = F.col(f"{column}_said")
    is_mapped = said.isNotNull() if OTHERS in values else F.upper(said).isin([theirs.upper() for theirs in values])
    return F.coalesce(F.col(name), F.when(is_mapped, parsing.coded(meant(said, values), _CODED[column])))


def department(name: str) -> Column:
    """The name of a service or a place as a department's; null where it cannot be one."""
    return parsing.label(F.upper(parsing.given(F.col(name))), v.DEPARTMENT_PATTERN, v.LONGEST_DEPARTMENT)


def conditions_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Condition resources as conditions."""
    return conditions.from_synthea(
        texts_of(bronze, condition.COLUMNS, condition.read),
        feeds,
        {
            "condition_id": parsing.given(F.col("id")),
            "onset_precision": F.when(F.col("is_recorded") == "true", conditions.RECORDED),
            "onset_age": F.col("onset_age").try_cast("int"),
            "resolved_precision": F.when(F.col("is_over_by") == "true", conditions.RECORDED),
            "source_system": F.lit(SYSTEM),
            "is_end": F.col("is_deleted") | F.col("is_none").isNotNull(),
            NAMED: F.upper("codesystem"),
            **version(),
        },
        feeds.spelling(SYSTEM),
        codes(F.col(UNREAD)),
    )


def version() -> dict[str, Column]:
    """What a resource says of its version."""
    claimed = parsing.timestamp(parsing.given(F.col("last_updated")))
    return version_time(claimed, F.col("_ingested_at")) | {
        "version_number": parsing.integer(parsing.given(F.col("version_id")))
    }
