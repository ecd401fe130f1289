"""A refresh plans what it can change, and no more; and leaves what one that plans everything would leave."""

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import dagster as dg
import pytest
from dagster._core.events import StepMaterializationData

from mediflow_assets.contracts import bronze, clinical, gold, masked, silver
from mediflow_assets.contracts.vitals import VITALS_LATEST
from mediflow_assets.definitions import build_defs
from mediflow_assets.defs import jobs, planning
from mediflow_assets.defs.run_tags import ALL_PLANNED, LEFT_OUT
from mediflow_assets.defs.sensors import build_sensors
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.ingest.landing import land_all
from mediflow_assets_tests.samples import ADMISSION, SYNTHEA_PATIENT, csv_text

pytestmark = pytest.mark.slow

Home = Any
RECEIVED = dt.datetime(2024, 7, 1, tzinfo=dt.UTC)
LATER = {"patient_id": "P1", "encounter_id": "E2", "cost": "90.00", "diagnosis_code": "I21.4;E11.9;I50.9"}
"""A stay that lists codes, which become conditions of their own."""
OTHERS = {"patient_id": "P3", "encounter_id": "E3"}
BARE = {table.name for table in (clinical.PROCEDURES, clinical.OBSERVATIONS, clinical.CLAIMS, VITALS_LATEST)}

PROCEDURES = """START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION
2024-01-02T00:00:00Z,,P1,E1,430193006,Medication Reconciliation,10.00,,
"""


