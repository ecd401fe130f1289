"""Streaming: what a message of `encounter-events` holds, where it lands, and what is told of it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from mediflow_assets.contracts import admissions
from mediflow_assets.contracts.admissions import ADMISSIONS
from mediflow_assets.contracts.hl7 import HL7_EVENTS
from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.masks import drop, keep, year
from mediflow_assets.contracts.source import PROVENANCE, SourceContract
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, TableContract, Type

P, T = Privacy, Type

VERSION = "1"
"""Of the message's form. A message that names none is of this one."""
LARGEST_BYTES = 256 << 10
"""Of a message: an encounter takes half a kilobyte."""
DEEPEST = 32
"""Levels of nesting in a message."""
CLOCK_SKEW_SECONDS = 300
"""By how much a source's clock may run ahead of the broker's."""
DELIVERY_PREFIX = "kafka/"


class EventType(StrEnum):
    """What happened. Each message holds the encounter as it stands from then on."""

    ADMIT = "admit"
    UPDATE = "update"
    DISCHARGE = "discharge"
    CANCEL = "cancel"


AFTER_ADMISSION = (EventType.DISCHARGE, EventType.CANCEL)
"""Events that wait until the encounter is known."""


@dataclass(frozen=True)
class Field:
    """A field of the message. Of numbers the text counts, so that no digit is lost; unknown fields are kept."""

    name: str
    type: str
    description: str
    is_required: bool = False
    unit: str | None = None


ENVELOPE = (
    Field("event_id", "string", "names the event; sent again, it bears the same id", is_required=True),
    Field("event_type", "string", "admit, update, discharge or cancel", is_required=True),
    Field("occurred_at", "timestamp", "ISO 8601; when it happened, which is the order of versions", is_required=True),
    Field("event_version", "integer", f"the form of the message: {VERSION}"),
)
_UNITS = {"age": "years", "cost": "USD", "blood_pressure": "mmHg"}
_REQUIRED = ("patient_id", "department", "admission_date")
_TYPES = {
    "age": "integer",
    "cost": "number",
    "birth_date": "date",
    "admission_date": "timestamp",
    "discharge_date": "timestamp",
}
RECORD = tuple(
    Field(name, _TYPES.get(name, "string"), "as in a flat admission", name in _REQUIRED, _UNITS.get(name))
    for name in ADMISSIONS.column_names
    if name not in ("extra", "_feed", "updated_at") and not name.startswith("_")
)
"""The columns of a flat admission, by the same rules. `admission_date` of an admit, and `discharge_date` of a
discharge, may be left out: `occurred_at` then stands for them."""
FIELDS = (*ENVELOPE, *RECORD)
OLDER_TIME = "timestamp"
"""The older message has patient_id, age, gender, department, cost, diagnosis_code and this; no event_id or type."""

ENCOUNTER_EVENTS = TableContract(
    ("bronze", "encounter_events"),
    "Messages of the topic, byte for byte, one row a message: `_delivery_id` is kafka/<topic>/<partition>, "
    "`_record_number` the offset, `_ingested_at` the broker's time.",
    Audience.PIPELINE,
    (
        Column("topic", T.STRING, "the topic", P.TECHNICAL, drop(), nullable=False),
        Column("partition", T.INTEGER, "its partition", P.TECHNICAL, drop(), nullable=False),
        Column("key", T.BINARY, "the message's key", P.OTHER_ID, drop()),
        Column("value", T.BINARY, "its bytes; null for a tombstone", P.OTHER_ID, drop()),
        Column("event_id", T.STRING, "where it could be read", P.OTHER_ID, drop()),
        Column("patient_id", T.STRING, "where it could be read", P.RECORD_NUMBER, drop()),
        Column("encounter_id", T.STRING, "where it could be read", P.RECORD_NUMBER, drop()),
        *PROVENANCE,
    ),
    primary_key=("_delivery_id", "_record_number"),
)

SOURCE = SourceContract(
    "encounter_events",
    ENCOUNTER_EVENTS,
    "mediflow_assets.sources.events:EVENTS",
    system="events",
    namespace=MRN,
    patient="patient_id",
    encounter="encounter_id",
    text="value",
    event_id="event_id",
    is_stream=True,
    # a message holds the fields of a flat admission, all of them in one column
    targets=tuple(
        replace(target, columns=dict.fromkeys(target.columns, "value")) for target in admissions.SOURCE.targets
    ),
)

CLINICAL_LIMITS_MMHG = {"systolic_mmhg": (90, 180), "diastolic_mmhg": (50, 120)}
"""Outside of these somebody should look: hypertensive crisis above (ACC/AHA 2017, section 11.2), hypotension below."""
COST_RULE = "cost_above_limit"
MICRO_BATCH, REAL_TIME, IN_RUN = "micro-batch", "real-time", "run"
"""How an alert was validated: in the run that landed its event, or by the service."""

_OF = "silver/encounters."
"""An event is validated in the form it has in Silver, before it is merged there: its columns stand for the event's."""


def _told(
    name: str, type_: Type, description: str, of: str, *more: str, privacy: Privacy = P.CLINICAL, nullable: bool = True
) -> Column:
    mask = year() if privacy is P.DATE else keep()
    return Column(name, type_, description, privacy, mask, nullable=nullable, derived_from=(_OF + of, *more))


