"""Every code that Silver has of what befell people, with its concepts: found once for all the tables of a run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical, silver
from mediflow_assets.contracts.diagnosis_codes import is_listed
from mediflow_assets.contracts.omop.concepts import DOMAINS, UNMAPPED
from mediflow_assets.contracts.suppression import K
from mediflow_assets.contracts.vocabulary import OTHER
from mediflow_assets.pipeline.gold import read_shown
from mediflow_assets.pipeline.omop import vocabulary
from mediflow_assets.pipeline.omop.vocabulary import Code, Mapped
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.omop import befallen
from mediflow_assets.transforms.omop.events import MAPPING, UNITS
from mediflow_assets.transforms.zones import UTC

CONDITIONS, PROCEDURES, DRUGS, OBSERVATIONS = "conditions", "procedures", "medications", "observations"
INPUTS = (silver.ENCOUNTERS, silver.CONDITIONS, clinical.PROCEDURES, clinical.MEDICATIONS, clinical.OBSERVATIONS)
_TABLES = {
    CONDITIONS: (silver.ENCOUNTERS, silver.CONDITIONS),
    PROCEDURES: (clinical.PROCEDURES,),
    DRUGS: (clinical.MEDICATIONS,),
    OBSERVATIONS: (clinical.OBSERVATIONS,),
}
_KEPT = "omop codes"
Line = tuple[str, str | None, int, int, str | None, int]
"""As `transforms.omop.events.MAPPING` names it."""
_NOWHERE = "-"
"""Stands for the table of a domain that is none of ours."""


@dataclass(frozen=True)
class Found:
    """What is known of the codes of a run."""

    mapping: list[Line]
    units: list[tuple[str, int, int]]
    into: Mapping[str, frozenset[str]]
    """By OMOP table the kinds of records that have rows in it."""
    nowhere: Mapping[str, Counter[str]]
    """By the table in which records would stand, how many stand in none, by domain."""
    told: Mapping[str, int]
    """By OMOP table how many rows its codes have, of whomever they are."""


def zone_of(context: RunContext) -> str:
    """The hospital's time zone, of which local days are."""
    return context.feeds.timezone or UTC


def clock_of(context: RunContext) -> str | None:
    """The zone of whose wall clocks times are shown; None where dates move and no zone is set: an hour of UTC would
    tell on which side of a change of the clocks it really was."""
    return context.feeds.timezone if context.omop.is_shifted else zone_of(context)


def kinds(context: RunContext) -> list[str]:
    """The kinds of records of which there are any."""
    return [kind for kind, tables in _TABLES.items() if any(context.lake.rows(table) for table in tables)]


def told(context: RunContext, kind: str) -> DataFrame:
    """The records of a kind, in one shape, by who survives."""
    if kind == CONDITIONS:
        encounters = read_shown(context, silver.ENCOUNTERS, ("diagnosis_code",))
        conditions = read_shown(context, silver.CONDITIONS)
        listed = befallen.conditions(conditions, encounters, context.hmac_pads)
        return listed.unionByName(befallen.diagnoses(encounters, conditions))
    if kind == PROCEDURES:
        return befallen.procedures(read_shown(context, clinical.PROCEDURES), zone_of(context))
    if kind == DRUGS:
        return befallen.medications(read_shown(context, clinical.MEDICATIONS), zone_of(context))
    return befallen.observations(read_shown(context, clinical.OBSERVATIONS))


def found(context: RunContext) -> Found:
    """Every code and unit of a run with its concepts, and where records go."""
    version = (*(context.lake.version(table) for table in INPUTS), context.omop.stamp)
    known = context.kept.get(_KEPT)
    if known is None or known[0] != version:
        with storage_errors("codes of OMOP"):
            known = context.kept[_KEPT] = (version, _found(context))
    made: Found = known[1]
    return made


