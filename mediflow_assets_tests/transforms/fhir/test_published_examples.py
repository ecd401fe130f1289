"""What the examples tell that HL7 publishes with each release, in as few of their elements as matter here."""

from mediflow_assets.transforms.fhir import encounter, patient

SNOMED = "http://snomed.info/sct"


def told(reader, resource):
    return {name: value for name, value in reader.read(resource).items() if value}


def coding(code, display, system=SNOMED):
    return {"coding": [{"system": system, "code": code, "display": display}]}


def test_the_example_of_a_patient():
    # https://hl7.org/fhir/R4/patient-example.json
    example = {
        "resourceType": "Patient",
        "id": "example",
        "identifier": [
            {
                "use": "usual",
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]},
                "system": "urn:oid:1.2.36.146.595.217.0.1",
                "value": "12345",
                "period": {"start": "2001-05-06"},
            }
        ],
        "active": True,
        "name": [
            {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
            {"use": "usual", "given": ["Jim"]},
            {"use": "maiden", "family": "Windsor", "given": ["Peter", "James"], "period": {"end": "2002"}},
        ],
        "telecom": [
            {"use": "home"},
            {"system": "phone", "value": "(03) 5555 6473", "use": "work", "rank": 1},
            {"system": "phone", "value": "(03) 3410 5613", "use": "mobile", "rank": 2},
            {"system": "phone", "value": "(03) 5555 8834", "use": "old", "period": {"end": "2014"}},
        ],
        "gender": "male",
        "birthDate": "1974-12-25",
        "_birthDate": {"extension": [{"valueDateTime": "1974-12-25T14:35:45-05:00"}]},
        "deceasedBoolean": False,
        "address": [
            {
                "use": "home",
                "type": "both",
                "text": "534 Erewhon St PeasantVille, Rainbow, Vic  3999",
                "line": ["534 Erewhon St"],
                "city": "PleasantVille",
                "district": "Rainbow",
                "state": "Vic",
                "postalCode": "3999",
            }
        ],
    }
    assert told(patient, example) == {
        "birthdate": "1974-12-25",
        "is_deceased": "false",
        "first": "Peter",
        "last": "Chalmers",
        "gender": "male",
        "address": "534 Erewhon St",
        "city": "PleasantVille",
        "state": "Vic",
        "zip": "3999",
        "phone": "(03) 5555 6473",
    }


def test_the_example_of_an_encounter_at_a_heart_clinic():
    # https://hl7.org/fhir/R4/encounter-example-f001-heart.json
    example = {
        "resourceType": "Encounter",
        "id": "f001",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB", "display": "ambulatory"},
        "priority": coding("310361003", "Non-urgent cardiological admission"),
        "subject": {"reference": "Patient/f001", "display": "P. van de Heuvel"},
        "reasonCode": [coding("34068001", "Heart valve replacement")],
        "hospitalization": {
            "admitSource": coding("305956004", "Referral by physician"),
            "dischargeDisposition": coding("306689006", "Discharge to home"),
        },
        "serviceProvider": {"reference": "Organization/f001", "display": "Burgers University Medical Center"},
    }
    assert told(encounter, example) == {
        "patient": "f001",
        "encounterclass": "ambulatory",
        "status": "finished",
        "provider": "Burgers University Medical Center",
        "admission_type": "elective",
        "reasoncode": "34068001",
        "reasonsystem": SNOMED,
        "reasondescription": "Heart valve replacement",
        "disposition": "home",
    }


def test_the_example_of_a_stay_in_r5():
    # https://hl7.org/fhir/R5/encounter-example-f203-20130311.json
    example = {
        "resourceType": "Encounter",
        "id": "f203",
        "status": "completed",
        "class": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}]}],
        "priority": coding("394849002", "High priority"),
        "subject": {"reference": "Patient/f201", "display": "Roel"},
        "partOf": {"reference": "Encounter/f203"},
        "serviceProvider": {"reference": "Organization/2"},
        "actualPeriod": {"start": "2013-03-11", "end": "2013-03-20"},
        "reason": [{"value": [{"concept": {"text": "The patient seems to suffer from bilateral pneumonia"}}]}],
        "diagnosis": [{"condition": [{"reference": {"reference": "Condition/stroke"}}], "use": [coding("AD", "x")]}],
        "admission": {"reAdmission": {"coding": [{"display": "readmitted"}]}},
    }
    assert told(encounter, example) == {
        "patient": "f201",
        "start": "2013-03-11",
        "stop": "2013-03-20",
        "encounterclass": "inpatient",
        "status": "completed",
        "reasondescription": "The patient seems to suffer from bilateral pneumonia",
        "named_conditions": "- AD stroke",
        "named_places": "Organization/2",
        "admission_type_said": "394849002",
    }
