"""Errors of engines and libraries are told by class and code only: their texts may hold row values."""

import traceback

import pytest

from mediflow_assets.errors import EngineFailed, EngineUnreachable, LakeBusy, MediFlowError
from mediflow_assets.storage.errors import storage_errors

CANARY = "CANARY_JOHN_DOE"


def told(error, step="silver/patients"):
    with pytest.raises(MediFlowError) as caught, storage_errors(step):
        raise error
    return caught.value


@pytest.mark.parametrize(
    "text",
    [
        f"cannot cast '{CANARY}' to int",
        f"[CAST_INVALID_INPUT] The value '{CANARY}' cannot be cast",
        f"row [{CANARY}] is not unique",
        f"No space left on device: /lake/{CANARY}",
        f"UNAVAILABLE: {CANARY}",
        f"failed to connect to {CANARY}",
        CANARY,
    ],
)
def test_the_text_of_an_error_is_never_told(text):
    error = told(ValueError(text))
    assert CANARY not in str(error)
    assert CANARY not in "".join(traceback.format_exception(error))
    assert "silver/patients" in str(error)


def test_the_class_and_the_code_are_told():
    error = told(ValueError("[CAST_INVALID_INPUT] The value 'x' cannot be cast"))
    assert isinstance(error, EngineFailed)
    assert str(error) == "silver/patients: ValueError CAST_INVALID_INPUT"


def test_a_full_disk_and_an_engine_that_is_away_say_what_to_do():
    assert "disk is full" in str(told(OSError("No space left on device")))
    assert isinstance(told(RuntimeError("failed to connect to all addresses")), EngineUnreachable)


@pytest.mark.parametrize("error", [LakeBusy("held"), KeyboardInterrupt(), SystemExit(1)])
def test_our_own_errors_and_interruptions_pass(error):
    with pytest.raises(type(error)) as caught, storage_errors("step"):
        raise error
    assert caught.value is error


def test_what_is_waited_for_passes():
    with pytest.raises(KeyError), storage_errors("step", passing=KeyError):
        raise KeyError("wanted")


@pytest.mark.parametrize(
    "code", ["NO_ACTIVE_SESSION", "INVALID_HANDLE.SESSION_CLOSED", "INVALID_HANDLE.SESSION_NOT_FOUND"]
)
def test_a_session_that_a_restarted_server_forgot_is_told(code: str) -> None:
    error = told(RuntimeError(f"[{code}] {CANARY}"))
    assert isinstance(error, EngineUnreachable)
    assert "was restarted" in str(error) and CANARY not in str(error)
