"""The record numbers of a hospital that FHIR Patients bear among their identifiers."""

import datetime as dt
import re
from collections.abc import Collection
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from mediflow_assets.contracts.identifiers import canonical
from mediflow_assets.sources.fhir_addresses import id_kept

_READ = ("resource_type", "resource_id", "full_url", "resource", "last_modified", "etag")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.][0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?\Z"
)
_TAG = re.compile(r'(?:W/)?"([^"]+)"\Z')
_VERSION_NUMBER = re.compile(r"[+-]?[0-9]{1,9}\Z")


class Identified(msgspec.Struct):
    """The identifiers of a resource, and what it says of its version."""

    identifier: Any = None
    meta: Any = None


class Numbered(NamedTuple):
    """A record of a patient, the record number that it gives, and which version it is, as its source says."""

    patient: str | None = None
    number: str | None = None
    claimed_at: dt.datetime | None = None
    version_number: int | None = None

    def place(self, received: dt.datetime, record: int, delivery: str = "") -> tuple[Any, ...]:
        """The place among the versions of its patient, as Silver orders them: what is not told comes first."""
        claimed, version = self.claimed_at, self.version_number
        told = ((claimed is not None, claimed or received), (version is not None, version or 0))
        return (min(claimed or received, received), *told, received, record, delivery)


Placed = tuple[tuple[Any, ...], Numbered]
"""A version with its place."""


def newest(versions: Collection[Placed]) -> Numbered:
    """The newest version of a patient: by its number where some tell no time, and all a number."""
    by_number = all(each.version_number is not None for _, each in versions)
    if by_number and any(each.claimed_at is None for _, each in versions):
        return max(versions, key=lambda placed: (placed[1].version_number or 0, placed[0]))[1]
    return max(versions, key=lambda placed: placed[0])[1]


identifiers_of = msgspec.json.Decoder(Identified)


def record_numbers(records: pa.RecordBatch, system: str) -> list[Numbered]:
    """Per record the Patient that it is, and the value of its identifier of a system."""
    rows = zip(*(records.column(name).to_pylist() for name in _READ), strict=True)
    return [
        _numbered(id_kept(id_, url, text), text, system, *of) if kind == "Patient" else Numbered()
        for kind, id_, url, text, *of in rows
    ]


def _numbered(id_: str | None, text: str, system: str, modified: str | None, etag: str | None) -> Numbered:
    try:
        found = identifiers_of.decode(text)
    except msgspec.DecodeError:
        # a number that is too long, somewhere
        found = Identified()
    borne, meta = found.identifier, found.meta if isinstance(found.meta, dict) else {}
    given = (each for each in borne if isinstance(each, dict)) if isinstance(borne, list) else ()
    values = (each.get("value") for each in given if each.get("system") == system and _is_borne(each))
    number = next((canonical(value) for value in values if isinstance(value, str) and canonical(value)), None)
    # what the resource does not say of its version, its entry does
    tagged = _TAG.match(etag or "")
    version = str(meta.get("versionId") or (tagged and tagged[1])).strip()
    version_number = int(version) if _VERSION_NUMBER.match(version) else None
    return Numbered(id_, number, _moment(str(meta.get("lastUpdated") or modified).strip()), version_number)


def _is_borne(identifier: dict[str, Any]) -> bool:
    """Whether an identifier is still the patient's: not one that is called old, or that has ended."""
    period = identifier.get("period")
    return identifier.get("use") != "old" and not (isinstance(period, dict) and period.get("end"))


def _moment(text: str) -> dt.datetime | None:
    """When a version came to be; without an offset as if it were UTC."""
    try:
        moment = dt.datetime.fromisoformat(text) if _MOMENT.match(text) else None
        return moment and (moment.replace(tzinfo=moment.tzinfo or dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
