"""Visits that got another number, or turned out to be another patient's: all messages about them are read so.

A50 renumbers a visit, A42 merges one into another (MRG-5 is PV1-19 now), A45 moves visits to the patient of PID-3, A44
all of an account (MRG-3); A49 renumbers an account, A41 merges one into another (MRG-3 is PID-18 now), which is the
number of visits that have none of their own: HL7 2.5.1, 3.3.41 to 3.3.50. It holds whenever a message about the visit
was sent: before, after or late.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from mediflow_assets.contracts.hl7_message import NOTHING, Message, Segment
from mediflow_assets.contracts.identifiers import as_delivered
from mediflow_assets.transforms.hl7.reading import Authorities, number_of, patient_of, version_of

ACCOUNT, VISIT = "A44", "A45"
RENUMBERED_ACCOUNTS = ("A41", "A49")
EVENTS = ("A42", ACCOUNT, VISIT, "A50", *RENUMBERED_ACCOUNTS)
Name = tuple[str, str]
"""Namespace and id."""


@dataclass(frozen=True)
class Moves:
    """What became of visits, by the ids that were told."""

    numbers: Mapping[Name, Name] = field(default_factory=dict)
    """The number of a visit now."""
    patients: Mapping[Name, Name] = field(default_factory=dict)
    """By visit whose it is."""
    accounts: Mapping[tuple[Name, str], Name] = field(default_factory=dict)
    """By patient and account whose its visits are."""
    account_numbers: Mapping[Name, Name] = field(default_factory=dict)
    """The number of an account now."""

    def __bool__(self) -> bool:
        return bool(self.numbers or self.patients or self.accounts or self.account_numbers)

    def visit(self, patient: Name, account: str | None, number: str | None) -> tuple[Name, str | None]:
        """Whose a visit is, and its number, as the last move of it says."""
        plain = None if number is None else as_delivered(number)
        owner = self.accounts.get((_plain(patient), as_delivered(account or "")), patient)
        if plain is None:
            return owner, None
        name = (patient[0], plain)
        if account and plain == as_delivered(account):
            name = self._account(name)
        for _ in range(len(self.numbers)):
            owner = self.patients.get(name, owner)
            if name not in self.numbers:
                break
            name = self.numbers[name]
        return self.patients.get(name, owner), name[1] if name[1] != plain else number

    def _account(self, name: Name) -> Name:
        """An account, which numbers a visit that has no number of its own, by its number now."""
        for _ in range(len(self.account_numbers)):
            name = self.account_numbers.get(name, name)
        return name


def moves_of(messages: Iterable[Message], authorities: Authorities) -> Moves:
    """The moves that messages tell; of several of one visit the last counts."""
    numbers: dict[Name, Name] = {}
    patients: dict[Name, Name] = {}
    accounts: dict[tuple[Name, str], Name] = {}
    account_numbers: dict[Name, Name] = {}
    for message in sorted(messages, key=_order):
        event = (message.type or "").rpartition("^")[2]
        for pid, prior, visit in _groups(message):
            owner, before = _name(pid, authorities), _prior(prior, authorities)
            if owner is None:
                continue
            of = before[0] if before else owner[0]
            old, new, account = _told(prior(5)), _told(visit(19)), _told(prior(3))
            if event in RENUMBERED_ACCOUNTS:
                _renumber(account_numbers, (of, account), (owner[0], _told(pid(18))))
                continue
            if event == ACCOUNT and before and account:
                accounts[before, account] = owner
            elif event == VISIT and (number := new or old):
                patients[of, old or number] = patients[owner[0], number] = owner
            if event != ACCOUNT and old and new and old != new:
                _renumber(numbers, (of, old), (owner[0], new))
                if (of, old) in patients:
                    patients[owner[0], new] = patients[of, old]
    return Moves(numbers, patients, accounts, account_numbers)


def _renumber(numbers: dict[Name, Name], old: tuple[str, str | None], new: tuple[str, str | None]) -> None:
    """From now on the new number, which is nobody else's any more."""
    if old[1] and new[1] and old[1] != new[1]:
        numbers[old[0], old[1]] = (new[0], new[1])
        numbers.pop((new[0], new[1]), None)


def _order(message: Message) -> tuple[str, int]:
    version = version_of(message)
    return version["updated_at"] or "", int(version["version_number"] or 0)


def _groups(message: Message) -> Iterator[tuple[Segment, Segment, Segment]]:
    """Each MRG with the PID before it and the PV1 behind it."""
    pid = message("PID")
    every = message.every
    for place, segment in enumerate(every):
        pid = segment if segment.name == "PID" else pid
        if segment.name == "MRG":
            behind = every[place + 1] if place + 1 < len(every) and every[place + 1].name == "PV1" else None
            yield pid, segment, behind or Segment(["PV1"], message.marks)


def _name(pid: Segment, authorities: Authorities) -> Name | None:
    number = patient_of(pid)
    return (authorities.whose(number), as_delivered(number(1) or "")) if number else None


def _prior(prior: Segment, authorities: Authorities) -> Name | None:
    number = number_of(prior.each(1)) or number_of(prior.each(4))
    return (authorities.whose(number), as_delivered(number(1) or "")) if number else None


def _told(text: str | None) -> str | None:
    return None if text in (None, NOTHING) else as_delivered(text or "")


def _plain(patient: Name) -> Name:
    return patient[0], as_delivered(patient[1])