STREAM_ALERTS = TableContract(
    ("gold", "stream_alerts"),
    "Events that call for a look: a cost above what is usual for its peers, a blood pressure outside clinical limits.",
    Audience.PIPELINE,
    (
        _told("alert_id", T.STRING, "keyed pseudonym of event and rule", "encounter_key", privacy=P.PSEUDONYM,
              nullable=False),
        _told("encounter_key", T.STRING, "keyed pseudonym of the encounter", "encounter_key", privacy=P.PSEUDONYM,
              nullable=False),
        _told("patient_key", T.STRING, "keyed pseudonym of the patient", "patient_key", privacy=P.PSEUDONYM,
              nullable=False),
        _told("department", T.STRING, "department", "department"),
        _told("rule", T.STRING, "cost_above_limit, systolic_mmhg or diastolic_mmhg", "cost_usd", nullable=False),
        _told("value", T.MONEY, "what the event says, USD or mmHg", "cost_usd", nullable=False),
        _told("expected_low", T.MONEY, "lower end of the expected range", "systolic_mmhg"),
        _told("expected_high", T.MONEY, "upper end of it", "systolic_mmhg", "gold/cost_baselines.limit_usd"),
        _told("peer_group", T.STRING, "whose costs it was compared with", "encounter_class"),
        Column("baseline_version", T.LONG, "version of gold/cost_baselines", P.TECHNICAL, keep()),
        _told("occurred_at", T.TIMESTAMP, "when the event happened", "updated_at", privacy=P.DATE),
        _told("received_at", T.TIMESTAMP, "the broker's time of the event", "updated_at", privacy=P.DATE,
              nullable=False),
        Column("alerted_at", T.TIMESTAMP, "when the alert was there", P.DATE, drop(), nullable=False),
        Column("mode", T.STRING, "real-time, micro-batch or run", P.TECHNICAL, keep(), nullable=False),
    ),
    primary_key=("alert_id",),
    checks=(RowCheck("value_as_expected", "value >= expected_low AND value <= expected_high"),),
)  # fmt: skip


def _figure(name: str, type_: Type, description: str, nullable: bool = True, unit: str | None = None) -> Column:
    return Column(name, type_, description, P.TECHNICAL, keep(), nullable=nullable, unit=unit)


STREAM_STATUS = TableContract(
    ("gold", "stream_status"),
    "Per partition of the topic: how far it was landed and validated, what was turned away, and how long events took.",
    Audience.ANALYST,
    (
        _figure(
            "partition",
            T.STRING,
            "kafka/<topic>/<partition>, of its HL7 kafka/hl7/<topic>/<partition>; hl7 files: "
            "those and MLLP, whose offsets are counts",
            nullable=False,
        ),
        _figure("landing", T.STRING, "off, batch or continuous; hl7 files", nullable=False),
        _figure("alerts_mode", T.STRING, "run, real-time or micro-batch", nullable=False),
        _figure("landed_through", T.LONG, "last offset in Bronze", nullable=False),
        _figure("judged_through", T.LONG, "last offset that Silver has validated", nullable=False),
        _figure("lag", T.LONG, "messages of the broker that were not landed, when the landing last looked"),
        _figure("records", T.LONG, "messages that landed, those of HL7 that could not be split too", nullable=False),
        _figure(
            "quarantined", T.LONG, "of these, open or waiting before silver/encounters, or not split", nullable=False
        ),
        _figure("quarantined_share", T.RATIO, "their share"),
        _figure("alerts", T.LONG, "alerts of all partitions and files together", nullable=False),
        _figure("last_event_at", T.TIMESTAMP, "the broker's time of the newest message in Bronze"),
        _figure("to_bronze_p50_ms", T.LONG, "from the broker to Bronze, last landing: median", unit="ms"),
        _figure("to_bronze_p99_ms", T.LONG, "the same: 99 of 100", unit="ms"),
        _figure("to_alert_p50_ms", T.LONG, "from the broker to the alert, last 1,000: median", unit="ms"),
        _figure("to_alert_p99_ms", T.LONG, "the same: 99 of 100", unit="ms"),
        _figure("rows_per_second", T.LONG, "last landing"),
        _figure("last_landed_at", T.TIMESTAMP, "when the last landing was committed"),
    ),
    primary_key=("partition",),
)

HOUSE = (STREAM_STATUS,)
TABLES = (ENCOUNTER_EVENTS, HL7_EVENTS, STREAM_ALERTS, *HOUSE)


def delivery_of(topic: str, partition: int) -> str:
    """The `_delivery_id` of a partition's records."""
    return f"{DELIVERY_PREFIX}{topic}/{partition}"


def hl7_of(topic: str) -> str:
    """The name under which the lake keeps how far the HL7 messages of a topic are landed: no topic is called so."""
    return f"hl7/{topic}"


def partition_of(delivery_id: str) -> tuple[str, int]:
    """Topic and partition of a delivery's id."""
    topic, _, partition = delivery_id.removeprefix(DELIVERY_PREFIX).rpartition("/")
    return topic, int(partition)
