"""One patient under every spelling of an id: in Silver, in SQL and in Python."""

import unicodedata

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import masked, silver
from mediflow_assets.contracts.identifiers import canonical
from mediflow_assets.transforms import identifiers
from mediflow_assets.transforms.pseudonyms import hmac_pads_frame, pseudonym, shift_days, with_hmac_pads

SPELLINGS = ["p1", "P1", " p1 ", "  P1"]
OTHER = ["é1", "É1", "e\u03011", "E\u03011 ", "ß-7", "ǰ2", "ΐ3", "患者-12", "ﬁ9", "İ5", "ŉ4", "Ω6", "Å8"]


@pytest.mark.parametrize("id_", SPELLINGS + OTHER)
def test_the_one_spelling_is_stable(id_):
    assert canonical(canonical(id_)) == canonical(id_) == unicodedata.normalize("NFC", canonical(id_))


def test_sql_spells_as_python_does_and_gives_the_same_pseudonym(session, house):
    frame = session.createDataFrame([(n, id_) for n, id_ in enumerate(SPELLINGS + OTHER)], "n int, id string")
    trimmed = identifiers.normalised(frame, ["id"]).withColumn("id", F.trim("id"))
    keyed = with_hmac_pads(identifiers.upper(trimmed, ["id"]), hmac_pads_frame(session, house.key.hmac_pads))
    found = {row["n"]: row for row in keyed.withColumn("key", pseudonym("patient", F.col("id"))).collect()}
    for n, id_ in enumerate(SPELLINGS + OTHER):
        assert found[n]["id"] == canonical(id_)
        assert found[n]["key"] == house.key.pseudonym("patient", id_), id_


def test_other_letters_are_noticed(session):
    frame = session.createDataFrame([("plain-1", "x"), ("x", "é"), (None, "x"), ("患", None)], "a string, b string")
    found = frame.select(identifiers.has_other_letters(["a", "b"]).alias("is")).collect()
    assert [bool(row["is"]) for row in found] == [False, True, False, True]


@pytest.mark.slow
@pytest.mark.parametrize("ids", [SPELLINGS, ["é1", "É1", "e\u03011", "E\u03011 "]], ids=["ascii", "other letters"])
def test_records_of_one_patient_however_spelled_are_one_patient(house, admissions, ids):
    house.deliver(admissions(*({"patient_id": id_, "encounter_id": f"e{n // 2}"} for n, id_ in enumerate(ids))))
    house.make_silver()
    (patient,) = house.rows(silver.PATIENTS)
    assert patient["patient_id"] == canonical(ids[0])
    stays = house.rows(silver.ENCOUNTERS)
    assert [row["encounter_id"] for row in stays] == ["E0", "E1"]
    assert {row["patient_key"] for row in stays} == {patient["patient_key"], house.key.pseudonym("patient", ids[-1])}
    assert not any(made.has_failed for made in house.make_gold())
    assert len(house.rows(masked.PATIENTS)) == 1


def test_a_shift_is_keyed_even_and_the_same_in_sql(session, house):
    keys = [house.key.pseudonym("patient", f"P{n}") for n in range(3000)]
    frame = with_hmac_pads(
        session.createDataFrame([(k,) for k in keys], "k string"), hmac_pads_frame(session, house.key.hmac_pads)
    )
    found = {row["k"]: row["days"] for row in frame.select("k", shift_days(F.col("k")).alias("days")).collect()}
    assert found == {k: house.key.shift_days(k) for k in keys}
    assert min(found.values()) == -180 and max(found.values()) == 180
    assert len(set(found.values())) > 350
    other = house.with_key(bytes(32)).key
    assert sum(other.shift_days(k) == found[k] for k in keys) < 60
