"""A pull brings every file of an export into the inbox once, whatever the server and the network do meanwhile."""

import stat
from urllib.parse import parse_qs, urlsplit

import pytest

from mediflow_assets.errors import JobGone, PullFailed, SettingsInvalid
from mediflow_assets.ingest.bulk_export import pull_state
from mediflow_assets.ingest.bulk_export.kickoff import Export
from mediflow_assets.ingest.bulk_export.manifest import Kind
from mediflow_assets.ingest.bulk_export.pull import FULL, Fate
from mediflow_assets_tests.ingest.bulk_export.bulk_server import STATUS, BulkServer, not_now

P1, P2 = (
    {"resourceType": "Patient", "id": each, "gender": "female", "meta": {"lastUpdated": "2024-06-01T08:00:00Z"}}
    for each in ("p1", "p2")
)
E1 = {"resourceType": "Encounter", "id": "e1", "status": "finished"}
DELETED = {
    "resourceType": "Bundle",
    "type": "transaction",
    "meta": {"lastUpdated": "2024-06-27T02:56:00Z"},
    "entry": [{"request": {"method": "DELETE", "url": "Patient/p2"}}],
}


def outcome(severity):
    issue = {"severity": severity, "code": "processing", "diagnostics": "Patient Mary Secret"}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def asked(server, step="kick"):
    """The parameters of each request."""
    return [{name: value for name, (value,) in parse_qs(urlsplit(path).query).items()} for path in server.paths(step)]


def test_every_file_of_an_export_becomes_a_file_of_the_inbox_and_the_export_is_let_go(server, house_pulls):
    server.file("output", P1, P2, type="Patient", count=2)
    server.file("output", E1, type="Encounter")
    pulled = house_pulls()
    assert house_pulls.files == {
        "000001-Patient.ndjson": server.files[0]["body"],
        "000002-Encounter.ndjson": server.files[1]["body"],
    }
    assert (pulled.of(Fate.TAKEN), pulled.is_complete, pulled.is_let_go) == (2, True, True)
    assert not any(server.jobs.values())
    deliveries, refused = house_pulls.inbox.take_in()
    assert ([each.source for each in deliveries], refused) == (["fhir", "fhir"], 0)


@pytest.mark.parametrize(
    ("export", "path"),
    [
        (Export(), "/fhir/Patient/$export"),
        (Export(group="g-1"), "/fhir/Group/g-1/$export"),
        (Export(is_system=True, types=("Patient", "Encounter")), "/fhir/$export?_type=Encounter%2CPatient"),
    ],
)
def test_patients_a_group_or_the_whole_server_are_asked_for(server, house_pulls, export, path):
    house_pulls(export=export)
    assert server.paths("kick") == [path]


def test_the_next_pull_asks_for_what_changed_since_the_last_one_of_the_same_export(server, house_pulls):
    house_pulls()
    server.at = "2026-03-02T00:00:00+01:00"
    house_pulls()
    house_pulls(export=Export(types=("Patient",)))
    house_pulls(FULL)
    # what somebody names once says nothing of the next time
    server.at = "2026-03-05T00:00:00Z"
    house_pulls("2026-03-01T12:00:00Z")
    house_pulls()
    times = ["2026-03-01T00:00:00Z", None, None, "2026-03-01T12:00:00Z", "2026-03-02T00:00:00+01:00"]
    assert [each.get("_since") for each in asked(server)] == [None, *times]


def test_every_page_of_a_manifest_is_read_and_each_file_comes_once(server, house_pulls):
    server.pages = 3
    server.file("deleted", DELETED)
    server.file("error", outcome("warning"), type="OperationOutcome")
    server.file("output", P1, type="Patient")
    server.file("output", E1, type="Encounter", path="/files/e1")
    server.planned["page"] = [not_now(202, server, 20), not_now(503)]
    pulled = house_pulls.registered()()
    kinds = ["000001-Encounter.ndjson", "000002-Patient.ndjson", "000003-deleted.ndjson", "000004-error.ndjson"]
    assert list(house_pulls.files) == kinds and pulled.is_complete
    assert len(server.paths("file")) == 4 and server.paths("page")[-1] == "/manifests/3"


def test_pages_that_lead_back_or_tell_another_time_end_the_pull(server, house_pulls):
    back = {"link": [{"relation": "next", "url": "/manifests/2"}]}
    server.planned["status"] = [lambda request: request.answer(200, server.manifest() | back)] * 2
    server.planned["page"] = [lambda request: request.answer(200, server.manifest() | back)]
    with pytest.raises(PullFailed, match="no end"):
        house_pulls()
    server.at = "2026-03-04T00:00:00Z"
    later = {"transactionTime": "2026-03-03T00:00:00Z"}
    server.planned["page"] = [lambda request: request.answer(200, server.manifest() | later)]
    with pytest.raises(PullFailed, match="one export"):
        house_pulls()


