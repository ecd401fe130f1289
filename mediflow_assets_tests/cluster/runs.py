"""Dagster's runs in the cluster, asked of its webserver as the UI asks."""

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

ENDED = {"SUCCESS", "FAILURE", "CANCELED"}
_LIST = "{runsOrError(limit: 50) {... on Runs {results {runId status jobName}}}}"
_LAUNCH = """mutation($job: String!) {launchRun(executionParams: {selector: {repositoryLocationName: "mediflow",
  repositoryName: "__repository__", jobName: $job}}) {__typename ... on LaunchRunSuccess {run {runId}}}}"""
_EVENTS = """query($run: ID!) {runOrError(runId: $run) {... on Run {eventConnection {events {__typename
  ... on ExecutionStepFailureEvent {stepKey error {message cause {message}}}
  ... on RunFailureEvent {error {message cause {message}}}}}}}}"""


@dataclass(frozen=True)
class Runs:
    """The runs that one webserver knows."""

    url: str

    def all(self) -> dict[str, str]:
        """Run → status, the oldest first."""
        found = self._ask(_LIST)["runsOrError"]["results"]
        return {run["runId"]: run["status"] for run in reversed(found)}

    def launch(self, job: str) -> str:
        """Start a job, as the UI does; gives the run's id."""
        said = self._ask(_LAUNCH, job=job)["launchRun"]
        assert said["__typename"] == "LaunchRunSuccess", said["__typename"]
        return str(said["run"]["runId"])

    def end_of(self, run: str, seconds: float = 420) -> str:
        """Wait for a run to end; its status."""
        deadline = time.monotonic() + seconds
        while (status := self.all()[run]) not in ENDED:
            assert time.monotonic() < deadline, f"the run is {status} after {seconds:.0f} s"
            time.sleep(1)
        return status

    def why(self, run: str) -> str:
        """What failed in a run: steps, and the causes as Dagster tells them."""
        events = self._ask(_EVENTS, run=run)["runOrError"]["eventConnection"]["events"]
        return "; ".join(_told(event) for event in events if event.get("error"))

    def _ask(self, query: str, **variables: Any) -> Any:
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = urllib.request.Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})
        said = _answer(request)
        assert "errors" not in said, said["errors"]
        return said["data"]


def _answer(request: urllib.request.Request) -> Any:
    """The reply; asked again while the webserver finds its own storage away."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(request, timeout=30) as reply:
                return json.load(reply)
        except urllib.error.HTTPError:
            if time.monotonic() > deadline:
                raise
        time.sleep(1)


def _told(event: dict[str, Any]) -> str:
    cause = (event["error"].get("cause") or event["error"])["message"].strip()
    return f"{event.get('stepKey', 'run')}: {cause}"
