"""`silver/merged_patients`: written again only where who counts under whom has changed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import links, silver
from mediflow_assets.contracts.merges import WHOLE
from mediflow_assets.pipeline import checks
from mediflow_assets.pipeline.merge_graph import Effect, Order, Person, Statement, effects, survivors
from mediflow_assets.pipeline.merge_graph import links as links_of
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.storage.delta import Lake
from mediflow_assets.transforms import presumed
from mediflow_assets.transforms.patient_links import of_survivors, survivors_of

INPUTS = (links.PATIENT_LINKS, silver.PATIENTS)


@dataclass(frozen=True)
class Stated:
    """All statements of merges, and the patients they name that have arrived, with their keys."""

    statements: tuple[Statement, ...]
    known: dict[Person, str]

    def spelled(self, person: Person) -> Person:
        """As Silver spells the patient: by its case where that tells patients apart, else in upper case."""
        return _spelled(person, self.known)

    def effects(self) -> dict[Statement, Effect]:
        """What each statement does."""
        return effects(self.statements, self.known)

    def rows(self) -> list[dict[str, Any]]:
        """Who counts under whom."""
        found = survivors(links_of(self.statements, self.known))
        did = self.effects()
        ends = {each.merged for each, effect in did.items() if effect is Effect.CYCLE}
        several = {each.merged for each, effect in did.items() if effect is Effect.OVERRULED}
        return [
            {
                "merged_namespace": person[0],
                "merged_id": person[1],
                "survivor_namespace": survivor[0],
                "survivor_id": survivor[1],
                "patient_key": self.known[person],
                "survivor_key": self.known[survivor],
                "is_in_cycle": survivor in ends,
                "is_contested": person in several,
            }
            for person, survivor in sorted(found.items())
        ]


def make(context: RunContext) -> StepResult:
    """Find out who counts under whom, write it down where it has changed, and check it."""
    lake, contract = context.lake, links.MERGED_PATIENTS
    stated = stated_in(lake)
    rows = stated.rows()
    waiting = sum(effect is Effect.WAITING for effect in stated.effects().values())
    figures = {"merges that wait": waiting} if waiting else {}
    is_as_contracted = lake.seen(contract) is not None and not lake.difference(contract)
    if is_as_contracted and rows == _stored(lake):
        return StepResult(contract, len(rows), lake.version(contract), is_unchanged=True, figures=figures)
    lake.overwrite_rows(contract, rows)
    results = checks.check_table(context, contract)
    checks.record(context, contract, results)
    return StepResult(contract, len(rows), results[0].version, checks=results, figures=figures)


def stated_in(lake: Lake, besides: Iterable[Person] = ()) -> Stated:
    """What Silver holds of merges; `besides` are patients of whom is asked as well whether they are known."""
    rows = lake.read(links.PATIENT_LINKS, where=pc.field("kind") != WHOLE)
    named = {id_ for role in ("survivor_id", "merged_id") for id_ in pc.unique(rows[role]).to_pylist()}
    named |= {id_ for _, id_ in besides}
    if not named:
        return Stated((), {})
    wholes = lake.read(links.PATIENT_LINKS, where=(pc.field("kind") == WHOLE) & _one_of("merged_id", named))
    known = _known(lake, named)
    told = (*rows.to_pylist(), *wholes.to_pylist())
    return Stated(tuple(_statement(row, known) for row in told), known)


def merged_pairs(lake: Lake) -> list[tuple[Person, Person]]:
    """Each patient who is merged, and who survives: one person."""
    return [
        ((row["merged_namespace"], row["merged_id"]), (row["survivor_namespace"], row["survivor_id"]))
        for row in _stored(lake)
    ]


def of_people(context: RunContext, frame: DataFrame) -> DataFrame:
    """Rows under the keys of those who survive; as they are where nobody is merged."""
    merged = _merged(context)
    return frame if merged is None else of_survivors(frame, merged)


def encounters_of_people(context: RunContext) -> DataFrame:
    """The rows of `silver/encounters` by who survives, who also tells what they take from their patient."""
    encounters, merged = context.tables.read(silver.ENCOUNTERS), _merged(context)
    if merged is None:
        return encounters
    patients = survivors_of(context.tables.read(silver.PATIENTS), merged)
    is_theirs = F.col("patient_key") == F.col("survivor_key")
    survivors = patients.join(merged.select("survivor_key"), is_theirs, "left_semi")
    return presumed.of_survivors(of_survivors(encounters, merged), survivors)


def survivors_only(context: RunContext, patients: DataFrame) -> DataFrame:
    """Patients without those who are merged, and with what these tell besides."""
    merged = _merged(context)
    return patients if merged is None else survivors_of(patients, merged)


def _merged(context: RunContext) -> DataFrame | None:
    return context.tables.read(links.MERGED_PATIENTS) if context.lake.rows(links.MERGED_PATIENTS) else None


def _stored(lake: Lake) -> list[dict[str, Any]]:
    rows = lake.read(links.MERGED_PATIENTS).to_pylist()
    return sorted(rows, key=lambda row: (row["merged_namespace"], row["merged_id"]))


def _known(lake: Lake, named: Collection[str]) -> dict[Person, str]:
    spelled = {*named, *(each.upper() for each in named)}
    columns = ["id_namespace", "patient_id", "patient_key"]
    rows = lake.read(silver.PATIENTS, columns, _one_of("patient_id", spelled)).to_pylist()
    return {(row["id_namespace"], row["patient_id"]): row["patient_key"] for row in rows}


def _statement(row: dict[str, Any], known: Collection[Person]) -> Statement:
    record = (row["_delivery_id"], row["_record_number"])
    claimed = row["claimed_at"] or row["updated_at"]
    order: Order = (row["updated_at"], row["_ingested_at"], claimed, record[1], record[0])
    survivor, merged = (
        _spelled((row[f"{role}_namespace"], row[f"{role}_id"]), known) for role in ("survivor", "merged")
    )
    # one that tells no time is of its arrival
    tells_time = row["claimed_at"] is not None or row["updated_at"] != row["_ingested_at"]
    version = row["version_number"]
    return Statement(survivor, merged, row["kind"], order, record, row["source_system"], version, tells_time)


def _spelled(person: Person, known: Collection[Person]) -> Person:
    return person if person in known else (person[0], person[1].upper())


def _one_of(column: str, values: Iterable[str]) -> Any:
    return pc.field(column).isin(pa.array(sorted(values), pa.string()))
