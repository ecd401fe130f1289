"""HL7 over MLLP: what is acknowledged is on disk, what is not can be sent again, and nothing counts twice."""

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.errors import StreamFailed
from mediflow_assets.streaming.message_spool import MessageSpool
from mediflow_assets.streaming.mllp import Bounds, Listener, tls_context
from mediflow_assets_tests.sources.adt_days import House as Hospital


def message(control="1", event="ADT^A01", text=""):
    return f"MSH|^~\\&|ADT|H|L|W|20240301120000||{event}|{control}|P|2.5.1\rEVN|A01|20240301120000\rZZZ|{text}"


class Sender:
    """A system that sends messages and waits for the answer to each."""

    def __init__(self, port, tls=None):
        plain = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket = tls.wrap_socket(plain, server_hostname="localhost") if tls else plain

    def send(self, text):
        """Send a message; gives code, control id and reason of the answer, None where there is none."""
        self.socket.sendall(b"\x0b" + (text if isinstance(text, bytes) else text.encode()) + b"\x1c\r")
        return self.answer()

    def answer(self):
        found = b""
        while not found.endswith(b"\x1c\r"):
            if not (piece := self.socket.recv(65536)):
                return None
            found += piece
        fields = found.strip(b"\x0b\x1c\r").decode().split("\r")[1].split("|")
        return (*fields[1:3], *fields[3:])


@contextlib.contextmanager
def listening(inbox, bounds=None, tls=None, **spool):
    """A listener in a thread of its own; gives its port, and itself."""
    told, loops = [], []
    is_ready = threading.Event()

    def run():
        async def serve():
            stop = asyncio.Event()
            loops.append((asyncio.get_running_loop(), stop))
            await listener.run("127.0.0.1", 0, tls, stop, lambda port: (told.append(port), is_ready.set()))

        asyncio.run(serve())

    with MessageSpool(inbox, **spool) as opened:
        listener = Listener(opened, bounds or Bounds())
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert is_ready.wait(20)
        yield told[0], listener
        loop, stop = loops[0]
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        assert not thread.is_alive()


def files(inbox):
    return sorted(path for path in inbox.iterdir() if path.is_file())


def test_a_message_is_on_disk_before_it_is_acknowledged_and_becomes_a_delivery(house):
    with listening(house.inbox.folder) as (port, _):
        sender = Sender(port)
        assert sender.send(message("7", text="Jörg")) == ("AA", "7")
        assert "Jörg".encode() in (house.inbox.folder / ".hl7" / "open").read_bytes()
        assert files(house.inbox.folder) == []
        assert sender.send(message("8", "ORU^R01")) == ("AA", "8")
    house.inbox.take_in()
    house.land()
    assert {row["control_id"]: row["message"] for row in house.rows(bronze.HL7_MESSAGES)} == {
        "7": message("7", text="Jörg"),
        "8": message("8", "ORU^R01"),
    }


def test_a_message_sent_again_is_acknowledged_and_kept_once_also_after_a_restart(tmp_path):
    with listening(tmp_path) as (port, listener):
        assert [Sender(port).send(message("1")) for _ in range(3)] == [("AA", "1")] * 3
        assert Sender(port).send(message("1").replace("20240301120000||", "20240301120500||")) == ("AA", "1")
        # the same number with something else in it is another message
        assert Sender(port).send(message("1", text="more")) == ("AA", "1")
        assert listener.counts["stored"] == 2
    with listening(tmp_path) as (port, listener):
        assert Sender(port).send(message("1")) == ("AA", "1")
        assert listener.counts["stored"] == 0
    assert len(files(tmp_path)) == 1


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        ("PID|1||12", ("AE", "", "no_message_header")),
        ("MSH|^^^|ADT", ("AE", "", "bad_encoding_characters")),
        (message(event=""), ("AE", "1", "no_message_type")),
        (message("").replace("||2.5", "|2.5"), ("AE", "", "no_control_id")),
        (message("3").encode() + b"\xff", ("AA", "3")),
        (message().replace("2.5.1", "2.5.1||||||OWN").encode() + b"\xff", ("AE", "", "bad_character_set")),
    ],
)
def test_what_cannot_be_stored_is_answered_with_the_reason_and_the_sender_goes_on(tmp_path, sent, answer):
    with listening(tmp_path) as (port, _):
        sender = Sender(port)
        assert sender.send(sent) == answer
        assert sender.send(message("9")) == ("AA", "9")


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [("|", "AA", "AE"), ("AL|NE", "CA", "CE"), ("NE|AL", "AA", "AE"), ("ER|NE", None, "CE"), ("NE|NE", None, None)],
)
def test_a_sender_is_answered_as_it_wants(tmp_path, wanted, good, bad):
    with listening(tmp_path) as (port, listener):
        sender = Sender(port)
        for number, event, code in (("1", "ADT^A01", good), ("2", "", bad)):
            text = message(number, event).replace("|2.5.1", f"|2.5.1|||{wanted}")
            if code is None:
                sender.socket.sendall(b"\x0b" + text.encode() + b"\x1c\r")
            else:
                assert sender.send(text)[:2] == (code, number)
        assert sender.send(message("3")) == ("AA", "3")
        assert listener.counts["stored"] == 2


def test_a_message_ends_where_mllp_says_so(tmp_path):
    with listening(tmp_path) as (port, _):
        assert Sender(port).send(message("1", text="a\x1cb")) == ("AA", "1")
        assert b"ZZZ|a\x1cb" in (tmp_path / ".hl7" / "open").read_bytes()


