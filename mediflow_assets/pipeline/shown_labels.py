"""Silver's encounters as every table outside Silver gets them: a label that few people carry reads OTHER."""

import hashlib
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical, links, silver
from mediflow_assets.contracts.diagnosis_codes import is_listed
from mediflow_assets.pipeline.merged import encounters_of_people
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms import labels
from mediflow_assets.transforms.claimed_costs import with_claims


@dataclass(frozen=True)
class _Labels:
    """The departments that are shown, and the unlisted codes that are not."""

    departments: frozenset[str]
    few_codes: frozenset[str]


def encounters_shown(context: RunContext, as_told: tuple[str, ...] = ()) -> DataFrame:
    """The rows of `silver/encounters` by who survives, their labels counted once for all the tables of a run.

    One that tells no cost itself costs what its claims say.
    The codes `as_told` are those of Silver: for a table that holds what is computed of them, and not themselves.
    """
    encounters = encounters_of_people(context)
    found = _known(context, encounters)
    if context.lake.rows(clinical.CLAIMS):
        encounters = with_claims(encounters, context.tables.read(clinical.CLAIMS))
    codes = {name: labels.hidden(F.col(name), found.few_codes) for name in labels.CODES if name not in as_told}
    department = labels.shown(F.col(labels.DEPARTMENT), found.departments)
    return encounters.withColumns(codes | {labels.DEPARTMENT: department})


def labels_told(context: RunContext) -> str:
    """Twelve hex digits that change with any label that is shown, or no more."""
    found = _known(context, encounters_of_people(context))
    return hashlib.sha256(repr((sorted(found.departments), sorted(found.few_codes))).encode()).hexdigest()[:12]


def _known(context: RunContext, encounters: DataFrame) -> _Labels:
    version = tuple(context.lake.version(table) for table in (silver.ENCOUNTERS, links.MERGED_PATIENTS))
    known = context.kept.get("labels")
    if known is None or known[0] != version:
        with storage_errors("labels"):
            known = context.kept["labels"] = (version, _counted(encounters))
    found: _Labels = known[1]
    return found


def _counted(encounters: DataFrame) -> _Labels:
    departments = _in(labels.carried(encounters, [labels.DEPARTMENT]))
    # each distinct code is held against the list here: hardly any is not in it
    unlisted = {code for code in _in(labels.codes_in(encounters)) if not is_listed(code)}
    often = _in(labels.carried(encounters, labels.CODES, unlisted)) if unlisted else frozenset()
    return _Labels(departments, frozenset(unlisted - often))


def _in(frame: DataFrame) -> frozenset[str]:
    return frozenset(frame.toArrow().column(0).to_pylist())
