"""`[systems.NAME]` of `sources.toml`: what a hospital says of a whole source system, whatever feed a record is of."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.identifiers import is_namespace, namespace_of_authority
from mediflow_assets.contracts.time_zones import time_zone
from mediflow_assets.contracts.vocabulary import CODED
from mediflow_assets.errors import SettingsInvalid

NAMESPACE_FORM = "a word of small letters, digits, - and _"


@dataclass(frozen=True)
class System:
    """One source system."""

    namespace: str | None = None
    """Whose its ids are."""
    record_number: str | None = None
    """The `identifier.system` by which its patients are known in the hospital: they are the same people there."""
    timezone: str | None = None
    """The IANA time zone of its times without an offset, and of its days; the home's where it names none."""
    authorities: Mapping[str, str] = field(default_factory=dict)
    """By assigning authority, as its messages name it, whose the ids are: an authority that is not named here has a
    namespace of its own."""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By column theirs → ours, of records that are of no feed."""


WORDY: Mapping[str, Collection[str]] = {
    bronze.SOURCES["admissions"].system: tuple(CODED),
    bronze.SOURCES["hl7"].system: tuple(CODED),
    bronze.SOURCES["fhir"].system: ("encounter_class", "gender", "admission_type", "discharge_disposition"),
}
"""Systems of which words can be mapped without a feed, and of which columns."""
LET_IN: Mapping[str, Collection[str]] = {bronze.SOURCES["fhir"].system: ("admission_type", "discharge_disposition")}
"""Columns of which a word that is not known holds no record back: it says nothing."""
KEYS = frozenset(System.__dataclass_fields__)


def system_of(name: str, section: Any) -> System:
    """A section as a system. Raises SettingsInvalid."""
    if name not in bronze.NAMESPACES:
        raise SettingsInvalid(f"sources.toml: there is no system '{name}': {', '.join(sorted(bronze.NAMESPACES))}.")
    if not isinstance(section, dict):
        raise SettingsInvalid(f"sources.toml: system '{name}' is not a section.")
    if unknown := sorted(set(section) - KEYS):
        raise SettingsInvalid(f"sources.toml: system '{name}' has an unknown key '{unknown[0]}'.")
    if "namespace" in section and not is_namespace(section["namespace"]):
        raise _invalid(name, "namespace", NAMESPACE_FORM)
    number = section.get("record_number")
    if number is not None and (not isinstance(number, str) or not number or not _tells_numbers(name)):
        raise _invalid(name, "record_number", "of system fhir only, the identifier.system of a FHIR Patient")
    if "timezone" in section:
        time_zone(section["timezone"], f"sources.toml: system '{name}', key 'timezone'")
    _of_words(name, section.get("values", {}))
    return System(**section | {"authorities": _authorities(name, section.get("authorities", {}))})


def _authorities(name: str, section: Any) -> Mapping[str, str]:
    tells = any(source.system == name and source.tells_whose for source in bronze.SOURCES.values())
    is_one = isinstance(section, dict) and all(map(is_namespace, section.values()))
    if not is_one or (section and not tells):
        raise _invalid(name, "authorities", f"of system hl7 only, pairs of an assigning authority and {NAMESPACE_FORM}")
    return {namespace_of_authority(authority): of for authority, of in section.items()}


def _of_words(name: str, values: Any) -> None:
    """Values are words by column, of systems whose records may be of a feed."""
    is_one = isinstance(values, dict) and all(
        column in WORDY.get(name, CODED)
        and isinstance(words, dict)
        and all(isinstance(ours, str) for ours in words.values())
        for column, words in values.items()
    )
    if not is_one or (values and name not in WORDY):
        expected = f"of systems {', '.join(WORDY)}, pairs of words for {', '.join(WORDY.get(name, CODED))}"
        raise _invalid(name, "values", expected)


def _tells_numbers(name: str) -> bool:
    return any(source.system == name and source.keeps_case for source in bronze.SOURCES.values())


def _invalid(name: str, key: str, expected: str) -> SettingsInvalid:
    return SettingsInvalid(f"sources.toml: system '{name}', key '{key}': expected {expected}.")
