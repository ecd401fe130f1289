"""A file is known by its content; what is not known is refused with a sentence that shows none of it."""

import gzip

import pytest

from mediflow_assets.contracts import bronze
from mediflow_assets.errors import DeliveryNotRead, DeliveryRefused
from mediflow_assets.sources import Feeds, count_records, read_batches, recognise
from mediflow_assets.sources.registry import sources
from mediflow_assets_tests.sources.conftest import HEADER

RECORD = b"P1,ICU,I10,2026-01-01,100\n"
CONDITIONS = b"START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION\n"
ENCOUNTERS = b"Id,START,STOP,PATIENT,ENCOUNTERCLASS,CODE,DESCRIPTION,COST\n"


def test_a_batch_has_the_columns_of_its_bronze_table(admit):
    names = admit(RECORD).batches[0].accepted.schema.names
    assert names[:-1] == [c for c in bronze.ADMISSIONS.column_names if not c.startswith("_")]


@pytest.mark.parametrize("form", [each.form for each in sources().values() if each.form], ids=lambda form: form.source)
def test_what_a_form_requires_is_a_column_of_bronze(form):
    assert set(form.required) | set(form.aliases) <= set(form.columns)


@pytest.mark.parametrize("delimiter", [b",", b";", b"\t", b"|"])
def test_the_delimiter_is_told_from_the_header(deliver, delimiter):
    landed = deliver((HEADER + RECORD).replace(b",", delimiter))
    assert (landed.what.delimiter, landed.cells("cost")) == (delimiter.decode(), ["100"])


def test_unknown_columns_are_kept_as_json(deliver):
    landed = deliver(HEADER.strip() + b',Note,"Bed ""A"""\n' + RECORD.strip() + b',"say ""hi""\x01",\n')
    assert landed.cells("extra") == ['{"Note": "say \\"hi\\"\\u0001"}']
    assert landed.what.unknown_columns == ("Note", 'Bed "A"')


def test_only_records_with_unknown_values_have_json(deliver):
    records = b"".join(RECORD.strip() + b"," + note + b"\n" for note in (b"", b"a", b"", b"b"))
    landed = deliver(HEADER.strip() + b",Note\n" + records)
    assert landed.cells("extra") == [None, '{"Note": "a"}', None, '{"Note": "b"}']


def test_a_nameless_column_is_called_by_its_place(deliver):
    landed = deliver(HEADER.strip() + b",\n" + RECORD.strip() + b",x\n")
    assert landed.cells("extra") == ['{"column_6": "x"}']


def test_older_synthea_encounters_name_the_base_cost_otherwise(deliver):
    landed = deliver(ENCOUNTERS + b"E1,2026-01-01,,P1,wellness,1,visit,85.55\n")
    assert (landed.what.source, landed.cells("base_encounter_cost")) == ("synthea_encounters", ["85.55"])


def test_conditions_are_told_from_allergies_by_what_they_describe(deliver):
    assert deliver(CONDITIONS + b"2026-01-01,,P1,E1,1,Peanut allergy\n2026-01-01,,P1,E1,2,Asthma\n").counted == 2
    with pytest.raises(DeliveryRefused, match="allergies"):
        deliver(CONDITIONS + b"2026-01-01,,P1,E1,1,Allergy to peanuts\n")


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("organizations", b"Id,NAME,ADDRESS,CITY,STATE,ZIP,LAT,LON"),
        ("organizations", b"Id,NAME,ADDRESS,CITY,STATE,ZIP,PHONE,UTILIZATION"),
        ("providers", b"Id,ORGANIZATION,NAME,GENDER,SPECIALITY,ADDRESS,CITY,STATE,ZIP,LAT,LON,UTILIZATION"),
        ("payers", b"Id,NAME,ADDRESS,CITY,STATE_HEADQUARTERED,ZIP,PHONE"),
        ("payer_transitions", b"PATIENT,MEMBERID,START_YEAR,END_YEAR,PAYER,SECONDARY_PAYER,OWNERSHIP,OWNERNAME"),
        ("careplans", b"Id,START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION"),
        ("devices", b"START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,UDI"),
        ("supplies", b"DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,QUANTITY"),
    ],
)
def test_tables_of_synthea_that_nothing_is_read_from_are_known_by_name(deliver, name, header):
    with pytest.raises(DeliveryNotRead, match=name):
        deliver(header + b"\n" + b",".join(b"x" for _ in header.split(b",")) + b"\n")


