"""Typed tables: workbooks, Parquet, Avro and flat JSON come in as the texts that their values stand for."""

import datetime as dt
import io
import json
import zipfile
from decimal import Decimal

import fastavro
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import Feeds, Limits, parquet_table, read_batches, recognise
from mediflow_assets.sources import workbook as workbook_format
from mediflow_assets.sources.feed_section import feed_of
from mediflow_assets.sources.suggest import suggest
from mediflow_assets.sources.table_texts import text_of, texts_of
from mediflow_assets_tests.sources.conftest import read
from mediflow_assets_tests.sources.workbooks import workbook

HEADER = ["patient_id", "department", "diagnosis_code", "admission_date", "cost"]
AT = dt.datetime(2026, 1, 1, 8, 30)
ROW = [4711.0, "ICU", "I10", AT, 100.5]


def parquet(rows, **more):
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, **more), out)
    return out.getvalue()


def avro(rows, fields, codec="deflate"):
    out = io.BytesIO()
    schema = {"type": "record", "name": "r", "fields": [{"name": n, "type": t} for n, t in fields.items()]}
    fastavro.writer(out, fastavro.parse_schema(schema), rows, codec=codec)
    return out.getvalue()


def test_a_workbook_is_read_as_it_shows(deliver):
    landed = deliver(workbook({"a": [HEADER, ROW, [None], [4712.0, "ICU", "I10", AT.replace(hour=0, minute=0), True]]}))
    assert landed.cells("patient_id") == ["4711", "4712"] and landed.cells("cost") == ["100.5", "true"]
    assert landed.cells("admission_date") == ["2026-01-01T08:30:00", "2026-01-01"]
    assert landed.counted == 2 and landed.numbers == [1, 2]


def test_the_sheet_whose_header_fits_is_taken_without_titles_and_totals(deliver):
    rows = [["Admissions"], [], HEADER, ROW, ROW, [], ["Total", None, None, None, 201.0]]
    landed = deliver(workbook({"Summary": [["Month", "n", "sum"], ["2026-01", 2.0, 5.0]], "Detail": rows}))
    assert (landed.what.sheet, landed.what.title_lines, landed.what.total_rows) == ("Detail", 2, 1)
    assert (landed.counted, len(landed.rows), sum(each.total_rows for each in landed.batches)) == (2, 2, 1)


def test_sheets_with_one_header_are_one_table(deliver):
    total = ["Total", None, None, None, 201.0]
    sheets = {"2025": [["2025"], HEADER, ROW, ROW, total], "Legend": [["Code", "Name"]], "2026": [HEADER, ROW, total]}
    landed = deliver(workbook({**sheets, "Other": [[*HEADER, "More"], ROW]}))
    assert (landed.what.sheet, landed.what.more_sheets, landed.what.total_rows) == ("2025", (("2026", 0),), 2)
    assert (landed.counted, landed.numbers) == (3, [1, 2, 3])


def test_a_feed_names_its_sheet(write):
    path = write(workbook({"old": [HEADER, ROW], "new": [HEADER, ROW, ROW]}))
    assert read(path).what.sheet == "old"
    assert read(path, Feeds((feed_of("f", {"sheet": "new", "match": ["patient_id"]}),))).counted == 2


def test_texts_that_cells_share_and_cells_beside_the_header_are_kept(deliver):
    landed = deliver(workbook({"a": [HEADER, [*ROW, "note"]]}, shared=["ICU", "note", ""]))
    assert landed.cells("department") == ["ICU"] and landed.cells("extra") == ['{"column_6": "note"}']


PLACES = [
    'r="XFD1048576"',
    "r='XFD1048576'",
    'r = "XFD1048576"',
    'r="XF&#68;1048576"',
    'r="xfd1048576"',
    'r="Xfd9999999"',
]


@pytest.mark.parametrize("place", PLACES)
def test_a_workbook_whose_cells_lie_far_apart_is_refused(write, place):
    far = workbook({"a": [HEADER, ROW]}, raw=f'<row r="1048576"><c {place}><v>1</v></c></row>')
    with pytest.raises(DeliveryRefused, match=r"larger than is read|damaged"):
        recognise(write(far), Feeds())


