"""Resources as they stand in Bronze, decoded once."""

from decimal import Decimal

import pytest

from mediflow_assets.transforms.fhir.resources import decoded


def test_a_number_keeps_its_digits():
    assert decoded('{"a": 1.50, "b": 1e400}') == {"a": Decimal("1.50"), "b": Decimal("1e400")}


@pytest.mark.parametrize("raw", ["[]", "5", "null", "{", "", '{"a": 1}}', "[" * 5000])
def test_what_is_no_object_tells_nothing(raw):
    assert decoded(raw) == {}


def test_half_a_character_is_replaced_and_the_rest_is_read():
    assert decoded(r'{"a": "x\ud800", "b": 1.50}') == {"a": "x?", "b": "1.50"}
