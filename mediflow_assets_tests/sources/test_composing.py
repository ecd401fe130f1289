"""One of our columns made of several of a file's, of one that serves another too, or of none."""

import json

import pytest

from mediflow_assets.errors import DeliveryRefused, SettingsInvalid
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.sources.conftest import read

HOSPITAL = """[feeds.north]
delimiter = ";"
[feeds.north.columns]
patient_id = "Pat.-Nr."
name = { join = ["Name", "Vorname"], with = ", " }
admission_date = { join = ["Eintritt", "Zeit"] }
diagnosis_code = { join = ["DX1", "DX2"], with = ";" }
zip = { first = ["PLZ neu", "PLZ"] }
department = { value = "INPATIENT" }
encounter_class = { first = ["Typ"], value = "inpatient" }
updated_at = "Eintritt"
cost = "Betrag"
"""
HEADER = "Pat.-Nr.;Name;Vorname;Eintritt;Zeit;DX1;DX2;PLZ neu;PLZ;Typ;Betrag"


@pytest.fixture
def feeds(tmp_path):
    def _feeds(text: str = HOSPITAL) -> Feeds:
        path = tmp_path / "sources.toml"
        path.write_text(text, encoding="utf-8")
        return Feeds.load(path)

    return _feeds


@pytest.fixture
def row(write, feeds):
    def _row(cells: str, header: str = HEADER, text: str = HOSPITAL):
        (found,) = read(write(f"{header}\n{cells}\n".encode()), feeds(text)).rows
        return found

    return _row


def test_columns_are_joined_chosen_and_constant(row):
    found = row("P1;Muster;Eva;2026-03-01;10:15;I10;E11.9;;8001;;12.50")
    assert found["name"] == "Muster, Eva"
    assert found["admission_date"] == "2026-03-01 10:15"
    assert found["diagnosis_code"] == "I10;E11.9"
    assert (found["zip"], found["department"], found["encounter_class"]) == ("8001", "INPATIENT", "inpatient")


def test_one_column_serves_several_of_ours(row):
    found = row("P1;Muster;Eva;2026-03-01;;I10;;;;;1")
    assert (found["admission_date"], found["updated_at"]) == ("2026-03-01", "2026-03-01")


def test_what_is_not_given_is_left_out(row):
    found = row("P1;Muster;-;2026-03-01;NULL;;E11.9;n/a;8001; emergency;1")
    assert (found["name"], found["admission_date"], found["diagnosis_code"]) == ("Muster", "2026-03-01", "?;E11.9")
    assert (found["zip"], found["encounter_class"]) == ("8001", "emergency")


def test_a_code_of_a_further_column_does_not_take_the_place_of_the_first(row):
    assert row("P1;Muster;Eva;2026-03-01;;;I10;;;;1")["diagnosis_code"] == "?;I10"
    assert row("P1;Muster;Eva;2026-03-01;;I10;;;;;1")["diagnosis_code"] == "I10"


def test_nothing_given_is_nothing(row):
    found = row("P1;;;2026-03-01;;;;;;;1")
    assert (found["name"], found["diagnosis_code"], found["zip"]) == (None, None, None)


def test_a_column_may_be_plain_for_two_of_ours(row):
    text = '[feeds.a.columns]\npatient_id = "id"\nencounter_id = "id"\nadmission_date = "day"\n'
    text += 'cost = "c"\ndepartment = "d"\ndiagnosis_code = { value = "I10" }\n'
    found = row("7,2026-03-01,1,ICU", "id,day,c,d", text)
    assert (found["patient_id"], found["encounter_id"], found["extra"]) == ("7", "7", None)


def test_the_cells_that_stand_nowhere_else_stay_as_they_came(row):
    found = row("P1;Muster; Eva;2026-03-01;;I10;;;8001;;1")
    assert json.loads(found["extra"]) == {"Name": "Muster", "Vorname": " Eva", "DX1": "I10", "PLZ": "8001"}


def test_words_of_the_feed_for_nothing_count_and_those_with_a_meaning_do_not(row):
    text = HOSPITAL.replace('delimiter = ";"', 'delimiter = ";"\nnull_words = ["ohne"]\nvalues.zip = { "-" = "X" }')
    found = row("P1;Muster;Ohne;2026-03-01;;I10;;-;8001;;1", text=text)
    assert (found["name"], found["zip"]) == ("Muster", "-")


def test_a_constant_for_a_required_column_makes_a_file_complete(write, feeds):
    text = '[feeds.a.columns]\npatient_id = "id"\n'
    file = write(b"id,more\nP1,1\n")
    assert read(file, feeds(text + 'admission_date = { value = "2026-03-01" }\n')).cells("admission_date") == [
        "2026-03-01"
    ]
    with pytest.raises(DeliveryRefused, match="lacks required columns: admission_date"):
        read(file, feeds(text))


def test_columns_that_others_are_made_of_are_not_unknown(write, feeds):
    file = write(f"{HEADER};more\nP1;Muster;Eva;2026-03-01;;I10;;;;;1;x\n".encode())
    what = read(file, feeds()).what
    assert what.unknown_columns == ("more",)
    assert "department" not in what.missing_columns


def test_a_column_that_the_feed_makes_is_not_taken_by_a_spelling(row):
    found = row("P1;Muster;Eva;2026-03-01;;I10;;;;;1;ICU", f"{HEADER};Department")
    assert found["department"] == "INPATIENT"
    assert json.loads(found["extra"])["Department"] == "ICU"


