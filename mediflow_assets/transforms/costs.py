"""Cost: what is usual per department, diagnosis and class, what is far above it, and who costs what.

The class is part of the group because a stay and a visit for one diagnosis differ by a factor of ten: taken together
they flag every stay, and hide what is really dear.

Robust z on log cost (Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993): the location is the median,
the scale 1.4826 × MAD. Since log is monotone, the MAD of log cost is the log of the median of max(c/m, m/c), so only
one `ln` per group is taken, and an anomaly is a comparison of decimals that no engine rounds differently.
"""

from decimal import Decimal
from functools import reduce
from operator import and_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.vocabulary import UNKNOWN
from mediflow_assets.transforms.readmissions import active

ANY = "*"
MINIMUM_GROUP = 30
"""Smaller groups fall back to the next wider one."""
THRESHOLD_Z = 2.75
"""One-sided: 0.3 % of a log-normal group lie above it. The usual two-sided 3.5 missed 8 % of costs at ten times."""
FLOOR_OF_SCALE = 0.25
"""Least scale of log cost: groups of fixed prices would otherwise flag every second row."""
MAD_TO_SIGMA = 1.4826
MOST_USD = 9_999_999_999.99
"""The most that a money column holds."""
MOST_RATIO = Decimal("99999999.9999")
_GROUP = ("department", "diagnosis_code", "encounter_class")
_LEVELS: dict[str, tuple[str, ...]] = {
    "department_diagnosis_class": _GROUP,
    "department_class": ("department", "encounter_class"),
    "class": ("encounter_class",),
    "all": (),
}
"""Peer groups from the narrowest to the widest."""


def priced(encounters: DataFrame) -> DataFrame:
    """Active encounters with a cost above zero; diagnosis and class named where absent."""
    return (
        active(encounters)
        .where(F.col("cost_usd") > 0)
        .withColumns(
            {
                "diagnosis_code": F.coalesce("diagnosis_code", F.lit(UNKNOWN)),
                "encounter_class": F.coalesce("encounter_class", F.lit("unknown")),
            }
        )
    )


def cost_baselines(encounters: DataFrame) -> DataFrame:
    """Median, spread and limit of every group of at least 30 encounters on each level, and over all."""
    costs = priced(encounters).select(*_GROUP, "cost_usd")
    levels = []
    for level, by in _LEVELS.items():
        widened = costs.select(*(name if name in by else F.lit(ANY).alias(name) for name in _GROUP), "cost_usd")
        baseline = _baseline(widened)
        levels.append(baseline if level == "all" else baseline.where(F.col("encounters") >= MINIMUM_GROUP))
    return reduce(DataFrame.unionByName, levels)


def _baseline(costs: DataFrame) -> DataFrame:
    medians = costs.groupBy(*_GROUP).agg(
        F.count(F.lit(1)).alias("encounters"), _median("cost_usd").alias("median_cost_usd")
    )
    cost, median = F.col("cost_usd").cast("decimal(18,4)"), F.col("median_cost_usd").cast("decimal(18,4)")
    # one cent beside ten digits is a ratio that the type does not hold
    ratio = F.least(F.greatest(cost / median, median / cost), F.lit(MOST_RATIO)).cast("decimal(12,4)")
    spread = (
        costs.join(_renamed(medians, "of"), _is_of("of"))
        .select(*_GROUP, "encounters", "median_cost_usd", ratio.alias("_ratio"))
        .groupBy(*_GROUP)
        .agg(
            F.max("encounters").alias("encounters"),
            F.max("median_cost_usd").alias("median_cost_usd"),
            _median("_ratio").alias("spread_ratio"),
        )
    )
    scale = F.greatest(F.ln(F.col("spread_ratio").cast("double")) * MAD_TO_SIGMA, F.lit(FLOOR_OF_SCALE))
    limit = F.col("median_cost_usd").cast("double") * F.exp(scale * THRESHOLD_Z)
    return spread.withColumn("limit_usd", F.least(F.round(limit, 2), F.lit(MOST_USD)).cast("decimal(12,2)"))


