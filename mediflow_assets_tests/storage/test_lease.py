"""The lake lease: one holder, told by name, freed when it dies."""

import os
import signal
import subprocess
import sys
import time

import pytest

from mediflow_assets.errors import LakeBusy
from mediflow_assets.storage.lease import lake_lease

HOLD = """
import sys, time
from pathlib import Path
from mediflow_assets.storage.lease import lake_lease
with lake_lease(Path(sys.argv[1]), "mediflow run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def lock(tmp_path):
    return tmp_path / "lake" / ".lease"


@pytest.fixture
def holder(lock):
    """Another process that holds the lake."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_holder_is_refused_and_told_who_holds_the_lake(lock, holder):
    with pytest.raises(LakeBusy, match=rf"mediflow run \(process {holder.pid}\)"), lake_lease(lock, "second"):
        pytest.fail("two processes hold the lake")


def test_the_lake_is_free_once_its_holder_is_killed(lock, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with lake_lease(lock, "second"):
        assert "second" in lock.read_text()


def test_one_who_waits_gets_the_lake_when_it_is_free(lock, holder):
    began = time.monotonic()
    with pytest.raises(LakeBusy), lake_lease(lock, "second", wait_seconds=0.3):
        pytest.fail("two processes hold the lake")
    assert time.monotonic() - began >= 0.3
    holder.kill()
    with lake_lease(lock, "second", wait_seconds=30):
        assert str(os.getpid()) in lock.read_text()


def test_the_lake_is_free_after_use_and_after_an_error(lock):
    with pytest.raises(ZeroDivisionError), lake_lease(lock, "first"):
        raise ZeroDivisionError
    with lake_lease(lock, "second"):
        assert "second" in lock.read_text()
    assert lock.read_text() == ""


def test_within_one_process_the_lake_is_held_once_as_well(lock):
    with lake_lease(lock, "first"), pytest.raises(LakeBusy, match="first"), lake_lease(lock, "second"):
        pytest.fail("two holders")
