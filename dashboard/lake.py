"""Read access to the lake: analyst tables only, one pinned version at a time, only the columns asked for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import polars as pl
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from dashboard.settings import DashboardSettings
from mediflow_assets.contracts.table import Audience, TableContract, Type

_BROKEN = (OSError, DeltaError, pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What a query over a file that is cut off, gone or no Parquet ends in: some of them end Polars' thread."""


_DTYPES: dict[Type, pl.DataType] = {
    Type.STRING: pl.String(),
    Type.BINARY: pl.Binary(),
    Type.INTEGER: pl.Int32(),
    Type.LONG: pl.Int64(),
    Type.MONEY: pl.Decimal(12, 2),
    Type.TOTAL: pl.Decimal(18, 2),
    Type.RATIO: pl.Decimal(12, 4),
    Type.DATE: pl.Date(),
    Type.TIMESTAMP: pl.Datetime("us", "UTC"),
    Type.BOOLEAN: pl.Boolean(),
    Type.STRINGS: pl.List(pl.String()),
}


class NotReadable(Exception):
    """A table cannot be shown. The text says which, why and what to do; it holds no row's value."""


class NothingYet(NotReadable):
    """The table does not exist or has no rows."""


@dataclass(frozen=True)
class Snapshot:
    """One version of one table; equal snapshots hold the same rows, so results may be cached by it."""

    uri: str
    version: int
    written_at: datetime = field(compare=False)
    rows: int = field(compare=False, default=0)
    lacking: tuple[tuple[str, Type], ...] = field(compare=False, default=())
    """Columns of the contract that the table does not have yet: an older MediFlow made it."""

    def scan(self, *columns: str) -> pl.LazyFrame:
        """The columns, lazily: Polars reads only the files and columns that the query needs."""
        empty = [pl.lit(None, _DTYPES[type_]).alias(name) for name, type_ in self.lacking if name in columns]
        return pl.scan_delta(self.uri, version=self.version).with_columns(empty).select(columns)

    def collect(self, query: pl.LazyFrame) -> pl.DataFrame:
        """Run a query over this snapshot. Raises NotReadable where its files went meanwhile."""
        try:
            return query.collect()
        except _BROKEN as broken:
            name = "/".join(self.uri.rstrip("/").split("/")[-2:])
            raise NotReadable(
                f"{name} could not be read at version {self.version} ({type(broken).__name__}): it is being rewritten "
                "or its files are gone. Reload in a minute; if it stays, run 'mediflow doctor'."
            ) from None


def is_synthetic() -> bool:
    """Whether deliveries of `mediflow generate` came into this home, or MEDIFLOW_SYNTHETIC says so."""
    settings = DashboardSettings()
    kept = (settings.root / "synthetic").exists() or (settings.root / "sample" / "truth").is_dir()
    return settings.synthetic or kept


def open_table(contract: TableContract, command: str = "mediflow run") -> Snapshot:
    """The newest version of an analyst table.

    Raises NotReadable for any other audience, NothingYet where `command` has not made the table.
    """
    if contract.audience is not Audience.ANALYST:
        raise NotReadable(f"{contract.name} is not for analysts: the dashboard does not open it.")
    uri = f"{DashboardSettings().lake_root.rstrip('/')}/{contract.name}"
    try:
        table = DeltaTable(uri)
        actions = table.get_add_actions(flatten=True)
        rows = sum(pl.DataFrame(actions)["num_records"].to_list())
        at = datetime.fromtimestamp(table.history(1)[0]["timestamp"] / 1000, tz=UTC)
    except TableNotFoundError:
        rows, table, at = 0, None, None
    except (OSError, DeltaError) as broken:
        raise NotReadable(
            f"{contract.name} could not be opened ({type(broken).__name__}). Reload in a minute; if it stays, "
            "run 'mediflow doctor'."
        ) from None
    if table is None or at is None or not rows:
        raise NothingYet(f"{contract.name} has no rows yet. To fill it, run '{command}'.")
    stored = {field.name for field in table.schema().fields}
    lacking = tuple((column.name, column.type) for column in contract.columns if column.name not in stored)
    return Snapshot(uri, int(table.version()), at, int(rows), lacking)
