"""The inbox: files become deliveries, each once, by their content."""

import datetime as dt
import hashlib
import os
import zipfile
from pathlib import Path

import pytest

from mediflow_assets.errors import DeliveryChanged, DeliveryRefused
from mediflow_assets.ingest import copying as module
from mediflow_assets.ingest.inbox import Inbox, files_below
from mediflow_assets.sources import Feeds

ORGANIZATIONS = "Id,NAME,ADDRESS,CITY,STATE,ZIP,LAT,LON\nO1,A HOSPITAL,1 MAIN ST,TOWN,MA,02114,42.3,-71.0\n"
RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
LATER = RECEIVED + dt.timedelta(days=1)


@pytest.fixture
def inbox(tmp_path):
    return Inbox(tmp_path / "inbox", Feeds())


@pytest.fixture
def drop(inbox):
    """Puts a file into the inbox by hand."""

    def _drop(name, text):
        inbox.folder.mkdir(parents=True, exist_ok=True)
        path = inbox.folder / name
        path.write_text(text)
        return path

    return _drop


@pytest.fixture
def changing(monkeypatch):
    """Makes a file grow while it is copied."""

    def _changing(path):
        copy = module.hashlib.sha256

        def grows(*args):
            with path.open("a") as file:
                file.write("P9,X,I21.4,2024-01-01,1\n")
            return copy(*args)

        monkeypatch.setattr(module.hashlib, "sha256", grows)

    return _changing


def test_a_delivery_is_known_by_its_content(inbox, drop, admissions):
    text = admissions({})
    delivery, what = inbox.receive(drop("a.csv", text), RECEIVED)
    assert delivery.delivery_id == hashlib.sha256(text.encode()).hexdigest()
    assert (delivery.source, what.source, delivery.file_name) == ("admissions", "admissions", "a.csv")
    assert (delivery.bytes, delivery.received_at) == (len(text.encode()), RECEIVED)
    assert inbox.file_of(delivery).read_text() == text
    assert "a.csv" not in delivery.short


def test_the_same_bytes_under_another_name_are_the_same_delivery(inbox, drop, admissions):
    first, _ = inbox.receive(drop("a.csv", admissions({})), RECEIVED)
    again, _ = inbox.receive(drop("b.csv", admissions({})), LATER)
    assert again == first and inbox.waiting() == [first]


def test_deliveries_wait_in_the_order_in_which_they_came(inbox, drop, admissions):
    late, _ = inbox.receive(drop("a.csv", admissions({"cost": "1"})), LATER)
    early, _ = inbox.receive(drop("b.csv", admissions({"cost": "2"})), RECEIVED)
    assert inbox.waiting() == [early, late]


def test_dropped_files_are_taken_in_and_leave_the_folder(inbox, drop, admissions):
    drop("b.csv", admissions({"cost": "1"})), drop("a.csv", admissions({"cost": "2"}))
    taken, refused = inbox.take_in(RECEIVED)
    assert ([d.file_name for d in taken], refused, inbox.dropped()) == (["a.csv", "b.csv"], 0, [])
    assert len(inbox.waiting()) == 2


def test_a_file_of_no_source_is_kept_and_counted(inbox, drop, admissions):
    drop("a.csv", "nothing,known\n1,2\n"), drop("b.csv", admissions({}))
    taken, refused = inbox.take_in(RECEIVED)
    assert (len(taken), refused, inbox.dropped()) == (1, 1, [])
    assert [path.read_text() for path in inbox.refused.iterdir()] == ["nothing,known\n1,2\n"]


def test_a_table_of_a_known_export_that_is_not_read_is_kept_and_alarms_nobody(inbox, drop, admissions):
    drop("organizations.csv", ORGANIZATIONS), drop("b.csv", admissions({}))
    taken, refused = inbox.take_in(RECEIVED)
    assert (len(taken), refused, inbox.dropped()) == (1, 0, [])
    assert [path.read_text() for path in inbox.refused.iterdir()] == [ORGANIZATIONS]


