"""A dictionary attack: who knows every possible id, the code and the outputs, but not the key, names nobody."""

import hashlib
import os

import pytest

from mediflow_assets.secrets.pseudonym_key import PseudonymKey

pytestmark = pytest.mark.slow

IDS = 1_000_000
PATIENTS = range(0, IDS, 1_000)
"""Whose pseudonyms are in the outputs: a thousand of the million ids there can be."""
SECRET = os.urandom(32)
KEY = PseudonymKey(SECRET)


def id_of(number: int) -> str:
    return f"PAT_{number:07}"


@pytest.fixture(scope="module")
def outputs() -> set[str]:
    """The keys that stand in the masked tables."""
    return {KEY.pseudonym("patient", id_of(number)) for number in PATIENTS}


GUESSES = {
    "no key": bytes(32),
    "the key's id as the key": hashlib.sha256(KEY.key_id.encode()).digest(),
}


@pytest.mark.parametrize("guess", GUESSES)
def test_without_the_key_nobody_is_recovered(outputs: set[str], guess: str) -> None:
    pseudonym = PseudonymKey(GUESSES[guess]).pseudonym
    assert not any(pseudonym("patient", id_of(number)) in outputs for number in range(IDS))


def test_plain_hashes_recover_nobody(outputs: set[str]) -> None:
    found = 0
    for number in range(IDS):
        plain = id_of(number).encode()
        found += hashlib.sha256(plain).hexdigest()[:32] in outputs or hashlib.md5(plain).hexdigest() in outputs
    assert found == 0


def test_with_the_key_everybody_is(outputs: set[str]) -> None:
    """The attack is a real one: only the key keeps it from working."""
    found = {number for number in range(0, IDS, 500) if KEY.pseudonym("patient", id_of(number)) in outputs}
    assert found == set(PATIENTS)
