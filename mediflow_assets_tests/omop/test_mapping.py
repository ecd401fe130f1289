"""Codes become standard concepts by a vocabulary folder as Athena gives it, and stand in the table of their domain."""

import shutil

import pytest

from mediflow_assets.contracts import omop
from mediflow_assets.contracts.omop.choice import Choice
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.pipeline.omop import vocabulary
from mediflow_assets_tests.samples import ADMISSION, SYNTHEA_CONDITION, SYNTHEA_ENCOUNTER, SYNTHEA_PATIENT, csv_text

CONCEPTS = """
312327	Acute myocardial infarction	Condition	SNOMED	Disorder	S	57054005	19700101	20991231
4329847	Myocardial infarction	Condition	SNOMED	Disorder	S	22298006	19700101	20991231
45605779	NSTEMI	Condition	ICD10CM	4-char billing code		I21.4	19700101	20991231
4270024	Acute NSTEMI	Condition	SNOMED	Disorder	S	401314000	19700101	20991231
4064161	Cirrhosis of liver	Condition	SNOMED	Disorder	S	19943007	19700101	20991231
1567956	Type 2 diabetes with kidney disease	Condition	ICD10CM	4-char billing code		E11.21	19700101	20991231
443731	Renal disorder of type 2	Condition	SNOMED	Disorder	S	420279001	19700101	20991231
201826	Type 2 diabetes mellitus	Condition	SNOMED	Disorder	S	44054006	19700101	20991231
4052648	Employed	Observation	SNOMED	Clinical Finding	S	224363007	19700101	20991231
4137304	Coronary artery stent	Device	SNOMED	Physical Object	S	705643001	19700101	20991231
3036277	Body height	Measurement	LOINC	Lab Test	S	8302-2	19700101	20991231
8582	centimeter	Unit	UCUM	Unit	S	cm	19700101	20991231
9999999	Old infarction	Condition	SNOMED	Disorder		22298006	19700101	20100101	D
""".strip()
RELATIONSHIPS = """
45605779	4270024	Maps to	19700101	20991231
1567956	443731	Maps to	19700101	20991231
1567956	201826	Maps to	19700101	20991231
4329847	4329847	Maps to	19700101	20991231
4052648	4052648	Maps to	19700101	20991231
45605779	312327	Is a	19700101	20991231
""".strip()
CONCEPT_HEADER = (
    "concept_id concept_name domain_id vocabulary_id concept_class_id standard_concept concept_code valid_start_date "
    "valid_end_date invalid_reason"
)
RELATIONSHIP_HEADER = "concept_id_1 concept_id_2 relationship_id valid_start_date valid_end_date invalid_reason"
PROCEDURES = "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION\n"
OBSERVATIONS = "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n"


def tabbed(header, text):
    names = header.split()
    lines = [line.split("\t") for line in text.splitlines()]
    return "\n".join("\t".join(cells + [""] * (len(names) - len(cells))) for cells in [names, *lines]) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A small download of Athena's, in its layout."""
    folder = tmp_path_factory.mktemp("vocabulary")
    (folder / "CONCEPT.csv").write_text(tabbed(CONCEPT_HEADER, CONCEPTS))
    (folder / "CONCEPT_RELATIONSHIP.csv").write_text(tabbed(RELATIONSHIP_HEADER, RELATIONSHIPS))
    (folder / "VOCABULARY.csv").write_text(
        "vocabulary_id\tvocabulary_name\tvocabulary_reference\tvocabulary_version\tvocabulary_concept_id\n"
        "None\tOMOP Standardized Vocabularies\tOMOP generated\tv5.0 29-AUG-24\t44819096\n"
    )
    return folder


@pytest.fixture(scope="module")
def mapped(tmp_path_factory, open_house, folder):
    """A hospital whose codes are of that download, but for one."""
    house = open_house(tmp_path_factory.mktemp("mapped") / "house").choosing(Choice(vocabulary=folder))
    conditions = [{"CODE": code, "ENCOUNTER": "E1"} for code in ("22298006", "224363007", "44465007")]
    for text in (
        csv_text(ADMISSION, ({"diagnosis_code": "I21.4"}, {"encounter_id": "E2", "diagnosis_code": "E11.21"})),
        csv_text(SYNTHEA_PATIENT, ({},)),
        csv_text(SYNTHEA_ENCOUNTER, ({"REASONCODE": "", "REASONDESCRIPTION": ""},)),
        csv_text(SYNTHEA_CONDITION, tuple(conditions)),
        PROCEDURES + "2024-01-11T08:00:00Z,,P1,E1,705643001,Stent,1.00,,\n",
        OBSERVATIONS + "2024-01-11T08:00:00Z,P1,E1,vital-signs,8302-2,Body Height,127.9,cm,numeric\n",
    ):
        house.receive(text)
    house.land()
    house.make_silver()
    return house


