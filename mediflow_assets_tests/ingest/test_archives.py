"""Archives: each known file in one is a delivery of its own, and nothing else of it touches the disk."""

import datetime as dt
import io
import tarfile
import zipfile
from dataclasses import replace

import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import Limits
from mediflow_assets_tests.sources.workbooks import workbook

RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)


def zipped(files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
    return packed.getvalue()


def tarred(files, mode="w"):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as file:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            data = content.encode() if isinstance(content, str) else content
            entry.size = len(data)
            file.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


PACKED = {"zip": zipped, "tar": tarred, "tar.gz": lambda files: tarred(files, "w:gz")}


@pytest.fixture
def drop(house):
    """Drops a file into the inbox, takes in what lies there, and tells what came in and how many were refused."""

    def _drop(content, name="export.bin", **limits):
        inbox = replace(house.inbox, limits=Limits(**limits))
        inbox.folder.mkdir(parents=True, exist_ok=True)
        (inbox.folder / name).write_bytes(content)
        taken, refused = inbox.take_in(RECEIVED)
        assert inbox.dropped() == []
        return sorted(delivery.file_name for delivery in taken), refused

    return _drop


@pytest.mark.parametrize("form", PACKED)
def test_each_known_file_is_a_delivery_and_each_other_is_kept_among_the_refused(house, admissions, drop, form):
    files = {
        "data/a.csv": admissions({}),
        "read me.txt": "hello",
        "data/b.csv": admissions({"encounter_id": "E2"}),
        "__MACOSX/data/._a.csv": "x",
        "c.xlsx": workbook({"s": [["patient_id", "department", "diagnosis_code", "admission_date", "cost"]]}),
    }
    assert drop(PACKED[form](files)) == (["a.csv", "b.csv", "c.xlsx"], 1)
    assert [path.name[13:] for path in house.inbox.refused.iterdir()] == ["read me.txt"]
    assert sum(landed.records for landed in house.land()) == 2


def test_the_same_file_in_an_archive_and_by_itself_is_one_delivery(house, admissions, drop):
    drop(zipped({"a.csv": admissions({})}))
    assert house.receive(admissions({})) == house.inbox.waiting()[0].delivery_id
    assert len(house.inbox.waiting()) == 1


@pytest.mark.parametrize("name", ["../../out.csv", "/tmp/out.csv", "..\\..\\out.csv"])
@pytest.mark.parametrize("form", PACKED)
def test_a_name_in_an_archive_leads_nowhere(house, admissions, drop, form, name):
    before = set(house.folder.rglob("*"))
    assert drop(PACKED[form]({name: admissions({}), "x/" + name: "no delivery"})) == (["out.csv"], 1)
    made = {path for path in house.folder.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(house.inbox.folder) for path in made)


def test_links_in_an_archive_and_archives_in_one_are_refused(admissions, drop):
    packed = io.BytesIO(tarred({"a.csv": admissions({}), "b.zip": zipped({"c.csv": admissions({"cost": "7"})})}))
    with tarfile.open(fileobj=packed, mode="a") as file:
        link = tarfile.TarInfo("link.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        file.addfile(link)
    assert drop(packed.getvalue()) == (["a.csv"], 2)


def test_an_archive_of_nothing_known_is_refused_whole(house, drop):
    assert drop(zipped({"a.txt": "hello"}), "x.zip") == ([], 2)
    assert sorted(path.name[13:] for path in house.inbox.refused.iterdir()) == ["a.txt", "x.zip"]


@pytest.mark.parametrize("form", PACKED)
def test_an_archive_that_unpacks_to_more_than_a_delivery_may_is_refused(house, admissions, drop, form):
    rows = admissions(*({} for _ in range(20_000)))
    assert drop(PACKED[form]({"a.csv": rows}), unpacked_bytes=1 << 20) == ([], 1)
    assert not list(house.inbox.ready.iterdir())


@pytest.mark.parametrize("form", PACKED)
def test_an_archive_that_is_cut_short_gives_what_is_whole_and_is_kept(admissions, drop, form):
    content = PACKED[form]({"a.csv": admissions({}), "b.csv": admissions(*({"cost": str(n)} for n in range(999)))})
    taken, refused = drop(content[:-3000])
    assert taken in ([], ["a.csv"]) and refused == 1


def test_a_protected_file_is_refused(drop, admissions):
    content = bytearray(zipped({"a.csv": admissions({})}))
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):
        place = content.index(mark) + (6 if mark[2] == 3 else 8)
        content[place] |= 1
    assert drop(bytes(content)) == ([], 2)


def test_whoever_names_an_archive_is_told_of_each_file(house, admissions, tmp_path):
    path = tmp_path / "named.zip"
    path.write_bytes(zipped({"a.csv": admissions({}), "b.txt": "hello"}))
    each = list(house.inbox.receive_each(path, RECEIVED, keeps_refused=False))
    assert [(one.place, one.delivery is None) for one in each] == [(1, False), (2, True)]
    assert "no header" in each[1].refusal and not house.inbox.refused.exists()
    path.write_bytes(zipped({"b.txt": "hello"}))
    with pytest.raises(DeliveryRefused, match="no file in the archive"):
        list(house.inbox.receive_each(path, RECEIVED, keeps_refused=False))


def test_a_damaged_archive_of_any_packing_is_refused(drop, admissions):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_LZMA) as file:
        file.writestr("a.csv", admissions({}))
    damaged = bytearray(packed.getvalue())
    damaged[len("a.csv") + 40 : len("a.csv") + 60] = b"\xff" * 20
    assert drop(bytes(damaged)) == ([], 1)


def with_header(headers, mode="w", content=""):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode, format=tarfile.PAX_FORMAT) as file:
        entry = tarfile.TarInfo("a.csv")
        entry.pax_headers, entry.size = headers, len(content)
        file.addfile(entry, io.BytesIO(content.encode()))
    return packed.getvalue()


def test_a_tar_whose_headers_say_what_none_can_is_refused(drop):
    assert drop(with_header({"GNU.sparse.map": "abc"})) == ([], 1)


def test_a_name_that_no_file_can_have_is_kept_without_what_it_cannot(house, drop):
    assert drop(with_header({"path": "x\0y.csv"})) == ([], 2)
    assert not list(house.inbox.ready.glob("*"))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:xz", "w:bz2"])
@pytest.mark.parametrize(("size", "came"), [(1 << 10, 1), (2 << 20, 0)])
def test_a_header_that_fills_the_memory_is_refused(drop, admissions, mode, size, came):
    taken, refused = drop(with_header({"comment": "x" * size}, mode, admissions({})))
    assert (len(taken), refused) == (came, 1 - came)
