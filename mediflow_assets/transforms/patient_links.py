"""Bronze → what records state of patients who are one person."""

import json
import re
from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import fhir, merges
from mediflow_assets.contracts.bronze import differ_by_case
from mediflow_assets.contracts.identifiers import MRN, NAMESPACE, canonical
from mediflow_assets.contracts.merges import ACTIONS, UNREAD, WHOLE
from mediflow_assets.transforms import parsing
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.fhir import links
from mediflow_assets.transforms.fhir.resources import texts_of
from mediflow_assets.transforms.identifiers import unwrapped
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.patients import PROVENANCE, completed, stripped
from mediflow_assets.transforms.validation import UNREAD as UNREAD_RECORD
from mediflow_assets.transforms.validation import UNREADABLE, codes

MORE = _LINKS = "_links"
"""All links of a patient, as the JSON of FHIR's `Patient.link`; or what a record states besides, of `listed`."""
_TEXTS = ("survivor_namespace", "survivor_id", "merged_namespace", "merged_id", "kind", "source_system")
_TIMES = ("updated_at", "claimed_at")
_PLAIN = (*_TEXTS, *_TIMES, "version_number")
_SCHEMA = ", ".join(
    [f"{name} string" for name in _TEXTS]
    + [f"{name} timestamp" for name in _TIMES]
    + ["version_number bigint", "_delivery_id string", "_record_number bigint", "_ingested_at timestamp"]
)
_OF_PERSON = (("gender",), ("birth_date", "birth_precision"), ("death_date", "death_precision"), ("zip",))
"""What is read of patients outside Silver; a date goes with its precision."""
_ID, _TYPE = re.compile(fhir.ID_OF_REFERENCE), re.compile(fhir.TYPE_OF_REFERENCE)
_STATED = "stated"
Row = dict[str, object]
_LINK_KINDS = ("replaced-by", "replaces", "seealso", "refer")


