"""Text → typed values: what is read, what is not, and that no text whatever stops a run."""

import datetime as dt
from decimal import Decimal

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.clinical_checks import DEPARTMENT_MALFORMED
from mediflow_assets.contracts.words import by_spelling
from mediflow_assets.transforms import parsing

UTC = dt.UTC
INTEGERS = {
    "0": 0, "7": 7, "+7": 7, "-7": -7, " 42 ": 42, "007": 7, "999999999": 999_999_999,
    "1234567890": None, "1e3": None, "12d": None, "12f": None, "1.0": None, "1,000": None, "0x1F": None,
    "½": None, "٣": None, "１２": None,
    "12\u00a0": 12, "\u200b12": 12, "1\u00a02": None, "12\0": None, "12\n": 12, "--1": None,
    "+": None, "NaN": None, "null": None, "true": None,
}  # fmt: skip
AMOUNTS = {
    "0": "0.00", "1": "1.00", "1.5": "1.50", "-1.50": "-1.50", "9999999999.99": "9999999999.99",
    "1.005": "1.01", "1.004": "1.00", "-1.005": "-1.01", "49112.87100000001": "49112.87",
    "16774.548999999995": "16774.55", "0.00499999999999999999": "0.00",
    "12345678901": None, "9999999999.999": None, "1e3": None, "1E-2": None, "$5": None, "5 USD": None, "1,50": None,
    "1.": None, ".5": None, "1.2.3": None, "Infinity": None, "-Infinity": None, "NaN": None, "12d": None,
    "1.5\0": None, "1.5\u00a0": "1.50", "1\u00a0000": None, "1." + "1" * 21: None,
}  # fmt: skip
DATES = {
    "2024-02-29": dt.date(2024, 2, 29),
    "2000-02-29": dt.date(2000, 2, 29),
    "1900-01-01": dt.date(1900, 1, 1),
    " 2024-01-31 ": dt.date(2024, 1, 31),
    "2024-01-31T23:59:59Z": dt.date(2024, 1, 31),
    "2024-01-31 23:59": dt.date(2024, 1, 31),
    "9999-12-31": dt.date(9999, 12, 31),
    "2023-02-29": None,
    "1900-02-29": None,
    "2024-13-01": None,
    "2024-00-10": None,
    "2024-04-31": None,
    "2024-1-5": None,
    "20240105": None,
    "05/01/2024": None,
    "12024-01-05": None,
    "-2024-01-05": None,
    "2024-01-05x": None,
    "2024-01-05\0": None,
    "2024-01-05\u00a0": dt.date(2024, 1, 5),
    "2024-01-\u00a005": None,
    "today": None,
    "2024": None,
}
MOMENTS = {
    "2024-03-01": dt.datetime(2024, 3, 1, tzinfo=UTC),
    "2024-03-01T10:20": dt.datetime(2024, 3, 1, 10, 20, tzinfo=UTC),
    "2024-03-01 10:20:30": dt.datetime(2024, 3, 1, 10, 20, 30, tzinfo=UTC),
    "2024-03-01T10:20:30Z": dt.datetime(2024, 3, 1, 10, 20, 30, tzinfo=UTC),
    "2024-03-01T10:20:30.123456Z": dt.datetime(2024, 3, 1, 10, 20, 30, 123456, tzinfo=UTC),
    "2024-03-01T10:20:30.123456789": dt.datetime(2024, 3, 1, 10, 20, 30, 123456, tzinfo=UTC),
    "2024-03-01T10:20:30+02:00": dt.datetime(2024, 3, 1, 8, 20, 30, tzinfo=UTC),
    "2024-03-01T01:20:30-05:30": dt.datetime(2024, 3, 1, 6, 50, 30, tzinfo=UTC),
    "2024-02-29T23:59:59Z": dt.datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC),
    "2024-03-10T02:30:00": dt.datetime(2024, 3, 10, 2, 30, tzinfo=UTC),
    "2024-03-01T25:00:00": None,
    "2024-03-01T10:60:00": None,
    "2024-03-01T10:20:61": None,
    "2023-02-29T10:00:00Z": None,
    "2024-03-01T10": None,
    "10:20": None,
    "2024-03-01T10:20:30 UTC": None,
    "2024-03-01T10:20:30Europe/Berlin": None,
    "2024-03-01T10:20:30Z\0": None,
    "now": None,
    "epoch": None,
}
PRESSURES = {
    "120/80": (120, 80),
    "120 / 80": (120, 80),
    " 99/60": (99, 60),
    "120/8": (None, None),
    "1200/80": (None, None),
    "120": (None, None),
    "120/": (None, None),
    "/80": (None, None),
    "120/80/60": (None, None),
    "a/b": (None, None),
    "120\\80": (None, None),
    "120/80 mmHg": (None, None),
}
HOSTILE = [
    "", " ", "\t", "\0", "\u00a0", "\u2028", "\ufeff", "🏥", "é", "e\u0301", "'", '"', "`", "\\", "%", "_", "--", ";",
    "' OR 1=1 --", "${x}", "{{x}}", "<b>", "\\z", "^$", "(", "[", "9" * 400, "-" * 400, "a" * 10_000, "1" + "0" * 38,
    "1e999", "1e-999", "0.0000000000000000000000001", "99999-99-99", "0000-00-00", "0000-01-01", "0001-01-01",
    "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00",
    "2024-03-01T10:20:30+99:99", "2024-03-01T24:00:00", "2024-06-30T23:59:60Z", "2024-03-01T10:20:30+0200",
    "9999999999.99999999999999999999", "-9999999999.999", "000/000", "999/999",
]  # fmt: skip


