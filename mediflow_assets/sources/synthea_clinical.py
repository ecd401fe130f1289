"""Synthea's CSV export of what befell patients in their encounters, older and newer releases."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mediflow_assets.contracts import synthea_clinical as contracts
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.source import Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform

_DONE = ("patient", "encounter", "code", "description")
_PRICE = {"base_cost": ("cost",)}


def _source(
    contract: SourceContract,
    required: tuple[str, ...],
    distinctive: tuple[str, ...],
    *,
    is_closed: bool = False,
    aliases: Mapping[str, tuple[str, ...]] | None = None,
) -> Source:
    form = Form(contract, required, distinctive, is_closed=is_closed, aliases=aliases or {})
    return Source(contract, _transforms(contract), form)


def _transforms(contract: SourceContract) -> "Callable[[], Mapping[str, Transform]]":
    def transforms() -> "Mapping[str, Transform]":
        from mediflow_assets.transforms import synthea_clinical as read

        return {contract.targets[0].table: getattr(read, contract.name.removeprefix("synthea_"))}

    return transforms


OBSERVATIONS = _source(
    contracts.OBSERVATIONS, ("date", *_DONE, "value", "units", "type"), ("code", "value", "units", "type")
)
PROCEDURES = _source(
    contracts.PROCEDURES,
    ("start", *_DONE, "base_cost", "reasoncode"),
    ("start", "encounter", "base_cost", "reasoncode"),
    is_closed=True,
    aliases={"start": ("date",), **_PRICE},
)
MEDICATIONS = _source(
    contracts.MEDICATIONS, ("start", *_DONE, "dispenses", "totalcost"), ("code", "dispenses", "totalcost")
)
IMMUNIZATIONS = _source(
    contracts.IMMUNIZATIONS,
    ("date", *_DONE, "base_cost"),
    ("date", "encounter", "base_cost"),
    # procedures of older releases have all of these columns, and more
    is_closed=True,
    aliases=_PRICE,
)
ALLERGIES = _source(
    contracts.ALLERGIES,
    # those of older releases have the header of conditions.csv
    ("start", *_DONE, "type", "category", "reaction1"),
    ("code", "category", "reaction1", "severity1"),
)
CLAIMS = _source(
    contracts.CLAIMS,
    ("id", "patientid", "appointmentid", "servicedate"),
    ("patientid", "appointmentid", "servicedate"),
)
CLAIMS_TRANSACTIONS = _source(
    contracts.CLAIMS_TRANSACTIONS,
    ("id", "claimid", "patientid", "type", "amount", "fromdate"),
    ("claimid", "type", "amount", "fromdate"),
)
