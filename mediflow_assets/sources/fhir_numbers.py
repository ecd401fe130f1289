"""The record numbers of a hospital that FHIR Patients bear among their identifiers."""

from typing import Any

import msgspec
import pyarrow as pa

from mediflow_assets.contracts.identifiers import canonical

_READ = ("resource_type", "resource_id", "resource")


class Identified(msgspec.Struct):
    """The identifiers of a resource."""

    identifier: Any = None


identifiers_of = msgspec.json.Decoder(Identified)


def record_numbers(records: pa.RecordBatch, system: str) -> list[tuple[str | None, str | None]]:
    """Per record the id of the Patient that it is, and the value of its identifier of a system."""
    rows = zip(*(records.column(name).to_pylist() for name in _READ), strict=True)
    return [(id_, _number(text, system)) if kind == "Patient" else (None, None) for kind, id_, text in rows]


def _number(text: str, system: str) -> str | None:
    borne = identifiers_of.decode(text).identifier
    given = (each for each in borne if isinstance(each, dict)) if isinstance(borne, list) else ()
    values = (each.get("value") for each in given if each.get("system") == system)
    return next((canonical(value) for value in values if isinstance(value, str) and canonical(value)), None)