FOUND = ("Encounter?status=finished&date=ge2026-01-01", "Encounter?status=in-progress")


@pytest.mark.parametrize("is_posted", [False, True])
def test_searches_of_types_are_asked_for_as_they_are(server, house_pulls, is_posted):
    export = Export(types=("Patient", "Encounter"), filters=FOUND, is_posted=is_posted)
    house_pulls(export=export)
    house_pulls(export=export)
    first, second = server.wanted
    assert sorted(",".join(first.pop("_type")).split(",")) == ["Encounter", "Patient"]
    assert (first, second["_since"]) == ({"_typeFilter": [*FOUND]}, [server.at])
    assert not is_posted or server.paths("kick") == ["/fhir/Patient/$export"] * 2
    house_pulls(export=Export(is_posted=is_posted))
    assert server.wanted[-1] == {}, "another export has a past of its own"


@pytest.mark.parametrize("search", ["Encounter", "status=finished", "Encounter?_sort=date", "Patient?a=1&_include=x"])
def test_a_filter_is_a_search_of_one_type_and_says_nothing_of_its_answer(search):
    with pytest.raises(SettingsInvalid, match="type-filter"):
        Export(filters=(search,))


def test_what_was_deleted_comes_after_what_was_exported(server, house_pulls):
    server.file("deleted", DELETED)
    server.file("output", P1, P2, type="Patient")
    assert house_pulls().of(Fate.TAKEN, Kind.DELETED) == 1
    assert list(house_pulls.files) == ["000001-Patient.ndjson", "000002-deleted.ndjson"]


@pytest.mark.parametrize(("severity", "asks_on"), [("error", False), ("fatal", False), ("warning", True)])
def test_what_the_server_could_not_export_is_counted_and_kept_and_asked_for_again(
    server, house_pulls, severity, asks_on
):
    server.file("output", P1, type="Patient")
    server.file("error", outcome(severity), outcome("information"), type="OperationOutcome")
    pulled = house_pulls()
    assert pulled.issues == {severity: 1, "information": 1} and pulled.is_complete is asks_on
    assert house_pulls.files["000002-error.ndjson"] == server.files[1]["body"]
    house_pulls()
    assert asked(server)[1].get("_since") == (server.at if asks_on else None)
    assert house_pulls(is_past_errors=True).is_complete


def test_files_that_are_no_fhir_are_refused_and_kept_and_empty_ones_counted(server, house_pulls):
    server.file("output", "<html>Please log in</html>", type="Patient")
    server.file("output", type="Encounter")
    pulled = house_pulls()
    assert (pulled.of(Fate.REFUSED), pulled.of(Fate.EMPTY), pulled.is_complete) == (1, 1, False)
    assert len(list(house_pulls.inbox.refused.iterdir())) == 1


def test_a_server_that_is_not_ready_is_asked_when_it_says(server, clock, house_pulls):
    server.planned["kick"] = [not_now(429, server, 7), not_now(503)]
    dated = lambda request: request.answer(202, Retry_After="Thu, 28 May 2026 20:28:20 GMT")  # noqa: E731
    clock.at = 1_780_000_000
    server.planned["status"] = [not_now(202, server, 30), not_now(429, server, 90), not_now(500), not_now(202), dated]
    server.file("output", P1, type="Patient")
    assert house_pulls().is_complete
    # told, first back-off of a kind or a later one of the same, told, told, …
    assert clock.slept[:4] == [7, 2, 30, 90] and max(clock.slept) < 100


def test_a_server_that_is_never_ready_is_not_waited_for_without_end_and_the_job_is_gone_on_with(
    server, clock, house_pulls
):
    server.planned["status"] = [not_now(202)] * 200
    server.file("output", P1, type="Patient")
    with pytest.raises(PullFailed, match="wait-hours"):
        house_pulls(wait_seconds=600)
    assert sum(clock.slept) <= 600
    server.planned.clear()
    assert house_pulls().of(Fate.TAKEN) == 1
    assert len(server.paths("kick")) == 1


def test_a_server_that_fails_again_and_again_ends_the_pull_with_its_status_and_codes_only(server, house_pulls):
    server.planned["kick"] = [lambda request: request.answer(400, outcome("error"))]
    with pytest.raises(PullFailed, match=r"answered 400 \(processing\)") as refusal:
        house_pulls()
    assert "Secret" not in str(refusal.value)
    server.planned["kick"] = [not_now(503)] * 20
    with pytest.raises(PullFailed, match="503"):
        house_pulls()
    assert len(server.paths("kick")) == 9


