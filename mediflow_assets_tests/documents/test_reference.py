"""docs/reference is as the code is: a change of what a page describes changes the page, and `--check` tells."""

import dataclasses
from pathlib import Path

import dagster as dg
import pytest
import typer
from fastapi import APIRouter, Depends
from pydantic import Field

from documents import __main__ as documents
from documents.api import api_page, roles_of
from documents.commands import commands_page, without_help
from documents.settings import fields_of, settings_page
from documents.tables import graph_of, tables_page
from documents.triggers import triggers_page, when
from mediflow_assets.cli import build
from mediflow_assets.contracts import TABLES
from mediflow_assets.contracts.dictionary import dictionary
from mediflow_assets.definitions import build_defs
from mediflow_assets.settings import Settings
from serving.access import allowed
from serving.main import routed, routers

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    return build_defs(Settings())


def test_a_page_that_was_changed_or_has_no_source_is_told(tmp_path: Path) -> None:
    written = {"a.md": "as the code is", "b.md": "as well"}
    documents.write(tmp_path, written)
    assert documents.stale(tmp_path, written) == []
    (tmp_path / "a.md").write_text("as the code was")
    (tmp_path / "c.md").write_text("of nothing")
    assert documents.stale(tmp_path, written) == ["a.md", "c.md"]
    documents.write(tmp_path, written)
    assert documents.stale(tmp_path, written) == []


def test_the_check_names_the_page_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(documents, "pages", lambda: {"commands.md": "new"})
    assert documents.main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err == (
        "docs/reference/commands.md is not as the code is: run 'make docs' and commit what it writes.\n"
    )
    assert documents.main([], tmp_path) == 0
    assert documents.main(["--check"], tmp_path) == 0


def test_a_new_option_changes_the_command_reference() -> None:
    app, before = build(), commands_page(build())

    def weigh(kilos: int = typer.Option(70, help="how heavy")) -> None:
        """Weigh somebody."""

    app.command("weigh")(weigh)
    after = commands_page(app)
    assert "| `--kilos` | `70` | how heavy |" in after and "--kilos" not in before


def test_every_command_and_option_says_what_it_is() -> None:
    assert without_help(build()) == []


def test_a_new_setting_changes_the_settings() -> None:
    class More(Settings):
        beds: int = Field(12, description="how many there are")

    assert "| `MEDIFLOW_BEDS` | `12` | how many there are | runs |" in settings_page({"runs": More})
    assert "MEDIFLOW_BEDS" not in settings_page({"runs": Settings})


def test_every_setting_says_what_it_means() -> None:
    assert [name for name, field in fields_of(Settings) if not field.description] == []


def test_the_example_of_an_environment_shows_the_defaults() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").partition("docker compose reads")[0].splitlines()
    shown = dict(line.split("=", 1) for line in lines if line.startswith("MEDIFLOW_"))
    defaults = {name: str(field.default) for name, field in fields_of(Settings)}
    assert shown and shown == {name: defaults[name] for name in shown}


def test_a_changed_contract_changes_the_tables_and_the_dictionary(defs: dg.Definitions) -> None:
    told = dataclasses.replace(TABLES["silver/patients"], description="Everybody.")
    changed = {**TABLES, told.name: told}
    graph = graph_of(defs)
    assert "| `patients` | Everybody. | pipeline |" in tables_page(changed, graph)
    assert tables_page(TABLES, graph) != tables_page(changed, graph)
    assert "Everybody." not in dictionary()


def test_a_new_arrow_changes_the_graph(defs: dg.Definitions) -> None:
    graph = dict(graph_of(defs))
    graph["silver/conditions"] = graph["silver/conditions"] | {"bronze/rejects"}
    assert tables_page(TABLES, graph) != tables_page(TABLES, graph_of(defs))


def test_every_job_schedule_and_sensor_says_what_it_does(defs: dg.Definitions) -> None:
    found = [*(defs.jobs or ()), *(defs.schedules or ()), *(defs.sensors or ())]
    assert [each.name for each in found if not each.description] == []


def test_a_changed_schedule_changes_the_page(defs: dg.Definitions) -> None:
    (first, *others) = defs.schedules or ()
    moved = dg.ScheduleDefinition(name=first.name, job_name="refresh", cron_schedule="30 6 * * 1")
    page = triggers_page(dg.Definitions(jobs=defs.jobs, schedules=[moved, *others], sensors=defs.sensors))
    assert "each Monday at 06:30" in page and "each Monday at 06:30" not in triggers_page(defs)
    assert when("0 5 * * *") == "each day at 05:00"


def test_a_new_route_changes_the_api_reference() -> None:
    router, app = APIRouter(), routed()

    @router.get("/beds", summary="Free beds", dependencies=[Depends(allowed("scorer"))])
    def beds() -> int:
        """How many beds are free."""
        return 0

    before = api_page(routed().openapi(), roles_of(routers()))
    app.include_router(router)
    after = api_page(app.openapi(), roles_of([*routers(), router]))
    assert "| `GET /beds` | Free beds | scorer, admin |" in after and "/beds" not in before