def test_a_list_of_people_is_no_table_that_nothing_is_read_from(deliver):
    with pytest.raises(DeliveryRefused) as refusal:
        deliver(b"Id,NAME,ADDRESS,CITY,STATE,ZIP,PHONE\n1,A B,x,y,MA,1,2\n")
    assert not isinstance(refusal.value, DeliveryNotRead)


def test_another_synthea_table_is_not_taken_for_conditions(deliver):
    with pytest.raises(DeliveryRefused, match="no header of any known source"):
        deliver(CONDITIONS.strip() + b",BASE_COST\n2026-01-01,,P1,E1,1,Asthma,5\n")


def test_corrections_name_a_record_and_its_new_values(deliver):
    landed = deliver(b"_delivery_id,_record_number,cost,gender\nabc,7,12.50,\n")
    expected = {"target_delivery_id": "abc", "target_record_number": "7", "corrections": '{"cost": "12.50"}'}
    assert landed.what.source == "corrections"
    assert landed.rows == [expected | {"_record_number": 1}]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \n", "is empty"),
        (gzip.compress(b""), "is empty"),
        (b"PK\x03\x04\x14\x00\x00\n\x00", "binary"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary"),
        (b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\n", "PDF"),
        (b"\xff\xe9\xff," + HEADER + RECORD, "header is neither UTF-8"),
        (HEADER[:20] + b"\r" + HEADER[20:] + RECORD, "within the header"),
        (b"x" * (2 << 20), "longer than 1 MiB"),
        (b"secret,of,a,patient\n1,2,3,4\n", r"columns seen: 4"),
        (HEADER.strip() + b",cost\n" + RECORD, r"more than once \(columns 5, 6\)"),
        (
            HEADER.replace(b"admission_date", b"day") + RECORD,
            "looks like admissions, but lacks required columns: admission",
        ),
        (gzip.compress(HEADER + RECORD)[:-9], "damaged or cut short"),
        (gzip.compress(HEADER + RECORD) + b"junk", "damaged or cut short"),
    ],
)
def test_what_cannot_be_landed_is_refused_with_its_reason(deliver, content, sentence):
    with pytest.raises(DeliveryRefused, match=sentence) as refusal:
        deliver(content)
    assert "secret" not in str(refusal.value)


def test_a_file_cut_short_far_from_its_head_is_refused_while_it_is_read(write):
    rows = b"".join(b"P%d,ICU,I10,2026-01-01,100\n" % (n * 7919) for n in range(200_000))
    path = write(gzip.compress(HEADER + rows, 1)[:-100])
    what = recognise(path, Feeds())
    with pytest.raises(DeliveryRefused, match="cut short"):
        list(read_batches(path, what))
    with pytest.raises(DeliveryRefused, match="cut short"):
        count_records(path, what)


@pytest.mark.parametrize("name", ["", "not-there"])
def test_a_folder_or_a_missing_file_is_refused(tmp_path, name):
    with pytest.raises(DeliveryRefused, match=r"no such file|not a file"):
        recognise(tmp_path / name, Feeds())


def test_a_file_that_lacks_a_column_or_two_of_a_feed_is_refused_by_their_names(write, tmp_path):
    """A column that is called otherwise now must not make the file a plain one, whose forms are others."""
    path = tmp_path / "sources.toml"
    named = {"patient_id": "MRN", "admission_date": "Admit Date", "discharge_date": "Disch Date", "cost": "Charges"}
    lines = [f'{ours} = "{theirs}"' for ours, theirs in {**named, "payer": "Plan", "gender": "Sex"}.items()]
    path.write_text("\n".join(["[feeds.north.columns]", *lines]))
    feeds = Feeds.load(path)
    rows = b"P1,2026-01-01,2026-01-02,1.00,Medicare,F\n"
    with pytest.raises(DeliveryRefused, match="lacks its columns: Plan"):
        recognise(write(b"MRN,Admit Date,Disch Date,Charges,Payer,Sex\n" + rows), feeds)
    assert recognise(write(b"MRN,Admit Date,Disch Date,Charges,Plan,Sex\n" + rows), feeds).feed == "north"
    assert recognise(write(b"MRN,Admit Date\nP1,2026-01-01\n"), feeds).feed is None
