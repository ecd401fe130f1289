"""What a source deletes, refutes or cancels ends, and is counted; what it tells again afterwards stands again."""

import datetime as dt
import json
from collections import Counter

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.ended import without_ended
from mediflow_assets.pipeline.reconciliation import reconcile

NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
TABLES = [table.name for table in (silver.PATIENTS, silver.ENCOUNTERS, silver.CONDITIONS)]
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


def deleted_in_bundle_of(at):
    """A bulk export's deletions, of which only the whole tells a time."""
    return json.dumps(json.loads(deleted()) | {"meta": {"lastUpdated": at}})


def take(house, *texts):
    for hour, text in enumerate(texts):
        house.deliver(text, NOW + hour * HOUR)
        house.make_silver()
    house.assert_balanced()


def ended(house):
    """How many versions ended what they name, by table."""
    counts = Counter()
    for row in reconcile(house.lake):
        counts.update({row["table"]: row["ended"]} if row["table"] in TABLES else {})
    return dict(counts)


def stands(house, of=""):
    """Whether a patient, the encounter and the condition stand."""
    patients = without_ended(house.context, house.context.tables.read(silver.PATIENTS)).select("patient_id").collect()
    stays = {row["encounter_id"] for row in house.rows(silver.ENCOUNTERS) if row["status"] != "cancelled"}
    conditions = {row["condition_id"] for row in house.rows(silver.CONDITIONS)}
    return f"p{of}" in {row["patient_id"] for row in patients}, f"e{of}" in stays, f"c{of}" in conditions


FEBRUARY, MARCH, APRIL = (f"2026-0{month}-01T00:00:00Z" for month in (2, 3, 4))
ENDED = (
    # the resource tells no time of its own: what its source deletes later is deleted
    (told(), deleted(MARCH)),
    (told(), deleted()),
    (told(FEBRUARY), deleted()),
    (deleted(MARCH), told(FEBRUARY)),
    (deleted_in_bundle_of(MARCH), told(FEBRUARY)),
)
TOLD_AGAIN = (
    (told(MARCH), deleted_in_bundle_of(FEBRUARY)),
    (told(FEBRUARY), deleted(MARCH), told(APRIL)),
    (told(APRIL), told(FEBRUARY), deleted(MARCH)),
    (told(), deleted(MARCH), told()),
)


def renamed(text, number):
    """The same of other people."""
    for name in ("p", "e", "c"):
        text = text.replace(f'"{name}"', f'"{name}{number}"').replace(f'/{name}"', f'/{name}{number}"')
    return text


@pytest.mark.slow
def test_what_is_deleted_ends_until_it_is_told_again(house):
    for step in range(3):
        told_now = [
            renamed(texts[step], number) for number, texts in enumerate((*ENDED, *TOLD_AGAIN)) if step < len(texts)
        ]
        for is_bundle in (False, True):
            if lines := [text for text in told_now if ('"Bundle"' in text) == is_bundle]:
                house.deliver("\n".join(lines), NOW + step * HOUR)
        house.make_silver()
    found = [stands(house, number) for number in range(len(ENDED) + len(TOLD_AGAIN))]
    assert found == [(False,) * 3] * len(ENDED) + [(True,) * 3] * len(TOLD_AGAIN)
    assert house.rows(silver.QUARANTINE) == []
    house.assert_balanced()


@pytest.mark.slow
def test_a_deletion_is_counted_whatever_time_the_resource_tells(house):
    take(house, told(), deleted(MARCH))
    assert ended(house) == dict.fromkeys(TABLES, 1)


@pytest.mark.slow
def test_a_deleted_patient_who_has_another_encounter_stays(house):
    other = ALL[1] | {"id": "f"}
    take(house, told(FEBRUARY, (*ALL, other)), deleted(MARCH))
    assert house.row(silver.PATIENTS)["is_ended"] and stands(house) == (True, False, False)
    take(house, deleted(MARCH, ("Encounter/f",)))
    assert stands(house) == (False, False, False)


def test_what_was_in_error_refuted_or_cancelled_is_counted_as_ended(house):
    spelled = ({"coding": [{"code": "refuted"}]}, {"text": "Refuted"}, "refuted", {"text": "Entered in error"})
    conditions = [ALL[2] | {"id": f"c{n}", "verificationStatus": each} for n, each in enumerate(spelled)]
    stays = [ALL[1] | {"status": "entered-in-error"}, ALL[1] | {"id": "f", "status": "cancelled"}]
    house.deliver(told(resources=(ALL[0], *stays, *conditions)), NOW)
    house.make_silver()
    assert ended(house) == {"silver/patients": 0, "silver/encounters": 2, "silver/conditions": 4}
    assert stands(house) == (True, False, False)
