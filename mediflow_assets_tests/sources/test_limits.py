"""What a delivery may ask for: past a limit it is refused with a sentence, soon and in little memory."""

import gzip

import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import Feeds, Limits, count_records, read_batches, recognise
from mediflow_assets_tests.sources.conftest import HEADER

RECORD = b"P1,ICU,I10,2026-01-01,100\n"
RESOURCE = b'{"resourceType": "Patient", "id": "1"}\n'
MANY = 20 << 20


@pytest.fixture
def read(write):
    """Reads and counts a delivery under limits; gives how many records there were."""

    def _read(content, **limits):
        path = write(content)
        what = recognise(path, Feeds(), Limits(**limits))
        read = sum(len(batch.accepted) + len(batch.rejects) for batch in read_batches(path, what))
        assert count_records(path, what) == read
        return read

    return _read


@pytest.mark.parametrize(
    "content", [HEADER + RECORD + b"\n" * MANY, RESOURCE + b"\n" * MANY, HEADER + RECORD * 900_000]
)
def test_what_unpacks_to_many_times_its_size_is_refused(read, content):
    with pytest.raises(DeliveryRefused, match=r"many times its size.*MEDIFLOW_MAX_EXPANSION"):
        read(gzip.compress(content, 6), expansion=20)


def test_a_small_file_may_pack_well(read):
    assert read(gzip.compress(HEADER + RECORD + b"\n" * (4 << 20))) == 2


def test_there_is_a_limit_in_bytes_too(read):
    with pytest.raises(DeliveryRefused, match="MEDIFLOW_MAX_UNPACKED_BYTES"):
        read(gzip.compress(HEADER + RECORD * 1000), unpacked_bytes=1 << 10)


@pytest.mark.parametrize(
    "content", [HEADER + RECORD + b"x" * (9 << 20), RESOURCE + b"x" * (65 << 20)], ids=["csv", "fhir"]
)
def test_a_record_longer_than_any_may_be_refuses_the_delivery(read, content):
    with pytest.raises(DeliveryRefused, match=r"longer than a record may be.*MEDIFLOW_MAX_RECORD_BYTES"):
        read(content, record_bytes=8 << 20)


def test_a_file_of_blank_lines_is_read_at_once(read):
    assert (read(HEADER + b"\n" * MANY), read(RESOURCE + b" \n" * MANY)) == (1, 1)
