"""Files in the inbox that others still write, replace or link: none is lost, taken half, or led out of the inbox."""

import datetime as dt
import os
import socket
import time

import pytest

from mediflow_assets.ingest import drop_folder
from mediflow_assets.ingest import inbox as module
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.sources import Feeds

RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
OLD = (0, 0)


@pytest.fixture
def inbox(tmp_path):
    (tmp_path / "inbox").mkdir()
    return Inbox(tmp_path / "inbox", Feeds(), rest_seconds=60)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(drop_folder.DropFolder, "await_young", lambda _: None)


@pytest.fixture
def drop(inbox, admissions):
    """Puts a delivery into the inbox that has been at rest for long."""

    def _drop(name, cost="1", old=True):
        path = inbox.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(admissions({"cost": cost}))
        if old:
            os.utime(path, OLD)
        return path

    return _drop


def taken(inbox):
    """The names of what is taken in."""
    return [delivery.file_name for delivery in inbox.take_in(RECEIVED)[0]]


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_file_is_taken_once_it_has_been_at_rest(inbox, drop):
    path = drop("a.csv", old=False)
    assert taken(inbox) == [] and path.exists()
    os.utime(path, OLD)
    assert taken(inbox) == ["a.csv"] and not path.exists()


def test_a_file_that_somebody_has_open_for_writing_is_not_taken(inbox, drop):
    path = drop("a.csv")
    with path.open("a"):
        assert taken(inbox) == []
    with path.open():
        assert taken(inbox) == ["a.csv"]


def test_an_upload_that_stalls_is_taken_whole(inbox, drop):
    path = drop("a.csv")
    whole = path.read_bytes()
    with path.open("wb", buffering=0) as upload:
        upload.write(whole[:-6])
        os.utime(path, OLD)
        assert taken(inbox) == []
        upload.write(whole[-6:])
    os.utime(path, OLD)
    [delivery] = inbox.take_in()[0]
    assert inbox.file_of(delivery).read_bytes() == whole


def test_a_time_to_come_does_not_keep_a_file_out(inbox, drop, monkeypatch):
    path = drop("a.csv")
    os.utime(path, (time.time() + 1e6,) * 2)
    assert taken(inbox) == []
    now = time.time() + 61
    monkeypatch.setattr("mediflow_assets.ingest.at_rest.time.time", lambda: now)
    assert taken(inbox) == ["a.csv"]


def test_a_new_export_under_the_name_of_one_that_is_being_taken_stays(inbox, drop, tmp_path, monkeypatch):
    path = drop("a.csv", "1")
    admit = module.Inbox._admit

    def replaced(*args):
        (tmp_path / "new.csv").write_text(path.read_text().replace(",1,", ",2,"))
        os.utime(tmp_path / "new.csv", OLD)
        (tmp_path / "new.csv").rename(path)
        return admit(*args)

    monkeypatch.setattr(module.Inbox, "_admit", replaced)
    assert taken(inbox) == ["a.csv"]
    monkeypatch.undo()
    assert taken(inbox) == ["a.csv"] and len(inbox.waiting()) == 2 and names(inbox.folder / ".taken") == []


def test_a_file_that_was_moved_and_not_removed_is_taken_again(inbox, drop):
    left = drop(".taken/0123/a.csv")
    assert taken(inbox) == ["a.csv"] and not left.parent.exists()


def test_a_name_as_long_as_the_system_allows_keeps_nothing_out(inbox, drop):
    for name in ("x" * 251 + ".csv", "\u00e9" * 127, "n" * 255):
        (inbox.folder / name).write_text("nothing,known\n1,2\n" + name)
        os.utime(inbox.folder / name, OLD)
    drop("z.csv")
    assert taken(inbox) == ["z.csv"] and inbox.dropped() == []
    assert len(names(inbox.refused)) == 3 and sum(name.endswith(".csv") for name in names(inbox.refused)) == 1


