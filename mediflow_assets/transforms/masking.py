"""The mask verbs as Spark expressions, applied column by column as the contract says."""

from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.masked import K, masked_name
from mediflow_assets.contracts.masks import Verb
from mediflow_assets.contracts.restricted_zip3 import RESTRICTED_ZIP3
from mediflow_assets.contracts.table import Column, SmallCells, TableContract, Type
from mediflow_assets.contracts.vocabulary import ZIP_PATTERN
from mediflow_assets.transforms.encounters import completed_years

AS_OF = "_as_of"
"""The newest admission in Silver: the day at which an age of 90 is judged."""
_BAND_YEARS = 5
_TOP_AGE = 90


def mask(frame: DataFrame, source: TableContract) -> DataFrame:
    """The masked copy of a table. Where a date of birth becomes a band, the frame carries `_as_of`."""
    columns = [
        masked_column(column).alias(masked_name(column))
        for column in source.columns
        if column.mask.verb is not Verb.DROP
    ]
    masked = frame.select(*columns)
    return suppress(masked, source.small_cells) if source.small_cells else masked


def masked_column(column: Column) -> SparkColumn:
    """What becomes of one column."""
    value = F.col(column.name)
    match column.mask.verb:
        case Verb.KEEP:
            return value
        case Verb.PSEUDONYM:
            # computed once, in Silver, by `transforms.pseudonyms`
            return F.col(masked_name(column))
        case Verb.YEAR:
            return F.year(value)
        case Verb.AGE_BAND:
            return age_band(completed_years(value, F.col(AS_OF)) if column.type is Type.DATE else value)
        case Verb.ZIP3:
            return zip3(value)
        case Verb.REDACT:
            return F.when(value.isNotNull(), F.lit("[redacted]"))
    raise ValueError(f"no expression for mask verb {column.mask.verb}")


def age_band(age: SparkColumn) -> SparkColumn:
    """`40-44`, …, `85-89`, `90+` (45 CFR 164.514(b)(2)(i)(C): ages over 89 in one category)."""
    low = (F.floor(age / _BAND_YEARS) * _BAND_YEARS).cast("int")
    return F.when(age >= _TOP_AGE, F.lit(f"{_TOP_AGE}+")).when(
        age >= 0, F.concat(low.cast("string"), F.lit("-"), (low + _BAND_YEARS - 1).cast("string"))
    )


def zip3(code: SparkColumn) -> SparkColumn:
    """The first three digits; 000 where they are restricted, malformed or absent from the United States."""
    prefix = F.substring(F.trim(code), 1, 3)
    is_shown = F.trim(code).rlike(ZIP_PATTERN) & ~prefix.isin(sorted(RESTRICTED_ZIP3))
    return F.when(code.isNotNull(), F.when(is_shown, prefix).otherwise(F.lit("000")))


def suppress(frame: DataFrame, cells: SmallCells) -> DataFrame:
    """Blanks the measures of rows that count 1 to 10 people, and single counts of 1 to 10."""
    is_small = F.col(cells.people) < K
    blank = {name: F.when(~is_small, F.col(name)) for name in (cells.people, *cells.measures)}
    for name in cells.counts:
        is_shown = ~is_small & ~F.col(name).between(1, K - 1)
        blank[name] = F.when(is_shown, F.col(name))
    return frame.withColumns({**blank, "is_suppressed": is_small})
