"""Links between patients: what was stated of merges, who counts under whom, and the same by keys alone."""

from dataclasses import replace

from mediflow_assets.contracts.bronze import PROVENANCE, SOURCES
from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.merges import KINDS, UNREAD, WHOLE
from mediflow_assets.contracts.source import LINKS
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, Severity, TableContract, Type
from mediflow_assets.contracts.unusable_ids import id_checks
from mediflow_assets.contracts.versions import VERSION_NUMBER

P, T = Privacy, Type
Q = Severity.QUARANTINE
_TELLING = tuple(source for source in SOURCES.values() if LINKS in source.by_target)


def _person(role: str, namespace: str, id_: str) -> tuple[Column, Column]:
    return (
        Column(namespace, T.STRING, "whose id it is", P.TECHNICAL, drop(), nullable=False),
        Column(id_, T.STRING, role, P.RECORD_NUMBER, drop(), nullable=False),
    )


def _derived(column: Column) -> Column:
    if column in PROVENANCE:
        return replace(column, derived_from=tuple(f"{s.table.name}.{column.name}" for s in _TELLING))
    return replace(column, derived_from=tuple(o for s in _TELLING for o in s.origins(LINKS, (column.name,))))


def _stated(column: Column) -> Column:
    return replace(column, derived_from=(f"{LINKS}.{column.name}",))


_ARE_ONE = "survivor_namespace = merged_namespace AND upper(survivor_id) = upper(merged_id)"
MERGED_INTO_ITSELF = f"kind NOT IN ('{WHOLE}', '{UNREAD}') AND {_ARE_ONE}"
PATIENT_LINKS = TableContract(
    ("silver", "patient_links"),
    "What was ever stated of patients who are one person: merges, their undoing, and links that merge nobody.",
    Audience.PIPELINE,
    tuple(
        map(
            _derived,
            (
                *_person("who stays", "survivor_namespace", "survivor_id"),
                *_person("who is merged into him", "merged_namespace", "merged_id"),
                Column("kind", T.STRING, ", ".join(KINDS), P.TECHNICAL, drop(), nullable=False),
                Column("source_system", T.STRING, "who says so", P.TECHNICAL, drop(), nullable=False),
                Column("updated_at", T.TIMESTAMP, "when it was stated", P.DATE, drop(), nullable=False),
                Column("claimed_at", T.TIMESTAMP, "the time claimed, where it is after the arrival", P.DATE, drop()),
                VERSION_NUMBER,
                *PROVENANCE,
            ),
        )
    ),
    primary_key=("_delivery_id", "_record_number", "kind", "survivor_namespace", "survivor_id", "merged_namespace",
                 "merged_id"),
    checks=(
        # a record that says nothing of links has no kind, and is of no interest here
        RowCheck("survivor_id_missing", "kind IS NOT NULL AND survivor_id IS NULL", Q),
        RowCheck("merged_id_missing", "kind IS NOT NULL AND merged_id IS NULL", Q),
        *id_checks("survivor_id"),
        *id_checks("merged_id"),
        RowCheck("merged_into_itself", MERGED_INTO_ITSELF, Q),
        RowCheck("link_unreadable", f"kind = '{UNREAD}'", Severity.WARN,
                 "a link names its patient neither by a reference nor by a record number"),
    ),
)  # fmt: skip

_KEY = Column("patient_key", T.STRING, "keyed pseudonym of the merged patient", P.PSEUDONYM, drop(), nullable=False,
              derived_from=("silver/patients.patient_key",))  # fmt: skip
_SURVIVOR_KEY = replace(_KEY, name="survivor_key", description="keyed pseudonym under which he counts")

MERGED_PATIENTS = TableContract(
    ("silver", "merged_patients"),
    "Patients whose records count under another's key, as all statements together say. Without merges it is empty.",
    Audience.PIPELINE,
    (
        *map(_stated, _person("the merged patient", "merged_namespace", "merged_id")),
        *map(_stated, _person("who stays, at the end of a chain", "survivor_namespace", "survivor_id")),
        _KEY,
        _SURVIVOR_KEY,
        Column("is_in_cycle", T.BOOLEAN, "merged in a circle, of which the latest survivor stays", P.TECHNICAL, drop(),
               nullable=False, derived_from=("silver/patient_links.kind",)),
        Column("is_contested", T.BOOLEAN, "merged into several, of whom the latest counts", P.TECHNICAL, drop(),
               nullable=False, derived_from=("silver/patient_links.kind",)),
    ),
    primary_key=("merged_namespace", "merged_id"),
    checks=(
        RowCheck("merged_in_a_circle", "is_in_cycle", Severity.WARN),
        RowCheck("merged_into_several", "is_contested", Severity.WARN),
    ),
)  # fmt: skip

MERGED_KEYS = TableContract(
    ("gold", "merged_keys"),
    "The key under which a merged patient's key is known in Gold and masked tables.",
    Audience.GATEWAY,
    tuple(replace(column, derived_from=(f"{MERGED_PATIENTS.name}.{column.name}",)) for column in (_KEY, _SURVIVOR_KEY)),
    primary_key=("patient_key",),
)

TABLES = (MERGED_PATIENTS, MERGED_KEYS)
