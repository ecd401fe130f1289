"""Accounts: who gets in, and what a refusal tells."""

import unicodedata
from pathlib import Path

import pytest
from pwdlib import PasswordHash

from mediflow_assets.errors import EngineFailed, LoginRefused, NothingToDo, SettingsInvalid
from mediflow_assets.identity.users import Users

PASSWORD = "correct horse battery"


@pytest.fixture
def users(tmp_path: Path) -> Users:
    """Ada, a clinician, in a database of her own."""
    users = Users(f"sqlite:///{tmp_path / 'ops.db'}")
    users.create("ada", PASSWORD, ["clinician"])
    return users


def test_the_right_password_opens_the_account_however_its_letters_are_composed(users: Users) -> None:
    users.create("eva", "Schl\u00fcsselbund 1", ["analyst"])
    assert users.verify(" Eva ", unicodedata.normalize("NFD", "Schl\u00fcsselbund 1")).roles == ("analyst",)


def test_a_refusal_does_not_tell_what_was_wrong(users: Users) -> None:
    users.create("off", PASSWORD, ["analyst"])
    users.disable("off")
    said = set()
    for name, password in (("ada", "wrong password"), ("nobody", PASSWORD), ("off", PASSWORD), ("x'; --", PASSWORD)):
        with pytest.raises(LoginRefused) as refused:
            users.verify(name, password)
        said.add(str(refused.value))
    assert len(said) == 1


def test_an_unknown_user_costs_as_much_as_a_known_one(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[object] = []
    monkeypatch.setattr(PasswordHash, "hash", lambda self, password: hashed.append(password))
    with pytest.raises(LoginRefused):
        users.verify("nobody", PASSWORD)
    assert hashed == [PASSWORD.encode()]


def test_a_very_long_password_is_refused_without_being_hashed_whole(
    users: Users, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(PasswordHash, "verify", lambda self, password, hash: bool(seen.append(len(password))))
    with pytest.raises(LoginRefused):
        users.verify("ada", "x" * 10_000_000)
    assert max(seen) < 1025


def test_the_database_holds_an_argon2id_hash_and_no_password(users: Users, tmp_path: Path) -> None:
    content = (tmp_path / "ops.db").read_bytes()
    assert b"$argon2id$" in content and PASSWORD.encode() not in content


def test_roles_of_a_disabled_user_are_gone_at_once(users: Users) -> None:
    assert users.roles("ada") == ("clinician",)
    users.disable("ada")
    assert users.roles("ada") == users.roles("nobody") == ()


def test_the_last_admin_cannot_be_disabled(users: Users) -> None:
    users.create("root", PASSWORD, ["admin"])
    with pytest.raises(SettingsInvalid):
        users.disable("root")
    users.create("second", PASSWORD, ["admin"])
    users.disable("root")
    assert users.roles("root") == ()


def test_a_name_is_given_once_and_an_unknown_one_cannot_be_disabled(users: Users) -> None:
    with pytest.raises(SettingsInvalid):
        users.create("ADA", PASSWORD, ["analyst"])
    with pytest.raises(NothingToDo):
        users.disable("nobody")


@pytest.mark.parametrize(
    ("name", "password", "roles"),
    [
        ("a b", PASSWORD, ["analyst"]),
        ("eva", "short", ["analyst"]),
        ("eva", PASSWORD, []),
        ("eva", PASSWORD, ["king"]),
    ],
)
def test_what_cannot_be_an_account_is_refused(users: Users, name: str, password: str, roles: list[str]) -> None:
    with pytest.raises(SettingsInvalid):
        users.create(name, password, roles)


def test_a_damaged_database_is_named_by_its_error_class_only(tmp_path: Path) -> None:
    (tmp_path / "ops.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(EngineFailed) as failed:
        Users(f"sqlite:///{tmp_path / 'ops.db'}").list()
    assert str(failed.value).endswith("DatabaseError.")
