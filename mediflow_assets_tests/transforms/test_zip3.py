"""Postal codes: all 1,000 prefixes in five spellings, against the published lists themselves."""

import csv
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts.restricted_zip3 import RESTRICTED_ZIP3
from mediflow_assets.contracts.zip_prefixes import MILITARY_ZIP3, UNASSIGNED_ZIP3
from mediflow_assets.transforms.masking import zip3

PREFIXES = [f"{n:03}" for n in range(1000)]
LISTS = Path(__file__).with_name("zip3_restricted.csv")
SPELLINGS = {
    "five digits": "{}07",
    "with a dash": "{}07-1234",
    "nine digits": "{}071234",
    "among blanks": "  {}07 ",
    "nine digits among blanks": " {}07-1234  ",
}
MALFORMED = ("{}", "{}0", "{}0O", "US-{}07", "{}07-12", "{}07\t", "{}\u00a007", "{}07 1234")


@pytest.fixture(scope="module")
def restricted():
    with LISTS.open() as file:
        return {row["zip3"] for row in csv.DictReader(file)}


def test_the_restricted_prefixes_are_the_union_of_the_three_lists(restricted):
    assert restricted == RESTRICTED_ZIP3 and len(restricted) == 23


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_prefix_is_shown_or_hidden(read_texts, restricted, spelling):
    texts = {SPELLINGS[spelling].format(prefix): prefix for prefix in PREFIXES}
    found = read_texts(list(texts), zip3=zip3(F.col("text")))
    hidden = restricted | UNASSIGNED_ZIP3 | MILITARY_ZIP3
    wrong = {
        text: found[text]["zip3"]
        for text, prefix in texts.items()
        if found[text]["zip3"] != ("000" if prefix in hidden else prefix)
    }
    assert wrong == {}


@pytest.mark.parametrize("form", MALFORMED)
def test_no_malformed_code_shows_a_digit(read_texts, form):
    found = read_texts([form.format(prefix) for prefix in PREFIXES], zip3=zip3(F.col("text")))
    assert {row["zip3"] for row in found.values()} == {"000"}


def test_the_lists_do_not_overlap_and_hide_no_large_city():
    assert not UNASSIGNED_ZIP3 & MILITARY_ZIP3
    assert not (RESTRICTED_ZIP3 | UNASSIGNED_ZIP3 | MILITARY_ZIP3) & {"100", "606", "900", "021", "770", "331", "006"}
