"""FHIR: every resource byte for byte, every broken one quarantined, everything else refused."""

import json

import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import fhir
from mediflow_assets.sources.delivery import RAW_KEPT
from mediflow_assets.sources.ndjson import json_lines

PATIENT = b'{"id": "p1", "resourceType":"Patient",  "x": 1.50}'


def bundle(*entries: bytes) -> bytes:
    return b'{\n "resourceType": "Bundle",\n "entry": [' + b",\n".join(entries) + b"]\n}\n"


def test_a_line_is_a_resource_byte_for_byte(deliver):
    landed = deliver(b"\xef\xbb\xbf" + PATIENT + b"\r\n\n" + PATIENT)
    assert (landed.what.form, landed.cells("resource")) == ("ndjson", [PATIENT.decode()] * 2)
    assert landed.rows[0] | {"resource": ""} == {
        "resource_type": "Patient",
        "resource_id": "p1",
        "full_url": None,
        "resource": "",
        "last_modified": None,
        "etag": None,
        "known_as": None,
        "_record_number": 1,
    }


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"resourceType":"Patient",', "bad_json"),
        (b'{"resourceType":"Patient","x":' + b"[" * 5000 + b"]" * 5000 + b"}", "bad_json"),
        (b'{"resourceType":"Patient","x":"\xff"}', "bad_utf8"),
        (b'{"id":"p1"}', "not_a_resource"),
        (b'{"resourceType":7}', "not_a_resource"),
        (b"[]", "not_a_resource"),
    ],
)
def test_a_broken_line_is_set_aside(deliver, line, reason):
    landed = deliver(PATIENT + b"\n" + line + b"\n" + PATIENT)
    assert (landed.rejects, landed.cells("_record_number"), landed.counted) == (
        [(2, reason, line)],
        [1, 3],
        3,
    )


def test_a_broken_first_line_does_not_hide_the_others(deliver):
    assert deliver(b'{"resourceType":\n' + PATIENT + b"\n" + PATIENT).reasons == ["bad_json"]


def test_a_line_that_is_too_long_is_set_aside(write, monkeypatch, deliver):
    monkeypatch.setattr(fhir, "json_lines", lambda stream: json_lines(stream, 100))
    long = b'{"resourceType":"Binary","data":"' + b"x" * (2 * RAW_KEPT) + b'"}'
    landed = deliver(PATIENT + b"\n" + long + b"\n" + PATIENT)
    assert (landed.reasons, landed.cells("_record_number"), landed.counted) == (
        ["record_too_long"],
        [1, 3],
        3,
    )


def test_a_bundle_is_its_entries(deliver):
    entry = b'{"fullUrl": "urn:uuid:1", "resource": ' + PATIENT + b"}"
    landed = deliver(bundle(entry, entry))
    assert (landed.what.form, landed.counted) == ("document", 2)
    assert (landed.cells("full_url"), landed.cells("resource")) == (
        ["urn:uuid:1"] * 2,
        [PATIENT.decode()] * 2,
    )


DELETED = b'{"request": {"method": "DELETE", "url": "https://fhir.example/r4/Patient/p1/_history/3"}}'


def test_an_entry_that_deletes_is_a_record_of_what_it_deletes(deliver):
    landed = deliver(bundle(DELETED))
    told = [landed.cells(name) for name in ("resource_type", "resource_id", "resource")]
    assert (told, landed.counted) == ([["Patient"], ["p1"], [DELETED.decode()]], 1)


AT = b'"meta": {"lastUpdated": "2024-03-01T00:00:00Z"}'


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (AT, "2024-03-01T00:00:00Z"),
        (b'"timestamp": "2024-04-01T00:00:00Z"', "2024-04-01T00:00:00Z"),
        (b'"timestamp": "2024-04-01T00:00:00Z", ' + AT, "2024-03-01T00:00:00Z"),
        (b'"timestamp": 5, "meta": "no"', None),
    ],
)
def test_a_deletion_that_tells_no_time_is_of_its_bundles_time_and_a_resource_is_not(deliver, said, at):
    timed = DELETED[:-1] + b', "response": {"lastModified": "2024-02-01"}}'
    whole = bundle(DELETED, timed, b'{"resource":' + PATIENT + b"}").replace(b"{", b"{" + said + b", ", 1)
    for written in (whole, whole.replace(b"\n", b"")):
        assert deliver(written).cells("last_modified") == [at, "2024-02-01", None]


def test_lines_may_each_be_a_bundle(deliver):
    one = bundle(DELETED).replace(b"\n", b"")
    both = bundle(b'{"resource":' + PATIENT + b"}", DELETED).replace(b"\n", b"")
    landed = deliver(b"\n".join([one, b"", both, b"{", b'{"resourceType":"Bundle"}', PATIENT]))
    assert (landed.cells("_record_number"), landed.rejects, landed.counted) == (
        [1, 2, 3, 5],
        [(4, "bad_json", b"{")],
        5,
    )


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (b'{"request": {"method": "DELETE"}}', "empty_record"),
        (b'{"request": {"method": "DELETE", "url": "Patient?identifier=1"}}', "empty_record"),
        (b'{"resource": null}', "empty_record"),
        (b'{"resource": {"id": "p1"}}', "not_a_resource"),
        (b'"text"', "not_a_resource"),
        (b'{"resource": {"resourceType": "Patient", "x": "\xff"}}', "bad_utf8"),
    ],
)
def test_a_broken_entry_is_set_aside(deliver, entry, reason):
    landed = deliver(bundle(b'{"resource":' + PATIENT + b"}", entry))
    assert (landed.rejects, landed.counted, len(landed.rows)) == ([(2, reason, entry)], 2, 1)


