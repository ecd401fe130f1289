"""What every service of docker-compose.yml has to be, read from the file: schema, health, rights, limits, secrets."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from mediflow_assets.cluster import secret_files
from mediflow_assets_tests.cluster.compose import FILE, ROOT, Service, read, services

ALL = services("streaming")
EACH = pytest.mark.parametrize("service", ALL.values(), ids=list(ALL))
RUNNING = pytest.mark.parametrize("service", [s for s in ALL.values() if not s.is_once], ids=lambda s: s.name)
NAMES = {
    "objects", "postgres", "kafka", "spark-master", "spark-worker-1", "spark-worker-2", "spark-connect", "mlflow",
    "dagster-code", "dagster-webserver", "dagster-daemon", "stream", "serving", "dashboard", "init", "secrets",
}  # fmt: skip
PORTS = {"dashboard": 8501, "serving": 8000, "dagster-webserver": 3000, "mlflow": 5000, "spark-master": 8080}
DOCKERFILES = sorted((ROOT / "deploy").glob("*.Dockerfile"))


def test_the_file_keeps_the_compose_specification() -> None:
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(FILE.read_text()))


def test_all_services_are_there() -> None:
    assert set(ALL) == NAMES


def test_the_stream_runs_in_its_own_profile_only() -> None:
    assert set(services("streaming")) - set(services("core")) == {"stream"}


@RUNNING
def test_it_tells_its_health(service: Service) -> None:
    check = service.said["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@EACH
def test_it_waits_for_what_it_needs(service: Service) -> None:
    for need, condition in service.needs.items():
        wanted = "service_completed_successfully" if ALL[need].is_once else "service_healthy"
        assert condition == wanted, need
    assert service.name in {"secrets", "kafka", "spark-master"} or service.needs


@EACH
def test_nobody_waits_for_a_service_of_another_profile(service: Service) -> None:
    for need in service.needs:
        assert set(service.said["profiles"]) <= set(ALL[need].said["profiles"])


@EACH
def test_it_has_no_rights_it_does_not_need(service: Service) -> None:
    assert service.said["user"] == "999:999"
    assert service.said["read_only"] is True
    assert service.said["cap_drop"] == ["ALL"]
    assert service.said["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "userns_mode"} & set(service.said)
    assert any(str(mount).startswith("/tmp:") for mount in service.said["tmpfs"])


@EACH
def test_its_processes_memory_and_log_have_limits(service: Service) -> None:
    assert 0 < service.said["pids_limit"] <= 512
    assert re.fullmatch(r"\d+[mg]", service.said["mem_limit"])
    assert {"max-size", "max-file"} <= set(service.said["logging"]["options"])


@EACH
def test_it_is_reached_from_this_machine_only(service: Service) -> None:
    published = [str(port) for port in service.said.get("ports", [])]
    wanted = PORTS.get(service.name)
    assert published == ([f"127.0.0.1:{wanted}:{wanted}"] if wanted else [])


def test_there_are_two_networks_and_the_one_of_the_data_leads_nowhere() -> None:
    networks = read()["networks"]
    assert set(networks) == {"data", "apps"}
    assert networks["data"]["internal"] is True
    on_apps = {name for name, service in ALL.items() if "apps" in service.said.get("networks", [])}
    assert on_apps == set(PORTS)


@EACH
def test_its_image_is_pinned(service: Service) -> None:
    name, _, tag = str(service.said["image"]).rpartition(":")
    assert name and re.search(r"\d", tag) and tag != "latest"


@EACH
def test_it_sees_its_own_secrets_only(service: Service) -> None:
    mounted = [m for m in service.said.get("volumes", []) if "secrets" in str(m)]
    if service.name == "secrets":
        assert mounted == ["secrets:/run/all-secrets"]
        return
    for mount in mounted:
        assert mount["read_only"] is True
        assert mount["volume"]["subpath"] in {*secret_files.READERS, "database", "objects"}
        assert (mount["volume"]["subpath"] == "admin") == (service.name == "init")


@EACH
def test_no_secret_stands_in_the_file(service: Service) -> None:
    for name, value in service.environment.items():
        if re.search(r"PASSWORD|SECRET|TOKEN|_KEY", name):
            assert name.endswith("_FILE") and value.startswith("/run/secrets/"), name
        assert not re.search(r"://[^/@\s]+:[^/@\s]+@", value), name
    assert not any(re.search(r"://[^/@\s]+:[^/@\s]+@", word) for word in service.command)


def test_secrets_are_made_at_random_once_and_closed_to_others(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert set(secret_files.make(one)) == {"postgres", *secret_files.ROLES, "s3-access", "s3-secret"}
    before = _contents(one)
    assert secret_files.make(one) == () and _contents(one) == before
    secret_files.make(two)
    assert not set(before.values()) & set(_contents(two).values())
    assert {path.stat().st_mode & 0o777 for path in one.rglob("*")} == {0o600, 0o700}
    # a service of the applications never holds the superuser's word
    word = secret_files.password(one, "postgres")
    holders = {path.parent.name for path in one.rglob("*") if path.is_file() and word in path.read_text()}
    assert holders == {"source", "admin", "database"}


def test_secrets_made_anew_differ_in_every_file_but_the_superusers(tmp_path: Path) -> None:
    secret_files.make(tmp_path)
    before = _contents(tmp_path)
    assert "postgres" not in secret_files.make(tmp_path, is_anew=True)
    same = {name for name, text in _contents(tmp_path).items() if before[name] == text}
    assert same == {"source/postgres", "database/postgres-password"}


def _contents(folder: Path) -> dict[str, str]:
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    # who needs no database has an empty list of passwords
    return {name: text for name, text in found.items() if text}


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda f: f.stem)
def test_a_dockerfile_passes_the_linter(file: Path) -> None:
    linter = Path(sys.executable).parent / "hadolint"
    if not linter.exists():
        pytest.skip("hadolint is not installed")
    said = subprocess.run([linter, "--no-color", str(file)], capture_output=True, text=True)
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda f: f.stem)
def test_an_image_runs_as_nobody_special_from_pinned_stages(file: Path) -> None:
    text = file.read_text()
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(stages) >= 2
    assert all(re.search(r":.*\d", stage) for stage in stages)
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == ["999:999"]


def test_every_built_image_has_its_dockerfile() -> None:
    built = {service.said["build"]["dockerfile"] for service in ALL.values() if "build" in service.said}
    assert built == {f"deploy/{file.name}" for file in DOCKERFILES}


@pytest.mark.parametrize("role", ["serving", "dashboard"])
def test_the_applications_images_hold_no_engine(role: str) -> None:
    text = (ROOT / "deploy" / f"{role}.Dockerfile").read_text()
    assert not re.search(r"^(?!#).*(pyspark|dagster|mlflow|jre|jdk|pipeline)", text, re.MULTILINE | re.IGNORECASE)
    assert f"'.[{role}]'" in text and "-c requirements.lock" in text


def test_nothing_is_resolved_at_start() -> None:
    words: list[Any] = [*read()["services"].values(), (ROOT / "deploy/conf/spark.conf").read_text()]
    assert "spark.jars.packages" not in str(words) and "--packages" not in str(words)
