"""Delta tables through the engine: read, append, overwrite, merge. Every frame is conformed to its contract first."""

import hashlib
import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import ContractViolated
from mediflow_assets.objects import is_remote, listed, remove
from mediflow_assets.storage import months
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.dividing import divide
from mediflow_assets.storage.engine import MOST_ROWS_AT_ONCE
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.months import PART

OVERWRITE, APPEND = "overwrite", "append"
KEYS = "keys"
"""What may be staged for a table beside its rows."""


def conform(frame: DataFrame, contract: TableContract) -> DataFrame:
    """The frame with just the contract's columns, in order and of its types.

    A column that may be empty and that the frame lacks is written empty: a contract may gain one that no step fills
    yet. That no step forgets one is for the tests to hold, in which no frame may lack any. Raises ContractViolated
    where a required column is missing: the engine would fill or drop it without a word.
    """
    missing = [c.name for c in contract.columns if c.name not in frame.columns and not c.nullable]
    if missing:
        raise ContractViolated(f"{contract.name}: the frame lacks {', '.join(missing)}.")
    return _by_contract(frame, contract)


def _by_contract(frame: DataFrame, contract: TableContract, *beside: str) -> DataFrame:
    found = {c.name: F.col(c.name) if c.name in frame.columns else F.lit(None) for c in contract.columns}
    return frame.select(*(found[c.name].cast(c.type.value).alias(c.name) for c in contract.columns), *beside)


def _matched(condition: str | None, assignments: dict[str, str]) -> str:
    values = ", ".join(f"t.`{name}` = {value}" for name, value in assignments.items())
    return f" WHEN MATCHED{f' AND ({condition})' if condition else ''} THEN UPDATE SET {values}"


def _not_matched(names: Sequence[str], leaves: str | None) -> str:
    stays = f" AND NOT s.`{leaves}`" if leaves else ""
    inserted, values = (", ".join(f"{of}`{name}`" for name in names) for of in ("", "s."))
    return f" WHEN NOT MATCHED{stays} THEN INSERT ({inserted}) VALUES ({values})"  # noqa: S608


def _lying(frame: DataFrame, contract: TableContract, parts: Sequence[str]) -> DataFrame:
    """Rows with the part in which each is to lie, as `months.part_of` has it."""
    assert contract.period is not None
    month = F.substring(F.col(contract.period).cast("string"), 1, 7)
    later = [F.when(month >= part, F.lit(part)) for part in reversed(parts[1:])]
    return frame.withColumn(PART, F.coalesce(*later, F.lit(parts[0])))