def test_a_resource_over_several_lines_is_one_record(deliver):
    text = json.dumps(json.loads(PATIENT), indent=2)
    landed = deliver(text.encode() + b"\n")
    assert (landed.counted, landed.cells("resource")) == (1, [text])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{\n "resourceType": "Patient"\n}\n{\n "resourceType": "Patient"\n}\n', "neither FHIR resources"),
        (b'{"eventId": "kickoff"}\n{"eventId": "done"}\n', "no header of any known source"),
        (b'{"events": {"eventId": "kickoff"}}', "no header of any known source"),
        (b'["kickoff", 5]', "no header of any known source"),
        (b'[{"eventId": "kickoff"', "neither FHIR nor an array"),
        (b"[5, 6, " + PATIENT + b"]", "neither FHIR resources"),
        (b'<Patient xmlns="http://hl7.org/fhir"><id value="p1"/></Patient>', "FHIR as XML"),
        (b'{"resourceType": "Bundle", "entry": [' + PATIENT + b'], "entry": [' + PATIENT + b"]}\n", "two members"),
        (b'{"resourceType": "Bundle", "entry": []}', "without entries"),
        (b'{"resourceType": "Bundle", "entry": 5}', "broken"),
        (b'{"eventId": "\xff"}', "neither FHIR nor an array"),
        (bundle(PATIENT)[:-5], "neither FHIR resources"),
    ],
)
def test_other_json_is_refused(deliver, content, sentence):
    with pytest.raises(DeliveryRefused, match=sentence):
        deliver(content)


def test_a_line_that_is_a_bundle_is_its_entries_wherever_it_stands(deliver):
    """Of a file that begins with a resource as well; a history is read from its end."""
    older, newer = ({"resource": {"resourceType": "Patient", "id": "b", "gender": of}} for of in ("male", "female"))
    bundle = {"resourceType": "Bundle", "type": "history", "entry": [newer, older]}
    landed = deliver(PATIENT + b"\n" + json.dumps(bundle).encode() + b"\n")
    assert landed.cells("resource_type") == ["Patient"] * 3
    assert [json.loads(each).get("gender") for each in landed.cells("resource")][1:] == ["male", "female"]


@pytest.mark.parametrize("between", [b", ", b",\n", b"\n,\n"])
def test_an_array_is_its_elements_and_a_bundle_among_them_its_entries(deliver, between):
    page = bundle(b'{"resource":' + PATIENT + b"}", DELETED).replace(b"\n", b"")
    landed = deliver(b"[" + between.join([PATIENT, page, b"5", PATIENT]) + b"]\n")
    assert (landed.what.form, landed.cells("_record_number"), landed.counted) == ("document", [1, 2, 3, 5], 5)
    assert landed.rejects == [(4, "not_a_resource", b"5")]


def test_a_bundle_within_a_bundle_is_its_entries(deliver):
    page = bundle(b'{"resource":' + PATIENT + b"}", b'{"resource":' + PATIENT + b"}")
    landed = deliver(bundle(b'{"resource":' + page + b"}", b'{"resource":' + PATIENT + b"}"))
    assert (landed.cells("resource_type"), landed.rejects, landed.counted) == (["Patient"] * 3, [], 3)


@pytest.mark.parametrize(
    "twice",
    [
        b'{"resourceType":"Patient","id":"p1","gender":"male","gender":"female"}',
        b'{"resourceType":"Patient","id":"p1","id":"p1"}',
        b'{"resourceType":"Patient","name":[{"family":"a:b","family":"c"}]}',
        b'{"resourceType":"Patient","a":{"b":{"c":1,"c":"d:e:f"}}}',
        rb'{"resourceType":"Patient","id":"\u003a","x":1,"x":1}',
        b'{"resourceType":"Patient","x":18446744073709551616123,"x":1}',
        b'{"resourceType":"Patient","x":1e999,"x":1}',
        rb'{"resourceType":"Patient","na\u006de":1,"name":1}',
    ],
)
def test_a_resource_that_tells_something_twice_is_set_aside_wherever_it_stands(deliver, twice):
    entry = b'{"fullUrl":"urn:uuid:1","resource":' + twice + b"}"
    for content in (
        PATIENT + b"\n" + twice,
        twice + b"\n" + PATIENT,
        bundle(entry),
        b"[" + PATIENT + b"," + twice + b"]",
    ):
        landed = deliver(content)
        assert (landed.reasons, landed.counted) == (["repeated_name"], len(landed.rows) + 1)
    assert deliver(twice).reasons == ["repeated_name"]


