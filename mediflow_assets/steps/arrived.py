"""The Bronze records a Silver table has to judge, with the corrections made to them laid over."""

from functools import reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.steps.pending import Key, Pending
from mediflow_assets.steps.workbench import Workbench

_PROVENANCE = {column.name for column in bronze.PROVENANCE}


def arrived(bench: Workbench, source: TableContract, pending: Pending, target: TableContract) -> DataFrame | None:
    """Records of one Bronze table; None where there are none."""
    deliveries, keys = pending.deliveries.get(source.name, ()), pending.again.get(source.name, frozenset())
    table = bench.tables.read(source)
    if source is bronze.FHIR_RESOURCES:
        table = table.where(F.col("resource_type") == bronze.FHIR_TYPES[target.name])
    parts = []
    if deliveries:
        parts.append(table.where(F.col("_delivery_id").isin(list(deliveries))))
    if keys:
        parts.append(_of_keys(bench, table, keys))
    if not parts:
        return None
    return _corrected(bench, source, reduce(DataFrame.unionByName, parts))


def _of_keys(bench: Workbench, table: DataFrame, keys: frozenset[Key]) -> DataFrame:
    wanted = bench.tables.session().createDataFrame(sorted(keys), "_delivery_id string, _record_number bigint")
    deliveries = sorted({delivery for delivery, _ in keys})
    rows = table.where(F.col("_delivery_id").isin(deliveries))
    return rows.join(wanted, ["_delivery_id", "_record_number"], "left_semi")


def _corrected(bench: Workbench, source: TableContract, records: DataFrame) -> DataFrame:
    """The newest correction of each record, field by field; most lakes have none, and then nothing is joined."""
    if not bench.lake.rows(bronze.CORRECTIONS):
        return records
    # by number, not by text: two corrections of records 2 and 02 would make two records of one
    window = Window.partitionBy("target_delivery_id", "_for_record").orderBy(
        F.col("_ingested_at").desc(), F.col("_delivery_id").desc(), F.col("_record_number").desc()
    )
    newest = (
        bench.tables.read(bronze.CORRECTIONS)
        .withColumn("_for_record", F.col("target_record_number").try_cast("bigint"))
        .withColumn("_rank", F.row_number().over(window))
        .where(F.col("_rank") == 1)
        .select(
            F.col("target_delivery_id").alias("_for_delivery"),
            "_for_record",
            F.col("corrections").alias("_patch"),
        )
    )
    joined = records.join(
        newest,
        (F.col("_delivery_id") == F.col("_for_delivery")) & (F.col("_record_number") == F.col("_for_record")),
        "left",
    )
    patched = {
        name: F.coalesce(F.get_json_object("_patch", f"$.{name}"), F.col(name))
        for name in source.column_names
        if name not in _PROVENANCE
    }
    return joined.withColumns(patched).drop("_for_delivery", "_for_record", "_patch")