@dataclass(frozen=True)
class Tables:
    """The lake's tables as DataFrames of one session, which is started on first use."""

    lake: Lake
    session: Callable[[], SparkSession]
    rows_at_once: int = MOST_ROWS_AT_ONCE
    """More rows than these are worked through in parts where they would be held all at once."""

    def read(self, contract: TableContract) -> DataFrame:
        """The table's rows, by its contract: what an older table lacks is empty."""
        self.lake.ensure(contract)
        rows = self._stored(contract)
        return _by_contract(rows, contract) if self._parts(contract) or self.lake.difference(contract) else rows

    def read_files(self, contract: TableContract, paths: Collection[str]) -> DataFrame:
        """The rows of some of the table's files, by its contract."""
        # which part a row lies in stands in its file's name, not in the file
        schema = StructType([field for field in self._stored(contract).schema if field.name != PART])
        return _by_contract(self.session().read.schema(schema).parquet(*paths), contract)

    def has_any(self, contract: TableContract, keys: DataFrame) -> bool:
        """Whether the table has a row of any of these keys, given by the columns of their names."""
        if self.lake.rows(contract) == 0:
            return False
        stored = self.read(contract).select(*keys.columns)
        # the few on the left, as in transforms.joins
        with storage_errors(contract.name):
            return bool(keys.join(stored, keys.columns, "left_semi").limit(1).count())

    def append(self, contract: TableContract, frame: DataFrame) -> None:
        """Add rows."""
        self._write(contract, frame, "append")
        self.lake.join_small_files(contract)

    def overwrite(self, contract: TableContract, frame: DataFrame) -> None:
        """Replace all rows in one commit. One with other types, or columns beyond its contract, is emptied first."""
        differs = self.lake.difference(contract)
        if differs.changed or differs.beyond:
            self.lake.overwrite_rows(contract, [])
        self._write(contract, frame, "overwrite")

    def merge(
        self,
        contract: TableContract,
        frame: DataFrame,
        keys: Sequence[str],
        update_if: str | None = None,
        updates: dict[str, str] | None = None,
        leaves: str | None = None,
    ) -> None:
        """Update matching rows (where `update_if`, over `s` and `t`, holds) and insert the others.

        `updates` gives expressions for columns that are not just taken from the source. `leaves` names a column of the
        frame that is true where the matching row is to be removed, and none inserted.
        """
        self.lake.widened(contract)
        divide(self.lake, contract)
        arrived = _by_contract(frame, contract, leaves) if leaves else conform(frame, contract)
        names, conditions = [*contract.column_names], [f"t.`{key}` = s.`{key}`" for key in keys]
        if parts := self._parts(contract):
            names.append(PART)
            arrived = self._staged(_lying(arrived, contract, parts), self._arriving(contract))
            conditions.append(f"t.`{PART}` IN ({self._parts_of_keys(contract, arrived.select(*keys))})")
        assignments = {name: f"s.`{name}`" for name in names if name not in keys} | (updates or {})
        clauses = [_matched(update_if, assignments), _not_matched(names, leaves)]
        if leaves:
            clauses.insert(0, f" WHEN MATCHED AND s.`{leaves}` THEN DELETE")
        self._merge(contract, arrived, " AND ".join(conditions) + "".join(clauses))
        if parts:
            self._unstage(self._arriving(contract))
            self.lake.join_small_files(contract)

    def _merge(self, contract: TableContract, arrived: DataFrame, on: str) -> None:
        session, uri = self.session(), self.lake.uri(contract)
        # a session keeps names for its whole life: without the lake in it, a second lake would be merged into the first
        target = f"{contract.name.replace('/', '_')}_{hashlib.sha256(uri.encode()).hexdigest()[:12]}"
        source = f"{target}_arrived"
        with storage_errors(contract.name):
            session.sql(f"CREATE TABLE IF NOT EXISTS {target} USING delta LOCATION '{uri}'")
            arrived.createOrReplaceTempView(source)
            session.sql(f"MERGE INTO {target} AS t USING {source} AS s ON {on}").collect()

    def _parts(self, contract: TableContract) -> list[str]:
        """The parts by month in which the table lies; none of one that has not been divided."""
        table = self.lake.seen(contract)
        return [] if table is None else list(months.parts_of(table))

    def _parts_of_keys(self, contract: TableContract, keys: DataFrame) -> str:
        """The parts in which rows of some keys lie, as SQL lists them. It reads keys alone, and no other part is read
        by the MERGE."""
        stored = self._stored(contract).select(*keys.columns, PART)
        with storage_errors(contract.name):
            found = keys.join(stored, keys.columns).select(PART).distinct().collect()
        return ", ".join(f"'{row[0]}'" for row in sorted(found)) or "''"

    def _stored(self, contract: TableContract) -> DataFrame:
        return self.session().read.format("delta").load(self.lake.uri(contract))

    def stage(
        self,
        contract: TableContract,
        frame: DataFrame,
        part: str | None = None,
        beside: str = "",
        mode: str = OVERWRITE,
    ) -> DataFrame:
        """The frame's rows, computed once and kept beside the table until `unstage`.

        What is read four times is else computed four times: 20 s instead of 6 for 1 M validated encounters. Rows that
        differ in the column `part` lie apart. `beside` names one of several frames that are staged for a table.
        """
        return self._staged(frame, f"{self._staging(contract)}{beside and f'.{beside}'}", part, mode)

    def _staged(self, frame: DataFrame, place: str, part: str | None = None, mode: str = OVERWRITE) -> DataFrame:
        with storage_errors("staging"):
            # read once or twice and removed: to compress it costs more than it saves
            writer = frame.write.format("parquet").option("compression", "none").mode(mode)
            (writer.partitionBy(part) if part else writer).save(place)
        if not self._has_staged(place):
            # the embedded engine writes no file for a frame without rows; to plan the frame itself again, several
            # times over in one query, would take it minutes
            return self.session().createDataFrame([], frame.schema)
        return self.session().read.parquet(place)

    def unstage(self, contract: TableContract) -> None:
        """Remove what was staged."""
        for beside in ("", f".{KEYS}"):
            self._unstage(f"{self._staging(contract)}{beside}")

    def _unstage(self, place: str) -> None:
        if is_remote(self.lake.root):
            with storage_errors("staging"):
                remove(place)
        else:
            shutil.rmtree(place, ignore_errors=True)

    def _has_staged(self, place: str) -> bool:
        if is_remote(self.lake.root):
            with storage_errors("staging"):
                return any(info.path.endswith(".parquet") for info in listed(place))
        return any(Path(place).rglob("*.parquet"))

    def _staging(self, contract: TableContract) -> str:
        zone, name = contract.key
        return f"{self.lake.root.rstrip('/')}/{zone}/_staging/{name}"

    def _arriving(self, contract: TableContract) -> str:
        return f"{self._staging(contract)}.arriving"

    def _write(self, contract: TableContract, frame: DataFrame, mode: str) -> None:
        self.lake.widened(contract)
        rows, parts = conform(frame, contract), self._parts(contract)
        with storage_errors(contract.name):
            (_lying(rows, contract, parts) if parts else rows).write.format("delta").mode(mode).save(
                self.lake.uri(contract)
            )
