"""Samples of quarantine show why a record stays out, and nobody."""

from mediflow_assets.contracts import bronze
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline.quarantine_samples import MOST, quarantine_samples, shapes

WRONG = {"cost": "-12.50", "name": "Ada Lovelace", "zip": "02138", "patient_id": "MRN-77"}


def test_a_sample_shows_shapes_and_no_value(house, admissions):
    delivery = house.deliver(admissions(WRONG | {"encounter_id": "E-SECRET-1"}))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    (sample,) = (row for row in quarantine_samples(house.lake) if row["table"] == "silver/encounters")
    assert (sample["delivery"], sample["record"], sample["sample"]) == (delivery[:12], 1, 1)
    assert "cost: -##.##" in sample["fields"] and "name: (kept back)" in sample["fields"]
    shown = "".join(map(str, sample.values()))
    assert not [value for value in (*WRONG.values(), "Lovelace", "SECRET") if value in shown]


def test_a_reason_has_a_few_samples_however_often_it_occurs(house, admissions):
    house.deliver(admissions(*(WRONG | {"encounter_id": f"E{at}"} for at in range(9))))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    samples = [row["sample"] for row in quarantine_samples(house.lake) if row["table"] == "silver/encounters"]
    assert samples == list(range(1, MOST + 1))


def test_what_is_no_record_or_of_no_known_column_is_not_shown():
    assert shapes("{broken", bronze.ADMISSIONS) == "(not shown)"
    assert shapes('["P1"]', bronze.ADMISSIONS) == "(not shown)"
    assert shapes('{"nobody_knows_it": "P1", "extra": "P1"}', bronze.ADMISSIONS) == "extra: (kept back)"
