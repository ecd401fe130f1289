"""Columns as the OMOP CDM types them: what each kind is, and what it may show."""

from mediflow_assets.contracts.masks import keep, shift
from mediflow_assets.contracts.table import Column, Privacy, Type

P, T = Privacy, Type
NONE_TOLD = "empty: Silver has nothing for it"


def key(name: str, description: str, *origins: str, required: bool = True) -> Column:
    """A number that stands for a pseudonym, wider than the model's integer: 63 bits."""
    return Column(name, T.LONG, description, P.PSEUDONYM, keep(), nullable=not required, derived_from=origins)


def concept(name: str, description: str, *origins: str, required: bool = False) -> Column:
    """A concept of the OMOP vocabularies; 0 where none is known."""
    return Column(name, T.INTEGER, description, P.CLINICAL, keep(), nullable=not required, derived_from=origins)


def word(name: str, description: str, *origins: str, required: bool = False) -> Column:
    """A code of a published system, or a word of a closed list."""
    return Column(name, T.STRING, description, P.CLINICAL, keep(), nullable=not required, derived_from=origins)


def day(name: str, description: str, *origins: str, required: bool = False) -> Column:
    """A day, moved by days of the patient's own unless the real ones are chosen."""
    return Column(name, T.DATE, description, P.DATE, shift(), nullable=not required, derived_from=origins)


def moment(name: str, description: str, *origins: str) -> Column:
    """A time on the hospital's wall clocks, moved as its day is."""
    return Column(name, T.TIMESTAMP, description, P.DATE, shift(), derived_from=origins)


def part(name: str, description: str, *origins: str, required: bool = False) -> Column:
    """A part of a date."""
    return Column(name, T.INTEGER, description, P.DATE, shift(), nullable=not required, derived_from=origins)


def number(name: str, description: str, *origins: str) -> Column:
    """A number that was found."""
    return Column(name, T.MEASURE, description, P.CLINICAL, keep(), derived_from=origins)


def whole(name: str, description: str, *origins: str) -> Column:
    """A count."""
    return Column(name, T.INTEGER, description, P.CLINICAL, keep(), derived_from=origins)


def house(name: str, type_: Type, description: str, required: bool = False) -> Column:
    """What the table says of itself."""
    return Column(name, type_, description, P.TECHNICAL, keep(), nullable=not required)


def unused(type_: Type, *names: str) -> tuple[Column, ...]:
    """Columns that the model has and no source fills."""
    return tuple(Column(name, type_, NONE_TOLD, P.TECHNICAL, keep()) for name in names)
