"""Which addresses a pull asks, and which of them see its token."""

import pytest

from mediflow_assets.errors import PullFailed, SettingsInvalid
from mediflow_assets.ingest.bulk_export.addresses import require_allowed, server_address
from mediflow_assets.ingest.bulk_export.wire import Wire

SERVER = "https://ehr.example/fhir"


@pytest.mark.parametrize("url", ["https://files.example/1", "https://EHR.example:8443/1"])
def test_a_server_may_name_any_address_of_https(url):
    require_allowed(url, SERVER)


@pytest.mark.parametrize(
    "url",
    [
        "http://ehr.example/1",
        "https://me@ehr.example/1",
        "https://127.0.0.1/1",
        "http://localhost/1",
        "https://[::1]/1",
        "https://127.1/1",
        "https://2130706433/1",
        "https://[::ffff:127.0.0.1]/1",
        "https://0.0.0.0/1",
        "https://[::]/1",
        "https://localhost./1",
        "https://169.254.169.254/latest",
        "https://[fe80::1]/1",
        "https://[x",
        "file:///etc/passwd",
        "https://ehr.example:99999/1",
        "//ehr.example/1",
        "",
    ],
)
def test_a_server_may_not_name_what_others_read_nor_this_machine(url):
    with pytest.raises(PullFailed):
        require_allowed(url, SERVER)


def test_a_server_may_not_name_what_leads_to_this_machine(monkeypatch):
    at = {"files.example": "127.0.0.1", "cloud.example": "169.254.169.254", "ehr.example": "10.1.2.3"}
    monkeypatch.setattr("socket.getaddrinfo", lambda host, *_, **__: [(2, 1, 6, "", (at.get(host, host), 0))])
    for name in ("files.example", "cloud.example"):
        with pytest.raises(PullFailed, match="of this machine"):
            require_allowed(f"http://{name}/1", SERVER, is_plain_allowed=True)
    require_allowed("https://ehr.example/1", SERVER)
    require_allowed("http://files.example/1", "http://127.0.0.1/fhir")
    with pytest.raises(PullFailed, match="of this machine"):
        require_allowed("http://cloud.example/1", "http://127.0.0.1/fhir")


def test_plain_http_is_asked_where_it_is_allowed_and_on_this_machine():
    require_allowed("http://ehr.example/1", SERVER, is_plain_allowed=True)
    require_allowed("http://127.0.0.1:8080/1", "http://localhost/fhir")
    assert server_address("http://127.0.0.1:8080/fhir/") == "http://127.0.0.1:8080/fhir"
    assert server_address("http://EHR.example/Fhir/", is_plain_allowed=True) == "http://ehr.example/Fhir"
    with pytest.raises(SettingsInvalid):
        server_address("http://ehr.example/fhir")


@pytest.mark.parametrize(
    ("url", "sees"),
    [
        ("https://ehr.example/other", True),
        ("https://EHR.example:443/other", True),
        ("https://files.example/1", True),
        ("http://ehr.example/fhir", False),
        ("http://files.example/1", False),
        ("https://ehr.example:8443/fhir", False),
        ("https://ehr.example.evil.example/fhir", False),
    ],
)
def test_the_token_is_for_the_server_and_hosts_that_are_named(url, sees):
    with Wire(SERVER, token_hosts=frozenset({"files.example"}), is_plain_allowed=True) as wire:
        assert wire.sees_token(url) is sees
