"""Volume: what comes in much smaller or larger than before, or not at all for a month, is doubted."""

import datetime as dt
import json

import pytest

from mediflow_assets.contracts.table import Severity
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline import volume
from mediflow_assets.pipeline.checks import DELIVERY_VOLUME
from mediflow_assets.sources import Feeds

BEGUN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def ledger(*records, feed=None, source="admissions", name="export"):
    return [
        {
            "delivery_id": f"{feed}{name}{n}".ljust(64, "0"),
            "source": source,
            "file_name": f"{name}.00{n}.ndjson",
            "feed": feed,
            "records": count,
            "received_at": BEGUN + dt.timedelta(days=n),
        }
        for n, count in enumerate(records)
    ]


@pytest.mark.parametrize(
    ("records", "usual"),
    [
        ((90, 100, 110, 100), None),
        ((90, 100, 110, 67), None),
        ((90, 100, 110, 66), 100),
        ((90, 100, 110, 133), None),
        ((90, 100, 110, 134), 100),
        ((90, 100, 0), None),
        ((100, 100, 100, 0), 100),
        ((0, 0, 0, 0), None),
        ((10, *[1000] * 12, 1000), None),
    ],
)
def test_a_delivery_is_held_against_the_median_of_those_before(records, usual):
    rows = ledger(*records)
    found = volume.of_deliveries(rows, {rows[-1]["delivery_id"]})
    assert [each.usual for each in found] == ([] if usual is None else [usual])


def test_each_feed_has_a_usual_size_of_its_own_and_only_new_deliveries_are_told():
    rows = [*ledger(100, 100, 100, 100, feed="a"), *ledger(5, 5, 5, 50, feed="b")]
    every = {row["delivery_id"] for row in rows}
    assert [each.records for each in volume.of_deliveries(rows, every)] == [50]
    assert volume.of_deliveries(rows, set()) == []


def test_files_of_a_bulk_export_are_held_against_those_of_their_own_type():
    rows = [
        *ledger(1000, 1000, 1000, 1000, source="fhir", name="Observation"),
        *ledger(10, 10, 10, 10, 3, source="fhir", name="Patient"),
    ]
    assert [each.records for each in volume.of_deliveries(rows, {row["delivery_id"] for row in rows})] == [3]


@pytest.mark.parametrize(
    ("counts", "gaps"),
    [
        ([40, 40, 0, 40], ["mrn 2024-03"]),
        ([40, 40, 0, 0, 40, 40], ["mrn 2024-03", "mrn 2024-04"]),
        ([40, 40, 1, 40], []),
        ([2, 2, 0, 2], []),
        ([0, 40, 40], []),
    ],
)
def test_a_month_without_an_encounter_is_told_where_many_are_usual(counts, gaps):
    assert gaps_of({"mrn": counts}) == gaps


def gaps_of(counts, seen=None, regular=()):
    """The gaps that are told of counts by month, where so many months of each feed were known before."""
    given = {(feed, dt.date(2024, 1 + n, 1)): c for feed, months in counts.items() for n, c in enumerate(months) if c}
    known = {feed: dt.date(2024, months, 1) for feed, months in (seen or {}).items()}
    return [each.what for each in volume.Months(given, known, regular).without()]


def test_a_gap_is_told_once_and_of_the_feed_that_has_it():
    counts = {"north": [40, 0, 40, 40], "south": [40, 40, 40, 40]}
    assert gaps_of(counts) == ["north 2024-02"]
    assert gaps_of(counts, {"north": 1, "south": 1}) == ["north 2024-02"]
    assert gaps_of(counts, {"north": 3, "south": 3}) == []


def test_a_feed_that_stops_is_told_once_while_others_go_on():
    counts, both = {"north": [40, 40], "south": [40, 40, 40, 40]}, ("north", "south")
    assert gaps_of(counts, {"north": 2, "south": 3}, both) == ["north 2024-03"]
    assert gaps_of(counts, {"north": 2, "south": 4}, both) == []
    # an old set that came once has an end
    assert gaps_of(counts, {"north": 2, "south": 3}, ("south",)) == []


def test_the_months_of_a_lake_are_told_by_the_feed_of_their_delivery(house, tmp_path):
    header, rows = "patient_id,encounter_id,department,admission_date,{}\n", []
    for feed, months in (("north", (1, 3)), ("south", (1, 2, 3))):
        cells = (f"P{feed}{m}{n},E{feed}{m}{n},MEDICINE,2024-0{m}-02,x\n" for m in months for n in range(30))
        rows.append((feed, header.format(feed) + "".join(cells)))
    (tmp_path / "sources.toml").write_text("".join(f'[feeds.{feed}]\nmatch = ["{feed}"]\n' for feed, _ in rows))
    house = house.with_feeds(Feeds.load(tmp_path / "sources.toml"))
    new = [house.deliver(text) for _, text in rows]
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert [each.what for each in volume.doubts(house.lake, new)] == ["north 2024-02"]
    assert volume.doubts(house.lake, []) == []


def test_a_run_warns_and_goes_on(house, admissions):
    for n in range(4):
        rows = [{"encounter_id": f"E{n}-{each}"} for each in range(9 if n < 3 else 2)]
        house.deliver(admissions(*rows), BEGUN + dt.timedelta(days=200 + n))
    encounters = house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)[-1]
    [found] = [each for each in encounters.checks if each.name == DELIVERY_VOLUME]
    assert (found.passed, found.failing, found.severity) == (False, 1, Severity.WARN)
    assert not encounters.has_failed


def bundle(n, observations):
    """All of one patient, as an export makes it that writes a Bundle for each."""
    about = {
        "resourceType": "Observation",
        "subject": {"reference": f"Patient/p{n}"},
        "effectiveDateTime": "2024-01-02",
    }
    told = [{"resourceType": "Patient", "id": f"p{n}"}, *(about | {"id": f"o{n}-{o}"} for o in range(observations))]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in told]})


def test_bundles_of_one_patient_each_are_not_held_against_one_another(house):
    names = (f"Anna{n}_Smith{n}.json" for n in range(5))
    told = [house.deliver(bundle(n, 3 if n < 4 else 40), name=name) for n, name in enumerate(names)]
    assert volume.doubts(house.lake, told) == []


def test_a_file_of_one_type_that_holds_one_patient_only_is_doubted(house):
    files = ["\n".join(bundle(f"{n}-{p}", 0) for p in range(10 if n < 4 else 1)) for n in range(5)]
    at = (BEGUN + dt.timedelta(days=200 + n) for n in range(5))
    told = [house.deliver(text, next(at), f"Patient.00{n}.ndjson") for n, text in enumerate(files)]
    assert [each.records for each in volume.doubts(house.lake, told)] == [1]
