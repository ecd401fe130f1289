"""FHIR's observations, procedures, medications and claims as rows of Silver."""

from collections.abc import Mapping, Sequence
from types import ModuleType

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical as c
from mediflow_assets.contracts import fhir
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.transforms import parsing
from mediflow_assets.transforms.clinical import ENCOUNTER, ID, PATIENT, Begun, measured, of_system, shaped
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.fhir import (
    allergy,
    claim,
    medication,
    never_was,
    observation,
    procedure,
    published_codes,
)
from mediflow_assets.transforms.fhir.resources import texts_of
from mediflow_assets.transforms.fhir.rows import version
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.validation import UNREAD

_IDS = (ID, PATIENT, ENCOUNTER)
MEDICATION = "Medication"
OF_MEDICATION = ("code", "system", "local_code", "text")
"""What a Medication resource tells of those who refer to it."""
TOLD = "_medication_"
_USD = "USD"


def observations_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Observation resources."""
    texts = _texts(bronze, feeds, observation)
    is_category = F.col("category").isin(list(c.CATEGORIES))
    value = measured("value", "unit")
    found = {
        "category": F.when(is_category, F.col("category")),
        **_coded(),
        **value,
        "value_text": F.coalesce(value["value_text"], F.col("part_texts")),
        "components": F.col("components"),
    }
    return _shaped(texts, feeds, c.OBSERVATIONS, Begun("observed", "begin"), found)


def procedures_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Procedure resources."""
    texts = _texts(bronze, feeds, procedure)
    return _shaped(texts, feeds, c.PROCEDURES, Begun("performed", "begin", "end"), _coded())


def medications_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Resources of what was ordered, dispensed, given or stated, and immunizations."""
    texts = _texts(bronze, feeds, medication, are_of_types=True)
    found = {"kind": F.col("kind"), **_coded(), "named_medication": F.col("named")}
    return _shaped(texts, feeds, c.MEDICATIONS, Begun("started", "begin", "end"), found)


def allergies_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """AllergyIntolerance resources."""
    texts = _texts(bronze, feeds, allergy)
    words = {"category": c.ALLERGY_CATEGORIES, "criticality": c.CRITICALITIES}
    closed = {name: F.when(F.col(name).isin(list(known)), F.col(name)) for name, known in words.items()}
    told = {name: F.col(name) for name in ("kind", "severity", "reactions")}
    return _shaped(texts, feeds, c.ALLERGIES, Begun("noted", "begin", "end"), {**closed, **told, **_coded()})


def medications_told(bronze: DataFrame) -> DataFrame:
    """The codes of Medication resources, as the newest version of each tells them; of those that tell something."""
    cells = (*published_codes.COLUMNS, "last_updated", "version_id")
    wanted = bronze.where(F.col("resource_type") == MEDICATION)
    texts = texts_of(wanted, published_codes.COLUMNS, medication.read_medication)
    typed = parsing.texts(texts, cells, (ID,)).withColumns(_coded())
    dated = typed.withColumns(version()).where(F.col(ID).isNotNull() & F.col(UNREAD).isNull())
    place = F.struct(
        "updated_at", F.coalesce("claimed_at", "updated_at"), F.coalesce("version_number", F.lit(-1)),
        "_ingested_at", "_record_number", "_delivery_id",
    )  # fmt: skip
    told = F.struct(*(F.col(name).alias(name) for name in OF_MEDICATION), "is_deleted")
    newest = dated.groupBy(ID).agg(F.max_by(told, place).alias("_told"))
    tells = F.coalesce(*(F.col(f"_told.{name}") for name in ("code", "local_code", "text"))).isNotNull()
    newest = newest.where(tells & ~F.col("_told.is_deleted"))
    columns = (F.col(f"_told.{name}").alias(f"{TOLD}{name}") for name in OF_MEDICATION)
    return newest.select(F.col(ID).alias(f"{TOLD}{ID}"), *columns)


def with_named(rows: DataFrame, told: DataFrame) -> DataFrame:
    """Medications, those that a Medication resource tells with its code; what that has no words for keeps its own."""
    joined = with_few(rows, told, F.col("named_medication") == F.col(f"{TOLD}{ID}"))
    is_told = F.col(f"{TOLD}{ID}").isNotNull()
    theirs = {name: F.when(is_told, F.col(f"{TOLD}{name}")).otherwise(F.col(name)) for name in OF_MEDICATION}
    theirs["text"] = F.coalesce(f"{TOLD}text", "text")
    return joined.withColumns(theirs).drop(*(f"{TOLD}{name}" for name in (ID, *OF_MEDICATION)))


def claims_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Claim and ExplanationOfBenefit resources: the payment of the latter is kept apart from what was billed."""
    texts = _texts(bronze, feeds, claim, are_of_types=True)
    amounts = {name: parsing.money(F.col(name)) for name in ("total", "paid")}
    told = F.col("answers")
    found = {
        "kind": F.col("kind"),
        "claim_type": F.col("type"),
        "answered_claim_id": told,
        "total_usd": amounts["total"],
        "paid_usd": amounts["paid"],
    }
    unread = [parsing.unreadable(f"{name}_unreadable", F.col(name), read) for name, read in amounts.items()]
    other = F.when(F.col("currency") != _USD, F.lit("currency_not_usd"))
    return _shaped(texts, feeds, c.CLAIMS, Begun("served", "begin"), found, (*unread, other), ())


def _shaped(
    texts: DataFrame,
    feeds: FeedReader,
    contract: TableContract,
    begun: Begun,
    found: Mapping[str, Column],
    unreadable: Sequence[Column] = (),
    told_by: Sequence[str] = ("code",),
) -> DataFrame:
    return shaped(texts, feeds, contract, begun, _told(found), (F.col(UNREAD), *unreadable), told_by)


def _texts(bronze: DataFrame, feeds: FeedReader, reader: ModuleType, *, are_of_types: bool = False) -> DataFrame:
    columns: Sequence[str] = reader.COLUMNS
    texts = texts_of(bronze, columns, reader.read)
    if are_of_types:
        # an id is one within its type only
        texts = texts.withColumn(ID, F.concat_ws("/", F.when(F.col(ID).isNotNull(), F.col("resource_type")), ID))
    cells = [name for name in (*columns, "last_updated", "version_id") if name not in _IDS]
    return feeds.spelling(fhir.SOURCE.system)(parsing.texts(texts, cells, _IDS), _IDS)


def _coded() -> dict[str, Column]:
    # a code that has not the form of its system's is local, whatever it says
    is_one = F.lit(False)
    for system, form in c.FORMS.items():
        is_one = is_one | ((F.col("system") == system) & F.upper("code").rlike(form))
    return {
        "code": F.when(is_one, of_system(F.upper("code"), F.col("system"))),
        "system": F.when(is_one, F.col("system")),
        "local_code": F.when(F.coalesce(~is_one, F.lit(True)), F.coalesce("code", "local_code")),
        "text": F.col("description"),
    }


def _told(found: Mapping[str, Column]) -> dict[str, Column]:
    return {
        **found,
        "status": F.lower("status"),
        "source_system": F.lit(fhir.SOURCE.system),
        "is_end": F.col("is_deleted") | F.col(never_was.COLUMN).isNotNull(),
        **version(),
    }
