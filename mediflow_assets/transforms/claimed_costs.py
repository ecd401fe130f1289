"""What an encounter cost whose own record does not say so, as exports of FHIR do not: the sum of its claims."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.clinical import BENEFIT, CLAIM, PHARMACY
from mediflow_assets.transforms.joins import with_few

_NOT_SENT = "draft"


def with_claims(encounters: DataFrame, claims: DataFrame) -> DataFrame:
    """The encounters, `cost_usd` where it is null as the total of the claims that name the encounter; where there are
    benefits only, as what these say was billed. What a pharmacy bills is no part of it: flat exports leave it out."""
    is_sent = F.coalesce(F.col("status") != _NOT_SENT, F.lit(True)) & F.col("encounter_key").isNotNull()
    is_of_stay = F.coalesce(F.col("claim_type") != PHARMACY, F.lit(True))
    # several payers may answer one claim: what each says was billed is the same amount
    of = F.coalesce(F.when(F.col("kind") == BENEFIT, F.col("answered_claim_id")), F.col("claim_id"))
    each = claims.where(is_sent & is_of_stay & F.col("kind").isin(CLAIM, BENEFIT))
    each = each.groupBy("encounter_key", "kind", of.alias("_of"))
    once = each.agg(F.max("total_usd").alias("_total"))
    billed = {kind: F.sum(F.when(F.col("kind") == kind, F.col("_total"))) for kind in (CLAIM, BENEFIT)}
    total = F.coalesce(billed[CLAIM], billed[BENEFIT]).cast("decimal(12,2)").alias("_claimed")
    told = once.groupBy(F.col("encounter_key").alias("_billed")).agg(total)
    joined = with_few(encounters, told, F.col("encounter_key") == F.col("_billed"))
    return joined.withColumn("cost_usd", F.coalesce("cost_usd", "_claimed")).select(*encounters.columns)
