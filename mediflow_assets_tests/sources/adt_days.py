"""Made-up days of ADT messages, and what a hospital's tables hold after them.

The house keeps a state machine of its own: what HL7 2.5.1, chapter 3, says that each event means. It writes a message
for each event, and knows nothing of how messages are read.
"""

import datetime as dt
import random
from dataclasses import dataclass, field

WARDS = ("CARD", "ICU", "SURG", "MED", "ED")
CODES = ("I10", "E11.9", "J18.9", "I50.9", "N17.9")
START = dt.datetime(2024, 3, 1, 6)


@dataclass
class Stay:
    """A visit as the hospital has it."""

    number: str
    patient: str
    visit_class: str
    ward: str
    admitted: dt.datetime
    status: str = "in-progress"
    discharged: dt.datetime | None = None
    disposition: str | None = None
    codes: tuple[str, ...] = ()
    bed: int = 0
    path: list[tuple[str, int, dt.datetime]] = field(default_factory=list)
    """Where the patient was, from when on."""
    is_moved: bool = False

    def enter(self, at: dt.datetime) -> None:
        """Be at the ward and bed from then on."""
        self.path.append((self.ward, self.bed, at))


@dataclass
class Person:
    """A patient as the hospital has them."""

    number: str
    family: str
    given: str
    born: str
    gender: str
    phone: str | None = None
    died: str | None = None
    is_deleted: bool = False


