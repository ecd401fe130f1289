"""Ward lists: a first line that says so, then lines of fields apart by bars."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from mediflow_assets.contracts.source import ENCOUNTERS, PATIENTS
from mediflow_assets.sources.delivery import Recognised, RecordBatchOfDelivery, Reject
from mediflow_assets.sources.opening import opened
from mediflow_assets.sources.source import Candidate, Source
from mediflow_assets_tests.sources.ward.contract import SOURCE

FIRST_LINE = b"WARD LIST 1\n"
FIELDS = {
    "person": ("person", "name", "born", "sex"),
    "stay": ("person", "ward", "came", "went", "diagnosis", "price"),
}


def recognise(file: Candidate) -> Recognised | None:
    if not file.head.startswith(FIRST_LINE):
        return None
    return Recognised(SOURCE.name, "ward", compression=file.compression, limits=file.limits)


def read(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    rows, rejects = [], []
    with opened(path, what.compression, what.limits) as stream:
        stream.readline()
        for number, line in enumerate(stream, start=1):
            kind, *fields = (text.strip() for text in line.decode().split("|"))
            if len(fields) != len(FIELDS.get(kind, ())):
                rejects.append(Reject(number, "not_a_line_of_a_ward_list", line))
                continue
            named = dict(zip(FIELDS[kind], fields, strict=True))
            rows.append({"line": kind, **named, "_record_number": number})
    columns = [pa.field(name, pa.string()) for name in SOURCE.filled]
    schema = pa.schema([*columns, pa.field("_record_number", pa.int64())])
    yield RecordBatchOfDelivery(pa.RecordBatch.from_pylist(rows, schema=schema), tuple(rejects))


def count(path: Path, what: Recognised) -> int:
    return path.read_bytes().count(b"\n") - 1


def transforms() -> Mapping[str, Any]:
    from pyspark.sql import functions as F

    from mediflow_assets.contracts.admissions import ADMISSIONS
    from mediflow_assets.transforms import encounters, patients

    ours = {
        "patient_id": "person",
        "birth_date": "born",
        "gender": "sex",
        "department": "ward",
        "admission_date": "came",
        "discharge_date": "went",
        "diagnosis_code": "diagnosis",
        "cost": "price",
        "name": "name",
    }

    def as_admissions(lines: Any) -> Any:
        nothing = F.lit(None).cast("string")
        named = {
            name: F.col(ours[name]) if name in ours else nothing
            for name in ADMISSIONS.column_names
            if not name.startswith("_")
        }
        return lines.withColumns(named)

    return {
        PATIENTS: lambda lines, feeds: patients.from_admissions(as_admissions(lines), feeds, SOURCE.system),
        ENCOUNTERS: lambda lines, feeds: encounters.from_admissions(as_admissions(lines), feeds, SOURCE.system),
    }


WARD_LIST = Source(
    SOURCE,
    transforms,
    recognise=recognise,
    read=read,
    count=count,
    accepts=(("a first line WARD LIST 1",), ()),
)
