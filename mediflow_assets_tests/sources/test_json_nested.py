"""People with their stays in a list of their own come in stay by stay; other lists are cells, as they were."""

import json
from typing import Any

import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import Feeds, json_nested
from mediflow_assets.sources.feed_section import feed_of
from mediflow_assets.sources.suggest import suggest
from mediflow_assets_tests.sources.conftest import read

STAY = {"from": "2026-01-02 08:30", "to": "2026-01-05 11:00", "id": 7, "code": "I10"}
PERSON: dict[str, Any] = {
    "id": "P1", "born": "1950-03-04", "services": {"inpatient": [STAY, STAY | {"id": 8}], "other": [{"n": 1}]},
}  # fmt: skip
COLUMNS = {
    "patient_id": "id", "birth_date": "born", "encounter_id": "inpatient.id",
    "admission_date": "from", "discharge_date": "to", "diagnosis_code": "code",
}  # fmt: skip


def test_each_stay_is_a_record_with_what_is_told_of_the_person(write: Any) -> None:
    none, broken = PERSON | {"services": None}, PERSON | {"services": {"inpatient": [5]}}
    document = {"invoice": "F1", "people": [PERSON, none, broken]}
    landed = read(write(json.dumps(document).encode()), Feeds((feed_of("x", {"columns": COLUMNS}),)))
    assert (landed.cells("patient_id"), landed.cells("encounter_id")) == (["P1", "P1"], ["7", "8"])
    assert landed.cells("birth_date") == ["1950-03-04"] * 2
    assert (landed.reasons, landed.counted) == (["not_an_object"], 3)
    landed.assert_nothing_lost()


def test_a_mapping_is_drafted_for_the_stays_within_people(write: Any) -> None:
    people = [
        {"patientId": f"P{n}", "birthDate": f"19{50 + n}-03-04", "gender": "mf"[n % 2],
         "visits": [{"admitted": f"2026-01-{n + 1:02}", "discharged": f"2026-01-{n + 4:02}"}] * 2}
        for n in range(20)
    ]  # fmt: skip
    drafted = suggest(write(json.dumps(people).encode())).section
    assert 'admission_date = "admitted"' in drafted and 'birth_date = "birthDate"' in drafted


def test_people_whose_repeated_texts_would_fill_the_memory_are_refused(write: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(json_nested, "DOCUMENT_LIMIT", 10_000)
    many = PERSON | {"note": "x" * 1_000, "services": {"inpatient": [STAY] * 20}}
    with pytest.raises(DeliveryRefused, match="one stay a line"):
        read(write(json.dumps([many]).encode()), Feeds((feed_of("x", {"columns": COLUMNS}),)))


def test_lists_within_stays_stay_cells(write: Any) -> None:
    stay = {"patient_id": "P1", "admission_date": "2026-01-02", "discharge_date": "2026-01-05"}
    wards = [{"from": "2026-01-02", "to": "2026-01-03"}, {"from": "2026-01-03", "to": "2026-01-05"}]
    assert '"wards"' in suggest(write(json.dumps([stay | {"wards": wards}] * 9).encode())).section
