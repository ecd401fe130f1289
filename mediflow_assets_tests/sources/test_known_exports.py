"""Public exports are recognised by the headers that their publishers print, and each record by what it is."""

import pytest

from mediflow_assets.sources import Feeds
from mediflow_assets.sources.feeds import known_exports
from mediflow_assets_tests.sources.conftest import read

HEADERS = {
    "mimic3_admissions": "ROW_ID,SUBJECT_ID,HADM_ID,ADMITTIME,DISCHTIME,DEATHTIME,ADMISSION_TYPE,ADMISSION_LOCATION,"
    "DISCHARGE_LOCATION,INSURANCE,LANGUAGE,RELIGION,MARITAL_STATUS,ETHNICITY,EDREGTIME,EDOUTTIME,DIAGNOSIS,"
    "HOSPITAL_EXPIRE_FLAG,HAS_CHARTEVENTS_DATA",
    "mimic3_patients": "ROW_ID,SUBJECT_ID,GENDER,DOB,DOD,DOD_HOSP,DOD_SSN,EXPIRE_FLAG",
    "mimic3_diagnoses": "ROW_ID,SUBJECT_ID,HADM_ID,SEQ_NUM,ICD9_CODE",
    "mimic4_admissions": "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,"
    "admission_location,discharge_location,insurance,language,marital_status,race,edregtime,edouttime,"
    "hospital_expire_flag",
    "mimic4_patients": "subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod",
    "mimic4_diagnoses": "subject_id,hadm_id,seq_num,icd_code,icd_version",
    "mimic4_ed_stays": "subject_id,hadm_id,stay_id,intime,outtime,gender,race,arrival_transport,disposition",
    "mimic4_ed_diagnoses": "subject_id,stay_id,seq_num,icd_code,icd_version,icd_title",
    "omop_visits": "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_start_datetime,"
    "visit_end_date,visit_end_datetime,visit_type_concept_id,provider_id,care_site_id,visit_source_value,"
    "visit_source_concept_id,admitted_from_concept_id,admitted_from_source_value,discharged_to_concept_id,"
    "discharged_to_source_value,preceding_visit_occurrence_id",
    "omop_persons": "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,birth_datetime,"
    "race_concept_id,ethnicity_concept_id,location_id,provider_id,care_site_id,person_source_value,"
    "gender_source_value",
    "omop_conditions": "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,"
    "condition_start_datetime,condition_end_date,condition_end_datetime,condition_type_concept_id,"
    "condition_status_concept_id,stop_reason,provider_id,visit_occurrence_id,visit_detail_id,"
    "condition_source_value,condition_source_concept_id,condition_status_source_value",
    "synpuf_inpatient": "DESYNPUF_ID,CLM_ID,SEGMENT,CLM_FROM_DT,CLM_THRU_DT,PRVDR_NUM,CLM_PMT_AMT,CLM_ADMSN_DT,"
    "ADMTNG_ICD9_DGNS_CD,NCH_BENE_DSCHRG_DT,CLM_DRG_CD," + ",".join(f"ICD9_DGNS_CD_{place}" for place in range(1, 11)),
    "synpuf_beneficiaries": "DESYNPUF_ID,BENE_BIRTH_DT,BENE_DEATH_DT,BENE_SEX_IDENT_CD,BENE_RACE_CD,SP_STATE_CODE",
    "kaggle_hospital": "Name,Age,Gender,Blood Type,Medical Condition,Date of Admission,Doctor,Hospital,"
    "Insurance Provider,Billing Amount,Room Number,Admission Type,Discharge Date,Medication,Test Results",
    "i2b2_visits": "ENCOUNTER_NUM,PATIENT_NUM,ACTIVE_STATUS_CD,START_DATE,END_DATE,INOUT_CD,LOCATION_CD,"
    "LOCATION_PATH,LENGTH_OF_STAY,VISIT_BLOB,UPDATE_DATE,DOWNLOAD_DATE,IMPORT_DATE,SOURCESYSTEM_CD,UPLOAD_ID",
    "i2b2_patients": "PATIENT_NUM,VITAL_STATUS_CD,BIRTH_DATE,DEATH_DATE,SEX_CD,AGE_IN_YEARS_NUM,LANGUAGE_CD,RACE_CD,"
    "MARITAL_STATUS_CD,RELIGION_CD,ZIP_CD,STATECITYZIP_PATH,UPDATE_DATE,DOWNLOAD_DATE,IMPORT_DATE",
    "p21_cases": "IK,Entlassender-Standort,Entgeltbereich,KH-internes-Kennzeichen,Versicherten-ID,Geburtsjahr,"
    "Geburtsmonat,Geschlecht,PLZ,Wohnort,Aufnahmedatum,Aufnahmeanlass,Aufnahmegrund,Entlassungsdatum,"
    "Entlassungsgrund,Alter-in-Tagen-am-Aufnahmetag,Alter-in-Jahren-am-Aufnahmetag,Patientennummer",
    "p21_diagnoses": "IK,Entlassender-Standort,Entgeltbereich,KH-internes-Kennzeichen,Diagnoseart,ICD-Version,"
    "ICD-Kode,Lokalisation,Diagnosensicherheit,Sekundär-Kode",
    "synthea_2017_encounters": "ID,DATE,PATIENT,CODE,DESCRIPTION,REASONCODE,REASONDESCRIPTION",
}


def test_every_shipped_feed_has_its_header_here():
    assert {feed.name for feed in known_exports()} == set(HEADERS)


@pytest.mark.parametrize("name", HEADERS)
def test_an_export_is_recognised_by_its_header_alone(write, name):
    header = HEADERS[name]
    landed = read(write(f"{header}\n{','.join('7' for _ in header.split(','))}\n".encode()))
    feed = Feeds().named(name)
    assert landed.what.feed == name and landed.counted == 1
    (row,) = landed.rows
    assert {column for column, value in row.items() if value} >= {*feed.columns}


def test_a_feed_of_the_hospital_goes_before_one_that_is_shipped(write, tmp_path):
    own = '[feeds.mimic3_diagnoses]\ngrain = "diagnosis"\nnamespace = "own"\n[feeds.mimic3_diagnoses.columns]\n'
    (tmp_path / "sources.toml").write_text(own + 'encounter_id = "HADM_ID"\ndiagnosis_code = "ICD9_CODE"\n')
    feeds = Feeds.load(tmp_path / "sources.toml")
    landed = read(write(f"{HEADERS['mimic3_diagnoses']}\n1,2,3,1,4280\n".encode()), feeds)
    assert landed.what.feed == "mimic3_diagnoses" and landed.cells("patient_id") == [None]
    assert feeds.named("mimic3_diagnoses").namespace == "own"
