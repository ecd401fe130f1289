"""Taking the planned rows out of every table, with the sums kept right. Each write may be made again."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import TABLES, bronze, erasure, links, omop, silver
from mediflow_assets.contracts.erasure import SUBJECT_KEYS
from mediflow_assets.contracts.omop.ids import number_of
from mediflow_assets.ingest import erased_counts
from mediflow_assets.pipeline import renewal
from mediflow_assets.privacy.erasure.journal import Erasure, Plan
from mediflow_assets.privacy.erasure.mentions import SHORTEST, mentioning
from mediflow_assets.privacy.erasure.reading import table_of
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.rewriting import blank, delete_rows, either, one_of


def remove(lake: Lake, asked: Erasure, plan: Plan) -> None:
    """Count what goes, settle the sums of Silver, then delete: Bronze, quarantine, and every row under their keys."""
    _count(lake, asked, plan)
    _commit(lake, asked, plan)
    for name, of in plan.records.items():
        delete_rows(lake, table_of(name), _records(of))
        delete_rows(lake, silver.QUARANTINE, one_of("source", [name]) & _records(of))
        for kept in (links.PATIENT_LINKS, *silver.VERSIONS.values()):
            delete_rows(lake, kept, _records(of))
    for contract in TABLES.values():
        named = [name for name in SUBJECT_KEYS if name in contract.by_name and contract.key[0] != "bronze"]
        if named:
            delete_rows(lake, contract, either(one_of(name, plan.keys[name]) for name in named))
        if contract.key[0] == omop.ZONE and "person_id" in contract.by_name:
            delete_rows(lake, contract, pc.field("person_id").isin(_persons(plan)))
        if "extra" in contract.by_name:
            blank(lake, contract, "extra", mentioning("extra", plan.named))
    renewal.forget(lake)
    _forget_file_names(lake, plan)


def _persons(plan: Plan) -> pa.Array:
    """What stands for people in the OMOP tables, which have no pseudonym beside each row."""
    return pa.array(plan.persons or map(number_of, plan.keys["patient_key"]), pa.int64())


def _count(lake: Lake, asked: Erasure, plan: Plan) -> None:
    lake.ensure(erasure.ERASED)
    if plan.erased and not lake.holds(erasure.ERASED, asked.erasure_id):
        rows = [
            erased_counts.row(asked.erasure_id, table, delivery, n, asked.asked) for table, delivery, n in plan.erased
        ]
        lake.append_rows(erasure.ERASED, rows, transaction=asked.erasure_id)


def _commit(lake: Lake, asked: Erasure, plan: Plan) -> None:
    """Take what goes out of `processed`: its sums are of records that are there, so that a rebuild agrees with them."""
    if not plan.validated or lake.holds(silver.PROCESSED, asked.erasure_id):
        return
    going = {(target, delivery): (records, held) for target, delivery, records, held in plan.validated}
    rows = lake.read(silver.PROCESSED).to_pylist()
    for row in rows:
        # once: a partition of events has a row for each time it was validated
        records, held = going.pop((row["target_table"], row["_delivery_id"]), (0, 0))
        row["records"] -= records
        row["quarantined"] -= held
        row["accepted"] -= records - held
    lake.overwrite_rows(silver.PROCESSED, rows, transaction=asked.erasure_id)


def _forget_file_names(lake: Lake, plan: Plan) -> None:
    """A file of one patient's records is often named after the patient."""
    ledger = lake.read(bronze.DELIVERIES, ["delivery_id", "file_name", "source"]).to_pylist()
    touched = {delivery for of in plan.records.values() for delivery in of}
    left = {row["delivery_id"] for row in ledger if row["delivery_id"] in touched and not _is_empty(lake, row)}
    named = {
        row["delivery_id"]
        for row in ledger
        if row["file_name"] and (row["delivery_id"] in touched - left or _names(row["file_name"], plan))
    }
    if named:
        blank(lake, bronze.DELIVERIES, "file_name", one_of("delivery_id", named))


def _names(file_name: str, plan: Plan) -> bool:
    return any(len(each) >= SHORTEST and each.lower() in file_name.lower() for each in plan.identifiers)


def _is_empty(lake: Lake, row: Mapping[str, str]) -> bool:
    contract = bronze.SOURCES[row["source"]].table
    table = lake.open(contract)
    wanted = one_of("_delivery_id", [row["delivery_id"]])
    return table is None or lake.dataset(contract, table).count_rows(filter=wanted) == 0


def _records(of: Mapping[str, tuple[int, ...]]) -> Any:
    return either(
        one_of("_delivery_id", [delivery]) & pc.field("_record_number").isin(pa.array(numbers, pa.int64()))
        for delivery, numbers in of.items()
    )
