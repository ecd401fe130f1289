"""`mediflow users`."""

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from mediflow_assets.identity.revoked_tokens import Revoked

PASSWORD = "correct horse battery"
Run = Callable[..., Result]


def test_a_user_is_added_with_a_piped_password_and_listed_without_it(mediflow: Run) -> None:
    mediflow("users", "add", "Ada", "--role", "scorer", "--role", "analyst", piped=PASSWORD + "\n")
    shown = mediflow("users", "list", "--json").stdout
    assert [(user["name"], user["roles"]) for user in json.loads(shown)] == [("ada", ["analyst", "scorer"])]
    assert "argon2" not in shown


def test_a_short_password_and_an_unknown_role_are_refused(mediflow: Run) -> None:
    short = mediflow("users", "add", "ada", "--role", "analyst", piped="short\n")
    unknown = mediflow("users", "add", "ada", "--role", "king", piped=PASSWORD + "\n")
    assert (short.exit_code, unknown.exit_code) == (1, 1)
    assert "short" not in short.stderr and "executive" in unknown.stderr


def test_nothing_piped_is_no_password(mediflow: Run) -> None:
    assert mediflow("users", "add", "ada", "--role", "analyst", piped="").exit_code == 1


def test_a_disabled_user_is_shown_as_such(mediflow: Run) -> None:
    mediflow("users", "add", "ada", "--role", "analyst", piped=PASSWORD + "\n")
    assert mediflow("users", "disable", "ada").exit_code == 0
    assert "disabled" in mediflow("users", "list").stdout


def test_before_init_the_list_says_what_to_do(mediflow: Run) -> None:
    refused = mediflow("users", "list")
    assert refused.exit_code == 1 and "mediflow init" in refused.stderr


def test_tokens_are_refused_by_user_or_by_id(mediflow: Run, home: Path) -> None:
    assert mediflow("users", "sign-out", "ada").exit_code == 0
    assert mediflow("users", "sign-out", "--token-id", "b" * 32).exit_code == 0
    revoked = Revoked(f"sqlite:///{home / 'ops.db'}")
    assert revoked.concerns("ada", "c" * 32, 0) and revoked.concerns("eve", "b" * 32, 0)
    assert not revoked.concerns("eve", "c" * 32, 0)
    assert [mediflow("users", "sign-out", *words).exit_code for words in ((), ("ada", "--token-id", "b"))] == [2, 2]
