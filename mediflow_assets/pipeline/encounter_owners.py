"""Whose an encounter is. An id that stands under two patients is of the one whose record came first.

First is what was received first; of one time, what is of the lesser delivery, then of the lesser record number: so it
is the same patient in whatever order deliveries are validated. Every other record of that id is quarantined.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.validation import OF_ANOTHER_PATIENT, REASONS, is_accepted

_ID, _PATIENT = "encounter_id", "patient_id"
_PLACE = ("_ingested_at", "_delivery_id", "_record_number")
_OWNED, _OWNER = "_owned_encounter", "_owner"


@dataclass(frozen=True)
class Owners:
    """The patient of each contested encounter; `are_sure` is false where only all of Bronze tells who came first."""

    patients: Mapping[str, str]
    are_sure: bool = True

    def mark(self, context: RunContext, validated: DataFrame) -> DataFrame:
        """The validated records, those of another patient with that reason."""
        if not self.patients:
            return validated
        rows = sorted(self.patients.items())
        owners = context.tables.session().createDataFrame(rows, f"{_OWNED} string, {_OWNER} string")
        beside = with_few(validated, owners, F.col(_ID) == F.col(_OWNED))
        is_of_another = F.col(_OWNER).isNotNull() & (F.col(_PATIENT) != F.col(_OWNER)) & is_accepted()
        reasons = F.when(is_of_another, F.array(F.lit(OF_ANOTHER_PATIENT))).otherwise(F.col(REASONS))
        return beside.withColumn(REASONS, reasons).select(*validated.columns)


def owners(context: RunContext, accepted: DataFrame) -> Owners:
    """Whose the encounters are that accepted records, or these and Silver, tell of several patients."""
    with storage_errors(f"{silver.ENCOUNTERS.name} owners"):
        ids = _contested(context, accepted)
        if not ids:
            return Owners({})
        wanted = context.tables.session().createDataFrame([(id_,) for id_ in ids], f"{_OWNED} string")
        arrived, stored = _first(wanted, accepted), _first(wanted, context.tables.read(silver.ENCOUNTERS))
    found = {}
    are_sure = True
    for id_ in ids:
        (place, patient), kept = arrived[id_], stored.get(id_)
        # Silver's row is of its patient's newest version: what came before that may have come before the oldest too
        are_sure = are_sure and (kept is None or patient == kept[1] or place > kept[0])
        found[id_] = patient if kept is None else kept[1]
    return Owners(found, are_sure)


def _contested(context: RunContext, accepted: DataFrame) -> list[str]:
    # not by a count of distinct patients, which takes several times as long
    claims = accepted.groupBy(_ID).agg(F.min(_PATIENT).alias("_one"), F.max(_PATIENT).alias("_other"))
    contested = claims.where(F.col("_one") != F.col("_other")).select(_ID)
    if context.lake.rows(silver.ENCOUNTERS):
        stored = context.tables.read(silver.ENCOUNTERS).select(F.col(_ID).alias(_OWNED), F.col(_PATIENT).alias(_OWNER))
        known = claims.join(stored, F.col(_ID) == F.col(_OWNED))
        is_of_another = (F.col("_one") != F.col(_OWNER)) | (F.col("_other") != F.col(_OWNER))
        contested = contested.unionByName(known.where(is_of_another).select(_ID)).distinct()
    return sorted(row[0] for row in contested.collect())


def _first(wanted: DataFrame, records: DataFrame) -> dict[str, tuple[tuple[Any, ...], str]]:
    """The place and the patient of each encounter's first record."""
    mine = wanted.join(records, F.col(_ID) == F.col(_OWNED))
    first = mine.groupBy(_ID).agg(F.min(F.struct(*_PLACE, _PATIENT)).alias("_first"))
    columns = [F.col(f"_first.{name}").alias(name) for name in (*_PLACE, _PATIENT)]
    return {row[0]: (tuple(row[1:4]), row[4]) for row in first.select(_ID, *columns).collect()}