@pytest.mark.parametrize("with_tag", [True, False])
def test_a_download_that_is_cut_goes_on_or_begins_anew(server, house_pulls, with_tag):
    server.file("output", P1, P2, P1, P2, type="Patient")
    server.planned["file"] = [lambda request: request.cut(60, with_tag), not_now(429, None, 3), not_now(500)]
    house_pulls()
    assert house_pulls.files["000001-Patient.ndjson"] == server.files[0]["body"]


def test_a_file_that_changed_between_two_halves_is_taken_from_its_begin(server, house_pulls):
    server.file("output", P1, P2, type="Patient")

    def other(request):
        assert request.headers["Range"] == "bytes=60-" and request.headers["If-Range"] == '"/files/0"'
        request.answer(200, b'{"resourceType":"Patient","id":"new"}\n')

    server.planned["file"] = [lambda request: request.cut(60), other]
    house_pulls()
    assert list(house_pulls.files.values()) == [b'{"resourceType":"Patient","id":"new"}\n']


@pytest.mark.parametrize("count", [None, 2])
def test_a_file_of_untold_length_that_breaks_off_is_asked_for_again(server, house_pulls, count):
    server.file("output", P1, P2, type="Patient", **({} if count is None else {"count": count}))
    body = server.files[0]["body"]

    def unframed(request):
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + (body[:90] if count is None else body.split(b"\n")[0]))
        request.close_connection = True

    server.planned["file"] = [unframed]
    house_pulls()
    assert house_pulls.files["000001-Patient.ndjson"] == body


def test_a_file_that_is_always_cut_ends_the_pull_and_what_came_before_it_is_not_asked_for_again(server, house_pulls):
    server.file("output", P1, type="Patient")
    server.file("output", E1, type="Encounter")
    server.planned["file"] = [None, *[lambda request: request.cut(9, False)] * 8]
    with pytest.raises(PullFailed, match="did not come whole"):
        house_pulls()
    assert list(house_pulls.files) == ["000001-Patient.ndjson"]
    house_pulls()
    assert list(house_pulls.files) == ["000001-Patient.ndjson", "000002-Encounter.ndjson"]
    assert (server.paths("file").count("/files/0"), len(server.paths("kick"))) == (1, 1)


def test_a_part_that_is_another_or_too_short_is_not_taken_for_the_rest(server, house_pulls):
    server.file("output", P1, P2, type="Patient")
    body = server.files[0]["body"]
    other = lambda request: request.answer(206, body[:20], Content_Range=f"bytes 0-19/{len(body)}")  # noqa: E731
    short = lambda request: request.answer(206, body[60:70], Content_Range=f"bytes 60-69/{len(body)}")  # noqa: E731
    for part in (other, short):
        server.planned["file"] = [lambda request: request.cut(60), part]
        assert house_pulls(FULL).is_complete
        assert {path.read_bytes() for path in house_pulls.inbox.dropped()} == {body}


def test_a_server_that_asks_for_time_has_it(server, house_pulls):
    server.planned["kick"] = [not_now(429, server, 60)] * 20
    assert house_pulls().is_complete


def test_another_export_under_the_same_addresses_is_another(server, house_pulls):
    server.file("output", P1, type="Patient")
    house_pulls()
    server.files.clear()
    server.file("output", P2, type="Patient")
    server.planned["status"] = [not_now(202)] * 99
    with pytest.raises(PullFailed):
        house_pulls(wait_seconds=5)
    server.planned.clear()
    house_pulls()
    came = [path.read_bytes() for path in house_pulls.inbox.dropped()]
    assert len(came) == 2 and server.files[0]["body"] in came


def test_a_file_or_an_answer_that_is_too_long_ends_the_pull(server, house_pulls):
    server.file("output", P1, P2, type="Patient")
    with pytest.raises(PullFailed, match="longer than 40 bytes"):
        house_pulls(file_bytes=40)
    assert house_pulls.files == {} and not list((house_pulls.inbox.folder / ".fhir").glob("*.part"))
    server.planned["status"] = [lambda request: request.answer(200, b" " * (17 << 20))]
    with pytest.raises(PullFailed, match="longer than 16 MiB"):
        house_pulls()