@pytest.mark.parametrize("part", ["xl/worksheets/Sheet1.xml", "XL/worksheets/sheet1.xml"])
@pytest.mark.parametrize(
    "row", ['<row r="9000000"><c><v>1</v></c><c><v>1</v></c></row>', '<row r="999999">%s</row>' % ("<c/>" * 12)]
)
def test_rows_and_cells_that_say_no_place_are_as_far_as_they_are_counted(write, row, part):
    far = workbook({"a": [HEADER, ROW]}, raw=row).replace(b"xl/worksheets/sheet1.xml", part.encode())
    with pytest.raises(DeliveryRefused, match="larger than is read"):
        recognise(write(far), Feeds())


NOTHING = [
    '<c r="A3" t="e"><v>#N/A</v></c>',
    '<c r="A3" t="inlineStr"><is><t> </t></is></c>',
    '<c r="A3" t="inlineStr"><is><t xml:space="preserve"> </t></is></c>',
    '<c r="A3" t="inlineStr"><is><t>\n</t></is></c>',
    '<c r="A3" t="inlineStr"><is><rPh sb="0" eb="1"><t>x</t></rPh></is></c>',
    '<c r="A3"><v>NaN</v></c>',
    '<c r="A3"><f>1+1</f></c>',
    '<c r="A3" t="s"><v>0</v></c>',
    "",
]


@pytest.mark.parametrize("cells", NOTHING)
def test_a_row_that_shows_nothing_is_no_record_to_either_reader(deliver, cells):
    last = '<row r="5"><c r="A5"><v>4712</v></c></row>'
    landed = deliver(workbook({"a": [HEADER, ROW]}, shared=[" "], raw=f'<row r="3">{cells}</row>{last}'))
    assert landed.cells("patient_id") == ["4711", "4712"] and landed.counted == 2


def test_rows_are_counted_by_their_places(deliver):
    """The library keeps of two rows in one place the last cells."""
    rows = [f'<row r="{at}"><c r="A{at}"><v>{at}</v></c></row>' for at in (4, 4, 3)]
    landed = deliver(workbook({"a": [HEADER, ROW]}, raw=rows[0] + rows[2] + rows[1] + "<row><c><v>9</v></c></row>"))
    assert landed.counted == len(landed.rows) == 4


def test_a_workbook_of_many_rows_is_read_to_its_end(deliver, monkeypatch):
    monkeypatch.setattr(workbook_format, "RECORDS_AT_ONCE", 50)
    rows = [[float(n), *ROW[1:]] for n in range(150)]
    landed = deliver(workbook({"a": [HEADER, *rows[:75], [], *rows[75:], ["Total", None, None, None, 9.0]]}))
    assert landed.cells("patient_id") == [str(n) for n in range(150)] and landed.numbers == list(range(1, 151))
    assert (landed.counted, sum(each.total_rows for each in landed.batches)) == (150, 1)


def test_a_workbook_whose_cells_share_long_texts_is_refused(write):
    long = workbook({"a": [HEADER, *[["long" * 8000]] * 2000]}, shared=["long" * 8000])
    with pytest.raises(DeliveryRefused, match="many times its size"):
        recognise(write(long), Feeds(), Limits(expansion=2))


def test_a_workbook_whose_xml_names_entities_is_refused(write):
    packed = io.BytesIO(workbook({"a": [HEADER, ROW]}))
    with zipfile.ZipFile(packed, "a") as file:
        file.writestr("xl/more.xml", '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>')
    with pytest.raises(DeliveryRefused, match="damaged"):
        recognise(write(packed.getvalue()), Feeds())


@pytest.mark.parametrize("cut", [slice(None, -40), slice(None, 200)])
@pytest.mark.parametrize("content", ["xlsx", "parquet", "avro"])
def test_what_is_cut_short_is_refused(deliver, content, cut):
    rows = [{"patient_id": "P1"}] * 50
    made = {
        "xlsx": workbook({"a": [HEADER, ROW]}),
        "parquet": parquet(rows),
        "avro": avro(rows, {"patient_id": "string"}, "null"),
    }
    with pytest.raises(DeliveryRefused):
        deliver(made[content][cut])


