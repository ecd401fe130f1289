"""Each rule of the compose file fails where a service breaks it: a rule that cannot fail holds nothing."""

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
import yaml

from mediflow_assets_tests.cluster import test_compose_rules as rules
from mediflow_assets_tests.cluster.compose import FILE, Service

SECRETS = {"type": "volume", "source": "secrets", "target": "/run/secrets", "read_only": True}

BREAKS: tuple[tuple[Callable[[Service], None], str, dict[str, Any]], ...] = (
    (rules.test_it_tells_its_health, "kafka", {"healthcheck": {"test": ["NONE"]}}),
    (rules.test_it_tells_its_health, "kafka", {"restart": "no"}),
    (rules.test_it_waits_for_what_it_needs, "mlflow", {"depends_on": {"init": {"condition": "service_started"}}}),
    (rules.test_it_waits_for_what_it_needs, "mlflow", {"depends_on": {}}),
    (
        rules.test_nobody_waits_for_a_service_of_another_profile,
        "serving",
        {"depends_on": {"stream": {"condition": "service_healthy"}}},
    ),
    (rules.test_it_has_no_rights_it_does_not_need, "postgres", {"user": "root"}),
    (rules.test_it_has_no_rights_it_does_not_need, "serving", {"read_only": False}),
    (rules.test_it_has_no_rights_it_does_not_need, "serving", {"cap_drop": ["NET_RAW"]}),
    (rules.test_it_has_no_rights_it_does_not_need, "serving", {"cap_add": ["SYS_ADMIN"]}),
    (rules.test_it_has_no_rights_it_does_not_need, "serving", {"security_opt": []}),
    (rules.test_it_has_no_rights_it_does_not_need, "serving", {"tmpfs": ["/run"]}),
    (rules.test_its_processes_memory_and_log_have_limits, "serving", {"pids_limit": -1}),
    (rules.test_its_processes_memory_and_log_have_limits, "spark-connect", {"pids_limit": 512}),
    (rules.test_its_processes_memory_and_log_have_limits, "serving", {"mem_limit": ""}),
    (rules.test_a_jvm_may_run_the_libraries_it_unpacks, "stream", {"tmpfs": ["/tmp:mode=1777,size=512m"]}),
    (rules.test_a_jvm_may_run_the_libraries_it_unpacks, "serving", {"tmpfs": ["/tmp:mode=1777,size=512m,exec"]}),
    (rules.test_its_processes_memory_and_log_have_limits, "serving", {"logging": {"options": {}}}),
    (rules.test_it_is_reached_from_this_machine_only, "serving", {"ports": ["8000:8000"]}),
    (rules.test_it_is_reached_from_this_machine_only, "postgres", {"ports": ["127.0.0.1:5432:5432"]}),
    (rules.test_it_is_on_these_networks_and_no_other, "postgres", {"networks": ["host"]}),
    (rules.test_it_is_on_these_networks_and_no_other, "postgres", {"network_mode": "host"}),
    (rules.test_its_image_is_pinned, "postgres", {"image": "postgres:18.1-bookworm"}),
    (rules.test_its_image_is_pinned, "serving", {"image": "mediflow/serving:latest"}),
    (rules.test_it_sees_its_own_secrets_only, "serving", {"volumes": [SECRETS | {"volume": {"subpath": "admin"}}]}),
    (
        rules.test_it_sees_its_own_secrets_only,
        "serving",
        {"volumes": [SECRETS | {"read_only": False, "volume": {"subpath": "gateway"}}]},
    ),
    (rules.test_no_secret_stands_in_the_file, "postgres", {"environment": {"POSTGRES_PASSWORD": "secret"}}),
    (rules.test_no_secret_stands_in_the_file, "postgres", {"environment": {"URL": "postgresql://a:secret@host/x"}}),
    (rules.test_no_secret_stands_in_the_file, "mlflow", {"command": ["postgresql://a:secret@host/x"]}),
    (
        rules.test_the_database_is_postgresql_18_with_its_data_where_that_version_wants_it,
        "postgres",
        {"volumes": ["postgres:/var/lib/postgresql/data"]},
    ),
    (
        rules.test_the_registry_answers_to_its_names_only_and_keeps_files_in_the_store,
        "mlflow",
        {"command": ["mlflow", "server", "--allowed-hosts=*"]},
    ),
)


@pytest.mark.parametrize(
    ("rule", "name", "change"), BREAKS, ids=lambda part: getattr(part, "__name__", None) or str(part)[:40]
)
def test_a_rule_fails_where_it_is_broken(rule: Callable[[Service], None], name: str, change: dict[str, Any]) -> None:
    whole = rules.ALL[name]
    rule(whole)
    with pytest.raises((AssertionError, KeyError, ValueError)):
        rule(Service(name, {**whole.said, **change}))


@pytest.mark.parametrize("change", [{"cap_dropp": ["ALL"]}, {"ports": "8000"}, {"healthcheck": {"test": 1}}])
def test_the_schema_refuses_what_compose_would(change: dict[str, Any]) -> None:
    whole = yaml.safe_load(FILE.read_text())
    whole["services"]["serving"] |= change
    with pytest.raises(jsonschema.ValidationError):
        rules.validate(whole)
