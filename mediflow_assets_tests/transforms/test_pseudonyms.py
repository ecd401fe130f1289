"""Pseudonyms in SQL are those of Python's hmac, and the key is nowhere in a plan."""

import contextlib
import hashlib
import hmac
import io

import pytest
from pyspark.sql import functions as F

from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.transforms.pseudonyms import hmac_pads_frame, pseudonym, with_hmac_pads, without_hmac_pads

SECRET = bytes(range(100, 132))
KEY = PseudonymKey(SECRET)
IDS = ["P1", " P1 ", "p1", "pat 7", "P1|2024-01-10|CARDIOLOGY", "0", "-", "x" * 500, "5605b66b-e92d-c16c-1b83"]


def pseudonyms(session, domain, key=KEY, ids=IDS):
    frame = session.createDataFrame([(n, id_) for n, id_ in enumerate(ids)], "n int, id string")
    made = with_hmac_pads(frame, hmac_pads_frame(session, key.hmac_pads)).withColumn(
        "key", pseudonym(domain, F.col("id"))
    )
    return without_hmac_pads(made)


def by_id(frame):
    return {row["id"]: row["key"] for row in frame.collect()}


@pytest.mark.parametrize("domain", ["patient", "encounter"])
def test_they_equal_hmac_sha256_cut_to_32_digits(session, domain):
    wanted = {
        id_: hmac.new(SECRET, f"{domain}|{id_.strip().upper()}".encode(), hashlib.sha256).hexdigest()[:32]
        for id_ in IDS
    }
    assert by_id(pseudonyms(session, domain)) == wanted


def test_they_equal_those_of_the_key_itself(session):
    assert by_id(pseudonyms(session, "patient")) == {id_: KEY.pseudonym("patient", id_) for id_ in IDS}


def test_one_id_has_one_pseudonym_however_it_is_written(session):
    found = by_id(pseudonyms(session, "patient"))
    assert found["P1"] == found[" P1 "] == found["p1"] != found["pat 7"]


def test_domains_and_keys_have_pseudonyms_of_their_own(session):
    patient, encounter = by_id(pseudonyms(session, "patient")), by_id(pseudonyms(session, "encounter"))
    other = by_id(pseudonyms(session, "patient", PseudonymKey(bytes(32))))
    assert len({patient["P1"], encounter["P1"], other["P1"]}) == 3


def test_no_id_has_no_pseudonym(session):
    assert by_id(pseudonyms(session, "patient", ids=[None])) == {None: None}


def test_neither_the_key_nor_a_pad_shows_in_a_plan(session):
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        pseudonyms(session, "patient").explain(True)
    plan = told.getvalue()
    assert "sha2" in plan.lower()
    for secret in (SECRET, *KEY.hmac_pads):
        for shown in (secret.hex(), str(secret)[2:-1], str(list(secret))[1:-1], " ".join(map(str, secret))):
            assert shown.lower() not in plan.lower()
            assert shown.replace(" ", "").lower()[:40] not in plan.replace(" ", "").lower()


def test_the_pads_do_not_stay_in_the_rows(session):
    assert pseudonyms(session, "patient").columns == ["n", "id", "key"]