def test_parquet_is_read_as_texts(deliver):
    utc = dt.datetime(2026, 1, 1, 8, tzinfo=dt.UTC)
    row = {"patient_id": 7, "department": "ICU", "diagnosis_code": ["I10", "E11.9"], "admission_date": utc}
    landed = deliver(parquet([row | {"cost": Decimal("100.50")}, row | {"cost": None}]))
    assert landed.rows[0] == landed.rows[0] | {
        "patient_id": "7",
        "diagnosis_code": "I10;E11.9",
        "admission_date": "2026-01-01T08:00:00Z",
        "cost": "100.50",
    }
    assert (landed.cells("cost"), landed.counted, landed.what.form) == (["100.50", None], 2, "parquet")


def test_avro_is_read_as_texts(deliver):
    fields = {
        "patient_id": "long",
        "department": ["null", "string"],
        "diagnosis_code": {"type": "array", "items": "string"},
        "admission_date": {"type": "long", "logicalType": "timestamp-millis"},
        "cost": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2},
    }
    row = {"patient_id": 7, "department": None, "diagnosis_code": ["I10"], "cost": Decimal("5.00")}
    rows = [row | {"admission_date": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)}] * 3
    for codec in ("null", "deflate", "bzip2", "xz"):
        landed = deliver(avro(rows, fields, codec))
        assert landed.cells("admission_date") == ["2026-01-01T00:00:00Z"] * 3 == landed.cells("admission_date")
        assert (landed.cells("cost")[0], landed.cells("department")[0], landed.counted) == ("5.00", None, 3)


def test_a_number_of_four_bytes_has_no_more_digits_than_it_was_written_with(deliver):
    fields = dict.fromkeys(HEADER, "string") | {"diagnosis_code": "float", "cost": ["null", "float"]}
    rows = [dict.fromkeys(HEADER, "x") | {"diagnosis_code": 250.4, "cost": cost} for cost in (0.1, None)]
    landed = deliver(avro(rows, fields))
    assert (landed.cells("diagnosis_code"), landed.cells("cost")) == (["250.4"] * 2, ["0.1", None])


@pytest.mark.parametrize("made", [parquet, lambda rows: avro(rows, {"patient_id": "string", "department": "string"})])
def test_a_table_that_unpacks_to_many_times_its_size_is_refused(write, made):
    path = write(made([{"patient_id": "P1", "department": "x" * 1000}] * 30_000))
    with pytest.raises(DeliveryRefused, match="many times its size"):
        list(read_batches(path, recognise(path, Feeds((feed_of("f", {"columns": COLUMNS}),)), Limits(expansion=2))))


COLUMNS = {"patient_id": "patient_id", "department": "department"} | {
    name: {"value": "1"} for name in ("diagnosis_code", "admission_date", "cost")
}
OBJECT = {
    "patient_id": "P1",
    "department": "ICU",
    "diagnosis_code": "I10",
    "admission_date": "2026-01-01",
    "cost": 1.50,
}


@pytest.mark.parametrize("form", ["array", "lines", "envelope", "indented"])
def test_flat_json_is_read_with_numbers_as_they_are_written(deliver, form):
    one = json.dumps(OBJECT | {"note": {"bed": 7}, "zip": None, "age": [1, 2]}).replace("1.5", "1.50")
    two = one.replace('"note"', '"other"')
    text = {
        "array": f"[{one},{two}]",
        "lines": f"{one}\n\n{two}\n",
        "envelope": f'{{"count": 2, "data": [{one},{two}]}}',
        "indented": "[\n" + json.dumps(json.loads(one), indent=1).replace("1.5", "1.50") + f",\n{two}\n]",
    }[form]
    landed = deliver(text.encode())
    assert (landed.cells("cost"), landed.cells("zip"), landed.cells("age")) == (["1.50"] * 2, [None] * 2, ["1;2"] * 2)
    assert [json.loads(json.loads(extra).popitem()[1]) for extra in landed.cells("extra")] == [{"bed": 7}] * 2
    assert landed.counted == 2


