"""PID of an ADT message → what it tells of its patient, under the names of Synthea's columns."""

from collections.abc import Callable

from mediflow_assets.contracts.hl7 import DELETED_PERSON
from mediflow_assets.contracts.hl7_message import NOTHING, Message, Segment, Value, iso
from mediflow_assets.transforms.hl7.reading import Authorities, Cells, Told, patient_of, version_of

_NAMES = ("L", "", "C", "D", "U", "B", "I")
"""Types of names (table 0200) that go first, in this order; maiden names, aliases and pseudonyms come last."""
_ADDRESSES = ("H", "P", "L", "C", "M", "")
"""Types of addresses (table 0190) that go first; bad ones and those of offices or of birth come last."""
COLUMNS = ("id", "namespace", "first", "last", "birthdate", "deathdate", "gender", "race", "ethnicity", "marital",
           "address", "city", "state", "zip", "ssn", "drivers", "passport", "phone", "email", "deceased",
           "updated_at", "version_number", "emptied", "ended")  # fmt: skip
_NO_TELEPHONES = ("FX", "BP", "MD", "BPN")
"""Equipment (table 0202) and uses (0201) that reach nobody by voice: fax, beeper, modem."""
_SILVER = {
    "first": "given_name",
    "last": "family_name",
    "birthdate": "birth_date",
    "deathdate": "death_date",
    "marital": "marital_status",
    "drivers": "drivers_license",
    "deceased": "is_deceased",
}


def cells_of(message: Message, authorities: Authorities) -> Cells:
    """What a message tells of its patient; one that deletes the patient tells nothing else."""
    pid, told = message("PID"), Told()
    number = patient_of(pid)
    named: Cells = {"id": number(1), "namespace": authorities.whose(number)} if number else {}
    named |= {"namespace": named.get("namespace", authorities.default), **version_of(message)}
    if (message.type or "").endswith(f"^{DELETED_PERSON}"):
        return named | {"ended": "true"}
    _tell(pid, told)
    emptied = "".join(f" {_SILVER.get(name, name)} " for name in told.emptied)
    return told.cells | named | {"emptied": emptied or None}


def _tell(pid: Segment, told: Told) -> None:
    name = _first(pid.each(5), _NAMES, lambda value: value(7))
    told.put("last", name(1) if name else None)
    told.put("first", name(2) if name else None)
    told.put("birthdate", _time(pid(7)))
    told.put("gender", pid(8))
    told.put("race", pid(10, 2) or pid(10))
    told.put("ethnicity", pid(22, 2) or pid(22))
    told.put("marital", pid(16))
    home = _first(pid.each(11), _ADDRESSES, lambda value: value(7))
    for place, part in enumerate(("address", None, "city", "state", "zip"), start=1):
        if part:
            told.put(part, home(place) if home else None)
    told.put("phone", _reached(pid, is_mail=False))
    told.put("email", _reached(pid, is_mail=True))
    told.put("ssn", pid(19))
    told.put("drivers", pid(20))
    told.put("deathdate", _time(pid(29)))
    told.put("deceased", {"Y": "true", "N": "false", NOTHING: NOTHING}.get((pid(30) or "").upper()))
    if told.cells["deceased"] == "false":
        told.put("deathdate", NOTHING)
    if "deathdate" in told.emptied and not told.cells["deceased"]:
        told.put("deceased", NOTHING)


def _time(text: str | None) -> str | None:
    return text if text == NOTHING else iso(text)


def _first(values: list[Value], types: tuple[str, ...], type_of: Callable[[Value], str | None]) -> Value | None:
    """The value whose type goes first; of several the first, and others last."""

    def place(value: Value) -> int:
        type_ = (type_of(value) or "").upper()
        return types.index(type_) if type_ in types else len(types)

    return min(values, key=place, default=None)


def _reached(pid: Segment, *, is_mail: bool) -> str | None:
    """The first telephone number, or address of mail, of those at home and elsewhere."""
    for value in (*pid.each(13), *pid.each(14)):
        if value(1) == NOTHING:
            return NOTHING
        if value(3) in _NO_TELEPHONES or value(2) in _NO_TELEPHONES:
            continue
        first, fourth = value(1) or "", value(4) or ""
        is_address = "@" in first or value(2) == "NET" or value(3) in ("Internet", "X.400")
        found = (fourth or first if is_address or "@" in fourth else None) if is_mail else None
        if not is_mail and not is_address:
            found = first or value(12) or _joined(value)
        if found:
            return found
    return None


def _joined(value: Value) -> str | None:
    return " ".join(part for place in (5, 6, 7) if (part := value(place))) or None
