"""Synthea's observations, procedures, medications, immunizations and claims → Silver's clinical tables.

Columns of https://github.com/synthetichealth/synthea/wiki/CSV-File-Data-Dictionary.
"""

from functools import reduce
from operator import add

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical as c
from mediflow_assets.contracts.synthea import SYSTEM
from mediflow_assets.transforms import identifiers, parsing
from mediflow_assets.transforms.clinical import ENCOUNTER, ID, PATIENT, Begun, coded, measured, shaped
from mediflow_assets.transforms.feeds import FeedReader

_KIND_OF_LINE = {
    "CHARGE": "charge",
    "PAYMENT": "payment",
    "ADJUSTMENT": "adjustment",
    "TRANSFERIN": "transfer-in",
    "TRANSFEROUT": "transfer-out",
}
_REACTIONS, _SEVERITIES = ("description1", "description2"), ("severity1", "severity2")
_OWED = ("outstanding1", "outstanding2", "outstandingp")
"""By the first payer, the second one, and the patient."""
_AMOUNT_OF_LINE = {
    "charge": ("amount",),
    "payment": ("payments", "amount"),
    "adjustment": ("adjustments", "amount"),
    "transfer-in": ("amount", "transfers"),
    "transfer-out": ("transfers", "amount"),
}
"""Where the amount of a line stands, in older releases and in newer ones."""