def test_a_file_needs_what_is_joined_but_one_of_those_of_which_the_first_counts(write, feeds):
    row = b"P1;2026-03-01;;I10;;8001;1;Muster;Eva;\n"
    header = b"Pat.-Nr.;Eintritt;Zeit;DX1;DX2;PLZ;Betrag;Name;Vorname;Typ\n"
    assert read(write(header + row), feeds()).cells("zip") == ["8001"]
    with pytest.raises(DeliveryRefused):
        read(write(header.replace(b"Zeit", b"Zeiten") + row), feeds())


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('costs = "x"', "columns"),
        ("cost = 1", "columns.cost"),
        ("cost = {}", "columns.cost"),
        ('cost = { join = ["a"], first = ["b"] }', "columns.cost"),
        ('cost = { join = "a" }', "columns.cost"),
        ('cost = { first = ["a"], with = " " }', "columns.cost"),
        ('cost = { value = "" }', "columns.cost"),
        ('cost = { column = "a" }', "columns.cost"),
    ],
)
def test_a_column_that_cannot_be_made_is_named(feeds, line, key):
    with pytest.raises(SettingsInvalid, match=f"feed 'a', key '{key}'"):
        feeds(f'[feeds.a]\nmatch = ["x"]\n[feeds.a.columns]\n{line}\n')


@pytest.mark.parametrize(
    "line",
    [
        *('skip_lines = "2"', "encoding = 1", 'dates = "moved"', 'thousands = "12"', "currency = [1]"),
        *('empty_means = "nothing"', 'grain = "stay"', 'date_formats = { cost = ["yyyy"], costs = ["yy"] }'),
        *('date_formats = { birth_date = "yyyy" }', 'sheet = ""'),
    ],
)
def test_what_a_key_cannot_be_is_told(feeds, line):
    with pytest.raises(SettingsInvalid, match=f"feed 'a', key '{line.split()[0]}'"):
        feeds(f'[feeds.a]\nmatch = ["x"]\n{line}\n')


def test_what_a_feed_says_of_files_and_values_can_be_read(feeds):
    said = 'encoding = "windows-1252"\nskip_lines = 2\nsheet = "Detail"\ndates = "shifted"\nthousands = "\'"\n'
    said += 'currency = "$"\nempty_means = "cleared"\ndate_formats = { birth_date = ["dd.MM.yyyy"] }\n'
    feed = feeds(f'[feeds.a]\nmatch = ["x"]\n{said}').named("a")
    assert (feed.encoding, feed.skip_lines, feed.sheet) == ("windows-1252", 2, "Detail")
    assert (feed.dates, feed.thousands, feed.currency, feed.empty_means) == ("shifted", "'", ("$",), "cleared")
    assert (feed.date_formats, feed.date_formats_of) == ((), {"birth_date": ("dd.MM.yyyy",)})


@pytest.mark.parametrize(("cells", "known_by"), [("Ada;f;1", "Ada|f"), (";f;2", None), ("Ada;;3", None)])
def test_half_an_id_is_none(row, cells, known_by):
    text = '[feeds.a.columns]\nadmission_date = { value = "2026-03-01" }\n'
    text += 'patient_id = { join = ["who", "sex"], with = "|" }\n'
    assert row(cells, "who;sex;x", text)["patient_id"] == known_by


def test_a_header_that_is_spelled_like_one_of_ours_counts_only_where_it_is_named(row):
    text = '[feeds.a.columns]\npatient_id = "id"\nadmission_date = "day"\n'
    found = row("7,2026-03-01,PNEUMONIA", "id,day,diagnosis", text)
    assert (found["diagnosis_code"], json.loads(found["extra"])) == (None, {"diagnosis": "PNEUMONIA"})


@pytest.mark.parametrize(
    ("cells", "birth"),
    [("52;2180", "2128-01-01"), ("7;2180", "2173-01-01"), ("52 y;2180", "2180 less 52 y"), (";2180", None)],
)
def test_a_year_less_the_age_in_it_is_the_year_of_birth(row, cells, birth):
    text = '[feeds.anchor]\nmatch = ["ID"]\ndelimiter = ";"\n[feeds.anchor.columns]\n'
    text += 'patient_id = "ID"\nadmission_date = "IN"\n'
    text += 'birth_date = { year = "YEAR", less = "AGE", on = "01-01" }\n'
    found = row(f"P1;2181-03-01;{cells}", header="ID;IN;AGE;YEAR", text=text)
    assert found["birth_date"] == birth
    assert row("P1;2181-03-01;2180", header="ID;IN;YEAR", text=text)["birth_date"] is None


CONSTANT = HOSPITAL + '[feeds.north.values.encounter_class]\n"*" = "outpatient"\n"stationär" = "inpatient"\n'


def test_a_constant_is_ours_and_stands_for_itself(feeds):
    (feed,) = (feed for feed in feeds(CONSTANT).feeds if feed.name == "north")
    assert feed.values["encounter_class"] == {"*": "outpatient", "stationär": "inpatient", "inpatient": "inpatient"}


def test_a_constant_that_the_feed_means_otherwise_is_refused(feeds):
    with pytest.raises(SettingsInvalid, match="another word for the same"):
        feeds(CONSTANT + '"Inpatient" = "observation"\n')
