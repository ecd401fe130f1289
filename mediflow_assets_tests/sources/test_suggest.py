"""A draft for a file that is not known: its header is mapped, its values are never shown."""

import gzip

import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import Feeds, suggest
from mediflow_assets_tests.sources.conftest import read

EXPORT = (
    "MRN;Dept;Diagnostic code;Aufnahme;Disch Dt;Kosten;Druck;Geschlecht;Alter;Bemerkung\n"
    "Meyer7;CARDIOLOGY;I25.1;13.02.2026;15.02.2026;1.234,50;120/80;m;71;sees double\n"
    "Vogel8;ICU;J06;28.02.2026;01.03.2026;12,00;131/79;w;8;Nachbar krank\n"
).replace(";w;", ";f;")


@pytest.fixture
def draft(write):
    return suggest(write(EXPORT.encode()))


def test_columns_are_proposed_by_name_likeness_and_look(draft):
    for line in (
        '"MRN" = "patient_id"',
        '"Diagnostic code" = "diagnosis_code"  # similar name: check',
        '"Druck" = "blood_pressure"  # by the look of its values: check',
        '"Geschlecht" = "gender"  # by the look of its values: check',
        '"Aufnahme" = "admission_date"  # by the look of its values: check',
        '"Kosten" = "cost"  # by the look of its values: check',
        '"Alter" = "age"  # by the look of its values: check',
        '# "Bemerkung" = ""  # no column fits: it is kept as JSON',
    ):
        assert line in draft


def test_delimiter_dates_and_decimal_comma_are_told(draft):
    assert 'delimiter = ";"\ndate_formats = ["dd.MM.yyyy"]' in draft
    assert "decimal_comma = true" in draft


def test_no_value_is_shown(draft):
    values = {value for line in EXPORT.splitlines()[1:] for value in line.split(";") if len(value) > 1}
    assert not [value for value in values if value in draft]


def test_the_draft_is_a_feed_that_fits_the_file(write, draft, tmp_path):
    (tmp_path / "sources.toml").write_text(draft, encoding="utf-8")
    landed = read(write(EXPORT.encode()), Feeds.load(tmp_path / "sources.toml"))
    assert (landed.what.feed, landed.what.unknown_columns, landed.counted) == ("new_feed", ("Bemerkung",), 2)


def test_days_and_months_that_may_be_swapped_are_said_to_be(write):
    text = suggest(write(b"MRN,Admit Dt\n1,01/02/2026\n"))
    assert 'date_formats = ["MM/dd/yyyy"]  # fits as well: M/d/yyyy, d/M/yyyy, dd/MM/yyyy. Check' in text


def test_required_columns_that_were_not_found_are_named(write):
    text = suggest(write(gzip.compress(b"MRN,Sex\n1,2\n")))
    assert "# still missing, and required: department, diagnosis_code, admission_date, cost" in text
    assert "values.gender" in text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"P1,ICU,2026-01-01\nP2,ICU,2026-01-02\n", "no header"),
        (b"{}\n", "JSON"),
        (b"name\nx\n", "no header"),
    ],
)
def test_a_first_line_of_values_is_not_shown(write, content, sentence):
    with pytest.raises(DeliveryRefused, match=sentence) as refusal:
        suggest(write(content))
    assert "P1" not in str(refusal.value)
