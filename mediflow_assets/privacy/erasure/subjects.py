"""Everything that names the patients to be erased: spellings, encounters, other identifiers, pseudonyms."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.borne import value_of
from mediflow_assets.contracts.identifiers import MRN, canonical
from mediflow_assets.contracts.omop.ids import number_of
from mediflow_assets.ingest.tombstones import EVERYWHERE, Name
from mediflow_assets.privacy.erasure.reading import batches, distinct, records_of
from mediflow_assets.privacy.erasure.resolving import Found, resolve
from mediflow_assets.privacy.words import spelled_like
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.sources.feeds import NO_FEEDS, Feeds
from mediflow_assets.sources.people import naming, values
from mediflow_assets.sources.registry import about_people
from mediflow_assets.sources.source import Source
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.rewriting import one_of

_PATIENTS = (silver.PATIENTS, silver.VERSIONS[silver.PATIENTS.name])
_OWN = ("ssn", "drivers_license", "passport", "phone", "email")
"""What Silver knows of a patient and hardly anybody shares; what somebody does share names nobody."""


@dataclass
class Subjects:
    """The patients, by all their names. A name is a namespace and an id."""

    asked: Found
    """Each id that was asked for, canonical, and the patients behind it."""
    feeds: Feeds = NO_FEEDS
    unknown: frozenset[Name] = frozenset()
    """Those who stand nowhere, and are refused in future all the same."""
    spelled: set[Name] = field(default_factory=set)
    """Their ids, as the tables write them."""
    stays: set[Name] = field(default_factory=set)
    """Their encounters, of those that no other patient has."""
    ambiguous: set[str] = field(default_factory=set)
    """Names of theirs that elsewhere stand for others: in a text they tell nothing."""
    patient_keys: set[str] = field(default_factory=set)
    encounter_keys: set[str] = field(default_factory=set)
    of_omop: set[str] = field(default_factory=set)
    """What stands for their keys in the OMOP tables."""
    others: set[str] = field(default_factory=set)
    """Identifiers of other kinds that are theirs alone."""

    @property
    def people(self) -> frozenset[Name]:
        """Their ids, each in its one spelling."""
        return frozenset().union(*self.asked.values())

    @property
    def found(self) -> set[str]:
        """The ids that were asked for of which something was found, canonical."""
        return {id_ for id_, names in self.asked.items() if names}

    @property
    def spellings(self) -> set[str]:
        """Their ids, as the tables write them."""
        return {each for _, each in self.spelled}

    @property
    def encounters(self) -> set[str]:
        """Ids of their encounters."""
        return {each for _, each in self.stays}

    @property
    def ids(self) -> set[str]:
        """What names them in a text: their ids and those of their encounters."""
        return {*map(value_of, (self.spellings | self.encounters) - self.ambiguous)}

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
        people = {each for _, each in self.people | self.unknown}
        keys = self.patient_keys | self.encounter_keys
        numbers = {str(number_of(each)) for each in keys | self.of_omop}
        return tuple(sorted((people | self.ids | self.others | keys | self.of_omop | numbers) - self.ambiguous))

    @property
    def persons(self) -> tuple[int, ...]:
        """Their numbers in the OMOP tables, those of tables that an older release made as well."""
        return tuple(sorted(map(number_of, self.patient_keys | self.of_omop)))

    def are_people(self, source: Source, namespace: str, ids: pa.Array) -> set[str]:
        """Those of some ids of a namespace that are theirs, in whatever spelling."""
        people = self.people
        like = spelled_like(ids, {each for _, each in people}).to_pylist()
        return {each for each in like if each and self.feeds.name_in(source, namespace, each) in people}


def find_subjects(
    lake: Lake, ids: Iterable[str], key: PseudonymKey, feeds: Feeds = NO_FEEDS, namespace: str | None = None
) -> Subjects:
    """Look through Bronze and Silver for the patients of these ids. Raises NamespaceNeeded."""
    ids = tuple(ids)
    asked = resolve(lake, ids, feeds, namespace)
    unknown = {feeds.name(each, namespace or EVERYWHERE) for each in ids if not asked[canonical(each)]}
    return subjects_of(lake, asked, key, feeds, frozenset(unknown))


def subjects_of(
    lake: Lake, asked: Found, key: PseudonymKey, feeds: Feeds, unknown: frozenset[Name] = frozenset()
) -> Subjects:
    """The same for patients who are known by their names."""
    subjects = Subjects(asked, feeds, unknown)
    for source in about_people():
        _of_bronze(lake, source, subjects)
    _of_silver(lake, subjects)
    _leave_out_shared(lake, subjects)
    named = subjects.people | {(namespace or MRN, each) for namespace, each in unknown}
    subjects.patient_keys |= {key.pseudonym_of("patient", *each) for each in named}
    subjects.encounter_keys |= {key.pseudonym_of("encounter", *feeds.name(each, of)) for of, each in subjects.stays}
    # logs of older releases, to which an id was of one person: it is theirs unless somebody else bears it now
    shared = set(map(canonical, subjects.ambiguous))
    subjects.patient_keys |= {key.pseudonym("patient", each) for _, each in named if canonical(each) not in shared}
    subjects.encounter_keys |= {key.pseudonym("encounter", e) for _, e in subjects.stays if canonical(e) not in shared}
    subjects.of_omop = {key.of_omop(each) for each in subjects.patient_keys | subjects.encounter_keys}
    return subjects


def _of_bronze(lake: Lake, source: Source, subjects: Subjects) -> None:
    ids = {each for _, each in subjects.people} | subjects.spellings
    for namespace, _, named in records_of(lake, source, subjects.feeds, ids):
        if spelled := subjects.are_people(source, namespace, named.patients.flatten()):
            subjects.spelled |= {(namespace, each) for each in spelled}
            theirs = named.encounters.filter(naming(named.patients, spelled))
            subjects.stays |= {(namespace, text) for each in values(theirs) if (text := each.strip())}


def _of_silver(lake: Lake, subjects: Subjects) -> None:
    for patients in _PATIENTS:
        for batch in batches(lake, patients, ["id_namespace", "patient_id", "patient_key", *_OWN]):
            for namespace, id_, key, *own in _rows_of(batch, subjects):
                subjects.spelled.add((namespace, id_))
                subjects.patient_keys.add(key)
                subjects.others |= {each for each in own if each}
    columns = ["id_namespace", "patient_id", "encounter_id", "encounter_key"]
    for batch in batches(lake, silver.ENCOUNTERS, columns):
        for namespace, _, id_, key in _rows_of(batch, subjects):
            subjects.stays.add((namespace, id_))
            subjects.encounter_keys.add(key)


def _rows_of(batch: pa.RecordBatch, subjects: Subjects) -> Iterator[Any]:
    """The rows of a batch whose first two columns name one of the patients."""
    mine = one_of("patient_id", {each for _, each in subjects.people} | set(subjects.asked))
    some = pa.Table.from_batches([batch]).filter(mine)
    rows = zip(*(column.to_pylist() for column in some.columns), strict=True)
    # in an older lake an id stood for one person
    return (row for row in rows if row[:2] in subjects.people or (row[0] is None and row[1] in subjects.asked))


def _leave_out_shared(lake: Lake, subjects: Subjects) -> None:
    """An encounter's id that another patient's record bears as well, or a shared telephone, proves nothing; nor does,
    in a text, an id that another system gives to somebody else."""
    # texts are searched in whatever case
    names = {each: canonical(each) for each in subjects.spellings | subjects.encounters}
    folded = set(names.values())
    for source in about_people():
        for namespace, _, named in records_of(lake, source, subjects.feeds):
            spelled = subjects.are_people(source, namespace, named.patients.flatten())
            is_of_others = pc.and_(
                pc.greater(pc.list_value_length(named.patients), 0),
                pc.invert(naming(named.patients, spelled)),
            )
            patients, stays = (each.filter(is_of_others).flatten() for each in (named.patients, named.encounters))
            subjects.stays -= {(namespace, each) for each in _among(stays, subjects.encounters)}
            like = (*(spelled_like(each, folded) for each in (patients, stays)),)
            theirs = {canonical(each) for each in (set(like[0].to_pylist()) - spelled) | set(like[1].to_pylist())}
            subjects.ambiguous |= {each for each, name in names.items() if name in theirs}
    is_theirs = one_of("patient_key", subjects.patient_keys)
    for column in _OWN:
        if subjects.others:
            shared = one_of(column, subjects.others)
            for patients in _PATIENTS:
                subjects.others -= distinct(lake, patients, column, ~is_theirs & shared)


def _among(ids: pa.Array, wanted: set[str]) -> set[str]:
    return set(ids.filter(pc.is_in(ids, pa.array(sorted(wanted), ids.type))).to_pylist())
