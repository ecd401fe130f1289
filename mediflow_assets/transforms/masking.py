"""The mask verbs as Spark expressions, applied column by column as the contract says."""

import pyarrow as pa
from pyspark.sql import Column as SparkColumn
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from mediflow_assets.contracts.masked import TOP_AGE_YEARS, masked_name
from mediflow_assets.contracts.masks import Verb
from mediflow_assets.contracts.restricted_zip3 import RESTRICTED_ZIP3
from mediflow_assets.contracts.suppression import K, hidden
from mediflow_assets.contracts.table import Column, SmallCells, TableContract, Type
from mediflow_assets.contracts.vocabulary import ZIP_PATTERN
from mediflow_assets.contracts.zip_prefixes import MILITARY_ZIP3, UNASSIGNED_ZIP3
from mediflow_assets.transforms.ages import completed_years
from mediflow_assets.transforms.over_89 import AS_OF, IS_OVER_89

_BAND_YEARS = 5
_BUCKET_DIGITS = 2
"""Of a pseudonym: 256 parts, which the engine sorts each by itself."""
_IS_HIDDEN, _PLACE = "_is_hidden", "_place"
_HIDDEN_ZIP3 = sorted(RESTRICTED_ZIP3 | UNASSIGNED_ZIP3 | MILITARY_ZIP3)


def mask(frame: DataFrame, source: TableContract) -> DataFrame:
    """The masked copy of a table. Where a date of birth becomes a band, the frame carries `_as_of`; where dates of
    people become years, `_is_elder`."""
    columns = [
        masked_column(column, source.names_people, _day_of(column, source)).alias(masked_name(column))
        for column in source.columns
        if column.mask.verb is not Verb.DROP
    ]
    masked = frame.select(*columns)
    return suppress(masked, source.small_cells) if source.small_cells else masked


def _day_of(column: Column, source: TableContract) -> str | None:
    """The column with the local day of an instant, where the table has one."""
    day = column.name.removesuffix("_at") + "_on"
    return day if day in source.by_name else None


def masked_column(column: Column, is_of_person: bool = False, day: str | None = None) -> SparkColumn:
    """What becomes of one column; in a row about one person no year is shown once they are 90. The year of an instant
    is that of its local `day`."""
    value = F.col(column.name)
    match column.mask.verb:
        case Verb.KEEP if column.unit == "years":
            # the mean age of a group in which all are very old
            return F.when(value < TOP_AGE_YEARS, value)
        case Verb.KEEP:
            return value
        case Verb.PSEUDONYM:
            # computed once, in Silver, by `transforms.pseudonyms`
            return F.col(masked_name(column))
        case Verb.YEAR:
            year = F.year(F.col(day)) if day else F.year(value)
            return F.when(~F.col(IS_OVER_89), year) if is_of_person else year
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
    return F.when(age >= TOP_AGE_YEARS, F.lit(f"{TOP_AGE_YEARS}+")).when(
        age >= 0, F.concat(low.cast("string"), F.lit("-"), (low + _BAND_YEARS - 1).cast("string"))
    )


def zip3(code: SparkColumn) -> SparkColumn:
    """The first three digits; 000 where they are restricted, unassigned, military, malformed or foreign."""
    prefix = F.substring(F.trim(code), 1, 3)
    is_shown = F.trim(code).rlike(ZIP_PATTERN) & ~prefix.isin(_HIDDEN_ZIP3)
    return F.when(code.isNotNull(), F.when(is_shown, prefix).otherwise(F.lit("000")))


def in_order_of_keys(frame: DataFrame, contract: TableContract) -> DataFrame:
    """The rows, so that they are stored in the order of their primary key.

    A plan may keep the order in which records arrived, which tells their dates. The first key of rows about people is a
    keyed pseudonym: its order tells nothing. A window, for the embedded engine leaves out a sort before a write.
    """
    keys = contract.primary_key
    bucket = F.substring(F.col(keys[0]).cast("string"), 1, _BUCKET_DIGITS)
    place = F.row_number().over(Window.partitionBy(bucket).orderBy(*keys))
    return frame.withColumn(_PLACE, place).where(F.col(_PLACE) > 0).drop(_PLACE)


def suppress(frame: DataFrame, cells: SmallCells) -> DataFrame:
    """Blanks the measures of rows that count 1 to 10 people, of rows that would give those away, and single counts of
    1 to 10. The rows of an aggregate are few: which ones go is decided here, not by the engine."""
    rows = frame.toArrow()
    flags = hidden(rows.select(_named(rows, cells)).to_pylist(), cells)
    flagged = rows.append_column(_IS_HIDDEN, pa.array(flags, pa.bool_()))
    # a frame without rows cannot be handed to the engine
    marked = frame.sparkSession.createDataFrame(flagged) if flags else frame.withColumn(_IS_HIDDEN, F.lit(False))
    is_hidden = F.col(_IS_HIDDEN)
    blank = {name: F.when(~is_hidden, F.col(name)) for name in (cells.people, *cells.measures)}
    for name in cells.counts:
        is_shown = ~is_hidden & ~F.col(name).between(1, K - 1)
        blank[name] = F.when(is_shown, F.col(name))
    return marked.withColumns({**blank, "is_suppressed": is_hidden}).drop(_IS_HIDDEN)


def _named(rows: pa.Table, cells: SmallCells) -> list[str]:
    """The columns that tell which cell a row is, and how many people it counts."""
    return [name for name in rows.column_names if name == cells.people or name not in (*cells.measures, *cells.counts)]
