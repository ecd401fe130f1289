"""Hospitals' headers are not ours: spellings, clashes, feeds."""

import pytest

from mediflow_assets.errors import DeliveryRefused, SettingsInvalid
from mediflow_assets.sources import Feeds
from mediflow_assets.sources.admissions import FORM as ADMISSIONS
from mediflow_assets.sources.aliases import ADMISSION_ALIASES, plain
from mediflow_assets.sources.columns import name_columns
from mediflow_assets_tests.sources.conftest import read

FOREIGN = "Fall-Nr;Station;Diagnose;Aufnahme;Betrag\n7;ICU;I10;01.02.2026;1.234,50\n"
FEED = """
[feeds.north]
match = ["Fall-Nr", "Station"]
delimiter = ";"
date_formats = ["dd.MM.yyyy"]
decimal_comma = true
headers = { "fall nr" = "patient_id", "Station" = "department", "Diagnose" = "diagnosis_code",
            "Aufnahme" = "admission_date", "Betrag" = "cost" }
values.gender = { "1" = "M", "2" = "F" }
""".replace(",\n           ", ",")


@pytest.fixture
def load(tmp_path):
    def _load(text: str) -> Feeds:
        path = tmp_path / "sources.toml"
        path.write_text(text, encoding="utf-8")
        return Feeds.load(path)

    return _load


@pytest.mark.parametrize(
    ("spelling", "column"),
    [
        *[("MRN", "patient_id"), ("Patient ID", "patient_id"), ("SUBJECT", "patient_id"), ("Sex", "gender")],
        *[("Admit Dt", "admission_date"), ("ADMIT_DATE", "admission_date"), ("disch-dt", "discharge_date")],
        *[("D.O.B.", "birth_date"), ("Date of Birth", "birth_date"), ("Dept", "department")],
        *[("Service", "department"), ("Dx", "diagnosis_code"), ("ICD-10", "diagnosis_code")],
        *[("Primary Dx", "diagnosis_code"), ("Total Charges", "cost"), ("Amount", "cost")],
        *[
            ("BP", "blood_pressure"),
            ("Zip Code", "zip"),
            ("Postal Code", "zip"),
            ("Encounter #", "encounter_id"),
        ],
        *[("CSN", "encounter_id"), ("Visit ID", "encounter_id"), ("Patient Class", "encounter_class")],
        *[
            ("Last Updated", "updated_at"),
            ("Patient Name", "name"),
            ("Payor", "payer"),
            ("Insurance", "payer"),
        ],
    ],
)
def test_a_usual_spelling_is_known(spelling, column):
    assert name_columns((spelling,), ADMISSIONS, None) == (column,)


def test_no_spelling_stands_for_two_columns():
    spellings = [plain(s) for column, more in ADMISSION_ALIASES.items() for s in {plain(m) for m in more}]
    assert len(spellings) == len(set(spellings))
    assert not set(spellings) & {plain(column) for column in ADMISSIONS.columns}


def test_the_exact_name_goes_before_a_spelling():
    assert name_columns(("Charges", "cost"), ADMISSIONS, None) == (None, "cost")


def test_the_more_specific_spelling_goes_before_the_vaguer():
    assert name_columns(("Diagnosis", "ICD10"), ADMISSIONS, None) == (None, "diagnosis_code")


def test_no_file_of_feeds_means_no_feeds(tmp_path):
    assert Feeds.load(tmp_path / "sources.toml") == Feeds()


def test_a_feed_names_columns_and_delimiter(write, load):
    landed = read(write(FOREIGN.encode()), load(FEED))
    assert (landed.what.feed, landed.what.unknown_columns) == ("north", ())
    assert (landed.cells("patient_id"), landed.cells("cost")) == (["7"], ["1.234,50"])


def test_what_a_feed_says_of_values_can_be_read(load):
    feed = load(FEED).named("north")
    assert (feed.date_formats, feed.decimal_comma) == (("dd.MM.yyyy",), True)
    assert feed.values == {"gender": {"1": "M", "2": "F"}}


def test_a_feed_goes_before_the_exact_name(write, load):
    feeds = load('[feeds.a.headers]\n"real cost" = "cost"\n')
    content = b"patient_id,department,diagnosis_code,admission_date,cost,real cost\nP1,ICU,I10,2026-01-01,1,2\n"
    assert read(write(content), feeds).cells("cost") == ["2"]


def test_a_feed_that_lacks_a_required_column_is_refused_by_name(write, load):
    with pytest.raises(DeliveryRefused, match="feed 'north', but lacks required columns: admission_date"):
        read(write(FOREIGN.replace("Aufnahme", "Tag").encode()), load(FEED))


def test_two_feeds_that_fit_equally_are_refused(write, load):
    with pytest.raises(DeliveryRefused, match="north, south"):
        read(write(FOREIGN.encode()), load(FEED + FEED.replace("north", "south")))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[feeds.a", "TOML"),
        ("[other]", "something else"),
        ("feeds.a = 1", "feed 'a' is not a section"),
        ('[feeds.a]\nmatch = ["x"]\ncolour = "blue"', "feed 'a' has an unknown key 'colour'"),
        ("[feeds.a]", "feed 'a', key 'match'"),
        ('[feeds.a]\nmatch = "x"', "feed 'a', key 'match'"),
        ('[feeds.a.headers]\n"x" = "costs"', "feed 'a', key 'headers'"),
        ('[feeds.a]\nmatch = ["x"]\ndelimiter = "xx"', "feed 'a', key 'delimiter'"),
        ('[feeds.a]\nmatch = ["x"]\ndate_formats = "MM"', "feed 'a', key 'date_formats'"),
        ('[feeds.a]\nmatch = ["x"]\ndecimal_comma = "yes"', "feed 'a', key 'decimal_comma'"),
        ('[feeds.a]\nmatch = ["x"]\nvalues.gender = { "1" = 2 }', "feed 'a', key 'values.gender'"),
        ('[feeds.a]\nmatch = ["x"]\nvalues.colour = { "1" = "M" }', "feed 'a', key 'values'"),
    ],
)
def test_a_wrong_setting_is_named_by_feed_and_key(load, text, sentence):
    with pytest.raises(SettingsInvalid, match=sentence):
        load(text)
