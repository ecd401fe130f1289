"""Planted oddities: Silver says of each kind what the generator says is right."""

import datetime as dt
import json
from collections import Counter

import pytest

from mediflow_assets.contracts import TABLES, operational, silver
from mediflow_assets.sources import Feeds
from mediflow_assets.synthetic import generate
from mediflow_assets.synthetic.odd_kinds import KINDS
from mediflow_assets_tests.house import House

ZONE = "America/New_York"
BEGUN = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module", params=[3])
def hospital(request, tmp_path_factory, session):
    """A lake of planted deliveries, their truth, and their ids by file."""
    out = tmp_path_factory.mktemp("odd")
    made = generate(out / "made", 30, request.param, timezone=ZONE, odd=2)
    house = House(out, session, Feeds.load(made.truth / "sources.toml", ZONE))
    ids = {}
    for hour, path in enumerate(each for each in made.deliveries if each.name.startswith("odd-")):
        ids[path.name] = house.receive(path.read_bytes(), BEGUN + dt.timedelta(hours=hour), path.name)
    house.land()
    assert not any(made.has_failed for made in house.make_silver())
    return house, {each["kind"]: each for each in json.loads((made.truth / "odd.json").read_text())}, ids


def holds(row, has):
    return all((None if row[name] is None else str(row[name])) == value for name, value in has.items())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_silver_says_what_is_right(hospital, kind):
    house, truth, _ = hospital
    assert truth[kind]["says"]
    for said in truth[kind]["says"]:
        rows = house.rows(TABLES[said["table"]])
        assert sum(holds(row, said["has"]) for row in rows) == said["rows"], said


@pytest.mark.slow
def test_what_is_kept_out_is_kept_out_for_its_reason(hospital):
    house, truth, ids = hospital
    wanted = {(ids[r["file"]], r["record_number"]): r["reason"] for each in truth.values() for r in each["refused"]}
    found = house.reasons(silver.ENCOUNTERS)
    assert found.keys() == wanted.keys() and all(reason in found[place] for place, reason in wanted.items())


@pytest.mark.slow
def test_no_delivery_is_refused_for_the_greater_part(tmp_path):
    made = generate(tmp_path / "out", 30, 3, odd=5)
    records = json.loads((made.truth / "summary.json").read_text())["records"]
    listed = json.loads((made.truth / "odd.json").read_text())
    refused = Counter(each["file"] for kind in listed for each in kind["refused"])
    assert refused and all(2 * count <= records[file] for file, count in refused.items())


@pytest.mark.slow
def test_what_is_to_be_told_is_told(hospital):
    house, truth, _ = hospital
    wanted = sum((Counter(each["told"]) for each in truth.values()), Counter())
    found = Counter()
    for row in house.rows(operational.CHECK_RESULTS, "check_name", "failing"):
        found[row["check_name"]] += row["failing"] or 0
    assert {name: found[name] for name in wanted} == wanted
    house.assert_balanced()


@pytest.mark.slow
def test_none_is_planted_where_none_is_asked_for(tmp_path):
    made = generate(tmp_path / "out", 30, 3)
    assert not any(path.name.startswith("odd-") for path in made.deliveries)
    assert not (made.truth / "odd.json").exists() and not (made.truth / "sources.toml").exists()
