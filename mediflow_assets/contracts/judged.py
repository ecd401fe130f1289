"""What Silver has validated: how many records of each delivery, and those that could not enter."""

from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, TableContract, Type
from mediflow_assets.contracts.versions import OUTCOMES

P, T = Privacy, Type

VERSION = (
    Column("id_namespace", T.STRING, "whose its ids are", P.TECHNICAL, drop()),
    Column("record_id", T.STRING, "the key it would have had; null where that is what is wrong", P.RECORD_NUMBER,
           drop()),
    Column("record_patient_id", T.STRING, "its patient; null where that is what is wrong", P.RECORD_NUMBER, drop()),
    Column("version_at", T.TIMESTAMP, "time of the version", P.DATE, drop()),
    Column("version_number", T.LONG, "its number, where it tells no time", P.TECHNICAL, drop()),
)  # fmt: skip
"""What a quarantined record is a version of: a later good one supersedes it."""

QUARANTINE = TableContract(
    ("silver", "quarantine"),
    "Records that could not enter a Silver table, kept with every reason, to be mended and replayed.",
    Audience.PIPELINE,
    (
        Column("target_table", T.STRING, "the Silver table", P.TECHNICAL, drop(), nullable=False),
        Column("source", T.STRING, "the Bronze table", P.TECHNICAL, drop(), nullable=False),
        Column("_delivery_id", T.STRING, "its delivery", P.TECHNICAL, drop(), nullable=False),
        Column("_record_number", T.LONG, "its place there", P.TECHNICAL, drop(), nullable=False),
        Column("payload", T.STRING, "the Bronze record as JSON", P.OTHER_ID, drop(), nullable=False),
        Column("reasons", T.STRINGS, "every rule it broke", P.TECHNICAL, drop(), nullable=False),
        Column(
            "status", T.STRING, "open, waiting, replayed, discarded, superseded", P.TECHNICAL, drop(), nullable=False
        ),
        Column("first_seen_at", T.TIMESTAMP, "when its delivery was received", P.TECHNICAL, drop(), nullable=False),
        Column(
            "last_seen_at",
            T.TIMESTAMP,
            "when the version last validated was received",
            P.TECHNICAL,
            drop(),
            nullable=False,
        ),
        *VERSION,
    ),
    primary_key=("target_table", "_delivery_id", "_record_number"),
    checks=(RowCheck("status_unknown", "status NOT IN ('open', 'waiting', 'replayed', 'discarded', 'superseded')"),),
)

PROCESSED = TableContract(
    ("silver", "processed"),
    "Which deliveries each Silver table has validated; written last, after the table's checks have passed.",
    Audience.PIPELINE,
    (
        Column("target_table", T.STRING, "the Silver table", P.TECHNICAL, drop(), nullable=False),
        Column("_delivery_id", T.STRING, "the delivery", P.TECHNICAL, drop(), nullable=False),
        Column("through_record", T.LONG, "its last record validated", P.TECHNICAL, drop(), nullable=False),
        Column("records", T.LONG, "records validated", P.TECHNICAL, drop(), nullable=False),
        Column("accepted", T.LONG, "of these, accepted", P.TECHNICAL, drop(), nullable=False),
        Column("quarantined", T.LONG, "of these, quarantined", P.TECHNICAL, drop(), nullable=False),
        *(Column(name, T.LONG, f"accepted versions {what}", P.TECHNICAL, drop()) for name, what in OUTCOMES.items()),
    ),
)