@pytest.fixture(scope="module")
def results(mapped):
    made = mapped.make_omop()
    assert [each.contract.name for each in made if each.has_failed] == []
    return {each.contract: each for each in made}


def told(house, contract, kind):
    names = (f"{kind}_source_value", f"{kind}_source_concept_id", f"{kind}_concept_id")
    return sorted(tuple(row[name] for name in names) for row in house.rows(contract))


def test_a_code_is_told_by_its_own_concept_and_by_each_standard_one(mapped, results):
    assert told(mapped, omop.CONDITION_OCCURRENCE, "condition") == [
        ("22298006", 4329847, 4329847),
        ("E11.21", 1567956, 201826),
        ("E11.21", 1567956, 443731),
        ("I21.4", 45605779, 4270024),
        # no concept, and no eleven patients who carry it
        ("OTHER", 0, 0),
    ]


def test_the_domain_decides_on_the_table_not_the_record(mapped, results):
    assert told(mapped, omop.OBSERVATION, "observation") == [("224363007", 4052648, 4052648)]


def test_a_record_of_a_domain_that_is_no_table_of_ours_is_counted(mapped, results):
    assert mapped.rows(omop.PROCEDURE_OCCURRENCE) == []
    assert results[omop.PROCEDURE_OCCURRENCE].figures == {"records of no table, domain Device": 1}


def test_a_unit_is_told_by_its_concept(mapped, results):
    (row,) = mapped.rows(omop.MEASUREMENT)
    assert (row["measurement_concept_id"], row["unit_concept_id"], row["unit_source_value"]) == (3036277, 8582, "cm")


def test_how_much_is_unmapped_is_told_and_warned_of(mapped, results):
    made = results[omop.CONDITION_OCCURRENCE]
    (unmapped,) = [check for check in made.checks if check.name == "concept_unmapped"]
    assert (unmapped.passed, unmapped.severity, unmapped.failing, unmapped.rows) == (False, "warn", 1, 5)
    assert made.figures["concept_unmapped share"] == "20.0%"


def test_the_release_of_the_vocabularies_is_told(mapped, results):
    (row,) = mapped.rows(omop.CDM_SOURCE)
    assert row["vocabulary_version"] == "v5.0 29-AUG-24"


def test_a_database_under_the_definition_takes_them(mapped, results, loaded):
    concepts = [(int(line.split("\t")[0]), line.split("\t")[1]) for line in CONCEPTS.splitlines()]
    assert loaded(mapped, concepts).execute("PRAGMA foreign_key_check").fetchall() == []


def test_another_folder_makes_the_tables_again(mapped, results):
    house = mapped.copy("without").choosing(Choice())
    assert not any(each.is_unchanged for each in house.make_omop())
    assert {concept for *_, concept in told(house, omop.CONDITION_OCCURRENCE, "condition")} == {0}


def test_another_release_of_the_same_concepts_is_told(mapped, results, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "newer")
    house = mapped.copy("released").choosing(Choice(vocabulary=tmp_path / "newer"))
    house.make_omop()
    releases = tmp_path / "newer" / "VOCABULARY.csv"
    releases.write_text(releases.read_text().replace("29-AUG-24", "27-FEB-25"))
    house.make_omop()
    (row,) = house.rows(omop.CDM_SOURCE)
    assert row["vocabulary_version"] == "v5.0 27-FEB-25"


def test_no_table_is_made_of_a_folder_that_cannot_be_used(mapped, results, tmp_path):
    house = mapped.copy("broken").choosing(Choice(vocabulary=tmp_path))
    before = {contract: house.lake.version(contract) for contract in omop.TABLES}
    with pytest.raises(SettingsInvalid, match=r"has no CONCEPT\.csv"):
        house.make_omop()
    assert {contract: house.lake.version(contract) for contract in omop.TABLES} == before


def test_a_folder_that_is_none_of_athenas_is_refused(tmp_path):
    with pytest.raises(SettingsInvalid, match=r"has no CONCEPT\.csv"):
        vocabulary.mapped(tmp_path, [("loinc", "8302-2")])
    (tmp_path / "CONCEPT.csv").write_text("concept_id,concept_name\n1,x\n")
    with pytest.raises(SettingsInvalid, match="lacks concept_code"):
        vocabulary.mapped(tmp_path, [("loinc", "8302-2")])