@pytest.mark.parametrize("status", [404, 410])
def test_an_export_that_the_server_lost_is_asked_for_once_more(server, house_pulls, status):
    server.file("output", P1, type="Patient")
    server.file("output", E1, type="Encounter")
    gone = lambda request: request.answer(status)  # noqa: E731
    server.planned["file"] = [None, gone]
    house_pulls()
    assert len(server.paths("kick")) == 2
    deliveries, _ = house_pulls.inbox.take_in()
    # the patient's file came twice, and is one delivery
    assert len({each.delivery_id for each in deliveries}) == 2
    server.planned["status"] = [gone, gone]
    with pytest.raises(JobGone):
        house_pulls()


@pytest.mark.parametrize(
    "broken",
    [
        {"transactionTime": "yesterday"},
        {"requiresAccessToken": None},
        {"output": {}},
        {"output": [{"type": "Patient"}]},
        {"link": [{"relation": "next"}]},
        {"link": [{"relation": "next", "url": "/manifests/2"}, {"relation": "next", "url": "/manifests/3"}]},
        {"link": [{"relation": "next", "url": "http://files.example/2"}]},
        {"link": [{"relation": "next", "url": "/jobs/0"}], "transactionTime": "2026-02-01T00:00:00Z"},
        {"output": [{"type": "Patient", "url": "ftp://files.example/1"}]},
        {"output": [{"type": "Patient", "url": "http://files.example/1"}]},
        {"output": [{"type": "Patient", "url": "https://me:secret@files.example/1"}]},
    ],
)
def test_a_manifest_that_is_none_or_leads_astray_ends_the_pull(server, house_pulls, broken):
    server.planned["status"] = [lambda request: request.answer(200, server.manifest() | broken)]
    with pytest.raises(PullFailed) as refusal:
        house_pulls()
    assert "example" not in str(refusal.value)


STRANGE = ["http://[x", "ftp://files.example/1", f"http://{'a' * 64}.example/1", "http://127.0.0.1:x/1"]


@pytest.mark.parametrize("step", ["kick", "status", "token"])
@pytest.mark.parametrize("address", STRANGE)
def test_an_address_that_is_none_ends_a_pull_with_a_sentence(server, house_pulls, step, address):
    house_pulls.registered()
    server.planned[step] = [
        lambda request: (
            request.answer(302, Location=address) if step == "status" else request.answer(202, Content_Location=address)
        )
    ]
    server.file("output", P1, type="Patient", url=address)
    with pytest.raises(PullFailed):
        house_pulls()


def test_a_file_that_is_whole_and_shorter_than_told_is_named_at_once(server, house_pulls, clock):
    server.file("output", P1, type="Patient", count=5)
    with pytest.raises(PullFailed, match="fewer resources"):
        house_pulls()
    assert len(server.paths("file")) == 1


def test_the_type_that_a_manifest_tells_steers_no_path(server, house_pulls):
    server.file("output", P1, type="../../Patient")
    house_pulls()
    assert list(house_pulls.files) == ["000001-resources.ndjson"]


def test_files_at_another_host_are_taken(server, clock, house_pulls):
    with BulkServer(clock.now) as foreign:
        foreign.file("output", P1, type="Patient")
        foreign.jobs[f"{STATUS}0"] = True
        server.file("output", type="Patient", url=f"{foreign.origin}/files/0")
        house_pulls()
    assert list(house_pulls.files.values()) == [foreign.files[0]["body"]]


def test_redirects_are_followed_but_not_without_end(server, house_pulls):
    server.file("output", P1, type="Patient")
    server.planned["file"] = [lambda request: request.answer(302, Location="/files/0")]
    house_pulls()
    server.planned["status"] = [lambda request: request.answer(307, Location=request.path)] * 9
    with pytest.raises(PullFailed, match="without end"):
        house_pulls()


def test_only_one_process_pulls_an_export_and_others_cannot_read_its_state(server, house_pulls):
    server.planned["status"] = [not_now(202)] * 99
    with pytest.raises(PullFailed):
        house_pulls(wait_seconds=5)
    folder = house_pulls.inbox.folder / pull_state.FOLDER
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    server.planned.clear()
    with (
        pull_state.opened(house_pulls.inbox.folder, server.base, Export().name),
        pytest.raises(PullFailed, match="Another"),
    ):
        house_pulls()


def test_an_export_that_waits_is_let_go_where_another_time_is_asked_for(server, house_pulls):
    server.planned["status"] = [not_now(202)] * 99
    with pytest.raises(PullFailed):
        house_pulls(wait_seconds=5)
    server.planned.clear()
    house_pulls("2026-01-01T00:00:00Z")
    assert server.paths("delete") == ["/jobs/0", "/jobs/1"]
