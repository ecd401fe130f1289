"""What holds of charge lines: their amounts may be credits, but their sum is a cost, and it is made of all at once."""

from functools import reduce
from operator import and_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.lines import IS_LINE
from mediflow_assets.transforms.validation import REASONS, is_accepted, is_waiting, of_another_patient

_NEGATIVE, _OUT_OF_RANGE = "cost_negative", "cost_out_of_range"
_INCOMPLETE = "incomplete"
_MOST = "9999999999.99"
_KEY = ("_delivery_id", "id_namespace", "encounter_id")


def with_credits(validated: DataFrame) -> DataFrame:
    """The validated records; that an amount is negative is nothing against a line."""
    allowed = F.array_remove(F.col(REASONS), _NEGATIVE)
    return validated.withColumn(REASONS, F.when(F.col(IS_LINE), allowed).otherwise(F.col(REASONS)))


def have_come_apart(accepted: DataFrame, work: Pending) -> bool:
    """Whether lines are accepted after others of their delivery: the sum is to be made of all of them."""
    deliveries = sorted({delivery for delivery, _ in work.again.get(bronze.ADMISSIONS.name, ())} - {*work.new})
    if not deliveries:
        return False
    late = accepted.where(F.col(IS_LINE) & F.col("_delivery_id").isin(deliveries))
    with storage_errors(f"{silver.ENCOUNTERS.name} lines"):
        return bool(late.limit(1).count())


def with_sums(context: RunContext, *validated: DataFrame) -> tuple[DataFrame, ...]:
    """Validated records, those that are accepted last. Where the lines of an encounter and a delivery make no cost
    together, none of them is accepted; where one is not, the others are without theirs: a part is no sum."""
    sums = validated[-1].where(IS_LINE).groupBy(*_KEY).agg(F.sum("cost_usd").alias("_sum"))
    reason = F.when(F.col("_sum") < 0, _NEGATIVE).when(
        F.col("_sum") > F.lit(_MOST).cast("decimal(12,2)"), _OUT_OF_RANGE
    )
    of_another = F.array_contains(REASONS, of_another_patient(silver.ENCOUNTERS))
    is_broken = F.col(IS_LINE) & ~is_accepted() & ~is_waiting() & ~of_another & F.col("encounter_id").isNotNull()
    broken = validated[0].where(is_broken).select(*_KEY, F.lit(_INCOMPLETE).alias("_reason")).distinct()
    with storage_errors(f"{silver.ENCOUNTERS.name} lines"):
        rows = sums.select(*_KEY, reason.alias("_reason")).where("_reason IS NOT NULL").unionByName(broken).collect()
    if not rows:
        return validated
    found = {tuple(row[:3]): row[3] for row in sorted(map(tuple, rows))}
    names = ("_of_delivery", "_of_namespace", "_of_encounter", "_reason")
    told = context.tables.session().createDataFrame(
        [(*key, reason) for key, reason in found.items()], ", ".join(f"{name} string" for name in names)
    )
    is_of = reduce(and_, (F.col(mine) == F.col(theirs) for mine, theirs in zip(_KEY, names[:-1], strict=True)))
    is_told = F.col("_reason").isNotNull() & F.col(IS_LINE) & is_accepted()
    is_incomplete = F.col("_reason") == _INCOMPLETE
    judged = {
        REASONS: F.when(is_told & ~is_incomplete, F.array("_reason")).otherwise(F.col(REASONS)),
        "cost_usd": F.when(~F.coalesce(is_told & is_incomplete, F.lit(False)), F.col("cost_usd")),
    }
    return tuple(with_few(each, told, is_of).withColumns(judged).select(*each.columns) for each in validated)
