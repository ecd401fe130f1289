"""Real exports in a folder beside the repository, with their exact counts; skipped where they are not at hand."""

from pathlib import Path

import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources import Feeds, recognise
from mediflow_assets_tests.sources.conftest import read

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real exports are not at hand")
KNOWN = {
    "mediflow_v2/patients_synthetic.csv": ("admissions", 5000),
    "synthea_claims/observations.csv": ("synthea_observations", 990),
    "synthea_claims/procedures.csv": ("synthea_procedures", 249),
    "synthea_claims/medications.csv": ("synthea_medications", 663),
    "synthea_claims/immunizations.csv": ("synthea_immunizations", 29),
    "synthea_claims/allergies.csv": ("synthea_allergies", 40),
    "synthea_claims/claims.csv": ("synthea_claims", 1267),
    "synthea_claims/claims_transactions.csv": ("synthea_claims_transactions", 5228),
    "synthea_hospital/procedures.csv": ("synthea_procedures", 47701),
    "synthea_claims/conditions.csv": ("synthea_conditions", 438),
    "synthea_claims/encounters.csv": ("synthea_encounters", 604),
    "synthea_claims/patients.csv": ("synthea_patients", 27),
    "synthea_hospital/encounters.csv": ("synthea_encounters", 27891),
    "synthea_hospital/patients.csv": ("synthea_patients", 974),
    "fhir_edge/patients.ndjson": ("fhir", 3),
    "fhir_edge/patient.json": ("fhir", 1),
    "fhir_edge/encounter.json": ("fhir", 1),
    "fhir_edge/patient_with_address.json": ("fhir", 1),
    "fhir_edge/observation_no_subject.json": ("fhir", 1),
    "fhir_edge/observation_bad_subject.json": ("fhir", 1),
    "fhir_edge/observation_codeable_concept.json": ("fhir", 1),
    "fhir_edge/observation_decimal_bundle.json": ("fhir", 1),
    "fhir_edge/bundle_relative_ref.json": ("fhir", 2),
    "fhir_edge/bundle_urn_ref.json": ("fhir", 2),
    "fhir_edge/r4_ndjson/Condition.ndjson": ("fhir", 71),
    "fhir_edge/r4_ndjson/Observation.ndjson": ("fhir", 1502),
    "fhir_edge/r4_ndjson/Patient.ndjson": ("fhir", 9),
}
BULK = {
    "AllergyIntolerance": 11,
    "Condition": 555,
    "Device": 16,
    "DocumentReference": 1215,
    "Encounter": 1215,
    "Immunization": 161,
    "Location": 44,
    "MedicationRequest": 1745,
    "Organization": 43,
    "Patient": 13,
    "Practitioner": 43,
    "PractitionerRole": 43,
    "Procedure": 2056,
}
BUNDLES = {
    "Alfonzo975": 154,
    "Burt293": 251,
    "Dung738": 306,
    "Harry448": 388,
    "Judi176": 506,
    "Melinda114": 269,
    "Randal152": 257,
    "Tuyet839": 200,
    "Wynona930": 821,
    "Yang129": 968,
}


def delivered() -> list[tuple[str, str, int]]:
    """Every real file that is a delivery: a pattern for its path, its source, its records."""
    return [
        *[(path, source, records) for path, (source, records) in KNOWN.items()],
        *[(f"fhir_bulk/{kind}.000.ndjson", "fhir", records) for kind, records in BULK.items()],
        *[(f"fhir_bundles/{name}_*.json", "fhir", records) for name, records in BUNDLES.items()],
    ]


@pytest.mark.parametrize(("path", "source", "records"), delivered())
def test_a_real_export_is_read_to_its_last_record(path, source, records):
    (file,) = DATA.glob(path)
    landed = read(file)
    assert (landed.what.source, landed.counted, len(landed.rows), landed.rejects) == (
        source,
        records,
        records,
        [],
    )


def test_every_other_file_is_refused():
    known = {file for path, _, _ in delivered() for file in DATA.glob(path)}
    for file in sorted({file for file in DATA.rglob("*") if file.is_file()} - known):
        with pytest.raises(DeliveryRefused):
            recognise(file, Feeds())
