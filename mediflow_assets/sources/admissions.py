"""Flat admissions, as hospitals export them: the one source whose headers and values `sources.toml` may map."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import admissions
from mediflow_assets.contracts.code_cells import SEVERAL, SEVERAL_PATTERN
from mediflow_assets.contracts.source import CONDITIONS, ENCOUNTERS, PATIENTS
from mediflow_assets.sources.aliases import ADMISSION_ALIASES
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.source import Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform


def _transforms() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import code_cells, encounters, patients

    return {
        PATIENTS: patients.from_admissions,
        ENCOUNTERS: encounters.from_admissions,
        CONDITIONS: code_cells.conditions_of,
    }


def _noted(records: pa.RecordBatch) -> pa.RecordBatch:
    """The records, with the kind of those whose cell holds several codes."""
    is_several = pc.match_substring_regex(records.column("diagnosis_code"), SEVERAL_PATTERN)
    return records.append_column("_codes", pc.if_else(is_several, SEVERAL, pa.scalar(None, pa.string())))


FORM = Form(
    admissions.SOURCE,
    required=("patient_id", "admission_date"),
    distinctive=("patient_id",),
    aliases=ADMISSION_ALIASES,
)
ADMISSIONS = Source(admissions.SOURCE, _transforms, FORM, noted=_noted)