def observations(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """observations.csv."""
    texts = _texts(bronze, ("date", "category", "code", "description", "value", "units", "type"))
    value = measured("value", "units")
    is_no_number = (F.lower("type") == "numeric") & F.col("value").isNotNull() & value["value"].isNull()
    found = {"category": _category(F.col("category")), **coded("code", "description", c.LOINC), **value}
    return shaped(
        texts,
        feeds,
        c.OBSERVATIONS,
        Begun("observed", "date"),
        _of_synthea(found),
        (F.when(is_no_number, F.lit("value_unreadable")),),
        ("code", "description"),
    )


def procedures(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """procedures.csv."""
    texts = _texts(bronze, ("start", "stop", "code", "description", "base_cost"))
    found = {**coded("code", "description", c.SNOMED, c.CDT), "cost_usd": parsing.money(F.col("base_cost"))}
    begun, why = Begun("performed", "start", "stop"), _unread(found, base_cost="cost_usd")
    return shaped(texts, feeds, c.PROCEDURES, begun, _of_synthea(found), why, ("code", "description"))


def medications(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """medications.csv: orders. Two orders of one time differ at least in their price."""
    texts = _texts(bronze, ("start", "stop", "code", "description", "base_cost", "dispenses", "totalcost"))
    found = {
        "kind": F.lit(c.ORDERED),
        **coded("code", "description", c.RXNORM),
        "dispenses": parsing.integer(F.col("dispenses")),
        "cost_usd": parsing.money(F.col("totalcost")),
    }
    begun, why = Begun("started", "start", "stop"), _unread(found, totalcost="cost_usd", dispenses="dispenses")
    return shaped(texts, feeds, c.MEDICATIONS, begun, _of_synthea(found), why, ("code", "base_cost"))


def immunizations(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """immunizations.csv."""
    texts = _texts(bronze, ("date", "code", "description", "base_cost"))
    cost = parsing.money(F.col("base_cost"))
    found = {"kind": F.lit(c.IMMUNIZATION), **coded("code", "description", c.CVX), "cost_usd": cost}
    begun, why = Begun("started", "date"), _unread(found, base_cost="cost_usd")
    return shaped(texts, feeds, c.MEDICATIONS, begun, _of_synthea(found), why)


def allergies(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """allergies.csv of newer releases: with up to two reactions."""
    cells = ("start", "stop", "code", "system", "description", "type", "category", *_REACTIONS, *_SEVERITIES)
    texts = _texts(bronze, cells)
    said = F.lower(F.concat_ws(" ", *_SEVERITIES))
    found = {
        "kind": _one_of("type", c.ALLERGY_KINDS),
        "category": _one_of("category", c.ALLERGY_CATEGORIES),
        **_of_named_system(),
        "severity": F.coalesce(*(F.when(said.contains(level), level) for level in c.SEVERITIES[::-1])),
        "reactions": parsing.given(F.concat_ws("; ", *_REACTIONS)),
    }
    begun, told_by = Begun("noted", "start", "stop"), ("code", "description")
    return shaped(texts, feeds, c.ALLERGIES, begun, _of_synthea(found), (), told_by)


def _of_named_system() -> dict[str, Column]:
    """A code by the system that is named beside it, if it has the form of one of its codes."""
    named, code = F.upper("system"), F.upper("code")
    system = F.lit(None).cast("string")
    for word, name in (("SNOMED", c.SNOMED), ("RXNORM", c.RXNORM)):
        system = F.when(named.contains(word) & code.rlike(c.FORMS[name]), name).otherwise(system)
    is_one = system.isNotNull()
    codes = {"code": F.when(is_one, code), "local_code": F.when(~is_one, F.col("code"))}
    return {**codes, "system": system, "text": F.col("description")}


def _one_of(text: str, words: tuple[str, ...]) -> Column:
    return F.when(F.lower(text).isin(list(words)), F.lower(text))


def claims(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """claims.csv: their sums stand in the transactions."""
    texts = _texts(_named(bronze), ("servicedate", "status1", *_OWED), (ID, PATIENT, ENCOUNTER))
    owed = [parsing.money(F.col(name)) for name in _OWED]
    told = reduce(add, (F.coalesce(each, F.lit(0).cast("decimal(12,2)")) for each in owed))
    total = F.when(F.coalesce(*owed).isNotNull(), told)
    found = {"kind": F.lit(c.CLAIM), "status": F.lower("status1"), "outstanding_usd": total}
    begun = Begun("served", "servicedate")
    why = [
        parsing.unreadable("outstanding_unreadable", F.col(name), read) for name, read in zip(_OWED, owed, strict=True)
    ]
    return shaped(texts, feeds, c.CLAIMS, begun, _of_synthea(found), why, ())


def claims_transactions(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """claims_transactions.csv."""
    cells = ("fromdate", "type", "procedurecode", "notes", "amount", "payments", "adjustments", "transfers")
    texts = _texts(_named(bronze), cells, (ID, "claimid", PATIENT, ENCOUNTER))
    kind = parsing.coded(F.col("type"), {word.lower(): name for word, name in _KIND_OF_LINE.items()})
    texts = texts.withColumn("_kind", kind)
    told = (F.when(F.col("_kind") == name, F.coalesce(*cells)) for name, cells in _AMOUNT_OF_LINE.items())
    texts = texts.withColumn("_amount", F.coalesce(*told))
    found = {
        "claim_id": F.col("claimid"),
        "kind": F.col("_kind"),
        # of procedures and of medications in one column, which their form does not tell apart
        **coded("procedurecode", "notes", c.CDT),
        "amount_usd": parsing.money(F.col("_amount")),
    }
    begun, why = Begun("served", "fromdate"), _unread(found, _amount="amount_usd")
    return shaped(texts, feeds, c.CLAIM_LINES, begun, _of_synthea(found), why, ())


def _named(bronze: DataFrame) -> DataFrame:
    return bronze.withColumns({PATIENT: F.col("patientid"), ENCOUNTER: F.col("appointmentid")})


def _texts(bronze: DataFrame, cells: tuple[str, ...], ids: tuple[str, ...] = (PATIENT, ENCOUNTER)) -> DataFrame:
    read = identifiers.upper(parsing.texts(bronze, cells, ids), ids)
    return read if ID in ids else read.withColumn(ID, F.lit(None).cast("string"))


def _category(text: Column) -> Column:
    return F.when(F.lower(text).isin(list(c.CATEGORIES)), F.lower(text))


def _of_synthea(found: dict[str, Column]) -> dict[str, Column]:
    return {**found, "source_system": F.lit(SYSTEM)}


def _unread(found: dict[str, Column], **read_as: str) -> tuple[Column, ...]:
    """What stands against texts that were given and could not be read, by the column that they are read as."""
    return tuple(
        parsing.unreadable(f"{name.removesuffix('_usd')}_unreadable", F.col(text), found[name])
        for text, name in read_as.items()
    )
