"""Gold, operational tables: how the pipeline fared. No people in them, so analysts may read them."""

from mediflow_assets.contracts.masks import keep
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, TableContract, Type
from mediflow_assets.contracts.versions import OUTCOMES

P, T = Privacy, Type


def _column(name: str, type_: Type, description: str, nullable: bool = False) -> Column:
    return Column(name, type_, description, P.TECHNICAL, keep(), nullable=nullable)


CHECK_RESULTS = TableContract(
    ("gold", "check_results"),
    "Each check's result, appended before it may fail its step.",
    Audience.ANALYST,
    (
        _column("checked_at", T.TIMESTAMP, "when"),
        _column("run_id", T.STRING, "the Dagster run"),
        _column("table", T.STRING, "the table checked"),
        _column("check_name", T.STRING, "the rule"),
        _column("severity", T.STRING, "error or warn"),
        _column("passed", T.BOOLEAN, "whether it held"),
        _column("failing", T.LONG, "rows that broke it"),
        _column("rows", T.LONG, "rows checked"),
        _column("version", T.LONG, "the table's version"),
    ),
)

RECONCILIATION = TableContract(
    ("gold", "reconciliation"),
    "Per Silver table and delivery: what arrived against what became of it. `balanced` only if the sums agree.",
    Audience.ANALYST,
    (
        _column("table", T.STRING, "the Silver table, or the Bronze table that received the delivery"),
        _column("delivery", T.STRING, "12 hex digits of its content"),
        _column("source", T.STRING, "what it was recognised as"),
        _column("records", T.LONG, "records that arrived"),
        _column("accepted", T.LONG, "accepted, replayed ones included"),
        _column(
            "newest",
            T.LONG,
            "accepted ones that are rows of the Silver table; the others are older versions or repeats",
            nullable=True,
        ),
        *(_column(name, T.LONG, f"accepted versions {what}", nullable=True) for name, what in OUTCOMES.items()),
        _column("quarantined", T.LONG, "open, waiting, discarded or superseded; for Bronze, rejects"),
        _column("erased", T.LONG, "erased"),
        _column(
            "balanced",
            T.BOOLEAN,
            "whether records = accepted + quarantined + erased, and versions = accepted",
        ),
        _column("reasons", T.STRING, "why records were refused, the most frequent first", nullable=True),
        _column("unknown_words", T.LONG, "quarantined for a word that no vocabulary has", nullable=True),
    ),
    primary_key=("table", "delivery"),
    checks=(RowCheck("unbalanced", "NOT balanced"),),
)

QUARANTINE_REASONS = TableContract(
    ("gold", "quarantine_reasons"),
    "Quarantined records by table, source, reason and status. A record with two reasons counts under both.",
    Audience.ANALYST,
    (
        _column("table", T.STRING, "the Silver table; bronze/rejects for records that could not be split"),
        _column("source", T.STRING, "the Bronze table"),
        _column("reason", T.STRING, "the rule it broke"),
        _column("status", T.STRING, "open, waiting, replayed, discarded, superseded, rejected"),
        _column("records", T.LONG, "how many"),
    ),
    primary_key=("table", "source", "reason", "status"),
)

QUARANTINE_SAMPLES = TableContract(
    ("gold", "quarantine_samples"),
    "A few quarantined records of each reason, masked: which fields are filled, and the shape of what stands in them.",
    Audience.ANALYST,
    (
        _column("table", T.STRING, "the Silver table"),
        _column("source", T.STRING, "the Bronze table"),
        _column("reason", T.STRING, "the rule it broke"),
        _column("sample", T.LONG, "1 to 3"),
        _column("status", T.STRING, "open or waiting"),
        _column("delivery", T.STRING, "12 hex digits of its content"),
        _column("record", T.LONG, "place in the delivery, from 1"),
        _column("fields", T.STRING, "field: shape, with a for a letter and # for a digit; identifiers are kept back"),
    ),
    primary_key=("table", "source", "reason", "sample"),
)

TABLES = (CHECK_RESULTS, RECONCILIATION, QUARANTINE_REASONS, QUARANTINE_SAMPLES)