def test_a_disk_that_is_full_is_told_and_nothing_half_stays(tmp_path, monkeypatch):
    with listening(tmp_path) as (port, listener):
        sender = Sender(port)
        assert sender.send(message("1")) == ("AA", "1")
        before = (tmp_path / ".hl7" / "open").read_bytes()

        def full(data):
            listener.spool._file.write(data[:20])
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(listener.spool, "_write", full)
            assert sender.send(message("2")) == ("AE", "2", "not stored, send it again")
        assert (tmp_path / ".hl7" / "open").read_bytes() == before
        assert sender.send(message("2")) == ("AA", "2")


def test_a_message_that_is_too_long_ends_its_own_connection_only(tmp_path):
    with listening(tmp_path, Bounds(message_bytes=4096)) as (port, _):
        other, sender = Sender(port), Sender(port)
        assert sender.send(message(text="x" * 5000)) == ("AE", "", "record_too_long")
        assert sender.answer() is None
        assert other.send(message("2")) == ("AA", "2")


def test_more_senders_than_allowed_and_silent_ones_are_turned_away(tmp_path):
    with listening(tmp_path, Bounds(connections=2, idle_seconds=1.5)) as (port, listener):
        silent, half = Sender(port), Sender(port)
        half.socket.sendall(b"\x0bMSH|")
        time.sleep(0.2)
        assert Sender(port).answer() is None
        assert listener.counts["turned away"] == 1
        assert silent.answer() is None and half.answer() is None
        assert Sender(port).send(message("2")) == ("AA", "2")


def test_a_file_becomes_a_delivery_by_its_size_and_by_its_age(tmp_path):
    with listening(tmp_path / "size", largest_bytes=500) as (port, _):
        sender = Sender(port)
        for n in range(10):
            sender.send(message(str(n), text="x" * 100))
        assert len(files(tmp_path / "size")) >= 2
    with listening(tmp_path / "age", oldest_seconds=0.3) as (port, _):
        Sender(port).send(message())
        until = time.monotonic() + 10
        while not files(tmp_path / "age") and time.monotonic() < until:
            time.sleep(0.1)
        assert len(files(tmp_path / "age")) == 1


def test_the_answer_is_in_the_marks_of_the_message_and_to_its_sender(tmp_path):
    with listening(tmp_path) as (port, _):
        sender = Sender(port)
        sender.socket.sendall(b"\x0bMSH#*%$@#A@1#B#C#D#2024##ADT*A04*ADT_A01#77#T#2.3\x1c\r")
        found = sender.socket.recv(65536).decode()
    assert re.fullmatch(r"\x0bMSH#\*%\$@#C#D#A@1#B#\d{14}\+0000##ACK\*A04\*ACK#\w+#T#2.3\rMSA#AA#77\r\x1c\r", found)


def test_one_home_has_one_listener(tmp_path):
    with MessageSpool(tmp_path), pytest.raises(StreamFailed, match="listens for HL7"), MessageSpool(tmp_path):
        pass


def test_with_tls_only_those_are_heard_who_speak_it_and_have_a_certificate(tmp_path):
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    for name in ("house", "lab"):
        call = [*make.split(), "-keyout", tmp_path / f"{name}.key", "-out", tmp_path / f"{name}.pem"]
        subprocess.run(call, check=True, capture_output=True)
    tls = tls_context(tmp_path / "house.pem", tmp_path / "house.key", tmp_path / "lab.pem")
    client = ssl.create_default_context(cafile=tmp_path / "house.pem")
    with listening(tmp_path / "inbox", tls=tls) as (port, listener):
        with contextlib.suppress(OSError):
            assert Sender(port, client).send(message()) is None
        assert Sender(port).send(message()) is None
        client.load_cert_chain(tmp_path / "lab.pem", tmp_path / "lab.key")
        assert Sender(port, client).send(message("5")) == ("AA", "5")
        assert listener.counts["stored"] == 1


class Process:
    """`mediflow hl7 listen` as a process."""

    def __init__(self, home):
        words = ["hl7", "listen", "--port", "0", "--close-seconds", "0.5"]
        self.running = subprocess.Popen(
            [sys.executable, "-m", "mediflow_assets.cli", *words],
            env=os.environ | {"MEDIFLOW_HOME": str(home)},
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.running.stdout.readline()
        self.port = int(re.search(r":(\d+)\.", line)[1])

    def end(self, how):
        self.running.send_signal(how)
        return self.running.wait(20)


def killed_amid(folder, messages, kills, seed):
    """Send messages, each until it is acknowledged, to a process that is killed in between, and once more started."""
    chance = random.Random(seed)
    # not amid the last ones: the process has to be there when it is told to end
    at = sorted(chance.sample(range(len(messages) - 20), kills))
    process = Process(folder)
    sender = Sender(process.port)
    for place, text in enumerate(messages):
        if place in at:
            # killed while it takes the message in: nobody knows how far it came
            timer = threading.Timer(chance.random() * 0.004, process.running.kill)
            timer.start()
        while True:
            with contextlib.suppress(OSError):
                if (answer := sender.send(text)) is not None:
                    assert answer[0] == "AA"
                    break
            process.running.wait(20)
            process = Process(folder)
            sender = Sender(process.port)
    assert process.end(signal.SIGTERM) == 0


@pytest.mark.parametrize("kills", [3, pytest.param(33, marks=pytest.mark.slow)])
def test_a_killed_listener_loses_nothing_and_doubles_nothing(house, kills):
    hospital = Hospital(5).days(200)
    killed_amid(house.folder, hospital.messages, kills, 5)
    house.inbox.take_in()
    landed = house.land()
    assert sum(each.rejects for each in landed) == 0
    assert sorted(row["message"] for row in house.rows(bronze.HL7_MESSAGES)) == sorted(hospital.messages)
    house.make_silver()
    assert {row["encounter_id"]: row["status"] for row in house.rows(silver.ENCOUNTERS)} == {
        stay.number: stay.status for stay in hospital.stays.values()
    }
