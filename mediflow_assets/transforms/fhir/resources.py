"""Resources of Bronze as columns of texts: each is decoded once, and read by a function of its type."""

import json
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
from pyspark.sql import DataFrame

from mediflow_assets.contracts import borne, fhir
from mediflow_assets.transforms.fhir.elements import NOTHING, Element, number, one, several, text, whole_number
from mediflow_assets.transforms.patients import PROVENANCE
from mediflow_assets.transforms.validation import UNREAD, UNREAD_RESOURCE

_log = logging.getLogger(__name__)
Reader = Callable[[Element], dict[str, str | None]]
"""What a resource says, by column; a column that it leaves out is not told."""
VERSION = ("id", "last_updated", "version_id", "is_part")
"""What every resource says of itself; `is_deleted` beside it."""
_KEPT = ("resource_type", *PROVENANCE)
_STORED = ("resource", "known_as", "resource_id", "full_url", "last_modified", "etag")
_ID = re.compile(fhir.ID_OF_REFERENCE)
_TAG = re.compile(r'\s*(?:W/)?"([^"]+)"\s*\Z')
_SUBSETTED = "SUBSETTED"
"""Of v3-ObservationValue: the tag of a resource of which some elements only are told."""
_decode = msgspec.json.Decoder(float_hook=number).decode


def texts_of(bronze: DataFrame, columns: Sequence[str], read: Reader) -> DataFrame:
    """Rows of `bronze/fhir_resources` of one type with these columns as texts, `VERSION`, `is_deleted`,
    `resource_type`, and why nothing was read of one."""
    names = (*VERSION, UNREAD, *columns)

    def _each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            stored = zip(*(batch.column(number).to_pylist() for number in range(len(_STORED))), strict=True)
            told = [_told(read, fhir.as_named(raw, known_as), *row) for raw, known_as, *row in stored]
            arrays = [pa.array([row.get(name) for row in told], pa.string()) for name in names]
            deleted = pa.array([row["is_deleted"] is not None for row in told], pa.bool_())
            kept = batch.columns[len(_STORED) :]
            yield pa.RecordBatch.from_arrays([*arrays, deleted, *kept], names=[*names, "is_deleted", *_KEPT])

    provenance = "resource_type string, _delivery_id string, _record_number bigint, _ingested_at timestamp"
    schema = f"{', '.join(f'`{name}` string' for name in names)}, is_deleted boolean, {provenance}"
    return bronze.select(*_STORED, *_KEPT).mapInArrow(_each, schema)


def _told(
    read: Reader, raw: str, id_: str | None, full_url: str | None, modified: str | None, etag: str | None
) -> dict[str, str | None]:
    """A resource's texts. What stands for a deleted one is the entry that says so, and no resource; it is kept whole,
    and older releases kept nothing beside it."""
    resource = decoded(raw)
    meta, tag = one(resource.get("meta")), _TAG.match(etag or "")
    version = {
        "last_updated": text(meta.get("lastUpdated")) or modified,
        "version_id": text(meta.get("versionId")) or (tag[1] if tag else None),
        "is_part": "true" if any(each.get("code") == _SUBSETTED for each in several(meta.get("tag"))) else None,
    }
    if "resourceType" not in resource and ("request" in resource or "response" in resource):
        of_entry = text(one(resource.get("response")).get("lastModified"))
        return {"id": id_, "is_deleted": "true", **version, "last_updated": version["last_updated"] or of_entry}
    named = _ID.search(full_url or "")
    if id_ and not full_url:
        id_ = borne.id_put(id_, resource.get("identifier"))
    id_ = text(resource.get("id")) or id_ or (named[1] if named else None)
    return {**_said(read, resource), "id": id_, "is_deleted": "true" if _is_soft_deleted(meta) else None, **version}


def _said(read: Reader, resource: Element) -> dict[str, str | None]:
    """What a reader gives; a resource that it fails on, or that could not be decoded, says nothing, and that is told:
    it stands in Bronze, and would stop each run from now on."""
    if resource is not NOTHING:
        try:
            return read(resource)
        except Exception as error:
            _log.warning("a resource could not be read (%s)", type(error).__name__)
    return {UNREAD: UNREAD_RESOURCE}


def _is_soft_deleted(meta: Element) -> bool:
    """Whether a server that exports what was deleted says so of a resource that it still has:
    https://learn.microsoft.com/azure/healthcare-apis/fhir/export-data."""
    return any(
        str(each.get("url")).endswith("/deleted-state") and each.get("valueString") == "soft-deleted"
        for each in several(meta.get("extension"))
    )


def decoded(raw: str) -> Element:
    """A resource as it was delivered, its numbers to the digit; half a character, which JSON can tell and no text can
    hold, is replaced; empty where it cannot be decoded."""
    try:
        found: Any = _decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        found = _mended(raw)
    return found if isinstance(found, dict) else NOTHING


def _mended(raw: str) -> Any:
    try:
        return json.loads(fhir.with_whole_characters(raw.encode()), parse_float=number, parse_int=whole_number)
    except (ValueError, RecursionError):
        return None
