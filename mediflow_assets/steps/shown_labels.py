"""Silver's encounters as every table outside Silver gets them: a label that few people carry reads OTHER."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.steps.workbench import Workbench
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.labels import FREE, carried, shown


def encounters_shown(bench: Workbench) -> DataFrame:
    """The rows of `silver/encounters`, their labels counted once for all the tables of a run."""
    encounters = bench.tables.read(silver.ENCOUNTERS)
    version = bench.lake.version(silver.ENCOUNTERS)
    known = bench.kept.get("labels")
    if known is None or known[0] != version:
        with storage_errors("labels"):
            rows = carried(encounters).collect()
        labels = {name: {row["label"] for row in rows if row["column"] == name} for name in FREE}
        known = bench.kept["labels"] = (version, labels)
    return encounters.withColumns({name: shown(F.col(name), labels) for name, labels in known[1].items()})
