"""HL7 v2 messages: whole, each of a type and event, which say what becomes of it. Of ADT (chapter 3 of HL7 2.5.1) each
is a version of its patient and of its visit, as of its EVN-2, else its MSH-7."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.source import (
    ENCOUNTERS,
    LINKS,
    LOCATIONS,
    PATIENTS,
    SourceContract,
    Target,
    bronze_table,
    delivered,
)
from mediflow_assets.contracts.table import Privacy as P

READING = 5
"""Raised when messages are read otherwise than before: Silver of older ones is then validated again."""
NOT_REAL = {"T": "training", "D": "debugging", "N": "testing", "V": "validation"}
"""What MSH-11 (table 0103) says of messages that are of no patient: they stay in Bronze, as of a type of their own."""
_COLUMNS = delivered(
    {
        "message_type": P.TECHNICAL,
        "trigger_event": P.TECHNICAL,
        "control_id": P.OTHER_ID,
        "sent_at": P.DATE,
        "message": P.OTHER_ID,
    }
)
HL7_MESSAGES = bronze_table(
    "hl7_messages", "HL7 v2 messages, each whole as its text, of files and of those that were sent.", _COLUMNS
)
HL7_EVENTS = bronze_table(
    "hl7_events",
    "HL7 v2 messages of the topic, each whole as its text: `_delivery_id` is kafka/hl7/<topic>/<partition>, "
    "`_record_number` the offset, `_ingested_at` the broker's time.",
    _COLUMNS,
)


@dataclass(frozen=True)
class Event:
    """What an event says of a visit beside what its segments tell."""

    status: str | None = None
    """Of the visit from then on; None where it stays what it was."""
    begins: bool = False
    """Whether the event is the visit's begin, where no PV1-44 tells one."""
    ends: bool = False
    """Whether it is the visit's end, where no PV1-45 tells one."""
    reopens: bool = False
    """Whether an end that was told does not hold any more."""
    is_deleted: bool = False
    """Whether there is no such visit any more."""
    visit_class: str | None = None
    """Its class, where no PV1-2 tells one."""


_SAME = Event()
STAYS: Mapping[str, Event] = {
    "A01": Event("in-progress", begins=True, visit_class="I"),
    "A04": Event("in-progress", begins=True),
    "A05": Event("planned", begins=True),
    "A14": Event("planned", begins=True),
    "A06": Event("in-progress", visit_class="I"),
    "A07": Event("in-progress", visit_class="O"),
    "A03": Event("finished", ends=True),
    "A11": Event("cancelled"),
    "A27": Event("cancelled"),
    "A38": Event("cancelled"),
    "A13": Event("in-progress", reopens=True),
    "A23": Event("cancelled", is_deleted=True),
    **dict.fromkeys(("A02", "A08", "A12", "A21", "A22", "A42", "A45", "A50", "A52", "A53", "A54", "A55"), _SAME),
}
"""Events of a visit. On leave (A21) one is still a patient; a transfer (A02) and its undoing (A12) tell where the
patient is from then on. A42, A45 and A50 merge, move and renumber visits."""
WORDS = {
    "gender": ("PID", 8),
    "encounter_class": ("PV1", 2),
    "admission_type": ("PV1", 4),
    "discharge_disposition": ("PV1", 36),
}
"""Where words of coded columns stand."""
LOCATING: Mapping[str, str] = {
    **dict.fromkeys(("A01", "A04", "A06", "A07"), "begin"),
    "A02": "transfer",
    "A12": "undoing",
}
"""Events that say where a patient is from then on; of an undone transfer that is where they were before."""
PLANNED = ("A05", "A14")
DELETED_PERSON = "A29"
MERGING = ("A18", "A30", "A34", "A35", "A36", "A39", "A40", "A43", "A46", "A47")
"""The patient of PID-3 is, from then on, the one of MRG-1 as well. Where only account numbers are merged (A35) both are
the same, and that says nothing. The identifier that A43 moves (MRG-1) names the patient of PID-3 from then on."""
SEPARATING, RELATING = "A37", "A24"
"""Of two PID: they are no longer one person; they are related, which merges nobody (3.3.24)."""


TELLING_NOTHING = (
    *("A09", "A10", "A15", "A16", "A19", "A20", "A25", "A26", "A32", "A33", "A48", "A51", "A60", "A61", "A62"),
)
"""Events of which Silver has no column: on the way, pending, beds, queries, allergies, physicians, alternate ids."""


def _of(events: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"ADT^{event}" for event in events)


_OF_EVERY = "updated_at", "version_number"


def _read(columns: str) -> dict[str, str]:
    return dict.fromkeys((*columns.split(), *_OF_EVERY), "message")


SOURCE = SourceContract(
    "hl7",
    HL7_MESSAGES,
    "mediflow_assets.sources.hl7:HL7",
    namespace=MRN,
    text="message",
    kind="message_type",
    reads_codes=True,
    tells_whose=True,
    targets=(
        Target(
            PATIENTS,
            _read(
                "id_namespace patient_id given_name family_name full_name birth_date death_date is_deceased gender "
                "race ethnicity marital_status address city state zip phone email ssn drivers_license cleared is_ended"
            ),
            _of((*STAYS, "A28", "A31", DELETED_PERSON, *MERGING)),
        ),
        Target(
            ENCOUNTERS,
            _read(
                "id_namespace encounter_id patient_id encounter_class admission_type status department diagnosis_code "
                "listed_codes diagnosis_text admitted_at discharged_at discharge_disposition payer cleared "
                "systolic_mmhg diastolic_mmhg cost_usd"
            ),
            _of(tuple(STAYS)),
        ),
        Target(
            LOCATIONS,
            _read("id_namespace encounter_location_id patient_id encounter_id kind department room bed entered_at "),
            _of(tuple(LOCATING)),
        ),
        Target(
            LINKS,
            _read("survivor_namespace survivor_id merged_namespace merged_id kind claimed_at"),
            _of((*MERGING, SEPARATING, RELATING)),
        ),
    ),
)
EVENTS = replace(
    SOURCE,
    name="hl7_events",
    table=HL7_EVENTS,
    code="mediflow_assets.sources.hl7:HL7_EVENTS",
    is_stream=True,
)
"""The same of a topic. What they tell is of the same system, whichever way they come."""