def from_merges(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """The statements of a delivery of merges; one that says no action is a merge."""
    cells = ("surviving_namespace", "merged_namespace", "merged_at", "action")
    texts = parsing.texts(bronze, cells, ("surviving_patient_id", "merged_patient_id")).withColumn(
        "_feed", F.lit(None).cast("string")
    )
    typed = texts.withColumns(
        {
            "_at": feeds.timestamp("merged_at"),
            "kind": F.when(F.col("action").isNull(), "merge").otherwise(parsing.coded(F.col("action"), ACTIONS)),
        }
    )

    def whose(column: str) -> Column:
        return F.coalesce(F.lower(column), F.lit(feeds.namespaces[merges.SOURCE.system]))

    exact = ["", *(of for system, of in feeds.namespaces.items() if differ_by_case(system, of))]

    def spelled(id_: str, namespace: str) -> Column:
        return F.when(whose(namespace).isin(exact), F.col(id_)).otherwise(unwrapped(F.col(id_)))

    return typed.select(
        whose("surviving_namespace").alias("survivor_namespace"),
        spelled("surviving_patient_id", "surviving_namespace").alias("survivor_id"),
        whose("merged_namespace").alias("merged_namespace"),
        spelled("merged_patient_id", "merged_namespace").alias("merged_id"),
        F.coalesce("kind", F.lit("merge")).alias("kind"),
        F.lit(merges.SOURCE.system).alias("source_system"),
        *_stated(F.col("_at")),
        F.lit(None).cast("bigint").alias("version_number"),
        F.lit(None).cast("string").alias(_LINKS),
        codes(
            parsing.unreadable("merged_at_unreadable", F.col("merged_at"), F.col("_at")),
            parsing.unreadable("action_unknown", F.col("action"), F.col("kind")),
        ).alias(UNREADABLE),
        *PROVENANCE,
    )


def from_fhir(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """What FHIR's patients say of their links: all of them where there are any, none where a patient is active.

    A version that tells neither says nothing, and has no kind.
    """
    system = fhir.SOURCE.system
    texts = texts_of(bronze, links.COLUMNS, links.read).withColumns(
        {
            "_id": F.when(~F.col("is_deleted"), parsing.given(F.col("id"))),
            "version_number": parsing.integer(parsing.given(F.col("version_id"))),
            _LINKS: F.col("links"),
        }
    )
    says = F.col(_LINKS).isNotNull() | F.col("active").isNotNull()
    mine: dict[str, Column] = {
        **dict.fromkeys(("survivor_namespace", "merged_namespace"), F.lit(feeds.namespaces[system])),
        **dict.fromkeys(("survivor_id", "merged_id"), F.when(says, F.col("_id"))),
        "kind": F.when(says, F.lit(WHOLE)),
        "source_system": F.lit(system),
    }
    columns = [column.alias(name) for name, column in mine.items()]
    columns += _stated(parsing.timestamp(parsing.given(F.col("last_updated"))))
    return texts.select(*columns, "version_number", _LINKS, codes(F.col(UNREAD_RECORD)).alias(UNREADABLE), *PROVENANCE)


def stated_by(texts: DataFrame, system: str, feeds: FeedReader) -> DataFrame:
    """The statements of a system's records that are read already: whose, who, `kind` and when, as texts, and `MORE`."""

    def spelled(id_: str) -> Column:
        return F.upper(unwrapped(F.col(id_)))

    return texts.select(
        "survivor_namespace",
        spelled("survivor_id").alias("survivor_id"),
        "merged_namespace",
        spelled("merged_id").alias("merged_id"),
        "kind",
        F.lit(system).alias("source_system"),
        *_stated(feeds.timestamp("updated_at")),
        F.col("version_number").try_cast("bigint").alias("version_number"),
        F.col(MORE).alias(_LINKS),
        F.array().cast("array<string>").alias(UNREADABLE),
        F.col("survivor_namespace").alias(NAMESPACE),
        *PROVENANCE,
    )


def listed(stated: list[dict[str, str | None]]) -> str | None:
    """What a record states besides, as one text; None where that is nothing."""
    return json.dumps([{_STATED: each} for each in stated]) if stated else None


def statements(rows: DataFrame, record_number: str | None = None) -> DataFrame:
    """One row for each statement: beside a patient's own row one for each of his links."""

    def _each_link(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            said = [each for row in batch.to_pylist() for each in links_of(row, record_number)]
            schema = pa.schema([field for field in batch.schema if field.name != _LINKS])
            yield pa.RecordBatch.from_pylist(said, schema=schema)

    plain = rows.where(F.col("kind").isNotNull()).select(*_PLAIN, *PROVENANCE)
    linked = rows.where(F.col(_LINKS).isNotNull()).select(_LINKS, *_PLAIN, *PROVENANCE)
    return plain.unionByName(linked.mapInArrow(_each_link, _SCHEMA))


def of_survivors(frame: DataFrame, merged: DataFrame) -> DataFrame:
    """Rows under the keys of those who survive, by `silver/merged_patients`."""
    few = merged.select(F.col("patient_key").alias("_merged_key"), F.col("survivor_key").alias("_survivor_key"))
    joined = with_few(frame, few, F.col("patient_key") == F.col("_merged_key"))
    key = F.coalesce("_survivor_key", "patient_key")
    return joined.withColumn("patient_key", key).select(*frame.columns)


def survivors_of(patients: DataFrame, merged: DataFrame) -> DataFrame:
    """The patients who survive. What their own records do not tell is what the newest of the merged ones tells.

    A survivor is deleted where all of them are.
    """
    few = merged.select(F.col("patient_key").alias("_merged_key"), F.col("survivor_key").alias("_survivor_key"))
    joined = stripped(with_few(patients, few, F.col("patient_key") == F.col("_merged_key")))
    theirs = joined.where(F.col("_merged_key").isNotNull()).groupBy(F.col("_survivor_key").alias("_of"))
    told = theirs.agg(*map(_newest, _OF_PERSON), F.bool_and(F.coalesce("is_ended", F.lit(False))).alias("_are_ended"))
    own = with_few(joined.where(F.col("_merged_key").isNull()), told, F.col("patient_key") == F.col("_of"))
    filled = {
        name: F.when(F.col(names[0]).isNotNull(), F.col(name)).otherwise(F.col(f"_{names[0]}")[name])
        for names in _OF_PERSON
        for name in names
    }
    filled["is_ended"] = F.col("is_ended") & F.coalesce("_are_ended", F.lit(True))
    return completed(own.withColumns(filled)).select(*patients.columns)


def _newest(names: tuple[str, ...]) -> Column:
    """What the newest row that gives the first of these columns says of all of them."""
    order = F.when(F.col(names[0]).isNotNull(), F.struct("updated_at", *names))
    return F.max_by(F.struct(*names), order).alias(f"_{names[0]}")


def _stated(claimed: Column) -> list[Column]:
    """When something was stated: as the source says, unless that is after its delivery arrived; then the claim as well,
    by which it keeps its place among what arrived with it."""
    arrived = F.col("_ingested_at")
    at = F.least(F.coalesce(claimed, arrived), arrived)
    return [at.alias("updated_at"), F.when(claimed > arrived, claimed).alias("claimed_at")]


def links_of(row: Row, record_number: str | None = None) -> list[Row]:
    """The statements of a patient's links; one to something that is no patient says nothing here. An identifier of the
    system of record numbers names a patient as a reference does."""
    mine = {name: value for name, value in row.items() if name != _LINKS}
    found: dict[tuple[str, object], Row] = {}
    for link in json.loads(str(row[_LINKS])):
        if _STATED in link:
            found[str(len(found)), None] = mine | link[_STATED]
            continue
        kind, reference = link.get("type"), link.get("other")
        if kind not in _LINK_KINDS:
            continue
        role = "merged" if kind == "replaces" else "survivor"
        if number := numbered_patient(reference, record_number):
            found[kind, (MRN, number)] = mine | {"kind": kind, f"{role}_namespace": MRN, f"{role}_id": number}
        elif (other := other_patient(reference)) and other != row["merged_id"]:
            found[kind, other] = mine | {"kind": kind, f"{role}_id": other}
        elif not isinstance(reference, dict) or "?" in str(reference.get("reference") or "?"):
            found[UNREAD, None] = mine | {"kind": UNREAD}
    return list(found.values())


def numbered_patient(reference: object, system: str | None) -> str | None:
    """The record number of the hospital that a logical reference consists of."""
    said = reference if isinstance(reference, dict) and not reference.get("reference") else {}
    identifier = said.get("identifier")
    if system is None or not isinstance(identifier, dict) or identifier.get("system") != system:
        return None
    return canonical(str(identifier.get("value") or "")) or None


def other_patient(reference: object) -> str | None:
    """The id that a reference to a patient ends in."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    if not isinstance(text, str):
        return None
    named, type_ = _ID.search(text), _TYPE.search(text)
    return named[1] if named and (not type_ or type_[1] == "Patient") else None