@pytest.mark.parametrize(
    "once",
    [
        rb'{"resourceType":"Patient","id":"p1","x":"a\u003ab:c\u003A"}',
        rb'{"resourceType":"Patient","y":1e999,"z":18446744073709551616123}',
        b'{"resourceType":"Patient","a":{"x":1},"b":{"x":1},"c":[{"x":1},{"x":1}]}',
        rb'{"resourceType":"Patient","x":"\\u003a \" : ","X":1}',
    ],
)
def test_a_name_in_another_object_is_no_second_one(deliver, once):
    assert (deliver(once + b"\n" + once).rejects, deliver(bundle(b'{"resource":' + once + b"}")).rejects) == ([], [])


def test_half_a_character_keeps_no_resource_out(deliver):
    cut = PATIENT.replace(b'"x": 1.50', rb'"x": "a\uD83D", "y": "\ud83d\ude00"')
    page = bundle(b'{"resource":' + cut + b"}", DELETED)
    for content in (cut + b"\n" + PATIENT, page, PATIENT + b"\n" + page.replace(b"\n", b""), b"[" + cut + b"]"):
        landed = deliver(content)
        told = [each for each in landed.cells("resource") if "ude00" in each]
        assert (landed.rejects, landed.counted) == ([], len(landed.rows))
        assert told == [cut.decode().replace(r"\uD83D", r"\ufffd")]


def test_an_entry_or_a_bundle_on_a_line_that_tells_something_twice_is_set_aside(deliver):
    entry = b'{"resource":' + PATIENT + b',"resource":' + PATIENT + b"}"
    landed = deliver(bundle(entry, b'{"resource":' + PATIENT + b"}"))
    assert (landed.rejects, landed.counted, len(landed.rows)) == ([(1, "repeated_name", entry)], 2, 1)
    page = bundle(b'{"resource":' + PATIENT + b"}").replace(b"\n", b"")
    twice = page[:-1] + b',"entry":[]}'
    landed = deliver(PATIENT + b"\n" + twice + b"\n" + page)
    assert (landed.rejects, landed.counted, len(landed.rows)) == ([(2, "repeated_name", twice)], 3, 2)


@pytest.mark.parametrize(
    "entry", [b'{"request": {"method": "GET", "url": "Patient?name=x"}}', b'{"response": {"status": "201 Created"}}']
)
def test_an_entry_that_asks_or_answers_without_a_resource_is_kept_and_is_no_record_of_anyone(deliver, entry):
    landed = deliver(bundle(b'{"resource":' + PATIENT + b"}", entry))
    assert (landed.rejects, landed.counted) == ([], 2)
    assert (landed.rows[1]["resource_type"], landed.rows[1]["resource"]) == ("Bundle.entry", entry.decode())


NAMELESS = b'{"resourceType": "Patient", "gender": "female"}'


@pytest.mark.parametrize(
    ("told", "id_"),
    [
        (b'"fullUrl": "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"', "61ebe359-bfdc-4613-8bf2-c5e300945f0a"),
        (b'"fullUrl": "https://fhir.example/r4/Patient/p7"', "p7"),
        (b'"request": {"method": "PUT", "url": "Patient/p8"}', "p8"),
        (b'"request": {"method": "PUT", "url": "Patient?identifier=urn:x|p8"}', "urn:x|p8"),
        (b'"request": {"method": "PUT", "url": "Patient?general-practitioner=urn:x|p8"}', None),
        (b'"fullUrl": "https://fhir.example/r4/Patient?general-practitioner=p8"', None),
        (b'"request": {"method": "POST", "url": "Patient"}', None),
    ],
)
def test_a_resource_without_an_id_is_known_by_the_address_of_its_entry(deliver, told, id_):
    assert deliver(bundle(b"{" + told + b', "resource": ' + NAMELESS + b"}")).cells("resource_id") == [id_]


@pytest.mark.parametrize("type_", ["transaction", "batch", "searchset", "history", "collection", "document", "message"])
def test_a_bundle_of_every_type_is_its_entries(deliver, type_):
    whole = bundle(b'{"resource":' + PATIENT + b"}").replace(b'"entry"', b'"type": "%b", "entry"' % type_.encode())
    assert deliver(whole).cells("resource") == [PATIENT.decode()]


def test_who_is_named_by_a_urn_of_the_bundle_is_named_by_the_id_as_well(deliver):
    """So that an erasure finds what refers to a person."""
    urn = b"urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
    stay = b'{"resourceType": "Encounter", "id": "e1", "subject": {"reference": "%b"}}' % urn
    whole = bundle(b'{"fullUrl": "%b", "resource": %b}' % (urn, PATIENT), b'{"resource": ' + stay + b"}")
    landed = deliver(whole)
    assert landed.cells("known_as") == [None, json.dumps({urn.decode(): "Patient/p1"}, separators=(",", ":"))]
    assert fhir.FHIR.named(landed.batches[0].accepted).patients.to_pylist()[1] == ["p1"]
