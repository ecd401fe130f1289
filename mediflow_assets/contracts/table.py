"""What a table contract is made of: columns, row checks, audience. Standard library only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mediflow_assets.contracts.masks import Mask, Verb


class Type(StrEnum):
    """Column types, by their Spark SQL names."""

    STRING = "string"
    BINARY = "binary"
    INTEGER = "int"
    LONG = "bigint"
    MONEY = "decimal(12,2)"
    TOTAL = "decimal(18,2)"
    RATIO = "decimal(12,4)"
    MEASURE = "decimal(28,12)"
    DATE = "date"
    TIMESTAMP = "timestamp"
    BOOLEAN = "boolean"
    STRINGS = "array<string>"


class Privacy(StrEnum):
    """What a column is, in the terms of 45 CFR 164.514(b)(2)(i): the 18 classes, then the rest."""

    NAME = "A names"
    GEOGRAPHY = "B geography below state"
    DATE = "C dates and ages over 89"
    PHONE = "D telephone numbers"
    FAX = "E fax numbers"
    EMAIL = "F e-mail addresses"
    SSN = "G social security numbers"
    RECORD_NUMBER = "H medical record numbers"
    BENEFICIARY = "I health plan numbers"
    ACCOUNT = "J account numbers"
    LICENCE = "K certificate and licence numbers"
    VEHICLE = "L vehicle identifiers"
    DEVICE = "M device identifiers"
    URL = "N web addresses"
    IP = "O network addresses"
    BIOMETRIC = "P biometric identifiers"
    PHOTO = "Q photographs"
    OTHER_ID = "R other identifying numbers and free text"
    QUASI = "quasi-identifier"
    CLINICAL = "clinical"
    PERIOD = "period of an aggregate"
    PSEUDONYM = "keyed pseudonym"
    TECHNICAL = "technical"

    @property
    def identifies(self) -> bool:
        """Whether a value alone may point to a person (classes A to R, dates and geography by their verbs)."""
        return self.value[1] == " "

    @property
    def is_direct(self) -> bool:
        """Whether it is an identifier that no verb makes less exact: every class of A to R but dates and ages."""
        return self.identifies and self is not Privacy.DATE


class Audience(StrEnum):
    """Who may open a table."""

    PIPELINE = "pipeline"
    GATEWAY = "gateway"
    ANALYST = "analyst"


class Severity(StrEnum):
    """What follows when a check does not hold."""

    QUARANTINE = "quarantine"
    ERROR = "error"
    WARN = "warn"


@dataclass(frozen=True)
class Column:
    """One column: what it holds and what becomes of it. `privacy` and `mask` have no default."""

    name: str
    type: Type
    description: str
    privacy: Privacy
    mask: Mask
    unit: str | None = None
    nullable: bool = True
    derived_from: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.privacy.identifies and self.mask.verb is Verb.KEEP:
            raise ValueError(f"column {self.name}: class '{self.privacy}' may not be kept")


@dataclass(frozen=True)
class RowCheck:
    """A rule each row must keep. `violation` is SQL that is true where it is broken; null counts as kept.

    A QUARANTINE rule is validated as a record enters Silver, and the table is checked for it as well. `meaning` says in
    words what the SQL is too long to show.
    """

    code: str
    violation: str
    severity: Severity = Severity.ERROR
    meaning: str = ""


@dataclass(frozen=True)
class SmallCells:
    """An aggregate that counts people: a row whose `people` is 1 to 10 loses its `measures`, and so does each of
    `counts` that is itself 1 to 10. `margins` are nested groups of rows whose totals may be known from elsewhere."""

    people: str
    measures: tuple[str, ...]
    counts: tuple[str, ...] = ()
    margins: tuple[tuple[str, ...], ...] = ((),)


@dataclass(frozen=True)
class TableContract:
    """One table: its key, columns, primary key, checks and audience.

    `period` names the date by whose month the rows of a large table lie apart: never of one that analysts may open,
    where the place of a row would tell its date.
    """

    key: tuple[str, str]
    description: str
    audience: Audience
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...] = ()
    checks: tuple[RowCheck, ...] = ()
    small_cells: SmallCells | None = None
    period: str | None = None
    by_name: Mapping[str, Column] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {column.name: column for column in self.columns})
        if len(self.by_name) != len(self.columns):
            raise ValueError(f"{self.name}: a column stands twice")
        for name in self.primary_key:
            if name not in self.by_name:
                raise ValueError(f"{self.name}: primary key names no column: {name}")
        if self.period is not None and self.audience is not Audience.PIPELINE:
            raise ValueError(f"{self.name}: where its rows lie would tell their dates")
        if self.period is not None and self.by_name[self.period].type is not Type.DATE:
            raise ValueError(f"{self.name}: rows lie apart by a date, not by {self.period}")

    @property
    def name(self) -> str:
        """The table as people write it: `zone/table`."""
        return "/".join(self.key)

    @property
    def names_people(self) -> bool:
        """Whether its rows are about one person each, and a column says which."""
        return "patient_key" in self.by_name

    @property
    def column_names(self) -> tuple[str, ...]:
        """The columns in the order in which they are stored."""
        return tuple(self.by_name)
