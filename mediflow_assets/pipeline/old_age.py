"""Who is 90 or older, computed once for all the masked tables of a run."""

from pyspark.sql import DataFrame

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.run_context import Workbench
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.elders import elders


def elders_of(bench: Workbench) -> DataFrame:
    """The keys of patients who have reached 90: few enough to be fetched and handed to the engine again."""
    sources = (silver.PATIENTS, silver.ENCOUNTERS)
    versions = tuple(bench.lake.version(table) for table in sources)
    known = bench.kept.get("elders")
    if known is None or known[0] != versions:
        with storage_errors("ages over 89"):
            found = elders(*(bench.tables.read(table) for table in sources)).collect()
        keys = [(row["patient_key"],) for row in found]
        known = bench.kept["elders"] = (versions, keys)
    return bench.tables.session().createDataFrame(known[1], "patient_key string")
