"""Encodings and line ends: what a hospital writes is read, and a broken letter stays a broken one."""

import gzip

import pytest

from mediflow_assets.errors import DeliveryRefused, SettingsInvalid
from mediflow_assets.sources import Feeds, opening, recognise, suggest
from mediflow_assets.sources.feed_section import feed_of
from mediflow_assets.sources.feeds import known_exports
from mediflow_assets_tests.sources.conftest import HEADER, read

ROWS = "P1,Gynäkologie,I10,2026-01-01,100\nP2,Öffentliche Küche,I10,2026-01-02,5\n"
TEXT = HEADER.decode() + ROWS
WARDS = ["Gynäkologie", "Öffentliche Küche"]
BROKEN = b"P1,N\xfcr,I10,2026-01-01,1\n"


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252"])
def test_a_file_is_read_whatever_its_encoding_and_its_line_ends(deliver, encoding, ends, pack):
    landed = deliver(pack(TEXT.replace("\n", ends).encode(encoding)))
    assert landed.cells("department") == WARDS and landed.rejects == []
    assert landed.counted == 2


def test_what_was_seen_is_told(deliver):
    said = [deliver(TEXT.encode(each)).what.encoding for each in ("utf-8", "utf-16", "latin-1")]
    assert said == ["utf-8", "utf-16-le", "windows-1252"]


@pytest.mark.parametrize(
    "text",
    [
        "São João,Ação",
        "Coração,Avó",
        "Hôpital Général,Noël",
        "Señor,Muñoz",
        "Straße,Müller",
        "O\u2019Brien,4 West",
        "1.234,50 €",
        "JOÃO,CONCEIÇÃO",
    ],
)
def test_words_of_many_tongues_are_told_as_windows_1252(deliver, text):
    ward, _, more = text.partition(",")
    landed = deliver(HEADER.replace(b",cost", b",cost,note") + f"P1,{ward},I10,2026-01-01,1,{more}\n".encode("cp1252"))
    assert landed.what.encoding == "windows-1252" and landed.cells("department") == [ward]


NAMES = {
    "windows-1250": ["Łódź Oddział Płeć Żółty Dąbrowska", "Dvořák Příjem Růžena Žďár", "Győr Nőgyógyászat Szűcs Tőke"],
    "iso8859-2": ["Łódź Świątek Małgorzata Gęś", "Šťastný Žďár Dvořák Růžena"],
    "windows-1254": ["Yıldız Göğüs Şükrü İbrahim Doğan"],
    "windows-1257": ["Jonaitė Širdis Ąžuolas Kęstutis", "Bērziņš Kalniņa Ķirurģija"],
    "windows-1252": [
        "Müller Größe Dvorak Jäger Hélène",
        "Muñoz Peña García Jesús Noël",
        "João Conceição Atenção Antônio",
        "Hélène Lefèvre François Noël Benoît",
        "Sørensen Kjær Åse Björk",
        "Nicolò Forlì Unità",
        "Zoë Björk Müller François Jürgen Sørensen",
    ],
}


@pytest.mark.parametrize(("encoding", "words"), [(each, words) for each in NAMES for words in NAMES[each]])
def test_letters_of_a_language_tell_its_encoding(deliver, encoding, words):
    text = HEADER.decode() + "".join(f"P{n},{word},I10,2026-01-01,1\n" for n, word in enumerate(words.split()))
    landed = deliver(text.encode(encoding))
    assert (landed.what.encoding, landed.cells("department")) == (encoding, words.split())


@pytest.mark.parametrize("encoding", ["windows-1250", "iso8859-2", "windows-1254"])
def test_a_draft_says_an_encoding_that_another_file_might_not_show(write, encoding):
    rows = "".join(f"P{n};{word};2026-01-0{n + 1};I10\n" for n, word in enumerate(NAMES[encoding][0].split()))
    made = suggest(write(f"Pat-Nr;Station;Aufnahmedatum;Diagnose\n{rows}".encode(encoding))).section
    assert f'encoding = "{encoding}"' in made


PLAIN, LATE = b"P1,WARD,I10,2026-01-01,1\n", b"P1,Gyn\xe4kologie,I10,2026-01-01,1\n"


