"""Each OMOP table: what it is made from, and how its rows come to be."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze, clinical, links, omop, silver
from mediflow_assets.contracts.omop import concepts, rules
from mediflow_assets.contracts.omop.choice import REAL
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.gold import read_shown
from mediflow_assets.pipeline.omop import codes, old_age, vocabulary
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.omop import befallen, events, people, visits
from mediflow_assets.transforms.readmissions import active

_P, _E = silver.PATIENTS, silver.ENCOUNTERS
_MERGED = (links.MERGED_PATIENTS, _P, clinical.CLAIMS)
"""What rows of people depend on besides: who survives, and what survivors and claims tell of encounters."""
Figures = dict[str, int | str]


def _no_figures(_: RunContext) -> Figures:
    return {}


@dataclass(frozen=True)
class OmopTable:
    """One table: `rows` makes all of them, `figures` tells what no row does."""

    contract: TableContract
    inputs: tuple[TableContract, ...]
    rows: Callable[[RunContext], DataFrame]
    figures: Callable[[RunContext], Figures] = _no_figures

    @property
    def depends_on(self) -> tuple[TableContract, ...]:
        """Its inputs, and what these depend on."""
        of_silver = any(table.key[0] == "silver" for table in self.inputs)
        return tuple(dict.fromkeys((*self.inputs, *(_MERGED if of_silver else ()))))


def known_people(context: RunContext) -> DataFrame:
    """Who is in `omop/person`, with how their dates move."""
    # as they stand: who survives is told by who is in omop/person
    person, patients = context.tables.read(omop.PERSON), context.tables.read(_P)
    return people.people(patients, person, *_shown_as(context), context.hmac_pads)


def _shown_as(context: RunContext) -> tuple[DataFrame, DataFrame | None]:
    """Who is shown as 90, and the key by which dates move: nobody, and none, where the real dates are chosen."""
    if context.omop.is_shifted:
        return old_age.old_of(context), context.hmac_pads
    return old_age.nobody(context), None


def _persons(context: RunContext) -> DataFrame:
    return people.persons(read_shown(context, _P), read_shown(context, _E), *_shown_as(context), context.hmac_pads)


def _persons_figures(context: RunContext) -> Figures:
    with storage_errors(omop.PERSON.name):
        patients = read_shown(context, _P).count()
    return {"patients without a year of birth": patients - context.lake.rows(omop.PERSON)}


def _visits(context: RunContext) -> DataFrame:
    until = newest_delivery(context) if context.omop.dates == REAL else None
    encounters, known = read_shown(context, _E), known_people(context)
    return visits.visits(encounters, known, context.open_stay_days, until, codes.clock_of(context), context.hmac_pads)


def _visits_figures(context: RunContext) -> Figures:
    encounters = read_shown(context, _E)
    with storage_errors(omop.VISIT_OCCURRENCE.name):
        all_, happened = encounters.count(), active(encounters).count()
        lasting = visits.lasting(encounters, context.open_stay_days).count() if context.omop.is_shifted else 0
    figures = {"stays that go on": lasting, "encounters cancelled or planned": all_ - happened}
    return figures | _left_out(context, omop.VISIT_OCCURRENCE, happened - lasting)


def _left_out(context: RunContext, contract: TableContract, told: int) -> Figures:
    """How many rows that are told stand in no table: their patient has no year of birth, or it lies after them."""
    left = told - context.lake.rows(contract)
    return {"rows of nobody in person, or before the birth shown": left} if left else {}


def _deaths(context: RunContext) -> DataFrame:
    return people.deaths(read_shown(context, _P), read_shown(context, _E), known_people(context))


def _events(contract: TableContract) -> OmopTable:
    table = contract.key[1]

    def rows(context: RunContext) -> DataFrame:
        told = codes.rows_of(context, table)
        if told is None:
            # without a row, in the shape of those of conditions
            told = codes.told(context, codes.CONDITIONS).limit(0)
        mapping, units = codes.frames(context)
        found = people.of_people(events.placed(told, mapping, table), known_people(context), befallen.START)
        stored = context.tables.read(omop.VISIT_OCCURRENCE)
        known = visits.by_encounter(context.tables.read(_E), stored, context.hmac_pads)
        return events.rows(found, known, units, table, codes.clock_of(context), context.hmac_pads)

    def figures(context: RunContext) -> Figures:
        found = codes.found(context)
        nowhere = sorted(found.nowhere.get(table, {}).items())
        of_domains = {f"records of no table, domain {domain}": n for domain, n in nowhere}
        return of_domains | _left_out(context, contract, found.told.get(table, 0))

    return OmopTable(contract, (*codes.INPUTS, omop.PERSON, omop.DEATH, omop.VISIT_OCCURRENCE), rows, figures)


def _periods(context: RunContext) -> DataFrame:
    spans = []
    for contract in (omop.VISIT_OCCURRENCE, *omop.EVENTS):
        begin, end = rules.DAYS.get(contract.key[1], rules.VISIT_DAYS)
        until = F.coalesce(end, begin) if end else F.col(begin)
        spans.append(
            context.tables.read(contract).select("person_id", F.col(begin).alias("_begin"), until.alias("_until"))
        )
    return events.periods(reduce(DataFrame.unionByName, spans))


def _periods_figures(context: RunContext) -> Figures:
    return {
        "persons of whom nothing is told": context.lake.rows(omop.PERSON) - context.lake.rows(omop.OBSERVATION_PERIOD)
    }


def newest_delivery(context: RunContext) -> dt.date:
    """The day on which the newest delivery or event came; the first day there is where none has."""
    came = ((bronze.DELIVERIES, "received_at"), (_E, "_ingested_at"))
    times = [pc.max(context.lake.read(table, [name])[name]).as_py() for table, name in came]
    return max((time.date() for time in times if time), default=dt.date(1970, 1, 1))


def _cdm_source(context: RunContext) -> DataFrame:
    day = newest_delivery(context)
    dates = "Dates are real." if context.omop.dates == REAL else "Dates of each person are moved by days of their own."
    row = {
        "cdm_source_name": "MediFlow",
        "cdm_source_abbreviation": "MediFlow",
        "cdm_holder": "the hospital that runs MediFlow",
        "source_description": dates,
        "source_documentation_reference": "docs/sources.md",
        "cdm_etl_reference": "docs/omop.md",
        "source_release_date": day,
        "cdm_release_date": day,
        "cdm_version": concepts.CDM_VERSION,
        "cdm_version_concept_id": concepts.CDM_VERSION_CONCEPT,
        "vocabulary_version": vocabulary.version_of(context.omop.vocabulary),
    }
    kinds = ", ".join(f"{column.name} {column.type}" for column in omop.CDM_SOURCE.columns)
    return context.tables.session().createDataFrame([tuple(row.values())], kinds)


TABLES = (
    OmopTable(omop.PERSON, (_P, *codes.INPUTS), _persons, _persons_figures),
    OmopTable(omop.DEATH, (_P, _E, omop.PERSON), _deaths),
    OmopTable(omop.CARE_SITE, (_E,), lambda context: visits.care_sites(read_shown(context, _E))),
    OmopTable(
        omop.VISIT_OCCURRENCE,
        (_E, omop.PERSON, omop.DEATH, omop.CARE_SITE, bronze.DELIVERIES),
        _visits,
        _visits_figures,
    ),
    *map(_events, omop.EVENTS),
    OmopTable(
        omop.OBSERVATION_PERIOD,
        (omop.PERSON, omop.DEATH, omop.VISIT_OCCURRENCE, *omop.EVENTS),
        _periods,
        _periods_figures,
    ),
    OmopTable(omop.CDM_SOURCE, (bronze.DELIVERIES, _E), _cdm_source),
)
