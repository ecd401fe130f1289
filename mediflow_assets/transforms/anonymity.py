"""Local suppression: values of rows blanked until every group that is left counts 11 people."""

from functools import reduce
from operator import and_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.risk import QUASI_IDENTIFIERS as QUASI
from mediflow_assets.contracts.risk import Group, suppression
from mediflow_assets.contracts.suppression import K
from mediflow_assets.transforms.joins import with_few

_NONE = ""


def group_sizes(rows: DataFrame) -> dict[Group, int]:
    """How many rows, each of one person, show the same quasi-identifiers."""
    found = rows.groupBy(*QUASI).agg(F.count(F.lit(1)).alias("_people")).collect()
    return {tuple(row[name] for name in QUASI): row["_people"] for row in found}


def locally_suppressed(rows: DataFrame, people: dict[Group, int]) -> DataFrame:
    """The rows, values blanked where their group is too small."""
    changed = [(*group, *shown) for group, shown in suppression(people).items() if group != shown]
    if not changed:
        return rows
    names = [*(f"_of_{name}" for name in QUASI), *(f"_as_{name}" for name in QUASI)]
    shown = rows.sparkSession.createDataFrame(changed, ", ".join(f"{name} string" for name in names))
    shown = shown.withColumn("_is_changed", F.lit(True))
    is_of = reduce(
        and_, (F.coalesce(F.col(n), F.lit(_NONE)) == F.coalesce(F.col(f"_of_{n}"), F.lit(_NONE)) for n in QUASI)
    )
    joined = with_few(rows, shown, is_of)
    blanked = {name: F.when(F.col("_is_changed"), F.col(f"_as_{name}")).otherwise(F.col(name)) for name in QUASI}
    return joined.withColumns(blanked).select(*rows.columns)


def figures_of(people: dict[Group, int]) -> dict[str, int]:
    """What local suppression had to do: records, those in small groups before, and the values of each it blanked."""
    told = {"records": sum(people.values()), "min_k_before": min(people.values(), default=0)}
    told["below_before"] = sum(count for count in people.values() if count < K)
    shown = suppression(people)
    told["suppressed"] = sum(count for group, count in people.items() if shown[group] != group)
    for place, name in enumerate(QUASI):
        told[f"blanked_{name}"] = sum(n for group, n in people.items() if shown[group][place] != group[place])
    return told
