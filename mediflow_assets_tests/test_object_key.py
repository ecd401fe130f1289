"""The object store's key is taken from the credentials file, unless the environment holds one."""

from pathlib import Path

import pytest

from mediflow_assets import object_key

NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A credentials file that the environment names."""
    path = tmp_path / "aws"
    path.write_text("[default]\naws_access_key_id = one\naws_secret_access_key = two%\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return path


def found() -> tuple[str | None, ...]:
    import os

    return tuple(os.environ.get(name) for name in NAMES)


def test_the_key_of_the_file_is_taken(file: Path) -> None:
    object_key.adopt()
    assert found() == ("one", "two%")


def test_a_key_in_the_environment_stays(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMES[0], "mine")
    object_key.adopt()
    assert found() == ("mine", None)


@pytest.mark.parametrize("text", ["", "[default]\naws_access_key_id = one\n", "not a file of keys", "[other]\na = b\n"])
def test_a_file_without_a_key_is_left_to_the_first_read(file: Path, text: str) -> None:
    file.write_text(text)
    object_key.adopt()
    assert found() == (None, None)


def test_a_file_that_is_gone_is_left_to_the_first_read(file: Path) -> None:
    file.unlink()
    object_key.adopt()
    assert found() == (None, None)
