"""Who is 90 or older, computed once for all the masked tables of a run."""

from pyspark.sql import DataFrame

from mediflow_assets.contracts import links, silver
from mediflow_assets.pipeline.merged import of_people
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.over_89 import over_89


def over_89_of(context: RunContext) -> DataFrame:
    """The keys of patients who have reached 90: few enough to be fetched and handed to the engine again."""
    sources = (silver.PATIENTS, silver.ENCOUNTERS)
    versions = tuple(context.lake.version(table) for table in (*sources, links.MERGED_PATIENTS))
    known = context.kept.get("elders")
    if known is None or known[0] != versions:
        with storage_errors("ages over 89"):
            # a date of birth of a merged patient counts as well: it is better to show too little
            found = over_89(*(of_people(context, context.tables.read(table)) for table in sources)).collect()
        keys = [(row["patient_key"],) for row in found]
        known = context.kept["elders"] = (versions, keys)
    return context.tables.session().createDataFrame(known[1], "patient_key string")
