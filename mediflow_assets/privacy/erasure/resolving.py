"""Whom the ids that people write stand for: an id is of a namespace, and may stand in several."""

from collections.abc import Iterable, Iterator, Mapping

import pyarrow.compute as pc

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.identifiers import MRN, canonical
from mediflow_assets.errors import NamespaceNeeded
from mediflow_assets.ingest.tombstones import Name
from mediflow_assets.pipeline.merged import merged_pairs
from mediflow_assets.privacy.erasure.reading import batches, records_of
from mediflow_assets.privacy.words import spelled_like
from mediflow_assets.sources import Feeds
from mediflow_assets.sources.fhir_numbers import Placed, newest
from mediflow_assets.sources.people import values
from mediflow_assets.sources.registry import about_people
from mediflow_assets.sources.source import Source
from mediflow_assets.storage.delta import Lake

Found = Mapping[str, frozenset[Name]]
"""Each id that was asked for, canonical → the patients that it stands for."""

_PLACE = ("_ingested_at", "_record_number", "_delivery_id")


def resolve(lake: Lake, ids: Iterable[str], feeds: Feeds, namespace: str | None = None) -> Found:
    """The patients behind some ids, by all the names that they bear.

    Raises NamespaceNeeded where an id stands for several, unless a namespace says for whom.
    """
    asked = {canonical(each): each.strip() for each in ids}
    same = _same_people([*merged_pairs(lake), *_numbered(lake, feeds), *_borne(lake, feeds, asked.values())])
    names: dict[str, set[Name]] = {each: set() for each in asked}
    for name in names_in(lake, feeds, asked.values()) | set(same):
        if namespace in (None, name[0]) and canonical(name[1]) in names:
            names[canonical(name[1])].add(name)
    people = {
        id_: {same.get(name, frozenset({name})) for name in _closest(of, asked[id_])} for id_, of in names.items()
    }
    if places := [str(n) for n, of in enumerate(people.values(), start=1) if len(of) > 1]:
        told = ", ".join(sorted({name for of in names.values() for name, _ in of}))
        raise NamespaceNeeded(
            f"{len(places)} of the ids stand for several patients each (number {', '.join(places[:10])}), in the "
            f"namespaces {told}. Say whom with --namespace, and spell ids as their system does. Nothing was erased."
        )
    return {id_: frozenset().union(*of) for id_, of in people.items()}


def _closest(names: set[Name], asked: str) -> set[Name]:
    """Of names that differ by case in one namespace the one that is spelled as it was asked for, if there is one."""
    exact = {name for name in names if name[1] == asked}
    return exact | {name for name in names if name[0] not in {namespace for namespace, _ in exact}}


def names_in(lake: Lake, feeds: Feeds, ids: Iterable[str] | None = None) -> set[Name]:
    """Every patient whom Bronze or Silver names; of records that name people in a text only those that may name one of
    some ids."""
    names = set()
    ids = None if ids is None else tuple(ids)
    few = None if ids is None else {canonical(each) for each in ids}
    for source in about_people():
        for namespace, _, named in records_of(lake, source, feeds, ids):
            each = named.patients.flatten()
            told = values(named.patients) if few is None else spelled_like(each, few).to_pylist()
            names |= {feeds.name_in(source, namespace, each) for each in told if each}
    for batch in batches(lake, silver.PATIENTS, ["id_namespace", "patient_id"]):
        some = batch if few is None else batch.filter(pc.is_in(batch.column(1), spelled_like(batch.column(1), few)))
        names |= set(zip(*(column.to_pylist() for column in some.columns), strict=True))
    # rows of an older lake, which its next run makes again
    return {(namespace, id_) for namespace, id_ in names if namespace is not None}


def _same_people(pairs: Iterable[tuple[Name, Name]]) -> dict[Name, frozenset[Name]]:
    """All the names of each person who has several."""
    groups: dict[Name, frozenset[Name]] = {}
    for one, other in pairs:
        both = groups.get(one, frozenset({one})) | groups.get(other, frozenset({other}))
        groups |= dict.fromkeys(both, both)
    return groups


def _numbered(lake: Lake, feeds: Feeds) -> Iterator[tuple[Name, Name]]:
    """Patients of another system, with the record number of the hospital that the newest version of each gives, where
    Silver knows somebody by it: what it takes for no id makes no two people one."""
    told: dict[Name, list[Placed]] = {}
    for source in about_people():
        system = feeds.systems.get(source.contract.system)
        if system is None or not system.record_number or source.record_numbers is None:
            continue
        for namespace, records, _ in records_of(lake, source, feeds, more=_PLACE):
            places = zip(*(records.column(name).to_pylist() for name in _PLACE), strict=True)
            for each, place in zip(feeds.record_numbers(source, records), places, strict=True):
                if each.patient and each.number:
                    told.setdefault((namespace, each.patient), []).append((each.place(*place), each))
    numbers = {name: newest(of).number or "" for name, of in told.items()}
    known = _known(lake, {*numbers.values()}) if numbers else set()
    yield from ((name, (MRN, number)) for name, number in numbers.items() if number in known)


def _borne(lake: Lake, feeds: Feeds, ids: Iterable[str]) -> Iterator[tuple[Name, Name]]:
    """Patients, of those who may be asked for, with each name by which other records mean them and nobody else."""
    asked = {canonical(each) for each in ids}
    for source in about_people():
        if source.names_borne is None:
            continue
        mine = {
            (patient, name)
            for patient, names in _bearers(lake, feeds, source, asked)
            if canonical(patient[1]) in asked
            for name in names
        }
        of_name: dict[Name, set[Name]] = {}
        for patient, names in _bearers(lake, feeds, source, {name for _, (_, name) in mine}) if mine else ():
            for name in names:
                of_name.setdefault(name, set()).add(patient)
        yield from ((patient, name) for patient, name in mine if of_name.get(name) == {patient})


def _bearers(lake: Lake, feeds: Feeds, source: Source, ids: Iterable[str]) -> Iterator[tuple[Name, list[Name]]]:
    """Patients of a source in records that mention one of some ids, each with the names that it bears there."""
    assert source.names_borne is not None
    for namespace, records, _ in records_of(lake, source, feeds, ids):
        for patient, names in source.names_borne(records):
            if patient and names:
                whose = feeds.name_in(source, namespace, patient)
                yield whose, [feeds.name_in(source, namespace, name) for name in names]


def _known(lake: Lake, numbers: set[str]) -> set[str]:
    """Those of the record numbers that Silver knows."""
    people = batches(lake, silver.PATIENTS, ["id_namespace", "patient_id"])
    rows = (zip(*(column.to_pylist() for column in batch.columns), strict=True) for batch in people)
    return {id_ for batch in rows for namespace, id_ in batch if namespace == MRN and id_ in numbers}
