"""What every service of docker-compose.yml has to be, read from the file: schema, health, rights, limits, secrets."""

import json
import re
import subprocess
import sys
from itertools import pairwise
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
    "objects",
    "postgres",
    "kafka",
    "spark-master",
    "spark-worker-1",
    "spark-worker-2",
    "spark-connect",
    "mlflow",
    "dagster-code",
    "dagster-webserver",
    "dagster-daemon",
    "stream",
    "serving",
    "dashboard",
    "init",
    "secrets",
}
PORTS = {"dashboard": 8501, "serving": 8000, "dagster-webserver": 3000, "mlflow": 5000}
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
OF_MANY_THREADS = {"spark-worker-1", "spark-worker-2", "spark-connect", "stream"}
DOCKERFILES = sorted((ROOT / "deploy").glob("*.Dockerfile"))


def validate(whole: Any) -> None:
    """Against the schema of the Compose Specification (github.com/compose-spec/compose-spec, Apache-2.0: the licence
    that stands in LICENSE)."""
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(whole)


def test_the_file_keeps_the_compose_specification() -> None:
    validate(yaml.safe_load(FILE.read_text()))


def test_all_services_are_there() -> None:
    assert set(ALL) == NAMES


def test_the_stream_runs_in_its_own_profile_only() -> None:
    assert set(services("streaming")) - set(services("core")) == {"stream"}


@RUNNING
def test_it_tells_its_health(service: Service) -> None:
    check = service.said["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert not check.get("disable")
    assert service.said["restart"] == "unless-stopped"


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
    # threads count, and a Spark driver that gets no more of them hangs
    least, most = (2048, 4096) if service.name in OF_MANY_THREADS else (1, 512)
    assert least <= service.said["pids_limit"] <= most
    assert re.fullmatch(r"\d+[mg]", service.said["mem_limit"])
    assert {"max-size", "max-file"} <= set(service.said["logging"]["options"])


@EACH
def test_a_jvm_may_run_the_libraries_it_unpacks(service: Service) -> None:
    # without `exec` the engine mounts a tmpfs so that none runs from it
    (tmp,) = [str(mount) for mount in service.said["tmpfs"] if str(mount).startswith("/tmp:")]
    assert ("exec" in tmp.partition(":")[2].split(",")) == (service.image in {"spark", "kafka"})


def test_who_listens_on_the_address_of_its_own_name_has_one() -> None:
    listening = [service for service in ALL.values() if ("--host", service.name) in pairwise(service.command)]
    assert {service.name for service in listening} == {"spark-master", "spark-worker-1", "spark-worker-2"}
    assert all(service.said["networks"] == ["data"] for service in listening)


@EACH
def test_it_is_reached_from_this_machine_only(service: Service) -> None:
    published = [str(port) for port in service.said.get("ports", [])]
    wanted = PORTS.get(service.name)
    assert published == ([f"127.0.0.1:{wanted}:{wanted}"] if wanted else [])


def test_there_are_two_networks_and_the_one_of_the_data_leads_nowhere() -> None:
    networks = read()["networks"]
    assert set(networks) == {"data", "apps"}
    assert networks["data"]["internal"] == "true"
    assert read({"MEDIFLOW_DATA_INTERNAL": "false"})["networks"]["data"]["internal"] == "false"
    on_apps = {name for name, service in ALL.items() if "apps" in service.said.get("networks", [])}
    assert on_apps == set(PORTS)


@EACH
def test_it_is_on_these_networks_and_no_other(service: Service) -> None:
    if service.name == "secrets":
        # it makes passwords, and talks to nobody
        assert service.said["network_mode"] == "none"
        return
    assert "network_mode" not in service.said
    assert {"data"} <= set(service.said["networks"]) <= {"data", "apps"}


@EACH
def test_its_image_is_pinned(service: Service) -> None:
    is_built = "build" in service.said
    name, _, digest = str(service.said["image"]).partition("@")
    assert re.fullmatch(r"[a-z/]+:\d[\w.-]*", name)
    assert is_built or DIGEST.fullmatch(digest)
    assert is_built == name.startswith("mediflow/")


def test_the_database_is_postgresql_18_with_its_data_where_that_version_wants_it(
    service: Service = ALL["postgres"],  # noqa: PT028
) -> None:
    assert str(service.said["image"]).startswith("postgres:18.")
    assert "postgres:/var/lib/postgresql" in service.said["volumes"]
    assert set(secret_files.ROLES) == {"dagster", "mlflow", "mediflow"}


def test_the_broker_is_kafka_4_3_1_by_itself() -> None:
    assert "<kafka.version>4.3.1</kafka.version>" in (ROOT / "deploy/jars/pom.xml").read_text()
    assert "process.roles=broker,controller" in (ROOT / "deploy/bin/start-kafka").read_text()


def test_the_registry_answers_to_its_names_only_and_keeps_files_in_the_store(
    service: Service = ALL["mlflow"],  # noqa: PT028
) -> None:
    (hosts,) = [word for word in service.command if word.startswith("--allowed-hosts=")]
    assert hosts.split("=")[1].split(",") == ["mlflow:5000", "localhost:5000", "127.0.0.1:5000"]
    assert "--serve-artifacts" in service.command
    assert "--artifacts-destination=s3://mediflow/mlflow" in service.command


def test_every_volume_is_declared_and_used() -> None:
    used = {volume.split("/")[0] for service in ALL.values() for volume in service.mounts.values()}
    assert used == set(read()["volumes"])


def test_another_store_is_named_by_settings_alone() -> None:
    given = services("streaming", {"MEDIFLOW_S3_ENDPOINT": "https://s3.example.org", "MEDIFLOW_LAKE": "s3://b/lake"})
    endpoints = {s.environment["AWS_ENDPOINT_URL"] for s in given.values() if "AWS_ENDPOINT_URL" in s.environment}
    assert endpoints == {"https://s3.example.org"}
    assert {s.environment.get("MEDIFLOW_LAKE", "s3://b/lake") for s in given.values()} == {"s3://b/lake"}
    for file in ("spark.conf", "stream/spark-defaults.conf"):
        assert "://" not in (ROOT / "deploy/conf" / file).read_text().replace("spark://", "")


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


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda f: f.stem)
def test_a_dockerfile_passes_the_linter(file: Path) -> None:
    linter = Path(sys.executable).parent / "hadolint"
    said = subprocess.run([linter, "--no-color", str(file)], capture_output=True, text=True)
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda f: f.stem)
def test_an_image_runs_as_nobody_special_from_pinned_stages(file: Path) -> None:
    text = file.read_text()
    stages = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert len(stages) >= 2
    assert all(re.fullmatch(r"[a-z-]+:[\w.-]*\d[\w.-]*@sha256:[0-9a-f]{64}", stage) for stage in stages), stages
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE) == ["999:999"]
    # Hadoop starts under no user without a name
    assert ("useradd --uid 999" in text) == ("FROM python:" in text)


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
