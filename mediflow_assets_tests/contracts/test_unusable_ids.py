"""What is no id: words for "nothing", what a spreadsheet leaves of an id, and people's names."""

import random

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.contracts.identifiers import canonical
from mediflow_assets.contracts.unusable_ids import id_checks

PLACEHOLDER, DAMAGED, NAME = "id_placeholder", "id_damaged", "id_is_a_name"
NOTHING = [
    *("NULL", "null", "Null", "(null)", "<NULL>", r"\N", "None", "nil", "NaN", "<NA>", "NA", "n/a", "N/A", "N.A."),
    *("UNKNOWN", "Unk", "unassigned", "not available", "-", "--", "---", "?", "???", ".", "*", "_", "/", "+", "–"),
    *("0", "0000", "00000000", "000-00-0000", "0.0", "XXXX", "xx", "(xx)", "'000'"),
    *("N / A", "n\\a", "NULL.", '"NULL"', "'null'", "[none]", "{null}", "<Unknown>", "no-id", "*missing*", "- none -"),
    *(
        "unbekannt",
        "(unbekannt)",
        "keine Angabe",
        "k.A.",
        "inconnue",
        "Néant",
        "non renseigné",
        "desconocido",
        "ninguno",
    ),
    *("ＮＵＬＬ", "ｎ／ａ", "００００", "（null）", "true", "FALSE", "Wahr", "inf", "-INF", "+Infinity"),
    *("-1", "-1.0", "-99", "9999999", "99999999999", "999-99-9999", "９９９９９９９９"),
]
BROKEN = [
    *("1.23E+12", "1.23457E+11", "1,23E+12", "1E+12", "4.5E-3", "1.5E7", "########", "#", "#REF!", "#VALUE!"),
    *("#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!", "#GETTING_DATA", "12345.0", "12345.00", "1,234,567"),
    *(
        "#BEZUG!",
        "#NV",
        "#WERT!",
        "#NOMBRE?",
        "#¡REF!",
        "#ЗНАЧ!",
        "#ссылка!",
        "＃ＲＥＦ！",
        "JAN-23",
        "jan-2023",
        "3-JAN",
    ),
    *("03-Mar", "01-Jan-2023", "1-Sept-99", "2 Oct", "2023-01-02 00:00:00", "NB\ufe0f1", "NB1\ufe0f", "NB\U000e01001"),
    *("NB\u200b1", "NB\u00a01", "NB\u00ad1", "NB\t1", "NB\n1", "NB\x001", "NB\ufeff1", "M\ufffdLLER-1"),
]
NAMES = ["QUILL, ADA", "Quill,Ada", "Ada Quill", "O'Hara, Mary-Ann", "García Lorca, José", "van der Berg", "李, 明"]
NAMES += ["JOHN^SMITH", "QUILL^ADA^M^^DR", "van der Berg^Jan", "QUILL^", "ＱＵＩＬＬ，ＡＤＡ"]
GOOD = [
    *("P1", "1", "10", "100", "007", "12E34", "5E3", "E5", "MRN-0001", "MRN 7", "A/1", "#123", "1.5", "10.10", "12,5"),
    *("患者-12", "ß-7", "É1", "NA1", "N/A-7", "NULL-7", "UNKNOWN-7", "ABC", "X", "X1", "EXAMPLE", "NULLY", "pat 7"),
    *("5605b66b-e92d-c16c-1b83", "urn", "2.16.840", "P1|2024-01-10|GENERAL MEDICINE", "0A", "1 234"),
    *("999999", "-2", "-12345", "19", "91", "9999999A", "JAN", "JAN-1A", "MARS-12", "32JAN", "3-JANE", "TRUE1", "INF7"),
    *(
        "1^^^HOSP^MR",
        "#1A",
        "K1",
        "KA",
        "2023-01-02",
        "ＭＲＮ１２",
        "00000000-0000-0000-0001-000000000000",
        "1-E-1",
        "XAX",
    ),
]


@pytest.fixture
def told(session):
    """What stands against each id, spelled as Silver spells it."""

    def _told(ids):
        frame = session.createDataFrame([(n, canonical(id_)) for n, id_ in enumerate(ids)], "n int, id string")
        broken = [F.when(F.expr(check.violation), F.lit(check.code)) for check in id_checks("id")]
        found = frame.select("n", F.array_compact(F.array(*broken)).alias("codes")).collect()
        return {ids[row["n"]]: set(row["codes"]) for row in found}

    return _told


def test_each_kind_has_its_reason_and_a_good_id_has_none(told):
    wanted = {PLACEHOLDER: NOTHING, DAMAGED: BROKEN, NAME: NAMES}
    assert told(GOOD) == {id_: set() for id_ in GOOD}
    assert told(["#N/A", "#n/a"]) == {"#N/A": {PLACEHOLDER, DAMAGED}, "#n/a": {PLACEHOLDER, DAMAGED}}
    for code, ids in wanted.items():
        assert told(ids) == {id_: {code} for id_ in ids}


def test_the_cheap_patterns_pass_nothing_that_the_others_refuse(session):
    chosen, pieces = random.Random(3), [*"019-_., #^XEé٣０", "NULL", "N/A", "JAN", "99999", "000", "QUILL", "\u200b"]
    ids = sorted({"".join(chosen.choices(pieces, k=chosen.randint(1, 5))) for _ in range(4000)})
    frame = session.createDataFrame([(id_,) for id_ in [*ids, *NOTHING, *BROKEN, *NAMES, *GOOD]], "id string")
    for check in id_checks("id"):
        closely = check.violation.split(" THEN false ELSE ")[1].removesuffix(" END")
        differ = frame.where(f"({check.violation}) <> ({closely})").collect()
        assert check.violation.endswith(f"{closely} END") and not differ, check.code


def test_no_id_is_no_reason(told):
    assert set().union(*told([""]).values()) == set()


def test_what_shows_nothing_is_stripped_from_both_ends():
    assert all(canonical(blank + "p 1" + blank) == "P 1" for blank in BLANKS)
    assert not any(mark.isprintable() and mark.isalnum() for mark in BLANKS if mark not in "\u115f\u1160\u3164\uffa0")
