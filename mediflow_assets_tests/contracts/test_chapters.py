"""Chapters: those of ICD-10, and for codes of ICD-9-CM the ones that took their place."""

import pytest

from mediflow_assets.contracts.icd10 import chapter


@pytest.mark.parametrize(
    ("codes", "of"),
    [
        (("I21.4", "410.71", "428.0"), "IX"),
        (("E11.9", "250.00"), "IV"),
        (("E850.1", "E017", "X71.0XXA", "V43.52XA", "V43.5"), "XX"),
        (("V58.61", "V30.00", "Z99.2"), "XXI"),
        (("001.0", "042", "B24"), "I"),
        (("22298006", "UNKNOWN", "OTHER", None, ""), "UNKNOWN"),
    ],
)
def test_codes_of_both_revisions_have_a_chapter(codes, of):
    assert {chapter(code) for code in codes} == {of}
