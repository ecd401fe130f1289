"""The Dagster UI serves its own pages and programs on this machine; a browser that asks for another page is refused."""

from urllib.parse import quote

import pytest
from starlette.testclient import TestClient, WebSocketDisconnect

from mediflow_assets.defs.same_origin import SameOrigin

OWN = {"host": "127.0.0.1:3000"}
LAUNCH = "mutation { launchRun { __typename } }"


async def everything(scope, receive, send):
    """An app that does whatever it is asked."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return await send({"type": "websocket.close", "code": 1000})
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})


@pytest.fixture
def ui():
    return TestClient(SameOrigin(everything, {"mediflow.example"}))


SERVED = {
    "a program on this machine": {},
    "the UI's own page": {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-origin"},
    "localhost": {"host": "localhost:3000", "origin": "http://localhost:3000"},
    "IPv6": {"host": "[::1]:3000", "origin": "http://[::1]:3000"},
    "a host that is allowed": {"host": "MediFlow.example", "origin": "https://mediflow.example"},
}
FOREIGN = {
    "another page": {"origin": "https://evil.example"},
    "another page of this machine": {"origin": "http://127.0.0.1:8501", "sec-fetch-site": "same-site"},
    "a page without an origin": {"origin": "null"},
    "a page that hides its origin": {"sec-fetch-site": "cross-site"},
    "a name that was pointed here": {"host": "evil.example:3000"},
    "such a name with its own page": {"host": "evil.example:3000", "origin": "http://evil.example:3000"},
    "a name that begins like ours": {"host": "localhost.evil.example"},
    "a name that begins like an address": {"host": "127.0.0.1.evil.example"},
    "ours as a user's name": {"host": "127.0.0.1@evil.example"},
    "an address of the network": {"host": "192.168.1.4:3000"},
    "no host": {"host": ""},
    "a name in the place of the port": {"host": "127.0.0.1:3000.evil.example"},
    "an origin that begins like ours": {"origin": "http://127.0.0.1:3000.evil.example"},
    "an origin that is no address": {"origin": "http://[bad"},
}
WRITES = [("POST", "/graphql"), ("POST", "/report_asset_check/a")]
BY_ADDRESS = f"/graphql?query={quote(LAUNCH)}"


@pytest.mark.parametrize("headers", SERVED.values(), ids=SERVED)
@pytest.mark.parametrize(("method", "path"), [*WRITES, ("GET", "/runs")])
def test_own_pages_and_programs_are_served(ui, method, path, headers):
    assert ui.request(method, path, headers=OWN | headers).status_code == 200


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize(("method", "path"), WRITES)
@pytest.mark.parametrize("kind", ["application/json", "text/plain"])
def test_what_another_page_sends_is_refused(ui, method, path, headers, kind):
    refused = ui.request(method, path, headers=OWN | headers | {"content-type": kind})
    assert refused.status_code == 403 and "MEDIFLOW_UI_HOSTS" in refused.text


@pytest.mark.parametrize("headers", [{}, *SERVED.values(), *FOREIGN.values()])
def test_nothing_is_asked_of_graphql_by_an_address(ui, headers):
    # the picture of a foreign page sends neither Origin nor, in older browsers, Sec-Fetch-Site
    assert ui.get(BY_ADDRESS, headers=OWN | headers).status_code == 403


def test_two_hosts_or_origins_are_refused(ui):
    for name, values in (("host", ("127.0.0.1", "evil.example")), ("origin", ("http://127.0.0.1:3000", "null"))):
        headers = [*OWN.items(), *((name, value) for value in values)]
        assert ui.post("/graphql", headers=headers).status_code == 403


def test_a_link_from_elsewhere_still_leads_to_a_page_but_not_by_a_strange_name(ui):
    elsewhere = {"sec-fetch-site": "cross-site"}
    assert ui.get("/runs", headers=OWN | elsewhere).status_code == 200
    assert ui.get("/runs", headers={"host": "evil.example"}).status_code == 403


@pytest.mark.parametrize("headers", [FOREIGN["another page"], FOREIGN["a name that was pointed here"]])
def test_a_socket_of_another_page_is_closed(ui, headers):
    with pytest.raises(WebSocketDisconnect) as closed, ui.websocket_connect("/graphql", headers=OWN | headers):
        pass
    assert closed.value.code == 1008