def test_a_line_that_is_no_object_is_rejected_and_a_late_member_is_kept(deliver):
    good = json.dumps(OBJECT)
    late = json.dumps(OBJECT | {"late": "x"})
    landed = deliver("\n".join([*[good] * 1500, "5", '{"cut', late]).encode())
    assert landed.reasons == ["not_an_object", "bad_json"] and landed.counted == 1503
    assert landed.cells("extra")[-1] == '{"late": "x"}'
    landed.assert_nothing_lost()


def test_a_number_of_any_length_and_a_name_that_stands_twice_are_counted(deliver):
    one = json.dumps(OBJECT | {"note": 1}).replace('"note": 1', '"note": ' + "7" * 5000)
    landed = deliver(f'{{"records": [{one}], "records": [{one},{one}]}}'.encode())
    assert (len(landed.rows), landed.counted) == (2, 2)


@pytest.mark.parametrize("between", [",", "\n"])
def test_records_with_names_of_their_own_each_are_refused(deliver, between):
    text = between.join(json.dumps(OBJECT | {f"n{n}": 1}) for n in range(2500))
    with pytest.raises(DeliveryRefused, match="more than 2,000 names"):
        deliver((f"[{text}]" if between == "," else text).encode())


def test_a_text_that_many_records_share_is_counted_before_it_fills_the_memory(write, monkeypatch):
    path = write(parquet([dict.fromkeys(HEADER, "1") | {"note": "long" * 2000}] * 4000))
    written = []
    monkeypatch.setattr(parquet_table, "texts_of", lambda cells: written.append(len(cells)) or texts_of(cells))
    with pytest.raises(DeliveryRefused, match="many times its size"):
        [*read_batches(path, recognise(path, Feeds(), Limits(expansion=2)))]
    assert written.count(1000) == 6 and written.count(4000) == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        ("", None),
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (1e22, "10000000000000000000000"),
        (123456789012.0, "123456789012"),
        (float("nan"), None),
        (True, "true"),
        (Decimal("1E+2"), "100"),
        (dt.date(2026, 1, 1), "2026-01-01"),
        (["a", None, 1], "a;1"),
        ({"a": [1]}, '{"a": [1]}'),
        (b"\xff", "ff"),
    ],
)
def test_each_value_has_one_text(value, text):
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (pa.array(["a", "", None]).dictionary_encode(), ["a", None, None]),
        (pa.array([1.0, None, 123456789012.0]), ["1", None, "123456789012"]),
        (pa.array([1.5, 2.0]), ["1.5", "2"]),
        (pa.array([250.4, None, 3.0, 1e-7], pa.float32()), ["250.4", None, "3", "0.0000001"]),
        (pa.array([250.0, None, float("nan")], pa.float32()), ["250", None, None]),
        (pa.array([1500], pa.timestamp("ms", "Europe/Berlin")), ["1970-01-01T00:00:01.500Z"]),
        (pa.array([0], pa.timestamp("ns")), ["1970-01-01T00:00:00"]),
        (pa.array([0], pa.date64()), ["1970-01-01"]),
        (pa.array([{"a": 1}]), ['{"a": 1}']),
        (pa.array([None], pa.timestamp("us")), [None]),
    ],
)
def test_a_column_of_any_type_becomes_texts(array, texts):
    assert texts_of(array).to_pylist() == texts


def test_a_mapping_is_drafted_for_a_typed_table(write):
    header = ["Pat key", "Admit Date", "Sex"]
    rows = [[float(n), AT + dt.timedelta(days=n), "F"] for n in range(20)]
    made = suggest(write(workbook({"Cover": [["Report", "of", "May"]], "Stays": [["Stays"], header, *rows]}))).section
    assert "Admit Date" in made
    for made in (
        parquet([{"pat_key": 1, "admit_ts": AT, "sex": "F"}] * 9),
        json.dumps([{"pat_key": 1, "admit_ts": "2026-01-01"}] * 9).encode(),
    ):
        assert "admit_ts" in suggest(write(made)).section
