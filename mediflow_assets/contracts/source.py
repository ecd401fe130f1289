"""What a source is, as data: its Bronze table, where that names people, and which Silver columns come out of it.

A hospital's own source is one of these in a package of its own, named as an entry point of `mediflow.sources`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points

from mediflow_assets.contracts.identifiers import is_namespace
from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.table import Audience, Column, Privacy, TableContract, Type

GROUP = "mediflow.sources"
PATIENTS, ENCOUNTERS, CONDITIONS = "silver/patients", "silver/encounters", "silver/conditions"
LINKS = "silver/patient_links"
OBSERVATIONS, PROCEDURES, MEDICATIONS = "silver/observations", "silver/procedures", "silver/medications"
CLAIMS, CLAIM_LINES = "silver/claims", "silver/claim_lines"
ALLERGIES = "silver/allergies"
LOCATIONS = "silver/encounter_locations"

PROVENANCE = (
    Column("_delivery_id", Type.STRING, "SHA-256 of the delivery's content", Privacy.TECHNICAL, drop(), nullable=False),
    Column("_record_number", Type.LONG, "place in the delivery, from 1", Privacy.TECHNICAL, drop(), nullable=False),
    Column("_ingested_at", Type.TIMESTAMP, "when the delivery was received", Privacy.TECHNICAL, drop(), nullable=False),
)
FEED = Column("_feed", Type.STRING, "the feed of sources.toml that named its columns", Privacy.TECHNICAL, drop())
LINE_GRAIN = "line"
"""The grain of a feed whose records are charge lines of encounters."""
SHIFTED, CLEARED = "shifted", "cleared"
"""What a feed may say of its dates, and of its empty cells."""
EXTRA = Column("extra", Type.STRING, "unknown columns as a JSON object", Privacy.OTHER_ID, drop())


def delivered(privacy_of: Mapping[str, Privacy]) -> tuple[Column, ...]:
    """Columns that are stored as they come."""
    return tuple(Column(name, Type.STRING, "as delivered", privacy, drop()) for name, privacy in privacy_of.items())


def bronze_table(table: str, description: str, columns: tuple[Column, ...]) -> TableContract:
    """A Bronze table: these columns, and which record of which delivery a row is."""
    return TableContract(("bronze", table), description, Audience.PIPELINE, (*columns, *PROVENANCE))


@dataclass(frozen=True)
class Target:
    """A Silver table that records become rows of."""

    table: str
    columns: Mapping[str, str]
    """Silver column → the Bronze columns that it is read from, apart by blanks. What Silver computes is not named."""
    kind: str | tuple[str, ...] | None = None
    """Only records of this kind, or of one of these, become rows of the table; the others are kept in Bronze."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of records that become rows of the table; none where all do."""
        return (self.kind,) if isinstance(self.kind, str) else self.kind or ()


@dataclass(frozen=True)
class SourceContract:
    """One kind of delivery."""

    name: str
    table: TableContract
    code: str
    """Its `Source`, as `module:attribute`: how it is recognised, read and brought into the shape of Silver."""
    targets: tuple[Target, ...] = ()
    patient: str | None = None
    """The column that names the patient."""
    encounter: str | None = None
    """The column that names the encounter."""
    text: str | None = None
    """The column whose text may name people, where no column of their own does."""
    kind: str | None = None
    """The column that says of which kind a record is."""
    record: str | None = None
    """The column that names a record itself, where a later one may say no more than that it is deleted."""
    system: str = ""
    """What Silver calls it in `source_system`; its name unless it says otherwise."""
    namespace: str = ""
    """Whose its ids are: an id stands for one person within a namespace. Its system's name unless it says otherwise."""
    keeps_case: bool = False
    """Whether two of its ids may differ by case alone."""
    event_id: str | None = None
    """The column that names the event a record tells of, where the same may be sent several times."""
    has_parts: bool = False
    """Whether its records tell of encounters which those of others begin, and not each says something of its own."""
    is_stream: bool = False
    """Whether it comes as messages of a topic, in deliveries without end, and not in files."""
    reads_codes: bool = False
    """Whether its transforms read diagnosis codes by themselves, each by the system that is named beside it."""
    tells_whose: bool = False
    """Whether each of its records tells whose its ids are."""
    by_target: Mapping[str, Target] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_target", {target.table: target for target in self.targets})
        object.__setattr__(self, "system", self.system or self.name)
        object.__setattr__(self, "namespace", self.namespace or self.system.lower())
        if not is_namespace(self.namespace):
            raise ValueError(f"{self.name}: a namespace is a word of small letters")
        unknown = {column for target in self.targets for column in self._named(target)} - {*self.table.by_name}
        if unknown:
            raise ValueError(f"{self.table.name} has no column {', '.join(sorted(unknown))}")

    @property
    def filled(self) -> tuple[str, ...]:
        """The columns that a delivery fills, in the order in which they are stored."""
        return tuple(name for name in self.table.column_names if not name.startswith("_"))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The columns that hold nothing but an identifier."""
        return tuple(name for name in (self.patient, self.encounter) if name)

    def origins(self, table: str, columns: tuple[str, ...]) -> tuple[str, ...]:
        """The Bronze columns, as `zone/table.column`, that some columns of a Silver table are read from, each once."""
        target = self.by_target.get(table)
        found = (name for column in columns for name in target.columns.get(column, "").split()) if target else ()
        return tuple(dict.fromkeys(f"{self.table.name}.{name}" for name in found))

    def targets_of(self, kind: str) -> tuple[str, ...]:
        """The Silver tables that records of this kind become rows of."""
        return tuple(target.table for target in self.targets if not target.kinds or kind in target.kinds)

    def _named(self, target: Target) -> Iterator[str]:
        for names in target.columns.values():
            yield from names.split()
        yield from (
            name for name in (self.patient, self.encounter, self.text, self.kind, self.record, self.event_id) if name
        )


def installed() -> Iterator[SourceContract]:
    """The contracts of sources in other packages, in the order of their names."""
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        found = point.load()
        if not isinstance(found, SourceContract):
            raise ValueError(f"the entry point {point.name} of {GROUP} is no SourceContract")
        yield found