def test_a_packed_file_is_looked_through_for_letters_too(deliver):
    landed = deliver(gzip.compress(HEADER + PLAIN * 60_000 + LATE * 20_000))
    assert (landed.what.encoding, landed.rejects, landed.cells("department")[-1]) == ("windows-1252", [], "Gynäkologie")


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_letters_that_come_too_late_to_be_seen_refuse_the_file_rather_than_its_records(deliver, pack, monkeypatch):
    monkeypatch.setattr(opening, "_SAMPLES", 0)
    with pytest.raises(DeliveryRefused, match=r"seems to be in windows-1252 .* Name its 'encoding'"):
        deliver(pack(HEADER + PLAIN * 60_000 + LATE * 1000))


def test_a_header_that_is_no_utf_8_tells_the_encoding_of_a_file_without_other_letters(deliver):
    header = "patient_id,department,diagnosis_code,admission_date,cost,Sekundär-Kode\n".encode("windows-1252")
    assert deliver(header + b"P1,ICU,I10,2026-01-01,1,\n" * 3000).what.header[-1] == "Sekundär-Kode"


def test_a_broken_byte_among_letters_of_utf_8_is_that_record_alone(admit):
    landed = admit("P1,Gynäkologie,I10,2026-01-01,1\n".encode() * 300 + BROKEN)
    assert landed.reasons == ["bad_utf8"] and landed.cells("department")[0] == "Gynäkologie"


@pytest.mark.parametrize("broken", [b"P1,N\xfcr,I10,2026-01-01,1\n", b"P1,N\xc3r,I10,2026-01-01,1\n"])
def test_a_broken_byte_in_a_large_file_is_that_record_alone(admit, broken):
    landed = admit(b"P1,WARD,I10,2026-01-01,1\n" * 3000 + broken)
    assert landed.reasons == ["bad_utf8"] and landed.what.encoding == "utf-8"


@pytest.mark.parametrize("bad", [b"\xff", b"\x00\xe9", b"M\xc3ller", b"\x81\x8d", b"\xf7\xd7"])
def test_bytes_that_are_no_words_are_no_other_encoding(admit, bad):
    assert admit(b"P1," + bad + b",I10,2026-01-01,1\n").what.encoding == "utf-8"


def test_letters_that_come_late_in_a_file_are_seen(admit):
    plain, letter = b"P1,WARD,I10,2026-01-01,1\n" * 60_000, b"P1,N\xfcr,I10,2026-01-01,1\n"
    landed = admit(plain + letter * 3000)
    assert landed.what.encoding == "windows-1252" and landed.rejects == []


def test_a_letter_that_the_encoding_does_not_know_is_that_record_alone(write):
    rows = [b"P%d,K\xfc%bche,I10,2026-01-01,1\n" % (n, odd) for n, odd in enumerate((b"", b"", b"\x81"))]
    assert read(write(HEADER + b"".join(rows))).reasons == ["bad_utf8"] * 3
    feeds = Feeds((feed_of("f", {"encoding": "windows-1252", "match": ["patient_id"]}),))
    landed = read(write(HEADER + b"".join(rows)), feeds)
    assert (landed.cells("department"), landed.reasons) == (["Küche"] * 2, ["bad_utf8"])


def test_a_text_cut_within_a_letter_loses_no_record(deliver):
    landed = deliver(TEXT.encode("utf-16")[:-1])
    assert landed.counted == 2 and landed.cells("department")[0] == WARDS[0]


def test_a_feed_says_in_which_encoding_it_is(write):
    path = write(TEXT.encode("cp850"))
    feeds = Feeds((feed_of("dos", {"encoding": "cp850", "match": ["patient_id"]}),))
    landed = read(path, feeds)
    assert (landed.what.encoding, landed.cells("department")) == ("cp850", WARDS)


@pytest.mark.parametrize("name", ["klingon", "base64", 5, ""])
def test_an_encoding_that_is_none_is_refused(name):
    with pytest.raises(SettingsInvalid, match="encoding"):
        feed_of("f", {"encoding": name, "match": ["a"]})


def test_the_encoding_of_one_feed_is_not_that_of_another_file(write):
    """Nor of one that a feed of public exports takes."""
    header = known_exports()[0].match
    path = write((",".join(header) + "\n" + ",".join("Küche" for _ in header) + "\n").encode())
    feeds = Feeds((feed_of("dos", {"encoding": "cp850", "match": ["Pat-Nr"]}),))
    found = [recognise(path, each) for each in (feeds, Feeds())]
    assert [(each.feed, each.encoding) for each in found] == [(known_exports()[0].name, "utf-8")] * 2
