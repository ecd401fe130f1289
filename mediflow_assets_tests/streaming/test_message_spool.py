"""The spool of messages: whatever a disk does, what was told to be kept is kept, once, and nothing else is."""

import os
from pathlib import Path

import pytest

from mediflow_assets.streaming import message_spool
from mediflow_assets.streaming.message_spool import MessageSpool


def message(control, at="20240301", street="Elm"):
    return f"MSH|^~\\&|ADT|H|L|W|{at}||ADT^A08|{control}|P|2.5\rPID|1||12||||||||1 {street}".encode()


def failing_once(patched, where, name):
    """Have a function of the machine fail once, as on a full disk."""
    real, calls = getattr(where, name), []

    def fail(*given, **more):
        if not calls:
            calls.append(name)
            raise OSError(28, "No space left on device")
        return real(*given, **more)

    patched.setattr(where, name, fail)


def delivered(inbox):
    return sorted(b"".join(path.read_bytes() for path in inbox.iterdir() if path.is_file()).split(b"\x0b")[1:])


def framed(*messages):
    return sorted(each + b"\r\x1c\r" for each in messages)


@pytest.mark.parametrize(
    ("where", "name"), [(Path, "rename"), (MessageSpool, "_open"), (message_spool, "_sync_folders")]
)
def test_a_file_that_cannot_become_a_delivery_now_does_so_later(tmp_path, monkeypatch, where, name):
    with MessageSpool(tmp_path) as spool:
        spool.add([message("1")])
        with monkeypatch.context() as patched:
            failing_once(patched, where, name)
            with pytest.raises(OSError, match="No space"):
                spool.close()
        assert spool.add([message("2")]) == 1
        spool.close()
        assert delivered(tmp_path) == framed(message("1"), message("2"))


def test_what_could_not_be_kept_is_cut_off_even_if_that_fails_at_first(tmp_path, monkeypatch):
    with MessageSpool(tmp_path) as spool:
        spool.add([message("1")])
        with monkeypatch.context() as patched:
            failing_once(patched, os, "fsync")
            failing_once(patched, os, "truncate")
            with pytest.raises(OSError, match="No space"):
                spool.add([message("2")])
        assert spool.add([message("3")]) == 1
        spool.close()
        assert delivered(tmp_path) == framed(message("1"), message("3"))


def test_what_is_on_disk_is_told_so_though_it_cannot_be_remembered(tmp_path):
    class Full:
        def write(self, _):
            raise OSError(28, "No space left on device")

        def close(self):
            pass

    with MessageSpool(tmp_path) as spool:
        spool._digests.close()
        spool._digests = Full()
        assert spool.add([message("1")]) == 1
        assert spool.add([message("1")]) == 0


@pytest.mark.parametrize(("control", "kept"), [("7", 2), ("", 3)])
def test_what_has_no_control_id_is_the_same_only_if_it_was_sent_at_the_same_time(tmp_path, control, kept):
    sent = [message(control, at, street) for at, street in (("0101", "Elm"), ("0201", "Oak"), ("0301", "Elm"))]
    with MessageSpool(tmp_path) as spool:
        assert sum(spool.add([each]) for each in (*sent, sent[0])) == kept
