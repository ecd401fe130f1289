"""Resources as they stand in Bronze, decoded once."""

from decimal import Decimal

import pytest

from mediflow_assets.transforms.fhir.resources import decoded


def test_a_number_keeps_its_digits():
    assert decoded('{"a": 1.50, "b": 1.5e2}') == {"a": Decimal("1.50"), "b": Decimal("1.5e2")}


@pytest.mark.parametrize("number", ["1e400", "1e999999999999999999999", "-1E-2000000", "0." + "1" * 5000, "1" * 5000])
def test_a_number_that_no_amount_has_is_read_as_a_text(number):
    """A few letters may ask for gigabytes of digits."""
    assert decoded(f'{{"a": {number}}}') == {"a": number}


@pytest.mark.parametrize("raw", ["[]", "5", "null", "{", "", '{"a": 1}}', "[" * 5000])
def test_what_is_no_object_tells_nothing(raw):
    assert decoded(raw) == {}


def test_half_a_character_is_replaced_and_the_rest_is_read():
    assert decoded(r'{"a": "x\ud800", "b": 1.50}') == {"a": "x\ufffd", "b": Decimal("1.50")}
    assert decoded(r'{"a": "\ud83d\ude00", "b": "\\ud800"}') == {"a": "\U0001f600", "b": r"\ud800"}