def test_an_archive_with_tables_that_are_not_read_is_an_archive_of_the_others(inbox, drop, admissions):
    with zipfile.ZipFile(drop("export.zip", ""), "w") as archive:
        archive.writestr("organizations.csv", ORGANIZATIONS)
        archive.writestr("b.csv", admissions({}))
    taken, refused = inbox.take_in(RECEIVED)
    assert (len(taken), refused) == (1, 0)


def test_a_named_file_of_no_source_raises_and_leaves_nothing(inbox, drop):
    with pytest.raises(DeliveryRefused):
        inbox.receive(drop("a.csv", "nothing,known\n1,2\n"))
    assert inbox.waiting() == [] and list(inbox.ready.iterdir()) == []


def test_a_file_that_changes_while_it_is_read_is_not_taken(inbox, drop, admissions, changing):
    path = drop("a.csv", admissions({}))
    changing(path)
    with pytest.raises(DeliveryChanged):
        inbox.receive(path)
    assert inbox.waiting() == [] and list(inbox.ready.iterdir()) == []


def test_a_dropped_file_that_changes_stays_for_the_next_time(inbox, drop, admissions, changing, monkeypatch):
    path = drop("a.csv", admissions({}))
    changing(path)
    assert inbox.take_in() == ([], 0)
    monkeypatch.undo()
    assert path.exists()
    assert [d.file_name for d in inbox.take_in()[0]] == ["a.csv"] and not path.exists()


def test_a_file_that_cannot_be_read_does_not_keep_the_others_out(inbox, drop, admissions, monkeypatch):
    secret = drop("a.csv", admissions({"cost": "1"}))
    drop("b.csv", admissions({}))
    opened = Path.open

    def denied(path, *args, **kwargs):
        if path == secret:
            raise PermissionError(13, "Permission denied")
        return opened(path, *args, **kwargs)

    monkeypatch.setattr(Path, "open", denied)
    taken, refused = inbox.take_in(RECEIVED)
    assert ([d.file_name for d in taken], refused) == (["b.csv"], 1)
    assert secret.exists()


def test_a_file_that_is_not_there_is_refused_without_its_name(inbox, tmp_path):
    with pytest.raises(DeliveryRefused) as told:
        inbox.receive(tmp_path / "canary.csv")
    assert "canary" not in str(told.value)


def test_hidden_files_and_folders_are_left_alone(inbox, drop, admissions):
    drop(".a.csv.part", admissions({}))
    (inbox.folder / "folder").mkdir()
    assert inbox.dropped() == [] and inbox.take_in() == ([], 0)


def test_a_delivery_that_is_done_leaves_the_inbox(inbox, drop, admissions):
    delivery, _ = inbox.receive(drop("a.csv", admissions({})), RECEIVED)
    inbox.done(delivery)
    inbox.done(delivery)
    assert inbox.waiting() == [] and list(inbox.ready.iterdir()) == []


def test_a_note_without_its_file_is_no_delivery(inbox, drop, admissions):
    delivery, _ = inbox.receive(drop("a.csv", admissions({})), RECEIVED)
    inbox.file_of(delivery).unlink()
    assert inbox.waiting() == []
    again, _ = inbox.receive(drop("a.csv", admissions({})), LATER)
    assert inbox.waiting() == [again]


def test_an_inbox_that_is_not_there_is_empty(inbox):
    assert (inbox.waiting(), inbox.dropped(), inbox.take_in()) == ([], [], ([], 0))


def test_folders_are_walked_in_the_order_of_names(tmp_path):
    for name in ("b/2.csv", "b/1.csv", "a.csv", ".hidden/x.csv", "b/.x.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [str(path.relative_to(tmp_path)) for path in files_below(tmp_path)] == ["a.csv", "b/1.csv", "b/2.csv"]
    assert list(files_below(tmp_path / "a.csv")) == [tmp_path / "a.csv"]


def test_a_partial_copy_of_a_killed_process_is_no_delivery(inbox):
    inbox.ready.mkdir(parents=True)
    (inbox.ready / f".partial-{os.getpid() + 1}").write_text("half")
    assert inbox.waiting() == []