def cost_anomalies(encounters: DataFrame, baselines: DataFrame, version: str | None = None) -> DataFrame:
    """Encounters above the limit of the narrowest peer group they have, by baselines of this version."""
    costs = priced(encounters)
    peers = _renamed(with_peers(costs.select(*_GROUP).distinct(), baselines), "of")
    columns = ("encounter_key", "patient_key", "admitted_at", "admitted_on", *_GROUP, "cost_usd")
    above = costs.join(peers, _is_of("of")).where(F.col("cost_usd") > F.col("limit_usd"))
    told = above.select(*columns, "expected_cost_usd", "limit_usd", "peer_group")
    return told.withColumn("baselines_version", F.lit(version).cast("string"))


def with_peers(rows: DataFrame, baselines: DataFrame) -> DataFrame:
    """Rows of a department, diagnosis and class with the baseline that validates them: the narrowest there is.

    By equality alone: a query in real time knows no other join.
    """
    # the text before the first letter, so that no optimizer knows it to be a constant
    joined = rows.withColumn("_any", F.concat(F.substring("encounter_class", 1, 0), F.lit(ANY)))
    for level, by in _LEVELS.items():
        at_level = reduce(and_, ((F.col(name) != ANY) if name in by else (F.col(name) == ANY) for name in _GROUP))
        of_level = _renamed(baselines.where(at_level), level).select(
            *(f"_{name}_{level}" for name in _GROUP),
            F.col("median_cost_usd").alias(f"_median_{level}"),
            F.col("limit_usd").alias(f"_limit_{level}"),
        )
        is_of = _is_of(level, by) if by else F.col("_any") == F.col(f"_encounter_class_{level}")
        joined = joined.join(F.broadcast(of_level), is_of, "left")
    chosen = F.coalesce(*(F.when(F.col(f"_limit_{level}").isNotNull(), F.lit(level)) for level in _LEVELS))
    return joined.select(
        *rows.columns,
        F.coalesce(*(f"_median_{level}" for level in _LEVELS)).alias("expected_cost_usd"),
        F.coalesce(*(f"_limit_{level}" for level in _LEVELS)).alias("limit_usd"),
        chosen.alias("peer_group"),
    )


def _renamed(frame: DataFrame, suffix: str) -> DataFrame:
    return frame.withColumnsRenamed({name: f"_{name}_{suffix}" for name in _GROUP})


def _is_of(suffix: str, by: tuple[str, ...] | None = None) -> Column:
    return reduce(and_, (F.col(name) == F.col(f"_{name}_{suffix}") for name in (by or _GROUP)))


def department_costs(encounters: DataFrame) -> DataFrame:
    """Encounters, people and cost by department, gender and diagnosis."""
    rows = active(encounters).withColumn("diagnosis_code", F.coalesce("diagnosis_code", F.lit(UNKNOWN)))
    return rows.groupBy("department", "gender", "diagnosis_code").agg(
        F.count(F.lit(1)).alias("encounters"),
        F.countDistinct("patient_key").alias("patients"),
        _mean("age_at_admission", "decimal(12,4)", 4).alias("average_age_years"),
        F.sum("cost_usd").cast("decimal(18,2)").alias("total_cost_usd"),
        _mean("cost_usd", "decimal(12,2)", 2).alias("average_cost_usd"),
        F.min("admitted_at").alias("first_admitted_at"),
        F.max("admitted_at").alias("last_admitted_at"),
        F.min("admitted_on").alias("first_admitted_on"),
        F.max("admitted_on").alias("last_admitted_on"),
    )


def cost_peers(encounters: DataFrame) -> DataFrame:
    """Quartiles of cost by department and diagnosis."""
    quartiles = {"lower_quartile": 0.25, "median": 0.5, "upper_quartile": 0.75}
    return (
        priced(encounters)
        .groupBy("department", "diagnosis_code")
        .agg(
            F.count(F.lit(1)).alias("encounters"),
            F.countDistinct("patient_key").alias("patients"),
            *(
                F.expr(f"percentile_disc({share}) WITHIN GROUP (ORDER BY cost_usd)").alias(f"{name}_cost_usd")
                for name, share in quartiles.items()
            ),
        )
    )


def _median(name: str) -> Column:
    return F.expr(f"percentile_disc(0.5) WITHIN GROUP (ORDER BY `{name}`)")


def _mean(name: str, type_: str, places: int) -> Column:
    """A mean rounded half up on both engines: their own decimal averages differ in the last digit."""
    total = F.sum(name).cast("decimal(26,6)")
    count = F.count(name)
    return F.round(total / F.when(count > 0, count), places).cast(type_)