class House:
    """A hospital that writes a message of each thing that happens in it."""

    def __init__(self, seed: int, tells_begin: float = 1.0, ward: str = "") -> None:
        self.chance = random.Random(seed)
        self.tells_begin, self.ward = tells_begin, ward
        self.now, self.sent = START, 0
        self.people: dict[str, Person] = {}
        self.stays: dict[str, Stay] = {}
        self.merged: dict[str, str] = {}
        self.told: set[str] = set()
        self.messages: list[str] = []

    def days(self, events: int) -> "House":
        """Let so many things happen."""
        while len(self.messages) < events:
            # several events may be of one second
            self.now += dt.timedelta(seconds=self.chance.choice((0, 0, 1, 40, 600, 5400)))
            self.happen()
        return self

    def happen(self) -> None:
        """One thing, of those that can happen now."""
        open_ = [s for s in self.stays.values() if s.status == "in-progress"]
        over = [s for s in self.stays.values() if s.status == "finished"]
        planned = [s for s in self.stays.values() if s.status == "planned"]
        chosen = self.chance.choices(
            (
                self.begin,
                self.move,
                self.leave_house,
                self.update,
                self.turn,
                self.cancel,
                self.know,
                self.merge,
                self.correct,
            ),
            (5 if len(open_) < 40 else 1, 3, 3, 3, 2, 1, 2, 0.3, 0.5),
        )[0]
        chosen(open_, over, planned)

    def begin(self, _open: list[Stay], _over: list[Stay], planned: list[Stay]) -> None:
        """A01, A04, A05: admitted, registered, pre-admitted."""
        if planned and self.chance.random() < 0.5:
            stay = self.chance.choice(planned)
            stay.status, stay.admitted = "in-progress", self.now
            stay.enter(self.now)
            self.tell("A01", stay)
            return
        event, class_ = self.chance.choice((("A01", "I"), ("A04", "O"), ("A04", "E"), ("A05", "I")))
        number, patient = f"V{self.ward}{len(self.stays) + 1:05}", self.someone()
        if patient.died or patient.is_deleted:
            return
        stay = Stay(number, patient.number, class_, self.chance.choice(WARDS), self.now)
        stay.status = "planned" if event == "A05" else "in-progress"
        stay.codes = tuple(self.chance.sample(CODES, self.chance.choice((0, 1, 2, 3))))
        stay.bed = self.chance.randrange(20)
        if event != "A05":
            stay.enter(self.now)
        self.stays[number] = stay
        self.tell(event, stay)

    def move(self, open_: list[Stay], *_: list[Stay]) -> None:
        """A02, and A12, which takes it back: the patient is again where they were."""
        if not open_:
            return
        stay = self.chance.choice(open_)
        if stay.is_moved and self.chance.random() < 0.3:
            stay.path.pop()
            stay.ward, stay.bed, _ = stay.path[-1]
            stay.is_moved = False
            self.tell("A12", stay)
        else:
            stay.ward = self.chance.choice([w for w in WARDS if w != stay.ward])
            stay.bed, stay.is_moved = self.chance.randrange(20), True
            stay.enter(self.now)
            self.tell("A02", stay)

    def leave_house(self, open_: list[Stay], over: list[Stay], _: list[Stay]) -> None:
        """A03, and A13, which takes it back: the patient is still there."""
        if over and self.chance.random() < 0.25:
            stay = self.chance.choice(over)
            stay.status, stay.discharged, stay.disposition = "in-progress", None, None
            self.tell("A13", stay)
        elif open_:
            stay = self.chance.choice(open_)
            stay.status, stay.discharged = "finished", self.now
            stay.disposition = self.chance.choice(("home", "skilled_nursing", "expired"))
            self.tell("A03", stay)

    def update(self, open_: list[Stay], over: list[Stay], _: list[Stay]) -> None:
        """A08, of an open stay or of one that is over; A21 and A22: on leave, and back."""
        if not open_ + over:
            return
        stay = self.chance.choice(open_ + over)
        event = self.chance.choice(("A08", "A08", "A21", "A22"))
        if event == "A08" and self.chance.random() < 0.6:
            stay.codes = tuple(self.chance.sample(CODES, self.chance.choice((1, 2, 3))))
        self.tell(event, stay)

    def turn(self, open_: list[Stay], *_: list[Stay]) -> None:
        """A06 and A07: an outpatient becomes an inpatient, and the other way round."""
        if not open_:
            return
        stay = self.chance.choice(open_)
        event, stay.visit_class = ("A07", "O") if stay.visit_class == "I" else ("A06", "I")
        self.tell(event, stay)

    def cancel(self, open_: list[Stay], over: list[Stay], planned: list[Stay]) -> None:
        """A11 and A38: it was none; A23: the visit is deleted."""
        if not open_ + planned:
            return
        stay = self.chance.choice(open_ + planned)
        event = "A38" if stay.status == "planned" else self.chance.choice(("A11", "A11", "A23"))
        stay.status = "cancelled"
        # nobody was ever there
        stay.path.clear()
        self.tell(event, stay)

    def know(self, *_: list[Stay]) -> None:
        """A28 and A31: a person is added, or something of them changes; A29: one without visits is deleted."""
        person = self.someone()
        has_visits = any(stay.patient == person.number for stay in self.stays.values())
        if not has_visits and not person.is_deleted and self.chance.random() < 0.3:
            person.is_deleted = True
            self.tell("A29", None, person)
            return
        event = self.chance.choice(("A31", "A31", "A28"))
        person.is_deleted = False
        change = self.chance.choice(("phone", "no phone", "name", "death"))
        if change == "phone":
            person.phone = f"555-{self.chance.randrange(10_000):04}"
        elif change == "no phone":
            person.phone = None
        elif change == "name":
            person.family = self.chance.choice(("Ito", "O'Hara", "Smith & Sons", "Müller", "de la Cruz"))
        elif not person.died:
            person.died = self.now.strftime("%Y%m%d")
        self.tell(event, None, person)

    def merge(self, *_: list[Stay]) -> None:
        """A40, A34: two record numbers turn out to be one person's; the second one is not used any more."""
        linked = {*self.merged, *self.merged.values()}
        alone = [n for n, person in self.people.items() if n not in linked and not person.is_deleted]
        if len(alone) < 2:
            return
        stays, gone = self.chance.sample(alone, 2)
        self.merged[gone] = stays
        more = []
        others = [number for number in alone if number in self.told and number not in (stays, gone)]
        if len(others) > 1 and self.chance.random() < 0.6:
            # two merges in one message
            other_stays, other_gone = self.chance.sample(others, 2)
            self.merged[other_gone] = other_stays
            more = ["PD1|", f"PID|2||{other_stays}^^^^MR", f"MRG|{other_gone}^^^^MR"]
        event = "A40" if more else self.chance.choice(("A40", "A34"))
        self.tell(event, None, self.people[stays], f"MRG|{gone}^^^^MR", *more)

    def correct(self, open_: list[Stay], over: list[Stay], _: list[Stay]) -> None:
        """A50: a visit gets another number; A45: it was another patient's."""
        if not open_ + over:
            return
        stay = self.chance.choice(open_ + over)
        number, patient = stay.number, stay.patient
        if self.chance.random() < 0.5:
            stay.number = f"{number}R"
            self.stays = {each.number: each for each in self.stays.values()}
            self.tell("A50", stay, None, f"MRG|{patient}^^^^MR||||{number}")
            return
        other = self.someone()
        if other.number != patient and not other.died and not other.is_deleted:
            stay.patient = other.number
            self.tell("A45", stay, None, f"MRG|{patient}^^^^MR||||{number}")

    def someone(self) -> Person:
        """A patient, new or known, whose record number is in use."""
        known = [each for number, each in self.people.items() if number not in self.merged]
        if known and self.chance.random() < 0.5:
            return self.chance.choice(known)
        number = f"P{self.ward}{len(self.people) + 1:05}"
        born = self.chance.choice(("19420312", "1980", "200107", "19991231"))
        self.people[number] = Person(number, "Smith", f"Ann{number}", born, self.chance.choice("FM"))
        return self.people[number]

    def tell(self, event: str, stay: Stay | None, person: Person | None = None, *more: str) -> None:
        """Write the message of an event."""
        person = person or self.people[stay.patient if stay else ""]
        self.sent += 1
        if event != "A29":
            self.told.add(person.number)
        at = self.now.strftime("%Y%m%d%H%M%S")
        lines = [
            f"MSH|^~\\&|ADT|HOUSE|LAKE|HERE|{at}||ADT^{event}^ADT_A01|{self.sent}|P|2.5.1||||||UNICODE UTF-8",
            f"EVN|{event}|{at}",
            _pid(person),
            *more,
        ]
        if stay:
            lines += [*([] if more else ["NK1|1|NEXT^OFKIN|SPO"]), self.visit(event, stay)]
            lines += [f"DG1|{n}||{code}^Text of {code}^I10C|||F" for n, code in enumerate(stay.codes, start=1)]
            lines += ["IN1|1|PLAN|7|MUTUAL HEALTH", "ZPV|1|of the house"]
        self.messages.append("\r".join(lines))

    def visit(self, event: str, stay: Stay) -> str:
        """PV1 of a stay: its begin stands in all messages, or in some."""
        fields = [""] * 46
        fields[0:4] = ["PV1", "1", stay.visit_class, f"{stay.ward}^{stay.bed}^A"]
        fields[19] = stay.number
        if event in ("A01", "A04", "A05") or self.chance.random() < self.tells_begin:
            fields[44] = stay.admitted.strftime("%Y%m%d%H%M%S")
        if stay.discharged:
            fields[36] = {"home": "01", "skilled_nursing": "03", "expired": "20"}[stay.disposition or ""]
            fields[45] = stay.discharged.strftime("%Y%m%d%H%M%S")
        return "|".join(fields).rstrip("|")


def _pid(person: Person) -> str:
    name = f"{person.family.replace('&', chr(92) + 'T' + chr(92))}^{person.given}^^^^^L"
    fields = ["PID", "1", "", f"77^^^REG^PI~{person.number}^^^^MR", "", name, "", person.born, person.gender]
    fields += ["", "", "1 ELM ST^^BOSTON^MA^02115", "", person.phone or '""', *[""] * 15, person.died or ""]
    return "|".join(fields).rstrip("|")
