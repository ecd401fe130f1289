"""Erasure: how many records of each delivery are gone, and what was proven. Counts only, never an identifier."""

from mediflow_assets.contracts.masks import drop, keep
from mediflow_assets.contracts.table import Audience, Column, Privacy, TableContract, Type

P, T = Privacy, Type

SUBJECT_KEYS = ("patient_key", "encounter_key")
"""Columns that name a person's rows in every zone but Bronze, and in the logs of the gateway."""


def _counted(name: str, type_: Type, description: str, nullable: bool = False) -> Column:
    return Column(name, type_, description, P.TECHNICAL, drop(), nullable=nullable)


ERASED = TableContract(
    ("bronze", "erased"),
    "Per delivery and table: how many of its records were erased, or refused because their patient had been.",
    Audience.PIPELINE,
    (
        _counted("erasure_id", T.STRING, "the erasure; empty for records refused on arrival"),
        _counted("table", T.STRING, "the Bronze table, or the Silver table that had validated them"),
        _counted("_delivery_id", T.STRING, "the delivery"),
        _counted("records", T.LONG, "how many"),
        _counted("counted_at", T.TIMESTAMP, "when"),
    ),
    primary_key=("erasure_id", "table", "_delivery_id"),
)


def _told(name: str, type_: Type, description: str, nullable: bool = False) -> Column:
    return Column(name, type_, description, P.TECHNICAL, keep(), nullable=nullable)


ERASURES = TableContract(
    ("gold", "erasures"),
    "Each erasure of patients with its proof: what was removed, what was searched, and what was found after it.",
    Audience.GATEWAY,
    (
        _told("erasure_id", T.STRING, "names the erasure in the audit log"),
        _told("reason_code", T.STRING, "why"),
        _told("ticket", T.STRING, "the request it answers"),
        _told("requested_at", T.TIMESTAMP, "when it began"),
        _told("finished_at", T.TIMESTAMP, "when its proof was complete"),
        _told("patients", T.LONG, "how many patients"),
        _told("records", T.LONG, "records removed from Bronze"),
        _told("files_searched", T.LONG, "files of the home that the proof read"),
        _told("bytes_searched", T.LONG, "their size"),
        _told("hits", T.LONG, "places where an identifier was still found"),
        _told("models", T.STRINGS, "models trained while these patients were in the lake: name/version"),
    ),
    primary_key=("erasure_id",),
)

TABLES = (ERASED, ERASURES)
