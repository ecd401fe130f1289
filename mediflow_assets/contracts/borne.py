"""People and encounters known by an identifier that they bear, where no id of theirs is told.

FHIR names them so by a logical reference (`{"identifier": {"system": …, "value": …}}`) or by condition
(`Patient?identifier=system|value`): https://hl7.org/fhir/R4/references.html#logical, bundle.html#reference-search.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

MARK = "?"
"""How a name begins that is an identifier, and no id."""
TYPES = ("Patient", "Encounter")


def by_identifier(identifier: object) -> str | None:
    """The name of whoever bears an identifier; None where that has no value."""
    told: Mapping[str, Any] = identifier if isinstance(identifier, dict) else {}
    value, system = told.get("value"), told.get("system") or ""
    is_told = isinstance(value, str) and value.strip() and isinstance(system, str)
    return f"{MARK}{system.strip()}|{str(value).strip()}" if is_told else None


def by_condition(address: str, kind: str) -> str | None:
    """The name of whoever a conditional reference to a type means; None where it names none by an identifier."""
    begin, is_conditional, query = address.partition("?")
    if not is_conditional or begin.rsplit("/", 1)[-1] != kind:
        return None
    tokens = parse_qs(query).get("identifier", [])
    system, has_system, value = tokens[0].rpartition("|") if len(tokens) == 1 else ("", "", "")
    return by_identifier({"system": system, "value": value}) if value or has_system else None


def id_put(kept: str, identifiers: object) -> str:
    """The id of a resource that was put where an identifier stands; older releases kept the value alone as its id."""
    each = map(by_identifier, identifiers if isinstance(identifiers, list) else ())
    names = {name for name in each if name and value_of(name) == kept}
    return names.pop().removeprefix(MARK) if len(names) == 1 else kept


def value_of(name: str) -> str:
    """The identifier's value in such a name; any other as it is."""
    return name.rpartition("|")[2] if name.startswith(MARK) else name
