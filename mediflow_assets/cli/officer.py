"""What only some roles may do: a login first, and each attempt on the audit log, whatever comes of it."""

import contextlib
import getpass
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

import typer

from mediflow_assets.cli import context
from mediflow_assets.errors import LoginRefused, MediFlowError, SettingsInvalid
from mediflow_assets.identity.audit import AuditLog, Record
from mediflow_assets.identity.users import Users
from mediflow_assets.settings import Settings

PRIVACY = ("privacy_officer",)
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/#-]{0,39}\Z")


@dataclass
class Officer:
    """Who does it, and what the audit log is to tell of it at the end: a code, a ticket, a count."""

    name: str
    detail: str


@contextlib.contextmanager
def acting(
    settings: Settings, user: str | None, action: str, detail: str, roles: tuple[str, ...] = PRIVACY
) -> Iterator[Officer]:
    """Log in, and record the attempt before the block and its outcome after it. Raises LoginRefused."""
    log = AuditLog(settings.ops_url, settings.audit_head)
    name = user or context.ask("MediFlow user")
    try:
        officer = Officer(context.login(settings.ops_url, name, roles).name, detail)
    except MediFlowError as refusal:
        why = "login" if isinstance(refusal, LoginRefused) else type(refusal).__name__
        log.append(Record("command", _known(settings, name), action, "refused", detail=f"{why}; {detail}"))
        raise
    log.append(Record("command", officer.name, action, "begun", detail=detail))
    try:
        yield officer
    except BaseException as error:
        log.append(
            Record("command", officer.name, action, "failed", detail=f"{type(error).__name__}; {officer.detail}")
        )
        raise
    log.append(Record("command", officer.name, action, "done", detail=officer.detail))


@contextlib.contextmanager
def recorded(settings: Settings, action: str, detail: str = "") -> Iterator[Officer]:
    """Record what a command changed that takes no login, under the name of whoever is logged in to the system."""
    log, who = AuditLog(settings.ops_url, settings.audit_head), Officer(_system_user(), detail)
    outcome = "failed"
    try:
        yield who
        outcome = "done"
    except typer.Exit as end:
        outcome = "failed" if end.exit_code else "done"
        raise
    finally:
        log.append(Record("command", who.name, action, outcome, detail=who.detail))


def code(text: str, what: str) -> str:
    """A code that may stand in the audit log. Raises SettingsInvalid."""
    if not _CODE.match(text):
        raise SettingsInvalid(f"A {what} is 1 to 40 letters, digits, '.', '_', '/', '#' or '-', without blanks.")
    return text


def _system_user() -> str:
    try:
        return f"os:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"os:{os.getuid()}"


def _known(settings: Settings, name: str) -> str:
    """The name if an account has it: what was typed in its place may be a password."""
    try:
        return name.strip().lower() if Users(settings.ops_url).roles(name) else ""
    except MediFlowError:
        return ""
