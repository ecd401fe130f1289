"""Every reason for which a record is quarantined has a record here that is quarantined for just that."""

import re

import pytest

from mediflow_assets.contracts import bronze, links, silver
from mediflow_assets.contracts.table import Severity
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.sources import Feeds
from mediflow_assets.sources.registry import source_of
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.validation import WAITING
from mediflow_assets_tests.pipeline.clinical_cases import CASES as CLINICAL_CASES

pytestmark = pytest.mark.slow

NO_STAY = {"admission_date": "", "discharge_date": ""}

ADMISSIONS_TO_ENCOUNTERS = [
    ("patient_id_missing", {"patient_id": "  "}),
    ("patient_id_placeholder", {"patient_id": "NULL"}),
    ("patient_id_damaged", {"patient_id": "1.23E+12"}),
    ("patient_id_is_a_name", {"patient_id": "Quill, Ada"}),
    ("encounter_id_placeholder", {"encounter_id": "NULL"}),
    ("encounter_id_damaged", {"encounter_id": "1.23E+12"}),
    ("encounter_id_is_a_name", {"encounter_id": "Quill, Ada"}),
    ("gender_unknown", {"gender": "Q"}),
    ("department_malformed", {"department": "=1+1"}),
    ("department_malformed", {"department": "X" * 81}),
    ("admitted_at_missing", NO_STAY),
    ("admitted_at_implausible", {"admission_date": "1899-12-31", "discharge_date": "", "birth_date": ""}),
    ("admitted_in_future", {"admission_date": "2024-07-02", "discharge_date": ""}),
    ("discharged_in_future", {"discharge_date": "2024-07-02"}),
    ("discharged_before_admission", {"discharge_date": "2024-01-09"}),
    ("age_out_of_range", {"birth_date": "", "age": "121"}),
    ("age_out_of_range", {"birth_date": "", "age": "-1"}),
    ("age_out_of_range", {"birth_date": "2024-01-11"}),
    ("diagnosis_malformed", {"diagnosis_code": "flu"}),
    ("diagnosis_system_not_told", {"diagnosis_code": "12345"}),
    ("diagnosis_system_unknown", {"diagnosis_system": "Martian"}),
    ("diagnosis_not_in_icd9", {"diagnosis_code": "I21.4", "diagnosis_system": "ICD-9-CM"}),
    ("diagnosis_not_in_icd10", {"diagnosis_code": "E99"}),
    ("diagnosis_not_in_snomed", {"diagnosis_code": "19500505"}),
    ("diagnosis_not_in_snomed", {"diagnosis_code": "2125550123"}),
    ("diagnosis_not_in_snomed", {"diagnosis_code": "219099999"}),
    ("blood_pressure_implausible", {"blood_pressure": "80/120"}),
    ("blood_pressure_implausible", {"blood_pressure": "301/90"}),
    ("blood_pressure_implausible", {"blood_pressure": "39/25"}),
    ("blood_pressure_implausible", {"blood_pressure": "220/201"}),
    ("blood_pressure_implausible", {"blood_pressure": "120/19"}),
    ("cost_negative", {"cost": "-0.01"}),
    ("admitted_at_unreadable", {"admission_date": "2024-02-30", "discharge_date": ""}),
    ("discharged_at_unreadable", {"discharge_date": "soon"}),
    ("birth_date_unreadable", {"birth_date": "1.5.1960"}),
    ("updated_at_unreadable", {"updated_at": "yesterday"}),
    ("age_unreadable", {"age": "12d"}),
    ("cost_unreadable", {"cost": "1e3"}),
    ("blood_pressure_unreadable", {"blood_pressure": "high"}),
    ("encounter_class_unknown", {"encounter_class": "spa"}),
    ("status_unknown", {"status": "lost"}),
    ("admission_type_unknown", {"admission_type": "whim"}),
    ("discharge_disposition_unknown", {"discharge_disposition": "moon"}),
]
MERGES_TO_PATIENT_LINKS = [
    ("survivor_id_missing", {"surviving_patient_id": ""}),
    ("survivor_id_placeholder", {"surviving_patient_id": "NULL"}),
    ("survivor_id_damaged", {"surviving_patient_id": "1.23E+12"}),
    ("survivor_id_is_a_name", {"surviving_patient_id": "Quill, Ada"}),
    ("merged_id_missing", {"merged_patient_id": ""}),
    ("merged_id_placeholder", {"merged_patient_id": "N/A"}),
    ("merged_id_damaged", {"merged_patient_id": "########"}),
    ("merged_id_is_a_name", {"merged_patient_id": "QUILL^ADA"}),
    ("merged_into_itself", {"merged_patient_id": "p1"}),
    ("merged_at_unreadable", {"merged_at": "yesterday"}),
    ("action_unknown", {"action": "swap"}),
]
ADMISSIONS_TO_PATIENTS = [
    ("patient_id_missing", {"patient_id": ""}),
    ("patient_id_placeholder", {"patient_id": "NULL"}),
    ("patient_id_damaged", {"patient_id": "1.23E+12"}),
    ("patient_id_is_a_name", {"patient_id": "Quill, Ada"}),
    ("gender_unknown", {"gender": "7"}),
    ("birth_date_in_future", {"birth_date": "2024-07-02"}),
    ("birth_date_implausible", {"birth_date": "1899-12-31"}),
    ("birth_date_unreadable", {"birth_date": "1960-13-01"}),
    ("updated_at_unreadable", {"updated_at": "2024-01-01T25:00:00"}),
]
SYNTHEA_TO_PATIENTS = [
    ("patient_id_missing", {"Id": ""}),
    ("patient_id_placeholder", {"Id": "NULL"}),
    ("patient_id_damaged", {"Id": "1.23E+12"}),
    ("patient_id_is_a_name", {"Id": "Quill, Ada"}),
    ("gender_unknown", {"GENDER": "Q"}),
    ("birth_date_in_future", {"BIRTHDATE": "2024-07-02"}),
    ("birth_date_implausible", {"BIRTHDATE": "1899-12-31"}),
    ("died_before_birth", {"DEATHDATE": "1960-04-30"}),
    ("birth_date_unreadable", {"BIRTHDATE": "1960-13"}),
    ("death_date_unreadable", {"DEATHDATE": "yes"}),
]
SYNTHEA_TO_ENCOUNTERS = [
    ("patient_id_missing", {"PATIENT": ""}),
    ("patient_id_placeholder", {"PATIENT": "NULL"}),
    ("patient_id_damaged", {"PATIENT": "1.23E+12"}),
    ("patient_id_is_a_name", {"PATIENT": "Quill, Ada"}),
    ("encounter_id_placeholder", {"Id": "NULL"}),
    ("encounter_id_damaged", {"Id": "1.23E+12"}),
    ("encounter_id_is_a_name", {"Id": "Quill, Ada"}),
    ("admitted_at_missing", {"START": ""}),
    ("discharged_before_admission", {"STOP": "2024-01-10T08:59:59Z"}),
    ("admitted_at_unreadable", {"START": "10 January"}),
    ("discharged_at_unreadable", {"STOP": "2024-01-32T00:00:00Z"}),
    ("cost_unreadable", {"TOTAL_CLAIM_COST": "$100"}),
    ("cost_unreadable", {"TOTAL_CLAIM_COST": "", "BASE_ENCOUNTER_COST": "free"}),
    (WAITING, {"PATIENT": "NOBODY"}),
]
SYNTHEA_TO_CONDITIONS = [
    ("patient_id_missing", {"PATIENT": ""}),
    ("patient_id_placeholder", {"PATIENT": "NULL"}),
    ("patient_id_damaged", {"PATIENT": "1.23E+12"}),
    ("patient_id_is_a_name", {"PATIENT": "Quill, Ada"}),
    ("encounter_id_placeholder", {"ENCOUNTER": "NULL"}),
    ("encounter_id_damaged", {"ENCOUNTER": "1.23E+12"}),
    ("encounter_id_is_a_name", {"ENCOUNTER": "Quill, Ada"}),
    ("diagnosis_malformed", {"CODE": "x"}),
    ("diagnosis_malformed", {"CODE": ""}),
    ("diagnosis_not_in_icd10", {"CODE": "U99.9"}),
    ("diagnosis_not_in_snomed", {"CODE": "22298005"}),
    ("onset_missing", {"START": ""}),
    ("onset_in_future", {"START": "2024-07-02", "STOP": ""}),
    ("resolved_before_onset", {"STOP": "2024-01-09"}),
    ("onset_unreadable", {"START": "winter"}),
    ("resolved_unreadable", {"STOP": "never"}),
    (WAITING, {"PATIENT": "NOBODY"}),
]

