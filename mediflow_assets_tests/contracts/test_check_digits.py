"""Check digits, by numbers that the publishers use as examples."""

import pytest

from mediflow_assets.contracts.check_digits import is_loinc


@pytest.mark.parametrize("code", ["8867-4", "2160-0", "8480-6", "29463-7", "4548-4", "85354-9", "59408-5", "72514-3"])
def test_a_loinc_number_ends_in_its_check_digit(code):
    assert is_loinc(code)
    number, _, check = code.partition("-")
    assert not any(is_loinc(f"{number}-{digit}") for digit in range(10) if digit != int(check))


@pytest.mark.parametrize("code", ["", "-", "12", "x-1", "8867-44", "8867-", "-4"])
def test_what_is_no_number_is_none(code):
    assert not is_loinc(code)
