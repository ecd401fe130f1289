"""Keyed pseudonyms in plain SQL functions: HMAC-SHA256 (RFC 2104), equal to Python's `hmac`.

The key's pads come from a one-row frame, cross-joined: as literals they, that is the key, would show in query plans.
"""

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.masks import PSEUDONYM_DIGITS, SHIFT_DAYS
from mediflow_assets.transforms.parsing import stripped

_SHIFT_DIGITS = 12
HMAC_PADS = ("_inner_pad", "_outer_pad")
TOMBSTONE_HMAC_PADS = ("_tombstone_inner_pad", "_tombstone_outer_pad")


def with_hmac_pads(frame: DataFrame, hmac_pads: DataFrame) -> DataFrame:
    """The frame with the two pads beside each row; drop them again with `without_pads`."""
    return frame.crossJoin(hmac_pads)


def without_hmac_pads(frame: DataFrame) -> DataFrame:
    """The frame without the pads."""
    return frame.drop(*HMAC_PADS)


def hmac_pads_frame(session: SparkSession, hmac_pads: tuple[bytes, bytes]) -> DataFrame:
    """One row with a key's inner and outer pad."""
    inner, outer = (bytearray(pad) for pad in hmac_pads)
    return session.createDataFrame([(inner, outer)], f"{HMAC_PADS[0]} binary, {HMAC_PADS[1]} binary")


def pseudonym(domain: str, identifier: Column) -> Column:
    """The 32 hex digits that stand for an identifier within a domain; null for null. Needs the pads' columns."""
    return F.substring(_hmac(F.concat(F.lit(f"{domain}|"), F.upper(stripped(identifier)))), 1, PSEUDONYM_DIGITS)


def pseudonym_of(domain: str, namespace: Column, identifier: Column) -> Column:
    """The same for an id as Silver spells it, of a namespace: `PseudonymKey.pseudonym_of` in SQL."""
    alone = F.when(namespace == MRN, identifier).otherwise(F.concat(namespace, F.lit("|"), identifier))
    return F.substring(_hmac(F.concat(F.lit(f"{domain}|"), alone)), 1, PSEUDONYM_DIGITS)


def shift_days(patient_key: Column) -> Column:
    """By how many days the dates of a patient are moved, -180 to 180: `PseudonymKey.shift_days` in SQL."""
    digits = F.substring(_hmac(F.concat(F.lit("shift|"), patient_key)), 1, _SHIFT_DIGITS)
    number = F.conv(digits, 16, 10).cast("bigint")
    return (F.pmod(number, F.lit(2 * SHIFT_DAYS + 1)) - SHIFT_DAYS).cast("int")


def tombstone(identifier: Column) -> Column:
    """`Tombstones.mark` in SQL: what stands for an erased patient's id. Needs the columns `TOMBSTONE_PADS`."""
    return _hmac(F.concat(F.lit("tombstone|"), F.upper(stripped(identifier))), TOMBSTONE_HMAC_PADS)


def _hmac(message: Column, hmac_pads: tuple[str, str] = HMAC_PADS) -> Column:
    inner = F.unhex(F.sha2(F.concat(F.col(hmac_pads[0]), message.cast("binary")), 256))
    return F.sha2(F.concat(F.col(hmac_pads[1]), inner), 256)
