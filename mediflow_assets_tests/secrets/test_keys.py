"""The pseudonym key: made once, readable by nobody else, and told to nobody."""

import pytest

from mediflow_assets.contracts.identifiers import canonical
from mediflow_assets.errors import SecretMissing
from mediflow_assets.secrets.pseudonym_key import FILE_NAME, PseudonymKey


@pytest.fixture
def secrets(tmp_path):
    return tmp_path / "secrets"


def test_a_key_is_made_once_and_then_read(secrets):
    assert PseudonymKey.create(secrets) == PseudonymKey.create(secrets) == PseudonymKey.load(secrets)
    assert len(PseudonymKey.load(secrets).secret) == 32


def test_two_keys_differ(tmp_path):
    assert PseudonymKey.create(tmp_path / "a").key_id != PseudonymKey.create(tmp_path / "b").key_id


def test_the_key_is_for_its_owner_alone(secrets):
    PseudonymKey.create(secrets)
    assert (secrets / FILE_NAME).stat().st_mode & 0o777 == 0o600
    assert secrets.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in secrets.iterdir()] == [FILE_NAME]


def test_no_key_says_what_to_do(secrets):
    with pytest.raises(SecretMissing, match=r"mediflow init.*restore the secrets folder"):
        PseudonymKey.load(secrets)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620])
def test_a_key_that_others_may_read_is_refused(secrets, mode):
    PseudonymKey.create(secrets)
    (secrets / FILE_NAME).chmod(mode)
    with pytest.raises(SecretMissing, match="chmod 600"):
        PseudonymKey.load(secrets)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_key_of_another_size_is_refused(secrets, size):
    PseudonymKey.create(secrets)
    (secrets / FILE_NAME).write_bytes(b"k" * size)
    with pytest.raises(SecretMissing, match=f"{size} bytes"):
        PseudonymKey.load(secrets)


def test_the_key_does_not_show():
    key = PseudonymKey(b"canary-canary-canary-canary-cana")
    assert "canary" not in repr(key) + str(key) + key.key_id
    assert key.secret.hex() not in repr(key)


def test_spellings_of_one_identifier_are_one():
    assert canonical(" mrn-é7 ") == canonical("MRN-E\u03017") == "MRN-É7"
    key = PseudonymKey(bytes(32))
    assert key.pseudonym("patient", "p1") == key.pseudonym("patient", " P1 ") != key.pseudonym("encounter", "p1")
    assert len(key.pseudonym("patient", "p1")) == 32