DIAGNOSIS_RECORDS_TO_CONDITIONS = [
    ("diagnosis_system_unknown", "I10,Martian,,"),
    ("diagnosis_not_in_icd9", "I21.4,ICD-9-CM,,"),
    ("diagnosis_system_not_told", "4280,,,"),
    ("diagnosis_rank_unknown", "I10,ICD-10,most,"),
    ("updated_at_unreadable", "I10,ICD-10,,yesterday"),
]
DIAGNOSES = """[feeds.codes]
grain = "diagnosis"
[feeds.codes.columns]
encounter_id = "stay"
diagnosis_code = "code"
diagnosis_system = "system"
diagnosis_rank = "rank"
updated_at = "changed"
"""


def numbered(cases, **ids):
    """The changed fields of each case, with ids of its own wherever the case itself gives none."""
    return [{column: f"{id_}{n}" for column, id_ in ids.items()} | changed for n, (_, changed) in enumerate(cases)]


def expected(cases):
    """Record number → the one reason."""
    return {n: [reason] for n, (reason, _) in enumerate(cases, start=1)}


def found(house, contract, delivery):
    """Record number → reasons."""
    return {number: why for (id_, number), why in house.reasons(contract).items() if id_ == delivery}


def test_each_broken_rule_of_a_flat_admission_is_its_reason(house, admissions):
    delivery = house.deliver(admissions(*numbered(ADMISSIONS_TO_ENCOUNTERS, patient_id="P", encounter_id="E"), {}))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert found(house, silver.ENCOUNTERS, delivery) == expected(ADMISSIONS_TO_ENCOUNTERS)
    assert [row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)] == ["E1"]
    house.assert_balanced()


