"""Everything that names the patients to be erased: spellings, encounters, other identifiers, pseudonyms."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import TABLES, silver
from mediflow_assets.contracts.identifiers import canonical
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.privacy.erasure.mentions import mentioning
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.sources.people import Named, naming, values
from mediflow_assets.sources.registry import about_people
from mediflow_assets.sources.source import Source
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.rewriting import one_of

_OWN = ("ssn", "drivers_license", "passport", "phone", "email")
"""What Silver knows of a patient and hardly anybody shares; what somebody does share names nobody."""


@dataclass
class Subjects:
    """The patients, by all their names."""

    wanted: frozenset[str]
    """Their ids, canonical."""
    found: set[str] = field(default_factory=set)
    """Those of them that were found, canonical."""
    spellings: set[str] = field(default_factory=set)
    """Their ids, as the tables write them."""
    encounters: set[str] = field(default_factory=set)
    """Ids of their encounters that no other patient has."""
    patient_keys: set[str] = field(default_factory=set)
    encounter_keys: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    """Identifiers of other kinds that are theirs alone."""

    @property
    def ids(self) -> set[str]:
        """What names them in a text: their ids and those of their encounters."""
        return self.spellings | self.encounters

    @property
    def keys(self) -> dict[str, tuple[str, ...]]:
        """The values of `patient_key` and `encounter_key` that are theirs."""
        return {
            "patient_key": tuple(sorted(self.patient_keys)),
            "encounter_key": tuple(sorted(self.encounter_keys)),
        }

    @property
    def identifiers(self) -> tuple[str, ...]:
        """What may stand nowhere once they are erased."""
        named = self.ids | self.wanted | self.others | self.patient_keys | self.encounter_keys
        return tuple(sorted(named))

    def are_people(self, values: Iterable[str | None]) -> set[str]:
        """Those values that are an id of theirs, in whatever spelling."""
        return {value for value in values if value and canonical(value) in self.wanted}


def find_subjects(lake: Lake, ids: Iterable[str], key: PseudonymKey) -> Subjects:
    """Look through Bronze and Silver for the patients of these ids."""
    subjects = Subjects(frozenset(map(canonical, ids)))
    for source in about_people():
        _of_bronze(lake, source, subjects)
    _of_silver(lake, subjects)
    _leave_out_shared(lake, subjects)
    subjects.found = {canonical(each) for each in subjects.spellings}
    subjects.patient_keys |= {key.pseudonym("patient", each) for each in subjects.wanted}
    subjects.encounter_keys |= {key.pseudonym("encounter", each) for each in subjects.encounters}
    return subjects


def table_of(name: str) -> TableContract:
    """The Bronze contract of a name."""
    return TABLES[name]


def batches(lake: Lake, contract: TableContract, columns: list[str], wanted: Any = None) -> Iterator[pa.RecordBatch]:
    """A table's rows, some at a time; none where it does not exist."""
    table = lake.open(contract)
    if table is not None:
        yield from lake.dataset(contract, table).to_batches(columns=columns, filter=wanted)


def distinct(lake: Lake, contract: TableContract, column: str, wanted: Any = None) -> set[str]:
    """The values of a column."""
    values: set[str] = set()
    for batch in batches(lake, contract, [column], wanted):
        values.update(value for value in pc.unique(batch.column(0)).to_pylist() if value)
    return values


def records_of(
    lake: Lake, source: Source, ids: Iterable[str] | None = None, more: Sequence[str] = ()
) -> Iterator[tuple[pa.RecordBatch, Named]]:
    """A source's records, and whom each names; of records that name people in a text only those that may name one of
    some ids. `more` are columns besides those that tell it."""
    contract = source.contract
    wanted = None
    if ids is not None and contract.text and not contract.patient:
        # short ids as well: what the source then reads of each record decides
        wanted = mentioning(contract.text, ids, shortest=1)
    for batch in batches(lake, contract.table, list(dict.fromkeys([*source.people_columns, *more])), wanted):
        yield batch, source.named(batch)


def _of_bronze(lake: Lake, source: Source, subjects: Subjects) -> None:
    for _, named in records_of(lake, source, subjects.wanted | subjects.spellings):
        if spelled := subjects.are_people(values(named.patients)):
            subjects.spellings |= spelled
            theirs = named.encounters.filter(naming(named.patients, spelled))
            subjects.encounters |= {each.strip() for each in values(theirs)} - {""}


def _of_silver(lake: Lake, subjects: Subjects) -> None:
    subjects.spellings |= subjects.are_people(distinct(lake, silver.PATIENTS, "patient_id"))
    theirs = one_of("patient_id", subjects.spellings)
    for batch in batches(lake, silver.PATIENTS, ["patient_key", *_OWN], theirs):
        keys, *own = (set(column.to_pylist()) - {None, ""} for column in batch.columns)
        subjects.patient_keys |= keys
        subjects.others = subjects.others.union(*own)
    for batch in batches(lake, silver.ENCOUNTERS, ["encounter_id", "encounter_key"], theirs):
        subjects.encounters |= set(batch.column(0).to_pylist()) - {None, ""}
        subjects.encounter_keys |= set(batch.column(1).to_pylist()) - {None}


def _leave_out_shared(lake: Lake, subjects: Subjects) -> None:
    """An encounter's id that another patient's record bears as well, or a shared telephone, proves nothing."""
    for source in about_people():
        for _, named in records_of(lake, source) if source.contract.encounter else ():
            is_of_others = pc.and_(
                pc.greater(pc.list_value_length(named.patients), 0),
                pc.invert(naming(named.patients, subjects.spellings)),
            )
            subjects.encounters -= values(named.encounters.filter(is_of_others))
    of_others = ~one_of("patient_id", subjects.spellings)
    for column in _OWN:
        if subjects.others:
            shared = one_of(column, subjects.others)
            subjects.others -= distinct(lake, silver.PATIENTS, column, of_others & shared)
