"""Whose an encounter or a condition is. An id that stands under two patients is of the one whose record came first.

First is what was received first; of one time, what is of the lesser delivery, then of the lesser record number: so it
is the same patient in whatever order deliveries are validated. Every other record of that id is quarantined, but those
of patients who are merged with that one, as the merges that have arrived stand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import links, silver
from mediflow_assets.contracts.identifiers import NAMESPACE
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.buckets import ALL, Buckets, of_bucket
from mediflow_assets.pipeline.merge_graph import Person
from mediflow_assets.pipeline.merged import merged_pairs
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.validation import REASONS, is_accepted, of_another_patient

_PATIENT = "patient_id"
Key = tuple[str, str]
"""Namespace and id."""
_PLACE = ("_ingested_at", "_delivery_id", "_record_number")
MERGES_VERSION, THROUGH_MERGES = "merges_version", "owned_through_merges"
"""Notes of a table: by which merges it was validated, and whether a row is of several patients by these."""
_OF, _OWNED, _OWNER = "_of_namespace", "_owned", "_owner"


@dataclass(frozen=True)
class Owners:
    """The patient of each contested key, by all ids; `are_sure` is false where only all of Bronze tells who came
    first."""

    contract: TableContract
    patients: Mapping[Key, Sequence[str]]
    are_sure: bool = True
    merges_version: int = -1

    @property
    def notes(self) -> dict[str, int | bool]:
        """What the table keeps of the merges by which it was validated."""
        through = any(len(ids) > 1 for ids in self.patients.values())
        found: dict[str, int | bool] = {MERGES_VERSION: self.merges_version}
        return found | {THROUGH_MERGES: True} if through else found

    def mark(self, context: RunContext, validated: DataFrame) -> DataFrame:
        """The validated records, those of another patient with that reason."""
        if not self.patients:
            return validated
        rows = [(*key, patients) for key, patients in sorted(self.patients.items())]
        owners = context.tables.session().createDataFrame(
            rows, f"{_OF} string, {_OWNED} string, {_OWNER} array<string>"
        )
        beside = with_few(validated, owners, _is_it(self.contract))
        is_of_another = F.col(_OWNER).isNotNull() & ~F.array_contains(_OWNER, F.col(_PATIENT)) & is_accepted()
        reasons = F.when(is_of_another, F.array(F.lit(of_another_patient(self.contract)))).otherwise(F.col(REASONS))
        return beside.withColumn(REASONS, reasons).select(*validated.columns)


def owners(context: RunContext, contract: TableContract, accepted: DataFrame, buckets: Buckets = ALL) -> Owners:
    """Whose the rows of a table are that accepted records, or these and Silver, tell of several patients."""
    version = context.lake.version(links.MERGED_PATIENTS)
    with storage_errors(f"{contract.name} owners"):
        each = (_contested(context, contract, of_bucket(accepted, bucket)) for bucket in buckets)
        ids = sorted(id_ for some in each for id_ in some)
        if not ids:
            return Owners(contract, {}, merges_version=version)
        wanted = context.tables.session().createDataFrame(ids, f"{_OF} string, {_OWNED} string")
        tables = (accepted, context.tables.read(contract))
        arrived, stored = (_first(contract, wanted, each) for each in tables)
    same, found, are_sure = same_people(context.lake), {}, True
    for id_ in ids:
        (place, patient), kept = arrived[id_], stored.get(id_)
        owner = patient if kept is None else kept[1]
        found[id_] = same.get((id_[0], owner), [owner])
        # Silver's row is of its patient's newest version: what came before that may have come before the oldest too
        are_sure = are_sure and (kept is None or patient in found[id_] or place > kept[0])
    return Owners(contract, found, are_sure, version)


def same_people(lake: Lake) -> dict[Person, list[str]]:
    """Each patient who is merged or survives, with all ids of that person in the namespace."""
    of_survivor: dict[Person, list[Person]] = {}
    for one, survivor in merged_pairs(lake):
        of_survivor.setdefault(survivor, [survivor]).append(one)
    groups = [sorted(group) for group in of_survivor.values()]
    return {person: [id_ for of, id_ in group if of == person[0]] for group in groups for person in group}


def are_changed_by_merges(lake: Lake, contract: TableContract) -> bool:
    """Whether merges that have changed may tell otherwise whose the rows of a table are."""
    noted = lake.property_of(contract, MERGES_VERSION)
    if noted == lake.version(links.MERGED_PATIENTS) or not lake.rows(silver.PROCESSED):
        return False
    if lake.property_of(contract, THROUGH_MERGES):
        return True
    if not (people := same_people(lake)):
        return False
    wanted = pc.field("target_table").isin([contract.name]) & pc.field("record_patient_id").is_valid()
    held = lake.read(silver.QUARANTINE, ["id_namespace", "record_patient_id", "reasons"], wanted).to_pylist()
    contested = [row for row in held if of_another_patient(contract) in row["reasons"]]
    return any((row["id_namespace"], row["record_patient_id"]) in people for row in contested)


def _is_it(contract: TableContract) -> Column:
    return (F.col(contract.primary_key[-1]) == F.col(_OWNED)) & (F.col(NAMESPACE) == F.col(_OF))


def _contested(context: RunContext, contract: TableContract, accepted: DataFrame) -> list[Key]:
    id_ = contract.primary_key[-1]
    # not by a count of distinct patients, which takes several times as long
    claims = accepted.groupBy(NAMESPACE, id_).agg(F.min(_PATIENT).alias("_one"), F.max(_PATIENT).alias("_other"))
    contested = claims.where(F.col("_one") != F.col("_other")).select(NAMESPACE, id_)
    if context.lake.rows(contract):
        names = {NAMESPACE: _OF, id_: _OWNED, _PATIENT: _OWNER}
        stored = context.tables.read(contract)
        stored = stored.select(*(F.col(name).alias(theirs) for name, theirs in names.items()))
        known = claims.join(stored, _is_it(contract))
        is_of_another = (F.col("_one") != F.col(_OWNER)) | (F.col("_other") != F.col(_OWNER))
        contested = contested.unionByName(known.where(is_of_another).select(NAMESPACE, id_)).distinct()
    return [(row[0], row[1]) for row in contested.collect()]


def _first(contract: TableContract, wanted: DataFrame, records: DataFrame) -> dict[Key, tuple[tuple[Any, ...], str]]:
    """The place and the patient of each key's first record."""
    id_ = contract.primary_key[-1]
    mine = wanted.join(records, _is_it(contract))
    first = mine.groupBy(NAMESPACE, id_).agg(F.min(F.struct(*_PLACE, _PATIENT)).alias("_first"))
    columns = [F.col(f"_first.{name}").alias(name) for name in (*_PLACE, _PATIENT)]
    rows = first.select(NAMESPACE, id_, *columns).collect()
    return {(row[0], row[1]): (tuple(row[2:5]), row[5]) for row in rows}