def test_each_broken_rule_of_the_patient_in_a_flat_admission_is_its_reason(house, admissions):
    delivery = house.deliver(admissions(*numbered(ADMISSIONS_TO_PATIENTS, patient_id="P"), {}))
    house.make_silver(steps.PATIENTS)
    assert found(house, silver.PATIENTS, delivery) == expected(ADMISSIONS_TO_PATIENTS)


def test_each_broken_rule_of_synthea_is_its_reason(house, synthea_patients, synthea_encounters, synthea_conditions):
    patients = house.deliver(synthea_patients(*numbered(SYNTHEA_TO_PATIENTS, Id="X"), {}))
    encounters = house.deliver(synthea_encounters(*numbered(SYNTHEA_TO_ENCOUNTERS, Id="E"), {}))
    conditions = house.deliver(synthea_conditions(*(changed for _, changed in SYNTHEA_TO_CONDITIONS), {}))
    house.make_silver()
    assert found(house, silver.PATIENTS, patients) == expected(SYNTHEA_TO_PATIENTS)
    assert found(house, silver.ENCOUNTERS, encounters) == expected(SYNTHEA_TO_ENCOUNTERS)
    assert found(house, silver.CONDITIONS, conditions) == expected(SYNTHEA_TO_CONDITIONS)
    house.assert_balanced()


def test_each_broken_rule_of_a_diagnosis_in_a_file_of_its_own_is_its_reason(house, admissions, tmp_path):
    (tmp_path / "sources.toml").write_text(DIAGNOSES)
    house = house.with_feeds(Feeds.load(tmp_path / "sources.toml"))
    house.deliver(admissions({"encounter_id": "E1"}))
    records = [cells for _, cells in DIAGNOSIS_RECORDS_TO_CONDITIONS]
    lines = "".join(f"E1,{cells}\n" for cells in [*records, "I10,ICD-10,1,"])
    delivery = house.deliver("stay,code,system,rank,changed\n" + lines)
    house.make_silver()
    assert found(house, silver.CONDITIONS, delivery) == expected(DIAGNOSIS_RECORDS_TO_CONDITIONS)
    house.assert_balanced()


def test_a_record_that_breaks_several_rules_says_all_of_them(house, admissions):
    house.deliver(admissions({"cost": "-5", "age": "old", "diagnosis_code": "&", "discharge_date": "2024-01-01"}))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    [reasons] = house.reasons(silver.ENCOUNTERS).values()
    assert reasons == [
        "age_unreadable",
        "discharged_before_admission",
        "diagnosis_malformed",
        "cost_negative",
    ]


def test_each_broken_rule_of_merges_is_its_reason(house, merges):
    delivery = house.deliver(merges(*(fields for _, fields in MERGES_TO_PATIENT_LINKS), {}))
    house.make_silver(steps.LINKS)
    told = {number: [reason] for number, (reason, _) in enumerate(MERGES_TO_PATIENT_LINKS, start=1)}
    assert {number: reasons for (_, number), reasons in house.reasons(links.PATIENT_LINKS).items()} == told
    assert delivery and len(house.rows(links.PATIENT_LINKS)) == 1
    house.assert_balanced()


CASES = CLINICAL_CASES | {
    "patients": ADMISSIONS_TO_PATIENTS + SYNTHEA_TO_PATIENTS,
    "encounters": ADMISSIONS_TO_ENCOUNTERS + SYNTHEA_TO_ENCOUNTERS,
    "conditions": SYNTHEA_TO_CONDITIONS + DIAGNOSIS_RECORDS_TO_CONDITIONS,
    "patient_links": MERGES_TO_PATIENT_LINKS,
}


def written(contract, frame, session):
    """The reasons that stand in the plans of what files of every source become in a table.

    Those against events are held by streaming/test_judging_events.py.
    """
    plans = []
    for source in (each for each in bronze.sources_of(contract) if not each.is_stream):
        made = source_of(source.table).transforms()[contract.name](frame(source.table), FeedReader())
        plans.append(made._plan.to_proto(session.client).SerializeToString())
    return {code.decode() for code in re.findall(rb"[a-z]\w+_(?:unreadable|unknown)", b"\n".join(plans))}


@pytest.mark.parametrize("contract", silver.VALIDATED, ids=lambda contract: contract.name)
def test_no_reason_is_without_a_case(contract, frame, session):
    codes = {check.code for check in contract.checks if check.severity is Severity.QUARANTINE}
    codes |= written(contract, frame, session)
    assert codes - {reason for reason, _ in CASES[contract.key[1]]} == set()