def frames(context: RunContext) -> tuple[DataFrame, DataFrame]:
    """The mapping of codes, and that of units, for the engine."""
    session, codes = context.tables.session(), found(context)
    return session.createDataFrame(codes.mapping, MAPPING), session.createDataFrame(codes.units, UNITS)


def _kinds(context: RunContext) -> dict[str, pa.Table]:
    """By kind its codes: how many records have each with which unit, of how many patients, and in which table these
    would stand."""
    by = ("system", "code", befallen.OWN_TABLE, "unit")
    return {
        kind: told(context, kind)
        .groupBy(*by)
        .agg(F.count(F.lit(1)).alias("records"), F.countDistinct("patient_key").alias("people"))
        .toArrow()
        for kind in kinds(context)
    }


def _found(context: RunContext) -> Found:
    kinds = {kind: table.to_pylist() for kind, table in _kinds(context).items()}
    rows = [row for of in kinds.values() for row in of]
    codes = {(row["system"], row["code"]) for row in rows if row["code"]}
    units = sorted({row["unit"] for row in rows if row["unit"]})
    concepts = vocabulary.mapped(context.omop.vocabulary, codes | {("ucum", unit) for unit in units})
    hidden = _hidden(kinds.get(CONDITIONS, ()), concepts)
    lines = {code: _lines(code, concepts.get(code), code in hidden) for code in sorted(codes)}
    into: dict[str, set[str]] = {}
    nowhere: dict[str, Counter[str]] = {}
    told: Counter[str] = Counter()
    for kind, of in kinds.items():
        for row in of:
            code, own = (row["system"], row["code"]), row[befallen.OWN_TABLE]
            for place in _places(lines.get(code, ()), own):
                into.setdefault(place, set()).add(kind)
                told[place] += row["records"]
                if place == _NOWHERE:
                    nowhere.setdefault(own, Counter())[concepts[code].standard[0][1]] += row["records"]
    return Found(
        [line for of in lines.values() for line in of],
        [(unit, *_of_unit(concepts.get(("ucum", unit)))) for unit in units],
        {table: frozenset(of) for table, of in into.items()},
        nowhere,
        told,
    )


def _of_unit(concept: Mapped | None) -> tuple[int, int]:
    if concept is None:
        return UNMAPPED, UNMAPPED
    return concept.source, concept.standard[0][0] if concept.standard else UNMAPPED


def _places(lines: Sequence[Line], own: str) -> list[str]:
    """The tables of a record, by the lines of its code; its own where it has no code."""
    return [table or own for _, _, _, _, table, _ in lines] or [own]


def _lines(code: Code, concept: Mapped | None, is_hidden: bool) -> list[Line]:
    """One per standard concept of the code: in the table of its domain, else in the record's own."""
    place, shown = "\x1f".join(code), OTHER if is_hidden else code[1]
    if concept is None or not concept.standard:
        return [(place, shown, concept.source if concept else UNMAPPED, UNMAPPED, None, 0)]
    ours = [(target, DOMAINS[domain]) for target, domain in concept.standard if domain in DOMAINS]
    targets = ours or [(UNMAPPED, _NOWHERE)]
    return [(place, shown, concept.source, target, table, n) for n, (target, table) in enumerate(targets)]


def _hidden(conditions: Sequence[Mapping[str, Any]], concepts: Mapping[Code, Mapped]) -> set[Code]:
    """Codes of diagnoses that no list has and that fewer than 11 patients carry: one may be made up, and name one."""
    people: Counter[Code] = Counter()
    for row in conditions:
        if row["code"]:
            people[row["system"], row["code"]] += row["people"]
    return {code for code, carried in people.items() if carried < K and code not in concepts and not is_listed(code[1])}


def rows_of(context: RunContext, table: str) -> DataFrame | None:
    """The records that may have rows in a table, in one shape; None where there are none."""
    kinds = sorted(found(context).into.get(table, ()))
    return reduce(DataFrame.unionByName, [told(context, kind) for kind in kinds]) if kinds else None
