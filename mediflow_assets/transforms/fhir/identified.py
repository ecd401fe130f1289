"""Patients and encounters by the identifiers that they bear, and rows that name them so."""

from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import borne, fhir
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.fhir.elements import Element, several
from mediflow_assets.transforms.fhir.resources import texts_of
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.validation import NOT_ADMITTED, REASONS, WAITING, codes

_NAMED_BY = {"patient_id": "Patient", "encounter_id": "Encounter"}
"""Columns that may name somebody by an identifier, and the type of whom they name."""
_AWAITED = {"patient_id": WAITING, "encounter_id": NOT_ADMITTED}
_NAME, _BEARER, _TYPE = "_name", "_bearer", "_type"


def read(resource: Element) -> dict[str, str | None]:
    """The names by which a resource may be meant: a line for each identifier that it bears, or bore."""
    names = (borne.by_identifier(each) for each in several(resource.get("identifier")))
    return {"names": "\n".join(dict.fromkeys(name for name in names if name and "\n" not in name)) or None}


def bearers(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Names, and who is meant by each: of those that several bear nobody."""
    wanted = bronze.where(F.col("resource_type").isin(*borne.TYPES) & F.col("resource").contains('"identifier"'))
    texts = texts_of(wanted, ("names",), read).where(F.col("id").isNotNull() & F.col("names").isNotNull())
    told = texts.select("resource_type", "id", F.explode(F.split("names", "\n")).alias(_NAME))
    spelled = feeds.spelling(fhir.SOURCE.system)(told, ("id", _NAME))
    found = spelled.groupBy("resource_type", _NAME).agg(F.min("id").alias("_first"), F.max("id").alias("_last"))
    alone = found.where(F.col("_first") == F.col("_last"))
    return alone.select(F.col("resource_type").alias(_TYPE), _NAME, F.col("_first").alias(_BEARER))


def named_by_id(rows: DataFrame, known: DataFrame, own: str) -> DataFrame:
    """Rows, those that name a patient or an encounter by an identifier with the id of who bears it. `own` names the
    column of what they name themselves."""
    for column, kind in _NAMED_BY.items():
        if column != own:
            of_kind = known.where(F.col(_TYPE) == kind).select(_NAME, _BEARER)
            joined = with_few(rows, of_kind, F.col(column) == F.col(_NAME))
            rows = joined.withColumn(column, F.coalesce(_BEARER, column)).drop(_NAME, _BEARER)
    return rows


def is_named_so(own: str) -> Column:
    """Whether a row names somebody by an identifier."""
    return reduce(or_, (_is_marked(column) for column in _NAMED_BY if column != own))


def waiting_for_bearers(validated: DataFrame, own: str) -> DataFrame:
    """The same, against those of whose patient or encounter nothing but such a name is known that these have not come
    yet."""
    others = reduce(F.array_remove, _AWAITED.values(), F.col(REASONS))
    lacks = [
        F.when(F.array_contains(REASONS, reason) | (_is_marked(column) if column != own else F.lit(False)), reason)
        for column, reason in _AWAITED.items()
    ]
    awaited = F.when(F.size(others) == 0, codes(*lacks)).otherwise(F.col(REASONS))
    return validated.withColumn(REASONS, awaited)


def _is_marked(column: str) -> Column:
    return F.coalesce(F.col(column).startswith(borne.MARK), F.lit(False))
