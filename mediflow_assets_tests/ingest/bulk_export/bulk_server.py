"""A FHIR server that exports in bulk, and holds its client to the specification: what breaks it is written down.

Written from https://hl7.org/fhir/uv/bulkdata/export.html and
https://hl7.org/fhir/smart-app-launch/backend-services.html, and from nothing of the client.
"""

import json
import re
import sys
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt

BASE, TOKEN, STATUS, FILES, PAGES = "/fhir", "/oauth/token", "/jobs/", "/files/", "/manifests/"
CLIENT = "mediflow-at-hospital"
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)\Z")
SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]+)\.(read|rs)( system/(\*|[A-Z][A-Za-z]+)\.(read|rs))*\Z")
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class FakeClock:
    """Time that passes only where somebody sleeps."""

    def __init__(self, at=1_780_000_000.0):
        self.at, self.slept = at, []

    def now(self):
        return self.at

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += seconds


class _Quiet(ThreadingHTTPServer):
    """A client that goes away, or is killed, is nothing to tell of."""

    daemon_threads = True

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):
            self.bulk.breaks(f"the server itself: {sys.exc_info()[1]!r}")


class BulkServer:
    """One server on 127.0.0.1. `planned[step]` holds answers that come first: functions of the handler."""

    def __init__(self, now=time.time, tls=None):
        self.now, self.files, self.at = now, [], "2026-03-01T00:00:00Z"
        self.keys, self.lives, self.has_v2 = {}, 300, True
        self.tokens, self.jtis, self.jobs, self.not_before = {}, set(), {}, {}
        self.planned, self.asked, self.shown, self.violations, self.wanted = defaultdict(list), [], [], [], []
        self.is_token_needed, self.pages = None, 1
        self.http = _Quiet(("127.0.0.1", 0), Handler)
        self.http.bulk, self.scheme = self, "https" if tls else "http"
        if tls:
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True, do_handshake_on_connect=False)
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()

    @property
    def origin(self):
        return f"{self.scheme}://127.0.0.1:{self.http.server_port}"

    @property
    def base(self):
        return self.origin + BASE

    def file(self, kind, *lines, type="", **more):
        """Have a file in the exports."""
        body = "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines).encode()
        self.files.append({"kind": kind, "type": type, "body": body, "path": f"{FILES}{len(self.files)}", **more})

    def paths(self, step):
        """What was asked for in one step, in order."""
        return [path for name, path in self.asked if name == step]

    def breaks(self, rule):
        self.violations.append(rule)

    def manifest(self, page=1):
        # https://build.fhir.org/ig/HL7/bulk-data/export.html#manifest-link: all pages name the same errors
        said = {"transactionTime": self.at, "request": f"{self.base}/Patient/$export"}
        needed = bool(self.keys) if self.is_token_needed is None else self.is_token_needed
        said |= {"requiresAccessToken": needed, "output": [], "error": []}
        if page < self.pages:
            said["link"] = [{"relation": "next", "url": f"{self.origin}{PAGES}{page + 1}"}]
        for number, each in enumerate(self.files):
            if each["kind"] != "error" and number % self.pages != page - 1:
                continue
            told = {"type": each["type"], "url": each.get("url", self.origin + each["path"])}
            told |= {"count": each["count"]} if "count" in each else {}
            said.setdefault(each["kind"], []).append(told)
        return said


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True

    @property
    def bulk(self):
        return self.server.bulk

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.step("GET")

    def do_POST(self):
        self.step("POST")

    def do_DELETE(self):
        self.step("DELETE")

    def step(self, method):
        path = urlsplit(self.path).path
        step = _step_of(method, path)
        self.bulk.asked.append((step, self.path))
        self.bulk.shown.append(self.headers.get("Authorization"))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if any(token in self.path for token in self.bulk.tokens):
            self.bulk.breaks("a token in an address")
        if step in CHECKS:
            CHECKS[step](self.bulk, self)
        if self.bulk.planned[step]:
            planned = self.bulk.planned[step].pop(0)
            if planned is not None:
                return planned(self)
        return getattr(self, f"at_{step}")(path)

    def answer(self, status, body=b"", **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def is_let_in(self):
        if not self.bulk.keys:
            return True
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        if self.bulk.tokens.get(token, 0) > self.bulk.now():
            return True
        self.answer(401)
        return False

    def at_configuration(self, _):
        said = {"token_endpoint": self.bulk.origin + TOKEN, "capabilities": ["client-confidential-asymmetric"]}
        said["capabilities"] += ["permission-v2"] if self.bulk.has_v2 else []
        said["token_endpoint_auth_signing_alg_values_supported"] = ["RS384", "ES384"]
        self.answer(200, said)

    def at_token(self, _):
        token = f"secret-token-{len(self.bulk.tokens)}"
        self.bulk.tokens[token] = self.bulk.now() + self.bulk.lives
        self.answer(200, {"access_token": token, "token_type": "bearer", "expires_in": self.bulk.lives, "scope": "x"})

    def at_kick(self, _):
        if not self.is_let_in():
            return
        job = f"{STATUS}{len(self.bulk.jobs)}"
        self.bulk.jobs[job] = True
        self.answer(202, Content_Location=self.bulk.origin + job)

    def at_status(self, path):
        if not self.is_let_in():
            return
        if self.bulk.jobs.get(path):
            self.answer(200, self.bulk.manifest(), Content_Type="application/json")
        else:
            self.answer(404)

    def at_page(self, path):
        if not self.is_let_in():
            return
        if any(self.bulk.jobs.values()):
            self.answer(200, self.bulk.manifest(int(path.removeprefix(PAGES))), Content_Type="application/json")
        else:
            self.answer(404)

    def at_delete(self, path):
        if self.is_let_in():
            self.bulk.jobs[path] = False
            self.answer(202)

    def at_file(self, path):
        found = next((each for each in self.bulk.files if each["path"] == path), None)
        if found is None or not any(self.bulk.jobs.values()):
            return self.answer(404)
        if self.bulk.manifest()["requiresAccessToken"] and not self.is_let_in():
            return None
        tag, asked = f'"{path}"', self.headers.get("Range")
        if asked and self.headers.get("If-Range") == tag:
            begin, whole = int(re.match(r"bytes=(\d+)-\Z", asked)[1]), len(found["body"])
            return self.answer(206, found["body"][begin:], Content_Range=f"bytes {begin}-{whole - 1}/{whole}")
        return self.answer(200, found["body"], ETag=tag)

    def at_other(self, _):
        self.answer(404)

    def cut(self, after, with_tag=True):
        """Send a file, and break off in it."""
        body = next(each["body"] for each in self.bulk.files if each["path"] == self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        if with_tag:
            self.send_header("ETag", f'"{self.path}"')
        self.end_headers()
        self.wfile.write(body[:after])
        self.close_connection = True


def _step_of(method, path):
    if method == "POST" and not path.endswith("$export"):
        return "token" if path == TOKEN else "other"
    if path == f"{BASE}/.well-known/smart-configuration":
        return "configuration"
    if path.startswith(BASE) and path.endswith("$export"):
        return "kick"
    if path.startswith(PAGES):
        return "page"
    if path.startswith(STATUS):
        return "delete" if method == "DELETE" else "status"
    return "file" if path.startswith(FILES) else "other"


def _check_kick(server, request):
    # https://hl7.org/fhir/uv/bulkdata/export.html#bulk-data-kick-off-request
    if request.headers.get("Accept") != "application/fhir+json":
        server.breaks("Accept of the kick-off")
    if "respond-async" not in (request.headers.get("Prefer") or ""):
        server.breaks("Prefer of the kick-off")
    asked = parse_qs(urlsplit(request.path).query, strict_parsing=True) if "?" in request.path else {}
    if request.command == "POST":
        if asked or request.headers.get("Content-Type") != "application/fhir+json":
            server.breaks("form of a kick-off that is posted")
        asked = _parameters(server, json.loads(request.body))
    server.wanted.append(asked)
    if set(asked) - {"_type", "_since", "_outputFormat", "_typeFilter"}:
        server.breaks("parameters of the kick-off")
    if "_since" in asked and not INSTANT.match(asked["_since"][0]):
        server.breaks("_since is no instant")
    if any(len(asked.get(name, ())) > 1 for name in ("_since", "_outputFormat")):
        server.breaks("what is told once is told twice")
    if not all(re.match(r"[A-Z][A-Za-z]+\?[^?]+\Z", each) for each in asked.get("_typeFilter", ())):
        server.breaks("_typeFilter is no search of one type")


def _parameters(server, resource):
    # https://hl7.org/fhir/R4/parameters.html; OperationDefinition-patient-export.html: types of the parameters
    if resource.pop("resourceType") != "Parameters" or set(resource) - {"parameter"} or resource.get("parameter") == []:
        server.breaks("the body of the kick-off is no Parameters")
    found = defaultdict(list)
    for each in resource.get("parameter", ()):
        value = "valueInstant" if each["name"] == "_since" else "valueString"
        if set(each) != {"name", value} or not each[value]:
            server.breaks("a parameter of the kick-off of another type")
        found[each["name"]].append(each[value])
    return found


def _check_status(server, request):
    if "json" not in (request.headers.get("Accept") or ""):
        server.breaks("Accept of the status")
    if server.now() < server.not_before.get(request.path, 0):
        server.breaks("asked for the status before Retry-After")


def _check_file(server, request):
    if request.headers.get("Accept") != "application/fhir+ndjson":
        server.breaks("Accept of a file")
    has_token = "Authorization" in request.headers
    if has_token != server.manifest()["requiresAccessToken"]:
        server.breaks("a file was asked for with a token that is not wanted, or without one that is")


def _check_token(server, request):
    # https://hl7.org/fhir/smart-app-launch/client-confidential-asymmetric.html
    if request.headers.get("Content-Type") != "application/x-www-form-urlencoded":
        server.breaks("form of the request for a token")
    if "Authorization" in request.headers:
        server.breaks("a token in the request for a token")
    form = {name: values[0] for name, values in parse_qs(request.body.decode(), strict_parsing=True).items()}
    if form.get("grant_type") != "client_credentials" or form.get("client_assertion_type") != ASSERTION:
        server.breaks("kind of the request for a token")
    if not SCOPE.match(form.get("scope", "")) or (".rs" in form["scope"]) != server.has_v2:
        server.breaks("scope")
    header = jwt.get_unverified_header(form["client_assertion"])
    public, algorithm = server.keys[header["kid"]]
    if header["alg"] != algorithm or header["typ"] != "JWT" or set(header) - {"alg", "kid", "typ", "jku"}:
        server.breaks("header of the assertion")
    options = {"require": ["iss", "sub", "aud", "exp", "jti"], "verify_exp": False, "verify_iat": False}
    said = jwt.decode(form["client_assertion"], public, [algorithm], options, audience=server.origin + TOKEN)
    if not said["iss"] == said["sub"] == CLIENT:
        server.breaks("iss and sub of the assertion")
    if not server.now() < said["exp"] <= server.now() + 300:
        server.breaks("exp of the assertion")
    if said["jti"] in server.jtis:
        server.breaks("jti of the assertion was there before")
    server.jtis.add(said["jti"])


CHECKS = {"token": _check_token, "kick": _check_kick, "status": _check_status, "file": _check_file}
CHECKS["page"] = _check_status


def not_now(status=503, server=None, retry_after=None):
    """An answer that the client must wait after, as long as it is told."""

    def answer(request):
        if retry_after is not None and server:
            server.not_before[request.path] = server.now() + retry_after
        request.answer(status, **({} if retry_after is None else {"Retry_After": retry_after}))

    return answer