def text_():
    """The cell as it is read; a column needs a session, so it is not made on import."""
    return parsing.given(F.col("text"))


def values(read_texts, expression, table):
    found = read_texts(list(table), value=expression)
    return {text: found[text]["value"] for text in table}


def test_integers(read_texts):
    assert values(read_texts, parsing.integer(text_()), INTEGERS) == INTEGERS


def test_amounts_are_exact_and_rounded_half_up(read_texts):
    wanted = {text: None if amount is None else Decimal(amount) for text, amount in AMOUNTS.items()}
    assert values(read_texts, parsing.money(text_()), wanted) == wanted


def test_dates(read_texts):
    assert values(read_texts, parsing.date(text_()), DATES) == DATES


def test_moments_are_utc(read_texts):
    # as text: a client would turn a timestamp into its own zone
    as_text = F.date_format(parsing.timestamp(text_()), "yyyy-MM-dd HH:mm:ss.SSSSSS")
    wanted = {text: None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S.%f}" for text, moment in MOMENTS.items()}
    assert values(read_texts, as_text, wanted) == wanted


def test_blood_pressures(read_texts):
    systolic, diastolic = parsing.blood_pressure(text_())
    found = read_texts(list(PRESSURES), systolic=systolic, diastolic=diastolic)
    assert {text: (row["systolic"], row["diastolic"]) for text, row in found.items()} == PRESSURES


def test_no_text_stops_a_run(read_texts):
    systolic, diastolic = parsing.blood_pressure(text_())
    forms = ("dd/MM/yyyy", "M/d/yyyy", "dd.MM.yyyy HH:mm", "yyyyMMdd", "dd-MMM-yyyy", "yyyy-MM-dd'T'HH:mm:ss")
    texts = [*HOSTILE, *INTEGERS, *AMOUNTS, *DATES, *MOMENTS, *PRESSURES, None]
    read = read_texts(
        texts,
        given=text_(),
        integer=parsing.integer(text_()),
        money=parsing.money(text_()),
        date=parsing.date(text_()).cast("string"),
        timestamp=parsing.timestamp(text_()).cast("string"),
        in_forms=F.coalesce(*(parsing.in_form(text_(), form) for form in forms)).cast("string"),
        systolic=systolic,
        diastolic=diastolic,
        coded=parsing.coded(text_(), {"yes": "Y", "no": "N"}),
    )
    assert len(read) == len(set(texts))
    assert set(read[None].values()) == {None}


@pytest.mark.parametrize(("text", "word"), [("yes", "Y"), ("YES", "Y"), (" Yes ", "Y"), ("ja", None), ("", None)])
def test_a_code_is_read_in_any_case(read_texts, text, word):
    assert read_texts([text], word=parsing.coded(text_(), {"yes": "Y", "no": "N"}))[text]["word"] == word


def test_unreadable_tells_what_was_not_read_from_what_was_not_given(read_texts):
    found = read_texts(
        ["12", "12d", "  ", "", None], code=parsing.unreadable("age_unreadable", text_(), parsing.integer(text_()))
    )
    assert [row["code"] for row in found.values()] == [None, "age_unreadable", None, None, None]


def test_a_word_means_on_the_engine_what_it_means_anywhere(session):
    known = [word for words in v.CODED.values() for theirs in words.values() for word in theirs]
    said = sorted({form(word) for word in known for form in (str, str.upper, str.title)} | {"", "?", "spa"})
    read = session.createDataFrame([(word,) for word in said], "word string").withColumns(
        {name: parsing.coded(F.col("word"), by_spelling(words)) for name, words in v.CODED.items()}
    )
    for row in read.collect():
        assert {name: row[name] for name in v.CODED} == {
            name: v.word_of(by_spelling(words), row["word"]) for name, words in v.CODED.items()
        }, row["word"]


LABELS = {
    "GYNÄKOLOGIE": True, "WOMEN\u2019S HEALTH": True, "WOMEN'S HEALTH": True, "EAR, NOSE & THROAT": True,
    "4 WEST": True,
        "CARDIOLOGY (ADULT)": True, "4020": True, "A": True, "ORTHOPÄDIE/TRAUMATOLOGIE": True, "L&D": True,
    "内科": True,
    "A" * 80: True, "A" * 81: False, "": False, "=1+1": False, "+4": False, "@x": False, "-": False, "<B>": False,
    "A\nB": False, "A\tB": False, 'A"B': False, "A|B": False,
}  # fmt: skip


def test_what_a_department_may_be(session):
    read = session.createDataFrame([(text,) for text in LABELS], "department string").withColumn(
        "breaks", F.expr(DEPARTMENT_MALFORMED)
    )
    assert {row["department"]: not row["breaks"] for row in read.collect()} == LABELS


def test_what_a_payer_may_be(session):
    said = {"AOK Nordost": True, "3M Health": True, "Société d'assurance": True, "4711": False, "": False, "=A": False}
    read = session.createDataFrame([(text,) for text in said], "t string").withColumn(
        "fits", F.col("t").rlike(v.PAYER_PATTERN)
    )
    assert {row["t"]: row["fits"] for row in read.collect()} == said


@pytest.mark.parametrize("form", ["MMM d yyyy h:mma", "d.M.yyyy H:mm"])
def test_a_day_and_an_hour_of_one_digit_may_be_padded(read_texts, form):
    texts = {"MMM d yyyy h:mma": "Jul  2 2022  7:53AM", "d.M.yyyy H:mm": "2.7.2022  7:53"}
    found = read_texts([texts[form]], at=parsing.in_form(text_(), form).cast("string"))
    assert found[texts[form]]["at"] == "2022-07-02 07:53:00"
