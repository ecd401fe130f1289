"""Gold, operational tables on privacy: how closely masked tables show anybody, and whether identifiers leaked."""

from mediflow_assets.contracts.masks import keep
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, TableContract, Type

P, T = Privacy, Type


def _told(name: str, type_: Type, description: str, nullable: bool = False) -> Column:
    return Column(name, type_, description, P.TECHNICAL, keep(), nullable=nullable)


PRIVACY_STATUS = TableContract(
    ("gold", "privacy_status"),
    "Per masked table of people: how many share the same quasi-identifiers, and how closely that shows anybody.",
    Audience.ANALYST,
    (
        _told("table", T.STRING, "the masked table"),
        _told("quasi_identifiers", T.STRING, "the columns over which people are grouped"),
        _told("records", T.LONG, "its rows"),
        _told("people", T.LONG, "distinct people"),
        _told("min_k", T.LONG, "people in the smallest group that shows anything", nullable=True),
        _told("share_below_k", T.RATIO, "share of records in groups of 1 to 10 people"),
        _told("max_risk", T.RATIO, "one over the smallest group", nullable=True),
        _told("mean_risk", T.RATIO, "mean over the records of one over their group's people", nullable=True),
        _told(
            "l_diversity",
            T.LONG,
            "distinct diagnoses in the group with fewest; null where none is shown",
            nullable=True,
        ),
        _told("is_suppressed", T.BOOLEAN, "whether values of small groups are blanked"),
        _told("min_k_before", T.LONG, "the smallest group before that", nullable=True),
        _told("share_below_k_before", T.RATIO, "share of records in groups of 1 to 10 before that", nullable=True),
        _told("suppressed_share", T.RATIO, "share of records with a blanked value", nullable=True),
        _told("utility_lost", T.RATIO, "share of the quasi-identifiers' values that were blanked", nullable=True),
        _told("version", T.LONG, "the masked table's version"),
    ),
    primary_key=("table",),
    checks=(RowCheck("risk_above_limit", "is_suppressed AND round(max_risk, 2) > 0.09"),),
)

LEAK_SCANS = TableContract(
    ("gold", "leak_scans"),
    "Each leak scan: what was looked through for identifiers of Silver, and how often one was found.",
    Audience.ANALYST,
    (
        _told("scanned_at", T.TIMESTAMP, "when"),
        _told("run_id", T.STRING, "the run"),
        _told("kind", T.STRING, "full, or new for what was written since the last clean scan"),
        _told("identifiers", T.LONG, "values looked for"),
        _told("files", T.LONG, "files looked through"),
        _told("bytes", T.LONG, "their size"),
        _told("hits", T.LONG, "places where one was found"),
        _told("files_hit", T.LONG, "files in which one was found"),
    ),
    checks=(RowCheck("identifier_found", "hits > 0"),),
)

TABLES = (PRIVACY_STATUS, LEAK_SCANS)
