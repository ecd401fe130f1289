"""Every source by its name: whoever has a delivery or a Bronze table asks here, and never which source it is."""

import pkgutil
from collections.abc import Mapping
from functools import cache

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.sources.source import Source


@cache
def sources() -> Mapping[str, Source]:
    """MediFlow's own sources, and those of other packages that are installed."""
    return {name: load(contract) for name, contract in bronze.SOURCES.items()}


def source_of(table: TableContract) -> Source:
    """The source of a Bronze table."""
    return sources()[bronze.BY_TABLE[table.name].name]


def about_people() -> list[Source]:
    """The sources whose records are about patients: those that become rows of Silver."""
    return [source for source in sources().values() if source.contract.targets]


def load(contract: SourceContract) -> Source:
    """The source of a contract. Raises SettingsInvalid where it is not to be had."""
    try:
        found = pkgutil.resolve_name(contract.code)
    except (ImportError, AttributeError, ValueError):
        found = None
    if not isinstance(found, Source) or found.contract is not contract:
        raise SettingsInvalid(
            f"The source '{contract.name}' names {contract.code}, which is not its Source. Correct its contract, or "
            "install the package that it belongs to."
        )
    return found