def test_a_name_that_is_no_text_keeps_nothing_out(inbox, drop):
    drop(os.fsdecode(b"a\xff.csv"))
    assert taken(inbox) == ["a\ufffd.csv"]


def test_folders_of_the_inbox_are_walked(inbox, drop):
    drop("b/c/2.csv", "2"), drop("a.csv", "1"), drop(".hidden/3.csv", "3"), drop("refused/4.csv", "4")
    assert taken(inbox) == ["a.csv", "2.csv"]


def test_links_are_not_followed(inbox, drop, tmp_path):
    outside = drop("../outside/a.csv").parent
    (inbox.folder / "link.csv").symlink_to(outside / "a.csv")
    (inbox.folder / "folder").symlink_to(outside)
    (inbox.folder / "passwd").symlink_to("/etc/passwd")
    assert (taken(inbox), inbox.refused.exists()) == ([], False)
    assert names(outside) == ["a.csv"]


@pytest.mark.parametrize("place", ["", "in/a/folder"])
def test_a_link_with_the_name_of_our_own_folder_leads_nowhere(inbox, drop, tmp_path, place):
    drop("../secrets/key/a.csv")
    inside = inbox.folder / place
    inside.mkdir(parents=True, exist_ok=True)
    (inside / ".taken").symlink_to(tmp_path)
    drop(inside / "b.csv")
    assert taken(inbox) == [] and names(tmp_path / "secrets") == ["key/a.csv"] and not inbox.refused.exists()
    assert inbox.dropped() == [inside / "b.csv"]


@pytest.mark.parametrize("link", [".taken/0123", ".taken/0123/a.csv"])
def test_a_link_within_our_own_folder_leads_nowhere(inbox, drop, link):
    outside = drop("../outside/a.csv")
    (inbox.folder / link).parent.mkdir(parents=True)
    (inbox.folder / link).symlink_to(outside if link.endswith("csv") else outside.parent)
    assert taken(inbox) == [] and outside.exists()


def test_what_was_taken_before_is_held_to_the_same_rules(inbox, drop):
    left = drop(".taken/0123/a.csv", old=False)
    assert taken(inbox) == [] and left.exists() and inbox.dropped() == []
    os.utime(left, OLD)
    with left.open("a"):
        assert taken(inbox) == []


@pytest.mark.parametrize("name", ["a.csv", ".taken/0123/a.csv"])
def test_a_file_that_vanishes_on_the_way_does_not_stop_the_others(inbox, drop, monkeypatch, name):
    gone, at_rest = drop(name), drop_folder.DropFolder.at_rest

    def then_gone(folder):
        found = at_rest(folder)
        gone.unlink()
        return found

    drop("b.csv", "2")
    monkeypatch.setattr(drop_folder.DropFolder, "at_rest", then_gone)
    assert taken(inbox) == ["b.csv"] and not inbox.refused.exists()


def test_a_file_that_vanishes_while_it_is_copied_is_not_counted_as_refused(inbox, drop, monkeypatch):
    path, copy = drop("a.csv"), module.copied
    monkeypatch.setattr(module, "copied", lambda path_, to: (path.unlink(missing_ok=True), copy(path_, to))[1])
    assert inbox.take_in() == ([], 0)


def test_what_is_no_plain_file_is_left_alone(inbox, drop):
    os.mkfifo(inbox.folder / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(inbox.folder / "socket"))
    drop("a.csv")
    assert taken(inbox) == ["a.csv"]


def test_what_a_killed_process_left_unfinished_is_cleared(inbox):
    for folder in (inbox.ready, inbox.refused):
        folder.mkdir()
        (folder / ".partial-999999999").write_text("half")
        (folder / ".partial-999999999-rejects").write_text("half")
        (folder / f".partial-{os.getppid()}-copy").write_text("somebody is at it")
    inbox.take_in()
    assert names(inbox.ready) == names(inbox.refused) == [f".partial-{os.getppid()}-copy"]
