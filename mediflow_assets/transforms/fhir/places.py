"""Wards and organisations by their names, for encounters that refer to them and say no more:
https://hl7.org/fhir/R4/location.html and organization.html."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms import parsing
from mediflow_assets.transforms.fhir import codings
from mediflow_assets.transforms.fhir.elements import Element, text
from mediflow_assets.transforms.fhir.encounter import BEDS
from mediflow_assets.transforms.fhir.resources import texts_of
from mediflow_assets.transforms.fhir.rows import department, version
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.presumed import department_of
from mediflow_assets.transforms.validation import UNREAD

TYPES = ("Location", "Organization")
NAMED = "named_places"


def read(place: Element) -> dict[str, str | None]:
    """What a place is called; of a bed and a room nothing."""
    is_bed = codings.is_of_type(place.get("physicalType") or place.get("form"), *BEDS)
    return {"name": None if is_bed else text(place.get("name"))}


def told(bronze: DataFrame) -> DataFrame:
    """The department that each place is by the newest version that tells of it, by its type and id."""
    texts = texts_of(bronze.where(F.col("resource_type").isin(list(TYPES))), ("name",), read)
    cells = parsing.texts(texts, ("name", "last_updated", "version_id"), ("id",)).withColumns(version())
    dated = cells.where(F.col("id").isNotNull() & F.col(UNREAD).isNull())
    order = F.struct("updated_at", F.coalesce("version_number", F.lit(-1)), "_ingested_at", "_record_number")
    says = F.struct(department("name").alias("name"), "is_deleted")
    key = F.concat_ws("/", "resource_type", "id").alias("_place")
    newest = dated.groupBy(key).agg(F.max_by(says, order).alias("_says"))
    known = newest.where(~F.col("_says.is_deleted") & F.col("_says.name").isNotNull())
    return known.select("_place", F.col("_says.name").alias("_name"))


def with_departments(encounters: DataFrame, places: DataFrame) -> DataFrame:
    """Encounters without a department of their own, each with that of the first place it names that is told."""
    joined, names = encounters, []
    for rank in (1, 2):
        mine = places.select(F.col("_place").alias(f"_place_{rank}"), F.col("_name").alias(f"_name_{rank}"))
        named = F.substring_index(F.substring_index(F.col(NAMED), " ", rank), " ", -1)
        joined = with_few(joined, mine, named == F.col(f"_place_{rank}"))
        names.append(F.col(f"_name_{rank}"))
    found = F.coalesce(*names, department_of(F.col("encounter_class")), F.col("department"))
    return joined.withColumn("department", found).drop("_place_1", "_place_2", "_name_1", "_name_2")
