"""What a source deletes, refutes or cancels ends, and is counted; what it tells again afterwards stands again."""

import datetime as dt
import json

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.ended import without_ended
from mediflow_assets.pipeline.reconciliation import reconcile

NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
OF = {"subject": {"reference": "Patient/p"}}
STAY = {"period": {"start": "2026-01-05", "end": "2026-01-07"}, "class": {"code": "IMP"}, "status": "finished"}
CODED = {"code": {"coding": [{"code": "I10"}]}, "onsetDateTime": "2020-02-03"}
ALL = (
    {"resourceType": "Patient", "id": "p", "gender": "female"},
    {"resourceType": "Encounter", "id": "e"} | OF | STAY,
    {"resourceType": "Condition", "id": "c"} | OF | CODED,
)


def told(at=None, resources=ALL):
    """Resources as lines, with the time of their version where one is given."""
    meta = {"meta": {"lastUpdated": at}} if at else {}
    return "\n".join(json.dumps(each | meta) for each in resources)


def deleted(at=None, addresses=("Patient/p", "Encounter/e", "Condition/c")):
    """A history that tells when things were deleted, or what a bulk export writes of deleted things."""
    when = {"response": {"lastModified": at}} if at else {}
    entries = [{"request": {"method": "DELETE", "url": each}} | when for each in addresses]
    return json.dumps({"resourceType": "Bundle", "type": "history" if at else "transaction", "entry": entries})


def take(house, *texts):
    for hour, text in enumerate(texts):
        house.deliver(text, NOW + hour * HOUR)
        house.make_silver()
    house.assert_balanced()
    return {row["delivery"]: row["ended"] for row in reconcile(house.lake) if row["table"].startswith("silver/")}


def stands(house):
    """Whether the patient, the encounter and the condition stand."""
    patients = without_ended(house.context, house.context.tables.read(silver.PATIENTS)).count()
    stays = [row["status"] != "cancelled" for row in house.rows(silver.ENCOUNTERS)]
    return patients > 0, any(stays), len(house.rows(silver.CONDITIONS)) > 0


FEBRUARY, MARCH, APRIL = (f"2026-0{month}-01T00:00:00Z" for month in (2, 3, 4))


@pytest.mark.parametrize(
    ("texts", "is_there"),
    [
        # the resource tells no time of its own: what its source deletes later is deleted
        ([told(), deleted(MARCH)], False),
        ([told(), deleted()], False),
        ([told(FEBRUARY), deleted()], False),
        ([deleted(MARCH), told(FEBRUARY)], False),
        ([told(FEBRUARY), deleted(MARCH), told(APRIL)], True),
        ([told(APRIL), told(FEBRUARY), deleted(MARCH)], True),
        ([told(), deleted(MARCH), told()], True),
    ],
)
def test_what_is_deleted_ends_until_it_is_told_again(house, texts, is_there):
    take(house, *texts)
    assert stands(house) == (is_there,) * 3
    assert house.rows(silver.QUARANTINE) == []


def test_a_deletion_is_counted_whatever_time_the_resource_tells(house):
    ended = take(house, told(), deleted(MARCH))
    assert list(ended.values()) == [0, 1]


def test_a_deleted_patient_who_has_another_encounter_stays(house):
    other = ALL[1] | {"id": "f"}
    take(house, told(FEBRUARY, (*ALL, other)), deleted(MARCH))
    assert house.row(silver.PATIENTS)["is_ended"] and stands(house) == (True, True, False)
    take(house, deleted(MARCH, ("Encounter/f",)))
    assert stands(house) == (False, False, False)


def test_what_was_in_error_refuted_or_cancelled_is_counted_as_ended(house):
    refuted = {"verificationStatus": {"coding": [{"code": "refuted"}]}}
    stays = [ALL[1] | {"status": "entered-in-error"}, ALL[1] | {"id": "f", "status": "cancelled"}]
    house.deliver(told(resources=(ALL[0], *stays, ALL[2] | refuted)), NOW)
    house.make_silver()
    ended = {row["table"]: row["ended"] for row in reconcile(house.lake) if row["table"] in silver.VERSIONS}
    assert ended == {"silver/patients": 0, "silver/encounters": 2, "silver/conditions": 1}
    assert stands(house) == (True, False, False)
