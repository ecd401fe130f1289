"""A change is guarded by the tests of what it touches; by all of them where that is not known."""

import gzip
import runpy

import pytest

from mediflow_assets_tests import guarding


def test_words_alone_need_no_slow_tests() -> None:
    assert guarding.guards_of(["docs/privacy.md", "CHANGELOG.md"]) == ()


def test_the_longest_path_counts() -> None:
    assert guarding.guards_of(["docs/privacy.md", "docs/api.md"]) == ("serving/tests/test_api_doc.py",)


def test_a_changed_test_guards_itself() -> None:
    assert guarding.guards_of(["serving/tests/test_schema.py"]) == ("serving/tests/test_schema.py",)


@pytest.mark.parametrize(
    "path",
    [
        "mediflow_assets/settings.py",
        "requirements.lock",
        "serving/tests/conftest.py",
        "mediflow_assets_tests/house.py",
        "some/new/place.py",
    ],
)
def test_what_many_rest_upon_is_guarded_by_all(path: str) -> None:
    assert guarding.guards_of(["docs/api.md", path])[:1] == guarding.ALL


def test_every_place_and_every_guard_is_there() -> None:
    named = {*guarding.GUARDS, *(guard for guards in guarding.GUARDS.values() for guard in guards)}
    assert [path for path in sorted(named) if not (guarding.ROOT / path).exists()] == []


def test_what_differs_from_a_commit_is_told_and_from_an_unknown_one_is_not() -> None:
    assert guarding.changed("HEAD") is None
    assert guarding.changed("no-such-commit") is None


def test_a_test_has_one_name_in_every_process() -> None:
    """Or two processes refuse to share the work: packed bytes hold the second they were packed."""
    root = runpy.run_path(str(guarding.ROOT / "conftest.py"))
    assert root["pytest_make_parametrize_id"](gzip.compress(b"x"), "content") == "content"
    assert root["pytest_make_parametrize_id"]("x", "content") is None
