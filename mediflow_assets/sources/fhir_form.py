"""Whether a JSON file holds FHIR, and in which form: line by line, or as one document."""

from itertools import islice
from pathlib import Path

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.csv_blocks import Overlong
from mediflow_assets.sources.delivery import DOCUMENT_LIMIT, Limits
from mediflow_assets.sources.fhir import read_document, read_resource
from mediflow_assets.sources.ndjson import json_lines
from mediflow_assets.sources.opening import opened

SAMPLE_LINES = 100


def recognise_json(path: Path, compression: str | None, limits: Limits) -> str:
    """`ndjson` or `document`; raises DeliveryRefused where it is neither.

    NDJSON is told by its first line, or, where that is broken, by at least half of the first lines: no line
    of a document that was written over several lines is a resource of its own.
    """
    with opened(path, compression, limits) as stream:
        kinds = [_kind(line) for line in islice(json_lines(stream), SAMPLE_LINES)]
    if kinds[0] == "Bundle" and len(kinds) > 1:
        raise DeliveryRefused("several Bundles in one file. Deliver one file per Bundle, or NDJSON of resources.")
    if kinds[0] not in (None, "Bundle") or sum(kind is not None for kind in kinds) * 2 >= len(kinds) > 1:
        return "ndjson"
    with opened(path, compression, limits) as stream:
        read_document(stream.read(DOCUMENT_LIMIT + 1))
    return "document"


def _kind(line: bytes | Overlong) -> str | None:
    validated = "" if isinstance(line, Overlong) else read_resource(line)
    return None if isinstance(validated, str) else validated[0]