@pytest.fixture(scope="module")
def story(new_home: Callable[[], Home]) -> SimpleNamespace:
    """A home after its first refresh, one with a delivery more, and a twin that plans everything each time."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("MEDIFLOW_PUBLISH", "month")
        home = new_home()
        home.drop("first.csv", csv_text(ADMISSION, ({},)))
        first = home.run(plans=True)
        twin = home.copy()
        for each in (home, twin):
            each.drop("later.csv", csv_text(ADMISSION, (LATER, OTHERS)))
            each.inbox.take_in(RECEIVED)
        later, whole = home.run(plans=True), twin.run()
    assert first.is_success and later.is_success and whole.is_success
    return SimpleNamespace(home=home, first=first, later=later, twin=twin, whole=whole)


@pytest.fixture
def home(story: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Home:
    """The home after both deliveries."""
    monkeypatch.setenv("MEDIFLOW_PUBLISH", "month")
    return story.home


def planned(home: Home) -> planning.Planned:
    with home.instance() as instance:
        return planning.planned(instance, home.settings)


def left_out(plan: planning.Planned) -> set[str]:
    every = {key.to_user_string() for key in jobs.TABLES.resolve(build_defs().resolve_asset_graph())}
    return every - {key.to_user_string() for key in plan.keys or ()} if plan.keys else set()


def test_the_first_refresh_plans_every_table_and_a_later_one_what_it_can_change(story: SimpleNamespace) -> None:
    first, later = story.home.materialised_by(story.first.run_id), story.home.materialised_by(story.later.run_id)
    assert first >= BARE | {masked.ENCOUNTERS.name}
    assert not later & (BARE | {masked.ENCOUNTERS.name, "masked/observations"})
    assert later >= {silver.ENCOUNTERS.name, gold.ADMISSION_FEATURES.name, masked.RISK_SCORES.name, "gold/leak_scans"}


def test_it_leaves_what_a_refresh_leaves_that_plans_everything(story: SimpleNamespace) -> None:
    mine, other = story.home.tables(), story.twin.tables()
    assert {name for name in mine if mine[name] != other[name]} == set()
    assert story.home.lake.rows(gold.ADMISSION_FEATURES) == story.home.lake.rows(silver.CONDITIONS) == 3
    assert (story.later.waits_for, story.later.warnings) == (story.whole.waits_for, story.whole.warnings)
    assert story.later.waits_for


def test_what_was_never_delivered_is_planned_once_it_waits(home: Home) -> None:
    assert left_out(planned(home)) >= BARE
    home.drop("procedures.csv", PROCEDURES)
    try:
        found = left_out(planned(home))
    finally:
        (home.settings.inbox / "procedures.csv").unlink()
    assert clinical.PROCEDURES.name not in found
    assert clinical.ALLERGIES.name in found


@pytest.mark.parametrize("name", ["archive.zip", "no_delivery.bin"])
def test_everything_is_planned_where_what_waits_is_not_known(home: Home, name: str) -> None:
    home.drop(name, "PK\x03\x04" if name.endswith("zip") else "\x00\x01")
    try:
        assert planned(home).keys is None
    finally:
        (home.settings.inbox / name).unlink()


def test_everything_is_planned_again_in_time(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "EVERY", dt.timedelta(0))
    assert planned(home).tags.keys() == {ALL_PLANNED}


def test_everything_is_planned_under_other_settings_keys_or_mappings(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("MEDIFLOW_TIMEZONE", "Europe/Berlin")
        assert planned(home).keys is None
    # a copy has a key file of its own, as a home whose key was rotated
    assert planned(home.copy()).keys is None
    assert planned(home).keys is not None
    home.settings.sources_file.write_text("# another\n")
    try:
        assert planned(home).keys is None
    finally:
        home.settings.sources_file.unlink()


def test_everything_is_planned_after_a_refresh_that_failed(home: Home) -> None:
    with home.instance() as instance:
        job = build_defs(home.settings).resolve_job_def("refresh")
        run = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
        assert planning.planned(instance, home.settings).keys is None
        instance.report_run_failed(run)
        assert planning.planned(instance, home.settings).keys is None
        instance.delete_run(run.run_id)
    assert planned(home).keys is not None


def test_what_comes_after_the_plan_for_a_table_that_was_left_out_waits_in_the_inbox(home: Home) -> None:
    twin = home.copy()
    twin.drop("patients.csv", csv_text(SYNTHEA_PATIENT, ({},)))
    twin.inbox.take_in()
    held = planned(home).tags[LEFT_OUT].split(",")
    assert bronze.BY_TABLE["bronze/synthea_patients"].table.name in held
    assert land_all(twin.lake, twin.inbox, leaves=held) == []
    assert len(twin.inbox.waiting()) == 1
    assert len(land_all(twin.lake, twin.inbox)) == 1


def test_a_damaged_table_is_not_left_out(home: Home) -> None:
    (file, *_) = (home.folder / "lake" / masked.ENCOUNTERS.name).glob("*.parquet")
    kept = file.rename(file.with_suffix(".kept"))
    try:
        assert planned(home).keys is None
    finally:
        kept.rename(file)
    assert masked.ENCOUNTERS.name in left_out(planned(home))


def test_many_files_are_not_recognised_one_by_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planning, "MOST_DROPPED", 0)
    monkeypatch.setattr(Inbox, "source_of", lambda *_: pytest.fail("a file was recognised"))
    home.drop("more.csv", csv_text(ADMISSION, (LATER,)))
    try:
        assert planned(home).keys is None
    finally:
        (home.settings.inbox / "more.csv").unlink()


def test_the_sensor_asks_for_what_is_planned(home: Home) -> None:
    sensor = next(each for each in build_sensors(home.settings) if each.name == "inbox_sensor")
    home.drop("more.csv", csv_text(ADMISSION, ({"patient_id": "P4", "encounter_id": "E4"},)))
    try:
        with home.instance() as instance, dg.build_sensor_context(instance=instance) as context:
            asked = sensor(context)
    finally:
        (home.settings.inbox / "more.csv").unlink()
    assert isinstance(asked, dg.RunRequest)
    names = {key.to_user_string() for key in asked.asset_selection or ()}
    assert silver.ENCOUNTERS.name in names
    assert not names & BARE


@pytest.mark.parametrize(("tags", "is_made"), [({LEFT_OUT: ""}, False), ({}, True)])
def test_what_a_refresh_left_out_is_not_made_after_it_by_automation(
    home: Home, tags: dict[str, str], is_made: bool
) -> None:
    defs = build_defs(home.settings)
    with dg.DagsterInstance.ephemeral() as instance:
        every = jobs.TABLES.resolve(defs.resolve_asset_graph())
        for key in every:
            instance.report_runless_asset_event(dg.AssetMaterialization(key))
        seen = dg.evaluate_automation_conditions(defs, instance)
        made = dg.AssetMaterialization(list(silver.ENCOUNTERS.key))
        job = defs.resolve_job_def("refresh").get_subset(asset_selection={made.asset_key})
        run = instance.create_run_for_job(
            job, tags=tags, asset_selection=frozenset({made.asset_key}), status=dg.DagsterRunStatus.SUCCESS
        )
        instance.report_dagster_event(
            dg.DagsterEvent(
                event_type_value="ASSET_MATERIALIZATION",
                job_name="refresh",
                event_specific_data=StepMaterializationData(made),
            ),
            run_id=run.run_id,
        )
        found = dg.evaluate_automation_conditions(defs, instance, cursor=seen.cursor)
    census = next(each for each in found.results if each.key == dg.AssetKey(list(gold.DAILY_CENSUS.key)))
    # the checks of what it is made of hold it back besides, and were not evaluated here
    eager = next(each for each in census.serializable_evaluation.child_evaluations if "eager" in str(each))
    assert bool(eager.true_subset.size) is is_made
